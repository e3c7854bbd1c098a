//! Finding a batch by an offset in it: the offset index says where to look, headers say which it is.

use crate::bytes::{i32_at, i64_at};
use crate::index::{OFFSET_ENTRY, search::search};
use crate::locate::{Located, MIN_SCRATCH, locate};
use crate::{Result, batch};
use std::io;

/// Index entries that are further apart stand for one large batch each: one header is read, not all that scratch holds.
const LARGE_BATCH: u64 = 16 * 1024;

/// Where a segment's batches are to be looked for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The offset index.
    pub entries: &'a [u8],
    /// How many entries of it are real.
    pub count: usize,
    /// What the entries' offsets are relative to.
    pub base_offset: i64,
    /// Where the batches end in the file.
    pub end: u64,
}

/// Finds the first batch whose last offset is at least `target`.
///
/// An entry names the last offset of its batch. Where every batch is indexed, the one looked for is therefore that of the
/// first entry above the target, and reading one header settles it; otherwise headers are gone through from the last entry
/// at or below the target.
///
/// # Errors
/// As for [`locate`] and [`search`].
pub fn find(
    read: impl Fn(&mut [u8], u64) -> io::Result<usize>,
    place: &Place<'_>,
    target: i64,
    scratch: &mut [u8],
) -> Result<Located> {
    let Place { entries, count, base_offset, end } = *place;
    let slot = search(entries, count, OFFSET_ENTRY, (target - base_offset) as f64)?;
    let position = |slot: usize| u64::try_from(i32_at(entries, slot * OFFSET_ENTRY + 4)).unwrap_or(0);
    let start = usize::try_from(slot).map_or(0, position);
    let above = usize::try_from(slot + 1).unwrap_or(0);
    let next = (above < count).then(|| position(above));
    let is_one_batch = next.unwrap_or(end).saturating_sub(start) > LARGE_BATCH;
    let room = if is_one_batch { MIN_SCRATCH.min(scratch.len()) } else { scratch.len() };
    let scratch = &mut scratch[..room];
    if let (true, Some(next)) = (is_one_batch, next) {
        let located = locate(&read, next, end, target, scratch)?;
        if let Located::Found { header, .. } = located
            && i64_at(scratch, header + batch::OFFSET) <= target
        {
            return Ok(located);
        }
    }
    locate(&read, start, end, target, scratch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Batches of `size` bytes and ten offsets each, from offset 100 on.
    fn file(count: usize, size: usize) -> Vec<u8> {
        (0..count)
            .flat_map(|number| {
                let mut batch = vec![0; size];
                batch[..8].copy_from_slice(&(100 + 10 * number as i64).to_be_bytes());
                batch[8..12].copy_from_slice(&(size as i32 - 12).to_be_bytes());
                batch[16] = 2;
                batch[23..27].copy_from_slice(&9i32.to_be_bytes());
                batch
            })
            .collect()
    }

    fn index(batches: impl Iterator<Item = usize>, size: usize) -> Vec<u8> {
        batches
            .flat_map(|number| [(10 * number + 9) as i32, (number * size) as i32])
            .flat_map(i32::to_be_bytes)
            .collect()
    }

    fn check(size: usize, indexed: impl Iterator<Item = usize>, reads_at_most: usize) {
        let file = file(50, size);
        let entries = index(indexed, size);
        let place = Place { entries: &entries, count: entries.len() / 8, base_offset: 100, end: file.len() as u64 };
        for target in 100..600 {
            let reads = Cell::new(0);
            let read = |bytes: &mut [u8], at: u64| {
                reads.set(reads.get() + 1);
                let at = at as usize;
                let got = bytes.len().min(file.len() - at);
                bytes[..got].copy_from_slice(&file[at..at + got]);
                Ok(got)
            };
            let found = find(read, &place, target, &mut [0; 8192]).unwrap();
            let expected = ((target - 100) / 10) as u64 * size as u64;
            assert!(matches!(found, Located::Found { position, .. } if position == expected), "{target}: {found:?}");
            assert!(reads.get() <= reads_at_most, "{target}: {} reads", reads.get());
        }
    }

    #[test]
    fn large_batches_that_are_all_indexed_cost_one_read_but_for_the_first_and_last() {
        check(20_000, 1..50, 2);
    }

    #[test]
    fn small_batches_between_sparse_entries_cost_one_read() {
        check(100, (0..50).filter(|number| number % 10 == 9), 1);
    }

    #[test]
    fn large_batches_of_which_some_are_not_indexed_are_found_all_the_same() {
        check(20_000, (1..50).filter(|number| number % 3 == 0), 5);
    }
}
