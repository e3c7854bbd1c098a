//! The append file: one writer, whole batches, all or nothing.

use super::publish::publish;
use super::space::Space;
use crate::batch::LOG_OVERHEAD;
use crate::io::{DiskFile, Storage, open_regular, write_all};
use crate::{Error, Result};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How the bytes get to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Through a shared mapping of allocated space.
    Mapped,
    /// By plain writes.
    Written,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where appending starts; what is behind it is dropped.
    pub size: u64,
    /// The file grows no further, unless one append is larger.
    pub max_size: u64,
    /// All of the maximum is set aside at once.
    pub preallocate: bool,
    /// Only plain writes, on any file system.
    pub portable: bool,
}

/// An open append file.
#[derive(Debug)]
pub struct AppendFile {
    open: Option<Open>,
    size: u64,
    kind: Kind,
}

#[derive(Debug)]
struct Open {
    shared: Arc<Shared>,
    /// The windows, when mapped.
    space: Option<Space>,
    /// The file's length, when written: above the size if it was preallocated.
    length: u64,
}

/// What a sync on another thread needs, and leaves behind.
#[derive(Debug)]
struct Shared {
    storage: Arc<dyn Storage>,
    /// Held by the sync that runs.
    turn: Mutex<()>,
    /// The failure after which nobody knows what is on the disk. Never taken back.
    offline: OnceLock<String>,
}

impl Shared {
    fn check(&self) -> Result<()> {
        match self.offline.get() {
            None => Ok(()),
            Some(reason) => Err(Error::LogOffline(reason.clone())),
        }
    }

    /// One after the other: the system tells a descriptor once of a page that it lost, and of two syncs at a time one would
    /// succeed without it. It finds the file offline instead.
    fn sync(&self) -> Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.check()?;
        self.storage.sync().map_err(|error| {
            // The kernel marks the pages clean after a failed sync: trying again would succeed, and mean nothing.
            let _ = self.offline.set(error.to_string());
            Error::io("sync")(error)
        })
    }
}

/// Syncs a file on any thread.
#[derive(Debug)]
pub struct Syncer(Arc<Shared>);

impl Syncer {
    /// Data and length are on the disk once this returns. After a failure the file is offline.
    ///
    /// # Errors
    /// `Io`, `LogOffline`.
    pub fn run(&self) -> Result<()> {
        self.0.sync()
    }
}

impl AppendFile {
    /// Opens the regular file at `path`, or makes it.
    ///
    /// # Errors
    /// `NotARegularFile`, `FileShrank`, `Io`.
    pub fn open(path: &Path, options: Options) -> Result<Self> {
        Self::over(Arc::new(DiskFile(open_regular(path)?)), options)
    }

    /// Over storage that is open.
    ///
    /// # Errors
    /// `FileShrank`, `Io`.
    pub fn over(storage: Arc<dyn Storage>, options: Options) -> Result<Self> {
        let Options { size, max_size, .. } = options;
        let found = storage.length().map_err(Error::io("stat"))?;
        if found < size {
            return Err(Error::FileShrank { expected: size, found });
        }
        if found > size {
            storage.set_length(size).map_err(Error::io("truncate"))?;
        }
        let mut length = size;
        let mut mapped = !options.portable && storage.can_map();
        if options.preallocate && max_size > size {
            match storage.allocate(size, max_size) {
                Ok(()) => {}
                Err(error) if is_unsupported(&error) => {
                    mapped = false;
                    storage.set_length(max_size).map_err(Error::io("preallocate"))?;
                }
                Err(error) => {
                    let _ = storage.set_length(size);
                    return Err(Error::io("preallocate")(error));
                }
            }
            length = max_size;
        }
        let space = mapped.then(|| Space::new(Arc::clone(&storage), length, max_size, true));
        let shared = Arc::new(Shared { storage, turn: Mutex::new(()), offline: OnceLock::new() });
        let kind = if mapped { Kind::Mapped } else { Kind::Written };
        Ok(Self { open: Some(Open { shared, space, length }), size, kind })
    }

