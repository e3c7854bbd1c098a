//! See `seglog_fuzz::batches::legacy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::batches::legacy(data));
