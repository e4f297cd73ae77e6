//! Has libFuzzer drive the target `control`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("control", input));
