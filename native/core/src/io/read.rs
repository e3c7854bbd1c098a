//! Reading by position from a descriptor that belongs to the caller.

use std::io;

/// Reads at `position` until `bytes` is full or the file ends; returns how many bytes were there. Interrupted calls are
/// repeated and short ones continued.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn read_at(descriptor: i32, bytes: &mut [u8], position: u64) -> io::Result<usize> {
    use rustix::fd::BorrowedFd;
    use rustix::io::Errno;

    if descriptor < 0 {
        return Err(Errno::BADF.into());
    }
    // SAFETY: -1 is excluded. A descriptor that is not open gives EBADF; this crate never closes one that it was lent.
    let file = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let mut done = 0;
    while done < bytes.len() {
        match rustix::io::pread(file, &mut bytes[done..], position + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}

/// Elsewhere a number from Node means nothing to the system.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn read_at(_descriptor: i32, _bytes: &mut [u8], _position: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn reads_what_is_there() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"0123456789").unwrap();
        let mut bytes = [0; 6];
        assert_eq!(read_at(file.as_raw_fd(), &mut bytes, 2).unwrap(), 6);
        assert_eq!(&bytes, b"234567");
        assert_eq!(read_at(file.as_raw_fd(), &mut bytes, 8).unwrap(), 2);
        assert_eq!(read_at(file.as_raw_fd(), &mut bytes, 99).unwrap(), 0);
        assert!(read_at(-1, &mut bytes, 0).is_err());
    }
}
