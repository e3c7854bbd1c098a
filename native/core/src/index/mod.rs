//! Offset and time indexes: searching entries, and making them from batches.

pub mod build;
pub mod search;

/// Bytes of an offset index entry: `relativeOffset int32`, `position int32`.
pub const OFFSET_ENTRY: usize = 4 + 4;
/// Bytes of a time index entry: `timestamp int64`, `relativeOffset int32`.
pub const TIME_ENTRY: usize = 8 + 4;
