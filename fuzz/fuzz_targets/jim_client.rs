//! Has libFuzzer drive the target `jim_client`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("jim_client", input));
