//! What must hold for any bytes that seglog-core is given: one function for each decoder, which panics where it does not.
//!
//! `run/` has libFuzzer call them (`npm run fuzz`); `tests/found_inputs.rs` replays the seeds, and what was ever found,
//! with the usual test runner.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a target fails by panicking")]

pub mod batches;
pub mod cleaning;
pub mod codecs;
pub mod indexes;
pub mod memory;
pub mod records;
pub mod recovery;
pub mod segment;

/// A target: its name, which is that of its corpus' folder too, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All of them. `run/fuzz_targets` has a program for each.
pub const TARGETS: &[Target] = &[
    ("batches", batches::batches),
    ("legacy", batches::legacy),
    ("records", records::records),
    ("lines", records::lines),
    ("gzip", codecs::gzip),
    ("snappy", codecs::snappy),
    ("lz4", codecs::lz4),
    ("zstd", codecs::zstd),
    ("compress", codecs::compress),
    ("index_search", indexes::search),
    ("index_build", indexes::build),
    ("find", indexes::find),
    ("recovery", recovery::recovery),
    ("recovery_split", recovery::split),
    ("cleaning", cleaning::cleaning),
];
