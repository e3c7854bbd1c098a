//! Recovery's pass over a segment.

use crate::argument::{View, disjoint, whole};
use crate::failure::{guard, outcome};
use napi::bindgen_prelude::{AsyncTask, Float64Array, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use seglog_core::index::build::Entries;
use seglog_core::recovery::{Output, STATE, State, recover as recover_segment};
use seglog_core::{Error, Result, io};

/// Goes over the batches of the file from the state's position to `end`.
#[napi(
    ts_args_type = "descriptor: number, end: number, scratch: Uint8Array, state: Float64Array, rows: Float64Array, offsetEntries: Uint8Array, timeEntries: Uint8Array"
)]
pub fn recover(
    descriptor: i32,
    end: f64,
    mut scratch: View<u8>,
    mut state: View<f64>,
    mut rows: View<f64>,
    mut offset_entries: View<u8>,
    mut time_entries: View<u8>,
) -> napi::Result<()> {
    guard(|| {
        let written = [scratch.span(), state.span(), rows.span(), offset_entries.span(), time_entries.span()];
        disjoint(&written, &[])?;
        // SAFETY: just seen not to overlap.
        let places = unsafe {
            Places {
                scratch: scratch.slice_mut(),
                state: state.slice_mut(),
                rows: rows.slice_mut(),
                offset: offset_entries.slice_mut(),
                time: time_entries.slice_mut(),
            }
        };
        run(descriptor, whole(end, "the end")?, places)
    })
}

/// The same on another thread; resolves to what failed, or null.
#[napi(
    ts_args_type = "descriptor: number, end: number, scratch: Uint8Array, state: Float64Array, rows: Float64Array, offsetEntries: Uint8Array, timeEntries: Uint8Array",
    ts_return_type = "Promise<string | null>"
)]
pub fn recover_async(
    descriptor: i32,
    end: f64,
    scratch: Uint8Array,
    state: Float64Array,
    rows: Float64Array,
    offset_entries: Uint8Array,
    time_entries: Uint8Array,
) -> napi::Result<AsyncTask<RecoverTask>> {
    guard(|| {
        let spans = [
            scratch.as_ptr_range(),
            cast(state.as_ptr_range()),
            cast(rows.as_ptr_range()),
            offset_entries.as_ptr_range(),
            time_entries.as_ptr_range(),
        ];
        disjoint(&spans.map(|span| span.start as usize..span.end as usize), &[])?;
        let end = whole(end, "the end")?;
        Ok(AsyncTask::new(RecoverTask { descriptor, end, scratch, state, rows, offset_entries, time_entries }))
    })
}

fn cast(range: std::ops::Range<*const f64>) -> std::ops::Range<*const u8> {
    range.start.cast()..range.end.cast()
}

struct Places<'a> {
    scratch: &'a mut [u8],
    state: &'a mut [f64],
    rows: &'a mut [f64],
    offset: &'a mut [u8],
    time: &'a mut [u8],
}

fn run(descriptor: i32, end: u64, places: Places<'_>) -> Result<()> {
    let Places { scratch, state, rows, offset, time } = places;
    let Some(state) = state.first_chunk_mut::<STATE>() else {
        return Err(Error::argument("the state array is too short"));
    };
    let mut kept = State::from_array(state);
    let read = |bytes: &mut [u8], at| io::read_at(descriptor, bytes, at);
    let mut out = Output { rows, entries: Entries { offset, time } };
    let done = recover_segment(read, end, scratch, &mut kept, &mut out);
    *state = kept.to_array();
    done
}

/// A pass on its way. The arrays are referenced until it settles, and theirs until then by contract.
pub struct RecoverTask {
    descriptor: i32,
    end: u64,
    scratch: Uint8Array,
    state: Float64Array,
    rows: Float64Array,
    offset_entries: Uint8Array,
    time_entries: Uint8Array,
}

impl Task for RecoverTask {
    type Output = Option<String>;
    type JsValue = Option<String>;

    fn compute(&mut self) -> napi::Result<Option<String>> {
        Ok(outcome(|| {
            // SAFETY: seen not to overlap when the task was made; the caller leaves them alone until it settles.
            let places = unsafe {
                Places {
                    scratch: self.scratch.as_mut(),
                    state: self.state.as_mut(),
                    rows: self.rows.as_mut(),
                    offset: self.offset_entries.as_mut(),
                    time: self.time_entries.as_mut(),
                }
            };
            run(self.descriptor, self.end, places)
        }))
    }

    fn resolve(&mut self, _env: Env, failure: Option<String>) -> napi::Result<Option<String>> {
        Ok(failure)
    }
}
