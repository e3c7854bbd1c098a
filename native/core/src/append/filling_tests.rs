//! The zeros that bring a window's pages before it is handed out: only where nobody writes, and in nobody's way.

use super::file::{AppendFile, Options};
use super::space::{Fresh, prepare};
use crate::io::{DiskFile, Mapping, Storage, open_regular};
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

const MIB: u64 = 1024 * 1024;
const EIO: i32 = 5;

/// A disk file that notes where zeros were written, and may refuse them.
#[derive(Debug)]
struct Watched {
    file: DiskFile,
    writes: Mutex<Vec<(u64, u64)>>,
    refuses: bool,
}

impl Watched {
    fn new(path: &Path, refuses: bool) -> Self {
        Self { file: DiskFile(open_regular(path).unwrap()), writes: Mutex::default(), refuses }
    }
}

impl Storage for Watched {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        if self.refuses {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        self.writes.lock().unwrap().push((at, at + bytes.len() as u64));
        self.file.write(bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn can_map(&self) -> bool {
        self.file.can_map()
    }

    fn allocate(&self, from: u64, to: u64) -> io::Result<()> {
        self.file.allocate(from, to)
    }

    fn map(&self, from: u64, length: usize) -> io::Result<Mapping> {
        self.file.map(from, length)
    }
}

/// Appends 20 MB in pieces; the file, and what it must hold.
fn append_some(storage: &Arc<Watched>, preallocate: bool) -> Vec<u8> {
    let options = Options { size: 0, max_size: 40 * MIB, preallocate, portable: false };
    let mut file = AppendFile::over(Arc::clone(storage) as Arc<dyn Storage>, options).unwrap();
    let mut all = Vec::new();
    for seed in 0..200_usize {
        let bytes: Vec<u8> = (0..100_000).map(|i| ((seed * 31 + i) % 251 + 1) as u8).collect();
        file.append(&bytes).unwrap();
        all.extend_from_slice(&bytes);
    }
    file.close().unwrap();
    all
}

#[cfg(target_os = "linux")]
#[test]
fn zeros_are_written_ahead_of_the_writer_and_never_where_it_is() {
    for preallocate in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log");
        let storage = Arc::new(Watched::new(&path, false));
        if !storage.can_map() {
            return;
        }
        let all = append_some(&storage, preallocate);
        assert!(std::fs::read(&path).unwrap() == all, "the file differs");
        // No window begins before the one before it is in use: zeros of two in one place would be zeros where a batch may be.
        let mut writes = storage.writes.lock().unwrap().clone();
        writes.sort_unstable();
        assert!(writes.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{writes:?}");
        // Whether the helper was in time for a window is the machine's affair; the first one is never its own.
        assert!(writes.iter().all(|&(from, _)| from >= MIB));
    }
}

// F15: the zeros fail, and nothing else: what is appended needs none of them.
#[cfg(target_os = "linux")]
#[test]
fn an_append_goes_on_without_zeros_that_could_not_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let storage = Arc::new(Watched::new(&path, true));
    if !storage.can_map() {
        return;
    }
    let all = append_some(&storage, false);
    assert!(std::fs::read(&path).unwrap() == all, "the file differs");
}

#[cfg(target_os = "linux")]
#[test]
fn a_window_that_is_waited_for_is_filled_no_further() {
    for (wanted, filled) in [(false, vec![(3 * MIB, 4 * MIB), (4 * MIB, 6 * MIB), (6 * MIB, 7 * MIB)]), (true, vec![])]
    {
        let directory = tempfile::tempdir().unwrap();
        let storage = Watched::new(&directory.path().join("0.log"), false);
        if !storage.can_map() {
            return;
        }
        let fresh = Fresh { from: 3 * MIB, zeros: &vec![0; 2 * MIB as usize], is_wanted: &AtomicBool::new(wanted) };
        let window = prepare(&storage, 2 * MIB, 7 * MIB, 3 * MIB, Some(fresh)).unwrap();
        assert_eq!((window.start, window.end, window.mapping.length()), (2 * MIB, 7 * MIB, 5 * MIB as usize));
        assert_eq!(*storage.writes.lock().unwrap(), filled);
    }
}
