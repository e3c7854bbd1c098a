//! The thread that prepares windows ahead of their writers, and removes them behind.
//!
//! One for the process, started when a file first reaches its second window, and joined when the last file that uses it
//! goes: the addon may be unloaded with the worker that loaded it, and no thread must run in it then.

use super::space::{FILL, Fresh, Window, prepare};
use crate::io::{Mapping, Storage};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

/// How much is populated at once. In between, the helper looks whether anybody still wants the window.
const POPULATE_STEP: usize = 2 * 1024 * 1024;

static SHARED: Mutex<Weak<Helper>> = Mutex::new(Weak::new());

/// The running thread.
#[derive(Debug)]
pub(super) struct Helper {
    jobs: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Task {
    Prepare(Job),
    /// A mapping that its writer is done with.
    Drop(Arc<Mapping>),
}

#[derive(Debug)]
struct Job {
    slot: Arc<Slot>,
    /// Not kept open: a file that is deleted while its request waits gives its space back when its owner closes it.
    storage: Weak<dyn Storage>,
    start: u64,
    end: u64,
    length: u64,
    fresh: u64,
}

#[derive(Debug)]
struct Slot {
    state: Mutex<State>,
    changed: Condvar,
    /// The writer waits for it.
    is_wanted: AtomicBool,
}

#[derive(Debug)]
enum State {
    Queued,
    Running,
    Done(io::Result<Window>),
    Taken,
}

/// A window that has been asked for.
#[derive(Debug)]
pub(super) struct Pending(Arc<Slot>);

/// What became of it.
#[derive(Debug)]
pub(super) enum Taken {
    /// It was prepared, or could not be.
    Done(io::Result<Window>),
    /// The helper had not come to it, and will not.
    Cancelled,
}

impl Helper {
    /// The process's helper, started if it is not running; nothing when no thread can be had.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = lock(&SHARED);
        if let Some(helper) = shared.upgrade() {
            return Some(helper);
        }
        let (jobs, queue) = channel();
        let builder = std::thread::Builder::new().name("seglog-prepare".into());
        let thread = builder.spawn(move || run(&queue)).ok()?;
        let helper = Arc::new(Self { jobs: Some(jobs), thread: Some(thread) });
        *shared = Arc::downgrade(&helper);
        Some(helper)
    }

    /// Asks for the window `[start, end)` of a file that is `length` long, and of which nobody uses what lies behind `fresh`.
    pub fn prepare(
        &self,
        storage: &Arc<dyn Storage>,
        start: u64,
        end: u64,
        length: u64,
        fresh: u64,
    ) -> Option<Pending> {
        let slot = Arc::new(Slot {
            state: Mutex::new(State::Queued),
            changed: Condvar::new(),
            is_wanted: AtomicBool::new(false),
        });
        let job = Job { slot: Arc::clone(&slot), storage: Arc::downgrade(storage), start, end, length, fresh };
        self.jobs.as_ref()?.send(Task::Prepare(job)).ok()?;
        Some(Pending(slot))
    }

    /// Lets go of a window that its writer has left: removing a full one takes 2 to 3 ms, in which the writer goes on.
    pub fn dispose(&self, window: Window) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Task::Drop(window.mapping));
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // The thread ends when the last sender is gone and the queue is empty.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Pending {
    /// The window if the helper has begun with it, waiting until it is mapped; otherwise the request is withdrawn. What is not filled
    /// by then stays so: the wait is for one step of it at most.
    pub fn take(self) -> Taken {
        self.0.is_wanted.store(true, Ordering::Relaxed);
        let mut state = lock(&self.0.state);
        loop {
            match std::mem::replace(&mut *state, State::Taken) {
                State::Queued | State::Taken => return Taken::Cancelled,
                State::Done(window) => return Taken::Done(window),
                State::Running => {
                    *state = State::Running;
                    state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

fn run(queue: &Receiver<Task>) {
    // Never written to, so that all of it is the system's one page of zeros, which stays in the nearest cache.
    let zeros = vec![0; FILL];
    while let Ok(task) = queue.recv() {
        let job = match task {
            Task::Prepare(job) => job,
            Task::Drop(mapping) => {
                drop(mapping);
                continue;
            }
        };
        let Some(storage) = job.storage.upgrade() else {
            continue;
        };
        if !begin(&job.slot) {
            continue;
        }
        let fresh = Fresh { from: job.fresh, zeros: &zeros, is_wanted: &job.slot.is_wanted };
        let window = prepare(&*storage, job.start, job.end, job.length, Some(fresh));
        let handed_out =
            window.as_ref().ok().map(|window| (Arc::clone(&window.mapping), Arc::downgrade(&window.writer)));
        *lock(&job.slot.state) = State::Done(window);
        job.slot.changed.notify_one();
        // Before populating: the slot keeps the window, and the file must be closed when its owner closes it.
        drop((job, storage));
        if let Some((mapping, writer)) = handed_out {
            populate(&mapping, &writer);
        }
    }
}

fn begin(slot: &Slot) -> bool {
    let mut state = lock(&slot.state);
    let queued = matches!(*state, State::Queued);
    if queued {
        *state = State::Running;
    }
    queued
}

/// Populates a window that its writer may be filling already, until it is done or the writer has left. Any failure ends it:
/// the writer's own touch of a page does the same work.
fn populate(mapping: &Mapping, writer: &Weak<()>) {
    let mut at = 0;
    let length = mapping.length();
    while at < length && writer.strong_count() > 0 {
        if mapping.populate(at, at + POPULATE_STEP).is_err() {
            return;
        }
        at += POPULATE_STEP;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
