//! Bytes of a segment: what a mutation left of its batches, and a file that holds them.

use seglog_core::batch;
use seglog_core::bytes::i32_at;
use seglog_core::scan::{ROW, scan};
use std::io;

/// Takes the first byte off, which says how a target is to go about the rest; 0 for nothing.
#[must_use]
pub fn with_choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(&choice, rest)| (choice, rest))
}

/// Rows of the whole batches, checksums aside, and where they end.
#[must_use]
pub fn rows_of(bytes: &[u8]) -> (Vec<i32>, usize) {
    let mut rows = vec![0; (bytes.len() / 26 + 1) * ROW];
    let found = scan(bytes, 0, bytes.len(), false, &mut rows);
    rows.truncate(found.count * ROW);
    (rows, found.end)
}

/// Makes every checksum right, so that a mutation gets behind the check of it.
#[must_use]
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let (rows, _) = rows_of(&bytes);
    for row in rows.chunks_exact(ROW) {
        let batch = slice_of(&mut bytes, row);
        if batch.len() >= batch::HEADER && batch::magic(batch) >= 2 {
            batch::seal(batch).unwrap();
        } else if batch::magic(batch) < 2 {
            let crc = seglog_core::crc::crc32(&batch[batch::LEGACY_CRC_START..]);
            batch[batch::LEGACY_CRC..batch::LEGACY_CRC_START].copy_from_slice(&crc.to_be_bytes());
        }
    }
    bytes
}

/// The batch of a row.
#[must_use]
pub fn slice_of<'a>(bytes: &'a mut [u8], row: &[i32]) -> &'a mut [u8] {
    let start = usize::try_from(row[0]).unwrap();
    &mut bytes[start..start + usize::try_from(row[1]).unwrap()]
}

/// The number at `at`, or 0 where there is none.
#[must_use]
pub fn number_at(bytes: &[u8], at: usize) -> i32 {
    if bytes.len() < at + 4 { 0 } else { i32_at(bytes, at) }
}

/// `pread` of bytes in memory.
pub fn reader(bytes: &[u8]) -> impl Fn(&mut [u8], u64) -> io::Result<usize> + Copy + Send {
    move |into, at| {
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or(&[]);
        let got = rest.len().min(into.len());
        into[..got].copy_from_slice(&rest[..got]);
        Ok(got)
    }
}