    /// Bytes appended.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How the bytes get there. A file that starts mapped becomes written when its file system turns out not to allocate.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Appends one or more whole batches. Either all of it is there, or the file is as before.
    ///
    /// # Errors
    /// `Io`, and `LogOffline` when an earlier failure could not be put right; `LogClosed`.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let open = checked(&mut self.open)?;
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(space) = &mut open.space {
            match space.place(self.size, bytes.len()) {
                Ok(target) => {
                    // SAFETY: `place` gives room for as many bytes in a mapping that only this file knows.
                    unsafe { publish(bytes, target) };
                    self.size += bytes.len() as u64;
                    return Ok(());
                }
                Err(error) if is_unsupported(&error) => {
                    open.cut(self.size)?;
                    open.space = None;
                    self.kind = Kind::Written;
                }
                Err(error) => return Err(Error::io("allocate")(error)),
            }
        }
        open.write(bytes, self.size)?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Cuts the end back to `size`.
    ///
    /// # Errors
    /// `Internal` when that is above the end; `Io`, `LogOffline`, `LogClosed`.
    pub fn truncate(&mut self, size: u64) -> Result<()> {
        let open = checked(&mut self.open)?;
        if size > self.size {
            return Err(Error::Internal(format!(
                "truncation above the end: expected at most {}, found {size}",
                self.size
            )));
        }
        open.cut(size)?;
        self.size = size;
        Ok(())
    }

    /// Gives unused space back: the file's length becomes its size.
    ///
    /// # Errors
    /// `Io`, `LogOffline`, `LogClosed`.
    pub fn trim(&mut self) -> Result<()> {
        checked(&mut self.open)?.trim(self.size)
    }

    /// What a sync on another thread needs.
    ///
    /// # Errors
    /// `LogOffline`, `LogClosed`.
    pub fn syncer(&self) -> Result<Syncer> {
        let open = self.open.as_ref().ok_or(Error::LogClosed)?;
        open.shared.check()?;
        Ok(Syncer(Arc::clone(&open.shared)))
    }

    /// Trims and closes; a file that is offline is left as it is. A second call does nothing.
    ///
    /// # Errors
    /// `Io`; the file is closed all the same.
    pub fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some(mut open) if open.shared.check().is_ok() => open.trim(self.size),
            _ => Ok(()),
        }
    }
}

impl Open {
    /// Writes plainly at the end, which is `size`, or puts the file back.
    fn write(&mut self, bytes: &[u8], size: u64) -> Result<()> {
        let storage = &*self.shared.storage;
        let written = if self.length > size && bytes.len() > LOG_OVERHEAD {
            // In a zero tail the size field comes last: see `publish`.
            let (head, body) = bytes.split_at(LOG_OVERHEAD);
            write_all(storage, body, size + LOG_OVERHEAD as u64).and_then(|()| write_all(storage, head, size))
        } else {
            write_all(storage, bytes, size)
        };
        let Err(error) = written else {
            self.length = self.length.max(size + bytes.len() as u64);
            return Ok(());
        };
        match storage.set_length(size) {
            Ok(()) => self.length = size,
            Err(_) => {
                let _ = self.shared.offline.set(error.to_string());
            }
        }
        Err(Error::io("write")(error))
    }

    fn trim(&mut self, size: u64) -> Result<()> {
        if let Some(space) = &mut self.space {
            space.release();
        }
        let length = self.shared.storage.length().map_err(Error::io("stat"))?;
        if length != size {
            return self.cut(size);
        }
        if let Some(space) = &mut self.space {
            space.set_length(size);
        }
        self.length = size;
        Ok(())
    }

    fn cut(&mut self, size: u64) -> Result<()> {
        if let Some(space) = &mut self.space {
            space.release();
        }
        self.shared.storage.set_length(size).map_err(Error::io("truncate"))?;
        if let Some(space) = &mut self.space {
            space.set_length(size);
        }
        self.length = size;
        Ok(())
    }
}

fn checked(open: &mut Option<Open>) -> Result<&mut Open> {
    let open = open.as_mut().ok_or(Error::LogClosed)?;
    open.shared.check()?;
    Ok(open)
}

/// The file system or the system has no such call, or no more mappings to give: plain writes still work.
fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput | io::ErrorKind::OutOfMemory)
        || is_no_device(error)
}

#[cfg(unix)]
fn is_no_device(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error())
}

#[cfg(not(unix))]
fn is_no_device(_error: &io::Error) -> bool {
    false
}
