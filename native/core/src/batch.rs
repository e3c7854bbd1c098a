//! Where the fields of a batch stand, and what they say of its size, offsets and checksum.
//!
//! ```text
//! every format            0        8     12                        16    17
//!                         | offset | size | ...                    | magic |
//! format 2 (RecordBatch)  0            8     12    16    17   21         23               27
//!                         | baseOffset | size | epoch | magic | crc | attributes | lastOffsetDelta |
//!                         27              35             43           51              53             57      61
//!                         | baseTimestamp | maxTimestamp | producerId | producerEpoch | baseSequence | count | records
//! formats 0 and 1         0        8      12    16      17           18          26 (format 1 only)
//!                         | offset | size | crc | magic | attributes | timestamp | key, value
//! ```
//!
//! `size` counts the bytes behind itself. The leader epoch stands before the CRC-32C's range, so that a leader can stamp
//! it without reading the batch again; the CRC-32 of the old formats covers all from the magic on.

use crate::bytes::{i32_at, i64_at, u32_at};
use crate::crc::{Running, crc32, crc32c};
use crate::{Error, Result};

/// Where the offset stands: the base offset in format 2, the last inner offset in the older ones.
pub const OFFSET: usize = 0;
/// Where the size stands.
pub const SIZE: usize = OFFSET + 8;
/// The bytes that the size does not count.
pub const LOG_OVERHEAD: usize = SIZE + 4;
/// Format 2: the epoch of the leader that took the batch.
pub const LEADER_EPOCH: usize = LOG_OVERHEAD;
/// Where the format's number stands, in every format.
pub const MAGIC: usize = LOG_OVERHEAD + 4;
/// The fewest bytes that tell size and format.
pub const PREFIX: usize = MAGIC + 1;

/// Format 2: the checksum.
pub const CRC: usize = MAGIC + 1;
/// Format 2: the attributes, where the checksum's range starts.
pub const ATTRIBUTES: usize = CRC + 4;
/// Format 2: the last offset less the base offset.
pub const LAST_OFFSET_DELTA: usize = ATTRIBUTES + 2;
/// Format 2: the first record's timestamp, or the delete horizon.
pub const BASE_TIMESTAMP: usize = LAST_OFFSET_DELTA + 4;
/// Format 2: the largest timestamp.
pub const MAX_TIMESTAMP: usize = BASE_TIMESTAMP + 8;
/// Format 2: the producer's id, -1 when it has none.
pub const PRODUCER_ID: usize = MAX_TIMESTAMP + 8;
/// Format 2: the producer's epoch.
pub const PRODUCER_EPOCH: usize = PRODUCER_ID + 8;
/// Format 2: the producer's sequence number of the first record.
pub const BASE_SEQUENCE: usize = PRODUCER_EPOCH + 2;
/// Format 2: how many records there are.
pub const COUNT: usize = BASE_SEQUENCE + 4;
/// Format 2: the size of the header.
pub const HEADER: usize = COUNT + 4;

/// Formats 0 and 1: the checksum.
pub const LEGACY_CRC: usize = LOG_OVERHEAD;
/// Formats 0 and 1: where the checksum's range starts.
pub const LEGACY_CRC_START: usize = LEGACY_CRC + 4;
/// Format 1: the timestamp.
pub const LEGACY_TIMESTAMP: usize = MAGIC + 1 + 1;

/// The smallest size field: a message of format 0 with neither key nor value.
pub const MIN_SIZE_FIELD: i32 = 14;
const LEGACY_MIN_TOTAL: [usize; 2] = [LOG_OVERHEAD + 14, LOG_OVERHEAD + 22];

const _: () = assert!(PREFIX == 17 && ATTRIBUTES == 21 && MAX_TIMESTAMP == 35 && HEADER == 61);
const _: () = assert!(LEGACY_CRC_START == MAGIC && LEGACY_TIMESTAMP == 18);
const _: () = assert!(LEGACY_TIMESTAMP + 8 <= LEGACY_MIN_TOTAL[1]);

/// The magic, for which any value of 2 or more is format 2 (as in Kafka's file reader), and any below 2 an older one.
#[must_use]
pub fn magic(batch: &[u8]) -> i8 {
    batch[MAGIC].cast_signed()
}

/// The bytes of the whole batch by its size field, or nothing when that is below the least possible.
#[must_use]
pub fn total_size(batch: &[u8]) -> Option<u64> {
    let size = i32_at(batch, SIZE);
    (size >= MIN_SIZE_FIELD).then(|| u64::from(size.unsigned_abs()) + LOG_OVERHEAD as u64)
}

/// Whether a whole batch is too small for its format, so that fields would have to be read behind its end.
#[must_use]
pub fn is_too_small(magic: i8, total: usize) -> bool {
    match magic {
        2.. => total < HEADER,
        1 => total < LEGACY_MIN_TOTAL[1],
        _ => total < LEGACY_MIN_TOTAL[0],
    }
}

/// Whether the stored checksum of a whole batch is right. Too small a batch is not.
#[must_use]
pub fn is_valid(batch: &[u8]) -> bool {
    let magic = magic(batch);
    if is_too_small(magic, batch.len()) {
        return false;
    }
    if magic >= 2 {
        u32_at(batch, CRC) == crc32c(&batch[ATTRIBUTES..])
    } else {
        u32_at(batch, LEGACY_CRC) == crc32(&batch[LEGACY_CRC_START..])
    }
}

