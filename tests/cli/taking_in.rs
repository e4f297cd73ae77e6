//! What `tolmach import` makes of an export that somebody changed: what a hub that had been told it would have kept.

use serde_json::{Value, json};

use super::bench::Bench;
use super::copies::elsewhere;
use super::moving::{exported, lines, lively, rows};

/// What would move a cursor, ring, turn the line, and half an emoji's escape beside it.
const EVIL: &str = "E\u{1b}]0;own\u{7}\u{7f}\u{9b}31m\r\nL";
const CLEAN: &str = "E\u{fffd}]0;own\u{fffd}\u{fffd}\u{fffd}31m\nL";

/// An export in which `change` was done to every row of a table for which it gives something.
fn changed(export: &str, table: &str, change: impl Fn(&mut Value)) -> String {
    let mut all = lines(export);
    for row in all.iter_mut().filter_map(|line| line.get_mut(table)) {
        change(row);
    }
    all.iter().map(|line| format!("{line}\n")).collect()
}

fn said(row: &Value, text: &str) -> bool {
    row["text"] == text
}

#[test]
fn texts_are_made_clean_as_a_hub_does() {
    let (bench, _) = lively();
    let whole = bench.run(&["export"]).done();
    let room = bench.run(&["export", "--room", "tea"]).done();
    drop(bench);
    let spoil = |export: &str| {
        let export = changed(export, "messages", |row| {
            if said(row, "hello") {
                row["text"] = json!(EVIL);
                row["extra"] = json!("jim:\"x\":\"\\u001b\"");
            }
            if let Some(file) = row["file"].as_str() {
                row["file"] = file
                    .replace("cat.png", "../a\\\\b\\u001b\\u202e.png")
                    .into();
            }
        });
        let export = changed(&export, "rooms", |row| {
            if row["name"] == "tea" {
                row["title"] = json!(EVIL);
                row["description"] = json!(EVIL);
                row["folded"] = json!("other");
                row["folded_title"] = json!("other");
            }
        });
        let export = changed(&export, "users", |row| {
            row["name"] = json!(if row["login"] == "anna" { EVIL } else { "" });
        });
        export.replace("\"two\\nlines\"", "\"two \\ud83d\"")
    };
    let mut other = elsewhere();
    // As some platforms write texts.
    let written = format!("\u{feff}{}", spoil(&whole).replace('\n', "\r\n"));
    other.run_with(&["import"], &written).done();
    let verified = other.run(&["store", "verify"]).done();
    assert!(verified.starts_with("all holds in "), "{verified}");
    other.gateway = Some(other.serve(&[]));
    other
        .run_with(&["import", "--room", "new"], &spoil(&room))
        .done();
    let verified = other.run(&["store", "verify"]).done();
    assert!(verified.starts_with("all holds in "), "{verified}");
    for (name, folded) in [("tea", "tea"), ("new", "new")] {
        let found = exported(&other, &["--room", name]);
        let row = rows(&found, "rooms")[0];
        assert_eq!(row["title"], CLEAN.replace('\n', " "), "{row}");
        assert_eq!(row["description"], CLEAN, "{row}");
        assert_eq!(row["folded"], folded, "{row}");
        let title = CLEAN.replace('\n', " ").to_lowercase();
        assert_eq!(row["folded_title"], title, "{row}");
        let texts: Vec<_> = rows(&found, "messages");
        let has = |text: &str| texts.iter().any(|row| said(row, text));
        assert!(has(CLEAN) && has("two \u{fffd}"), "{texts:?}");
        let files: String = texts
            .iter()
            .filter_map(|row| row["file"].as_str())
            .collect();
        assert!(files.contains("\"b\u{fffd}.png\""), "{files}");
        let users = rows(&found, "users");
        let named =
            |login: &str| users.iter().find(|row| row["login"] == login).unwrap()["name"].clone();
        assert_eq!(named("anna"), CLEAN.replace('\n', " "));
        assert_eq!(named("Борис"), "Борис");
    }
}

