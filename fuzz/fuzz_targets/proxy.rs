//! Has libFuzzer drive the target `proxy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("proxy", input));
