//! See `seglog_fuzz::batches::batches`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::batches::batches(data));
