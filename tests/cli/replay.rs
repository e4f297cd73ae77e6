//! `tolmach replay`.

use super::bench::{Bench, read};
use super::people::{Client, Tapping, anna_by_jim, by_talker};

const MEMORY: &str = "[store]\nurl = \"memory:\"\n";

/// A gateway whose store is fresh, and memory.
fn fresh() -> Bench {
    let mut bench = Bench::offline();
    bench.configure(MEMORY);
    bench.gateway = Some(bench.serve(&[]));
    bench
}

fn write(bench: &Bench, name: &str, text: &str) -> String {
    let path = bench.path(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What a tap saw of a conversation, saved as `saved.txt`.
fn saved() -> (Bench, String) {
    let mut bench = fresh();
    let password = tolmach::dialects::client::PASSWORD;
    let [_, boris] = ["anna", "boris"].map(|login| {
        bench.run_with(&["user", "add", login], password).done();
        bench.run(&["token", "create", login]).done()
    });
    let file = bench.path("saved.txt");
    let tap = Tapping::start(&bench, &["--json", "--save", file.to_str().unwrap()]);
    let mut anna = anna_by_jim(&bench, "anna", password);
    let mut boris = by_talker(&bench, "lobby", boris.trim_end());
    anna.say(r##"{"action":"join","time":1,"room":"#lobby"}"##);
    anna.hear_of("200");
    boris.hear_of("join");
    anna.say(
        r##"{"action":"msg","time":1,"to":"#lobby","from":"anna","encoding":"utf-8","message":"hello"}"##,
    );
    anna.hear_of("200");
    boris.hear_of("hello");
    anna.say(r#"{"action":"quit","time":1}"#);
    anna.rest();
    boris.hear_of("leave");
    tap.until(|entry| entry["kind"] == "closed");
    assert_eq!(tap.interrupt().0, Some(130));
    bench.gateway = None;
    (bench, file.to_str().unwrap().to_owned())
}

#[test]
fn what_a_tap_saved_goes_the_same_way_again() {
    let (mut bench, file) = saved();
    assert!(read(file.as_ref()).contains("boris < "), "nothing was told");
    // By a gateway of its own, beside which none runs.
    let own = bench.run(&["replay", "--own", &file]).done();
    assert_eq!(own, format!("ok {file}\n1 ok, 0 differ, 0 left out\n"));
    assert!(!bench.database().exists());
    // By one that runs, once; after that its numbers are not a transcript's.
    bench.gateway = Some(bench.serve(&[]));
    bench.run(&["replay", &file]).done();
    let again = bench.run(&["replay", &file]).refused();
    assert!(
        again.contains("before") && again.contains("--own"),
        "{again}"
    );
    // From standard input; by a host that is named; as objects.
    bench.gateway = None;
    bench.gateway = Some(bench.serve(&[]));
    let replay = ["replay", "--host", "localhost", "--json", "-"];
    let object = bench.run_with(&replay, &read(file.as_ref())).done();
    assert_eq!(object, "{\"file\":\"-\",\"outcome\":\"ok\"}\n");
}

#[test]
fn what_differs_is_shown_with_its_line() {
    let (bench, file) = saved();
    let text = read(file.as_ref());
    let told = text
        .lines()
        .position(|line| line.starts_with("boris < ") && line.contains("hello"));
    let line = told.unwrap() + 1;
    let changed = write(&bench, "changed.txt", &text.replace("hello\"", "hallo\""));
    let said = text.replace("anna > {\"action\":\"msg\"", "anna > {\"action\":\"mmm\"");
    let other = write(&bench, "other.txt", &said);
    let differs = bench.run(&["replay", "--own", &other, &file]);
    assert_eq!((differs.code, differs.err.as_str()), (Some(1), ""));
    let mut lines = differs.out.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with(&format!("differs {other}:"))
    );
    assert!(
        differs.out.contains("    - anna < {\"response\":200"),
        "{}",
        differs.out
    );
    assert!(
        differs.out.contains("    + anna < {\"response\":400"),
        "{}",
        differs.out
    );
    let end = format!("ok {file}\n1 ok, 1 differ, 0 left out\n");
    assert!(differs.out.ends_with(&end), "{}", differs.out);
    // Only what is told was changed: it is what was said that comes.
    let told = text.replacen("\"content\":\"hello\"", "\"content\":\"hallo\"", 1);
    assert_ne!(told, text);
    let changed_told = write(&bench, "told.txt", &told);
    let differs = bench.run(&["replay", "--own", "--json", &changed_told]);
    let object: serde_json::Value = serde_json::from_str(&differs.out).unwrap();
    assert_eq!(
        (&object["outcome"], &object["line"]),
        (&"differs".into(), &line.into())
    );
    let why = object["why"].as_str().unwrap();
    assert!(
        why.contains("- boris < ") && why.contains("+ boris < "),
        "{why}"
    );
    bench.run(&["replay", "--own", &changed]).done();
}

#[test]
fn what_cannot_be_done_is_left_out() {
    let bench = fresh();
    let paused = write(&bench, "paused.txt", "clock: paused\nanna: jim\n");
    let config = write(
        &bench,
        "config.txt",
        "config: limits.rooms_per_user = 3\nanna: jim\n",
    );
    let shutdown = write(
        &bench,
        "shutdown.txt",
        "anna: jim\noperator: shutdown\nanna < (closed)\n",
    );
    for (file, line) in [(&paused, 1), (&config, 1), (&shutdown, 2)] {
        let out = bench.run(&["replay", file]).done();
        assert!(
            out.starts_with(&format!("left out {file}:{line}: ")),
            "{out}"
        );
        assert!(out.ends_with("\n0 ok, 0 differ, 1 left out\n"), "{out}");
    }
    // A gateway of its own is configured as the file says.
    let out = bench.run(&["replay", "--own", &paused, &config]).done();
    assert!(
        out.contains(&format!("ok {config}\n1 ok, 0 differ, 1 left out\n")),
        "{out}"
    );
}

#[test]
fn what_cannot_be_used_is_said() {
    let bench = Bench::offline();
    let good = write(&bench, "good.txt", "anna: jim\n");
    let bad = write(&bench, "bad.txt", "anna: jim\n\nanna\n");
    let unusable = |arguments: &[&str], says: &str| {
        let ran = bench.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
        assert!(ran.err.contains(says), "{}", ran.err);
    };
    unusable(
        &["replay", "--own", &good, &bad],
        "bad.txt:3: a line of one word",
    );
    unusable(
        &["replay", "--own", "nowhere.txt"],
        "nowhere.txt: No such file",
    );
    let wrong = write(&bench, "wrong.txt", "config: limits.rooms = 3\n");
    unusable(&["replay", "--own", &wrong], "wrong.txt: ");
    unusable(&["replay", &good, &good], "--own");
    unusable(&["replay"], "Usage: tolmach replay");
    let refused = bench.run(&["replay", &good]).refused();
    assert!(
        refused.contains("no gateway runs") && refused.contains("tolmach serve"),
        "{refused}"
    );
}

#[test]
fn a_gateway_with_people_is_left_alone() {
    let mut bench = fresh();
    bench
        .run_with(&["user", "add", "anna"], "pass-of-anna")
        .done();
    let file = write(&bench, "talk.txt", "boris: jim\n");
    let refused = bench.run(&["replay", &file]).refused();
    assert!(refused.contains("before"), "{refused}");
    assert!(!bench.run(&["user", "list"]).done().contains("boris"));
    // A guest who is gone again has had a number.
    bench.gateway = None;
    bench.gateway = Some(bench.serve(&[]));
    let mut guest = Client::connect(&bench, "jim");
    guest.say(r#"{"action":"presence","time":1,"user":{"account_name":"dora"}}"#);
    guest.hear_of("200");
    let differs = bench.run(&["replay", &file]);
    assert_eq!(differs.code, Some(1));
    assert!(
        differs.out.contains("talk.txt:1: people or rooms were"),
        "{}",
        differs.out
    );
    assert!(!bench.run(&["user", "list"]).done().contains("boris"));
}

/// Two who did not wait for each other: a frame of the second one stands before what came of the first one's.
#[test]
fn what_came_late_is_the_same_where_the_file_says_so_and_nowhere_else() {
    let bench = Bench::offline();
    let msg = |from: &str, time: &str, text: &str| {
        format!(
            r##"{{"action":"msg","time":{time},"to":"#lobby","from":"{from}","encoding":"ascii","message":"{text}"}}"##
        )
    };
    let said = |from, text| format!("{from} > {}\n", msg(from, "1", text));
    let heard = |who, from, text| format!("{who} < {}\n", msg(from, "<time>", text));
    let accepted = |who| format!("{who} < {{\"response\":200,\"time\":<time>}}\n");
    let people = "anna: jim #lobby\nboris: jim #lobby\n";
    let both = said("anna", "one") + &said("boris", "two");
    let annas = accepted("anna") + &heard("anna", "boris", "two");
    let boriss = heard("boris", "anna", "one") + &accepted("boris");
    let late = format!("answers: late\n{people}{both}{annas}{boriss}");
    let file = write(&bench, "late.txt", &late);
    bench.run(&["replay", "--own", &file]).done();
    for (text, line) in [
        // Nothing says that it may be late.
        (late.replace("answers: late\n", ""), 3),
        // Another order for one of them.
        (
            format!(
                "answers: late\n{people}{both}{annas}{}{}",
                accepted("boris"),
                heard("boris", "anna", "one")
            ),
            4,
        ),
        // Whoever speaks again has been answered.
        (
            format!(
                "answers: late\n{people}{both}{}{}{annas}{boriss}{}",
                said("anna", "three"),
                heard("boris", "anna", "three"),
                accepted("anna")
            ),
            4,
        ),
    ] {
        let file = write(&bench, "other.txt", &text);
        let ran = bench.run(&["replay", "--own", &file]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{text}");
        let differs = format!("differs {file}:{line}: ");
        assert!(ran.out.starts_with(&differs), "{differs}{}", ran.out);
    }
    let wrong = write(&bench, "wrong.txt", "answers: soon\n");
    let ran = bench.run(&["replay", "--own", &wrong]);
    assert!(
        ran.err.contains("wrong.txt:1: answers can only be late"),
        "{}",
        ran.err
    );
}
