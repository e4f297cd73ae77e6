//! `tolmach user`.

use super::bench::{Bench, either_way};
use serde_json::json;

either_way! {
    fn accounts_are_made_listed_changed_and_ended(bench) {
        assert_eq!(bench.run_with(&["user", "add", "Anna"], "secret word\n").done(), "made the account Anna\n");
        bench.run_with(&["user", "add", "Борис"], "пароль анны").done();
        let list = bench.run(&["user", "list"]).done();
        let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines.len(), 2, "{list}");
        assert_eq!(lines[0][1..4], ["Anna", "Anna", "enabled"]);
        assert_eq!(lines[1][1..4], ["Борис", "Борис", "enabled"]);
        assert!(lines[0][4].ends_with('Z'));

        assert_eq!(bench.run(&["user", "disable", "anna"]).done(), "disabled Anna; its sessions have ended\n");
        let users = bench.json(&["user", "list", "--json"]);
        assert_eq!((&users[0]["user"], &users[0]["disabled"]), (&json!("Anna"), &json!(true)));
        assert_eq!(users[1]["disabled"], false);
        assert!(users[0]["id"].is_i64() && users[0]["created"].is_string());
        assert_eq!(bench.run(&["user", "enable", "anna"]).done(), "enabled Anna\n");
        assert_eq!(bench.json(&["user", "list", "--json"])[0]["disabled"], false);

        let changed = bench.run_with(&["user", "password", "anna"], "another one\r\n").done();
        assert!(changed.starts_with("changed the password of Anna;"), "{changed}");
        assert_eq!(bench.run(&["user", "remove", "anna", "--yes"]).done(), "removed the account Anna\n");
        assert_eq!(bench.json(&["user", "list", "--json"]).len(), 1);
        bench.run_with(&["user", "add", "anna"], "once again").done();
    }
}

either_way! {
    fn an_account_is_made_an_operator_and_is_none_any_more(bench) {
        bench.run_with(&["user", "add", "Anna"], "secret word\n").done();
        let shown = || bench.run(&["user", "list"]).done();
        assert!(shown().ends_with("\tno\n"), "{}", shown());
        assert_eq!(bench.run(&["user", "operator", "anna", "yes"]).done(), "made Anna an operator\n");
        assert!(shown().ends_with("\tyes\n"), "{}", shown());
        assert_eq!(bench.json(&["user", "list", "--json"])[0]["operator"], true);
        // It goes with all that is kept, but not with a room.
        let exported = |arguments: &[&str]| bench.run(&[&["export"], arguments].concat()).done();
        bench.run(&["room", "create", "tea"]).done();
        bench.run(&["room", "add", "tea", "anna"]).done();
        assert!(exported(&[]).contains(r#""operator":1"#));
        assert!(exported(&["--room", "tea"]).contains(r#""operator":0"#));
        assert_eq!(bench.run(&["user", "operator", "anna", "no"]).done(), "Anna is no operator any more\n");
        assert_eq!(bench.json(&["user", "list", "--json"])[0]["operator"], false);
        let nobody = bench.run(&["user", "operator", "nobody", "yes"]).refused();
        assert!(nobody.contains("no account called nobody"), "{nobody}");
    }
}

either_way! {
    fn what_cannot_be_done_is_said(bench) {
        bench.run_with(&["user", "add", "anna"], "secret word").done();
        let taken = bench.run_with(&["user", "add", "ANNA"], "x").refused();
        assert!(taken.contains("ANNA is taken"), "{taken}");
        // Before any password is asked for.
        assert!(bench.run(&["user", "add", "ANNA"]).refused().contains("ANNA is taken"));
        assert!(bench.run(&["user", "password", "nobody"]).refused().contains("no account called"));
        let empty = bench.run_with(&["user", "add", "boris"], "\n").refused();
        assert!(empty.contains("password is empty"), "{empty}");
        for action in [["add", "boris"], ["password", "anna"]] {
            let short = bench.run_with(&["user", action[0], action[1]], "1234567").refused();
            assert!(short.contains("at least 8 characters"), "{short}");
        }
        for (login, why) in [("a b", "without spaces"), ("123", "all digits"), ("everyone", "reserved"), ("tolmach", "reserved")] {
            let bad = bench.run_with(&["user", "add", login], "x").refused();
            assert!(bad.contains(&format!("{login:?}")) && bad.contains(why), "{bad}");
        }
        for action in ["disable", "enable", "remove", "password"] {
            let nobody = bench.run_with(&["user", action, "nobody"], "x").refused();
            assert!(nobody.contains("no account called nobody; `tolmach user list`"), "{nobody}");
        }
        let meant = bench.run(&["user", "disable", "ana"]).refused();
        assert!(meant.contains("did you mean anna?"), "{meant}");
        assert_eq!(bench.json(&["user", "list", "--json"]).len(), 1);
    }
}

either_way! {
    fn an_account_is_given_another_login(bench) {
        bench.run_with(&["user", "add", "anna"], "secret word").done();
        bench.run_with(&["user", "add", "boris"], "secret word").done();
        let said = bench.run(&["user", "rename", "ANNA", "Nina"]).done();
        assert_eq!(said, "renamed ANNA to Nina\n");
        let users = bench.json(&["user", "list", "--json"]);
        assert_eq!((&users[0]["user"], &users[0]["name"]), (&json!("Nina"), &json!("Nina")));
        let taken = bench.run(&["user", "rename", "nina", "BORIS"]).refused();
        assert!(taken.contains("BORIS is taken"), "{taken}");
        let bad = bench.run(&["user", "rename", "nina", "a b"]).refused();
        assert!(bad.contains("\"a b\"") && bad.contains("without spaces"), "{bad}");
        let nobody = bench.run(&["user", "rename", "anna", "dora"]).refused();
        assert!(nobody.contains("no account called anna; `tolmach user list`"), "{nobody}");
        assert_eq!(bench.json(&["user", "list", "--json"])[0], users[0]);
    }
}

/// By a dialect that needs no token for it, too.
#[test]
fn the_last_login_is_shown() {
    let bench = Bench::running();
    for login in ["anna", "boris"] {
        bench
            .run_with(&["user", "add", login], "secret word")
            .done();
    }
    drop(super::people::anna_by_jim(&bench, "anna", "secret word"));
    let users = bench.json(&["user", "list", "--json"]);
    assert!(users[0]["last_login"].as_str().unwrap() >= users[0]["created"].as_str().unwrap());
    assert!(users[1]["last_login"].is_null());
}
