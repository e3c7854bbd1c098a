//! The cleaner's offset map and its two passes.

use crate::argument::{View, disjoint, size};
use crate::failure::guard;
use napi_derive::napi;
use seglog_core::cleaning::{Batches, CleanState, MapState, OffsetMap, Output, Payload, build, clean};
use seglog_core::{Error, Result};
use std::cell::RefCell;

/// An offset map, with the memory that the passes decompress into.
#[napi]
pub struct NativeOffsetMap {
    capacity: usize,
    /// Nothing once it is released.
    held: RefCell<Option<Held>>,
}

struct Held {
    map: OffsetMap,
    memory: Payload,
}

#[napi]
impl NativeOffsetMap {
    /// A map of `memoryBytes`, of which the part `loadFactor` is used.
    #[napi(constructor)]
    pub fn new(memory_bytes: f64, load_factor: f64) -> napi::Result<Self> {
        guard(|| {
            let map = OffsetMap::new(memory_bytes as usize, load_factor)?;
            let capacity = map.limit();
            Ok(Self { capacity, held: RefCell::new(Some(Held { map, memory: Payload::default() })) })
        })
    }

    /// How many keys it takes.
    #[napi(getter)]
    pub fn capacity(&self) -> f64 {
        self.capacity as f64
    }

    /// How many keys it holds.
    #[napi(getter)]
    pub fn size(&self) -> f64 {
        self.held.borrow().as_ref().map_or(0.0, |held| held.map.size() as f64)
    }

    /// Forgets all keys.
    #[napi]
    pub fn clear(&self) -> napi::Result<()> {
        guard(|| {
            if let Some(held) = self.held.borrow_mut().as_mut() {
                held.map.clear();
            }
            Ok(())
        })
    }

    /// Gives the memory back.
    #[napi]
    pub fn release(&self) -> napi::Result<()> {
        guard(|| {
            self.held.borrow_mut().take();
            Ok(())
        })
    }

    /// Stores the keys of `count` batches.
    #[napi(ts_args_type = "bytes: Uint8Array, rows: Int32Array, rules: Uint8Array, count: number, state: Float64Array")]
    pub fn build(
        &self,
        bytes: View<u8>,
        rows: View<i32>,
        rules: View<u8>,
        count: f64,
        mut state: View<f64>,
    ) -> napi::Result<()> {
        guard(|| {
            disjoint(&[state.span()], &[bytes.span(), rows.span(), rules.span()])?;
            // SAFETY: just seen not to overlap.
            let (batches, state) = unsafe { (batches(&bytes, &rows, &rules, count)?, state.slice_mut()) };
            let Some(state) = state.first_chunk_mut() else { return Err(short_state()) };
            let mut kept = MapState::from_array(state)?;
            self.with(|Held { map, memory }| build(map, batches, memory, &mut kept))?;
            *state = kept.to_array(state);
            Ok(())
        })
    }

    /// Writes what stays of `count` batches.
    #[napi(
        ts_args_type = "bytes: Uint8Array, rows: Int32Array, rules: Uint8Array, count: number, target: Uint8Array, targetRows: Int32Array, state: Float64Array"
    )]
    #[allow(clippy::too_many_arguments, reason = "one call, and no object made for it, is the point")]
    pub fn clean(
        &self,
        bytes: View<u8>,
        rows: View<i32>,
        rules: View<u8>,
        count: f64,
        mut target: View<u8>,
        mut target_rows: View<i32>,
        mut state: View<f64>,
    ) -> napi::Result<()> {
        guard(|| {
            let written = [target.span(), target_rows.span(), state.span()];
            disjoint(&written, &[bytes.span(), rows.span(), rules.span()])?;
            let room = target.len().min(i32::MAX as usize);
            // SAFETY: just seen not to overlap.
            let (batches, out, state) = unsafe {
                let out = Output { target: target.slice_mut_of(0..room), rows: target_rows.slice_mut() };
                (batches(&bytes, &rows, &rules, count)?, out, state.slice_mut())
            };
            let Some(state) = state.first_chunk_mut() else { return Err(short_state()) };
            let mut kept = CleanState::from_array(state)?;
            self.with(|Held { map, memory }| clean(map, batches, memory, out, &mut kept))?;
            *state = kept.to_array(state);
            Ok(())
        })
    }
}

impl NativeOffsetMap {
    fn with<T>(&self, run: impl FnOnce(&mut Held) -> Result<T>) -> Result<T> {
        match self.held.borrow_mut().as_mut() {
            Some(held) => run(held),
            None => Err(Error::argument("the offset map was released")),
        }
    }
}

/// # Safety
/// No mutable slice of the three memories is in use.
unsafe fn batches<'a>(
    bytes: &'a View<u8>,
    rows: &'a View<i32>,
    rules: &'a View<u8>,
    count: f64,
) -> Result<Batches<'a>> {
    let count = size(count, rules.len(), "the count")?;
    // SAFETY: the caller vouches.
    unsafe { Batches::new(bytes.slice(), rows.slice(), rules.slice(), count) }
}

fn short_state() -> Error {
    Error::argument("the state array is too short")
}
