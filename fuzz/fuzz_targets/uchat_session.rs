//! Has libFuzzer drive the target `uchat_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("uchat_session", input));
