//! A batch with a part of its records.
//!
//! What a record says beside its timestamp stays as it stands. Timestamps are told from the base timestamp on, so they are
//! written anew where that changes: with a delete horizon, which stands in its place, or where the first record went.

use super::walk::Entry;
use crate::batch::{
    ATTRIBUTES, BASE_TIMESTAMP, COUNT, CRC, HEADER, LOG_OVERHEAD, MAGIC, MAX_TIMESTAMP, PRODUCER_ID, SIZE,
};
use crate::bytes::i64_at;
use crate::crc::crc32c;
use crate::records::varint::{read_int, read_long, size_of_long, write_long};

/// The attribute that says that the base timestamp is a delete horizon.
const HORIZON_BIT: u8 = 1 << 6;
const APPEND_TIME_BIT: u8 = 1 << 3;
/// Codec, timestamp type, transactional, control.
const KEPT_BITS: u8 = 0x3f;
const CODEC_BITS: u8 = 7;
/// The low byte of the attributes; the other has no meaning.
const FLAGS: usize = ATTRIBUTES + 1;
const NO_TIMESTAMP: i64 = -1;

const _: () = assert!(CRC == MAGIC + 1 && ATTRIBUTES == CRC + 4 && MAX_TIMESTAMP + 8 == PRODUCER_ID);

/// Whether the base timestamp of a readable batch is a delete horizon.
pub(super) fn has_horizon(batch: &[u8]) -> bool {
    batch[FLAGS] & HORIZON_BIT != 0
}

fn is_append_time(batch: &[u8]) -> bool {
    batch[FLAGS] & APPEND_TIME_BIT != 0
}

/// What the records that stay say of time, and of tombstones among them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub has_tombstone: bool,
    base: i64,
    largest: i64,
    /// The first timestamp delta, and whether all are that; nothing without records.
    first_delta: Option<i64>,
    are_equal: bool,
}

impl Times {
    /// Without records yet.
    pub fn new(batch: &[u8]) -> Self {
        let base = i64_at(batch, BASE_TIMESTAMP);
        Self { has_tombstone: false, base, largest: NO_TIMESTAMP, first_delta: None, are_equal: true }
    }

    /// Takes in the next record that stays.
    #[inline(always)]
    pub fn note(&mut self, entry: &Entry) {
        let delta = entry.timestamp_delta;
        self.has_tombstone |= !entry.has_value;
        self.largest = self.largest.max(self.base.wrapping_add(delta));
        self.are_equal &= *self.first_delta.get_or_insert(delta) == delta;
    }
}

/// What timestamp deltas become.
#[derive(Debug, Clone, Copy)]
enum Deltas {
    /// What they are.
    Same,
    /// Larger by so much.
    Shifted(i64),
    /// All the same: the broker stamped the batch.
    Fixed(i64),
}

/// The fields of a batch that is built anew which are not those of the old one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    flags: u8,
    base: i64,
    largest: i64,
    deltas: Deltas,
}

impl Header {
    /// For the records of a readable batch that `times` tells of; with the delete horizon that it gets, if it gets one.
    pub fn new(batch: &[u8], times: &Times, horizon: Option<i64>) -> Self {
        let (is_append_time, had_horizon) = (is_append_time(batch), has_horizon(batch));
        let old_largest = i64_at(batch, MAX_TIMESTAMP);
        let base = match horizon {
            Some(horizon) => horizon,
            None if had_horizon => times.base,
            None if is_append_time => old_largest,
            None => times.base.wrapping_add(times.first_delta.unwrap_or(0)),
        };
        let deltas = if is_append_time {
            let delta = old_largest.wrapping_sub(base);
            if times.are_equal && times.first_delta == Some(delta) { Deltas::Same } else { Deltas::Fixed(delta) }
        } else if base == times.base {
            Deltas::Same
        } else {
            Deltas::Shifted(times.base.wrapping_sub(base))
        };
        let horizon_bit = if horizon.is_some() || had_horizon { HORIZON_BIT } else { 0 };
        Self {
            flags: batch[FLAGS] & KEPT_BITS | horizon_bit,
            base,
            largest: if is_append_time { old_largest } else { times.largest },
            deltas,
        }
    }

    /// How many bytes the records in `ranges` become.
    pub fn size_of(&self, records: &[u8], ranges: &[(u32, u32)]) -> usize {
        if let Deltas::Same = self.deltas {
            return ranges.iter().map(|(start, end)| (end - start) as usize).sum();
        }
        self.each(records, ranges).map(|record| record.size()).sum()
    }

