//! A file in two places: what the kernel shows (a file in memory, so that it can be mapped), and what is on the disk.
//!
//! A page reaches the disk by a sync, or by itself at any time. What differs between the two places when the power goes is
//! therefore unsynced, whoever wrote it, through a mapping or not. Lengths reach the disk in the order in which they were
//! set. After a sync that failed, the kernel takes the pages that it could not write for clean, as Linux does: later syncs
//! leave them out until somebody writes to them again.

use super::random::Random;
use seglog_core::io::{DiskFile, Mapping, Storage, read_at};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, MutexGuard};

pub const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// A call that may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    SetLength,
    Write,
    Sync,
    Allocate,
    Map,
}

/// When calls fail.
#[derive(Debug)]
pub enum Faults {
    Never,
    /// The n-th call from now, with this number of the operating system's.
    Nth(u32, i32),
    /// One call in so many.
    Sometimes(usize),
}

#[derive(Debug)]
struct State {
    random: Random,
    faults: Faults,
    /// What would be there after a power loss that lost all unsynced pages.
    disk: Vec<u8>,
    /// The lengths that the file had since the last sync.
    lengths: Vec<u64>,
    /// Pages that a failed sync left behind, taken for clean with this content.
    taken_for_clean: HashMap<usize, Vec<u8>>,
    calls: u32,
    failures: Vec<(Call, i32)>,
}

/// The simulated file. Its methods that need the operating system's answer panic when it gives an error.
#[derive(Debug)]
pub struct Simulated {
    shown: DiskFile,
    can_map: bool,
    state: Mutex<State>,
}

pub const EINTR: i32 = 4;
pub const EIO: i32 = 5;
pub const ENOSPC: i32 = 28;

