//! Checksums, scanning, reading and locating batches.

use crate::argument::{View, disjoint, int32_range, range, size, whole};
use crate::failure::{guard, outcome};
use napi::bindgen_prelude::{AsyncTask, Float64Array, Int32Array, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use seglog_core::find::{Place, find as find_batch};
use seglog_core::locate::{Located, locate as locate_batch};
use seglog_core::scan::{ROW, Scan, scan};
use seglog_core::{Error, Result, batch, crc, io};

/// Numbers in a scan's outcome: `SCAN_OUTCOME`.
const SCAN_OUTCOME: usize = 5;
/// Numbers in a search's outcome: `LOCATE_OUTCOME`.
const LOCATE_OUTCOME: usize = 4;

/// CRC-32C of `bytes[start, end)`.
#[napi(js_name = "crc32c", ts_args_type = "bytes: Uint8Array, start: number, end: number")]
pub fn crc32c(bytes: View<u8>, start: f64, end: f64) -> napi::Result<u32> {
    guard(|| {
        let range = range(start, end, bytes.len())?;
        // SAFETY: the only argument with memory.
        Ok(crc::crc32c(unsafe { &bytes.slice()[range] }))
    })
}

/// CRC-32 of `bytes[start, end)`.
#[napi(ts_args_type = "bytes: Uint8Array, start: number, end: number")]
pub fn crc32(bytes: View<u8>, start: f64, end: f64) -> napi::Result<u32> {
    guard(|| {
        let range = range(start, end, bytes.len())?;
        // SAFETY: the only argument with memory.
        Ok(crc::crc32(unsafe { &bytes.slice()[range] }))
    })
}

/// Writes the checksum of the format 2 batch in `batch[0, length)`.
#[napi(ts_args_type = "batch: Uint8Array, length: number")]
pub fn seal_batch(mut batch: View<u8>, length: f64) -> napi::Result<()> {
    guard(|| {
        let length = size(length, batch.len(), "the length")?;
        // SAFETY: the only argument with memory.
        batch::seal(unsafe { &mut batch.slice_mut()[..length] })
    })
}

/// Finds the whole batches in `bytes[start, end)`.
#[napi(
    ts_args_type = "bytes: Uint8Array, start: number, end: number, verify: boolean, rows: Int32Array, outcome: Float64Array"
)]
pub fn scan_batches(
    bytes: View<u8>,
    start: f64,
    end: f64,
    verify: bool,
    mut rows: View<i32>,
    mut outcome: View<f64>,
) -> napi::Result<()> {
    guard(|| {
        let range = int32_range(start, end, bytes.len())?;
        disjoint(&[rows.span(), outcome.span()], &[bytes.part(0..range.end)])?;
        // SAFETY: just seen not to overlap.
        let (bytes, rows, outcome) = unsafe { (bytes.slice_of(0..range.end), rows.slice_mut(), outcome.slice_mut()) };
        let outcome = scan_outcome(outcome)?;
        report(scan(bytes, range.start, range.end, verify, rows), range.len(), outcome);
        Ok(())
    })
}

/// Reads `length` bytes of the file at `position`, and finds the whole batches in what was there.
#[napi(
    ts_args_type = "descriptor: number, position: number, bytes: Uint8Array, length: number, verify: boolean, rows: Int32Array, outcome: Float64Array"
)]
pub fn read_batches(
    descriptor: i32,
    position: f64,
    mut bytes: View<u8>,
    length: f64,
    verify: bool,
    mut rows: View<i32>,
    mut outcome: View<f64>,
) -> napi::Result<()> {
    guard(|| {
        disjoint(&[bytes.span(), rows.span(), outcome.span()], &[])?;
        let request = Request::new(descriptor, position, length, bytes.len(), outcome.len(), verify)?;
        // SAFETY: just seen not to overlap.
        unsafe { request.run(bytes.slice_mut(), rows.slice_mut(), outcome.slice_mut()) }
    })
}

/// The same on another thread; resolves to what failed, or null.
#[napi(
    ts_args_type = "descriptor: number, position: number, bytes: Uint8Array, length: number, verify: boolean, rows: Int32Array, outcome: Float64Array",
    ts_return_type = "Promise<string | null>"
)]
pub fn read_batches_async(
    descriptor: i32,
    position: f64,
    bytes: Uint8Array,
    length: f64,
    verify: bool,
    rows: Int32Array,
    outcome: Float64Array,
) -> napi::Result<AsyncTask<ReadTask>> {
    guard(|| {
        let spans = [bytes.as_ptr_range(), cast(rows.as_ptr_range()), cast(outcome.as_ptr_range())];
        disjoint(&spans.map(|span| span.start as usize..span.end as usize), &[])?;
        let request = Request::new(descriptor, position, length, bytes.len(), outcome.len(), verify)?;
        Ok(AsyncTask::new(ReadTask { request, bytes, rows, outcome }))
    })
}

fn cast<T>(range: std::ops::Range<*const T>) -> std::ops::Range<*const u8> {
    range.start.cast()..range.end.cast()
}