    /// Writes the records in `ranges` over all of `target`, which has their size.
    pub fn write_records(&self, records: &[u8], ranges: &[(u32, u32)], target: &mut [u8]) {
        let mut at = 0;
        if let Deltas::Same = self.deltas {
            for &(start, end) in ranges {
                let range = &records[start as usize..end as usize];
                target[at..at + range.len()].copy_from_slice(range);
                at += range.len();
            }
            return;
        }
        for record in self.each(records, ranges) {
            at = record.write(target, at);
        }
    }

    /// The records in `ranges`, with their new timestamp deltas.
    fn each<'a>(&self, records: &'a [u8], ranges: &'a [(u32, u32)]) -> impl Iterator<Item = Record<'a>> {
        let deltas = self.deltas;
        ranges.iter().flat_map(move |&(start, end)| {
            let mut at = start as usize;
            std::iter::from_fn(move || {
                let record = (at < end as usize).then(|| Record::read(records, at, deltas))?;
                at = record.end;
                Some(record)
            })
        })
    }

    /// Writes the header of `target`, which holds all else, with `count` records and the checksum.
    pub fn write(&self, old: &[u8], count: u64, target: &mut [u8]) {
        let size = (target.len() - LOG_OVERHEAD) as u32; // a batch is below 2^31, and so is what counts its records
        target[..HEADER].copy_from_slice(&old[..HEADER]);
        put(target, SIZE, &size.to_be_bytes());
        put(target, ATTRIBUTES, &[0, self.flags]);
        put(target, BASE_TIMESTAMP, &self.base.to_be_bytes());
        put(target, MAX_TIMESTAMP, &self.largest.to_be_bytes());
        put(target, COUNT, &(count as u32).to_be_bytes());
        seal(target);
    }
}

/// A record whose timestamp delta may change.
struct Record<'a> {
    /// Where the next one starts in what it was read from.
    end: usize,
    whole: &'a [u8],
    attributes: u8,
    /// What stands behind the timestamp delta.
    tail: &'a [u8],
    /// Nothing when it stays the same.
    delta: Option<i64>,
}

impl<'a> Record<'a> {
    /// One that was read before.
    fn read(records: &'a [u8], start: usize, deltas: Deltas) -> Self {
        let mut at = start;
        let length = read_int(records, &mut at).unwrap_or(0).max(0).unsigned_abs() as usize;
        let end = (at + length).max(start + 1);
        let attributes = records[at];
        at += 1;
        let old = read_long(records, &mut at).unwrap_or(0);
        let new = match deltas {
            Deltas::Same => old,
            Deltas::Shifted(by) => old.wrapping_add(by),
            Deltas::Fixed(delta) => delta,
        };
        Self {
            end,
            whole: &records[start..end],
            attributes,
            tail: &records[at..end],
            delta: (new != old).then_some(new),
        }
    }

    /// Its length field, when the timestamp delta changes.
    fn length(&self, delta: i64) -> i64 {
        (1 + size_of_long(delta) + self.tail.len()) as i64
    }

    fn size(&self) -> usize {
        self.delta.map_or(self.whole.len(), |delta| {
            let length = self.length(delta);
            size_of_long(length) + length.unsigned_abs() as usize
        })
    }

    fn write(&self, target: &mut [u8], start: usize) -> usize {
        let mut at = start;
        let mut copy = self.whole;
        if let Some(delta) = self.delta {
            at = write_long(target, at, self.length(delta));
            target[at] = self.attributes;
            at = write_long(target, at + 1, delta);
            copy = self.tail;
        }
        put(target, at, copy);
        at + copy.len()
    }
}

/// The header of a readable batch, for a batch without records.
pub(super) fn write_empty(batch: &[u8], target: &mut [u8; HEADER]) {
    target.copy_from_slice(&batch[..HEADER]);
    put(target, SIZE, &((HEADER - LOG_OVERHEAD) as u32).to_be_bytes());
    put(target, ATTRIBUTES, &[0, batch[FLAGS] & KEPT_BITS & !CODEC_BITS]);
    put(target, BASE_TIMESTAMP, &NO_TIMESTAMP.to_be_bytes());
    put(target, COUNT, &[0; 4]);
    seal(target);
}

fn seal(batch: &mut [u8]) {
    let crc = crc32c(&batch[ATTRIBUTES..]);
    put(batch, CRC, &crc.to_be_bytes());
}

fn put(target: &mut [u8], at: usize, bytes: &[u8]) {
    target[at..at + bytes.len()].copy_from_slice(bytes);
}
