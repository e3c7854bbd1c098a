//! See `seglog_fuzz::codecs::lz4`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::codecs::lz4(data));
