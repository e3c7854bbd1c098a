//! How much memory a call takes, counted for the thread that makes it. What C libraries take is bounded by libFuzzer's own
//! limit on single allocations.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    // A thread that ends has no counters any more.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.cast_signed() - layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a call may always take: tables of codecs, messages of errors.
pub const USUAL: usize = 512 * 1024;

/// Runs a call that may take no more than `limit` bytes at a time.
///
/// # Panics
/// When it took more.
pub fn within<T>(limit: usize, run: impl FnOnce() -> T) -> T {
    let before = LIVE.get();
    PEAK.set(before);
    let result = run();
    let taken = PEAK.get() - before;
    assert!(taken <= limit.cast_signed(), "the call took {taken} bytes of memory: expected at most {limit}");
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_within_passes_and_what_is_not_does_not() {
        within(1000, || drop(vec![0_u8; 1000]));
        within(1000, || {
            drop(vec![1_u8; 900]);
            drop(vec![2_u8; 900]);
        });
        for grow in [
            || drop(vec![0_u8; 1001]),
            || {
                let mut bytes = vec![1_u8; 10];
                bytes.reserve_exact(1001);
            },
        ] {
            std::panic::catch_unwind(|| within(1000, grow)).unwrap_err();
        }
    }
}
