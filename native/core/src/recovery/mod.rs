//! Recovery's pass over a segment: checksums of all batches, index entries by Kafka's rule, and the headers of those
//! batches that change what else a log knows (producers, leader epochs, transactions).
//!
//! A thread copies from the page cache at some 12 GB/s and checksums several times as fast, so that the copy is the
//! limit, and a second thread with a range of its own nearly doubles the speed. Where that range starts has to be the
//! start of a batch, which the sizes in the headers tell: they are read ahead of everything else, unless batches are
//! small, when that would take longer than it saves. Batches are taken in order whoever read them, so that threads
//! change nothing in the outcome.

mod control;
mod split;
mod state;
#[cfg(test)]
mod tests;
mod walk;

pub use state::{Output, ROW, STATE, State, Stop};
pub use walk::MIN_SCRATCH;

use crate::{Error, Result};
use std::io;
use walk::Walk;

/// Goes over the batches of the file that `read` reads (as `pread` does), from the state's position to `end`.
///
/// # Errors
/// `InvalidArgument` for too small a scratch or impossible numbers in the state; `Io`.
pub fn recover(
    read: impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy + Send,
    end: u64,
    scratch: &mut [u8],
    state: &mut State,
    out: &mut Output<'_>,
) -> Result<()> {
    if scratch.len() < MIN_SCRATCH {
        return Err(Error::argument(format!(
            "recovery needs {MIN_SCRATCH} bytes to read into: found {}",
            scratch.len()
        )));
    }
    let start = whole(state.build.position, "position")?;
    let limit = start.saturating_add(whole(state.budget, "budget")?.max(1));
    state.row_count = 0.0;
    state.build.offset_count = 0.0;
    state.build.time_count = 0.0;
    let stop = match split::recover(read, start, end.min(limit), scratch, state, out)? {
        Some(stop) => stop,
        None => go_on(Walk::new(read, scratch, end), limit, state, out)?,
    };
    state.stop = f64::from(stop as u8);
    Ok(())
}

/// One batch after the other, on this thread.
fn go_on(
    mut walk: Walk<'_, impl Fn(&mut [u8], u64) -> io::Result<usize>>,
    limit: u64,
    state: &mut State,
    out: &mut Output<'_>,
) -> Result<Stop> {
    loop {
        let position = state.build.position as u64;
        // The end comes first: who is told of it need not call again.
        if position >= limit && position < walk.end() {
            return Ok(Stop::Budget);
        }
        match walk.next(position).map_err(Error::io("read"))? {
            Err(stop) => return Ok(stop),
            Ok(header) => {
                if let Some(stop) = state.take(&header, out)? {
                    return Ok(stop);
                }
            }
        }
    }
}

/// A number of the state as a place in a file.
fn whole(value: f64, name: &str) -> Result<u64> {
    // Up to 2^53 all whole numbers are exact.
    if (0.0..=9_007_199_254_740_991.0).contains(&value) && value.fract() == 0.0 {
        Ok(value as u64)
    } else {
        Err(Error::argument(format!("the state's {name} must be a whole number from 0 on: found {value}")))
    }
}
