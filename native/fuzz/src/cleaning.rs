//! The cleaner's passes: what they write is batches again, and nothing more goes when it is cleaned a second time.

use crate::memory::within;
use crate::segment::{rows_of, with_choice};
use seglog_core::cleaning::{
    Batches, CLEAN_STATE, CleanState, MAP_STATE, MapState, OffsetMap, Output, Payload, Stop, build, clean, rules,
};
use seglog_core::scan::ROW;

const MOST_DECOMPRESSED: usize = 1 << 18;
/// For what records decompress to and are built of anew, the target and the map.
const LIMIT: usize = 4 << 20;

/// Both passes.
pub fn cleaning(data: &[u8]) {
    let (choice, bytes) = with_choice(data);
    let (rows, _) = rows_of(bytes);
    let count = rows.len() / ROW;
    let rules = vec![choice & 0x1f; count];
    let batches = Batches::new(bytes, &rows, &rules, count).unwrap();
    let (map, cleaned) = within(LIMIT, || passed(batches, count, choice));
    let Some(cleaned) = cleaned else { return };
    let (rows, end) = rows_of(&cleaned);
    assert_eq!(end, cleaned.len(), "what was written is whole batches");

    // The rules that only the first time has something to do for are left out.
    let again = vec![choice & (rules::KEEP_ALL | rules::RETAIN_EMPTY); rows.len() / ROW];
    let batches = Batches::new(&cleaned, &rows, &again, again.len()).unwrap();
    let (written, state) = cleaned_by(&map, batches, again.len());
    if choice & rules::DROP_ALL == 0 {
        assert_eq!(state.stop, Stop::End, "what was written can be read");
        assert_eq!(state.counts.superseded, 0);
        if choice & rules::RETAIN_EMPTY != 0 {
            assert!(written == cleaned, "a second time changes the bytes");
        }
    }
}

/// The map of all keys that can be read, and what stays of the batches when all can.
fn passed(batches: Batches<'_>, count: usize, choice: u8) -> (OffsetMap, Option<Vec<u8>>) {
    let mut map = OffsetMap::new(24 << (choice >> 5), 0.9).unwrap();
    let mut numbers = [0.0; MAP_STATE];
    numbers[2] = MOST_DECOMPRESSED as f64;
    let mut state = MapState::from_array(&numbers).unwrap();
    build(&mut map, batches, &mut Payload::default(), &mut state).unwrap();
    assert!(state.batch <= count && map.size() <= map.limit());
    let (written, state) = cleaned_by(&map, batches, count);
    let counts = state.counts;
    assert_eq!(
        counts.records,
        counts.kept + counts.superseded + counts.tombstones + counts.keyless + counts.discarded,
        "every record is counted once"
    );
    (map, (state.stop == Stop::End).then_some(written))
}

fn cleaned_by(map: &OffsetMap, batches: Batches<'_>, count: usize) -> (Vec<u8>, CleanState) {
    let mut numbers = [0.0; CLEAN_STATE];
    (numbers[1], numbers[2], numbers[3]) = (1e12, 2e12, 1e15);
    numbers[4] = MOST_DECOMPRESSED as f64;
    let mut state = CleanState::from_array(&numbers).unwrap();
    let (mut all, mut target, mut memory) = (Vec::new(), vec![0; 1000], Payload::default());
    loop {
        let mut rows = vec![0; count * ROW];
        (state.written, state.rows, state.need) = (0, 0, 0);
        state.stop = Stop::End;
        let before = state.batch;
        clean(map, batches, &mut memory, Output { target: &mut target, rows: &mut rows }, &mut state).unwrap();
        all.extend_from_slice(&target[..state.written]);
        assert!(state.batch <= count);
        if state.stop != Stop::Full {
            return (all, state);
        }
        assert!(state.batch > before || state.need > target.len() || state.written > 0, "it goes on");
        if state.written == 0 {
            assert!(state.need <= 2 * MOST_DECOMPRESSED + 1000, "room for {} bytes is asked for", state.need);
            target = vec![0; state.need];
        }
    }
}
