//! Index entries of a sealed segment, from its batches: Kafka's rule for when an entry is added.
//!
//! An entry is due when more than the interval was appended since the last one, not counting the batch itself. The time
//! entry carries the largest timestamp so far and the last offset of the first batch that has it, and is left out unless
//! it rises.

use super::{OFFSET_ENTRY, TIME_ENTRY};
use crate::{Error, Result, batch};

/// What is kept between chunks of one segment: `BUILD_STATE` of the engine's contract, which keeps it in an array of
/// doubles. Timestamps and offsets beyond 2^53 are therefore rounded, on both engines alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// The segment's base offset.
    pub base_offset: f64,
    /// `index.interval.bytes`.
    pub interval: f64,
    /// The file position of the next batch.
    pub position: f64,
    /// Bytes appended since the last offset entry.
    pub since_last_entry: f64,
    /// The largest timestamp so far.
    pub max_timestamp: f64,
    /// The last offset of the first batch that has it.
    pub offset_of_max_timestamp: f64,
    /// The timestamp of the last time entry.
    pub last_time_indexed: f64,
    /// Offset entries written by this call.
    pub offset_count: f64,
    /// Time entries written by this call.
    pub time_count: f64,
    /// 1 when a batch's last offset does not fit above the base.
    pub overflow: f64,
}

/// The numbers in a [`State`].
pub const STATE: usize = 10;

impl State {
    /// From the contract's array.
    #[must_use]
    pub fn from_array(state: &[f64; STATE]) -> Self {
        let &[
            base_offset,
            interval,
            position,
            since_last_entry,
            max_timestamp,
            offset_of_max_timestamp,
            last_time_indexed,
            offset_count,
            time_count,
            overflow,
        ] = state;
        Self {
            base_offset,
            interval,
            position,
            since_last_entry,
            max_timestamp,
            offset_of_max_timestamp,
            last_time_indexed,
            offset_count,
            time_count,
            overflow,
        }
    }

    /// To the contract's array.
    #[must_use]
    pub fn to_array(self) -> [f64; STATE] {
        [
            self.base_offset,
            self.interval,
            self.position,
            self.since_last_entry,
            self.max_timestamp,
            self.offset_of_max_timestamp,
            self.last_time_indexed,
            self.offset_count,
            self.time_count,
            self.overflow,
        ]
    }

    /// Keeps the timestamp of the batch that ends at `last_offset`, if it is the largest so far.
    pub(crate) fn note_timestamp(&mut self, timestamp: f64, last_offset: f64) {
        if timestamp > self.max_timestamp {
            self.max_timestamp = timestamp;
            self.offset_of_max_timestamp = last_offset;
        }
    }

    /// Goes behind a batch.
    pub(crate) fn pass(&mut self, size: f64) {
        self.since_last_entry += size;
        self.position += size;
    }
}

/// Where the entries of one call go.
pub struct Entries<'a> {
    /// Room for the offset entries.
    pub offset: &'a mut [u8],
    /// Room for the time entries.
    pub time: &'a mut [u8],
}

/// Adds the entries of the batches at `rows` (start and size in `bytes`, in order).
///
/// # Errors
/// `InvalidArgument` when a row is not a batch within `bytes`, or there is no room for an entry. What was done before
/// stays in `state`.
pub fn build(bytes: &[u8], rows: &[i32], state: &mut State, entries: &mut Entries<'_>) -> Result<()> {
    state.offset_count = 0.0;
    state.time_count = 0.0;
    state.overflow = 0.0;
    for row in rows.chunks_exact(2) {
        let header = header_at(bytes, row[0], row[1])?;
        let last_offset = batch::last_offset(header) as f64;
        if relative(last_offset, state.base_offset).is_none() {
            state.overflow = 1.0;
            return Ok(());
        }
        state.note_timestamp(batch::max_timestamp(header) as f64, last_offset);
        if state.since_last_entry > state.interval {
            add(last_offset, state, entries)?;
        }
        state.pass(f64::from(row[1]));
    }
    Ok(())
}

/// Adds the entries that are due before the batch that ends at `last_offset`, which fits above the base.
pub(crate) fn add(last_offset: f64, state: &mut State, entries: &mut Entries<'_>) -> Result<()> {
    let offset = relative(last_offset, state.base_offset).unwrap_or(0);
    let entry = slot(entries.offset, state.offset_count, OFFSET_ENTRY)?;
    entry[..4].copy_from_slice(&offset.to_be_bytes());
    entry[4..].copy_from_slice(&(state.position as i32).to_be_bytes());
    state.offset_count += 1.0;
    state.since_last_entry = 0.0;
    if state.max_timestamp > state.last_time_indexed {
        let offset = relative(state.offset_of_max_timestamp, state.base_offset).unwrap_or(0);
        let entry = slot(entries.time, state.time_count, TIME_ENTRY)?;
        entry[..8].copy_from_slice(&(state.max_timestamp as i64).to_be_bytes());
        entry[8..].copy_from_slice(&offset.to_be_bytes());
        state.time_count += 1.0;
        state.last_time_indexed = state.max_timestamp;
    }
    Ok(())
}

fn header_at(bytes: &[u8], start: i32, size: i32) -> Result<&[u8]> {
    let batch = usize::try_from(start)
        .ok()
        .zip(usize::try_from(size).ok())
        .and_then(|(start, size)| bytes.get(start..)?.get(..size))
        .filter(|batch| batch.len() >= batch::PREFIX && !batch::is_too_small(batch::magic(batch), batch.len()));
    batch.ok_or_else(|| Error::argument(format!("no batch of {size} bytes at {start}")))
}

