//! Has libFuzzer drive the target `purpose_server`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("purpose_server", input));
