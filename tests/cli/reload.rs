//! `reload` and SIGHUP, as whoever operates a gateway sees them.

use std::net::TcpListener;
use std::time::Instant;

use super::bench::{Bench, Ran, read, run, tolmach};
use super::people::{Client, PATIENCE};

/// A gateway with these keys.
fn running(more: &str) -> Bench {
    let mut bench = Bench::offline();
    bench.configure(more);
    bench.gateway = Some(bench.serve(&[]));
    bench
}

fn reload(bench: &Bench, more: &str, arguments: &[&str]) -> Ran {
    bench.configure(more);
    bench.run(&[&["reload"], arguments].concat())
}

/// Waits until the log has this line, or a part of one.
#[track_caller]
fn logged(bench: &Bench, what: &str) {
    let begun = Instant::now();
    while !read(&bench.path("log")).contains(what) {
        assert!(
            begun.elapsed() < PATIENCE,
            "{what}: {}",
            read(&bench.path("log"))
        );
        std::thread::yield_now();
    }
}

#[test]
fn it_says_what_changes_and_changes_it() {
    let bench = running("[limits]\nmessages_per_second = 10\n[presence]\ngrace = \"60s\"\n");
    let mut guest = Client::guest(&bench, "anna");
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let more = format!(
        "[[listener]]\ndialect = \"jim\"\nname = \"more\"\naddress = \"{free}\"\n\
         [limits]\nmessages_per_second = 20\nburst = 2000\n[presence]\ngrace = \"1m\"\n"
    );
    let expected =
        format!("limits.messages_per_second: 10 -> 20\nlistener more: added on {free}\n");
    assert_eq!(reload(&bench, &more, &["--check"]).done(), expected);
    assert!(std::net::TcpStream::connect(free).is_err());
    assert_eq!(reload(&bench, &more, &[]).done(), expected);
    assert!(std::net::TcpStream::connect(free).is_ok());
    assert_eq!(
        reload(&bench, &more, &[]).done(),
        "nothing changes in the configuration that the gateway was started with\n"
    );
    guest.makes("tea");
    logged(&bench, "limits.messages_per_second: 10 -> 20");
}

#[test]
fn the_order_of_what_has_none_changes_nothing() {
    let keys = |level: &str, notices: &str, proxy: &str| {
        format!(
            "[log]\nlevel = \"{level}\"\n[jim]\nnotices = {notices}\n[[listener]]\ndialect = \"jim\"\n\
             name = \"behind\"\naddress = \"127.0.0.1:0\"\nproxy = {proxy}\n"
        )
    };
    let written = keys(
        "info,audit=debug,tolmach=warn",
        "[100, 101]",
        "[\"10.0.0.0/8\", \"192.0.2.1\"]",
    );
    let otherwise = keys(
        "tolmach=warn,info, audit=debug",
        "[101, 100, 101]",
        "[\"192.0.2.1/32\", \"10.1.2.3/8\", \"10.0.0.0/8\"]",
    );
    let bench = running(&written);
    let said = reload(&bench, &otherwise, &["--check"]).done();
    assert_eq!(
        said,
        "nothing changes in the configuration that the gateway was started with\n"
    );
    // Of two directives for one target the later one holds.
    let twice = written.replace("audit=debug", "audit=debug,audit=trace");
    reload(&bench, &twice, &[]).done();
    let turned = written.replace("audit=debug", "audit=trace,audit=debug");
    let said = reload(&bench, &turned, &["--check"]).done();
    assert!(said.contains("log.level: "), "{said}");
}

#[test]
fn a_program_reads_the_plan_as_objects() {
    let bench = running("[limits]\nburst = 5\n");
    bench.configure("[limits]\nburst = 6\n");
    let changes = [serde_json::json!({"change": "limits.burst: 5 -> 6"})];
    assert_eq!(bench.json(&["reload", "--check", "--json"]), changes);
    assert_eq!(bench.json(&["reload", "--json"]), changes);
    assert!(bench.json(&["reload", "--json"]).is_empty());
}