#[derive(Clone, Copy)]
struct Request {
    descriptor: i32,
    position: u64,
    length: usize,
    verify: bool,
}

impl Request {
    fn new(descriptor: i32, position: f64, length: f64, room: usize, outcome: usize, verify: bool) -> Result<Self> {
        if outcome < SCAN_OUTCOME {
            return Err(short_outcome());
        }
        let length = int32_range(0.0, length, room)?.end;
        Ok(Self { descriptor, position: whole(position, "the position")?, length, verify })
    }

    fn run(self, bytes: &mut [u8], rows: &mut [i32], outcome: &mut [f64]) -> Result<()> {
        let bytes = &mut bytes[..self.length];
        let filled = io::read_at(self.descriptor, bytes, self.position).map_err(Error::io("read"))?;
        let outcome = scan_outcome(outcome)?;
        report(scan(bytes, 0, filled, self.verify, rows), filled, outcome);
        Ok(())
    }
}

/// A read on its way. The arrays are referenced until it settles, and theirs until then by contract.
pub struct ReadTask {
    request: Request,
    bytes: Uint8Array,
    rows: Int32Array,
    outcome: Float64Array,
}

impl Task for ReadTask {
    type Output = Option<String>;
    type JsValue = Option<String>;

    fn compute(&mut self) -> napi::Result<Option<String>> {
        let request = self.request;
        // SAFETY: seen not to overlap when the task was made; the caller leaves them alone until it settles.
        Ok(outcome(|| unsafe { request.run(self.bytes.as_mut(), self.rows.as_mut(), self.outcome.as_mut()) }))
    }

    fn resolve(&mut self, _env: Env, failure: Option<String>) -> napi::Result<Option<String>> {
        Ok(failure)
    }
}

/// Finds the first batch in file positions `[position, end)` that ends at `target` or later.
#[napi(
    ts_args_type = "descriptor: number, position: number, end: number, target: number, scratch: Uint8Array, outcome: Float64Array"
)]
pub fn locate(
    descriptor: i32,
    position: f64,
    end: f64,
    target: f64,
    mut scratch: View<u8>,
    mut outcome: View<f64>,
) -> napi::Result<()> {
    guard(|| {
        disjoint(&[scratch.span(), outcome.span()], &[])?;
        // SAFETY: just seen not to overlap.
        let (scratch, outcome) = unsafe { (scratch.slice_mut(), outcome.slice_mut()) };
        let Some(outcome) = outcome.first_chunk_mut::<LOCATE_OUTCOME>() else {
            return Err(short_outcome());
        };
        let read = |bytes: &mut [u8], at| io::read_at(descriptor, bytes, at);
        let (position, end) = (whole(position, "the position")?, whole(end, "the end")?);
        *outcome = located(locate_batch(read, position, end, target as i64, scratch)?);
        Ok(())
    })
}

/// Finds the first batch that ends at `target` or later, by the offset index.
#[napi(
    ts_args_type = "descriptor: number, entries: Uint8Array, count: number, baseOffset: number, end: number, target: number, scratch: Uint8Array, outcome: Float64Array"
)]
#[allow(clippy::too_many_arguments, reason = "one call, and no object made for it, is the point")]
pub fn find(
    descriptor: i32,
    entries: View<u8>,
    count: f64,
    base_offset: f64,
    end: f64,
    target: f64,
    mut scratch: View<u8>,
    mut outcome: View<f64>,
) -> napi::Result<()> {
    guard(|| {
        disjoint(&[scratch.span(), outcome.span()], &[entries.span()])?;
        // SAFETY: just seen not to overlap.
        let (entries, scratch, outcome) = unsafe { (entries.slice(), scratch.slice_mut(), outcome.slice_mut()) };
        let Some(outcome) = outcome.first_chunk_mut::<LOCATE_OUTCOME>() else {
            return Err(short_outcome());
        };
        let read = |bytes: &mut [u8], at| io::read_at(descriptor, bytes, at);
        let place = Place {
            entries,
            count: whole(count, "the count")? as usize,
            base_offset: whole(base_offset, "the base offset")? as i64,
            end: whole(end, "the end")?,
        };
        *outcome = located(find_batch(read, &place, target as i64, scratch)?);
        Ok(())
    })
}

fn located(found: Located) -> [f64; LOCATE_OUTCOME] {
    match found {
        Located::Beyond { position } => [0.0, position as f64, 0.0, 0.0],
        Located::Found { position, size, header } => [1.0, position as f64, size as f64, header as f64],
        Located::Invalid { position, header } => [2.0, position as f64, 0.0, header as f64],
    }
}

fn scan_outcome(outcome: &mut [f64]) -> Result<&mut [f64; SCAN_OUTCOME]> {
    outcome.first_chunk_mut().ok_or_else(short_outcome)
}

fn report(found: Scan, filled: usize, outcome: &mut [f64; SCAN_OUTCOME]) {
    let stop = f64::from(found.stop as u8);
    *outcome = [found.count as f64, found.end as f64, stop, found.need as f64, filled as f64];
}

fn short_outcome() -> Error {
    Error::argument("the outcome array is too short")
}

const _: () = assert!(ROW == 2);
