//! The lock of a log directory: the same that Kafka's broker takes, so that the two exclude each other.
//!
//! Kafka locks `.lock` with Java's `FileChannel.tryLock`, a POSIX record lock (`fcntl` `F_SETLK`) over the whole file. That
//! kind belongs to the process: it does not exclude another thread, and goes when any descriptor of the file is closed. An
//! open file description lock (`F_OFD_SETLK`) conflicts with it and has neither trouble. Systems without it take no lock
//! here, and make no file.

use crate::Result;
use std::fs::File;
use std::path::Path;

/// A locked file. The system frees the lock with the last descriptor: when this is dropped, and when the process ends.
#[derive(Debug)]
pub struct FileLock {
    file: Option<File>,
}

impl FileLock {
    /// Locks the file at `path`, which is made when absent and never removed: a second locker would else lock another
    /// file of the same name.
    ///
    /// # Errors
    /// `LogLocked` when somebody else has it, `NotARegularFile`, or `Io`.
    pub fn acquire(path: &Path) -> Result<Self> {
        Ok(Self { file: system::locked(path)? })
    }

    /// Frees the lock. A second call does nothing.
    pub fn release(&mut self) {
        self.file = None;
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
mod system {
    use crate::io::open_regular;
    use crate::{Error, Result};
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::Path;

    pub fn locked(path: &Path) -> Result<Option<File>> {
        let file = open_regular(path)?;
        match control(&file, libc::F_OFD_SETLK) {
            Ok(_) => Ok(Some(file)),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => {
                // The holder may be gone by now, hold a lock of the kind that has no process, or be in a container.
                let pid = control(&file, libc::F_OFD_GETLK).map_or(0, |found| found.l_pid);
                Err(Error::LogLocked(u32::try_from(pid).ok().filter(|pid| *pid > 0)))
            }
            Err(error) => Err(Error::io("lock")(error)),
        }
    }

    /// Asks for, or about, a write lock over the whole file, however long it becomes; returns what the system answered.
    fn control(file: &File, command: libc::c_int) -> io::Result<libc::flock> {
        // SAFETY: a struct of plain numbers, for which 0 is a value.
        let mut request: libc::flock = unsafe { std::mem::zeroed() };
        request.l_type = libc::F_WRLCK as libc::c_short;
        request.l_whence = libc::SEEK_SET as libc::c_short;
        loop {
            // SAFETY: the descriptor is open for as long as the file is borrowed, and both commands take this struct.
            if unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut request) } == 0 {
                return Ok(request);
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
mod system {
    use crate::Result;
    use std::fs::File;
    use std::path::Path;

    pub fn locked(_path: &Path) -> Result<Option<File>> {
        Ok(None)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::fs::{FlockOperation, fcntl_lock};

    #[test]
    fn a_second_lock_is_refused_until_the_first_is_released_or_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".lock");
        let mut first = FileLock::acquire(&path).unwrap();
        assert_eq!(FileLock::acquire(&path).unwrap_err().code(), "LOG_LOCKED");
        first.release();
        first.release();
        let second = FileLock::acquire(&path).unwrap();
        assert_eq!(FileLock::acquire(&path).unwrap_err().code(), "LOG_LOCKED");
        drop(second);
        assert!(path.exists());
        FileLock::acquire(&path).unwrap();
    }

    #[test]
    fn the_lock_of_kafka_and_ours_exclude_each_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".lock");
        let kafka = File::options().write(true).create(true).truncate(false).open(&path).unwrap();
        fcntl_lock(&kafka, FlockOperation::NonBlockingLockExclusive).unwrap();
        let refused = FileLock::acquire(&path).unwrap_err();
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
        fcntl_lock(&kafka, FlockOperation::Unlock).unwrap();
        let ours = FileLock::acquire(&path).unwrap();
        fcntl_lock(&kafka, FlockOperation::NonBlockingLockExclusive).unwrap_err();
        drop(ours);
        fcntl_lock(&kafka, FlockOperation::NonBlockingLockExclusive).unwrap();
    }

    #[test]
    fn what_cannot_be_locked_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let missing = FileLock::acquire(&directory.path().join("absent/.lock")).unwrap_err();
        assert_eq!((missing.code(), missing.errno()), ("IO", Some(2)));
        assert_eq!(FileLock::acquire(directory.path()).unwrap_err().code(), "NOT_A_REGULAR_FILE");
    }
}