/// Whoever mends it learns where: line, column, why, and what can be done.
#[test]
fn what_no_hub_would_keep_is_refused_with_its_line() {
    let (bench, _) = lively();
    let whole = bench.run(&["export"]).done();
    drop(bench);
    let other = elsewhere();
    let refuse = |table: &str, change: &dyn Fn(&mut Value), what: &[&str]| {
        let export = changed(&whole, table, change);
        let refused = refused(&other, &export);
        for what in what {
            assert!(refused.contains(what), "{what}: {refused}");
        }
        assert!(
            refused.starts_with("tolmach: standard input: line "),
            "{refused}"
        );
        assert!(!other.data_dir().exists(), "{refused}");
    };
    let of = |column: &'static str, is: &'static str, to: &'static str| {
        move |row: &mut Value, changed: &str| {
            if row[column] == is {
                row[changed] = json!(to);
            }
        }
    };
    for to in ["", " ", "\u{200b}", "\u{202e}"] {
        let change = of("text", "hello", to);
        refuse(
            "messages",
            &|row| change(row, "text"),
            &["text of message", "nothing to see", "mend the line"],
        );
    }
    for to in ["", "\u{200b}"] {
        let change = of("name", "tea", to);
        refuse(
            "rooms",
            &|row| change(row, "title"),
            &["title of room \"tea\"", "1 to 100 characters"],
        );
        refuse("rooms", &|row| change(row, "name"), &["name of room"]);
    }
    let change = of("name", "den", "t\u{200b}ea");
    refuse(
        "rooms",
        &|row| change(row, "name"),
        &["name of room", "nothing that cannot be seen"],
    );
    let change = of("name", "den", "TEA");
    refuse(
        "rooms",
        &|row| change(row, "name"),
        &[
            "the name \"TEA\" is the same as \"tea\" of line ",
            "another name",
        ],
    );
    for to in [
        "anna\u{200b}",
        "anna\u{202e}",
        "a\u{1b}",
        "tolmach",
        "Everyone",
        "12",
        "",
    ] {
        let change = of("login", "anna", to);
        refuse("users", &|row| change(row, "login"), &["login of user"]);
    }
    let change = of("login", "Борис", "ANNA");
    refuse(
        "users",
        &|row| change(row, "login"),
        &["the name \"ANNA\" is the same as \"anna\" of line "],
    );
    let change = of("login", "anna", "\u{200b}");
    refuse(
        "users",
        &|row| change(row, "name"),
        &["name of user \"anna\"", "nothing to see"],
    );
}

fn refused(bench: &Bench, export: &str) -> String {
    bench.run_with(&["import"], export).refused()
}

/// Rows that a hub would not have made are found where they are.
#[test]
fn a_store_with_texts_that_no_hub_keeps_is_named() {
    let (mut bench, tea) = lively();
    bench.gateway = None;
    let conn = rusqlite::Connection::open(bench.database()).unwrap();
    conn.execute_batch(&format!(
        "UPDATE messages SET text = 'x' || char(27) WHERE text = 'hello'; \
        UPDATE messages SET text = char(8203) WHERE text = 'чай 🫖'; \
        UPDATE messages SET file = json_set(file, '$.name', '../x') WHERE file ->> 'name' = 'cat.png'; \
        UPDATE rooms SET title = char(8203) WHERE id = {tea}; \
        UPDATE rooms SET name = 'DEN', folded = 'xx' WHERE name = 'den'; \
        UPDATE rooms SET description = char(7) WHERE name = 'lobby'; \
        UPDATE users SET name = 'B' || char(155) WHERE login = 'Борис'; \
        UPDATE users SET login = 'anna' || char(8203) WHERE login = 'anna'"
    ))
    .unwrap();
    drop(conn);
    let ran = bench.run(&["store", "verify"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    for (begins, what) in [
        ("room\ttea\tmessage ", "its text is not clean"),
        ("room\ttea\tmessage ", "there is nothing to see in it"),
        ("room\ttea\tmessage ", "the name of its file is not clean"),
        ("room\ttea\tits row", "title"),
        (
            "room\tDEN\tits row",
            "is found as \"xx\", and should be as \"den\"",
        ),
        ("room\tlobby\tits row", "its description is not clean"),
        ("user\tБорис\tits row", "its name is not clean"),
        ("user\tanna", "login"),
    ] {
        let mut lines = ran.out.lines();
        let found = lines.any(|line| line.starts_with(begins) && line.contains(what));
        assert!(found, "{begins}{what}: {}", ran.out);
    }
}
