//! The command line itself: help, mistakes, `check`.

use super::bench::{Bench, Running, run, tolmach};

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
        let (error, usage) = ran.err.split_once("Usage: tolmach").expect("a usage");
        if wrong.len() > 1 {
            assert!(error.starts_with("error: "), "{}", ran.err);
        }
        assert!(!usage.contains("error: "), "{}", ran.err);
    }
}

/// The variables that commands read, by what their helps say, break no other command.
#[test]
fn a_variable_of_a_command_is_nothing_to_the_others() {
    let bench = Bench::stopped();
    let mut found = std::collections::BTreeSet::new();
    for command in COMMANDS {
        let help = run(tolmach().args([command, "--help"]), "").done();
        let is_part = |c: char| !c.is_ascii_uppercase() && c != '_';
        let words = help.split(is_part);
        let variables =
            words.filter(|word| word.starts_with("TOLMACH_") && *word != "TOLMACH_SECTION__KEY");
        found.extend(
            variables
                .filter(|word| *word != "TOLMACH_")
                .map(str::to_owned),
        );
    }
    assert!(found.contains("TOLMACH_ROOM_PASSWORD"), "{found:?}");
    found.insert("TOLMACH_TOKEN".to_owned());
    for arguments in [&["user", "list"][..], &["check"]] {
        let mut command = bench.command(arguments);
        run(command.envs(found.iter().map(|name| (name, "x"))), "").done();
    }
    let mut serve = bench.command(&["serve"]);
    serve.envs(found.iter().map(|name| (name, "x")));
    drop(Running::start(&mut serve, std::process::Stdio::null()));
}

#[test]
fn only_serve_makes_a_store() {
    let bench = Bench::offline();
    for command in [
        &["user", "list"][..],
        &["user", "add", "anna"],
        &["token", "create", "anna"],
        &["room", "create", "tea"],
        &["ban", "list"],
        &["history", "lobby"],
    ] {
        let refused = bench.run(command).refused();
        let place = bench.database().display().to_string();
        let config = bench.path("tolmach.toml").display().to_string();
        for said in [&place, "only `tolmach serve` makes one", &config] {
            assert!(refused.contains(said), "{refused}");
        }
        assert!(!bench.data_dir().exists(), "{command:?}");
    }
    std::fs::create_dir(bench.data_dir()).unwrap();
    let mut here = tolmach();
    here.current_dir(bench.path("")).args(["user", "list"]);
    let refused = run(&mut here, "").refused();
    assert!(
        refused.contains("tolmach-data") && refused.contains("TOLMACH_DATA_DIR"),
        "{refused}"
    );
    bench.run(&["user", "list"]).refused();
    assert_eq!(std::fs::read_dir(bench.data_dir()).unwrap().count(), 0);
}

