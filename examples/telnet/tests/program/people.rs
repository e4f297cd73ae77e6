//! People with telnet, over real sockets, among themselves and with people on other dialects.

use super::support::{Bench, Person};

fn jim(bench: &Bench, name: &str) -> Person {
    let mut jim = bench.connect("jim");
    jim.say(&format!(
        r##"{{"action":"presence","time":1,"user":{{"account_name":"{name}"}}}}"##
    ));
    jim.hears_of("200");
    jim.say(r##"{"action":"join","time":1,"room":"#tea"}"##);
    jim.hears_of("\"response\":20");
    jim
}

fn msg(jim: &mut Person, from: &str, to: &str, text: &str) {
    jim.say(&format!(
        r##"{{"action":"msg","time":1,"to":"{to}","from":"{from}","message":"{text}"}}"##
    ));
}

/// Anna and boris are in the room `tea` of a gateway.
fn two(bench: &Bench) -> (Person, Person) {
    let mut anna = bench.guest("anna");
    anna.say("/join tea");
    anna.hears(&["-- in #tea: anna"]);
    let mut boris = bench.guest("boris");
    boris.say("/join #tea");
    boris.hears(&["-- in #tea: anna, boris"]);
    anna.hears(&["** boris is in #tea now"]);
    (anna, boris)
}

#[test]
fn two_people_with_telnet_and_one_with_jim_talk_in_a_room() {
    let bench = Bench::running("");
    let (mut anna, mut boris) = two(&bench);
    let mut clara = jim(&bench, "clara");
    for person in [&mut anna, &mut boris] {
        person.hears(&["** clara is in #tea now"]);
    }
    anna.say("Привет, tea?");
    for person in [&mut anna, &mut boris] {
        person.hears(&["#tea <anna> Привет, tea?"]);
    }
    clara.hears_of("Привет, tea?");
    boris.say("/me nods");
    for person in [&mut anna, &mut boris] {
        person.hears(&["#tea * boris nods"]);
    }
    clara.hears_of("/me nods");
    msg(&mut clara, "clara", "#tea", r"two\nlines\u001b[2J");
    for person in [&mut anna, &mut boris] {
        person.hears(&["#tea <clara> two", "#tea <clara> lines\u{fffd}[2J"]);
    }
    anna.say("/who");
    anna.hears(&["-- in #tea: anna, boris, clara"]);
    anna.say("//quit is how one goes");
    boris.hears(&["#tea <anna> /quit is how one goes"]);
    anna.hears(&["#tea <anna> /quit is how one goes"]);
    anna.say("/quit");
    anna.ends_with(&["-- goodbye"]);
    boris.hears(&["** anna has left #tea"]);
}

#[test]
fn private_messages_go_both_ways() {
    let bench = Bench::running("");
    let (mut anna, mut boris) = two(&bench);
    let mut clara = jim(&bench, "clara");
    anna.hears(&["** clara is in #tea now"]);
    anna.say("/msg clara between us");
    anna.hears(&["-> *clara* between us"]);
    let heard = clara.hears_of("between us");
    assert!(heard.contains(r#""to":"clara""#), "{heard}");
    msg(&mut clara, "clara", "anna", "/me smiles");
    anna.hears(&["*clara* /me smiles"]);
    boris.hears(&["** clara is in #tea now"]);
    boris.say("/msg anna hello");
    boris.hears(&["-> *anna* hello"]);
    anna.hears(&["*boris* hello"]);
    anna.say("/msg nobody hello");
    anna.hears(&["!! no such user"]);
    // The gateway itself answers, too, and repeats no password.
    anna.say("/msg Tolmach register CorrectHorse");
    anna.hears(&[
        "-> *Tolmach* register <secret>",
        "*tolmach* anna is an account now; its password is the one you gave",
    ]);
}

#[test]
fn a_stranger_is_asked_for_a_name_and_an_account_for_its_password() {
    let bench = Bench::running("");
    bench.account("dora");
    let mut dora = bench.connect("telnet");
    dora.hears_of("Who are you?");
    for (line, answer) in [
        ("/join tea", "!! say who you are first"),
        ("/jion", "!! /jion is unknown; /help tells what there is"),
        (
            "dora",
            "!! this name belongs to an account; say /login NAME PASSWORD",
        ),
        ("/login dora wrong", "!! wrong login or password"),
        ("/login dora", "!! say it so: /login NAME PASSWORD"),
        ("/ping", "-- pong"),
        (
            "/login dora pass-of-dora",
            "-- you are dora; /help tells what there is",
        ),
        ("/login dora pass-of-dora", "!! you are dora already"),
        ("hello?", "!! you are in no room; say /join ROOM"),
        ("/leave", "!! you are in no room; say /join ROOM"),
    ] {
        dora.say(line);
        dora.hears(&[answer]);
    }
    dora.write(&[b"x".repeat(5000), b"\n".to_vec()].concat());
    dora.hears(&["!! the line is longer than 4096 bytes"]);
    dora.write(b"\xff\xfb\x18\xff\xfd\x03/join milk\r\0");
    dora.hears(&["-- in #milk: dora"]);
    dora.say("/join tea");
    dora.hears(&["-- in #tea: dora"]);
    dora.say("in tea");
    dora.hears(&["#tea <dora> in tea"]);
    dora.say("/leave");
    dora.hears(&["-- you have left #tea"]);
    dora.say("in milk");
    dora.hears(&["#milk <dora> in milk"]);
    dora.say("/help");
    dora.hears(&["-- /login NAME PASSWORD — come in as an account"]);
    dora.hears_of("-- /quit — say farewell");
}

#[test]
fn what_happens_elsewhere_is_told_as_declared() {
    let mut bench = Bench::running("");
    let (mut anna, mut boris) = two(&bench);
    let token = bench.account("emil");
    let mut emil = bench.connect("talker");
    emil.say(&format!(
        r#"{{"type":"connect","room":"tea","token":"{token}"}}"#
    ));
    emil.hears_of("users");
    anna.hears(&["** emil is in #tea now"]);
    emil.say(r#"{"type":"message","content":"helo"}"#);
    let said = emil.hears_of("helo");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let id = said["id"].as_str().unwrap();
    emil.say(&format!(
        r#"{{"type":"message","content":"hello","edit":"{id}"}}"#
    ));
    anna.hears(&["#tea <emil> helo", "#tea <emil> ✎ hello"]);
    bench
        .run(&["room", "set", "tea", "--title", "Tea at five"])
        .done();
    anna.hears(&["** #tea: the operator set the title to \"Tea at five\""]);
    bench
        .run(&["room", "set", "tea", "--name", "coffee"])
        .done();
    anna.hears(&["** the operator renamed #tea to #coffee"]);
    bench.run(&["room", "kick", "coffee", "boris"]).done();
    boris.hears_of("** you were removed from #coffee; you may join again");
    anna.hears(&["** boris has left #coffee"]);
    boris.say("/join coffee");
    boris.hears(&["-- in #coffee: anna, boris, emil"]);
    anna.hears(&["** boris is in #coffee now"]);
    bench.run(&["room", "ban", "coffee", "boris"]).done();
    boris.hears(&["** you were banned from #coffee"]);
    anna.hears(&["** boris has left #coffee"]);
    boris.say("/join coffee");
    boris.hears(&["!! you are banned from this room"]);
    emil.say(r#"{"type":"close"}"#);
    anna.hears(&["** emil has left #coffee"]);
    bench.run(&["room", "remove", "coffee", "--yes"]).done();
    anna.hears(&["** #coffee was deleted"]);
    anna.say("anybody?");
    anna.hears(&["!! no such room"]);
    bench.terminate();
    anna.ends_with(&["!! Server is shutting down"]);
}

#[test]
fn who_says_nothing_is_idle_until_something_is_said() {
    let bench = Bench::running("[telnet]\nidle_after = \"1s\"\n");
    let (mut anna, mut boris) = two(&bench);
    std::thread::sleep(std::time::Duration::from_millis(400));
    anna.say("/ping");
    anna.hears(&["-- pong"]);
    anna.hears(&["** boris is idle in #tea"]);
    boris.say("/ping");
    anna.hears(&["** boris is back in #tea"]);
}

/// A line as a client's text message, whose mask changes nothing.
fn says(person: &mut Person, line: &str) {
    let length = u8::try_from(line.len()).unwrap();
    person.write(&[&[0x81, 0x80 | length, 0, 0, 0, 0], line.as_bytes()].concat());
}

#[test]
fn telnet_goes_over_web_socket_as_the_dialects_from_inside_do() {
    let bench = Bench::running("");
    let mut anna = bench.web_socket();
    anna.hears_message("** Who are you? Say your name, or /login NAME PASSWORD");
    says(&mut anna, "anna");
    anna.hears_message("-- you are anna; /help tells what there is");
    says(&mut anna, "/join tea\n");
    anna.hears_message("-- in #tea: anna");
    let mut clara = jim(&bench, "clara");
    anna.hears_message("** clara is in #tea now");
    says(&mut anna, "Hello");
    anna.hears_message("#tea <anna> Hello");
    clara.hears_of("Hello");
    msg(&mut clara, "clara", "#tea", "two\\nlines");
    anna.hears_message("#tea <clara> two");
    anna.hears_message("#tea <clara> lines");
    says(&mut anna, "/quit");
    anna.hears_message("-- goodbye");
    assert_eq!(anna.bytes(4), [0x88, 2, 0x03, 0xE8]);
}
