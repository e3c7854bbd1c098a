//! Append files against a model, on a disk and on storage that fails.

use super::file::{AppendFile, Kind, Options};
use crate::Error;
use crate::io::{DiskFile, Mapping, Storage, open_regular};
use proptest::prelude::*;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const MIB: usize = 1024 * 1024;

fn options(portable: bool) -> Options {
    Options { size: 0, max_size: 1 << 30, preallocate: false, portable }
}

/// Bytes that differ by place, so that a copy to the wrong one shows.
fn batch(seed: usize, length: usize) -> Vec<u8> {
    (0..length).map(|i| ((seed * 31 + i) % 251 + 1) as u8).collect()
}

fn tail_is_zero(path: &Path, size: usize) {
    assert!(std::fs::read(path).unwrap()[size..].iter().all(|&byte| byte == 0), "the tail has other bytes than zeros");
}

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    Truncate(prop::sample::Index),
    Trim,
    Reopen,
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (12..300_000_usize).prop_map(Step::Append),
        4 => (12..3_000_usize).prop_map(Step::Append),
        1 => (900_000..5_000_000_usize).prop_map(Step::Append),
        1 => any::<prop::sample::Index>().prop_map(Step::Truncate),
        1 => Just(Step::Trim),
        1 => Just(Step::Reopen),
        1 => Just(Step::Sync),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_file_is_what_the_model_is(
        steps in prop::collection::vec(step(), 1..60),
        portable: bool,
        preallocate: bool,
        max_size in prop_oneof![Just(1_u64 << 30), 1..8_000_000_u64],
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log");
        let open = |size| AppendFile::open(&path, Options { size, max_size: max_size.min(64 << 20), preallocate, portable }).unwrap();
        let mut model = Vec::new();
        let mut file = open(0);
        for (seed, step) in steps.into_iter().enumerate() {
            match step {
                Step::Append(length) => {
                    let bytes = batch(seed, length);
                    file.append(&bytes).unwrap();
                    model.extend_from_slice(&bytes);
                }
                Step::Truncate(to) => {
                    let size = to.index(model.len() + 1);
                    file.truncate(size as u64).unwrap();
                    model.truncate(size);
                }
                Step::Trim => {
                    file.trim().unwrap();
                    prop_assert_eq!(std::fs::metadata(&path).unwrap().len(), model.len() as u64);
                }
                Step::Reopen => {
                    // Without a close, as after a crash of the process: the tail is dropped by the next opening.
                    drop(file);
                    file = open(model.len() as u64);
                }
                Step::Sync => file.syncer().unwrap().run().unwrap(),
            }
            prop_assert_eq!(file.size(), model.len() as u64);
        }
        prop_assert_eq!(&std::fs::read(&path).unwrap()[..model.len()], &model[..]);
        tail_is_zero(&path, model.len());
        file.close().unwrap();
        prop_assert!(std::fs::read(&path).unwrap() == model, "the closed file differs");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn disks_here_are_mapped_and_portable_ones_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    for (portable, kind) in [(false, Kind::Mapped), (true, Kind::Written)] {
        let file = AppendFile::open(&path, options(portable)).unwrap();
        // Elsewhere than on ext4, xfs and tmpfs both are written.
        assert!(file.kind() == kind || !DiskFile(open_regular(&path).unwrap()).can_map());
    }
}

#[test]
fn the_length_never_passes_the_maximum_unless_one_append_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let max_size = 3 * MIB as u64 + 123;
    let mut file = AppendFile::open(&path, Options { max_size, ..options(false) }).unwrap();
    for seed in 0..31 {
        file.append(&batch(seed, 100_000)).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() <= max_size);
    }
    file.append(&batch(99, 200_000)).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 3_300_000);
}

#[test]
fn preallocation_sets_all_of_it_aside_until_the_close() {
    for portable in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log");
        let mut file =
            AppendFile::open(&path, Options { max_size: 5_000_001, preallocate: true, ..options(portable) }).unwrap();
        file.append(&batch(1, 100)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 5_000_001);
        tail_is_zero(&path, 100);
        file.close().unwrap();
        file.close().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), batch(1, 100));
        assert!(matches!(file.append(&[1]), Err(Error::LogClosed)));
    }
}

#[test]
fn a_file_shorter_than_its_log_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    std::fs::write(&path, [1; 10]).unwrap();
    let found = AppendFile::open(&path, Options { size: 11, ..options(false) });
    assert!(matches!(found, Err(Error::FileShrank { expected: 11, found: 10 })));
}

/// What is appended would else be followed by what a crash left there, which readers take for batches.
#[test]
fn what_lies_behind_the_size_goes_when_a_file_is_opened() {
    for portable in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log");
        std::fs::write(&path, [batch(0, 100), vec![9; 50]].concat()).unwrap();
        let mut file = AppendFile::open(&path, Options { size: 100, ..options(portable) }).unwrap();
        tail_is_zero(&path, 100);
        file.append(&batch(1, 20)).unwrap();
        tail_is_zero(&path, 120);
        file.close().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), [batch(0, 100), batch(1, 20)].concat());
    }
}