impl Simulated {
    /// A file that is on the disk as it is shown.
    pub fn new(bytes: &[u8], can_map: bool, random: Random, faults: Faults) -> Arc<Self> {
        let shown = DiskFile(file_in_memory());
        seglog_core::io::write_all(&shown, bytes, 0).unwrap();
        let state = State {
            random,
            faults,
            disk: bytes.to_vec(),
            lengths: vec![bytes.len() as u64],
            taken_for_clean: HashMap::new(),
            calls: 0,
            failures: Vec::new(),
        };
        Arc::new(Self { shown, can_map, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What the file reads as: also what a killed process leaves.
    pub fn shown(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.shown.length().unwrap() as usize];
        let got = read_at(self.shown.0.as_raw_fd(), &mut bytes, 0).unwrap();
        assert_eq!(got, bytes.len());
        bytes
    }

    /// The calls that failed since this was asked last.
    pub fn take_failures(&self) -> Vec<(Call, i32)> {
        std::mem::take(&mut self.state().failures)
    }

    /// How many calls there were.
    pub fn calls(&self) -> u32 {
        self.state().calls
    }

    /// Some pages reach the disk by themselves.
    pub fn write_back(&self) {
        let shown = self.shown();
        let mut state = self.state();
        let latest = *state.lengths.last().unwrap() as usize;
        let length = latest.max(state.disk.len());
        state.disk.resize(length, 0);
        for start in (0..shown.len()).step_by(PAGE) {
            if state.random.one_in(3) && !state.is_taken_for_clean(start, page_of(&shown, start)) {
                let end = (start + PAGE).min(shown.len());
                state.disk[start..end].copy_from_slice(&shown[start..end]);
            }
        }
    }

    /// The file as it is found after a power loss: any of its lengths since the last sync, and of each unsynced page the
    /// old content, the new, or sectors of both.
    pub fn power_loss(&self) -> Vec<u8> {
        let shown = self.shown();
        let mut state = self.state();
        let State { random, disk, lengths, .. } = &mut *state;
        let place = random.below(lengths.len());
        let mut found = vec![0; lengths[place] as usize];
        for start in (0..found.len()).step_by(PAGE) {
            let fate = random.below(3);
            for sector in (start..(start + PAGE).min(found.len())).step_by(SECTOR) {
                let end = (sector + SECTOR).min(found.len());
                let is_new = fate == 0 || (fate == 1 && random.one_in(2));
                let source = if is_new { &shown } else { &*disk };
                let there = source.len().min(end);
                if there > sector {
                    found[sector..there].copy_from_slice(&source[sector..there]);
                }
            }
        }
        found
    }

    /// Counts a call, and fails it if its time has come.
    fn check(&self, call: Call) -> io::Result<()> {
        let mut state = self.state();
        state.calls += 1;
        let errno = match state.faults {
            Faults::Never => None,
            Faults::Nth(0, errno) => {
                state.faults = Faults::Never;
                Some(errno)
            }
            Faults::Nth(ref mut left, _) => {
                *left -= 1;
                None
            }
            Faults::Sometimes(often) => {
                let is_due = state.random.one_in(often);
                is_due.then(|| [EIO, ENOSPC, EINTR][state.random.below(if call == Call::Write { 3 } else { 2 })])
            }
        };
        match errno {
            Some(errno) => {
                if (call, errno) != (Call::Write, EINTR) {
                    state.failures.push((call, errno));
                }
                Err(io::Error::from_raw_os_error(errno))
            }
            None => Ok(()),
        }
    }

    fn note_length(&self) {
        let length = self.shown.length().unwrap();
        let mut state = self.state();
        // What is cut off is gone from the disk once that length is.
        state.lengths.push(length);
    }
}

impl State {
    fn is_taken_for_clean(&self, start: usize, page: &[u8]) -> bool {
        self.taken_for_clean.get(&start).is_some_and(|clean| clean == page)
    }
}

fn page_of(bytes: &[u8], start: usize) -> &[u8] {
    &bytes[start..(start + PAGE).min(bytes.len())]
}

#[cfg(target_os = "linux")]
fn file_in_memory() -> File {
    File::from(rustix::fs::memfd_create("simulated", rustix::fs::MemfdFlags::CLOEXEC).unwrap())
}

#[cfg(not(target_os = "linux"))]
fn file_in_memory() -> File {
    tempfile::tempfile().unwrap()
}

impl Storage for Simulated {
    fn length(&self) -> io::Result<u64> {
        self.shown.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.check(Call::SetLength)?;
        self.shown.set_length(length)?;
        self.note_length();
        Ok(())
    }

    fn write(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let checked = self.check(Call::Write);
        let part = self.state().random.below(bytes.len()) + 1;
        // Also a call that fails may have written something.
        let done = self.shown.write(&bytes[..part], at)?;
        self.note_length();
        checked.map(|()| done)
    }

    fn sync(&self) -> io::Result<()> {
        let checked = self.check(Call::Sync);
        let shown = self.shown();
        let mut state = self.state();
        let mut disk = shown.clone();
        for start in (0..shown.len()).step_by(PAGE) {
            let page = page_of(&shown, start);
            let is_lost = state.is_taken_for_clean(start, page) || (checked.is_err() && state.random.one_in(2));
            if is_lost {
                state.taken_for_clean.insert(start, page.to_vec());
                for (at, byte) in disk.iter_mut().enumerate().skip(start).take(page.len()) {
                    *byte = state.disk.get(at).copied().unwrap_or(0);
                }
            }
        }
        state.disk = disk;
        if checked.is_ok() {
            state.lengths = vec![shown.len() as u64];
        }
        checked
    }

    fn can_map(&self) -> bool {
        self.can_map && self.shown.can_map()
    }

    fn allocate(&self, from: u64, to: u64) -> io::Result<()> {
        if let Err(error) = self.check(Call::Allocate) {
            let length = self.shown.length()?;
            let grown = length + self.state().random.below((to.max(length) - length) as usize + 1) as u64;
            self.shown.set_length(grown)?;
            self.note_length();
            return Err(error);
        }
        self.shown.allocate(from, to)?;
        self.note_length();
        Ok(())
    }

    fn map(&self, from: u64, length: usize) -> io::Result<Mapping> {
        self.check(Call::Map)?;
        self.shown.map(from, length)
    }
}
