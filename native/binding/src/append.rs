//! Append files.

use crate::argument::{View, size, whole};
use crate::failure::{guard, outcome};
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use seglog_core::append::{AppendFile, Kind, Options, Syncer};
use seglog_core::probe;
use std::cell::RefCell;
use std::path::Path;

/// A log file that is only ever appended to.
#[napi]
pub struct NativeAppendFile {
    file: RefCell<AppendFile>,
}

#[napi]
impl NativeAppendFile {
    /// Opens the regular file at `path`, or makes it.
    #[napi(constructor)]
    pub fn new(
        path: String,
        size_bytes: f64,
        max_size_bytes: f64,
        preallocate: bool,
        portable: bool,
    ) -> napi::Result<Self> {
        guard(|| {
            let options = Options {
                size: whole(size_bytes, "sizeBytes")?,
                max_size: whole(max_size_bytes, "maxSizeBytes")?,
                preallocate,
                portable,
            };
            let file = AppendFile::open(Path::new(&path), options)?;
            Ok(Self { file: RefCell::new(file) })
        })
    }

    /// Bytes appended.
    #[napi(getter)]
    pub fn size_bytes(&self) -> f64 {
        self.file.borrow().size() as f64
    }

    /// Whether bytes go through a mapping.
    #[napi(getter)]
    pub fn is_mapped(&self) -> bool {
        self.file.borrow().kind() == Kind::Mapped
    }

    /// Appends `bytes[0, length)`; returns the new size.
    #[napi(ts_args_type = "bytes: Uint8Array, length: number")]
    pub fn append(&self, bytes: View<u8>, length: f64) -> napi::Result<f64> {
        guard(|| {
            let length = size(length, bytes.len(), "the length")?;
            // SAFETY: the only argument with memory; the mapping is not JavaScript's.
            self.file.borrow_mut().append(unsafe { bytes.slice_of(0..length) })?;
            Ok(self.file.borrow().size() as f64)
        })
    }

    /// Cuts the end back.
    #[napi]
    pub fn truncate(&self, size_bytes: f64) -> napi::Result<()> {
        guard(|| self.file.borrow_mut().truncate(whole(size_bytes, "sizeBytes")?))
    }

    /// Makes the file's length its size.
    #[napi]
    pub fn trim(&self) -> napi::Result<()> {
        guard(|| self.file.borrow_mut().trim())
    }

    /// Syncs on another thread; resolves to what failed, or null.
    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn sync(&self) -> napi::Result<AsyncTask<SyncTask>> {
        guard(|| Ok(AsyncTask::new(SyncTask(self.file.borrow().syncer()?))))
    }

    /// Syncs on this thread.
    #[napi]
    pub fn sync_sync(&self) -> napi::Result<()> {
        guard(|| self.file.borrow().syncer()?.run())
    }

    /// Trims and closes.
    #[napi]
    pub fn close(&self) -> napi::Result<()> {
        guard(|| self.file.borrow_mut().close())
    }
}

/// A sync on its way; it keeps the file open.
pub struct SyncTask(Syncer);

impl Task for SyncTask {
    type Output = Option<String>;
    type JsValue = Option<String>;

    fn compute(&mut self) -> napi::Result<Option<String>> {
        Ok(outcome(|| self.0.run()))
    }

    fn resolve(&mut self, _env: Env, failure: Option<String>) -> napi::Result<Option<String>> {
        Ok(failure)
    }
}

/// The seconds that plain copies of as many bytes into the same kind of mapping take: the limit for appending.
#[napi]
pub fn probe_copy(path: String, total_bytes: f64, chunk_bytes: f64, populate: bool) -> napi::Result<f64> {
    guard(|| {
        let total = whole(total_bytes, "totalBytes")?;
        let chunk = size(chunk_bytes, 1 << 30, "chunkBytes")?;
        probe::copy(Path::new(&path), total, chunk, populate)
    })
}
