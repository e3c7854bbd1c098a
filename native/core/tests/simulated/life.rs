//! A life of an append file: appends, cuts, trims, syncs, closes, with power losses and kills in between.

use super::history::{History, batch};
use super::random::Random;
use super::storage::{Call, Faults, Simulated};
use seglog_core::append::{AppendFile, Options};
use seglog_core::{Error, Result};
use std::sync::Arc;

/// So small that no thread prepares windows: with it, calls would come in another order each time.
const MAX_SIZE: u64 = 2 * 1024 * 1024;
const STEPS: usize = 60;

pub struct Life {
    random: Random,
    has_faults: bool,
    storage: Arc<Simulated>,
    file: AppendFile,
    history: History,
    offset: u64,
    is_offline: bool,
    log: Vec<String>,
}

impl Life {
    pub fn new(mut random: Random, has_faults: bool) -> Self {
        let (storage, file) = opened(&mut random, &[], 0, false);
        let history = History::default();
        Self { random, has_faults, storage, file, history, offset: 0, is_offline: false, log: Vec::new() }
    }

    pub fn run(&mut self) {
        for _ in 0..STEPS {
            self.step();
            assert_eq!(self.file.size(), self.history.bytes.len() as u64);
        }
        self.lose_power();
    }

    /// What happened, for comparing two runs.
    pub fn summary(&self) -> Vec<String> {
        self.log.clone()
    }

    fn step(&mut self) {
        match self.random.below(24) {
            0..10 => self.append(),
            10..14 => self.sync(),
            14 | 15 => self.truncate(),
            16 => {
                let result = self.file.trim();
                self.told("trim", result);
            }
            17..20 => self.storage.write_back(),
            20 => self.kill(),
            21 => self.close(),
            _ => self.lose_power(),
        }
    }

    fn append(&mut self) {
        let payload = match self.random.below(6) {
            0 => 0,
            1 => 30_000 + self.random.below(200_000),
            2 => 4096 - 61,
            _ => self.random.below(6000),
        };
        let bytes = batch(self.offset, payload);
        let result = self.file.append(&bytes);
        // No other batch has this offset, so that what failed is told from what did not.
        self.offset += 1;
        if self.told("append", result) {
            self.history.append(&bytes);
        } else {
            self.history.attempt(&bytes);
        }
    }

    fn sync(&mut self) {
        let result = self.file.syncer().and_then(|syncer| syncer.run());
        let failed = matches!(result, Err(Error::Io { .. }));
        if self.told("sync", result) {
            self.history.sync();
        }
        self.is_offline |= failed;
    }

    fn truncate(&mut self) {
        let place = self.random.below(self.history.ends.len() + 1);
        let size = place.checked_sub(1).map_or(0, |before| self.history.ends[before]);
        let result = self.file.truncate(size as u64);
        if self.told("truncate", result) {
            self.history.cut(size);
        }
    }

    /// Whether it was done. What failed must have had a reason, and what is offline stays so.
    fn told(&mut self, what: &str, result: Result<()>) -> bool {
        let failures = self.storage.take_failures();
        self.log.push(format!("{what} {:?} {failures:?} {}", result.as_ref().err(), self.storage.calls()));
        match result {
            Ok(()) => {
                assert!(!self.is_offline, "{what} was done on a file that is offline");
                assert!(!failures.iter().any(|&(call, _)| call == Call::Sync), "a failed sync was not told");
                true
            }
            Err(Error::LogOffline(_)) => {
                // A failed append that could not be put back, or a failed sync, came before.
                self.is_offline = true;
                false
            }
            Err(Error::Io { .. }) => {
                assert!(!failures.is_empty() && !self.is_offline, "{what} failed without a reason");
                false
            }
            Err(other) => panic!("{what}: {other}"),
        }
    }

    /// The process is killed, and the file is opened by another, which drops what is behind the data.
    fn kill(&mut self) {
        if self.is_offline {
            return self.lose_power();
        }
        let found = self.storage.shown();
        let is_sound = self.log.last().is_none_or(|line| !line.starts_with("append Some"));
        if is_sound {
            self.history.judge_killed(&found);
        }
        // The unsynced pages stay unsynced, and the disk is the same one.
        let (storage, size) = (Arc::clone(&self.storage), self.history.bytes.len() as u64);
        self.log.push(format!("kill {size}"));
        let can_map = self.random.one_in(2);
        let options = Options { size, max_size: MAX_SIZE, preallocate: false, portable: !can_map };
        match AppendFile::over(storage, options) {
            Ok(file) => {
                self.file = file;
                self.storage.take_failures();
            }
            Err(error) => {
                assert!(!self.storage.take_failures().is_empty(), "{error}");
                self.lose_power();
            }
        }
    }

    fn close(&mut self) {
        let result = self.file.close();
        let failures = self.storage.take_failures();
        match result {
            Ok(()) if self.is_offline => {}
            Ok(()) => assert!(self.storage.shown() == self.history.bytes, "a closed file has no tail"),
            Err(error) => assert!(!failures.is_empty(), "{error}"),
        }
        assert!(matches!(self.file.append(&[1]), Err(Error::LogClosed)));
        self.lose_power();
    }

    fn lose_power(&mut self) {
        let found = self.storage.power_loss();
        let size = self.history.judge_power_loss(&found);
        self.log.push(format!("power {} {size}", found.len()));
        (self.storage, self.file) = opened(&mut self.random, &found, size, self.has_faults);
        self.is_offline = false;
        // What was found is on the disk, so it is what any later loss leaves.
        self.history.sync();
    }
}

/// Opens what was found, on a disk that has it; a call that fails at the opening is made again.
fn opened(random: &mut Random, found: &[u8], size: usize, has_faults: bool) -> (Arc<Simulated>, AppendFile) {
    loop {
        let faults = if has_faults { Faults::Sometimes(12 + random.below(40)) } else { Faults::Never };
        let storage = Simulated::new(found, !random.one_in(3), Random::new(random.next()), faults);
        let preallocate = random.one_in(4);
        let options = Options { size: size as u64, max_size: MAX_SIZE, preallocate, portable: random.one_in(4) };
        match AppendFile::over(Arc::clone(&storage) as _, options) {
            Ok(file) => {
                storage.take_failures();
                return (storage, file);
            }
            Err(error) => assert!(!storage.take_failures().is_empty(), "{error}"),
        }
    }
}
