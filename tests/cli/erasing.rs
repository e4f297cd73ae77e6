//! `tolmach user erase` and `tolmach user export`.

use serde_json::{Value, json};

use super::bench::{Bench, either_way, read};
use super::people::Client;

/// A gateway where anna and boris have said something in "tea", and their connections.
fn talking() -> (Bench, [Client; 2]) {
    let bench = Bench::running();
    bench.run(&["room", "create", "tea"]).done();
    let clients = ["anna", "boris"].map(|login| {
        bench
            .run_with(&["user", "add", login], "secret word")
            .done();
        let token = format!("token-of-{login}");
        bench
            .run_with(&["token", "create", login, "--value-stdin"], &token)
            .done();
        let mut client = Client::connect(&bench, "talker");
        client.say(json!({"type": "connect", "room": "tea", "token": token}).to_string() + "\n");
        client.hear_of("connected");
        for number in 0..3 {
            let content = format!("{login} says {number}");
            client.say(json!({"type": "message", "content": content}).to_string() + "\n");
            client.hear_of(&content);
        }
        client
    });
    (bench, clients)
}

fn history(bench: &Bench) -> Vec<String> {
    let said = bench.json(&["history", "tea", "--json"]);
    let text = |one: &Value| {
        format!(
            "{} {}",
            one["from"].as_str().unwrap(),
            one["text"].as_str().unwrap()
        )
    };
    said.iter().map(text).collect()
}

