//! `tolmach ban`, and bans from rooms.

use super::bench::{Bench, either_way};
use super::people::Client;
use serde_json::{Value, json};

either_way! {
    fn bans_are_added_listed_and_removed(bench) {
        bench.run_with(&["user", "add", "anna"], "CorrectHorse").done();
        let added = bench.run(&["ban", "add", "192.0.2.77/24", "--for", "1d", "--reason", "spam"]).done();
        assert!(added.starts_with("banned 192.0.2.0/24 until 20"), "{added}");
        let added = bench.run(&["ban", "add", "Anna"]).done();
        assert_eq!(added, "banned anna until `tolmach ban remove anna`\n");
        let added = bench.run(&["ban", "add", "nobody"]).done();
        assert!(added.contains("no account has this login now"), "{added}");
        let added = bench.run(&["ban", "add", "127.0.0.0/8", "--for", "1ms"]).done();
        assert!(added.contains("note: this machine's own clients are kept out too"), "{added}");
        let list = bench.json(&["ban", "list", "--json"]);
        let shown: Vec<_> = list.iter().map(|ban| (&ban["subject"], &ban["kind"], &ban["reason"])).collect();
        let (address, login) = (json!("address"), json!("login"));
        assert_eq!(
            shown,
            [
                (&json!("192.0.2.0/24"), &address, &json!("spam")),
                (&json!("anna"), &login, &json!("")),
                (&json!("nobody"), &login, &json!("")),
            ]
        );
        assert!(list[0]["until"].is_string() && list[1]["until"].is_null(), "{list:?}");
        let list = bench.run(&["ban", "list"]).done();
        assert_eq!(list.lines().count(), 3);
        assert_eq!(bench.run(&["ban", "remove", "192.0.2.0/24"]).done(), "lifted the ban of 192.0.2.0/24\n");
        assert!(bench.run(&["ban", "remove", "192.0.2.0/24"]).refused().contains("is not banned; `tolmach ban list`"));
        for wrong in [&["ban", "add", "192.0.2.0/33"][..], &["ban", "add", "192.0.2.300"], &["ban", "remove", "fe80::1::2"], &["ban", "add", "anna", "--for", "soon"]] {
            assert_eq!(bench.run(wrong).code, Some(2), "{wrong:?}");
        }
        assert!(bench.run(&["ban", "add", "a b"]).refused().contains("\"a b\""));
    }
}

