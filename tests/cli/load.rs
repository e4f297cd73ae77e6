//! `tolmach bench`: load on a gateway that runs.

use super::bench::{Bench, Ran, read, run, tolmach};

fn load(bench: &Bench, dialect: &str, more: &[&str]) -> Ran {
    let listener = match dialect {
        "purpose" => "purpose.2",
        other => other,
    };
    let port = bench.gateway.as_ref().unwrap().port(listener).to_string();
    let mut command = tolmach();
    command
        .args(["bench", dialect, "127.0.0.1", &port, "--time", "300ms"])
        .args(more);
    // A guest has no password.
    if dialect != "jim" {
        command.env("TOLMACH_PASSWORD", "CorrectHorseBatteryStaple");
    }
    run(&mut command, "")
}

fn object(ran: Ran) -> serde_json::Value {
    serde_json::from_str(&ran.done()).unwrap()
}

/// An account for each, and its token in a file.
fn tokens(bench: &Bench, count: usize) -> String {
    let mut tokens = String::new();
    for number in 1..=count {
        let name = format!("bench{number}");
        bench
            .run_with(&["user", "add", &name], "CorrectHorseBatteryStaple\n")
            .done();
        tokens += &bench.run(&["token", "create", &name]).done();
    }
    let file = bench.path("tokens");
    std::fs::write(&file, tokens).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn all_that_is_said_is_heard_in_every_dialect() {
    let bench = Bench::running();
    let tokens = tokens(&bench, 5);
    let rooms = ["--room", "tea", "--rooms", "2"];
    for room in ["tea1", "tea2"] {
        bench.run(&["room", "create", room]).done();
    }
    for (dialect, who) in [
        // Guests have other names than accounts.
        ("jim", ["--user", "guest"]),
        ("talker", ["--tokens", tokens.as_str()]),
        ("purpose", ["--user", "bench"]),
        ("uchat", ["--tokens", tokens.as_str()]),
    ] {
        let numbers = [
            "--senders",
            "2",
            "--receivers",
            "3",
            "--rate",
            "20",
            "--json",
        ];
        let ran = load(&bench, dialect, &[&rooms[..], &who, &numbers].concat());
        let told = object(ran);
        // Of five, three are in one room and two in the other.
        let (messages, deliveries) = (&told["messages"], told["deliveries"].as_u64().unwrap());
        let messages = messages.as_u64().unwrap();
        assert!(messages >= 3, "{told}");
        assert!(
            (messages..=2 * messages + 4).contains(&deliveries),
            "{told}"
        );
        assert!(told["heard"]["p99"].as_f64().unwrap() > 0.0, "{told}");
        assert_eq!(told["dialect"], dialect);
    }
}

#[test]
fn a_person_sees_rates_latencies_and_how_they_are_spread() {
    let bench = Bench::running();
    let out = load(&bench, "jim", &["--in-flight", "4", "--size", "200"]).done();
    for part in [
        "jim: 1 rooms, 1 senders, 10 receivers, 200 bytes, 4 under way for each sender",
        "messages",
        "deliveries",
        "p99.9",
        "accepted",
        " ms ",
        "█",
    ] {
        assert!(out.contains(part), "{part:?} is not in {out}");
    }
}

#[test]
fn through_tls_it_is_the_same() {
    let bench = Bench::running();
    let certificate = bench.data_dir().join("tls/certificate.pem");
    assert!(read(&certificate).contains("BEGIN CERTIFICATE"));
    let certificate = certificate.to_str().unwrap();
    let told = object(load(
        &bench,
        "jim",
        &["--tls", "--ca", certificate, "--receivers", "2", "--json"],
    ));
    assert!(told["deliveries"].as_u64().unwrap() > 0, "{told}");
}

#[test]
fn what_is_lacking_is_told() {
    let bench = Bench::running();
    let tokens = bench.data_dir().join("tokens");
    std::fs::write(&tokens, "a-token-without-its-number\n").unwrap();
    let tokens = tokens.to_str().unwrap();
    let without_number = format!("a token of {tokens}: purpose takes --token ID:TOKEN");
    for (dialect, more, told) in [
        ("talker", &[][..], "talker needs --tokens FILE"),
        ("purpose", &["--tokens", tokens], without_number.as_str()),
        ("jim", &["--tokens", "/nowhere"], "/nowhere"),
        ("jim", &["--size", "20"], "at least 39"),
        ("gopher", &[], "built in: jim"),
    ] {
        let port = bench.gateway.as_ref().unwrap().port("jim").to_string();
        let mut command = tolmach();
        command
            .args(["bench", dialect, "127.0.0.1", &port])
            .args(more);
        let ran = run(&mut command, "");
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(told), "{ran:?}");
    }
    let ran = load(&bench, "uchat", &["--user", "nobody"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("refused"), "{ran:?}");
}