#[test]
fn who_takes_something_away_for_good_is_asked() {
    let bench = Bench::stopped();
    bench
        .run_with(&["user", "add", "anna"], "secret word")
        .done();
    bench.run(&["room", "create", "tea"]).done();
    bench.run(&["token", "create", "anna"]).done();
    for command in [
        ["user", "remove", "anna"],
        ["room", "remove", "tea"],
        ["token", "revoke", "anna"],
    ] {
        let ran = bench.run_with(&command, "y\n");
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
        assert!(ran.err.contains("--yes"), "{}", ran.err);
    }
    assert_eq!(bench.json(&["token", "list", "anna", "--json"]).len(), 1);
    assert_eq!(bench.json(&["room", "list", "--json"]).len(), 2);
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
fn check_tells_a_program_what_holds_and_its_exit_code_what_is_in_the_way() {
    let bench = Bench::offline();
    let holds = bench.json(&["check", "--json"]);
    assert_eq!(holds, bench.json(&["config", "show", "--json"]));
    assert!(holds.iter().any(|one| one["key"] == "limits.burst"));
    std::fs::write(bench.data_dir(), "").unwrap();
    let ran = bench.run(&["check", "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), holds.len());
}

#[test]
fn what_lies_in_the_way_of_the_data_is_named_whatever_the_command() {
    let bench = Bench::offline();
    std::fs::write(bench.data_dir(), "").unwrap();
    let mut commands = vec![
        &["user", "list"][..],
        &["reload"],
        &["tap"],
        &["session", "list"],
    ];
    if cfg!(feature = "sqlite") {
        commands.extend([
            &["backup", "copy.tar"][..],
            &["export"],
            &["store", "verify"],
            &["import", "/dev/null"],
            &["import", "/dev/null", "--room", "tea"],
            &["restore", "/dev/null"],
        ]);
    }
    let named = format!("{} is a file, no directory", bench.data_dir().display());
    for command in commands {
        let refused = bench.run(command).refused();
        assert!(refused.contains(&named), "{command:?}: {refused}");
        assert!(!refused.contains("stop it first"), "{refused}");
    }
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

/// What `check` says on standard error, where it finds something; `serve` is refused, too.
#[track_caller]
fn obstacles(bench: &Bench) -> String {
    let checked = bench.run(&["check"]);
    assert_eq!(checked.code, Some(1), "{}", checked.err);
    assert_eq!(bench.run(&["serve"]).code, Some(1));
    checked.err
}

#[test]
fn check_tries_what_serve_would_need_and_takes_nothing() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let bench = Bench::offline();
    let listeners = format!(
        "[[listener]]\ndialect = \"jim\"\naddress = \"{address}\"\n\
         [[listener]]\ndialect = \"jim\"\naddress = \"127.0.0.1:0\"\n"
    );
    bench.configure(&listeners);
    std::fs::write(bench.data_dir(), "").unwrap();
    let found = obstacles(&bench);
    assert_eq!(found.lines().count(), 2, "{found}");
    for said in ["data is not a directory", &address] {
        assert!(found.contains(said), "{found}");
    }
    bench.configure("[store]\nurl = \"sqlite:below/x.db\"\n");
    assert!(obstacles(&bench).contains("data is not a directory"));
    std::fs::remove_file(bench.data_dir()).unwrap();
    assert!(obstacles(&bench).contains("data/below: there is no directory "));
    bench.configure("");
    // Whoever may write there can make nothing there.
    let nowhere = std::fs::read_to_string(bench.path("tolmach.toml")).unwrap();
    let data_dir = format!("{:?}", bench.data_dir());
    let nowhere = nowhere.replace(&data_dir, "\"/proc/x\"");
    std::fs::write(bench.path("tolmach.toml"), nowhere).unwrap();
    assert!(obstacles(&bench).contains("/proc"));
    bench.configure("");
    std::fs::remove_dir_all(bench.data_dir()).unwrap();
    std::fs::create_dir(bench.data_dir()).unwrap();
    bench.run(&["check"]).done();
    assert_eq!(std::fs::read_dir(bench.data_dir()).unwrap().count(), 0);
}

/// "`check` tries all that it can without taking anything": what lies where a start needs something else, or is not whole.
#[test]
fn check_finds_what_a_start_would_stumble_over() {
    let bench = Bench::stopped();
    let whole = std::fs::read(bench.database()).unwrap();
    let place = |name: &str| bench.data_dir().join(name);
    let instead = |name: &str, make: &dyn Fn(&std::path::Path)| {
        let (place, aside) = (place(name), bench.path("aside"));
        let was_there = std::fs::rename(&place, &aside).is_ok();
        make(&place);
        let ran = bench.run(&["check"]);
        let serve = bench.run(&["serve"]);
        for ran in [&ran, &serve] {
            assert_ne!(ran.code, Some(0), "{name}");
            assert!(
                ran.err.contains(&*place.to_string_lossy()),
                "{name}: {}",
                ran.err
            );
            assert!(!ran.err.contains("os error"), "{}", ran.err);
        }
        let left = std::fs::remove_file(&place).or_else(|_| std::fs::remove_dir_all(&place));
        left.unwrap();
        if was_there {
            std::fs::rename(aside, place).unwrap();
        }
        ran.err
    };
    let directory = |place: &std::path::Path| std::fs::create_dir(place).unwrap();
    let file = |place: &std::path::Path| std::fs::write(place, "").unwrap();
    for name in [
        "lock",
        "control.sock",
        "tolmach.db",
        "tolmach.db-lock",
        "tolmach.db-wal",
        "tolmach.db-shm",
    ] {
        let said = instead(name, &directory);
        assert!(said.contains("this is a directory, where a file"), "{said}");
    }
    for name in ["tolmach.files", "tls"] {
        if name == "tolmach.files" || cfg!(feature = "tls") {
            let said = instead(name, &file);
            assert!(said.contains("director"), "{said}");
        }
    }
    for (content, says) in [
        (&[][..], "the file is empty; remove it"),
        (&whole[..whole.len() / 2], "the database is damaged"),
        (&whole[..whole.len() - 4096 * 3], "the database is damaged"),
    ] {
        let said = instead("tolmach.db", &|place| {
            std::fs::write(place, content).unwrap()
        });
        assert!(said.contains(says), "{said}");
    }
    bench.run(&["check"]).done();
}

#[test]
fn check_knows_a_database_by_its_header() {
    let mut bench = Bench::running();
    // It has all that it needs already.
    bench.run(&["check"]).done();
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    gateway.wait();
    bench.run(&["check"]).done();
    let mut bytes = std::fs::read(bench.database()).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(bench.database(), &bytes).unwrap();
    assert!(obstacles(&bench).contains("the database has version 99"));
    bytes[68] ^= 1;
    std::fs::write(bench.database(), &bytes).unwrap();
    assert!(obstacles(&bench).contains("another program's database"));
    std::fs::write(bench.database(), "some text").unwrap();
    assert!(obstacles(&bench).contains("not a SQLite database"));
}

#[test]
fn check_says_everything_that_is_wrong_and_that_nobody_can_connect() {
    let bench = Bench::offline();
    bench.configure("[limits]\nburst = \"many\"\nbrust = 1\n[log]\nlevel = 3\n");
    for command in ["check", "serve"] {
        let ran = bench.run(&[command]);
        assert_eq!(
            (ran.code, ran.err.lines().count()),
            (Some(2), 3),
            "{}",
            ran.err
        );
    }
    let none = run(tolmach().arg("check").env("TOLMACH_LISTENER", "[]"), "");
    assert_eq!(none.code, Some(0));
    assert!(
        none.err.contains("nobody can connect; add a [[listener]]"),
        "{}",
        none.err
    );
    let mut serve = bench.command(&["serve"]);
    serve.env("TOLMACH_LISTENER", "[]");
    bench.configure("");
    let log = std::fs::File::create(bench.path("log")).unwrap();
    let mut gateway = Running::start(&mut serve, log);
    gateway.signal("TERM");
    gateway.wait();
    let log = super::bench::read(&bench.path("log"));
    assert!(
        log.contains("nobody can connect; add a [[listener]]"),
        "{log}"
    );
}

#[test]
fn the_configuration_can_stand_before_the_command() {
    let bench = Bench::stopped();
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
    let bench = Bench::stopped();
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
