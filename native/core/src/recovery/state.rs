//! What recovery makes of one batch after the other: index entries, rows, and whether the offsets rise.

use super::control::NO_CONTROL;
use super::walk::Header;
use crate::index::build::{self, Entries};
use crate::index::{OFFSET_ENTRY, TIME_ENTRY};
use crate::{Error, Result};

/// Why a call returned. The numbers are `RECOVERY_STOPS` of the engine's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The end was reached.
    End = 0,
    /// The bytes end within a batch.
    Partial = 1,
    /// There is no room for a row or an entry: call again.
    Full = 2,
    /// A size field below the least possible.
    InvalidSize = 3,
    /// The checksum does not match, or the batch is too small for its format.
    InvalidCrc = 4,
    /// As many bytes were gone over as the call was to: call again.
    Budget = 5,
    /// The last offset is too far above the segment's base.
    Overflow = 6,
    /// The last offset is below the segment's base.
    BelowBase = 7,
    /// Offsets fell, and Kafka notices here.
    InvalidOffset = 8,
}

/// Numbers a row: `RECOVERY_ROW` of the contract.
pub const ROW: usize = 12;
/// Numbers in a [`State`].
pub const STATE: usize = build::STATE + 14;

/// What is kept between the calls for one segment: `RECOVERY_STATE` of the contract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// Position, largest timestamp and what else decides about index entries. Its `overflow` is not used.
    pub build: build::State,
    /// Rows written by this call.
    pub row_count: f64,
    /// Why this call returned.
    pub stop: f64,
    /// How many bytes a call goes over.
    pub budget: f64,
    /// How many batches were gone over.
    pub batches: f64,
    /// The offset behind the last batch before offsets fell.
    pub next_offset: f64,
    /// The leader epoch of the batch before.
    pub leader_epoch: f64,
    /// Offset entries so far and the last one's offset, those included that are not written because offsets fell.
    pub offset_total: f64,
    /// As above.
    pub last_offset_indexed: f64,
    /// Time entries so far and the last one's offset, likewise.
    pub time_total: f64,
    /// As above.
    pub last_time_offset: f64,
    /// Where offsets fell first, or -1.
    pub fall_position: f64,
    /// What the three fields of this name in `build` were there.
    pub fall_max_timestamp: f64,
    /// As above.
    pub fall_offset_of_max_timestamp: f64,
    /// As above.
    pub fall_last_time_indexed: f64,
}

impl State {
    /// From the contract's array.
    #[must_use]
    pub fn from_array(state: &[f64; STATE]) -> Self {
        let mut first = [0.0; build::STATE];
        first.copy_from_slice(&state[..build::STATE]);
        let mut rest = [0.0; STATE - build::STATE];
        rest.copy_from_slice(&state[build::STATE..]);
        let [row_count, stop, budget, batches, next_offset, leader_epoch, rest @ ..] = rest;
        let [offset_total, last_offset_indexed, time_total, last_time_offset, rest @ ..] = rest;
        let [fall_position, fall_max_timestamp, fall_offset_of_max_timestamp, fall_last_time_indexed] = rest;
        Self {
            build: build::State::from_array(&first),
            row_count,
            stop,
            budget,
            batches,
            next_offset,
            leader_epoch,
            offset_total,
            last_offset_indexed,
            time_total,
            last_time_offset,
            fall_position,
            fall_max_timestamp,
            fall_offset_of_max_timestamp,
            fall_last_time_indexed,
        }
    }

    /// To the contract's array.
    #[must_use]
    pub fn to_array(self) -> [f64; STATE] {
        let rest = [
            self.row_count,
            self.stop,
            self.budget,
            self.batches,
            self.next_offset,
            self.leader_epoch,
            self.offset_total,
            self.last_offset_indexed,
            self.time_total,
            self.last_time_offset,
            self.fall_position,
            self.fall_max_timestamp,
            self.fall_offset_of_max_timestamp,
            self.fall_last_time_indexed,
        ];
        let mut state = [0.0; STATE];
        state[..build::STATE].copy_from_slice(&self.build.to_array());
        state[build::STATE..].copy_from_slice(&rest);
        state
    }

