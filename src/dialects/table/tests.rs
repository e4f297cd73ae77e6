//! The built-in dialects and their page.

use super::*;
use crate::hub::EventEncoder;

/// A form of each dialect that says all it can.
fn encoders() -> Vec<(&'static str, Box<dyn EventEncoder>)> {
    vec![
        #[cfg(feature = "jim")]
        ("jim", crate::dialects::jim::talkative()),
        #[cfg(feature = "talker")]
        ("talker", crate::dialects::talker::talkative()),
        #[cfg(feature = "purpose")]
        ("purpose", crate::dialects::purpose::talkative()),
        #[cfg(feature = "uchat")]
        ("uchat", crate::dialects::uchat::talkative()),
    ]
}

#[test]
fn what_is_declared_is_written_and_nothing_else() {
    let encoders = encoders();
    assert_eq!(encoders.len(), crate::dialects::ALL.len());
    for (dialect, (name, encoder)) in crate::dialects::ALL.iter().zip(encoders) {
        assert_eq!(dialect.name(), name);
        assert_eq!(check(*dialect, &*encoder), Ok(()), "{name}");
    }
}

/// `TOLMACH_RECORD=1 cargo test --lib dialects` writes the page anew.
#[test]
#[cfg(all(
    feature = "jim",
    feature = "talker",
    feature = "purpose",
    feature = "uchat"
))]
fn the_page_is_what_the_code_declares() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dialects.md");
    if std::env::var_os("TOLMACH_RECORD").is_some() {
        std::fs::write(path, markdown(crate::dialects::ALL)).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == markdown(crate::dialects::ALL),
        "docs/dialects.md is stale; TOLMACH_RECORD=1 cargo test --lib dialects writes it"
    );
}
