//! Has libFuzzer drive the target `talker_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("talker_session", input));