    /// Goes on to the next batch, or tells why not; then nothing changed but, perhaps, that offsets fell.
    ///
    /// # Errors
    /// `Internal` when there is no room for an entry although that was looked at.
    pub fn take(&mut self, header: &Header, out: &mut Output<'_>) -> Result<Option<Stop>> {
        let last = header.last_offset;
        if build::relative(last, self.build.base_offset).is_none() {
            return Ok(Some(if last < self.build.base_offset { Stop::BelowBase } else { Stop::Overflow }));
        }
        if self.fall_position < 0.0 && self.falls(header) {
            self.fall_position = self.build.position;
            self.fall_max_timestamp = self.build.max_timestamp;
            self.fall_offset_of_max_timestamp = self.build.offset_of_max_timestamp;
            self.fall_last_time_indexed = self.build.last_time_indexed;
        }
        let is_due = self.build.since_last_entry > self.build.interval;
        if self.fall_position >= 0.0 {
            return Ok(self.take_fallen(header, is_due));
        }
        let has_row = header.producer_id != -1.0
            || f64::from(header.leader_epoch) != self.leader_epoch
            || header.control_type != NO_CONTROL;
        if (has_row && !out.has_row(self.row_count)) || (is_due && !out.has_entries(&self.build)) {
            return Ok(Some(Stop::Full));
        }
        self.build.note_timestamp(header.max_timestamp, last);
        if is_due {
            let before = self.build.time_count;
            build::add(last, &mut self.build, &mut out.entries)?;
            self.offset_total += 1.0;
            self.last_offset_indexed = last;
            if self.build.time_count > before {
                self.time_total += 1.0;
                self.last_time_offset = self.build.offset_of_max_timestamp;
            }
        }
        if has_row {
            out.write_row(self.row_count, self.build.position, header)?;
            self.row_count += 1.0;
        }
        self.leader_epoch = f64::from(header.leader_epoch);
        self.next_offset = last + 1.0;
        self.pass(header);
        Ok(None)
    }

    /// Whether the batch does not rise above those before it. Formats 0 and 1 tell their last offset only.
    fn falls(&self, header: &Header) -> bool {
        let is_first = self.batches == 0.0;
        header.last_offset < header.base_offset || (!is_first && header.base_offset < self.next_offset)
    }

    /// What Kafka does behind a fall: nothing but to raise an error when an entry is due that would not rise.
    fn take_fallen(&mut self, header: &Header, is_due: bool) -> Option<Stop> {
        let last = header.last_offset;
        let (mut timestamp, mut offset) = (self.build.max_timestamp, self.build.offset_of_max_timestamp);
        if header.max_timestamp > timestamp {
            (timestamp, offset) = (header.max_timestamp, last);
        }
        if is_due {
            let is_refused = (self.offset_total > 0.0 && last <= self.last_offset_indexed)
                || (self.time_total > 0.0 && offset < self.last_time_offset);
            if is_refused {
                return Some(Stop::InvalidOffset);
            }
            self.offset_total += 1.0;
            self.last_offset_indexed = last;
            self.build.since_last_entry = 0.0;
            if timestamp > self.build.last_time_indexed {
                self.time_total += 1.0;
                self.last_time_offset = offset;
                self.build.last_time_indexed = timestamp;
            }
        }
        (self.build.max_timestamp, self.build.offset_of_max_timestamp) = (timestamp, offset);
        self.pass(header);
        None
    }

    fn pass(&mut self, header: &Header) {
        self.batches += 1.0;
        self.build.pass(header.size as f64);
    }
}

/// Where rows and entries of one call go.
pub struct Output<'a> {
    /// Room for rows of [`ROW`] numbers.
    pub rows: &'a mut [f64],
    /// Room for entries.
    pub entries: Entries<'a>,
}

impl Output<'_> {
    fn has_row(&self, count: f64) -> bool {
        (count as usize + 1) * ROW <= self.rows.len()
    }

    /// Room for one entry in each index, whether or not the time index gets one.
    fn has_entries(&self, state: &build::State) -> bool {
        (state.offset_count as usize + 1) * OFFSET_ENTRY <= self.entries.offset.len()
            && (state.time_count as usize + 1) * TIME_ENTRY <= self.entries.time.len()
    }

    fn write_row(&mut self, count: f64, position: f64, header: &Header) -> Result<()> {
        let start = count as usize * ROW;
        let row = self.rows.get_mut(start..start + ROW);
        let row = row.ok_or_else(|| Error::Internal("there is no room for a row".to_owned()))?;
        row.copy_from_slice(&[
            position,
            header.size as f64,
            header.base_offset,
            header.last_offset,
            header.max_timestamp,
            f64::from(header.leader_epoch),
            f64::from(header.attributes),
            header.producer_id,
            f64::from(header.producer_epoch),
            f64::from(header.base_sequence),
            f64::from(header.control_type),
            f64::from(header.coordinator_epoch),
        ]);
        Ok(())
    }
}
