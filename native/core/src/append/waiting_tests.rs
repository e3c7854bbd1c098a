//! Append files whose disk is slow: one waits for another, or no longer needs to.

use super::file::{AppendFile, Options};
use super::helper::{Helper, Taken};
use crate::io::{DiskFile, Mapping, Storage, open_regular};
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Much longer than anything here takes that does not wait.
const LONG: Duration = Duration::from_millis(200);
const EIO: i32 = 5;

/// A disk whose first sync, and whose mappings, end when they are told to; that sync fails, and later ones succeed.
#[derive(Debug)]
struct Slow {
    file: DiskFile,
    begun: Mutex<Sender<()>>,
    /// Empty once the first sync has begun.
    go: Mutex<Option<Receiver<()>>>,
}

impl Slow {
    fn new(path: &Path) -> (Self, Receiver<()>, Sender<()>) {
        let (begun, has_begun) = channel();
        let (go, gate) = channel();
        let file = DiskFile(open_regular(path).unwrap());
        (Self { file, begun: Mutex::new(begun), go: Mutex::new(Some(gate)) }, has_begun, go)
    }

    /// Waits, the first time; tells whether it was that.
    fn wait(&self) -> bool {
        let Some(go) = self.go.lock().unwrap().take() else {
            return false;
        };
        self.begun.lock().unwrap().send(()).unwrap();
        let _ = go.recv_timeout(LONG);
        true
    }
}

impl Storage for Slow {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        self.file.write(bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        if self.wait() { Err(io::Error::from_raw_os_error(EIO)) } else { Ok(()) }
    }

    fn can_map(&self) -> bool {
        self.file.can_map()
    }

    fn allocate(&self, _from: u64, _to: u64) -> io::Result<()> {
        self.wait();
        Err(io::ErrorKind::Unsupported.into())
    }

    fn map(&self, from: u64, length: usize) -> io::Result<Mapping> {
        self.file.map(from, length)
    }
}

/// Row F14: the system tells a failure once. A second sync that runs beside the one that is told must not succeed.
#[cfg(unix)]
#[test]
fn a_sync_beside_one_that_fails_waits_for_it_and_finds_the_file_offline() {
    let directory = tempfile::tempdir().unwrap();
    let (storage, begun, go) = Slow::new(&directory.path().join("0.log"));
    let options = Options { size: 0, max_size: 1 << 20, preallocate: false, portable: true };
    let mut file = AppendFile::over(Arc::new(storage), options).unwrap();
    file.append(&[7; 100]).unwrap();
    let (first, beside) = (file.syncer().unwrap(), file.syncer().unwrap());
    std::thread::scope(|scope| {
        let first = scope.spawn(move || first.run());
        begun.recv().unwrap();
        // The first one goes on when this one is done, or when it has waited for long.
        let told = beside.run();
        let _ = go.send(());
        assert_eq!(told.unwrap_err().code(), "LOG_OFFLINE");
        assert_eq!(first.join().unwrap().unwrap_err().errno(), Some(EIO));
    });
}

/// A file that is deleted and closed gives its space back, however long the helper is at another one.
#[test]
fn a_request_that_waits_for_the_helper_keeps_no_file_open() {
    let directory = tempfile::tempdir().unwrap();
    let (slow, begun, go) = Slow::new(&directory.path().join("0.log"));
    let slow: Arc<dyn Storage> = Arc::new(slow);
    let helper = Helper::start().unwrap();
    let busy = helper.prepare(&slow, 0, 4096, 0, 0).unwrap();
    begun.recv().unwrap();
    let closed: Arc<dyn Storage> = Arc::new(DiskFile(open_regular(&directory.path().join("1.log")).unwrap()));
    let waits = helper.prepare(&closed, 0, 4096, 0, 0).unwrap();
    assert!(matches!(waits.take(), Taken::Cancelled));
    let left = Arc::downgrade(&closed);
    drop(closed);
    assert!(left.upgrade().is_none(), "the queue keeps the file open");
    let _ = go.send(());
    drop(busy.take());
}
