//! See `seglog_fuzz::cleaning::cleaning`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::cleaning::cleaning(data));
