//! The lock of a log directory.

use crate::failure::guard;
use napi_derive::napi;
use seglog_core::lock::FileLock;
use std::path::Path;

/// A locked file; freed by `release`, at the latest by the finalizer.
#[napi]
pub struct NativeFileLock {
    lock: FileLock,
}

#[napi]
impl NativeFileLock {
    /// Locks the file at `path`, made when absent.
    #[napi(constructor)]
    pub fn new(path: String) -> napi::Result<Self> {
        guard(|| Ok(Self { lock: FileLock::acquire(Path::new(&path))? }))
    }

    /// Frees the lock.
    #[napi]
    pub fn release(&mut self) -> napi::Result<()> {
        guard(|| {
            self.lock.release();
            Ok(())
        })
    }
}
