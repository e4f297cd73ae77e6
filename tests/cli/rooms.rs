//! `tolmach room`.

use super::bench::{Bench, either_way};
use serde_json::{Value, json};

/// The members of a room as `login role`.
fn members(bench: &Bench, room: &str) -> Vec<String> {
    let list = bench.run(&["room", "members", room]).done();
    let cells = list
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    cells
        .map(|cells| format!("{} {}", cells[1], cells[2]))
        .collect()
}

fn room(bench: &Bench, name: &str) -> Value {
    bench
        .json(&["room", "list", "--json"])
        .into_iter()
        .find(|room| room["room"] == name)
        .unwrap()
}

either_way! {
    fn rooms_are_made_listed_and_removed(bench) {
        assert_eq!(bench.run(&["room", "create", "#Tea"]).done(), "made the room Tea\n");
        let list = bench.run(&["room", "list"]).done();
        let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(lines[0][1..6], ["lobby", "lobby", "public", "no", ""], "{list}");
        assert_eq!(lines[1][1..6], ["Tea", "Tea", "public", "no", ""], "{list}");
        let tea = room(&bench, "Tea");
        assert_eq!((&tea["kind"], &tea["protected"], &tea["owner"]), (&json!("public"), &json!(false), &Value::Null));

        let meant = bench.run(&["room", "members", "loby"]).refused();
        assert!(meant.contains("no room called loby;") && meant.contains("did you mean lobby?"), "{meant}");
        let again = bench.run(&["room", "create", "tea"]).refused();
        assert!(again.contains("a room called tea already"), "{again}");
        let bad = bench.run(&["room", "create", "a b"]).refused();
        assert!(bad.contains("\"a b\"") && bad.contains("white space"), "{bad}");
        let removed = bench.run(&["room", "remove", "TEA", "--yes"]).done();
        assert_eq!(removed, "removed the room TEA and all that was said in it\n");
        for arguments in [&["room", "remove", "tea"][..], &["room", "members", "#tea"], &["room", "set", "tea", "--title", "x"]] {
            let gone = bench.run(arguments).refused();
            assert!(gone.contains("no room called tea; `tolmach room list`"), "{gone}");
        }
    }
}

either_way! {
    fn no_room_is_made_that_is_called_like_a_direct_one(bench) {
        bench.run(&["room", "create", "tea"]).done();
        for name in ["@a,b", "#@a,b"] {
            for arguments in [&["room", "create", name][..], &["room", "set", "tea", "--name", name]] {
                let refused = bench.run(arguments);
                assert_eq!(refused.code, Some(2));
                assert!(refused.err.contains("what the direct room of two is called"), "{}", refused.err);
            }
        }
        bench.run(&["room", "create", "@a"]).done();
        let gone = bench.run(&["room", "remove", "#@c,d"]).refused();
        assert!(gone.contains("no room called #@c,d;"), "{gone}");
    }
}

#[test]
fn a_room_of_old_that_is_called_like_a_direct_one_is_reached_with_a_hash() {
    const OLD: &str = "#@anna,boris";
    let mut bench = Bench::running();
    for login in ["anna", "boris"] {
        bench
            .run_with(&["user", "add", login], "secret word")
            .done();
    }
    bench.run(&["room", "create", "tea"]).done();
    bench.run(&["room", "add", "tea", "anna"]).done();
    bench.gateway = None;
    let conn = rusqlite::Connection::open(bench.database()).unwrap();
    let sql = "UPDATE rooms SET name = '@anna,boris', folded = '@anna,boris' WHERE name = 'tea'";
    conn.execute_batch(sql).unwrap();
    drop(conn);
    for title in ["without a gateway", "with one"] {
        assert_eq!(members(&bench, OLD), ["anna member"]);
        bench.run(&["history", OLD]).done();
        let set = ["room", "set", OLD, "--title", title];
        let changed = bench.run(&set).done();
        assert_eq!(changed, format!("changed {OLD}: title\n"));
        assert_eq!(room(&bench, "@anna,boris")["title"], title);
        // Without it, it is the direct room, which is not there.
        bench.run(&["history", "@anna,boris"]).refused();
        if bench.gateway.is_none() {
            bench.gateway = Some(bench.serve(&[]));
        }
    }
    bench.run(&["room", "set", OLD, "--name", "tea"]).done();
    assert_eq!(members(&bench, "tea"), ["anna member"]);
}

