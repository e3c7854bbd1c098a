//! Kafka's index search.
//!
//! Appends and most reads look near the end of an index, so Kafka searches the last 8192 bytes by themselves first: a plain
//! binary search would touch pages all over a cold file. Kept step for step, because on entries that are out of order the
//! steps decide the answer, and both engines must give the same.

use super::{OFFSET_ENTRY, TIME_ENTRY};
use crate::bytes::{i32_at, i64_at};
use crate::{Error, Result};
use std::cmp::Ordering;

/// The part at the end that is searched by itself.
const WARM_BYTES: usize = 8192;

/// The slot of the last of `count` entries whose key is at most `target`, or -1. Keys are compared as doubles, in which
/// JavaScript has its offsets and timestamps.
///
/// # Errors
/// `InvalidArgument` for another entry size than 8 or 12, or fewer bytes than entries.
pub fn search(entries: &[u8], count: usize, entry_size: usize, target: f64) -> Result<i32> {
    if count > i32::MAX as usize || count.saturating_mul(entry_size) > entries.len() {
        return Err(Error::argument(format!("{} bytes do not hold {count} entries", entries.len())));
    }
    match entry_size {
        OFFSET_ENTRY => Ok(search_by(count, WARM_BYTES / OFFSET_ENTRY, |slot| {
            order(f64::from(i32_at(entries, slot * OFFSET_ENTRY)), target)
        })),
        TIME_ENTRY => Ok(search_by(count, WARM_BYTES / TIME_ENTRY, |slot| {
            order(i64_at(entries, slot * TIME_ENTRY) as f64, target)
        })),
        _ => Err(Error::argument(format!("entries have 8 or 12 bytes, not {entry_size}"))),
    }
}

fn search_by(count: usize, warm: usize, compare: impl Fn(usize) -> Ordering) -> i32 {
    if count == 0 {
        return -1;
    }
    let last = count - 1;
    let first_hot = last.saturating_sub(warm);
    let (mut low, mut high) = if compare(first_hot) == Ordering::Less {
        (first_hot, last)
    } else if compare(0) == Ordering::Greater {
        return -1;
    } else {
        (0, first_hot)
    };
    while low < high {
        let middle = (low + high).div_ceil(2);
        match compare(middle) {
            Ordering::Greater => high = middle - 1,
            Ordering::Less => low = middle,
            Ordering::Equal => return middle as i32,
        }
    }
    low as i32
}

/// Not a number, which no caller has a use for, compares as equal: so it does in a comparison of JavaScript's.
fn order(key: f64, target: f64) -> Ordering {
    key.partial_cmp(&target).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offset_entries(keys: &[i32]) -> Vec<u8> {
        keys.iter().flat_map(|key| [key.to_be_bytes(), [0xff; 4]].concat()).collect()
    }

    fn time_entries(keys: &[i64]) -> Vec<u8> {
        keys.iter().flat_map(|key| [&key.to_be_bytes()[..], &[0xff; 4]].concat()).collect()
    }

    #[test]
    fn edges() {
        let entries = offset_entries(&[10, 20, 30]);
        for (target, slot) in [(9.0, -1), (10.0, 0), (11.5, 0), (29.0, 1), (30.0, 2), (f64::INFINITY, 2), (-1e300, -1)]
        {
            assert_eq!(search(&entries, 3, 8, target).unwrap(), slot, "{target}");
        }
        assert_eq!(search(&entries, 0, 8, 10.0).unwrap(), -1);
        assert!(search(&entries, 4, 8, 10.0).is_err());
        assert!(search(&entries, usize::MAX, 8, 10.0).is_err());
        assert!(search(&entries, 1, 9, 10.0).is_err());
    }

    #[test]
    fn negative_keys_are_signed() {
        assert_eq!(search(&time_entries(&[-5, -1, 3]), 3, 12, -2.0).unwrap(), 0);
    }

    proptest! {
        #[test]
        fn sorted_keys_agree_with_a_partition_point(
            steps in prop::collection::vec(1..5_i32, 0..3000),
            target in -2..9000_i32,
        ) {
            let mut key = 0;
            let keys: Vec<i32> = steps.iter().map(|step| { key += step; key }).collect();
            let expected = keys.partition_point(|&key| key <= target) as i32 - 1;
            prop_assert_eq!(search(&offset_entries(&keys), keys.len(), 8, f64::from(target)).unwrap(), expected);
            let times: Vec<i64> = keys.iter().map(|&key| i64::from(key)).collect();
            prop_assert_eq!(search(&time_entries(&times), times.len(), 12, f64::from(target)).unwrap(), expected);
        }

        #[test]
        fn unsorted_keys_never_panic(keys in prop::collection::vec(any::<i32>(), 0..3000), target: f64) {
            let slot = search(&offset_entries(&keys), keys.len(), 8, target).unwrap();
            prop_assert!(slot >= -1 && slot < keys.len() as i32);
        }
    }
}
