//! The hot path of seglog: everything that touches each byte of a log, in plain Rust.
//!
//! No type of Node's interface appears here; `native/binding` translates. Every function takes borrowed bytes and numbers
//! that it checks before use, so that nothing a caller passes can be undefined behaviour.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

pub mod append;
pub mod batch;
pub mod bytes;
pub mod cleaning;
pub mod codec;
pub mod cpu;
pub mod crc;
pub mod error;
pub mod find;
pub mod index;
pub mod io;
pub mod locate;
pub mod lock;
pub mod probe;
pub mod records;
pub mod recovery;
pub mod scan;

pub use error::{Error, Result};