fn slot(entries: &mut [u8], count: f64, size: usize) -> Result<&mut [u8]> {
    let start = count as usize * size;
    entries.get_mut(start..start + size).ok_or_else(|| Error::argument("there is no room for another index entry"))
}

/// `offset` above `base`, where it fits an index entry.
pub(crate) fn relative(offset: f64, base: f64) -> Option<i32> {
    let relative = offset - base;
    (0.0..=f64::from(i32::MAX)).contains(&relative).then_some(relative as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::samples::{batch, message};

    fn fresh(base: f64, interval: f64) -> State {
        let mut state = State::from_array(&[0.0; STATE]);
        (state.base_offset, state.interval) = (base, interval);
        (state.max_timestamp, state.last_time_indexed) = (-1.0, -1.0);
        state
    }

    fn rows_of(batches: &[Vec<u8>]) -> Vec<i32> {
        let mut at = 0;
        batches
            .iter()
            .flat_map(|batch| {
                let start = at;
                at += batch.len() as i32;
                [start, batch.len() as i32]
            })
            .collect()
    }

    #[test]
    fn entries_follow_kafkas_rule() {
        // 61 bytes each; with an interval of 61 the third batch is the first after *more* than the interval.
        let batches: Vec<_> =
            [5, 9, 9, 7, 12].iter().enumerate().map(|(i, &time)| batch(100 + i as i64 * 2, 1, time, b"")).collect();
        let (bytes, rows) = (batches.concat(), rows_of(&batches));
        let (mut offset, mut time) = ([0; 40], [0; 60]);
        let mut state = fresh(100.0, 61.0);
        build(&bytes, &rows, &mut state, &mut Entries { offset: &mut offset, time: &mut time }).unwrap();
        assert_eq!((state.offset_count, state.time_count, state.position), (2.0, 2.0, 305.0));
        assert_eq!(&offset[..16], &[0, 0, 0, 5, 0, 0, 0, 122, 0, 0, 0, 9, 0, 0, 0, 244]);
        assert_eq!(&time[..24], &[0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 9]);
    }

    #[test]
    fn chunks_give_what_one_call_gives() {
        let batches: Vec<_> = (0..50)
            .map(|i| if i % 3 == 0 { message(1, i, i * 7 % 20, b"v") } else { batch(i, 0, i * 7 % 20, b"") })
            .collect();
        let mut whole = (vec![0; 400], vec![0; 600]);
        let mut state = fresh(0.0, 100.0);
        build(
            &batches.concat(),
            &rows_of(&batches),
            &mut state,
            &mut Entries { offset: &mut whole.0, time: &mut whole.1 },
        )
        .unwrap();
        whole.0.truncate(state.offset_count as usize * 8);
        whole.1.truncate(state.time_count as usize * 12);
        let mut parts = (Vec::new(), Vec::new());
        let mut state = fresh(0.0, 100.0);
        for chunk in batches.chunks(7) {
            let (mut offset, mut time) = ([0; 56], [0; 84]);
            build(&chunk.concat(), &rows_of(chunk), &mut state, &mut Entries { offset: &mut offset, time: &mut time })
                .unwrap();
            parts.0.extend_from_slice(&offset[..state.offset_count as usize * 8]);
            parts.1.extend_from_slice(&time[..state.time_count as usize * 12]);
        }
        assert_eq!(parts, whole);
    }

    #[test]
    fn the_largest_timestamp_is_not_rounded_to_a_negative_one() {
        let batches = [batch(0, 0, 5, b""), batch(1, 0, i64::MAX - 7, b""), batch(2, 0, i64::MAX, b"")];
        let (mut offset, mut time) = ([0; 16], [0; 24]);
        let mut state = fresh(0.0, 0.0);
        let mut entries = Entries { offset: &mut offset, time: &mut time };
        build(&batches.concat(), &rows_of(&batches), &mut state, &mut entries).unwrap();
        assert_eq!(state.time_count, 1.0);
        assert_eq!(time[..8], i64::MAX.to_be_bytes());
    }

    #[test]
    fn an_offset_that_does_not_fit_stops_before_its_batch() {
        let limit = i64::from(i32::MAX);
        for (base, last) in [(0, limit + 1), (10, 9)] {
            let batches = [batch(base, 0, 1, b""), batch(last, 0, 2, b"")];
            let mut state = fresh(base as f64, 0.0);
            build(&batches.concat(), &rows_of(&batches), &mut state, &mut Entries { offset: &mut [], time: &mut [] })
                .unwrap();
            assert_eq!((state.overflow, state.position, state.max_timestamp), (1.0, 61.0, 1.0));
        }
        let batches = [batch(0, 0, 1, b""), batch(limit, 0, 2, b"")];
        let mut state = fresh(0.0, 0.0);
        let mut room = ([0; 8], [0; 12]);
        build(
            &batches.concat(),
            &rows_of(&batches),
            &mut state,
            &mut Entries { offset: &mut room.0, time: &mut room.1 },
        )
        .unwrap();
        assert_eq!((state.overflow, room.0), (0.0, [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 61]));
    }

    #[test]
    fn rows_that_are_no_batches_are_refused() {
        let bytes = batch(0, 0, 0, b"");
        for row in [[0, 62], [1, 61], [-1, 61], [0, -1], [0, 60], [61, 0], [i32::MAX, i32::MAX]] {
            let mut entries = Entries { offset: &mut [], time: &mut [] };
            assert!(build(&bytes, &row, &mut fresh(0.0, 0.0), &mut entries).is_err(), "{row:?}");
        }
        let rows = [0, 61, 0, 61];
        let mut entries = Entries { offset: &mut [], time: &mut [] };
        assert!(build(&bytes, &rows, &mut fresh(0.0, 0.0), &mut entries).is_err(), "no room");
    }
}
