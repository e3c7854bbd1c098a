//! Index search and index building.

use crate::argument::{View, disjoint, size};
use crate::failure::guard;
use napi_derive::napi;
use seglog_core::index::build::{Entries, STATE, State, build};
use seglog_core::index::search::search;
use seglog_core::{Error, scan};

/// The slot of the last of `count` entries whose key is at most `target`, or -1.
#[napi(ts_args_type = "entries: Uint8Array, count: number, entrySize: number, target: number")]
pub fn search_index(entries: View<u8>, count: f64, entry_size: u32, target: f64) -> napi::Result<i32> {
    guard(|| {
        let count = size(count, entries.len(), "the count")?;
        // SAFETY: the only argument with memory.
        search(unsafe { entries.slice() }, count, entry_size as usize, target)
    })
}

/// Adds the index entries of the `count` batches at `rows`.
#[napi(
    ts_args_type = "bytes: Uint8Array, rows: Int32Array, count: number, state: Float64Array, offsetEntries: Uint8Array, timeEntries: Uint8Array"
)]
pub fn build_index(
    bytes: View<u8>,
    rows: View<i32>,
    count: f64,
    mut state: View<f64>,
    mut offset_entries: View<u8>,
    mut time_entries: View<u8>,
) -> napi::Result<()> {
    guard(|| {
        let count = size(count, rows.len() / scan::ROW, "the count")?;
        let written = [state.span(), offset_entries.span(), time_entries.span()];
        disjoint(&written, &[bytes.span(), rows.span()])?;
        // SAFETY: just seen not to overlap.
        let (bytes, rows, state) = unsafe { (bytes.slice(), rows.slice(), state.slice_mut()) };
        let Some(state) = state.first_chunk_mut::<STATE>() else {
            return Err(Error::argument("the state array is too short"));
        };
        let mut kept = State::from_array(state);
        // SAFETY: just seen not to overlap.
        let (offset, time) = unsafe { (offset_entries.slice_mut(), time_entries.slice_mut()) };
        let built = build(bytes, &rows[..count * scan::ROW], &mut kept, &mut Entries { offset, time });
        *state = kept.to_array();
        built
    })
}
