//! What `tolmach tap --save` writes is a transcript that passes.

use crate::bench::{Bench, read};
use tolmach::dialects::client::PASSWORD;

use crate::people::{Client, Tapping, anna_by_jim, by_purpose, by_talker, frame};

/// A gateway whose accounts have the password of transcripts; the tokens of all.
fn bench(logins: &[&str]) -> (Bench, Vec<String>) {
    let mut bench = Bench::offline();
    bench.gateway = Some(bench.serve(&[]));
    let tokens = logins.iter().map(|login| {
        bench.run_with(&["user", "add", login], PASSWORD).done();
        let token = bench.run(&["token", "create", login]).done();
        token.trim_end().to_owned()
    });
    let tokens = tokens.collect();
    (bench, tokens)
}

/// Ends the tap; what it saved.
fn end(bench: &Bench, tap: Tapping) -> String {
    assert_eq!(tap.interrupt().0, Some(130));
    read(&bench.path("saved.txt"))
}

/// Ends the tap; what it saved passes as it is.
fn passes(bench: &Bench, tap: Tapping) -> String {
    let path = bench.path("saved.txt");
    let saved = end(bench, tap);
    let checked = crate::check(&path, false);
    assert!(checked.is_ok(), "{}\n{saved}", checked.unwrap_err());
    saved
}

