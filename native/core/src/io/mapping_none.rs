//! No mappings here: append files write plainly.

use std::fs::File;
use std::io;

/// Never made.
#[derive(Debug)]
pub struct Mapping {
    never: std::convert::Infallible,
}

impl Mapping {
    pub(super) fn new(_file: &File, _from: u64, _length: usize) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Bytes mapped.
    #[must_use]
    pub fn length(&self) -> usize {
        match self.never {}
    }

    /// Where the mapping stands in memory.
    #[must_use]
    pub fn as_ptr(&self) -> *mut u8 {
        match self.never {}
    }

    /// Makes pages writable ahead of use.
    ///
    /// # Errors
    /// None.
    pub fn populate(&self, _from: usize, _to: usize) -> io::Result<()> {
        match self.never {}
    }
}