#[test]
fn truncation_above_the_end_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = AppendFile::open(&directory.path().join("0.log"), options(false)).unwrap();
    file.append(&batch(0, 50)).unwrap();
    assert!(matches!(file.truncate(51), Err(Error::Internal(_))));
    file.truncate(50).unwrap();
}

#[test]
fn many_files_share_the_helper_from_many_threads() {
    let directory = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let path = directory.path().join(format!("{thread}.log"));
            scope.spawn(move || {
                for round in 0..3 {
                    let _ = std::fs::remove_file(&path);
                    let mut file =
                        AppendFile::open(&path, Options { max_size: 20 * MIB as u64, ..options(false) }).unwrap();
                    let bytes = batch(thread + round, 200_000);
                    for _ in 0..100 {
                        file.append(&bytes).unwrap();
                    }
                    if round == 1 {
                        continue; // dropped without a close
                    }
                    file.close().unwrap();
                    assert!(std::fs::read(&path).unwrap() == bytes.repeat(100));
                }
            });
        }
    });
}

/// A disk file whose calls of one kind fail from the n-th on, as often as told.
#[derive(Debug)]
struct Faulty {
    file: DiskFile,
    allocate: Fault,
    write: Fault,
    set_length: Fault,
    sync: Fault,
    /// Whether a failing write writes half, and a failing allocation grows the file.
    partly: bool,
}

#[derive(Debug, Default)]
struct Fault {
    calls: AtomicU32,
    from: u32,
    times: u32,
    errno: i32,
}

impl Fault {
    fn at(from: u32, times: u32, errno: i32) -> Self {
        Self { calls: AtomicU32::new(0), from, times, errno }
    }

    fn check(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call >= self.from && call - self.from < self.times {
            return Err(io::Error::from_raw_os_error(self.errno));
        }
        Ok(())
    }
}

impl Faulty {
    fn new(path: &Path) -> Self {
        Self {
            file: DiskFile(open_regular(path).unwrap()),
            allocate: Fault::default(),
            write: Fault::default(),
            set_length: Fault::default(),
            sync: Fault::default(),
            partly: true,
        }
    }
}

impl Storage for Faulty {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_length.check()?;
        self.file.set_length(length)
    }

    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        match self.write.check() {
            Ok(()) => self.file.write(&bytes[..bytes.len().div_ceil(2)], at), // always short
            Err(error) => {
                if self.partly {
                    self.file.write(&bytes[..bytes.len() / 2], at)?;
                }
                Err(error)
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.sync.check()
    }

    fn can_map(&self) -> bool {
        self.file.can_map()
    }

    fn allocate(&self, from: u64, to: u64) -> io::Result<()> {
        self.allocate.check().inspect_err(|_| {
            if self.partly {
                self.file.set_length(to - 1).unwrap();
            }
        })?;
        self.file.allocate(from, to)
    }

    fn map(&self, from: u64, length: usize) -> io::Result<Mapping> {
        self.file.map(from, length)
    }
}

const EINTR: i32 = 4;
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
#[cfg(target_os = "linux")]
const EOPNOTSUPP: i32 = 95;

/// Row F15: the n-th call fails, for each n; the file is as before, and the next append works.
#[cfg(unix)]
#[test]
fn a_failed_write_is_put_back_for_each_call() {
    for errno in [ENOSPC, EIO, 11, 27, 122] {
        for failing in 0..40 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("0.log");
            let storage = Faulty { write: Fault::at(failing, 1, errno), ..Faulty::new(&path) };
            let mut file = AppendFile::over(Arc::new(storage), options(true)).unwrap();
            let mut model = Vec::new();
            let mut failures = 0;
            for seed in 0..6 {
                let bytes = batch(seed, 100);
                match file.append(&bytes) {
                    Ok(()) => model.extend_from_slice(&bytes),
                    Err(error) => {
                        assert_eq!((error.code(), error.errno()), ("IO", Some(errno)));
                        failures += 1;
                    }
                }
                assert_eq!(std::fs::read(&path).unwrap(), model);
            }
            assert_eq!(failures, 1, "call {failing}");
        }
    }
}

#[cfg(unix)]
#[test]
fn interrupted_and_short_writes_are_continued() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let storage = Faulty { write: Fault::at(1, 3, EINTR), partly: false, ..Faulty::new(&path) };
    let mut file = AppendFile::over(Arc::new(storage), options(true)).unwrap();
    file.append(&batch(1, 100)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), batch(1, 100));
}

