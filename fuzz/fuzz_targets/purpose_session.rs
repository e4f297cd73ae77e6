//! Has libFuzzer drive the target `purpose_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("purpose_session", input));
