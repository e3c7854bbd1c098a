//! The machine's limit for appending: copies as appends make them into the same kind of mapping, without
//! headers, order or checks.

use crate::append::{Space, copy_body};
use crate::io::{DiskFile, open_regular};
use crate::{Error, Result};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Copies `total` bytes in pieces of `chunk` bytes to a new file at `path`; returns the seconds it took. `populate` has
/// the helper prepare windows ahead, as append files do.
///
/// # Errors
/// `InvalidArgument` for a chunk of 0 bytes; `Io`, also where nothing can be mapped.
pub fn copy(path: &Path, total: u64, chunk: usize, populate: bool) -> Result<f64> {
    if chunk == 0 {
        return Err(Error::argument("a chunk has at least one byte"));
    }
    let file = open_regular(path)?;
    file.set_len(0).map_err(Error::io("truncate"))?;
    let mut space = Space::new(Arc::new(DiskFile(file)), 0, total, populate);
    let bytes = vec![0x5a; chunk];
    let mut at = 0;
    let started = Instant::now();
    while at < total {
        let length = chunk.min(usize::try_from(total - at).unwrap_or(chunk));
        let target = space.place(at, length).map_err(Error::io("allocate"))?;
        // SAFETY: `place` gives room for as many bytes in a mapping that only this function knows.
        unsafe { copy_body(bytes.as_ptr(), target, length) };
        at += length as u64;
    }
    Ok(started.elapsed().as_secs_f64())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_copied() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("probe");
        for populate in [false, true] {
            assert!(copy(&path, 9_000_001, 110_000, populate).unwrap() > 0.0);
            assert!(std::fs::read(&path).unwrap() == vec![0x5a; 9_000_001]);
        }
        assert!(copy(&path, 1, 0, true).is_err());
    }
}
