//! See `seglog_fuzz::indexes::search`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::indexes::search(data));
