//! The same pass on two threads.

use super::state::{Output, State, Stop};
use super::walk::{Header, MIN_SCRATCH, Walk};
use crate::batch;
use crate::{Error, Result};
use std::io;
use std::sync::OnceLock;
use std::thread;

/// Ranges shorter than this are not worth a thread.
const MIN_RANGE: u64 = 4 * 1024 * 1024;
/// Batches smaller than this on average are not worth reading their headers twice.
const MIN_AVERAGE: u64 = 8 * 1024;
/// After so many headers the average is judged.
const SAMPLE: u64 = 64;
/// The most headers that a thread collects; those behind them are left for later.
const MAX_HEADERS: usize = 32 * 1024;

/// What one thread found: batches up to a position, and why it went no further; nothing when it came to its end.
struct Half {
    headers: Vec<Header>,
    stop: Option<Stop>,
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
    if end.saturating_sub(start) < MIN_RANGE || scratch.len() < 2 * MIN_SCRATCH || processors() < 2 {
        return Ok(None);
    }
    let Some(middle) = middle_of(read, start, end)? else {
        return Ok(None);
    };
    let (left, right) = scratch.split_at_mut(scratch.len() / 2);
    let halves = thread::scope(|scope| {
        let second = thread::Builder::new().spawn_scoped(scope, move || collect(read, middle, end, right)).ok()?;
        let first = collect(read, start, middle, left);
        Some((first, second.join()))
    });
    // The system has no thread for us.
    let Some((first, second)) = halves else {
        return Ok(None);
    };
    let second = second.map_err(|_| Error::Internal("a thread of recovery panicked".to_owned()))?;
    for half in [first, second] {
        let half = half.map_err(Error::io("read"))?;
        for header in &half.headers {
            if let Some(stop) = state.take(header, out)? {
                return Ok(Some(stop));
            }
        }
        match half.stop {
            None => {}
            // At the end of a range that may be in the middle of a batch, or of a collection: no news of the file.
            Some(Stop::Partial | Stop::Full) => return Ok(None),
            Some(stop) => return Ok(Some(stop)),
        }
    }
    Ok(None)
}

/// All batches that start in `[start, end)`, which is no more than `MAX_HEADERS` or stops before.
fn collect(
    read: impl Fn(&mut [u8], u64) -> io::Result<usize>,
    start: u64,
    end: u64,
    scratch: &mut [u8],
) -> io::Result<Half> {
    let mut walk = Walk::new(read, scratch, end);
    let mut headers = Vec::new();
    let mut position = start;
    let stop = loop {
        if headers.len() == MAX_HEADERS {
            break Some(Stop::Full);
        }
        match walk.next(position)? {
            Err(Stop::End) => break None,
            Err(stop) => break Some(stop),
            Ok(header) => {
                position += header.size;
                headers.push(header);
            }
        }
    };
    Ok(Half { headers, stop })
}

/// Where the first batch behind the middle starts, by the sizes in the headers; nothing where that is not to be had, or
/// takes too long.
fn middle_of(read: impl Fn(&mut [u8], u64) -> io::Result<usize>, start: u64, end: u64) -> Result<Option<u64>> {
    let middle = start + (end - start) / 2;
    let mut position = start;
    let mut headers = 0;
    while position < middle {
        let mut prefix = [0; batch::PREFIX];
        let got = read(&mut prefix, position).map_err(Error::io("read"))?;
        let Some(size) = (got == prefix.len()).then(|| batch::total_size(&prefix)).flatten() else {
            return Ok(None);
        };
        position += size;
        headers += 1;
        if headers % SAMPLE == 0 && position - start < headers * MIN_AVERAGE {
            return Ok(None);
        }
    }
    Ok((position < end).then_some(position))
}

/// How many processors this process may use; asking takes longer than some scans.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}