#[test]
fn a_conversation_of_three_dialects_passes() {
    // The numbers of accounts are those of the gateway that it was seen on, in whatever order people come.
    let (bench, tokens) = bench(&["zoe", "anna", "boris", "clara"]);
    let file = bench.path("saved.txt");
    let tap = Tapping::start(&bench, &["--json", "--save", file.to_str().unwrap()]);
    let mut boris = by_talker(&bench, "lobby", &tokens[2]);
    let mut anna = anna_by_jim(&bench, "anna", PASSWORD);
    anna.say(r##"{"action":"join","time":1,"room":"#lobby"}"##);
    anna.hear_of("200");
    boris.hear_of("join");
    let mut clara = by_purpose(&bench, "clara", PASSWORD);
    clara.say(frame(0x30, 3, &[&1_i32.to_le_bytes()]));
    clara.frame();
    boris.hear_of("join");
    anna.say(r##"{"action":"msg","time":1,"to":"#lobby","from":"anna","encoding":"utf-8","message":"hello"}"##);
    anna.hear_of("200");
    boris.hear_of("hello");
    clara.frame();
    clara.say(frame(0, 1, &[]));
    clara.say(frame(0x40, 4, &[&1_i32.to_le_bytes(), b"hello anna\0"]));
    clara.frame();
    anna.hear_of("hello anna");
    boris.hear_of("hello anna");
    boris.say("{\"type\":\"message\",\"content\":\"waves\",\"action\":true}\n");
    boris.hear_of("waves");
    anna.hear_of("waves");
    clara.frame();
    clara.say(frame(0x32, 5, &[b"tea\0", PASSWORD.as_bytes(), &[0]]));
    clara.frame();
    anna.say(r#"{"action":"quit","time":1}"#);
    anna.rest();
    boris.hear_of("leave");
    tap.until(|entry| entry["kind"] == "closed");
    let saved = passes(&bench, tap);
    println!("{saved}");
    for part in [
        "user-1: account",
        "boris: talker #lobby",
        "anna: jim",
        "clara: purpose.2",
        "<time>",
        "clara > CREATE_CHAT task 5 chat_name",
    ] {
        assert!(saved.contains(part), "{part}: {saved}");
    }
}

#[test]
fn what_was_there_before_the_tap_is_remarked() {
    let (bench, tokens) = bench(&["anna", "boris"]);
    bench.run(&["room", "create", "tea"]).done();
    let mut anna = by_talker(&bench, "lobby", &tokens[0]);
    let file = bench.path("saved.txt");
    let tap = Tapping::start(&bench, &["--save", file.to_str().unwrap()]);
    anna.say("{\"type\":\"message\",\"content\":\"early\"}\n");
    anna.hear_of("early");
    bench
        .run(&["room", "set", "lobby", "--title", "The lobby"])
        .done();
    anna.hear_of("title");
    let mut boris = Client::connect(&bench, "jim");
    boris.say("{ \"broken\" }");
    boris.hear_of("400");
    while !tap.line().contains("400") {}
    let saved = passes(&bench, tap);
    assert!(saved.contains("# anna was there before"), "{saved}");
    assert!(
        saved.contains("operator: title room lobby The lobby"),
        "{saved}"
    );
}

#[test]
fn who_was_there_before_the_tap_is_there_before_all_that_was_seen() {
    let (bench, tokens) = bench(&["anna"]);
    let mut anna = by_talker(&bench, "lobby", &tokens[0]);
    let file = bench.path("saved.txt");
    let tap = Tapping::start(&bench, &["--json", "--save", file.to_str().unwrap()]);
    let mut boris = Client::connect(&bench, "jim");
    boris.say(r#"{"action":"presence","time":1,"user":{"account_name":"boris"}}"#);
    boris.hear_of("200");
    boris.say(r##"{"action":"join","time":1,"room":"#lobby"}"##);
    anna.hear_of("join");
    boris.say(r#"{"action":"quit","time":1}"#);
    boris.rest();
    anna.hear_of("leave");
    tap.until(|entry| entry["kind"] == "closed");
    let saved = passes(&bench, tap);
    assert!(saved.contains("anna < {\"type\":\"join\""), "{saved}");
}

#[test]
fn a_logout_by_a_token_passes() {
    let (bench, tokens) = bench(&["anna", "boris"]);
    let file = bench.path("saved.txt");
    let tap = Tapping::start(&bench, &["--json", "--save", file.to_str().unwrap()]);
    let [mut anna, mut boris] = ["uchat"; 2].map(|listener| Client::connect(&bench, listener));
    for (client, token) in [(&mut anna, &tokens[0]), (&mut boris, &tokens[1])] {
        client.say(format!("{{\"type\":2,\"token\":\"{token}\"}}\n"));
        client.hear_of("\"desc\"");
    }
    // Not its own, and then its own.
    for (token, answer) in [(&tokens[1], "error_code"), (&tokens[0], "26")] {
        anna.say(format!("{{\"type\":26,\"token\":\"{token}\"}}\n"));
        anna.hear_of(answer);
    }
    // One that nobody asked for.
    bench.run(&["session", "close", "--user", "boris"]).done();
    boris.hear_of("26");
    boris.rest();
    tap.until(|entry| entry["kind"] == "closed");
    let saved = end(&bench, tap);
    for part in [
        "anna > {\"type\":26,\"token\":\"CorrectHorse",
        "anna > {\"type\":26,\"token\":\"token-anna\"}",
        "anna < {\"type\":26,\"token\":\"token-anna\"}",
        "boris < {\"type\":26,\"token\":\"token-boris\"}",
    ] {
        assert!(saved.contains(part), "{part}: {saved}");
    }
    // Who was closed by the operator is nobody's event.
    let closed = saved.replace(
        "boris < {\"type\":26",
        "\noperator: close sessions boris\nboris < {\"type\":26",
    );
    std::fs::write(&file, &closed).unwrap();
    let checked = crate::check(&file, false);
    assert!(checked.is_ok(), "{}\n{closed}", checked.unwrap_err());
}

#[test]
fn clients_that_do_not_wait_for_each_other_pass() {
    let (bench, tokens) = bench(&["anna", "boris", "clara"]);
    let file = bench.path("saved.txt");
    let tap = Tapping::start(&bench, &["--json", "--save", file.to_str().unwrap()]);
    let mut boris = by_talker(&bench, "lobby", &tokens[1]);
    let mut anna = anna_by_jim(&bench, "anna", PASSWORD);
    anna.say(r##"{"action":"join","time":1,"room":"#lobby"}"##);
    anna.hear_of("200");
    boris.hear_of("join");
    for round in 0..20 {
        let text = format!("from anna {round}");
        anna.say(format!(
            r##"{{"action":"msg","time":1,"to":"#lobby","from":"anna","encoding":"utf-8","message":"{text}"}}"##
        ));
        boris.say(format!(
            "{{\"type\":\"message\",\"content\":\"from boris {round}\"}}\n"
        ));
        // A login is no more patient.
        let mut clara = Client::connect(&bench, "jim");
        clara.say(format!(
            r##"{{"action":"authenticate","time":1,"user":{{"account_name":"clara","password":"{PASSWORD}"}}}}"##
        ));
        let heard = [boris.hear(), boris.hear()];
        assert!(heard.iter().any(|line| line.contains(&text)), "{heard:?}");
        anna.hear_of(&format!("from boris {round}"));
        clara.hear_of("200");
        clara.say(r#"{"action":"quit","time":1}"#);
        clara.rest();
        tap.until(|entry| entry["kind"] == "closed");
    }
    let saved = passes(&bench, tap);
    assert!(saved.contains("\nanswers: late\n"), "{saved}");
}