#[test]
fn a_room_ban_of_a_guest_says_what_it_binds() {
    let bench = Bench::running();
    bench.run(&["room", "create", "tea"]).done();
    let mut mallory = Client::connect(&bench, "jim");
    mallory.say(r#"{"action":"presence","time":1,"user":{"account_name":"mallory"}}"#);
    mallory.hear_of("200");
    let banned = bench.run(&["room", "ban", "tea", "mallory"]).done();
    assert_eq!(
        banned,
        "banned guests who are called mallory or come from 127.0.0.1 from tea until `tolmach room unban tea mallory`\n"
    );
    mallory.say(r#"{"action":"quit"}"#);
    assert_eq!(mallory.rest(), b"");
    let refused = bench.run(&["room", "ban", "tea", "mallory"]).refused();
    for help in [
        "a guest that has left",
        "`tolmach ban add mallory`",
        "`tolmach room ban tea mallory`",
    ] {
        assert!(refused.contains(help), "{refused}");
    }
    let members = bench.json(&["room", "members", "tea", "--json"]);
    let shown: Vec<_> = members
        .iter()
        .map(|one| (&one["user"], &one["role"], &one["network"]))
        .collect();
    let [name, role, network] = [json!("mallory"), json!("banned"), json!("127.0.0.1")];
    assert_eq!(shown, [(&name, &role, &network)]);
    bench.run(&["room", "unban", "tea", "mallory"]).done();
    assert_eq!(
        bench.json(&["room", "members", "tea", "--json"]),
        [] as [Value; 0]
    );
}

either_way! {
    fn a_ban_of_a_login_stays_what_the_list_says(bench) {
        let list = || bench.run(&["ban", "list"]).done().split('\t').next().unwrap_or_default().to_owned();
        bench.run_with(&["user", "add", "max"], "CorrectHorse").done();
        bench.run(&["ban", "add", "max"]).done();
        bench.run(&["user", "rename", "max", "moritz"]).done();
        assert_eq!(list(), "moritz");
        assert!(bench.run(&["ban", "remove", "max"]).refused().contains("is not banned"));
        bench.run(&["user", "remove", "moritz", "--yes"]).done();
        assert_eq!(list(), "moritz");
        bench.run(&["ban", "remove", "moritz"]).done();
        assert_eq!(list(), "");
    }
}

either_way! {
    fn a_room_is_changed_whole_or_not_at_all(bench) {
        for login in ["anna", "boris"] {
            bench.run_with(&["user", "add", login], "CorrectHorse").done();
        }
        bench.run(&["room", "create", "tea"]).done();
        bench.run(&["room", "ban", "tea", "boris"]).done();
        let room = || bench.json(&["room", "list", "--json"]).into_iter().find(|room| room["room"] == "tea").unwrap();
        let before = room();
        let all = ["room", "set", "tea", "--title", "NEW", "--name", "coffee", "--private", "yes", "--quiet", "yes"];
        for wrong in [["--slow", "7h"], ["--owner", "boris"], ["--owner", "nobody"]] {
            bench.run(&[&all[..], &wrong].concat()).refused();
            assert_eq!(room(), before, "{wrong:?}");
        }
        let more = ["--slow", "6h", "--keep", "forever", "--owner", "anna"];
        bench.run(&[&all[..], &more].concat()).done();
        let rooms = bench.json(&["room", "list", "--json"]);
        let coffee = rooms.iter().find(|room| room["room"] == "coffee").unwrap();
        let shown = ["title", "kind", "quiet", "slow", "keep", "owner"].map(|key| coffee[key].clone());
        assert_eq!(json!(shown), json!(["NEW", "private", true, "6h", "0s", "anna"]));
    }
}

either_way! {
    fn a_room_is_made_quiet_and_slow(bench) {
        bench.run(&["room", "create", "tea"]).done();
        let room = || bench.json(&["room", "list", "--json"]).into_iter().find(|room| room["room"] == "tea").unwrap();
        assert_eq!((&room()["quiet"], &room()["slow"]), (&json!(false), &json!("0s")));
        bench.run(&["room", "set", "tea", "--quiet", "yes", "--slow", "90s"]).done();
        assert_eq!((&room()["quiet"], &room()["slow"]), (&json!(true), &json!("1m 30s")));
        bench.run(&["room", "set", "tea", "--quiet", "no", "--slow", "0s"]).done();
        assert_eq!((&room()["quiet"], &room()["slow"]), (&json!(false), &json!("0s")));
        assert!(bench.run(&["room", "set", "tea", "--slow", "7h"]).refused().contains("the longest pause is 6h"));
    }
}

either_way! {
    fn a_room_says_for_how_long_it_keeps_messages(bench) {
        bench.run(&["room", "create", "tea"]).done();
        let keep = || bench.json(&["room", "list", "--json"]).into_iter().find(|room| room["room"] == "tea").unwrap()["keep"].clone();
        assert_eq!(keep(), Value::Null);
        for (given, shown) in [("90d", json!("90d")), ("forever", json!("0s")), ("36h", json!("36h")), ("0s", json!("0s")), ("default", Value::Null)] {
            bench.run(&["room", "set", "tea", "--keep", given]).done();
            assert_eq!(keep(), shown, "{given}");
        }
        let wrong = bench.run(&["room", "set", "tea", "--keep", "soon"]);
        assert_eq!(wrong.code, Some(2));
        assert!(wrong.err.contains("\"forever\" or \"default\""), "{}", wrong.err);
    }
}
