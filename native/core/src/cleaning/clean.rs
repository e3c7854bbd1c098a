//! The second pass: what stays of the batches.

use super::judge::{Counts, Judge};
use super::map::OffsetMap;
use super::payload::{MOST_DECOMPRESSED, Parts, Payload, codec_of, make_room};
use super::rebuild::{Header, has_horizon, write_empty};
use super::{Batches, Damaged, Readable, Stop, is_readable, row_number, rules, stopped};
use crate::batch::{COUNT, HEADER};
use crate::bytes::i32_at;
use crate::codec::Codec;
use crate::scan::ROW;
use crate::{Error, Result};

/// Numbers in the state: `CLEAN_STATE` of the engine's contract.
pub const CLEAN_STATE: usize = 15;

/// What records are judged by, and how far a call came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CleanState {
    /// The row to begin with; afterwards the first that was not done.
    pub batch: usize,
    /// As of when tombstones go.
    pub now: i64,
    /// The delete horizon of batches that get one.
    pub horizon: i64,
    /// Records above this offset stay.
    pub latest_offset: i64,
    /// The most bytes that a batch's records may decompress to.
    pub max_decompressed: usize,
    /// Why the call returned.
    pub stop: Stop,
    /// With `Full`: the room that the next batch needs.
    pub need: usize,
    /// Bytes and rows that were written.
    pub written: usize,
    /// See there.
    pub rows: usize,
    /// Of the batches that were done.
    pub counts: Counts,
}

impl CleanState {
    /// What the caller set.
    ///
    /// # Errors
    /// `InvalidArgument` when the first is no row.
    pub fn from_array(
        &[batch, now, horizon, latest_offset, max_decompressed, ..]: &[f64; CLEAN_STATE],
    ) -> Result<Self> {
        Ok(Self {
            batch: row_number(batch)?,
            now: now as i64,
            horizon: horizon as i64,
            latest_offset: latest_offset as i64,
            max_decompressed: (max_decompressed as usize).min(MOST_DECOMPRESSED),
            stop: Stop::End,
            need: 0,
            written: 0,
            rows: 0,
            counts: Counts::default(),
        })
    }

    /// For the caller.
    #[must_use]
    pub fn to_array(&self, &[_, now, horizon, latest, limit, ..]: &[f64; CLEAN_STATE]) -> [f64; CLEAN_STATE] {
        let Counts { records, kept, superseded, tombstones, keyless, discarded } = self.counts;
        let size = |value: usize| value as f64;
        let count = |value: u64| value as f64;
        [
            size(self.batch),
            now,
            horizon,
            latest,
            limit,
            f64::from(self.stop as u8),
            size(self.need),
            size(self.written),
            size(self.rows),
            count(records),
            count(kept),
            count(superseded),
            count(tombstones),
            count(keyless),
            count(discarded),
        ]
    }
}

/// Where batches go, and where they are there.
#[derive(Debug)]
pub struct Output<'a> {
    /// One batch behind the other.
    pub target: &'a mut [u8],
    /// A row of [`ROW`] numbers for each.
    pub rows: &'a mut [i32],
}

/// What one batch came to: bytes written, or the room that they need.
enum Done {
    Written(usize, Counts),
    Need(usize),
}

/// Writes what stays of the batches from `state.batch` on.
///
/// # Errors
/// `InvalidArgument` for a row that is not within the bytes, or when there are fewer rows to fill than batches; `Io` without
/// memory.
pub fn clean(
    map: &OffsetMap,
    batches: Batches<'_>,
    memory: &mut Payload,
    out: Output<'_>,
    state: &mut CleanState,
) -> Result<()> {
    if batches.count.saturating_sub(state.batch) > out.rows.len() / ROW {
        return Err(Error::argument("there is no room for a row of each batch"));
    }
    while state.batch < batches.count {
        let (batch, rules) = batches.get(state.batch)?;
        let room = &mut out.target[state.written..];
        match clean_one(map, batch, rules, memory, room, state) {
            Err(why) => {
                state.stop = stopped(why)?;
                return Ok(());
            }
            Ok(Done::Need(need)) => {
                state.stop = Stop::Full;
                state.need = need;
                return Ok(());
            }
            Ok(Done::Written(size, counts)) => {
                if size > 0 {
                    let row = &mut out.rows[state.rows * ROW..state.rows * ROW + ROW];
                    // Both fit: the caller keeps the target below 2^31 bytes.
                    row.copy_from_slice(&[state.written as i32, size as i32]);
                    state.rows += 1;
                    state.written += size;
                }
                state.counts.add(counts);
            }
        }
        state.batch += 1;
    }
    Ok(())
}

fn clean_one(
    map: &OffsetMap,
    batch: &[u8],
    rules: u8,
    memory: &mut Payload,
    room: &mut [u8],
    state: &CleanState,
) -> Readable<Done> {
    if !is_readable(batch) {
        return Err(Damaged);
    }
    if rules & rules::DROP_ALL != 0 {
        let records = u64::from(i32_at(batch, COUNT).max(0).unsigned_abs());
        let counts = Counts { records, discarded: records, ..Counts::default() };
        return Ok(without_records(batch, rules, room, counts));
    }
    let Parts { records, rebuilt, ranges } = memory.records(batch, state.max_decompressed)?;
    let judge = Judge::new(map, batch, rules, state);
    let (counts, times) = judge.records(batch, records, ranges)?;
    if counts.kept == 0 {
        return Ok(without_records(batch, rules, room, counts));
    }
    let needs_horizon = !has_horizon(batch) && (times.has_tombstone || rules & rules::SET_HORIZON != 0);
    if counts.kept == counts.records && !needs_horizon {
        return Ok(write(batch, room, counts));
    }
    let header = Header::new(batch, &times, needs_horizon.then_some(state.horizon));
    let plain = header.size_of(records, ranges);
    let codec = codec_of(batch)?;
    // The most that it may take. A batch tells its size in 31 bits.
    let bound = codec.bound(plain).saturating_add(HEADER);
    i32::try_from(bound).map_err(|_| Damaged)?;
    let Some(target) = room.get_mut(..bound) else { return Ok(Done::Need(bound)) };
    let size = if codec == Codec::None {
        header.write_records(records, ranges, &mut target[HEADER..]);
        bound
    } else {
        make_room(rebuilt, plain)?;
        header.write_records(records, ranges, &mut rebuilt[..plain]);
        let level = default_level(codec);
        HEADER + codec.compress(level, &rebuilt[..plain], &mut target[HEADER..]).map_err(|_| Damaged)?
    };
    header.write(batch, counts.kept, &mut target[..size]);
    Ok(Done::Written(size, counts))
}

/// Kafka's default levels, where a codec has any.
fn default_level(codec: Codec) -> i32 {
    match codec {
        Codec::Gzip => -1,
        Codec::Lz4 => 9,
        Codec::Zstd => 3,
        Codec::None | Codec::Snappy => 0,
    }
}

fn write(batch: &[u8], room: &mut [u8], counts: Counts) -> Done {
    match room.get_mut(..batch.len()) {
        Some(target) => {
            target.copy_from_slice(batch);
            Done::Written(batch.len(), counts)
        }
        None => Done::Need(batch.len()),
    }
}

fn without_records(batch: &[u8], rules: u8, room: &mut [u8], counts: Counts) -> Done {
    if rules & rules::RETAIN_EMPTY == 0 {
        return Done::Written(0, counts);
    }
    match room.first_chunk_mut() {
        Some(target) => {
            write_empty(batch, target);
            Done::Written(HEADER, counts)
        }
        None => Done::Need(HEADER),
    }
}