#[test]
fn what_needs_a_restart_is_said_as_long_as_it_does() {
    let bench = running("");
    let data_dir = bench.data_dir();
    for _ in 0..2 {
        bench.configure("[store]\nurl = \"memory:\"\n");
        let mut file = read(&bench.path("tolmach.toml"));
        file = file.replace(&format!("{data_dir:?}"), "\"elsewhere\"") + "\n";
        std::fs::write(
            bench.path("tolmach.toml"),
            format!("name = \"gate\"\n{file}"),
        )
        .unwrap();
        let mut command = bench.command(&["reload"]);
        let said = run(command.env("TOLMACH_DATA_DIR", &data_dir), "").done();
        let all = "data_dir: needs a restart\nname: needs a restart\nstore.url: needs a restart\n";
        assert_eq!(said, all);
    }
    // Another way to write the same.
    bench.configure("");
    let file = read(&bench.path("tolmach.toml"));
    let other = data_dir.join("..").join("data");
    std::fs::write(
        bench.path("tolmach.toml"),
        file.replace(&format!("{data_dir:?}"), &format!("{other:?}")),
    )
    .unwrap();
    assert_eq!(
        bench.run(&["reload"]).done(),
        "nothing changes in the configuration that the gateway was started with\n"
    );
}

#[test]
fn a_wrong_configuration_changes_nothing_and_is_told_as_at_the_start() {
    let mut bench = running("");
    let mut guest = Client::guest(&bench, "anna");
    let wrong = "[limits]\nburst = \"many\"\nbrust = 1\n";
    for arguments in [&[][..], &["--check"]] {
        let refused = reload(&bench, wrong, arguments);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
        assert_eq!(refused.err, bench.run(&["check"]).err);
        assert_eq!(refused.err.lines().count(), 2, "{}", refused.err);
    }
    // Only the gateway sees that a certificate is none.
    std::fs::write(bench.path("no.pem"), "none").unwrap();
    let (path, tls) = (bench.path("no.pem"), cfg!(feature = "tls"));
    let more = format!("[tls]\ncertificate = {path:?}\nkey = {path:?}\n");
    if tls {
        let refused = reload(&bench, &more, &[]);
        assert_eq!(refused.code, Some(2), "{}", refused.err);
        assert_eq!(refused.err, bench.run(&["check"]).err);
    }
    bench.configure(wrong);
    bench.gateway.as_ref().unwrap().signal("HUP");
    logged(&bench, "limits.brust");
    logged(&bench, "limits.burst");
    guest.makes("tea");
    bench.configure("");
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    assert_eq!(gateway.wait().0.code(), Some(0));
}

#[test]
fn a_port_that_is_taken_changes_nothing() {
    let bench = running("");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let more = format!(
        "[[listener]]\ndialect = \"jim\"\nname = \"more\"\naddress = \"{address}\"\n[limits]\nconnections = 1\n"
    );
    for arguments in [&[][..], &["--check"]] {
        let refused = reload(&bench, &more, arguments).refused();
        assert!(
            refused.contains(&format!("listener more cannot bind {address}")),
            "{refused}"
        );
    }
    for name in ["anna", "boris"] {
        Client::guest(&bench, name).makes(name);
    }
}

#[test]
#[cfg(feature = "http")]
fn an_address_of_http_that_cannot_be_had_changes_nothing() {
    let mut bench = Bench::offline();
    bench.configure("[http]\naddress = \"127.0.0.1:0\"\n");
    let mut serve = bench.command(&["serve"]);
    serve.env_remove("TOLMACH_HTTP__ADDRESS");
    let log = std::fs::File::create(bench.path("log")).unwrap();
    bench.gateway = Some(super::bench::Running::start(&mut serve, log));
    let http = bench.gateway.as_ref().unwrap().port("http");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    for (address, says) in [
        (
            taken.local_addr().unwrap().to_string(),
            "listens there already",
        ),
        (
            "192.0.2.222:0".to_owned(),
            "this machine has no such address",
        ),
        (
            format!("192.0.2.222:{http}"),
            "this machine has no such address",
        ),
    ] {
        let more = format!("[http]\naddress = \"{address}\"\n");
        for arguments in [&["--check"][..], &[]] {
            let refused = reload(&bench, &more, arguments).refused();
            assert!(
                refused.contains(&format!("listener http cannot bind {address}"))
                    && refused.contains(says),
                "{refused}"
            );
        }
    }
    let more = format!("[http]\naddress = \"127.0.0.1:{http}\"\n");
    reload(&bench, &more, &["--check"]).done();
}

