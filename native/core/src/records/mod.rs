//! The records of a format 2 batch.

pub mod decode;
pub mod varint;

pub use decode::{Fault, Outcome, ROW, decode};
