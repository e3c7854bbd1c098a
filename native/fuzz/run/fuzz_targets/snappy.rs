//! See `seglog_fuzz::codecs::snappy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::codecs::snappy(data));
