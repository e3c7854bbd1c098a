//! What an append file needs of a file.

use super::Mapping;
use std::fmt::Debug;
use std::fs::File;
use std::io;

/// An open file, as append files see it. Tests have one that fails on the n-th call.
pub trait Storage: Send + Sync + Debug {
    /// The file's length.
    ///
    /// # Errors
    /// What the system says.
    fn length(&self) -> io::Result<u64>;
    /// Sets the length; what is added reads as zeros, and may have no space behind it.
    ///
    /// # Errors
    /// What the system says.
    fn set_length(&self, length: u64) -> io::Result<()>;
    /// One positional write; returns how much of it was done.
    ///
    /// # Errors
    /// What the system says.
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize>;
    /// Data and length are on the disk once this returns.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&self) -> io::Result<()>;
    /// Whether the file system keeps [`Storage::allocate`]'s promise under a mapping.
    fn can_map(&self) -> bool;
    /// Sets space aside for `[from, to)`, growing the file; a failure may leave it grown in part.
    ///
    /// # Errors
    /// What the system says; `Unsupported` where there is no such call.
    fn allocate(&self, from: u64, to: u64) -> io::Result<()>;
    /// Maps `[from, from + length)`, which has been allocated; `from` is a multiple of the page size.
    ///
    /// # Errors
    /// What the system says; `Unsupported` where there is no such call.
    fn map(&self, from: u64, length: usize) -> io::Result<Mapping>;
}

/// Writes all of `bytes`, or fails. Interrupted calls are repeated and short ones continued.
///
/// # Errors
/// What the system says; part may have been written.
pub fn write_all(storage: &dyn Storage, bytes: &[u8], at: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match storage.write(&bytes[done..], at + done as u64) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A file on a disk.
#[derive(Debug)]
pub struct DiskFile(
    /// Open for reading and writing, and a regular file.
    pub File,
);

impl Storage for DiskFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    #[cfg(unix)]
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(&self.0, bytes, at)
    }

    #[cfg(windows)]
    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_write(&self.0, bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    /// ext4, xfs and tmpfs only: on copy-on-write file systems allocated space does not promise that a page can be
    /// written, and on network ones a full disk may show at write-back. There a mapping would answer with SIGBUS.
    #[cfg(target_os = "linux")]
    fn can_map(&self) -> bool {
        const EXT4: u64 = 0xef53;
        const XFS: u64 = 0x5846_5342;
        const TMPFS: u64 = 0x0102_1994;
        rustix::fs::fstatfs(&self.0).is_ok_and(|stat| {
            // The field's width and sign differ between the processors' headers.
            let kind = stat.f_type as u64 & 0xffff_ffff;
            matches!(kind, EXT4 | XFS | TMPFS)
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn can_map(&self) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn allocate(&self, from: u64, to: u64) -> io::Result<()> {
        use rustix::fs::FallocateFlags;
        loop {
            match rustix::fs::fallocate(&self.0, FallocateFlags::empty(), from, to - from) {
                Err(rustix::io::Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn allocate(&self, _from: u64, _to: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn map(&self, from: u64, length: usize) -> io::Result<Mapping> {
        Mapping::new(&self.0, from, length)
    }
}
