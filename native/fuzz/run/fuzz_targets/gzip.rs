//! See `seglog_fuzz::codecs::gzip`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::codecs::gzip(data));
