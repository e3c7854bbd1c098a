//! Recovery's pass: it ends, tells the same in however many calls and on two threads, and agrees with the scan.

use crate::memory::{USUAL, within};
use crate::segment::{reader, rows_of, sealed, with_choice};
use seglog_core::Error;
use seglog_core::index::build::Entries;
use seglog_core::recovery::{MIN_SCRATCH, Output, ROW, STATE, State, Stop, recover};
use seglog_core::scan::{ROW as SCAN_ROW, scan};
use std::cell::Cell;
use std::io;

/// What a pass gave, without what is of one call only.
#[derive(Debug, PartialEq)]
struct Pass {
    stop: f64,
    numbers: Vec<f64>,
    rows: Vec<u64>,
    offset: Vec<u8>,
    time: Vec<u8>,
}

fn fresh(base: f64, interval: f64, budget: f64) -> State {
    let mut state = State::from_array(&[0.0; STATE]);
    (state.build.base_offset, state.build.interval, state.budget) = (base, interval, budget);
    (state.build.max_timestamp, state.build.last_time_indexed) = (-1.0, -1.0);
    (state.next_offset, state.leader_epoch, state.fall_position) = (base, -1.0, -1.0);
    state
}

fn pass(
    read: impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy + Send,
    end: u64,
    mut state: State,
    room: usize,
    scratch: usize,
) -> Pass {
    let mut scratch = vec![0; scratch];
    let (mut rows, mut offsets, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=2 * end {
        let (mut row, mut offset, mut time) = (vec![0.0; room * ROW], vec![0; room * 8], vec![0; room * 12]);
        let entries = Entries { offset: &mut offset, time: &mut time };
        recover(read, end, &mut scratch, &mut state, &mut Output { rows: &mut row, entries }).unwrap();
        rows.extend(row[..state.row_count as usize * ROW].iter().map(|number| number.to_bits()));
        offsets.extend_from_slice(&offset[..state.build.offset_count as usize * 8]);
        times.extend_from_slice(&time[..state.build.time_count as usize * 12]);
        if ![Stop::Full, Stop::Budget].map(|stop| f64::from(stop as u8)).contains(&state.stop) {
            let (stop, position) = (state.stop, state.build.position);
            assert!(position >= 0.0 && position as u64 <= end);
            (state.budget, state.row_count, state.build.offset_count, state.build.time_count) = (0.0, 0.0, 0.0, 0.0);
            return Pass { stop, numbers: state.to_array().to_vec(), rows, offset: offsets, time: times };
        }
    }
    panic!("the pass does not end");
}

/// One thread.
pub fn recovery(data: &[u8]) {
    let (choice, bytes) = with_choice(data);
    let bytes = if choice & 1 == 0 { bytes.to_vec() } else { sealed(bytes) };
    let base = if choice & 2 == 0 { 0.0 } else { 1000.0 };
    let interval = f64::from(choice >> 4) * 40.0;
    let end = bytes.len() as u64;
    let whole = pass(reader(&bytes), end, fresh(base, interval, 1e12), 64, MIN_SCRATCH);
    let budget = f64::from(1 + (choice >> 2 & 3)) * 100.0;
    assert_eq!(pass(reader(&bytes), end, fresh(base, interval, budget), 1, MIN_SCRATCH + 77), whole);
    agrees_with_the_scan(&bytes, whole.stop, whole.numbers[2] as usize);
    a_failing_read_is_told(&bytes, fresh(base, interval, 1e12), choice);
}

fn agrees_with_the_scan(bytes: &[u8], stop: f64, position: usize) {
    let mut rows = vec![0; (bytes.len() / 26 + 1) * SCAN_ROW];
    let found = scan(bytes, 0, bytes.len(), true, &mut rows);
    let of_offsets = [Stop::Overflow, Stop::BelowBase, Stop::InvalidOffset].map(|stop| f64::from(stop as u8));
    if of_offsets.contains(&stop) {
        assert!(position < found.end);
    } else {
        assert_eq!((stop, position), (f64::from(found.stop as u8), found.end));
    }
}

/// The n-th read fails, or the file is shorter than was said.
fn a_failing_read_is_told(bytes: &[u8], mut state: State, choice: u8) {
    let (calls, scratch) = (Cell::new(0), &mut vec![0; MIN_SCRATCH]);
    let failing = u32::from(choice & 7);
    let mut row = vec![0.0; 8 * ROW];
    let (mut offset, mut time) = (vec![0; 64], vec![0; 96]);
    let entries = Entries { offset: &mut offset, time: &mut time };
    let mut out = Output { rows: &mut row, entries };
    let calls = std::sync::atomic::AtomicU32::new(calls.take());
    let read = |into: &mut [u8], at: u64| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        call if call == failing => Err(io::Error::from_raw_os_error(5)),
        _ => reader(bytes)(into, at),
    };
    let end = bytes.len() as u64 + 1000;
    let result = within(USUAL, || recover(read, end, scratch, &mut state, &mut out));
    let was_told = matches!(&result, Err(Error::Io { source, .. }) if source.raw_os_error() == Some(5));
    assert_eq!(calls.into_inner() > failing, was_told, "{result:?}");
}

/// Enough for two threads: the input again and again, which is as one thread goes over it.
pub fn split(data: &[u8]) {
    const LENGTH: u64 = 5 * 1024 * 1024;
    let (choice, bytes) = with_choice(data);
    let bytes = if choice & 1 == 0 { bytes.to_vec() } else { sealed(bytes) };
    let (_, whole) = rows_of(&bytes);
    // Smaller ones are for one thread anyway.
    if whole < 8 * 1024 {
        return;
    }
    let period = &bytes[..if choice & 2 == 0 { whole } else { bytes.len() }];
    let length = period.len() as u64;
    let read = |into: &mut [u8], at: u64| {
        let wanted = into.len().min(LENGTH.saturating_sub(at) as usize);
        let mut filled = 0;
        while filled < wanted {
            let position = at + filled as u64;
            let from = (position % length) as usize;
            let piece = &period[from..period.len().min(from + wanted - filled)];
            into[filled..filled + piece.len()].copy_from_slice(piece);
            // The checksum does not cover the base offset: each time it is higher.
            let base = (position / length * 1000).to_be_bytes();
            for field in from..(from + piece.len()).min(base.len()) {
                into[filled + field - from] = base[field];
            }
            filled += piece.len();
        }
        Ok(wanted)
    };
    let state = || fresh(0.0, f64::from(choice) * 400.0, 1e12);
    let one = pass(read, LENGTH, state(), 2048, MIN_SCRATCH);
    assert!(pass(read, LENGTH, state(), 2048, 2 * MIN_SCRATCH + 4096) == one, "two threads tell something else");
}
