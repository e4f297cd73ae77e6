//! Has libFuzzer drive the target `talker_client`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("talker_client", input));
