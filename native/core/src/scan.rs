//! Finding whole batches in bytes, whatever the bytes hold.

use crate::batch;

/// Why a scan stopped. The numbers are `SCAN_STOPS` of the engine's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// All bytes were whole batches.
    End = 0,
    /// The bytes end within a batch.
    Partial = 1,
    /// The rows are full.
    Full = 2,
    /// A size field below the least possible.
    InvalidSize = 3,
    /// The checksum does not match, or the batch is too small for its format.
    InvalidCrc = 4,
}

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// How many batches are in the rows.
    pub count: usize,
    /// Where scanning stopped: the start of the first batch not in the rows.
    pub end: usize,
    /// Why.
    pub stop: Stop,
    /// With `Partial`: the size of the batch that does not fit, or of the fewest bytes that tell it.
    pub need: u64,
}

/// Numbers a row: where the batch starts in the bytes, and its size.
pub const ROW: usize = 2;

/// Finds the whole batches in `bytes[start..end]`, which the caller has checked to be there and below 2^31.
///
/// The order of the checks is part of the contract, because the TypeScript engine must stop at the same place for the
/// same reason: full, fewer than 17 bytes, size, whole, checksum.
#[must_use]
pub fn scan(bytes: &[u8], start: usize, end: usize, verify: bool, rows: &mut [i32]) -> Scan {
    let bytes = &bytes[..end];
    let mut at = start;
    let mut count = 0;
    let stopped = |count, end, stop, need| Scan { count, end, stop, need };
    while at < end {
        let Some(row) = rows.get_mut(count * ROW..count * ROW + ROW) else {
            return stopped(count, at, Stop::Full, 0);
        };
        let rest = &bytes[at..];
        if rest.len() < batch::PREFIX {
            return stopped(count, at, Stop::Partial, batch::PREFIX as u64);
        }
        let Some(need) = batch::total_size(rest) else {
            return stopped(count, at, Stop::InvalidSize, 0);
        };
        let whole = usize::try_from(need).ok().and_then(|total| rest.get(..total));
        let Some(whole) = whole else {
            return stopped(count, at, Stop::Partial, need);
        };
        if verify && !batch::is_valid(whole) {
            return stopped(count, at, Stop::InvalidCrc, 0);
        }
        // Both fit: the caller keeps `end` below 2^31.
        row[0] = at as i32;
        row[1] = whole.len() as i32;
        count += 1;
        at += whole.len();
    }
    stopped(count, at, Stop::End, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::samples::{batch, message};
    use proptest::prelude::*;

    fn mixed() -> Vec<u8> {
        [batch(0, 1, 5, b"first"), message(0, 2, 0, b"old"), message(1, 3, 9, b"newer"), batch(4, 0, 6, b"")].concat()
    }

    #[test]
    fn finds_every_format() {
        let bytes = mixed();
        let mut rows = [0; 2 * ROW * 4];
        let found = scan(&bytes, 0, bytes.len(), true, &mut rows);
        assert_eq!((found.count, found.end, found.stop), (4, bytes.len(), Stop::End));
        assert_eq!(&rows[..8], &[0, 66, 66, 29, 95, 39, 134, 61]);
    }

    #[test]
    fn each_reason_to_stop() {
        let good = batch(0, 0, 0, b"some payload");
        let total = good.len();
        let changed = |at: usize, value: &[u8]| {
            let mut bytes = good.clone();
            bytes[at..at + value.len()].copy_from_slice(value);
            bytes
        };
        let size = |size: i32| changed(batch::SIZE, &size.to_be_bytes());
        let short = |magic: u8, size: i32| {
            let mut bytes = vec![0; size as usize + 12];
            bytes[batch::SIZE..12].copy_from_slice(&size.to_be_bytes());
            bytes[batch::MAGIC] = magic;
            bytes
        };
        let cases: &[(&str, Vec<u8>, Stop, u64)] = &[
            ("nothing", vec![], Stop::End, 0),
            ("one byte", good[..1].to_vec(), Stop::Partial, 17),
            ("sixteen bytes", good[..16].to_vec(), Stop::Partial, 17),
            ("sixteen zeros", vec![0; 16], Stop::Partial, 17),
            ("seventeen zeros", vec![0; 17], Stop::InvalidSize, 0),
            ("one byte missing", good[..total - 1].to_vec(), Stop::Partial, total as u64),
            ("size 13", size(13), Stop::InvalidSize, 0),
            ("size -1", size(-1), Stop::InvalidSize, 0),
            ("the least size", size(i32::MIN), Stop::InvalidSize, 0),
            ("the largest size", size(i32::MAX), Stop::Partial, (1 << 31) + 11),
            ("payload", changed(total - 1, b"X"), Stop::InvalidCrc, 0),
            ("magic 1 in a batch of format 2", changed(batch::MAGIC, &[1]), Stop::InvalidCrc, 0),
            ("format 2 without room for its header", short(2, 48), Stop::InvalidCrc, 0),
            ("format 1 without room for its timestamp", short(1, 21), Stop::InvalidCrc, 0),
        ];
        for (name, bytes, stop, need) in cases {
            let mut rows = [0; 8];
            let found = scan(bytes, 0, bytes.len(), true, &mut rows);
            assert_eq!((found.count, found.end, found.stop, found.need), (0, 0, *stop, *need), "{name}");
        }
    }

    #[test]
    fn a_magic_above_2_is_read_as_format_2() {
        let mut bytes = batch(0, 0, 0, b"p");
        bytes[batch::MAGIC] = 9; // outside the checksum
        assert_eq!(scan(&bytes, 0, bytes.len(), true, &mut [0; 2]).stop, Stop::End);
    }

    #[test]
    fn full_rows_stop_before_the_next_batch_is_looked_at() {
        let mut bytes = mixed();
        bytes.truncate(66 + 3);
        let found = scan(&bytes, 0, bytes.len(), true, &mut [0; 2]);
        assert_eq!((found.count, found.end, found.stop), (1, 66, Stop::Full));
        let found = scan(&bytes, 0, 66, true, &mut [0; 2]);
        assert_eq!(found.stop, Stop::End);
    }

    proptest! {
        #[test]
        fn mutated_bytes_never_panic_and_rows_stay_inside(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<prop::sample::Index>(),
            verify: bool,
        ) {
            let mut bytes = mixed();
            for (at, value) in damage {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let end = cut.index(bytes.len() + 1);
            let mut rows = [0; 12];
            let found = scan(&bytes, 0, end, verify, &mut rows);
            prop_assert!(found.end <= end);
            let mut at = 0;
            for row in rows.chunks(ROW).take(found.count) {
                prop_assert_eq!(row[0], at);
                at += row[1];
            }
            prop_assert_eq!(usize::try_from(at).unwrap(), found.end);
        }
    }
}
