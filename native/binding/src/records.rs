//! Decoding and checking records.

use crate::argument::{View, disjoint, int32_range};
use crate::failure::guard;
use napi_derive::napi;
use seglog_core::{Error, records};

/// Decodes `count` format 2 records that fill `bytes[start, end)`.
#[napi(
    ts_args_type = "bytes: Uint8Array, start: number, end: number, count: number, rows: Int32Array, outcome: Int32Array"
)]
pub fn decode_records(
    bytes: View<u8>,
    start: f64,
    end: f64,
    count: i32,
    mut rows: View<i32>,
    mut outcome: View<i32>,
) -> napi::Result<()> {
    guard(|| {
        let range = int32_range(start, end, bytes.len())?;
        disjoint(&[rows.span(), outcome.span()], &[bytes.part(0..range.end)])?;
        // SAFETY: just seen not to overlap.
        let (bytes, rows, outcome) = unsafe { (bytes.slice_of(0..range.end), rows.slice_mut(), outcome.slice_mut()) };
        let Some(outcome) = outcome.first_chunk_mut::<3>() else {
            return Err(Error::argument("the outcome array is too short"));
        };
        let found = records::decode(bytes, range.start, range.end, count, rows)?;
        *outcome = [found.fault as i32, found.record, found.position as i32];
        Ok(())
    })
}

/// Numbers that a check reports: `RECORD_CHECK` of the engine's contract.
const CHECK: usize = 8;

/// Goes over `count` format 2 records that fill `bytes[start, end)`.
#[napi(ts_args_type = "bytes: Uint8Array, start: number, end: number, count: number, outcome: Int32Array")]
pub fn check_records(bytes: View<u8>, start: f64, end: f64, count: i32, mut outcome: View<i32>) -> napi::Result<()> {
    guard(|| {
        let range = int32_range(start, end, bytes.len())?;
        disjoint(&[outcome.span()], &[bytes.part(0..range.end)])?;
        // SAFETY: just seen not to overlap.
        let (bytes, outcome) = unsafe { (bytes.slice_of(0..range.end), outcome.slice_mut()) };
        let Some(outcome) = outcome.first_chunk_mut::<CHECK>() else {
            return Err(Error::argument("the outcome array is too short"));
        };
        let found = records::check::check(bytes, range.start, count);
        *outcome = [
            found.fault as i32,
            found.record,
            found.position as i32, // below 2^31, as the range is
            i32::from(found.not_rising.is_some()),
            found.not_rising.unwrap_or(0),
            found.last_offset_delta,
            found.max_timestamp_delta as i32, // the low half
            (found.max_timestamp_delta >> 32) as i32,
        ];
        Ok(())
    })
}
