//! The log: what it says of what happens, and `docs/log.md`, which lists that.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bench::{Bench, Running, read};
use super::people::{Client, PATIENCE, anna_by_jim, by_talker};

const LIMITS: &str = "[limits]\nconnections = 20\nconnections_per_address = 8\nfailed_logins = 2\n\
    requests_per_second = 5\nburst = 5\nregistrations_per_hour = 3\nrooms_made_per_hour = 1\n\
    [log]\nlevel = \"info,tolmach=debug\"\nformat = \"json\"\n";

/// The events of `docs/log.md`: level and fields.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = include_str!("../../docs/log.md");
    let (_, events) = page.split_once("\n## Events\n").unwrap();
    let rows = events.lines().take_while(|line| !line.starts_with("###"));
    let cells = rows.filter_map(|row| row.strip_prefix("| `"));
    let row = |row: &str| {
        let mut cells = row.split(" | ");
        let event = cells.next().unwrap().trim_end_matches('`').to_owned();
        let level = cells.next().unwrap().to_uppercase();
        let fields = cells.next().unwrap().split('`').skip(1).step_by(2);
        (event, (level, fields.map(str::to_owned).collect()))
    };
    cells.map(row).collect()
}

/// The lines of the gateway's log.
fn lines(bench: &Bench) -> Vec<Value> {
    let log = read(&bench.path("log"));
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The fields of the first line of an event for which this holds.
fn find(bench: &Bench, event: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let all = lines(bench);
        let fields = all.iter().map(|line| &line["fields"]);
        let mut events = fields.filter(|fields| fields["message"] == event);
        if let Some(found) = events.find(|fields| is_meant(fields)) {
            return found.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "no {event:?} in {all:#?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn limit(name: &str) -> impl Fn(&Value) -> bool {
    move |fields| fields["limit"] == name
}

fn user(name: &str) -> impl Fn(&Value) -> bool {
    move |fields| fields["user"] == name
}

fn closed(bench: &Bench, reason: &str) -> Value {
    find(bench, "connection closed", |fields| {
        fields["reason"] == reason
    })
}

fn sign_up(bench: &Bench, login: &str) -> String {
    let mut client = Client::connect(bench, "uchat");
    let pass = "0".repeat(64);
    client.say(format!(
        "{{\"type\":1,\"login\":\"{login}\",\"pass\":\"{pass}\",\"name\":\"\",\"desc\":\"\"}}\n"
    ));
    client.hear()
}

fn fails_by_jim(bench: &Bench, login: &str) {
    let mut client = Client::connect(bench, "jim");
    client.say(format!(
        r#"{{"action":"authenticate","time":1,"user":{{"account_name":{},"password":"wrong"}}}}"#,
        Value::from(login)
    ));
    assert!(client.hear().contains("\"error\""));
}

#[test]
fn what_happens_is_said_in_documented_words() {
    let mut bench = Bench::offline();
    bench.configure(LIMITS);
    bench.make_store();
    bench
        .run_with(&["user", "add", "anna"], "pass-of-anna")
        .done();
    bench.gateway = Some(bench.serve(&[]));
    strangers(&bench);
    people(&bench);
    operators(&bench);
    let idle = Client::connect(&bench, "purpose.2");
    // Of all dialects only this one has had no connection before.
    find(&bench, "connection opened", |fields| {
        fields["listener"] == "purpose.2"
    });
    bench.gateway.as_ref().unwrap().signal("TERM");
    bench.gateway.as_mut().unwrap().wait();
    drop(idle);
    let stopping = find(&bench, "stopping", |_| true);
    assert_eq!(stopping["reason"], "SIGTERM");
    assert_eq!(find(&bench, "farewell said", |_| true)["connections"], 1);
    closed(&bench, "shutdown");
    let documented = documented();
    for line in lines(&bench) {
        let fields = line["fields"].as_object().unwrap();
        let event = fields["message"].as_str().unwrap();
        let (level, known) = documented
            .get(event)
            .unwrap_or_else(|| panic!("not documented: {line}"));
        assert_eq!(line["level"], level.as_str(), "{line}");
        let names = fields.keys().filter(|name| *name != "message");
        let unknown: Vec<_> = names.filter(|name| !known.contains(*name)).collect();
        assert!(unknown.is_empty(), "{unknown:?} of {line}");
    }
}

/// Those who are not let in, and hit limits.
fn strangers(bench: &Bench) {
    find(bench, "starting", |fields| {
        fields["version"] == env!("CARGO_PKG_VERSION")
    });
    let talker = find(bench, "listening", |fields| fields["listener"] == "talker");
    assert_eq!(
        (&talker["dialect"], &talker["tls"]),
        (&"talker".into(), &"auto".into())
    );
    assert_eq!(
        find(bench, "TLS certificate", |_| true)["sha256"]
            .as_str()
            .unwrap()
            .len(),
        95
    );
    fails_by_jim(bench, "nobody\nERROR");
    let failed = find(bench, "login failed", user("nobody\nERROR"));
    let expected = serde_json::json!({"message": "login failed", "user": "nobody\nERROR",
        "peer": "127.0.0.1", "reason": "bad_credentials", "times": 1});
    assert_eq!(failed, expected);
    for _ in 0..3 {
        fails_by_jim(bench, "gina");
    }
    find(bench, "login failed", |fields| {
        fields["reason"] == "rate_limited"
    });
    for login in ["boris", "clara", "dora"] {
        assert!(sign_up(bench, login).contains("\"type\":2"));
    }
    find(bench, "account made", user("boris"));
    sign_up(bench, "emil");
    find(bench, "a limit was hit", limit("registrations_per_hour"));
    let mut many: Vec<Client> = (0..8).map(|_| Client::connect(bench, "jim")).collect();
    assert!(Client::connect(bench, "jim").hear().contains("503"));
    let hit = find(bench, "a limit was hit", limit("connections_per_address"));
    assert_eq!(hit["peer"], "127.0.0.1");
    many.clear();
    drop(Client::connect(bench, "talker"));
    closed(bench, "eof");
}

/// Those who are let in.
fn people(bench: &Bench) {
    bench
        .run_with(&["user", "add", "fred"], "pass-of-fred")
        .done();
    let mut anna = anna_by_jim(bench, "anna", "pass-of-anna");
    let session = find(bench, "session opened", user("anna"));
    assert_eq!(
        (&session["dialect"], &session["encrypted"]),
        (&"jim".into(), &false.into())
    );
    anna.makes("tea");
    anna.ask(r##"{"action":"join","time":1,"room":"#coffee"}"##);
    find(bench, "a limit was hit", limit("rooms_made_per_hour"));
    for _ in 0..5 {
        anna.ask(r##"{"action":"leave","time":1,"room":"#none"}"##);
    }
    let hit = find(bench, "a limit was hit", limit("requests_per_second"));
    assert_eq!(
        (&hit["user"], &hit["connection"]),
        (&"anna".into(), &session["connection"])
    );
    anna.say(r#"{"action":"quit"}"#);
    anna.rest();
    let end = closed(bench, "farewell");
    assert_eq!(
        (&end["user"], &end["connection"]),
        (&"anna".into(), &session["connection"])
    );
}

/// What operators do, while it runs and before.
fn operators(bench: &Bench) {
    let uid =
        std::fs::metadata(bench.path("log")).map(|log| std::os::unix::fs::MetadataExt::uid(&log));
    let uid = Value::from(uid.unwrap());
    let before = find(bench, "operator", user("anna"));
    assert_eq!((&before["act"], &before["uid"]), (&"register".into(), &uid));
    assert!(before["at"].is_string(), "{before}");
    bench.run(&["room", "add", "tea", "fred"]).done();
    bench.run(&["room", "role", "tea", "fred", "admin"]).done();
    let role = find(bench, "operator", |fields| fields["act"] == "set_role");
    assert_eq!(
        (&role["room"], &role["user"], &role["role"]),
        (&"tea".into(), &"fred".into(), &"admin".into())
    );
    assert_eq!(
        (&role["uid"], role.get("error"), role.get("at")),
        (&uid, None, None)
    );
    bench.run(&["session", "close", "999"]).refused();
    let refused = find(bench, "operator", |fields| fields["act"] == "close_session");
    assert_eq!(
        (&refused["session"], &refused["error"]),
        (&999.into(), &"invalid".into())
    );
    bench.run(&["ban", "add", "192.0.2.0/24"]).done();
    let ban = find(bench, "operator", |fields| fields["act"] == "add_ban");
    assert_eq!(ban["subject"], "192.0.2.0/24");
    let acts = lines(bench)
        .into_iter()
        .filter(|line| line["target"] == "audit");
    assert!(
        acts.clone()
            .all(|line| line["fields"]["message"] == "operator")
    );
    let reading = acts.filter(|line| line["fields"]["act"] == "rooms").count();
    assert_eq!(reading, 0);
}

#[test]
fn what_somebody_typed_begins_no_line_of_the_log() {
    let bench = Bench::running();
    fails_by_jim(&bench, "x\n\u{1b}[31m ERROR y");
    let begun = Instant::now();
    while !read(&bench.path("log")).contains("login failed") {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    let log = read(&bench.path("log"));
    let line = log
        .lines()
        .find(|line| line.contains("login failed"))
        .unwrap();
    assert!(
        line.contains(r#"user="x\n\u{1b}[31m ERROR y" peer="#),
        "{line}"
    );
    assert!(!log.contains('\u{1b}'), "{line}");
}

#[test]
fn who_is_too_slow_is_named() {
    let mut bench = Bench::offline();
    let log = "[log]\nformat = \"json\"\n[limits]\nqueue_bytes = 1000\nmessages_per_second = 0\n";
    bench.configure(log);
    bench.make_store();
    bench
        .run_with(&["user", "add", "anna"], "pass-of-anna")
        .done();
    let token = bench.run(&["token", "create", "anna"]).done();
    bench.gateway = Some(bench.serve(&[]));
    let _slow = by_talker(&bench, "lobby", token.trim_end());
    let mut boris = Client::guest(&bench, "boris");
    boris.ask(r##"{"action":"join","time":1,"room":"#lobby"}"##);
    let long = "x".repeat(450);
    let is_said = || read(&bench.path("log")).contains("\"queue\"");
    // More than both sockets' buffers hold, until then nobody is slow.
    while !is_said() {
        for _ in 0..500 {
            boris.say(format!(
                r##"{{"action":"msg","time":1,"to":"#lobby","from":"boris","message":"{long}"}}"##
            ));
        }
        for _ in 0..500 {
            boris.hear();
        }
    }
    let hit = find(&bench, "a limit was hit", limit("queue"));
    assert_eq!(
        (&hit["user"], &hit["peer"]),
        (&"anna".into(), &"127.0.0.1".into())
    );
}

#[test]
fn who_floods_the_api_is_named() {
    let mut bench = Bench::offline();
    bench.configure(
        "[log]\nformat = \"json\"\n[limits]\nmessages_per_second = 50\nmessages_burst = 1\n",
    );
    bench.make_store();
    bench
        .run_with(&["user", "add", "anna"], "pass-of-anna")
        .done();
    let token = bench.run(&["token", "create", "anna"]).done();
    bench.run(&["room", "add", "lobby", "anna"]).done();
    let mut serve = bench.command(&["serve"]);
    serve.env("TOLMACH_HTTP__ADDRESS", "127.0.0.1:0");
    let log = std::fs::File::create(bench.path("log")).unwrap();
    let gateway = bench.gateway.insert(Running::start(&mut serve, log));
    let mut http = TcpStream::connect(("127.0.0.1", gateway.port("http"))).unwrap();
    let body = r#"{"text":"again"}"#;
    let request = format!(
        "POST /api/v1/rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        token.trim_end(),
        body.len()
    );
    http.write_all(request.repeat(3).as_bytes()).unwrap();
    let hit = find(&bench, "a limit was hit", limit("messages_per_second"));
    assert_eq!(
        (&hit["user"], &hit["peer"]),
        (&"anna".into(), &"127.0.0.1".into())
    );
}