#[test]
fn an_account_is_exported_and_erased_while_it_talks_and_when_no_gateway_runs() {
    let (mut bench, [mut anna, _boris]) = talking();
    let path = bench.path("anna.json");
    let export = ["user", "export", "ANNA", path.to_str().unwrap()];
    assert_eq!(bench.run(&export).done(), "");
    let text = read(&path);
    let all: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all["account"]["login"], "anna");
    let last = all["account"]["last_login"].as_str().unwrap();
    assert!(last.starts_with("20"), "{last}");
    assert_eq!(all["rooms"][0]["room"], "tea");
    assert_eq!(all["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(all["sessions"][0]["dialect"], "talker");
    let said = all["messages"].as_array().unwrap();
    assert_eq!(said.len(), 3);
    assert_eq!(
        (&said[2]["text"], &said[2]["room"]),
        (&json!("anna says 2"), &json!("tea"))
    );
    assert!(
        !text.contains("argon2") && !text.contains("token-of") && !text.contains("boris"),
        "{text}"
    );
    assert!(
        bench
            .run(&export)
            .refused()
            .contains("anna.json: it is there already; remove it"),
        "what is there is not replaced"
    );
    let piped = bench.run(&["user", "export", "boris"]).done();
    assert_eq!(
        serde_json::from_str::<Value>(&piped).unwrap()["messages"][0]["text"],
        "boris says 0"
    );

    let erased = bench.run(&["user", "erase", "anna", "--yes"]).done();
    assert_eq!(
        erased,
        "erased the account anna: 3 messages, 0 of them with files, in 1 room\n"
    );
    anna.hear_of("error");
    assert_eq!(anna.rest(), b"");
    let kept = [
        "erased-1 ",
        "erased-1 ",
        "erased-1 ",
        "boris says 0",
        "boris says 1",
        "boris says 2",
    ];
    let shown: Vec<String> = history(&bench);
    for (shown, kept) in shown.iter().zip(kept) {
        assert!(shown.ends_with(kept), "{shown}");
    }
    drop(bench.gateway.take());
    let erased = bench.run(&["user", "erase", "boris", "--yes"]).done();
    assert_eq!(
        erased,
        "erased the account boris: 3 messages, 0 of them with files, in 1 room\n"
    );
    let database = std::fs::read(bench.database()).unwrap();
    for gone in ["anna", "boris", "says"] {
        assert!(
            !database
                .windows(gone.len())
                .any(|bytes| bytes == gone.as_bytes()),
            "{gone}"
        );
    }
    assert_eq!(bench.json(&["user", "list", "--json"]), [] as [Value; 0]);
}

either_way! {
    fn nobody_is_erased_without_being_asked(bench) {
        bench.run_with(&["user", "add", "anna"], "secret word").done();
        let unasked = bench.run(&["user", "erase", "anna"]);
        assert_eq!(unasked.code, Some(2));
        assert!(unasked.err.contains("--yes"), "{}", unasked.err);
        for act in ["erase", "export"] {
            assert!(bench.run(&["user", act, "nobody"]).refused().contains("no account called nobody"));
        }
        assert_eq!(bench.json(&["user", "list", "--json"]).len(), 1);
        bench.run(&["user", "erase", "anna", "--yes"]).done();
        bench.run_with(&["user", "add", "anna"], "secret word").done();
    }
}

/// Who was removed is erased all the same, by the login that it had; who has it now comes first.
#[test]
fn an_account_that_was_removed_is_erased_by_its_last_login() {
    let (mut bench, [_anna, _boris]) = talking();
    for login in ["anna", "boris"] {
        bench.run(&["user", "remove", login, "--yes"]).done();
    }
    bench
        .run_with(&["user", "add", "anna"], "secret word")
        .done();
    let erased = |bench: &Bench, said: &str| {
        let out = bench.run(&["user", "erase", "Anna", "--yes"]).done();
        assert_eq!(out, format!("erased the account Anna: {said}\n"));
    };
    erased(&bench, "0 messages, 0 of them with files, in 0 rooms");
    assert_eq!(
        history(&bench)
            .iter()
            .filter(|it| it.starts_with("anna "))
            .count(),
        3
    );
    erased(&bench, "3 messages, 0 of them with files, in 1 room");
    let again = bench.run(&["user", "erase", "anna", "--yes"]).refused();
    assert!(again.contains("no account called anna"), "{again}");
    assert_eq!(
        history(&bench)
            .iter()
            .filter(|it| it.starts_with("boris "))
            .count(),
        3
    );
    bench.gateway = None;
    bench.run(&["user", "erase", "boris", "--yes"]).done();
    let database = std::fs::read(bench.database()).unwrap();
    for gone in ["anna", "boris", "says"] {
        let mut places = database.windows(gone.len());
        assert!(!places.any(|bytes| bytes == gone.as_bytes()), "{gone}");
    }
    bench.run(&["store", "verify"]).done();
}

/// Whoever has the login now is not touched.
#[test]
fn an_account_that_was_removed_is_erased_by_its_number() {
    let (bench, [_anna, _boris]) = talking();
    let id = || {
        let users = bench.json(&["user", "list", "--json"]);
        let anna = users.into_iter().find(|user| user["user"] == "anna");
        anna.unwrap()["id"].to_string()
    };
    let number = format!("#{}", id());
    bench.run(&["user", "remove", "anna", "--yes"]).done();
    bench
        .run_with(&["user", "add", "anna"], "secret word")
        .done();
    let newcomer = id();
    let out = bench.run(&["user", "erase", &number, "--yes"]).done();
    let said = "3 messages, 0 of them with files, in 1 room";
    assert_eq!(out, format!("erased the account {number}: {said}\n"));
    assert_eq!(id(), newcomer);
    bench.run(&["user", "erase", "#99", "--yes"]).refused();
    bench.run(&["user", "erase", "#x", "--yes"]).refused();
}

/// "All that is kept of it", also once the account is removed, and which messages it hid.
#[test]
fn an_account_that_was_removed_is_exported_and_hidden_messages_are_named() {
    let (mut bench, [_anna, _boris]) = talking();
    let export = |bench: &Bench, name: &str| -> Value {
        serde_json::from_str(&bench.run(&["user", "export", name]).done()).unwrap()
    };
    bench.gateway = None;
    let conn = rusqlite::Connection::open(bench.database()).unwrap();
    conn.execute_batch(
        "INSERT INTO hidden SELECT 1, room, id FROM messages WHERE text = 'boris says 1'",
    )
    .unwrap();
    drop(conn);
    let before = export(&bench, "anna");
    assert_eq!(before["hidden"][0]["room"], "tea");
    bench.gateway = Some(bench.serve(&[]));
    bench.run(&["user", "remove", "anna", "--yes"]).done();
    let after = export(&bench, "Anna");
    for (key, same) in [("messages", true), ("hidden", true), ("tokens", false)] {
        assert_eq!(before[key] == after[key], same, "{key}: {after}");
    }
    assert_eq!(after["account"]["login"], "anna");
    assert_eq!(export(&bench, "#1"), after);
    bench
        .run_with(&["user", "add", "anna"], "secret word")
        .done();
    assert_eq!(export(&bench, "anna")["messages"], json!([]));
    bench.run(&["user", "remove", "anna", "--yes"]).done();
    let which = bench.run(&["user", "export", "anna"]).refused();
    assert!(which.contains("#1, #3"), "{which}");
    let nobody = bench.run(&["user", "export", "#99"]).refused();
    assert!(nobody.contains("no account called #99"), "{nobody}");
}

#[test]
fn copies_of_files_replace_nothing_and_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (bench, tea) = super::copies::with_anna();
    super::copies::post_file(&bench, tea, "cat.png", b"meow");
    let export = ["user", "export", "anna", "anna.json", "--files", "copies"];
    bench.run(&export).done();
    let all: Value = serde_json::from_str(&read(&bench.path("anna.json"))).unwrap();
    let copy = bench
        .path("copies")
        .join(all["messages"][0]["file"]["copy"].as_str().unwrap());
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!((read(&copy), mode & 0o777), ("meow".to_owned(), 0o600));
    std::fs::write(&copy, "mine").unwrap();
    std::fs::remove_file(bench.path("anna.json")).unwrap();
    let refused = bench.run(&export).refused();
    assert!(
        refused.contains("it is there already; remove it"),
        "{refused}"
    );
    assert_eq!(read(&copy), "mine");
    // Half a document is none.
    assert!(!bench.path("anna.json").exists());
}
