//! The helper when it is far behind, and when it ends where it should not.

use super::helper::{Helper, Taken};
use super::space::Window;
use crate::io::{DiskFile, Mapping, Storage, open_regular};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

const MIB: usize = 1024 * 1024;
const FULL: usize = 64 * MIB;

/// A disk whose allocation panics, a moment after it has said that it was begun.
#[derive(Debug)]
struct Panicking {
    file: DiskFile,
    is_begun: AtomicBool,
}

impl Panicking {
    fn at(path: &Path) -> Arc<Self> {
        Arc::new(Self { file: disk(path), is_begun: AtomicBool::new(false) })
    }
}

impl Storage for Panicking {
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
        self.file.sync()
    }

    fn can_map(&self) -> bool {
        self.file.can_map()
    }

    fn allocate(&self, _from: u64, _to: u64) -> io::Result<()> {
        self.is_begun.store(true, Ordering::Relaxed);
        // Whoever asked for the window is waiting by then, or else finds what became of it: both are right.
        std::thread::sleep(Duration::from_millis(10));
        panic!("a panic that a test planted");
    }

    fn map(&self, from: u64, length: usize) -> io::Result<Mapping> {
        self.file.map(from, length)
    }
}

fn disk(path: &Path) -> DiskFile {
    DiskFile(open_regular(path).unwrap())
}

/// A full window that its writer leaves; tells later whether it is still mapped.
fn leave(helper: &Helper, file: &DiskFile) -> Weak<Mapping> {
    let mapping = Arc::new(file.map(0, FULL).unwrap());
    let watched = Arc::downgrade(&mapping);
    helper.dispose(Window { mapping, writer: Arc::new(()), start: 0, end: FULL as u64 });
    watched
}

fn mapped(windows: &[Weak<Mapping>]) -> usize {
    windows.iter().filter(|window| window.strong_count() > 0).count()
}

#[cfg(target_os = "linux")]
#[test]
fn of_windows_that_were_left_four_full_ones_wait_for_the_helper_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let file = disk(&directory.path().join("0.log"));
    file.set_length(FULL as u64).unwrap();
    let (helper, queue) = Helper::without_thread();
    let windows: Vec<_> = (0..6).map(|_| leave(&helper, &file)).collect();
    assert_eq!(mapped(&windows), 4, "what comes behind is removed by who leaves it");
    drop(queue.try_recv().unwrap());
    assert_eq!(mapped(&windows), 3);
    // What was removed makes room for one, and what found no room takes none.
    let more = [leave(&helper, &file), leave(&helper, &file)];
    assert_eq!((mapped(&windows), mapped(&more)), (3, 1));
    drop(queue);
    assert_eq!(mapped(&[leave(&helper, &file)]), 0, "the thread is gone");
}

#[cfg(target_os = "linux")]
#[test]
fn a_helper_removes_what_was_left_before_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let file = disk(&directory.path().join("0.log"));
    file.set_length(FULL as u64).unwrap();
    let helper = Helper::start().unwrap();
    let windows: Vec<_> = (0..10).map(|_| leave(&helper, &file)).collect();
    drop(helper);
    assert_eq!(mapped(&windows), 0);
}

#[test]
fn a_panic_while_a_window_is_prepared_is_an_error_to_who_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Panicking::at(&directory.path().join("0.log"));
    let storage: Arc<dyn Storage> = disk.clone();
    let helper = Helper::start().unwrap();
    let pending = helper.prepare(&storage, 0, 4096, 0, 0).unwrap();
    // Asked again and again instead, the thread would find nothing but what was withdrawn, and ever more of it.
    while !disk.is_begun.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
    let Taken::Done(window) = pending.take() else {
        panic!("the thread had begun with it");
    };
    assert_eq!(window.unwrap_err().to_string(), "the thread that prepares windows has ended");
    while !helper.has_ended() {
        std::thread::yield_now();
    }
    // Nobody waits for one that has ended.
    let later = helper.prepare(&storage, 0, 4096, 0, 0);
    assert!(later.is_none_or(|pending| matches!(pending.take(), Taken::Cancelled)));
}

#[test]
fn the_process_gets_another_helper_when_one_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let storage: Arc<dyn Storage> = Panicking::at(&directory.path().join("0.log"));
    let helper = Helper::shared().unwrap();
    while !helper.has_ended() {
        drop(helper.prepare(&storage, 0, 4096, 0, 0));
        std::thread::yield_now();
    }
    let next = Helper::shared().unwrap();
    assert!(!Arc::ptr_eq(&helper, &next) && !next.has_ended());
}
