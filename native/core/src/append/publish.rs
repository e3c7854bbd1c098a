//! Putting a batch into a mapping so that no reader sees part of it.

use crate::batch::{LOG_OVERHEAD, SIZE};
use std::ptr::copy_nonoverlapping;
use std::sync::atomic::{Ordering, fence};

/// Copies batches to `target`: everything behind the first 12 bytes, then the offset, then the size.
///
/// Until the size is there, readers find a zero field and take it for the end of the data; of several batches only the
/// first needs this, as the others are reached through it. The fences keep the three steps in this order for other
/// processors. The size is one 4-byte store, though at no special alignment: in the three places of 64 where it crosses a
/// cache line, another process may for an instant see half of it, which is a batch that does not check, and is read again.
///
/// # Safety
/// `target` is valid for writing `bytes.len()` bytes, and is not part of `bytes`.
pub(super) unsafe fn publish(bytes: &[u8], target: *mut u8) {
    let source = bytes.as_ptr();
    if bytes.len() < LOG_OVERHEAD {
        // SAFETY: the caller vouches for the target.
        unsafe { copy_nonoverlapping(source, target, bytes.len()) };
        return;
    }
    // SAFETY: the three ranges lie within both, by the length just checked and the caller's word.
    unsafe {
        copy_nonoverlapping(source.add(LOG_OVERHEAD), target.add(LOG_OVERHEAD), bytes.len() - LOG_OVERHEAD);
        fence(Ordering::Release);
        copy_nonoverlapping(source, target, SIZE);
        fence(Ordering::Release);
        let size = source.add(SIZE).cast::<u32>().read_unaligned();
        target.add(SIZE).cast::<u32>().write_unaligned(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::read_volatile;

    #[test]
    fn every_length_is_copied_whole() {
        let bytes: Vec<u8> = (1..=40).collect();
        for length in 0..=bytes.len() {
            let mut target = [0; 41];
            // SAFETY: the target has room for all of the bytes.
            unsafe { publish(&bytes[..length], target.as_mut_ptr()) };
            assert_eq!(&target[..length], &bytes[..length]);
            assert!(target[length..].iter().all(|&byte| byte == 0));
        }
    }

    // F10: a process that is killed while it publishes leaves a zero length, or the whole batch.
    #[test]
    #[cfg_attr(miri, ignore = "the race is the point: readers are other processes")]
    fn whoever_sees_the_length_sees_the_body() {
        const WORDS: usize = 64 * 1024;
        let source = vec![u64::MAX; WORDS];
        for _ in 0..100 {
            let mut target = vec![0_u64; WORDS];
            let address = target.as_mut_ptr() as usize;
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    let words = address as *const u64;
                    // SAFETY: the target outlives this scope; words of it are read whole, as another process would.
                    unsafe {
                        while read_volatile(words.add(SIZE / 8)).to_ne_bytes()[..4] == [0; 4] {
                            std::hint::spin_loop();
                        }
                        fence(Ordering::Acquire);
                        assert_eq!(read_volatile(words), u64::MAX, "the offset");
                        assert_eq!(read_volatile(words.add(WORDS - 1)), u64::MAX, "the end of the body");
                    }
                });
                // SAFETY: `source` is initialized, and as long as the target.
                let bytes = unsafe { std::slice::from_raw_parts(source.as_ptr().cast::<u8>(), WORDS * 8) };
                // SAFETY: the target has room for all of them.
                unsafe { publish(bytes, address as *mut u8) };
            });
        }
    }
}
