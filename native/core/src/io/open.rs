//! Opening a log file, and nothing else that may stand at its path.

use crate::{Error, Result};
use std::fs::File;
use std::path::Path;

/// Opens the regular file at `path` for reading and writing, making it when absent. A link is refused, because Kafka
/// writes none, and so are directories, FIFOs (without hanging) and devices.
///
/// # Errors
/// `NotARegularFile`, or `Io`.
pub fn open_regular(path: &Path) -> Result<File> {
    let file = open(path)?;
    let metadata = file.metadata().map_err(Error::io("stat"))?;
    if metadata.is_file() {
        Ok(file)
    } else {
        Err(Error::NotARegularFile(if metadata.is_dir() { "a directory" } else { "a FIFO, socket or device" }))
    }
}

#[cfg(unix)]
fn open(path: &Path) -> Result<File> {
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    loop {
        return match rustix::fs::open(path, flags, Mode::from_raw_mode(0o644)) {
            Ok(descriptor) => Ok(File::from(descriptor)),
            Err(Errno::INTR) => continue,
            Err(Errno::LOOP | Errno::MLINK) => Err(Error::NotARegularFile("a symbolic link")),
            Err(Errno::ISDIR) => Err(Error::NotARegularFile("a directory")),
            Err(Errno::NXIO) => Err(Error::NotARegularFile("a FIFO, socket or device")),
            Err(error) => Err(Error::io("open for writing")(error.into())),
        };
    }
}

#[cfg(not(unix))]
fn open(path: &Path) -> Result<File> {
    // Between this look and the opening the path could change; there is no flag that closes the gap.
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if metadata.is_symlink() {
            return Err(Error::NotARegularFile("a symbolic link"));
        }
        if metadata.is_dir() {
            return Err(Error::NotARegularFile("a directory"));
        }
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(Error::io("open for writing"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        open_regular(&path("new.log")).unwrap();
        open_regular(&path("new.log")).unwrap();
        std::os::unix::fs::symlink(path("new.log"), path("link.log")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, path("fifo.log"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .unwrap();
        for other in ["link.log", "fifo.log", ""] {
            assert!(matches!(open_regular(&path(other)), Err(Error::NotARegularFile(_))), "{other}");
        }
        let missing = open_regular(&path("absent/new.log")).unwrap_err();
        assert_eq!((missing.code(), missing.errno()), ("IO", Some(2)));
    }
}
