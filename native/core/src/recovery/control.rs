//! The first record of a control batch, of which only type and coordinator epoch are of interest.

use crate::batch;
use crate::bytes::{i16_at, i32_at};
use crate::records::{self, Fault};

/// Not a control batch.
pub const NO_CONTROL: i32 = -1;
/// A control batch without records.
const EMPTY: i32 = -2;
/// A control batch that is compressed, malformed, or larger than any that Kafka writes.
const UNREADABLE: i32 = -3;

/// The most bytes of a control batch that is read; a marker has 78.
pub const MAX_SIZE: usize = 64 * 1024;

const CODEC_MASK: i16 = 0x07;
const CONTROL: i16 = 0x20;
const ABORT: i32 = 0;
const COMMIT: i32 = 1;

/// What a control batch says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// Its first record's type, or one of the constants above.
    pub control_type: i32,
    /// That of an end marker; -1 elsewhere.
    pub coordinator_epoch: i32,
}

/// Whether the attributes of a format 2 batch say that it is a control batch.
pub fn is_control(attributes: i16) -> bool {
    attributes & CONTROL != 0
}

/// Reads the control record of a format 2 batch of `size` bytes, all of them in `bytes` unless that is more than
/// [`MAX_SIZE`].
pub fn read(bytes: &[u8], size: u64) -> Control {
    let attributes = i16_at(bytes, batch::ATTRIBUTES);
    let of_type = |control_type| Control { control_type, coordinator_epoch: -1 };
    if !is_control(attributes) {
        return of_type(NO_CONTROL);
    }
    let count = i32_at(bytes, batch::COUNT);
    if count == 0 {
        return of_type(EMPTY);
    }
    if attributes & CODEC_MASK != 0 || count < 0 || size > MAX_SIZE as u64 {
        return of_type(UNREADABLE);
    }
    let mut row = [0; records::ROW];
    let Ok(decoded) = records::decode(bytes, batch::HEADER, bytes.len(), 1, &mut row) else {
        return of_type(UNREADABLE);
    };
    // Other records may follow the first; nobody reads them.
    if decoded.fault != Fault::None && !(decoded.fault == Fault::TrailingBytes && count > 1) {
        return of_type(UNREADABLE);
    }
    let [_, _, _, key, key_length, value, value_length, _] = row;
    if key_length < 4 || i16_at(bytes, key as usize) < 0 {
        return of_type(UNREADABLE);
    }
    let control_type = i32::from(i16_at(bytes, key as usize + 2));
    match control_type {
        // A type below 0 is unknown, as one that is too large is, and must not look like a constant above.
        ..0 => of_type(i32::from(i16::MAX)),
        ABORT | COMMIT => {
            if value_length < 6 || i16_at(bytes, value as usize) < 0 {
                return of_type(UNREADABLE);
            }
            Control { control_type, coordinator_epoch: i32_at(bytes, value as usize + 2) }
        }
        _ => of_type(control_type),
    }
}
