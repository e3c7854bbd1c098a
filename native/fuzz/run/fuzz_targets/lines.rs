//! See `seglog_fuzz::records::lines`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::records::lines(data));
