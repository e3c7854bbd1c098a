//! The first pass: the newest offset of each key.

use super::map::OffsetMap;
use super::payload::{MOST_DECOMPRESSED, Payload};
use super::walk::{BLOCK, Entry, Walk};
use super::{Batches, Damaged, Readable, Stop, is_readable, number, row_number, rules, stopped};
use crate::Result;
use crate::batch::OFFSET;
use crate::bytes::i64_at;

/// Numbers in the state: `MAP_STATE` of the engine's contract.
pub const MAP_STATE: usize = 6;

/// Where the pass stands, and what it did in a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapState {
    /// The row to begin with; afterwards the first that was not gone over to its end.
    pub batch: usize,
    /// Records below this offset are passed over.
    pub from_offset: i64,
    /// The most bytes that a batch's records may decompress to.
    pub max_decompressed: usize,
    /// Why the call returned.
    pub stop: Stop,
    /// The offset of the last record that was stored; -1 when none was.
    pub last_stored: i64,
    /// How many records were looked at.
    pub records: u64,
}

impl MapState {
    /// What the caller set.
    ///
    /// # Errors
    /// `InvalidArgument` when the first is no row.
    pub fn from_array(&[batch, from_offset, max_decompressed, ..]: &[f64; MAP_STATE]) -> Result<Self> {
        Ok(Self {
            batch: row_number(batch)?,
            from_offset: from_offset as i64,
            max_decompressed: (max_decompressed as usize).min(MOST_DECOMPRESSED),
            stop: Stop::End,
            last_stored: -1,
            records: 0,
        })
    }

    /// For the caller.
    #[must_use]
    pub fn to_array(&self, given: &[f64; MAP_STATE]) -> [f64; MAP_STATE] {
        let stop = f64::from(self.stop as u8);
        [self.batch as f64, given[1], given[2], stop, number(self.last_stored), self.records as f64]
    }
}

/// Stores the keys of the batches from `state.batch` on.
///
/// # Errors
/// `InvalidArgument` for a row that is not within the bytes; `Io` without memory.
pub fn build(map: &mut OffsetMap, batches: Batches<'_>, memory: &mut Payload, state: &mut MapState) -> Result<()> {
    while state.batch < batches.count {
        let (batch, rules) = batches.get(state.batch)?;
        if rules & rules::DROP_ALL == 0 {
            state.stop = store(map, batch, memory, state).or_else(stopped)?;
            if state.stop != Stop::End {
                return Ok(());
            }
        }
        state.batch += 1;
    }
    Ok(())
}

fn store(map: &mut OffsetMap, batch: &[u8], memory: &mut Payload, state: &mut MapState) -> Readable<Stop> {
    if !is_readable(batch) {
        return Err(Damaged);
    }
    let base = i64_at(batch, OFFSET);
    let records = memory.records(batch, state.max_decompressed)?.records;
    let mut walk = Walk::new(batch, records);
    let mut entries = [Entry::default(); BLOCK];
    loop {
        let filled = walk.next(map, &mut entries);
        for entry in &entries[..filled] {
            let offset = base.wrapping_add(i64::from(entry.offset_delta));
            if entry.has_key && offset >= state.from_offset {
                if !map.put(entry.hash, offset) {
                    return Ok(Stop::Full);
                }
                state.last_stored = offset;
            }
            state.records += 1;
        }
        if filled < BLOCK || walk.is_damaged {
            return if walk.is_damaged { Err(Damaged) } else { Ok(Stop::End) };
        }
    }
}
