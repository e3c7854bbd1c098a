//! See `seglog_fuzz::records::records`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::records::records(data));
