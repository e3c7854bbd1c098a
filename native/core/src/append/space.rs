//! The mapped space of one file: windows of allocated bytes, one after the other.
//!
//! Copying into pages that are mapped already runs at memory speed; the first touch of a fresh page costs most of an
//! append. So windows double from 1 MiB to 64 MiB, and from the second on a helper thread allocates and maps the next one
//! while the current one fills, and brings its pages ahead of the writer: before the window is handed out by writing zeros where
//! nobody writes yet, behind that by touching them. A small log never pays for more than the first.
//!
//! A prepared window starts some way before the current one ends, so that a batch that does not fit the current one fits
//! the next, and never lies in two.
//!
//! Space is allocated before it is mapped, so a full disk answers `allocate` with an error. What a failed call had grown
//! the file by is given back.

use super::helper::{Helper, Pending, Taken};
use crate::io::{Mapping, Storage, page_size, write_all};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const MIB: u64 = 1024 * 1024;
const FIRST_WINDOW: u64 = MIB;
const LAST_WINDOW: u64 = 64 * MIB;
/// How far a prepared window reaches back into the one before it, at the least.
const MIN_OVERLAP: u64 = MIB / 4;
/// The window from which on the next one is prepared ahead.
const FIRST_AHEAD: u32 = 2;

const _: () = assert!(FIRST_WINDOW.is_power_of_two() && LAST_WINDOW.is_power_of_two());
const _: () = assert!(MIN_OVERLAP < FIRST_WINDOW);

/// A part of the file that is mapped.
#[derive(Debug)]
pub(super) struct Window {
    pub mapping: Arc<Mapping>,
    /// Held for as long as the writer may fill the window.
    pub writer: Arc<()>,
    /// Its range in the file.
    pub start: u64,
    pub end: u64,
}

impl Window {
    fn holds(&self, at: u64, end: u64) -> bool {
        self.start <= at && end <= self.end
    }
}

/// The windows of one file, which has one writer.
#[derive(Debug)]
pub struct Space {
    storage: Arc<dyn Storage>,
    limit: u64,
    ahead: bool,
    /// The file's length: all of it from the first window on is allocated.
    length: u64,
    window: Option<Window>,
    pending: Option<Pending>,
    helper: Option<Arc<Helper>>,
    windows: u32,
    next_bytes: u64,
    largest: u64,
}

