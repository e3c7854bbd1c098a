//! What was appended, and what of it has to be found.

use seglog_core::batch::{HEADER, LAST_OFFSET_DELTA, LOG_OVERHEAD, MAGIC, SIZE, is_valid, seal};
use seglog_core::scan::{ROW, scan};
use std::collections::HashSet;

/// A whole batch with this base offset, and bytes that differ by place and batch.
pub fn batch(offset: u64, payload: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (0..HEADER + payload).map(|at| ((offset as usize * 131 + at * 7) % 251 + 1) as u8).collect();
    bytes[..SIZE].copy_from_slice(&offset.to_be_bytes());
    let size = (bytes.len() - LOG_OVERHEAD) as u32;
    bytes[SIZE..LOG_OVERHEAD].copy_from_slice(&size.to_be_bytes());
    bytes[MAGIC] = 2;
    bytes[LAST_OFFSET_DELTA..LAST_OFFSET_DELTA + 4].fill(0);
    seal(&mut bytes).unwrap();
    bytes
}

/// The model: bytes that the file has to read as, how many of them a sync covered, and all batches there ever were.
#[derive(Debug, Default)]
pub struct History {
    pub bytes: Vec<u8>,
    /// Where batches end: the file is cut there only.
    pub ends: Vec<usize>,
    covered: usize,
    /// What a sync covered before the last cut, which a power loss may bring back.
    ever: HashSet<(usize, Vec<u8>)>,
    was_cut: bool,
}

impl History {
    pub fn append(&mut self, bytes: &[u8]) {
        self.attempt(bytes);
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    /// Of an append that failed, parts may be on the disk, and even all of it.
    pub fn attempt(&mut self, bytes: &[u8]) {
        self.ever.insert((self.bytes.len(), bytes.to_vec()));
    }

    pub fn sync(&mut self) {
        self.covered = self.bytes.len();
    }

    pub fn cut(&mut self, size: usize) {
        self.was_cut |= size < self.bytes.len();
        self.bytes.truncate(size);
        self.ends.retain(|&end| end <= size);
        self.covered = self.covered.min(size);
    }

    /// The process is gone, the kernel is not: all is there, and nothing else.
    pub fn judge_killed(&self, found: &[u8]) {
        assert!(found.starts_with(&self.bytes), "bytes that were appended are not there");
        assert!(found[self.bytes.len()..].iter().all(|&byte| byte == 0), "the tail has other bytes than zeros");
    }

    /// After a power loss. Returns how many bytes of whole batches there are, which the history goes on with.
    pub fn judge_power_loss(&mut self, found: &[u8]) -> usize {
        assert!(found.len() >= self.covered, "{} bytes were synced: found {}", self.covered, found.len());
        assert!(found[..self.covered] == self.bytes[..self.covered], "bytes that were synced differ");
        let mut rows = vec![0; (found.len() / HEADER + 1) * ROW];
        let end = scan(found, 0, found.len(), true, &mut rows).end;
        assert!(end >= self.covered, "the scan ends at {end}: {} bytes were synced", self.covered);
        let whole: Vec<(usize, usize)> = rows
            .chunks_exact(ROW)
            .take_while(|row| row[1] > 0)
            .map(|row| (row[0] as usize, (row[0] + row[1]) as usize))
            .collect();
        for &(start, end) in &whole {
            assert!(is_valid(&found[start..end]));
            assert!(
                self.ever.contains(&(start, found[start..end].to_vec())),
                "a batch at {start} that nobody appended there"
            );
        }
        if !self.was_cut {
            let same = end.min(self.bytes.len());
            assert!(found[..same] == self.bytes[..same], "batches in another order");
        }
        self.bytes = found[..end].to_vec();
        self.ends = whole.iter().map(|&(_, end)| end).collect();
        end
    }
}