either_way! {
    fn somebody_is_added_removed_banned_and_given_roles(bench) {
        for login in ["anna", "boris"] {
            bench.run_with(&["user", "add", login], "secret word").done();
        }
        bench.run(&["room", "create", "tea"]).done();
        let stranger = bench.run(&["room", "role", "tea", "anna", "admin"]).refused();
        assert!(stranger.contains("anna is not a member of tea; `tolmach room add tea anna`"), "{stranger}");
        assert_eq!(bench.run(&["room", "add", "tea", "anna"]).done(), "made anna a member of tea\n");
        bench.run(&["room", "add", "#tea", "boris"]).done();
        assert_eq!(bench.run(&["room", "role", "tea", "anna", "owner"]).done(), "made anna owner of tea\n");
        assert_eq!(members(&bench, "tea"), ["anna owner", "boris member"]);
        assert_eq!(room(&bench, "tea")["owner"], "anna");
        bench.run(&["room", "role", "tea", "boris", "owner"]).done();
        assert_eq!(members(&bench, "tea"), ["anna admin", "boris owner"]);
        bench.run(&["room", "role", "tea", "anna", "moderator"]).done();
        assert_eq!(bench.run(&["room", "kick", "tea", "boris"]).done(), "ended the membership of boris in tea\n");
        assert_eq!(members(&bench, "tea"), ["anna owner"]);
        assert!(bench.run(&["room", "kick", "tea", "boris"]).refused().contains("boris is not a member of tea"));
        bench.run(&["room", "ban", "tea", "anna"]).done();
        assert_eq!(members(&bench, "tea"), ["anna banned"]);
        assert!(bench.run(&["room", "add", "tea", "anna"]).refused().contains("banned"));
        assert_eq!(bench.run(&["room", "unban", "tea", "anna"]).done(), "lifted the ban of anna from tea\n");
        assert_eq!(members(&bench, "tea"), [""; 0]);
        assert!(bench.run(&["room", "unban", "tea", "anna"]).refused().contains("anna is not banned from tea"));
        for act in ["add", "kick", "ban", "unban"] {
            assert!(bench.run(&["room", act, "tea", "nobody"]).refused().contains("no account called nobody"));
            assert!(bench.run(&["room", act, "nowhere", "anna"]).refused().contains("no room called nowhere"));
        }
    }
}

either_way! {
    fn a_room_is_changed_in_several_ways_at_once(bench) {
        bench.run_with(&["user", "add", "anna"], "secret word").done();
        bench.run(&["room", "create", "tea"]).done();
        let set = ["room", "set", "#tea", "--name", "#chai", "--title", "Tea & biscuits", "--description", "a\nb",
            "--owner", "ANNA", "--private", "yes", "--password"];
        assert_eq!(
            bench.run_with(&set, "sesame\n").done(),
            "changed tea: name, title, description, owner, private, password\n"
        );
        let changed = room(&bench, "chai");
        assert_eq!(changed["title"], "Tea & biscuits");
        assert_eq!(changed["description"], "a\nb");
        assert_eq!((&changed["kind"], &changed["protected"]), (&json!("private"), &json!(true)));
        assert_eq!(changed["owner"], "anna");
        assert_eq!(members(&bench, "chai"), ["anna owner"]);
        bench.run_with(&["room", "set", "chai", "--password", "--private", "no"], "").done();
        let changed = room(&bench, "chai");
        assert_eq!((&changed["kind"], &changed["protected"]), (&json!("public"), &json!(false)));
        bench.run(&["room", "set", "chai", "--name", "Chai"]).done();
        assert_eq!(room(&bench, "Chai")["title"], "Tea & biscuits");
    }
}

either_way! {
    fn a_mistake_among_several_changes_changes_nothing(bench) {
        bench.run(&["room", "create", "tea"]).done();
        bench.run_with(&["user", "add", "boris"], "secret word").done();
        bench.run(&["room", "add", "tea", "boris"]).done();
        bench.run(&["room", "ban", "tea", "boris"]).done();
        for (option, value, why) in [
            ("--name", "lobby", "a room called lobby already"),
            ("--name", "a b", "white space"),
            ("--owner", "nobody", "no account called nobody"),
            ("--owner", "boris", "banned"),
        ] {
            let refused = bench.run(&["room", "set", "tea", "--title", "Other", option, value]).refused();
            assert!(refused.contains(why), "{refused}");
        }
        assert!(bench.run(&["room", "set", "tea", "--title", ""]).refused().contains("title: a title has 1 to 100"));
        assert_eq!(room(&bench, "tea")["title"], "tea");
    }
}
