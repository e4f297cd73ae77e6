//! Has the linker put what a start and a message's way run side by side: `docs/decisions/0036-layout.md`.

use std::env;

/// Written by `packaging/layout`.
const LAYOUT: &str = "packaging/layout.ld";

fn main() {
    println!("cargo::rerun-if-changed={LAYOUT}");
    let Ok(root) = env::var("CARGO_MANIFEST_DIR") else {
        return;
    };
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|given| given == value);
    // The symbols are those of a release for this target, and the linker is the one that Rust brings for it: who names
    // another may have one that reads no such script.
    let is_ours = is("PROFILE", "release") && is("TARGET", "x86_64-unknown-linux-gnu");
    let names_linker = env::var_os("RUSTC_LINKER").is_some()
        || env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    if is_ours && !names_linker {
        println!("cargo::rustc-link-arg-bin=tolmach=-T{root}/{LAYOUT}");
    }
}
