//! Shared writable mappings of a file.
//!
//! Touching a mapped page behind the end of the file, or one that the file system finds no space for, kills the process
//! with SIGBUS. Two rules exclude both: only allocated space is mapped, and only the owner of the append file cuts the file,
//! after it has let go of its windows. (A helper may still hold one, but touches it through `populate` only, for which the
//! kernel answers with an error.) Another process that cuts a log which somebody appends to breaks the lock's rule.

use rustix::mm::{Advice, MapFlags, ProtFlags};
use std::fs::File;
use std::io;
use std::ptr::{NonNull, null_mut};

/// A mapping, removed when dropped.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: a mapping belongs to no thread. Its bytes are reached through raw pointers only, by the one writer.
unsafe impl Send for Mapping {}
// SAFETY: as above; `populate` may run at the same time as the writer, and changes no byte.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `[from, from + length)` of `file`.
    pub(super) fn new(file: &File, from: u64, length: usize) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the address is the kernel's to choose, so that nothing is mapped over.
        let start = unsafe { rustix::mm::mmap(null_mut(), length, access, MapFlags::SHARED, file, from)? };
        NonNull::new(start.cast()).map(|start| Self { start, length }).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Bytes mapped.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Where the mapping stands in memory, for `length` bytes, as long as it lives.
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Has the kernel make the pages of `[from, to)` writable, so that the writer does not fault on each.
    ///
    /// # Errors
    /// What the system says: EINVAL before Linux 5.14, EFAULT behind the end of the file.
    pub fn populate(&self, from: usize, to: usize) -> io::Result<()> {
        let to = to.min(self.length);
        if from >= to {
            return Ok(());
        }
        // SAFETY: the range lies within the mapping, and populating changes no byte of it.
        unsafe {
            let start = self.start.as_ptr().add(from);
            rustix::mm::madvise(start.cast(), to - from, Advice::LinuxPopulateWrite)?;
        }
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is what mmap gave, and nobody holds a pointer to it behind the owner's end.
        let unmapped = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.length) };
        debug_assert!(unmapped.is_ok());
    }
}