impl Space {
    /// Over a file of `length` bytes that shall not grow past `limit` unless it must. With `ahead`, the helper is used.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, length: u64, limit: u64, ahead: bool) -> Self {
        Self {
            storage,
            limit,
            ahead,
            length,
            window: None,
            pending: None,
            helper: None,
            windows: 0,
            next_bytes: FIRST_WINDOW,
            largest: 0,
        }
    }

    /// Where in memory the file's bytes `[at, at + length)` are: mapped, allocated, and valid until the next call.
    ///
    /// # Errors
    /// What the system says; then nothing has changed but perhaps the zero tail.
    #[inline]
    pub fn place(&mut self, at: u64, length: usize) -> io::Result<*mut u8> {
        let end = at + length as u64;
        if !self.window.as_ref().is_some_and(|window| window.holds(at, end)) {
            self.largest = self.largest.max(length as u64);
            self.advance(at, end)?;
        }
        let Some(window) = &self.window else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        // SAFETY: `at` lies within the window, and the window within its mapping.
        Ok(unsafe { window.mapping.as_ptr().add((at - window.start) as usize) })
    }

    /// Lets go of all windows, so that the file may be cut. A window that is being prepared is waited for.
    pub fn release(&mut self) {
        self.window = None;
        if let Some(pending) = self.pending.take() {
            drop(pending.take());
        }
    }

    /// The file has been cut to `length`, after [`Space::release`].
    pub fn set_length(&mut self, length: u64) {
        self.length = length;
    }

    fn advance(&mut self, at: u64, end: u64) -> io::Result<()> {
        self.limit = self.limit.max(end);
        // A failure ahead of need is not told: the space may be there by now, and a smaller window may do.
        if let Some(Taken::Done(Ok(window))) = self.pending.take().map(Pending::take) {
            self.length = self.length.max(window.end);
            if window.holds(at, end) {
                self.enter(window);
                return Ok(());
            }
        }
        let start = page_floor(at);
        let wanted = (start + self.next_bytes).max(end.next_multiple_of(page_size())).min(self.limit);
        let storage = &*self.storage;
        let window = prepare(storage, start, wanted, self.length, None).or_else(|error| match error.kind() {
            // No room for a window, but perhaps for what is asked for.
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded if wanted > end => {
                prepare(storage, start, end, self.length, None)
            }
            _ => Err(error),
        })?;
        self.length = self.length.max(window.end);
        self.enter(window);
        Ok(())
    }

    fn enter(&mut self, window: Window) {
        let end = window.end;
        let half = (end - window.start) / 2;
        let left = self.window.replace(window);
        self.windows += 1;
        self.next_bytes = (self.next_bytes * 2).min(LAST_WINDOW);
        if !self.ahead || self.windows < FIRST_AHEAD || end >= self.limit {
            return;
        }
        if self.helper.is_none() {
            self.helper = Helper::shared();
        }
        let overlap = (self.largest * 2).max(MIN_OVERLAP).min(half);
        let start = page_floor(end - overlap);
        let to = (end + self.next_bytes).min(self.limit);
        let Some(helper) = &self.helper else {
            return;
        };
        self.pending = helper.prepare(&self.storage, start, to, self.length, end);
        if let Some(left) = left {
            helper.dispose(left);
        }
    }
}

impl Drop for Space {
    /// A request that outlived its file could cut what another one appends to the same path.
    fn drop(&mut self) {
        self.release();
    }
}

/// What is filled at once: the largest page that a processor maps as one.
pub(super) const FILL: usize = 2 * 1024 * 1024;

/// The part of a window that nobody uses yet, and what it is filled with.
pub(super) struct Fresh<'a> {
    pub from: u64,
    pub zeros: &'a [u8],
    /// Whether the window is waited for: then it is not filled any further.
    pub is_wanted: &'a AtomicBool,
}

/// Writes zeros from there to `to`, where zeros are what is read there already. That brings the pages into the page cache faster
/// than touching them one by one, and as large ones, which are mapped at once (docs/design.md).
fn fill(storage: &dyn Storage, fresh: &Fresh<'_>, to: u64) -> io::Result<()> {
    let mut at = fresh.from;
    while at < to && !fresh.is_wanted.load(Ordering::Relaxed) {
        let end = (at + 1).next_multiple_of(fresh.zeros.len() as u64).min(to);
        write_all(storage, &fresh.zeros[..(end - at) as usize], at)?;
        at = end;
    }
    Ok(())
}

/// Allocates and maps `[start, end)` of a file that is `length` long. What is fresh of it has its pages before it is mapped.
pub(super) fn prepare(
    storage: &dyn Storage,
    start: u64,
    end: u64,
    length: u64,
    fresh: Option<Fresh<'_>>,
) -> io::Result<Window> {
    let grows = end > length;
    let window = (|| {
        if grows {
            // From the start on, which costs nothing where there is space already, and fills holes.
            storage.allocate(start, end)?;
        }
        if let Some(fresh) = fresh {
            fill(storage, &fresh, end)?;
        }
        let bytes = usize::try_from(end - start).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mapping = Arc::new(storage.map(start, bytes)?);
        Ok(Window { mapping, writer: Arc::new(()), start, end })
    })();
    if window.is_err() && grows {
        // Should this fail, a longer zero tail stays behind, which the next cut removes.
        let _ = storage.set_length(length);
    }
    window
}

fn page_floor(at: u64) -> u64 {
    at - at % page_size()
}