#[test]
#[cfg(feature = "tls")]
fn other_authorities_in_the_same_file_are_told() {
    let other = Bench::stopped();
    let bench = Bench::stopped();
    let ca = bench.path("ca.pem");
    let take = |from: &Bench| {
        std::fs::copy(from.data_dir().join("tls/certificate.pem"), &ca).unwrap();
    };
    take(&bench);
    let more = format!("[tls]\nclient = \"optional\"\nclient_ca = {ca:?}\n");
    bench.configure(&more);
    let _gateway = bench.serve(&[]);
    assert!(bench.run(&["reload"]).done().contains("nothing changes"));
    take(&other);
    let plan = bench.run(&["reload", "--check"]).done();
    assert!(
        plan.starts_with("tls: the authorities that vouch for clients are others: SHA-256 "),
        "{plan}"
    );
    assert_eq!(bench.run(&["reload"]).done(), plan);
    assert!(bench.run(&["reload"]).done().contains("nothing changes"));
}

#[test]
fn a_signal_does_the_same_and_changes_the_log_too() {
    let mut bench = running("");
    let log = bench.path("log");
    bench.configure("[log]\nlevel = \"debug\"\nformat = \"json\"\n[limits]\nburst = 1\n");
    bench.gateway.as_ref().unwrap().signal("HUP");
    logged(&bench, "the configuration was read again");
    logged(&bench, "limits.burst: 2000 -> 1");
    let said = read(&log);
    let last = said.lines().last().unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(last).is_ok(),
        "{last}"
    );
    assert_eq!(
        reload(&bench, "[log]\nlevel = \"off\"\n", &[])
            .done()
            .lines()
            .count(),
        3
    );
    bench.run(&["reload"]).done();
    Client::guest(&bench, "anna").makes("tea");
    // At its end all is written that was to be.
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    assert_eq!(gateway.wait().0.code(), Some(0));
    let said = read(&log);
    for silent in ["session opened", "changes=0", "\"changes\":0", "stopped"] {
        assert!(!said.contains(silent), "{said}");
    }
}

#[test]
fn many_at_once_are_done_one_after_another() {
    let bench = running("[limits]\nburst = 5\n");
    let text = read(&bench.path("tolmach.toml"));
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (bench, text) = (&bench, &text);
            scope.spawn(move || {
                bench.gateway.as_ref().unwrap().signal("HUP");
                // A file that is half-written would be read as such.
                let (new, file) = (
                    bench.path(&format!("{number}.toml")),
                    bench.path("tolmach.toml"),
                );
                let text = text.replace("burst = 5", &format!("burst = {}", 100 + number));
                std::fs::write(&new, text).unwrap();
                std::fs::rename(new, file).unwrap();
                bench.run(&["reload"]).done();
            });
        }
    });
    bench.configure("[limits]\nburst = 7\n");
    bench.run(&["reload"]).done();
    assert_eq!(
        bench.run(&["reload"]).done(),
        "nothing changes in the configuration that the gateway was started with\n"
    );
    Client::guest(&bench, "anna").makes("tea");
}

#[test]
fn without_a_gateway_it_says_so_and_what_to_do() {
    let refused = Bench::offline().run(&["reload"]).refused();
    for said in ["no gateway runs on", "tolmach serve", "TOLMACH_DATA_DIR"] {
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn the_file_is_the_same_wherever_it_was_named_from_and_the_command_line_still_beats_it() {
    let mut bench = Bench::offline();
    bench.configure("");
    let mut serve = tolmach();
    let log = std::fs::File::create(bench.path("log")).unwrap();
    serve
        .args(["-c", "tolmach.toml", "serve", "-a", "127.0.0.2"])
        .current_dir(bench.path(""));
    bench.gateway = Some(super::bench::Running::start(&mut serve, log));
    assert_eq!(
        reload(&bench, "[limits]\nburst = 5\n", &[]).done(),
        "limits.burst: 2000 -> 5\n"
    );
}

/// What was said at the start, and is so still, is not said again.
#[test]
fn what_holds_as_before_is_not_logged_again() {
    let bench = running("[limits]\nconnections = 0\n");
    for burst in ["3000", "4000"] {
        let more = format!("[limits]\nconnections = 0\nburst = {burst}\n");
        let changed = reload(&bench, &more, &[]).done();
        assert!(changed.starts_with("limits.burst: "), "{changed}");
    }
    let (begun, mut log) = (Instant::now(), String::new());
    while log.matches("was read again").count() < 2 {
        assert!(begun.elapsed() < PATIENCE, "{log}");
        log = read(&bench.path("log"));
    }
    for said in ["TLS certificate", "connections at once"] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
}
