//! The command line itself: help, mistakes, `check`.

use super::bench::{Bench, run, tolmach};

const COMMANDS: [&str; 10] = [
    "serve",
    "check",
    "user",
    "token",
    "room",
    "session",
    "history",
    "tap",
    "chat",
    "transcode",
];

#[test]
fn help_and_version_are_on_standard_output() {
    let help = run(tolmach().arg("--help"), "").done();
    for command in COMMANDS {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command}: {help}"
        );
        let help = run(tolmach().args([command, "--help"]), "").done();
        assert!(help.contains("--config <FILE>"), "{command}: {help}");
    }
    for (command, actions) in [
        (
            "user",
            &["add", "list", "password", "disable", "enable", "remove"][..],
        ),
        ("token", &["create", "list", "revoke"]),
        (
            "room",
            &[
                "create", "list", "members", "remove", "set", "add", "kick", "ban", "unban", "role",
            ],
        ),
        ("session", &["list", "close"]),
    ] {
        let help = run(tolmach().args([command, "-h"]), "").done();
        for action in actions {
            assert!(
                help.contains(&format!("\n  {action} ")),
                "{command} {action}: {help}"
            );
            run(tolmach().args([command, action, "--help"]), "").done();
        }
    }
    assert_eq!(
        run(tolmach().arg("--version"), "").done(),
        format!("tolmach {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_wrong_command_line_is_answered_with_the_usage() {
    for wrong in [
        &[][..],
        &["dance"],
        &["user"],
        &["user", "add"],
        &["user", "add", "anna", "secret"],
        &["token", "revoke", "anna", "first"],
        &["room", "role", "tea", "anna", "banned"],
        &["room", "set", "tea"],
        &["room", "set", "tea", "--private", "perhaps"],
        &["session", "close", "x"],
        &["history"],
        &["serve", "-p", "70000"],
        &["serve", "-a", "nowhere"],
        &["check", "--fast"],
    ] {
        let ran = run(tolmach().args(wrong), "");
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(ran.err.contains("Usage: tolmach"), "{}", ran.err);
    }
}

#[test]
fn check_says_what_a_configuration_means() {
    let bench = Bench::offline();
    let said = bench.run(&["check"]).done();
    assert!(
        said.contains("[limits]") && said.contains("tolmach.toml:1"),
        "{said}"
    );
    assert!(!bench.data_dir().exists());
    std::fs::write(bench.path("again.toml"), said).unwrap();
    let mut again = tolmach();
    run(
        again.args(["check", "-c"]).arg(bench.path("again.toml")),
        "",
    )
    .done();
}

#[test]
fn a_wrong_configuration_is_named_by_file_line_and_key_whatever_the_command() {
    let bench = Bench::offline();
    bench.configure("[limits]\nburst = \"many\"\n");
    for command in [
        &["check"][..],
        &["serve"],
        &["user", "list"],
        &["history", "lobby"],
    ] {
        let ran = bench.run(command);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{command:?}");
        assert!(
            ran.err.contains("tolmach.toml:") && ran.err.contains("limits.burst: "),
            "{}",
            ran.err
        );
    }
    let ran = run(tolmach().args(["check", "-c", "/nowhere/x.toml"]), "");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("/nowhere/x.toml"), "{}", ran.err);
    let ran = run(tolmach().arg("check").env("TOLMACH_LIMITS__BORST", "1"), "");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("TOLMACH_LIMITS__BORST"), "{}", ran.err);
}

#[test]
fn the_configuration_can_stand_before_the_command() {
    let bench = Bench::offline();
    let mut command = tolmach();
    command
        .arg("-c")
        .arg(bench.path("tolmach.toml"))
        .args(["user", "list"]);
    assert_eq!(run(&mut command, "").done(), "");
    assert!(bench.database().exists());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::offline();
    for number in 0..40 {
        bench
            .run(&["room", "create", &format!("room-{number}")])
            .done();
    }
    for command in [
        &["room", "list"][..],
        &["room", "list", "--json"],
        &["check"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = bench.command(command).stdout(writer).output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), &b""[..]),
            "{command:?}"
        );
    }
}
