//! Variables: text bare or quoted, lists as in TOML, and what is wrong with them.

use std::ffi::OsString;

use super::{load, only, variable_error};
use crate::config::Config;

#[test]
fn text_is_bare_or_quoted() {
    for value in ["1234x", "\"1234x\"", "'1234x'"] {
        assert_eq!(load("", &[("TOLMACH_NAME", value)]).unwrap().name, "1234x");
    }
    // What TOML reads as something else is text where text is wanted.
    for value in ["true", "1.5", "2026-01-01", "[a]"] {
        assert_eq!(load("", &[("TOLMACH_NAME", value)]).unwrap().name, value);
    }
}

#[test]
fn a_list_of_listeners() {
    let list = r#"[{dialect="jim",address="127.0.0.1:0"}, {dialect="uchat",tls="off"}]"#;
    let config = load(
        "[[listener]]\ndialect = 'talker'",
        &[("TOLMACH_LISTENER", list)],
    )
    .unwrap();
    let shown: Vec<_> = config
        .listeners
        .iter()
        .map(|one| format!("{}={}", one.name, one.address))
        .collect();
    assert_eq!(shown, ["jim=127.0.0.1:0", "uchat=[::]:3333"]);
    assert!(config.describe().contains("# TOLMACH_LISTENER, listener 2"));
}

#[test]
fn others_variables_are_passed_over() {
    let others = [
        ("TOLMACH_PASSWORD", "secret"),
        ("HOME", "/"),
        ("tolmach_name", "x"),
        ("XTOLMACH_NAME", "x"),
    ];
    assert_eq!(load("", &others).unwrap(), Config::default());
    let none = Config::load(
        None,
        std::env::vars_os().filter(|(name, _)| name == "PATH"),
        &only(&["jim"]),
    )
    .unwrap();
    assert_eq!(none.listeners.len(), 1);
}

#[test]
fn unknown_variables() {
    let cases = [
        (
            "TOLMACH_LIMITS__QUEUE_EVENT",
            "TOLMACH_LIMITS__QUEUE_EVENTS",
        ),
        ("TOLMACH_LIMITS_BURST", "TOLMACH_LIMITS__BURST"),
        ("TOLMACH_NAMES", "TOLMACH_NAME"),
        ("TOLMACH_JIM__PAZE", "TOLMACH_JIM__PACE"),
    ];
    for (name, nearest) in cases {
        assert_eq!(
            variable_error(name, "1"),
            format!("{name}: there is no such key; did you mean {nearest}?")
        );
    }
    let far = variable_error("TOLMACH_TOKENS", "1");
    assert!(!far.contains("did you mean"), "{far}");
}

#[test]
fn values_of_the_wrong_kind() {
    let cases = [
        (
            "TOLMACH_LIMITS__BURST",
            "many",
            "limits.burst: \"many\" is not a whole number; write a whole number, or 0 for no limit",
        ),
        (
            "TOLMACH_ACCOUNTS__GUESTS",
            "yes",
            "accounts.guests: \"yes\" is neither true nor false; write true or false",
        ),
        (
            "TOLMACH_PRESENCE__GRACE",
            "30",
            "presence.grace: 30 has no unit; write \"30s\" for seconds",
        ),
        (
            "TOLMACH_ROOMS__CREATE",
            "lobby",
            "rooms.create: \"lobby\" is not a list; write [\"lobby\"], or [] for none",
        ),
        (
            "TOLMACH_NAME",
            "",
            "name: the name is empty; write a name of 1 to 25 characters, as \"tolmach\"",
        ),
        (
            "TOLMACH_LISTENER",
            "jim",
            "listener: \"jim\" is not a listener; write [[listener]] and its keys below it",
        ),
    ];
    for (name, value, wrong) in cases {
        assert_eq!(variable_error(name, value), format!("{name}: {wrong}"));
    }
    assert_eq!(
        variable_error(
            "TOLMACH_LISTENER",
            r#"[{dialect="jim"},{dialect="uchat",adress="x"}]"#
        ),
        "TOLMACH_LISTENER, listener 2: listener.adress: there is no such key; did you mean address?"
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_utf8() {
    use std::os::unix::ffi::OsStringExt;
    let value = OsString::from_vec(vec![b'a', 0xff]);
    let error = Config::load(None, [(OsString::from("TOLMACH_NAME"), value)], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "TOLMACH_NAME: name: the value is not UTF-8; write it in UTF-8"
    );
}
