//! The thread that prepares windows ahead of their writers, and removes them behind.
//!
//! One for the process, started when a file first reaches its second window, and joined when the last file that uses it
//! goes: the addon may be unloaded with the worker that loaded it, and no thread must run in it then.

use super::space::{FILL, Fresh, Window, prepare};
use crate::io::{Mapping, Storage};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

/// How much is populated at once. In between, the helper looks whether anybody still wants the window.
const POPULATE_STEP: usize = 2 * 1024 * 1024;
/// The most that may be mapped of windows that their writers have left: four full ones. Where the helper is behind, whoever leaves one
/// removes it, so that a writer which is faster than the helper does not fill the address space, or hold a deleted file's pages.
const MAX_LEFT: usize = 256 * 1024 * 1024;

static SHARED: Mutex<Weak<Helper>> = Mutex::new(Weak::new());

/// The running thread.
#[derive(Debug)]
pub(super) struct Helper {
    jobs: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
    /// Bytes mapped of windows that were left, and wait to be removed.
    left: Arc<AtomicUsize>,
}

/// What the thread is asked for.
#[derive(Debug)]
pub(super) enum Task {
    Prepare(Job),
    Drop(Left),
}

/// A mapping that its writer is done with. The order of the fields is that of their ends: it counts until it is removed.
#[derive(Debug)]
pub(super) struct Left {
    _mapping: Arc<Mapping>,
    _counted: Counted,
}

/// Bytes that count for as long as this lives.
#[derive(Debug)]
struct Counted {
    bytes: usize,
    total: Arc<AtomicUsize>,
}

impl Counted {
    /// Nothing when there would be more than `most` of them.
    fn within(most: usize, bytes: usize, total: &Arc<AtomicUsize>) -> Option<Self> {
        let counted = Self { bytes, total: Arc::clone(total) };
        let before = total.fetch_add(bytes, Ordering::Relaxed);
        (before + bytes <= most).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A window that is asked for.
#[derive(Debug)]
pub(super) struct Job {
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
        if let Some(helper) = shared.upgrade().filter(|helper| !helper.has_ended()) {
            return Some(helper);
        }
        let helper = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&helper);
        Some(helper)
    }

    /// One of its own; nothing when no thread can be had.
    pub fn start() -> Option<Self> {
        let (mut helper, queue) = Self::without_thread();
        let builder = std::thread::Builder::new().name("seglog-prepare".into());
        helper.thread = Some(builder.spawn(move || run(&queue)).ok()?);
        Some(helper)
    }

    /// One whose requests nobody comes to, and what they are read from.
    pub fn without_thread() -> (Self, Receiver<Task>) {
        let (jobs, queue) = channel();
        (Self { jobs: Some(jobs), thread: None, left: Arc::default() }, queue)
    }

    /// Whether a panic ended the thread: what it is asked for then is withdrawn at once.
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
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

    /// Lets go of a window that its writer has left: removing a full one takes 2 to 3 ms, in which the writer goes on. It is removed
    /// here when too many wait for that, or the thread has ended.
    pub fn dispose(&self, window: Window) {
        let counted = Counted::within(MAX_LEFT, window.mapping.length(), &self.left);
        if let (Some(jobs), Some(counted)) = (&self.jobs, counted) {
            let _ = jobs.send(Task::Drop(Left { _mapping: window.mapping, _counted: counted }));
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
            Task::Drop(left) => {
                drop(left);
                continue;
            }
        };
        let Some(storage) = job.storage.upgrade() else {
            continue;
        };
        let Some(begun) = Begun::of(job.slot) else {
            continue;
        };
        let fresh = Fresh { from: job.fresh, zeros: &zeros, is_wanted: &begun.0.is_wanted };
        let window = prepare(&*storage, job.start, job.end, job.length, Some(fresh));
        let handed_out =
            window.as_ref().ok().map(|window| (Arc::clone(&window.mapping), Arc::downgrade(&window.writer)));
        // Before populating: the slot keeps the window, and the file must be closed when its owner closes it.
        begun.answer(window);
        drop((begun, storage));
        if let Some((mapping, writer)) = handed_out {
            populate(&mapping, &writer);
        }
    }
}

/// A request that was begun. Its writer may wait for it from then on, so it is answered whatever becomes of it here: a panic on the
/// way is an error, and the writer prepares a window itself.
struct Begun(Arc<Slot>);

impl Begun {
    /// Nothing when it was withdrawn.
    fn of(slot: Arc<Slot>) -> Option<Self> {
        let mut state = lock(&slot.state);
        if !matches!(*state, State::Queued) {
            return None;
        }
        *state = State::Running;
        drop(state);
        Some(Self(slot))
    }

    fn answer(&self, window: io::Result<Window>) {
        *lock(&self.0.state) = State::Done(window);
        self.0.changed.notify_one();
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let is_running = matches!(*lock(&self.0.state), State::Running);
        if is_running {
            self.answer(Err(io::Error::other("the thread that prepares windows has ended")));
        }
    }
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