#[cfg(unix)]
#[test]
fn a_write_that_cannot_be_put_back_takes_the_file_offline() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let storage = Faulty { write: Fault::at(0, 1, ENOSPC), set_length: Fault::at(0, 1, EIO), ..Faulty::new(&path) };
    let mut file = AppendFile::over(Arc::new(storage), options(true)).unwrap();
    assert_eq!(file.append(&batch(1, 100)).unwrap_err().errno(), Some(ENOSPC));
    for _ in 0..2 {
        assert_eq!(file.append(&batch(1, 100)).unwrap_err().code(), "LOG_OFFLINE");
    }
    assert_eq!(file.truncate(0).unwrap_err().code(), "LOG_OFFLINE");
    assert_eq!(file.trim().unwrap_err().code(), "LOG_OFFLINE");
    assert_eq!(file.syncer().unwrap_err().code(), "LOG_OFFLINE");
    file.close().unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 50, "an offline file is left as it is");
}

/// The process ends between any two writes: a reader of a zero tail goes by the size field, and finds a whole batch behind it.
#[cfg(unix)]
#[test]
fn in_a_zero_tail_a_batch_has_no_size_before_it_is_there() {
    let bytes = batch(1, 100);
    for failing in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("0.log");
        let storage = Faulty {
            write: Fault::at(failing, u32::MAX - failing, EIO),
            set_length: Fault::at(0, u32::MAX, EIO),
            ..Faulty::new(&path)
        };
        let preallocated = Options { max_size: 4096, preallocate: true, ..options(true) };
        let mut file = AppendFile::over(Arc::new(storage), preallocated).unwrap();
        let is_whole = file.append(&bytes).is_ok();
        let found = std::fs::read(&path).unwrap();
        assert_eq!(is_whole, found[..100] == bytes);
        assert!(found[8..12] == [0; 4] || found[12..100] == bytes[12..], "call {failing}: {found:?}");
    }
}

/// Row F14: one failed sync, then success, is a failure for good.
#[cfg(unix)]
#[test]
fn a_failed_sync_takes_the_file_offline() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let storage = Faulty { sync: Fault::at(1, 1, EIO), ..Faulty::new(&path) };
    let mut file = AppendFile::over(Arc::new(storage), options(false)).unwrap();
    file.append(&batch(1, 100)).unwrap();
    let (first, second, third) = (file.syncer().unwrap(), file.syncer().unwrap(), file.syncer().unwrap());
    first.run().unwrap();
    assert_eq!(second.run().unwrap_err().errno(), Some(EIO));
    assert_eq!(third.run().unwrap_err().code(), "LOG_OFFLINE");
    assert_eq!(file.append(&batch(1, 100)).unwrap_err().code(), "LOG_OFFLINE");
}

/// A full disk at any allocation, the helper's included. While it lasts, appends fail and change nothing; a window that is
/// too large is tried again with what the batch needs.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_answers_allocation_with_an_error() {
    for failing in 0..8 {
        for times in 1..4 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("0.log");
            let storage = Faulty { allocate: Fault::at(failing, times, ENOSPC), ..Faulty::new(&path) };
            if !storage.can_map() {
                return;
            }
            let mut file = AppendFile::over(Arc::new(storage), options(false)).unwrap();
            let mut model = Vec::new();
            for seed in 0..60 {
                let bytes = batch(seed, 200_001);
                match file.append(&bytes) {
                    Ok(()) => model.extend_from_slice(&bytes),
                    Err(error) => assert_eq!((error.code(), error.errno()), ("IO", Some(ENOSPC))),
                }
                assert_eq!(file.size(), model.len() as u64);
            }
            assert!(model.len() >= 58 * 200_001, "{} appends", model.len() / 200_001);
            assert_eq!(file.kind(), Kind::Mapped);
            file.close().unwrap();
            assert!(std::fs::read(&path).unwrap() == model);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_failed_allocation_grew_is_given_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let storage = Faulty { allocate: Fault::at(0, 2, ENOSPC), ..Faulty::new(&path) };
    if !storage.can_map() {
        return;
    }
    let mut file = AppendFile::over(Arc::new(storage), options(false)).unwrap();
    assert_eq!(file.append(&batch(0, 100)).unwrap_err().errno(), Some(ENOSPC));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    file.append(&batch(0, 100)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_system_that_does_not_allocate_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let storage = Faulty { allocate: Fault::at(0, 9, EOPNOTSUPP), partly: false, ..Faulty::new(&path) };
    let mut file = AppendFile::over(Arc::new(storage), options(false)).unwrap();
    file.append(&batch(0, 100)).unwrap();
    assert_eq!(file.kind(), Kind::Written);
    assert_eq!(std::fs::read(&path).unwrap(), batch(0, 100));
}

#[cfg(target_os = "linux")]
#[test]
fn preallocation_on_a_full_disk_fails_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("0.log");
    let storage = Faulty { allocate: Fault::at(0, 1, ENOSPC), ..Faulty::new(&path) };
    let opened = AppendFile::over(Arc::new(storage), Options { preallocate: true, max_size: 9999, ..options(false) });
    assert_eq!(opened.unwrap_err().errno(), Some(ENOSPC));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}
