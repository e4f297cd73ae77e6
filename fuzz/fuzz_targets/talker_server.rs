//! Has libFuzzer drive the target `talker_server`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("talker_server", input));
