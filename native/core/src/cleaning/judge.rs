//! Which records of a batch stay.

use super::clean::CleanState;
use super::map::OffsetMap;
use super::rebuild::{Times, has_horizon};
use super::walk::{BLOCK, Entry, Walk};
use super::{Damaged, Readable, Unreadable, rules};
use crate::batch::{BASE_TIMESTAMP, OFFSET};
use crate::bytes::i64_at;

/// Room for so many ranges is made at first, and at least.
const FIRST_RANGES: usize = 256;

/// Records, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All that there were.
    pub records: u64,
    /// Those that stay.
    pub kept: u64,
    /// Those with a newer record of their key.
    pub superseded: u64,
    /// Tombstones whose time has come.
    pub tombstones: u64,
    /// Those without a key.
    pub keyless: u64,
    /// Those of batches of which all go.
    pub discarded: u64,
}

impl Counts {
    /// Adds those of another batch.
    pub(super) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.kept += other.kept;
        self.superseded += other.superseded;
        self.tombstones += other.tombstones;
        self.keyless += other.keyless;
        self.discarded += other.discarded;
    }
}

/// Judges the records of one batch.
pub(super) struct Judge<'a> {
    map: &'a OffsetMap,
    base: i64,
    latest_offset: i64,
    keeps_all: bool,
    keeps_tombstones: bool,
}

impl<'a> Judge<'a> {
    pub fn new(map: &'a OffsetMap, batch: &[u8], rules: u8, state: &CleanState) -> Self {
        let is_due = has_horizon(batch) && i64_at(batch, BASE_TIMESTAMP) <= state.now;
        let keeps_tombstones = !is_due && rules & rules::DROP_TOMBSTONES == 0;
        Self {
            map,
            base: i64_at(batch, OFFSET),
            latest_offset: state.latest_offset,
            keeps_all: rules & rules::KEEP_ALL != 0,
            keeps_tombstones,
        }
    }

    /// Counts records by what becomes of them, and fills `ranges` with the parts of `records` that stay.
    pub fn records(&self, batch: &[u8], records: &[u8], ranges: &mut Vec<(u32, u32)>) -> Readable<(Counts, Times)> {
        let mut walk = Walk::new(batch, records);
        let mut entries = [Entry::default(); BLOCK];
        let (mut counts, mut times) = (Counts::default(), Times::new(batch));
        loop {
            let filled = walk.next(self.map, &mut entries);
            counts.records += filled as u64;
            for entry in &entries[..filled] {
                if !self.stays(entry, &mut counts) {
                    continue;
                }
                counts.kept += 1;
                times.note(entry);
                match ranges.last_mut() {
                    Some((_, end)) if *end == entry.start => *end = entry.end,
                    _ => {
                        if ranges.len() == ranges.capacity() {
                            ranges.try_reserve(FIRST_RANGES).map_err(|_| Unreadable::NoMemory)?;
                        }
                        ranges.push((entry.start, entry.end));
                    }
                }
            }
            if walk.is_damaged {
                return Err(Damaged);
            }
            if filled < BLOCK {
                return Ok((counts, times));
            }
        }
    }

    #[inline(always)]
    fn stays(&self, entry: &Entry, counts: &mut Counts) -> bool {
        let offset = self.base.wrapping_add(i64::from(entry.offset_delta));
        if self.keeps_all || offset > self.latest_offset {
            return true;
        }
        if !entry.has_key {
            counts.keyless += 1;
            return false;
        }
        if self.map.get(entry.hash).is_some_and(|newest| offset < newest) {
            counts.superseded += 1;
            return false;
        }
        if !entry.has_value && !self.keeps_tombstones {
            counts.tombstones += 1;
            return false;
        }
        true
    }
}
