//! Compression.

use crate::argument::{View, disjoint, range, size};
use crate::failure::guard;
use napi_derive::napi;
use seglog_core::Result;
use seglog_core::codec::Codec;

/// The most bytes that compressing `length` bytes can give.
#[napi]
pub fn compress_bound(codec: u32, length: f64) -> napi::Result<f64> {
    guard(|| {
        let length = size(length, isize::MAX as usize / 4, "the length")?;
        Ok(Codec::from_id(codec)?.bound(length) as f64)
    })
}

/// Compresses `source[start, end)` to `target[targetStart..]`; returns the number of bytes.
#[napi(
    ts_args_type = "codec: number, level: number, source: Uint8Array, start: number, end: number, target: Uint8Array, targetStart: number"
)]
pub fn compress(
    codec: u32,
    level: i32,
    source: View<u8>,
    start: f64,
    end: f64,
    mut target: View<u8>,
    target_start: f64,
) -> napi::Result<f64> {
    guard(|| {
        let range = range(start, end, source.len())?;
        let room = size(target_start, target.len(), "the target's start")?..target.len();
        let (source, target) = parts(&source, range, &mut target, room)?;
        Ok(Codec::from_id(codec)?.compress(level, source, target)? as f64)
    })
}

/// Decompresses `source[start, end)` to `target`; returns the number of bytes, or -1 when they do not fit.
#[napi(
    ts_args_type = "codec: number, magic: number, source: Uint8Array, start: number, end: number, target: Uint8Array"
)]
pub fn decompress(
    codec: u32,
    magic: i32,
    source: View<u8>,
    start: f64,
    end: f64,
    mut target: View<u8>,
) -> napi::Result<f64> {
    guard(|| {
        let range = range(start, end, source.len())?;
        let room = 0..target.len();
        let (source, target) = parts(&source, range, &mut target, room)?;
        let length = Codec::from_id(codec)?.decompress(magic as i8, source, target)?;
        Ok(length.map_or(-1.0, |length| length as f64))
    })
}

/// The two ranges as slices. Source and target may be parts of one buffer, so that only the ranges become slices.
fn parts<'a>(
    source: &'a View<u8>,
    range: std::ops::Range<usize>,
    target: &'a mut View<u8>,
    room: std::ops::Range<usize>,
) -> Result<(&'a [u8], &'a mut [u8])> {
    disjoint(&[target.part(room.clone())], &[source.part(range.clone())])?;
    // SAFETY: just seen not to overlap.
    Ok(unsafe { (source.slice_of(range), target.slice_mut_of(room)) })
}
