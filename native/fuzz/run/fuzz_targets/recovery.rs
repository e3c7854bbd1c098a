//! See `seglog_fuzz::recovery::recovery`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::recovery::recovery(data));
