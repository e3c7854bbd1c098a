//! Over a batch's records, some at a time: the map's slots are asked for from memory while the next records are read.

use super::hash::Hash;
use super::map::OffsetMap;
use crate::batch::{COUNT, LAST_OFFSET_DELTA};
use crate::bytes::i32_at;
use crate::records::Fault;
use crate::records::decode::{ROW, decode_one};

/// Records at a time: more than memory can be asked for at once, and few enough to be at hand when they are judged.
pub(super) const BLOCK: usize = 32;

/// A record's place and what is judged of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    /// Of its key; of a record without one nothing.
    pub hash: Hash,
    pub has_key: bool,
    pub has_value: bool,
    pub offset_delta: i32,
    pub timestamp_delta: i64,
    pub start: u32,
    pub end: u32,
}

/// Goes over the records of one batch.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    left: i32,
    has_records: bool,
    /// The offset delta before, and the largest one that may be.
    delta: i32,
    last_delta: i32,
    /// Whether something was found that a sound batch does not have.
    pub is_damaged: bool,
}

impl<'a> Walk<'a> {
    /// Over the records in `bytes` (at most 2^31) of the readable batch `batch`.
    pub fn new(batch: &[u8], bytes: &'a [u8]) -> Self {
        let count = i32_at(batch, COUNT);
        Self {
            bytes,
            at: 0,
            left: count,
            has_records: count > 0,
            delta: -1,
            last_delta: i32_at(batch, LAST_OFFSET_DELTA),
            is_damaged: count < 0,
        }
    }

    /// Fills `entries` from the front; fewer than fit, or none, at the end of the records or of the sound ones.
    #[inline]
    pub fn next(&mut self, map: &OffsetMap, entries: &mut [Entry; BLOCK]) -> usize {
        let mut filled = 0;
        for entry in entries.iter_mut() {
            if self.left <= 0 || self.is_damaged {
                break;
            }
            match self.read(map) {
                Ok(read) => *entry = read,
                Err(_) => {
                    self.is_damaged = true;
                    break;
                }
            }
            filled += 1;
        }
        // Kafka looks behind the last record only once it has read one.
        if self.left == 0 && self.has_records && self.at != self.bytes.len() {
            self.is_damaged = true;
        }
        filled
    }

    #[inline(always)]
    fn read(&mut self, map: &OffsetMap) -> std::result::Result<Entry, Fault> {
        let mut row = [0; ROW];
        let start = self.at;
        let end = decode_one(self.bytes, start, &mut row)?;
        if row[0] <= self.delta || row[0] > self.last_delta {
            return Err(Fault::LengthMismatch);
        }
        self.delta = row[0];
        self.at = end;
        self.left -= 1;
        // A length of -1 is null.
        let key = usize::try_from(row[4]).ok().map(|length| &self.bytes[row[3] as usize..row[3] as usize + length]);
        Ok(Entry {
            hash: key.map_or(Hash::default(), |key| map.hash_ahead(key)),
            has_key: key.is_some(),
            has_value: row[6] >= 0,
            offset_delta: row[0],
            timestamp_delta: i64::from(row[2]) << 32 | i64::from(row[1].cast_unsigned()),
            start: start as u32,
            end: end as u32,
        })
    }
}
