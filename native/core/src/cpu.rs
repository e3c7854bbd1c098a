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
    if is_filtered() || taken >= CpuSet::MAX_CPU {
        return;
    }
    let Ok(all) = sched_getaffinity(None) else {
        return;
    };
    let mut others = all;
    others.unset(taken);
    if others.count() > 0 && sched_setaffinity(None, &others).is_ok() {
        let _ = sched_setaffinity(None, &all);
    }
}

/// Whether a filter says which calls this process may make. One that kills for moving a thread (systemd's `@resources` is such
/// a group) cannot be told from one that allows it, so under any the thread stays where it is.
#[cfg(target_os = "linux")]
fn is_filtered() -> bool {
    static FILTERED: OnceLock<bool> = OnceLock::new();
    *FILTERED.get_or_init(|| {
        std::fs::read_to_string("/proc/thread-self/status").map_or(true, |status| names_filter(&status))
    })
}

/// Of the kernel's lines about a thread: whether the one on filters is there, and says that there is none.
#[cfg(target_os = "linux")]
fn names_filter(status: &str) -> bool {
    !status.lines().any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "0"))
}

#[cfg(not(target_os = "linux"))]
fn current() -> Option<usize> {
    None
}

#[cfg(not(target_os = "linux"))]
fn leave(_taken: usize) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_moved_only_where_no_filter_is() {
        assert!(!names_filter("Name:\tnode\nSeccomp:\t0\nSeccomp_filters:\t0\n"));
        assert!(names_filter("Name:\tnode\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
        assert!(names_filter("Name:\tnode\n"));
    }

    #[test]
    fn a_new_thread_leaves_its_makers_processor_and_may_go_anywhere_afterwards() {
        let start = Start::here();
        let before = rustix::thread::sched_getaffinity(None).unwrap();
        let after = thread::scope(|scope| {
            let new = scope.spawn(|| {
                start.leave();
                rustix::thread::sched_getaffinity(None).unwrap()
            });
            start.wait();
            new.join().unwrap()
        });
        assert_eq!(before, after);
    }
}
