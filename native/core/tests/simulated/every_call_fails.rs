//! Every short sequence of operations, with each of its calls failing in turn and the power going at the end.

use super::asked;
use super::history::{History, batch};
use super::random::Random;
use super::storage::{EIO, ENOSPC, Faults, Simulated};
use seglog_core::Error;
use seglog_core::append::{AppendFile, Options};
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Append,
    AppendPages,
    Sync,
    Truncate,
    Trim,
    Close,
}

const DEEDS: [Deed; 6] = [Deed::Append, Deed::AppendPages, Deed::Sync, Deed::Truncate, Deed::Trim, Deed::Close];

fn sequences(length: usize) -> Vec<Vec<Deed>> {
    (1..length).fold(DEEDS.map(|deed| vec![deed]).to_vec(), |shorter, _| {
        shorter.iter().flat_map(|sequence| DEEDS.map(|deed| [sequence.clone(), vec![deed]].concat())).collect()
    })
}

/// Returns how many calls the storage saw.
fn play(deeds: &[Deed], can_map: bool, preallocate: bool, faults: Faults) -> u32 {
    let storage = Simulated::new(&[], can_map, Random::new(7), faults);
    let options = Options { size: 0, max_size: 256 * 1024, preallocate, portable: false };
    let Ok(mut file) = AppendFile::over(Arc::clone(&storage) as _, options) else {
        assert!(!storage.take_failures().is_empty());
        return storage.calls();
    };
    let mut history = History::default();
    let mut was_offline = false;
    for (number, &deed) in deeds.iter().enumerate() {
        let bytes = batch(number as u64, if deed == Deed::AppendPages { 9000 } else { 50 });
        let half = history.ends.len() / 2;
        let size = half.checked_sub(1).map_or(0, |before| history.ends[before]);
        let result = match deed {
            Deed::Append | Deed::AppendPages => file.append(&bytes),
            Deed::Sync => file.syncer().and_then(|syncer| syncer.run()),
            Deed::Truncate => file.truncate(size as u64),
            Deed::Trim => file.trim(),
            Deed::Close => file.close(),
        };
        match (&result, deed) {
            (Ok(()), Deed::Append | Deed::AppendPages) => history.append(&bytes),
            (Ok(()), Deed::Sync) => history.sync(),
            (Ok(()), Deed::Truncate) => history.cut(size),
            (Err(_), Deed::Append | Deed::AppendPages) => history.attempt(&bytes),
            _ => {}
        }
        // An offline file may be closed; nothing else is done to it.
        assert!(!was_offline || result.is_err() || deed == Deed::Close);
        was_offline |= matches!(result, Err(Error::LogOffline(_)));
        was_offline |= result.is_err() && deed == Deed::Sync && !matches!(result, Err(Error::LogClosed));
        if result.is_ok() && !was_offline {
            history.judge_killed(&storage.shown());
        }
        assert_eq!(file.size(), history.bytes.len() as u64);
    }
    history.judge_power_loss(&storage.power_loss());
    storage.calls()
}

/// Row F15: each call of each sequence fails once. `SEGLOG_SIM_DEEDS=4` takes longer ones.
#[test]
fn each_call_of_each_short_sequence_fails_once() {
    let longest = asked("SEGLOG_SIM_DEEDS").map_or(2, |deeds| deeds as usize);
    for deeds in sequences(longest) {
        for (can_map, preallocate) in [(true, false), (false, false), (true, true), (false, true)] {
            let calls = play(&deeds, can_map, preallocate, Faults::Never);
            for failing in 0..calls {
                for errno in [EIO, ENOSPC] {
                    let played = std::panic::catch_unwind(|| {
                        play(&deeds, can_map, preallocate, Faults::Nth(failing, errno));
                    });
                    assert!(played.is_ok(), "{deeds:?} mapped {can_map} preallocated {preallocate} {failing} {errno}");
                }
            }
        }
    }
}
