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
        copy_body(source.add(LOG_OVERHEAD), target.add(LOG_OVERHEAD), bytes.len() - LOG_OVERHEAD);
        fence(Ordering::Release);
        copy_nonoverlapping(source, target, SIZE);
        fence(Ordering::Release);
        let size = source.add(SIZE).cast::<u32>().read_unaligned();
        target.add(SIZE).cast::<u32>().write_unaligned(size);
    }
}

/// From here on a copy goes past the caches: a batch that is larger would drive out of them what is needed next.
#[cfg(target_arch = "x86_64")]
const STREAM_FROM: usize = 16 * 1024;
/// Bytes of a cache line: they go to memory at once when all of them were written.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Copies by stores that do not read the target's lines first, since all of them are overwritten: a whole append is a
/// sixth faster (docs/design.md).
///
/// # Safety
/// As of `copy_nonoverlapping`.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn copy_body(source: *const u8, target: *mut u8, length: usize) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};
    const VECTORS: usize = LINE / size_of::<__m128i>();
    if length < STREAM_FROM {
        // SAFETY: the caller's word.
        unsafe { copy_nonoverlapping(source, target, length) };
        return;
    }
    let head = target.align_offset(LINE).min(length);
    let streamed = head + (length - head) / LINE * LINE;
    // SAFETY: all ranges lie within the two that the caller vouches for; from `head` on the target is aligned, as streaming
    // stores must be, and SSE2 is part of every x86-64.
    unsafe {
        copy_nonoverlapping(source, target, head);
        for line in (head..streamed).step_by(LINE) {
            let from = source.add(line).cast::<__m128i>();
            let to = target.add(line).cast::<__m128i>();
            let vectors: [__m128i; VECTORS] = std::array::from_fn(|i| _mm_loadu_si128(from.add(i)));
            for (i, vector) in vectors.into_iter().enumerate() {
                _mm_stream_si128(to.add(i), vector);
            }
        }
        copy_nonoverlapping(source.add(streamed), target.add(streamed), length - streamed);
        // Streaming stores keep no order with later ones, whatever a release fence says.
        _mm_sfence();
    }
}

/// # Safety
/// As of `copy_nonoverlapping`.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) unsafe fn copy_body(source: *const u8, target: *mut u8, length: usize) {
    // SAFETY: the caller's word.
    unsafe { copy_nonoverlapping(source, target, length) };
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

    #[test]
    fn long_bodies_are_copied_whole_wherever_they_start_and_end() {
        const LONG: usize = 16 * 1024;
        let bytes: Vec<u8> = (0..LONG + 300).map(|i| (i % 251) as u8 + 1).collect();
        for start in 0..70 {
            for length in [LONG + 11, LONG + 12, LONG + 13, LONG + 75, LONG + 76, LONG + 77, LONG + 200] {
                let mut target = vec![0; LONG + 400];
                // SAFETY: the target has room for all of the bytes behind `start`.
                unsafe { publish(&bytes[..length], target.as_mut_ptr().add(start)) };
                assert_eq!(&target[start..start + length], &bytes[..length]);
                assert!(target[..start].iter().chain(&target[start + length..]).all(|&byte| byte == 0));
            }
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
