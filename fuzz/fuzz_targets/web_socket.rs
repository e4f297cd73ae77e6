//! Has libFuzzer drive the target `web_socket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tolmach_fuzz::run("web_socket", input));
