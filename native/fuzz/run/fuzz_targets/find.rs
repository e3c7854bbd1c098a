//! See `seglog_fuzz::indexes::find`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seglog_fuzz::indexes::find(data));
