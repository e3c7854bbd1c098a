//! Raw LZ4 blocks, by the C library.

use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void};

// In the C library, though lz4-sys does not declare them.
unsafe extern "C" {
    fn LZ4_sizeofState() -> c_int;
    fn LZ4_initStream(state: *mut c_void, size: usize) -> *mut c_void;
    fn LZ4_compress_fast_extState_fastReset(
        state: *mut c_void,
        source: *const c_char,
        target: *mut c_char,
        length: c_int,
        room: c_int,
        acceleration: c_int,
    ) -> c_int;
    fn LZ4_sizeofStateHC() -> c_int;
    fn LZ4_compress_HC_extStateHC(
        state: *mut c_void,
        source: *const c_char,
        target: *mut c_char,
        length: c_int,
        room: c_int,
        level: c_int,
    ) -> c_int;
}

/// The library's working memory, kept for each thread. Words, for the alignment that it asks for.
struct State(Vec<u64>);

impl State {
    fn new(bytes: c_int) -> Self {
        Self(vec![0; usize::try_from(bytes).unwrap_or(0).div_ceil(8)])
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }
}

thread_local! {
    static FAST: RefCell<Option<State>> = const { RefCell::new(None) };
    static HIGH: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Compresses with the fast compressor; nothing when the result does not fit `target`.
pub(super) fn compress_fast(source: &[u8], target: &mut [u8]) -> Option<usize> {
    FAST.with_borrow_mut(|slot| {
        let state = slot.get_or_insert_with(|| {
            // SAFETY: asks for a constant.
            let mut state = State::new(unsafe { LZ4_sizeofState() });
            let length = state.0.len() * 8;
            // SAFETY: the memory is as large as said and aligned for words. It stays valid for every later call, as
            // the reset that each compression starts with demands.
            unsafe { LZ4_initStream(state.as_ptr(), length) };
            state
        });
        // SAFETY: the state was made for this call; both slices are as long as said.
        let written = unsafe {
            LZ4_compress_fast_extState_fastReset(
                state.as_ptr(),
                source.as_ptr().cast(),
                target.as_mut_ptr().cast(),
                c_length(source.len())?,
                c_length(target.len())?,
                1,
            )
        };
        usize::try_from(written).ok().filter(|&written| written > 0)
    })
}

/// Compresses with the high compressor; nothing when the result does not fit `target`.
pub(super) fn compress_high(source: &[u8], target: &mut [u8], level: i32) -> Option<usize> {
    HIGH.with_borrow_mut(|slot| {
        // SAFETY: asks for a constant.
        let state = slot.get_or_insert_with(|| State::new(unsafe { LZ4_sizeofStateHC() }));
        // SAFETY: the state has the size asked for, and this call initialises it; both slices are as long as said.
        let written = unsafe {
            LZ4_compress_HC_extStateHC(
                state.as_ptr(),
                source.as_ptr().cast(),
                target.as_mut_ptr().cast(),
                c_length(source.len())?,
                c_length(target.len())?,
                level,
            )
        };
        usize::try_from(written).ok().filter(|&written| written > 0)
    })
}

/// Decompresses a block; nothing when it is damaged or its content does not fit `target`.
pub(super) fn decompress(source: &[u8], target: &mut [u8]) -> Option<usize> {
    // SAFETY: both slices are as long as said; the call neither reads nor writes outside them, whatever the bytes are.
    let written = unsafe {
        lz4_sys::LZ4_decompress_safe(
            source.as_ptr().cast(),
            target.as_mut_ptr().cast(),
            c_length(source.len())?,
            c_length(target.len())?,
        )
    };
    usize::try_from(written).ok()
}

fn c_length(length: usize) -> Option<c_int> {
    c_int::try_from(length).ok()
}
