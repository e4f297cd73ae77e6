//! Has libFuzzer drive the target `uchat_client`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("uchat_client", input));
