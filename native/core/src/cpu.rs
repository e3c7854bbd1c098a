//! Processors: how many there are, and how a helping thread gets one of its own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Some microseconds: a thread that has a processor of its own has begun by then, or will soon.
const MAX_YIELDS: usize = 64;

/// How many processors this process may use; asking takes longer than some works.
#[must_use]
pub fn count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// The start of a helping thread. Linux often puts it behind its maker on the same processor, where it would wait for
/// milliseconds, or until its maker is done, while another one is idle.
pub struct Start {
    /// Where the maker is.
    taken: Option<usize>,
    has_begun: AtomicBool,
}

impl Start {
    /// Of a thread that this one is about to make.
    #[must_use]
    pub fn here() -> Self {
        Self { taken: current(), has_begun: AtomicBool::new(false) }
    }

    /// The first thing that the new thread does: it goes elsewhere.
    pub fn leave(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
        if let Some(taken) = self.taken {
            leave(taken);
        }
    }

    /// What the maker does: it steps back for the new thread, if that waits for this very processor.
    pub fn wait(&self) {
        for _ in 0..MAX_YIELDS {
            if self.has_begun.load(Ordering::Relaxed) {
                return;
            }
            thread::yield_now();
        }
    }
}

#[cfg(target_os = "linux")]
fn current() -> Option<usize> {
    Some(rustix::thread::sched_getcpu())
}

/// Moves this thread to another processor than `taken`, if it may use one. It may go anywhere from then on.
#[cfg(target_os = "linux")]
fn leave(taken: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(all) = sched_getaffinity(None) else {
        return;
    };
    if taken >= CpuSet::MAX_CPU {
        return;
    }
    let mut others = all;
    others.unset(taken);
    if others.count() > 0 && sched_setaffinity(None, &others).is_ok() {
        let _ = sched_setaffinity(None, &all);
    }
}

#[cfg(not(target_os = "linux"))]
fn current() -> Option<usize> {
    None
}

#[cfg(not(target_os = "linux"))]
fn leave(_taken: usize) {}
