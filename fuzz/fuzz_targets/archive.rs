//! Has libFuzzer drive the target `archive`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("archive", input));
