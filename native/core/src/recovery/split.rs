//! The same pass on two threads.
//!
//! The range is divided into pieces of whole batches, which the threads take in turn, so that neither waits for the other:
//! the system may let the second one start late, or not at all. The headers tell where a piece ends; whoever takes one
//! reads them ahead. What is wrong with a batch ends the division: the pass of one thread goes on there, and finds out.

use super::state::{Output, State, Stop};
use super::walk::{Header, MIN_SCRATCH, Walk};
use crate::batch;
use crate::{Error, Result, cpu};
use std::collections::BTreeMap;
use std::hint;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Ranges shorter than this are not worth a thread.
const MIN_RANGE: u64 = 4 * 1024 * 1024;
/// Batches smaller than this on average are not worth reading their headers twice.
const MIN_AVERAGE: u64 = 8 * 1024;
/// After so many headers of a piece the average is judged.
const SAMPLE: u64 = 64;
/// Some tens of microseconds.
const MAX_SPINS: usize = 2000;

/// Batches that lie behind each other, and belong to one thread.
struct Piece {
    number: u64,
    start: u64,
    end: u64,
}

/// What was found of a piece.
struct Found {
    headers: Vec<Header>,
    /// Whether those are all.
    is_whole: bool,
}

/// What the threads share.
struct Division {
    /// The next piece: its number, and where it starts.
    number: u64,
    start: u64,
    /// The first piece that was not taken into the state.
    settled: u64,
    /// No further piece is given out.
    is_over: bool,
    /// Pieces that were gone over and not taken into the state yet. There are no more headers in them than batches of
    /// [`MIN_AVERAGE`] in the range of a call.
    found: BTreeMap<u64, Found>,
}

/// Goes over `[start, end)` on two threads and returns why it stopped, or nothing when the rest is for one thread: where
/// the state then stands.
pub fn recover(
    read: impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy + Send,
    start: u64,
    end: u64,
    scratch: &mut [u8],
    state: &mut State,
    out: &mut Output<'_>,
) -> Result<Option<Stop>> {
    if end.saturating_sub(start) < MIN_RANGE || scratch.len() < 2 * MIN_SCRATCH || cpu::count() < 2 {
        return Ok(None);
    }
    let (left, right) = scratch.split_at_mut(scratch.len() / 2);
    let most = left.len() as u64;
    let division = Mutex::new(Division { number: 0, start, settled: 0, is_over: false, found: BTreeMap::new() });
    let first = take(&division, read, end, most);
    if lock(&division).is_over {
        return Ok(None);
    }
    let (shared, start) = (&division, &cpu::Start::here());
    thread::scope(|scope| {
        // Where the system has no thread for us, this one takes all pieces.
        let second = thread::Builder::new().spawn_scoped(scope, move || {
            start.leave();
            help(shared, read, end, right, most);
        });
        if second.is_ok() {
            start.wait();
        }
        let stop = lead(&division, first, read, end, left, state, out);
        lock(&division).is_over = true;
        if let Ok(second) = second {
            second.join().map_err(|_| Error::Internal("a thread of recovery panicked".to_owned()))?;
        }
        match stop? {
            Some(stop) => Ok(Some(stop)),
            None => settle(&division, state, out),
        }
    })
}

/// What the first thread does: pieces, and after each of them the state.
fn lead(
    division: &Mutex<Division>,
    first: Option<Piece>,
    read: impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy,
    end: u64,
    scratch: &mut [u8],
    state: &mut State,
    out: &mut Output<'_>,
) -> Result<Option<Stop>> {
    let most = scratch.len() as u64;
    let mut next = first;
    while let Some(piece) = next {
        let found = go_over(&piece, read, scratch);
        lock(division).put(piece.number, found);
        if let Some(stop) = settle(division, state, out)? {
            return Ok(Some(stop));
        }
        next = take(division, read, end, most);
    }
    Ok(None)
}

/// What the second thread does: pieces, until none is left.
fn help(
    division: &Mutex<Division>,
    read: impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy,
    end: u64,
    scratch: &mut [u8],
    most: u64,
) {
    while let Some(piece) = take(division, read, end, most) {
        let found = go_over(&piece, read, scratch);
        lock(division).put(piece.number, found);
    }
}

impl Division {
    fn put(&mut self, number: u64, found: Found) {
        self.is_over |= !found.is_whole;
        self.found.insert(number, found);
    }
}

/// The next piece, of one batch or as many as are no larger than `most`; nothing when there is none, or the rest is for one thread.
fn take(
    division: &Mutex<Division>,
    read: impl Fn(&mut [u8], u64) -> io::Result<usize>,
    end: u64,
    most: u64,
) -> Option<Piece> {
    let mut shared = lock(division);
    if shared.is_over || shared.start >= end {
        return None;
    }
    let start = shared.start;
    let mut position = start;
    let mut headers = 0;
    while position < end {
        let mut prefix = [0; batch::PREFIX];
        let size = match read(&mut prefix, position) {
            Ok(got) if got == prefix.len() => batch::total_size(&prefix),
            _ => None,
        };
        headers += 1;
        let Some(size) = size.filter(|size| *size <= end - position) else {
            shared.is_over = true;
            break;
        };
        if position > start && position + size - start > most {
            break;
        }
        position += size;
        if headers % SAMPLE == 0 && position - start < headers * MIN_AVERAGE {
            shared.is_over = true;
            break;
        }
    }
    let piece = Piece { number: shared.number, start, end: position };
    shared.number += 1;
    shared.start = position;
    (position > start).then_some(piece)
}

/// All batches of a piece, or those before one that is not as it should be.
fn go_over(piece: &Piece, read: impl Fn(&mut [u8], u64) -> io::Result<usize>, scratch: &mut [u8]) -> Found {
    let mut walk = Walk::new(read, scratch, piece.end);
    let mut headers = Vec::new();
    let mut position = piece.start;
    while position < piece.end {
        let Ok(Ok(header)) = walk.next(position) else {
            return Found { headers, is_whole: false };
        };
        position += header.size;
        headers.push(header);
    }
    Found { headers, is_whole: true }
}

/// Takes into the state what was found up to the first piece that is not gone over yet.
fn settle(division: &Mutex<Division>, state: &mut State, out: &mut Output<'_>) -> Result<Option<Stop>> {
    loop {
        let mut shared = lock(division);
        let number = shared.settled;
        let Some(found) = shared.found.remove(&number) else {
            return Ok(None);
        };
        // What lies behind a piece that ends too soon is for one thread.
        shared.settled = if found.is_whole { number + 1 } else { u64::MAX };
        drop(shared);
        for header in &found.headers {
            if let Some(stop) = state.take(header, out)? {
                return Ok(Some(stop));
            }
        }
    }
}

/// It is held for some microseconds. Who sleeps for it instead is often woken on the other's processor, and stays there.
fn lock(division: &Mutex<Division>) -> MutexGuard<'_, Division> {
    for _ in 0..MAX_SPINS {
        if let Ok(guard) = division.try_lock() {
            return guard;
        }
        hint::spin_loop();
    }
    // A panic of the other thread is told when it has ended.
    division.lock().unwrap_or_else(PoisonError::into_inner)
}
