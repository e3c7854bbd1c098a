use super::*;
use crate::batch::samples::{batch, message};
use crate::batch::{self, LEADER_EPOCH, PRODUCER_ID};
use crate::index::build::Entries;
use proptest::prelude::*;

const SCRATCH: usize = 2 * MIN_SCRATCH;

/// `pread` of bytes in memory.
fn reader(bytes: &[u8]) -> impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy + Send {
    move |into, at| {
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or(&[]);
        let got = rest.len().min(into.len());
        into[..got].copy_from_slice(&rest[..got]);
        Ok(got)
    }
}

fn fresh(base: f64, interval: f64, budget: f64) -> State {
    let mut state = State::from_array(&[0.0; STATE]);
    (state.build.base_offset, state.build.interval, state.budget) = (base, interval, budget);
    (state.build.max_timestamp, state.build.last_time_indexed) = (-1.0, -1.0);
    (state.next_offset, state.leader_epoch, state.fall_position) = (base, -1.0, -1.0);
    state
}

/// What calls gave until one returned for good.
#[derive(Debug, PartialEq)]
struct Pass {
    state: State,
    rows: Vec<f64>,
    offset: Vec<u8>,
    time: Vec<u8>,
}

fn pass(bytes: &[u8], mut state: State, room: usize, scratch: usize) -> Pass {
    let mut seen = Pass { state, rows: vec![], offset: vec![], time: vec![] };
    let mut scratch = vec![0; scratch];
    loop {
        let (mut rows, mut offset, mut time) = (vec![0.0; room * ROW], vec![0; room * 8], vec![0; room * 12]);
        let entries = Entries { offset: &mut offset, time: &mut time };
        let mut out = Output { rows: &mut rows, entries };
        recover(reader(bytes), bytes.len() as u64, &mut scratch, &mut state, &mut out).unwrap();
        seen.rows.extend_from_slice(&rows[..state.row_count as usize * ROW]);
        seen.offset.extend_from_slice(&offset[..state.build.offset_count as usize * 8]);
        seen.time.extend_from_slice(&time[..state.build.time_count as usize * 12]);
        if ![Stop::Full as u8 as f64, Stop::Budget as u8 as f64].contains(&state.stop) {
            seen.state = state;
            return seen;
        }
    }
}

fn stop_of(bytes: &[u8], state: State) -> (f64, f64) {
    let found = pass(bytes, state, 100, SCRATCH);
    (found.state.stop, found.state.build.position)
}

#[test]
fn each_reason_to_stop() {
    let good = batch(0, 0, 0, b"payload");
    let size = good.len() as f64;
    let two = |second: Vec<u8>| [good.clone(), second].concat();
    let mut flipped = batch(1, 0, 0, b"x");
    *flipped.last_mut().unwrap() ^= 1;
    let limit = i64::from(i32::MAX);
    for (bytes, stop, at) in [
        (vec![], Stop::End, 0.0),
        (good.clone(), Stop::End, size),
        (two(good[..16].to_vec()), Stop::Partial, size),
        (two(good[..20].to_vec()), Stop::Partial, size),
        (two(vec![0; 17]), Stop::InvalidSize, size),
        (two(flipped), Stop::InvalidCrc, size),
        (two(batch(limit, 0, 0, b"")), Stop::End, size + 61.0),
        (two(batch(limit, 1, 0, b"")), Stop::Overflow, size),
        (two(batch(-9, 3, 0, b"")), Stop::BelowBase, size),
    ] {
        let found = stop_of(&bytes, fresh(0.0, 0.0, 1e9));
        assert_eq!(found, (f64::from(stop as u8), at), "{stop:?}");
    }
}

#[test]
fn a_fall_ends_entries_and_rows_and_is_noticed_where_an_entry_is_due() {
    let rising = [batch(0, 4, 10, b""), batch(5, 4, 20, b""), batch(10, 4, 30, b"")].concat();
    let fallen = |last: Vec<u8>| [rising.clone(), last].concat();
    // Offsets fall, but the last one rises above the entries: Kafka sees nothing.
    let found = pass(&fallen(batch(12, 4, 99, b"")), fresh(0.0, 0.0, 1e9), 9, SCRATCH);
    assert_eq!((found.state.stop, found.state.fall_position), (f64::from(Stop::End as u8), 183.0));
    assert_eq!((found.state.next_offset, found.state.fall_max_timestamp), (15.0, 30.0));
    assert_eq!((found.state.build.max_timestamp, found.offset.len(), found.time.len()), (99.0, 16, 24));
    // The entry that is due would not rise.
    let found = pass(&fallen(batch(10, 4, 30, b"")), fresh(0.0, 0.0, 1e9), 9, SCRATCH);
    assert_eq!((found.state.stop, found.state.build.position), (f64::from(Stop::InvalidOffset as u8), 183.0));
    // None is due.
    let found = pass(&fallen(batch(10, 4, 30, b"")), fresh(0.0, 4096.0, 1e9), 9, SCRATCH);
    assert_eq!((found.state.stop, found.state.fall_position), (f64::from(Stop::End as u8), 183.0));
    // A batch that ends below its start falls, though it be the first; one that starts below the base does not.
    assert_eq!(pass(&batch(9, -3, 0, b""), fresh(0.0, 0.0, 1e9), 9, SCRATCH).state.fall_position, 0.0);
    assert_eq!(pass(&batch(3, 9, 0, b""), fresh(5.0, 0.0, 1e9), 9, SCRATCH).state.fall_position, -1.0);
    // Old formats tell their last offset.
    let old = [message(1, 5, 1, b"a"), message(1, 5, 1, b"b")];
    let found = pass(&old.concat(), fresh(0.0, 4096.0, 1e9), 9, SCRATCH);
    assert_eq!(found.state.fall_position, old[0].len() as f64);
}

