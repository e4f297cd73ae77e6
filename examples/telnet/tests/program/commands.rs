//! What the program's commands say of the dialect.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::support::{Bench, run};

#[test]
fn check_shows_its_section_and_its_port() {
    let bench = Bench::offline("[telnet]\nbanner = \"Hello\"\n");
    let shown = bench.run(&["check"]).done();
    for line in [
        "dialect = \"telnet\"",
        "banner = \"Hello\"",
        "idle_after = \"10m\"",
        "line_bytes = 4096",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(shown.contains(":2323"), "{shown}");
    assert!(shown.contains(":7777"), "{shown}");
}

#[test]
fn a_bad_key_is_named_as_any_is() {
    for (more, wrong) in [
        ("[telnet]\nbaner = \"Hello\"\n", "baner"),
        ("[telnet]\nidle_after = 5\n", "5 has no unit"),
        ("[telnet]\nbanner = 5\n", "5 is not text"),
        (
            "[[listener]]\ndialect = \"telnet\"\nline_bytes = -1\n",
            "-1 is negative",
        ),
        ("[[listener]]\ndialect = \"telnett\"\n", "telnet"),
    ] {
        let ran = Bench::offline(more).run(&["check"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{more}");
        assert!(
            ran.err.contains(wrong) && ran.err.contains("tolmach.toml:"),
            "{}",
            ran.err
        );
    }
    let bench = Bench::offline("");
    let mut check = bench.command(&["check"]);
    let ran = run(check.env("TOLMACH_TELNET__IDLE_AFTER", "soon"), "");
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("TOLMACH_TELNET__IDLE_AFTER"),
        "{}",
        ran.err
    );
}

#[test]
fn the_table_has_its_column() {
    let bench = Bench::offline("");
    let table = bench.run(&["dialects", "--markdown"]).done();
    let head = table
        .lines()
        .find(|line| line.starts_with("| in the hub |"))
        .unwrap();
    assert!(head.ends_with("| telnet |"), "{head}");
    assert!(
        table.contains("`** you were banned from #room` *(rendered)* |"),
        "{table}"
    );
}

#[test]
fn a_tap_shows_its_lines_without_secrets() {
    let bench = Bench::running("");
    bench.account("dora");
    let mut tap = bench.command(&["tap"]);
    let mut tap = tap
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It says on standard error that it watches.
    let mut begun = String::new();
    BufReader::new(tap.stderr.take().unwrap())
        .read_line(&mut begun)
        .unwrap();
    let mut dora = bench.connect("telnet");
    for line in [
        "/login dora pass-of-dora",
        "/lgin dora pass-of-dora",
        "/join tea",
        "/msg tolmach token",
        "hello",
        "/quit",
    ] {
        dora.say(line);
    }
    dora.hears_of("goodbye");
    let mut seen = String::new();
    let mut out = BufReader::new(tap.stdout.take().unwrap());
    while !seen.contains("goodbye") {
        assert!(out.read_line(&mut seen).unwrap() > 0, "{seen}");
    }
    tap.kill().unwrap();
    tap.wait().unwrap();
    for shown in [
        "/login dora <secret>",
        "/lgin <secret>",
        "/join tea",
        "#tea <dora> hello",
    ] {
        assert!(seen.contains(shown), "{shown}: {seen}");
    }
    assert!(seen.contains("*tolmach* <secret>"), "{seen}");
    assert!(!seen.contains("pass-of-dora"), "{seen}");
}

#[test]
fn chat_speaks_it_in_a_pipe() {
    let bench = Bench::running("");
    bench.account("dora");
    let mut anna = bench.guest("anna");
    anna.say("/join lobby");
    anna.hears(&["-- in #lobby: anna"]);
    let port = bench.port("telnet");
    let mut chat = bench.command(&["chat", "telnet", "127.0.0.1", &port, "--user", "dora"]);
    let ran = run(
        chat.env("TOLMACH_PASSWORD", "pass-of-dora"),
        "one\n/two\nthree\n",
    );
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    anna.hears(&[
        "** dora is in #lobby now",
        "#lobby <dora> one",
        "#lobby <dora> /two",
        "#lobby <dora> three",
        "** dora has left #lobby",
    ]);
    // A guest may not have the name.
    let ran = bench.run_with(
        &["chat", "telnet", "127.0.0.1", &port, "--user", "dora"],
        "one\n",
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains("this name belongs to an account"),
        "{}",
        ran.err
    );
}

#[test]
fn transcode_reads_and_writes_it() {
    let bench = Bench::offline("");
    let transcode = |from, to, input| {
        let arguments = ["transcode", "--from", from, "--to", to, "--room", "tea"];
        bench.run_with(&arguments, input).done()
    };
    let lines = "anna\r\n/join tea\r\nhello\r\n/me waves\r\n/who\r\n/quit\r\n";
    let jim = transcode("telnet", "jim", lines);
    let texts: Vec<_> = jim
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|said| (said["from"].clone(), said["message"].clone()))
        .collect();
    assert_eq!(
        texts,
        [("anna", "hello"), ("anna", "/me waves")].map(|(from, text)| (from.into(), text.into()))
    );
    let frames = r##"{"action":"presence","time":1,"user":{"account_name":"boris"}}{"action":"msg","time":1,"to":"#tea","from":"boris","message":"two\nlines"}"##;
    let telnet = transcode("jim", "telnet", frames);
    assert_eq!(
        telnet,
        "** boris is in #tea now\r\n#tea <boris> two\r\n#tea <boris> lines\r\n"
    );
}

#[test]
fn the_example_of_a_configuration_has_its_keys() {
    let example = Bench::offline("").run(&["config", "example"]).done();
    assert!(
        example.contains("\n# [telnet]\n") && example.contains("\n# line_bytes = 4096\n"),
        "{example}"
    );
}

#[test]
fn its_keys_are_read_again_with_those_of_the_gateway() {
    let bench = Bench::running("[telnet]\nbanner = \"Hello\"\n");
    let file = bench.path("tolmach.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Hello", "Welcome")).unwrap();
    let said = bench.run(&["reload"]).done();
    assert_eq!(said, "listener telnet: banner: \"Hello\" -> \"Welcome\"\n");
    bench.connect("telnet").hears(&["** Welcome"]);
}
