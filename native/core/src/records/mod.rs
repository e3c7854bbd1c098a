//! The records of a format 2 batch.

pub mod check;
pub mod decode;
pub mod lines;
pub mod text;
pub mod varint;

pub use decode::{Fault, Outcome, ROW, decode};