/// The checksum over what `first` holds of a batch's range, to be gone on with, and the stored one to compare it with at
/// the end. `first` holds all of the header.
#[must_use]
pub fn running_crc(first: &[u8]) -> (Running, u32) {
    let (mut crc, start, stored) = if magic(first) >= 2 {
        (Running::crc32c(), ATTRIBUTES, CRC)
    } else {
        (Running::crc32(), LEGACY_CRC_START, LEGACY_CRC)
    };
    crc.update(&first[start..]);
    (crc, u32_at(first, stored))
}

/// The last offset that a batch claims. `header` holds all of the header.
#[must_use]
pub fn last_offset(header: &[u8]) -> i64 {
    let offset = i64_at(header, OFFSET);
    if magic(header) >= 2 { offset.saturating_add(i64::from(i32_at(header, LAST_OFFSET_DELTA))) } else { offset }
}

/// The largest timestamp of a batch; -1 in format 0, which has none. `header` holds all of the header.
#[must_use]
pub fn max_timestamp(header: &[u8]) -> i64 {
    match magic(header) {
        2.. => i64_at(header, MAX_TIMESTAMP),
        1 => i64_at(header, LEGACY_TIMESTAMP),
        _ => -1,
    }
}

/// Writes the checksum of a whole format 2 batch to its place.
///
/// # Errors
/// `InvalidArgument` when there is no room for the header.
pub fn seal(batch: &mut [u8]) -> Result<()> {
    if batch.len() < HEADER {
        return Err(Error::argument(format!("a batch has at least {HEADER} bytes, not {}", batch.len())));
    }
    let crc = crc32c(&batch[ATTRIBUTES..]);
    batch[CRC..ATTRIBUTES].copy_from_slice(&crc.to_be_bytes());
    Ok(())
}

/// Small batches for the tests of this crate.
#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// A sealed format 2 batch of `payload` with the offsets `[base, base + delta]`.
    pub fn batch(base: i64, delta: i32, max_timestamp: i64, payload: &[u8]) -> Vec<u8> {
        let mut batch = vec![0; HEADER];
        batch[OFFSET..SIZE].copy_from_slice(&base.to_be_bytes());
        let size = i32::try_from(HEADER - LOG_OVERHEAD + payload.len()).unwrap();
        batch[SIZE..LOG_OVERHEAD].copy_from_slice(&size.to_be_bytes());
        batch[MAGIC] = 2;
        batch[LAST_OFFSET_DELTA..BASE_TIMESTAMP].copy_from_slice(&delta.to_be_bytes());
        batch[MAX_TIMESTAMP..MAX_TIMESTAMP + 8].copy_from_slice(&max_timestamp.to_be_bytes());
        batch.extend_from_slice(payload);
        seal(&mut batch).unwrap();
        batch
    }

    /// A message of format 0 or 1, with a null key and `value`.
    pub fn message(magic: u8, offset: i64, timestamp: i64, value: &[u8]) -> Vec<u8> {
        let mut body = vec![magic, 0];
        if magic == 1 {
            body.extend_from_slice(&timestamp.to_be_bytes());
        }
        body.extend_from_slice(&(-1_i32).to_be_bytes());
        body.extend_from_slice(&i32::try_from(value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(value);
        let mut message = offset.to_be_bytes().to_vec();
        message.extend_from_slice(&i32::try_from(body.len() + 4).unwrap().to_be_bytes());
        message.extend_from_slice(&crc32(&body).to_be_bytes());
        message.extend_from_slice(&body);
        message
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{batch, message};
    use super::*;

    #[test]
    fn fields_are_read_back() {
        let sample = batch(40, 2, 1_700_000_000_000, b"xyz");
        assert!(is_valid(&sample));
        assert_eq!(total_size(&sample), Some(64));
        assert_eq!((last_offset(&sample), max_timestamp(&sample)), (42, 1_700_000_000_000));
        let old = message(1, 7, 99, b"v");
        assert!(is_valid(&old));
        assert_eq!((last_offset(&old), max_timestamp(&old)), (7, 99));
        assert_eq!(max_timestamp(&message(0, 7, 99, b"v")), -1);
    }

    #[test]
    fn any_flipped_bit_under_the_checksum_is_noticed() {
        for (sample, start) in [
            (batch(40, 2, 5, b"xyz"), CRC),
            (message(1, 7, 99, b"v"), LEGACY_CRC),
            (message(0, 7, 99, b"v"), LEGACY_CRC),
        ] {
            for bit in start * 8..sample.len() * 8 {
                let mut damaged = sample.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(!is_valid(&damaged), "bit {bit}");
            }
        }
    }

    #[test]
    fn the_last_offset_never_wraps() {
        assert_eq!(last_offset(&batch(i64::MAX, 5, 0, b"")), i64::MAX);
        assert_eq!(last_offset(&batch(i64::MIN, -5, 0, b"")), i64::MIN);
    }

    #[test]
    fn too_small_a_batch_is_not_sealed() {
        assert!(matches!(seal(&mut [0; HEADER - 1]), Err(Error::InvalidArgument(_))));
    }
}