#[test]
fn rows_are_those_of_producers_and_new_epochs() {
    let with = |base: i64, epoch: i32, producer: i64| {
        let mut batch = batch(base, 0, 7, b"");
        batch[LEADER_EPOCH..LEADER_EPOCH + 4].copy_from_slice(&epoch.to_be_bytes());
        batch[PRODUCER_ID..PRODUCER_ID + 8].copy_from_slice(&producer.to_be_bytes());
        batch::seal(&mut batch).unwrap();
        batch
    };
    let log = [with(0, -1, -1), with(1, 3, -1), with(2, 3, -1), with(3, 3, 44), with(4, 4, -1), message(0, 5, 0, b"")]
        .concat();
    let found = pass(&log, fresh(0.0, 0.0, 1e9), 9, SCRATCH);
    let rows: Vec<_> = found.rows.chunks(ROW).map(|row| (row[2], row[5], row[7])).collect();
    assert_eq!(rows, [(1.0, 3.0, -1.0), (3.0, 3.0, 44.0), (4.0, 4.0, -1.0), (5.0, -1.0, -1.0)]);
    assert_eq!(pass(&log, fresh(0.0, 0.0, 1e9), 1, SCRATCH).rows, found.rows);
}

#[test]
fn impossible_arguments_are_refused() {
    let mut out = Output { rows: &mut [], entries: Entries { offset: &mut [], time: &mut [] } };
    let mut state = fresh(0.0, 0.0, 0.0);
    assert!(recover(reader(&[]), 0, &mut vec![0; MIN_SCRATCH - 1], &mut state, &mut out).is_err());
    for position in [-1.0, 0.5, f64::NAN, 1e300] {
        state.build.position = position;
        assert!(recover(reader(&[]), 0, &mut vec![0; SCRATCH], &mut state, &mut out).is_err(), "{position}");
    }
}

#[test]
fn errors_of_reads_are_told_by_whichever_thread_has_them() {
    let one = batch(0, 0, 0, &vec![7; 100_000]);
    let log = one.repeat(100);
    for from in [0, 2_000_000, 8_000_000] {
        let read = reader(&log);
        let failing = move |into: &mut [u8], at: u64| {
            if into.len() > batch::PREFIX && at + into.len() as u64 > from {
                return Err(io::ErrorKind::Other.into());
            }
            read(into, at)
        };
        let mut rows = [0.0; ROW];
        let mut out = Output { rows: &mut rows, entries: Entries { offset: &mut [], time: &mut [] } };
        let mut state = fresh(0.0, 1e9, 1e9);
        let done = recover(failing, log.len() as u64, &mut vec![0; 1 << 20], &mut state, &mut out);
        assert!(matches!(done, Err(Error::Io { .. })), "{from}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn threads_calls_and_room_change_nothing(
        sizes in prop::collection::vec(prop_oneof![4 => 9_000..60_000_usize, 1 => 0..400_000_usize], 60..200),
        damage in prop::option::of(any::<prop::sample::Index>()),
        cut in prop::option::of(any::<prop::sample::Index>()),
        room in prop::sample::select(vec![1_usize, 5, 1000]),
        budget in prop::sample::select(vec![1.0, 100_000.0, 5e6, 1e9]),
    ) {
        let batches = sizes.iter().enumerate();
        let mut bytes = batches.flat_map(|(i, &size)| batch(i as i64, 0, i as i64 % 50, &vec![i as u8; size])).collect::<Vec<_>>();
        if let Some(at) = damage {
            let at = at.index(bytes.len());
            bytes[at] ^= 0x10;
        }
        if let Some(at) = cut {
            bytes.truncate(at.index(bytes.len()));
        }
        // With this scratch all is done on one thread.
        let alone = pass(&bytes, fresh(0.0, 4096.0, 1e9), 1000, MIN_SCRATCH);
        let mut other = pass(&bytes, fresh(0.0, 4096.0, budget), room, 1 << 20);
        // These tell of the last call only.
        other.state.budget = alone.state.budget;
        other.state.row_count = alone.state.row_count;
        (other.state.build.offset_count, other.state.build.time_count) =
            (alone.state.build.offset_count, alone.state.build.time_count);
        prop_assert_eq!(other, alone);
    }

    #[test]
    fn mutated_bytes_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        room in 0..4_usize,
    ) {
        let mut bytes = [batch(0, 1, 5, b"first"), message(0, 2, 0, b"old"), message(1, 3, 9, b"newer"), batch(4, 0, 6, b"")].concat();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let found = pass(&bytes, fresh(0.0, 0.0, 1.0), room.max(1), MIN_SCRATCH);
        prop_assert!(found.state.build.position <= bytes.len() as f64);
    }
}
