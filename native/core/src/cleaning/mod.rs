//! The cleaner's two passes over batches of format 2: which keys there are, and what of the batches stays.
//!
//! What is decided of a whole batch comes as a byte of [`rules`]; the rest is decided record by record, from the offset map.
//! Batches come in chunks, with a row (start, size) for each as the scan wrote it.

mod build;
mod clean;
mod hash;
mod judge;
mod map;
mod payload;
mod rebuild;
mod walk;

#[cfg(test)]
mod tests;

pub use build::{MAP_STATE, MapState, build};
pub use clean::{CLEAN_STATE, CleanState, Output, clean};
pub use judge::Counts;
pub use map::OffsetMap;
pub use payload::Payload;

use crate::batch;
use crate::bytes::i64_at;
use crate::scan::ROW;
use crate::{Error, Result};
use std::io;

/// What is to be done with a batch: `CLEAN_RULES` of the engine's contract.
pub mod rules {
    /// All records go.
    pub const DROP_ALL: u8 = 1;
    /// All records stay.
    pub const KEEP_ALL: u8 = 2;
    /// When no record stays, the header does.
    pub const RETAIN_EMPTY: u8 = 4;
    /// It gets a delete horizon if it has none.
    pub const SET_HORIZON: u8 = 8;
    /// Tombstones go without a delete horizon.
    pub const DROP_TOMBSTONES: u8 = 16;
}

/// Why a pass returned: `CLEAN_STOPS` of the engine's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// All batches were gone over.
    End = 0,
    /// The map, or the target, has no room.
    Full = 1,
    /// The batch it stopped at cannot be read.
    Damaged = 2,
}

/// Why a batch cannot be gone over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unreadable {
    /// Of what is wrong with it the callers of these passes need to know nothing.
    Damaged,
    /// There is no memory for what is in it.
    NoMemory,
}
use Unreadable::Damaged;

type Readable<T> = std::result::Result<T, Unreadable>;

/// What stops a pass, and what is an error.
fn stopped(why: Unreadable) -> Result<Stop> {
    match why {
        Damaged => Ok(Stop::Damaged),
        Unreadable::NoMemory => {
            Err(Error::Io { doing: "get memory for the records of a batch", source: io::ErrorKind::OutOfMemory.into() })
        }
    }
}

/// Batches in a chunk, with what is to be done with them.
#[derive(Debug, Clone, Copy)]
pub struct Batches<'a> {
    bytes: &'a [u8],
    rows: &'a [i32],
    rules: &'a [u8],
    count: usize,
}

impl<'a> Batches<'a> {
    /// The first `count` rows of a scan of `bytes`, and a byte of rules for each.
    ///
    /// # Errors
    /// `InvalidArgument` when there are fewer.
    pub fn new(bytes: &'a [u8], rows: &'a [i32], rules: &'a [u8], count: usize) -> Result<Self> {
        if count > rows.len() / ROW || count > rules.len() {
            return Err(Error::argument(format!("there are fewer rows or rules than {count} batches")));
        }
        Ok(Self { bytes, rows, rules, count })
    }

    /// A batch, which may be any bytes, and its rules.
    fn get(&self, index: usize) -> Result<(&'a [u8], u8)> {
        let row = &self.rows[index * ROW..index * ROW + ROW];
        let batch = match (usize::try_from(row[0]), usize::try_from(row[1])) {
            (Ok(start), Ok(size)) => self.bytes.get(start..).and_then(|rest| rest.get(..size)),
            _ => None,
        };
        let batch = batch.ok_or_else(|| Error::argument(format!("row {index} is not of a batch in the bytes")))?;
        Ok((batch, self.rules[index]))
    }
}

/// The largest offset that JavaScript's numbers tell from its neighbours.
const MAX_OFFSET: i64 = (1 << 53) - 1;

/// Whether it is a whole batch of format 2, with offsets that can be. The checksum does not cover the base offset, and with
/// a wrong one newer records would be taken for older ones.
fn is_readable(batch: &[u8]) -> bool {
    batch.len() >= batch::HEADER
        && batch::magic(batch) == 2
        && i64_at(batch, batch::OFFSET) >= 0
        && i64_at(batch, batch::OFFSET).max(batch::last_offset(batch)) <= MAX_OFFSET
}

/// The row that a call begins with.
fn row_number(value: f64) -> Result<usize> {
    if value >= 0.0 && value.fract() == 0.0 && value <= f64::from(u32::MAX) {
        return Ok(value as usize);
    }
    Err(Error::argument(format!("no row has the number {value}")))
}

/// An offset as JavaScript's number; -1 for none.
fn number(value: i64) -> f64 {
    value as f64
}
