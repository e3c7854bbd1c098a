//! Records as JSON lines.

use crate::argument::{View, disjoint, int32_range};
use crate::failure::guard;
use napi_derive::napi;
use seglog_core::records::Fault;
use seglog_core::records::lines::{Batch, Progress, Style, write};
use seglog_core::records::text::Encoding;
use seglog_core::{Error, Result};

/// Numbers in the state: `LINE_STATE` of the engine's contract.
const STATE: usize = 12;
/// All bits of what may be redacted.
const REDACTED: std::ops::RangeInclusive<i32> = 0..=7;

/// Writes the lines of the records from the state's position to `end`.
#[napi(ts_args_type = "bytes: Uint8Array, end: number, target: Uint8Array, state: Int32Array")]
pub fn record_lines(bytes: View<u8>, end: f64, mut target: View<u8>, mut state: View<i32>) -> napi::Result<()> {
    guard(|| {
        let end = int32_range(0.0, end, bytes.len())?;
        disjoint(&[target.span(), state.span()], &[bytes.part(end.clone())])?;
        // SAFETY: just seen not to overlap.
        let (bytes, target, state) = unsafe { (bytes.slice_of(end), target.slice_mut(), state.slice_mut()) };
        let Some(state) = state.first_chunk_mut::<STATE>() else {
            return Err(Error::argument("the state array is too short"));
        };
        let room = target.len().min(i32::MAX as usize);
        let (batch, style, mut progress) = parse(state, bytes.len())?;
        write(bytes, &batch, &style, &mut progress, &mut target[..room]);
        // All of these are below 2^31.
        state[0] = progress.position as i32;
        state[1] = progress.record;
        state[2] = progress.written as i32;
        state[3] = progress.fault as i32;
        Ok(())
    })
}

fn parse(state: &[i32; STATE], end: usize) -> Result<(Batch, Style, Progress)> {
    let [position, record, _, _, count, offset_low, offset_high, time_low, time_high, append_time, encoding, redacted] =
        *state;
    let position = usize::try_from(position).ok().filter(|position| *position <= end);
    let Some(position) = position.filter(|_| (0..=count.max(0)).contains(&record)) else {
        return Err(Error::argument("the state's position is not in the batch"));
    };
    let Some(encoding) = Encoding::from_id(encoding).filter(|_| REDACTED.contains(&redacted)) else {
        return Err(Error::argument("there is no such encoding of lines"));
    };
    let batch = Batch {
        count,
        base_offset: join(offset_low, offset_high),
        timestamp: join(time_low, time_high),
        is_append_time: append_time != 0,
    };
    let style = Style {
        encoding,
        redacts_keys: redacted & 1 != 0,
        redacts_values: redacted & 2 != 0,
        redacts_headers: redacted & 4 != 0,
    };
    Ok((batch, style, Progress { position, record, written: 0, fault: Fault::None }))
}

fn join(low: i32, high: i32) -> i64 {
    i64::from(high) << 32 | i64::from(low.cast_unsigned())
}
