//! See `seglog_fuzz::recovery::split`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::recovery::split(data));
