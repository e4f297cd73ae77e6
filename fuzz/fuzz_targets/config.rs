//! Has libFuzzer drive the target `config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("config", input));
