//! `/metrics`: all that is counted, in both formats, held to what a conversation of several dialects must have come to.

mod exposition;
mod scrape;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use tolmach::commands;
use tolmach::model::RoomKind;

use super::api::Asking;
use super::api_events::events;
use super::{Http, Socket};
use crate::support::uchat::MSG;
use crate::support::{Daemon, authenticate, token, user};
use exposition::{Exposition, Format};
use scrape::{change, metrics, scraped};

const HTTP: &str = "http.address = '127.0.0.1:0'";

/// Every metric, with its labels: of what tolmach counts, and of the process.
const ALL: &[(&str, &[&str])] = &[
    ("tolmach_build_info", &["version"]),
    ("tolmach_connections", &["listener", "dialect"]),
    ("tolmach_sessions", &["dialect", "kind"]),
    ("tolmach_connections_total", &["dialect"]),
    ("tolmach_closes_total", &["dialect", "reason"]),
    ("tolmach_frames_received_total", &["dialect"]),
    ("tolmach_frames_bad_total", &["dialect"]),
    ("tolmach_received_bytes_total", &["dialect"]),
    ("tolmach_sent_bytes_total", &["dialect"]),
    ("tolmach_commands_total", &["command", "outcome"]),
    ("tolmach_messages_total", &["dialect"]),
    ("tolmach_deliveries_total", &["dialect"]),
    (
        "tolmach_translations_total",
        &["from", "to", "meaning", "level"],
    ),
    ("tolmach_logins_total", &["dialect", "outcome"]),
    ("tolmach_rooms_live", &[]),
    ("tolmach_outbox_events", &[]),
    ("tolmach_outbox_bytes", &[]),
    ("tolmach_commit_seconds", &[]),
    ("tolmach_commit_writes", &[]),
    ("tolmach_store_queue", &[]),
    ("tolmach_store_round_trips_total", &[]),
    ("tolmach_delivery_seconds", &[]),
    ("tolmach_bus_published_total", &[]),
    ("tolmach_bus_received_total", &[]),
    ("tolmach_bus_gaps_total", &[]),
    ("tolmach_bus_dropped_total", &[]),
    ("process_cpu_seconds_total", &[]),
    ("process_resident_memory_bytes", &[]),
    ("process_virtual_memory_bytes", &[]),
    ("process_open_fds", &[]),
    ("process_max_fds", &[]),
    ("process_start_time_seconds", &[]),
    ("process_threads", &[]),
];

#[tokio::test]
async fn a_conversation_is_counted_as_what_it_was() {
    let daemon = Daemon::start(HTTP).await;
    let quetzal = daemon.create_room("quetzal", RoomKind::Public, None).await;
    for login in ["nebukad", "ursa"] {
        daemon.account(login).await;
    }
    let pavel = daemon.account("pavel").await;
    let mut jim = daemon.guest_in("zarathustra", "#quetzal").await;
    let mut talker = daemon.talker_in("nebukad", "quetzal").await;
    let mut uchat = daemon.uchat_of("ursa").await;
    uchat.join(quetzal).await;
    let mut purpose = daemon.purpose_in(2, "pavel", quetzal).await;
    for login in ["ursa", "pavel"] {
        talker.sees("join", login).await;
    }
    uchat.sees_member(quetzal, pavel, "pavel").await;
    let before = scraped(&daemon, Format::Prometheus).await;
    for text in ["one", "two"] {
        jim.say("#quetzal", text).await;
        talker.hears("zarathustra", text).await;
        uchat.event(MSG).await;
        purpose.heard().await;
    }
    talker.said("three").await;
    jim.hears("nebukad", "#quetzal", "three").await;
    uchat.event(MSG).await;
    purpose.heard().await;
    let mut bad = daemon.jim().await;
    bad.expect(400, serde_json::json!({"action": 7})).await;
    bad.expect(402, authenticate("nebukad", "wrong")).await;
    drop(bad);
    let after = daemon_settled(&daemon, &before).await;
    let risen = |name: &str, labels: &[(&str, &str)]| change(&before, &after, name, labels);
    for (dialect, messages, deliveries) in [
        ("jim", 2.0, 1.0),
        ("talker", 1.0, 3.0),
        ("uchat", 0.0, 3.0),
        ("purpose", 0.0, 3.0),
    ] {
        let of = [("dialect", dialect)];
        assert_eq!(risen("tolmach_messages_total", &of), messages, "{dialect}");
        let told = risen("tolmach_deliveries_total", &of);
        assert_eq!(told, deliveries, "{dialect}");
        let sent = risen("tolmach_sent_bytes_total", &of);
        assert!(sent >= 20.0 * deliveries, "{dialect}: {sent}");
    }
    assert_eq!(
        risen("tolmach_frames_received_total", &[("dialect", "jim")]),
        4.0
    );
    assert_eq!(
        risen("tolmach_frames_bad_total", &[("dialect", "jim")]),
        1.0
    );
    assert!(risen("tolmach_received_bytes_total", &[("dialect", "talker")]) > 10.0);
    let sent = [("command", "send"), ("outcome", "ok")];
    assert_eq!(risen("tolmach_commands_total", &sent), 3.0);
    let refused = [("dialect", "jim"), ("outcome", "bad_credentials")];
    assert_eq!(risen("tolmach_logins_total", &refused), 1.0);
    let refused = [("command", "log_in"), ("outcome", "bad_credentials")];
    assert_eq!(risen("tolmach_commands_total", &refused), 1.0);
    for (from, to, meaning, level, count) in [
        ("jim", "jim", "to_sender", "native", 2.0),
        ("jim", "jim", "message", "native", 0.0),
        ("jim", "talker", "message", "native", 2.0),
        ("jim", "purpose", "message", "native", 2.0),
        ("jim", "uchat", "message", "native", 2.0),
        ("talker", "jim", "message", "native", 1.0),
        ("talker", "talker", "to_sender", "native", 1.0),
    ] {
        let labels = [
            ("from", from),
            ("to", to),
            ("meaning", meaning),
            ("level", level),
        ];
        let translated = risen("tolmach_translations_total", &labels);
        assert_eq!(translated, count, "{labels:?}");
    }
    for (name, of) in [
        ("tolmach_commit_seconds", 3.0),
        ("tolmach_delivery_seconds", 3.0),
    ] {
        let count = risen(&format!("{name}_count"), &[]);
        assert!(count >= of, "{name}: {count}");
    }
    let now = |name: &str, labels: &[(&str, &str)]| after.value(name, labels);
    assert_eq!(now("tolmach_rooms_live", &[]), Some(1.0));
    let guests = [("dialect", "jim"), ("kind", "guest")];
    assert_eq!(now("tolmach_sessions", &guests), Some(1.0));
    let accounts = [("dialect", "talker"), ("kind", "account")];
    assert_eq!(now("tolmach_sessions", &accounts), Some(1.0));
    let here = [("listener", "talker"), ("dialect", "talker")];
    assert_eq!(now("tolmach_connections", &here), Some(1.0));
    let here = [("listener", "purpose.1"), ("dialect", "purpose")];
    assert_eq!(now("tolmach_connections", &here), Some(0.0));
}

/// Waits until the last of what was done is counted: that the connection that went is gone.
async fn daemon_settled(daemon: &Daemon, before: &Exposition) -> Exposition {
    let here = [("listener", "jim"), ("dialect", "jim")];
    loop {
        let after = scraped(daemon, Format::Prometheus).await;
        if after.value("tolmach_connections", &here) == before.value("tolmach_connections", &here) {
            return after;
        }
    }
}

#[tokio::test]
async fn every_metric_is_there_in_both_formats_and_nobody_is_named() {
    let daemon = Daemon::start(HTTP).await;
    daemon.account("nebukad").await;
    let mut talker = daemon.talker_in("nebukad", "quetzal").await;
    let mut jim = daemon.guest_in("zarathustra", "#quetzal").await;
    talker.sees("join", "zarathustra").await;
    jim.say("#quetzal", "hullabaloo").await;
    talker.hears("zarathustra", "hullabaloo").await;
    jim.expect(404, jim.msg("#nowhere-land", "x")).await;
    drop(jim);
    talker.sees("idle", "zarathustra").await;
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let shown = loop {
            // What closed is counted a moment later.
            let shown = scraped(&daemon, format).await;
            if shown.names().contains("tolmach_closes_total") {
                break shown;
            }
        };
        for (name, labels) in ALL {
            let all = shown.labels(name);
            let labels: BTreeSet<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            assert_eq!(all, Some(labels), "{format:?}: {name}");
        }
        let known: BTreeSet<&str> = ALL.iter().map(|(name, _)| *name).collect();
        let unknown: Vec<_> = shown.names().into_iter().collect();
        assert!(
            unknown.iter().all(|name| known.contains(&**name)),
            "{unknown:?}"
        );
        for name in [
            "nebukad",
            "zarathustra",
            "quetzal",
            "hullabaloo",
            "nowhere",
            "127.0.0.1",
            "::1",
        ] {
            assert!(!shown.text.contains(name), "{name}: {}", shown.text);
        }
    }
}

#[tokio::test]
async fn the_format_is_what_was_asked_for() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";
    const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    for (accept, content_type) in [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/plain", PLAIN),
        ("application/openmetrics-text", OPEN),
        ("application/openmetrics-text;version=1.0.0;q=0", PLAIN),
        (
            "application/openmetrics-text;q=0.3, text/plain;q=0.5",
            PLAIN,
        ),
        (
            "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.2",
            OPEN,
        ),
    ] {
        let accept = format!("Accept: {accept}");
        let answer = http.get("/metrics", &[&accept]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), content_type, "{accept}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let ends = answer.text().ends_with("# EOF\n");
        assert_eq!(ends, content_type == OPEN, "{accept}");
    }
}

#[tokio::test]
async fn where_it_is_for_operators_nobody_else_reads_it() {
    let daemon = Daemon::start(&format!("{HTTP}\nhttp.metrics = false")).await;
    let mut http = Http::connect(&daemon).await;
    let answer = http.get("/metrics", &[]).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (401, "Unauthenticated")
    );
    for login in ["anna", "chief"] {
        daemon.account(login).await;
    }
    let (chief, operator) = (user("chief"), true);
    let promotion = commands::SetOperator {
        user: chief,
        operator,
    };
    daemon.operate(promotion).await;
    let bearer = |login: &str| format!("Authorization: Bearer {}", token(login));
    let answer = http.get("/metrics", &[&bearer("anna")]).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (403, "NotAllowed")
    );
    let answer = http.get("/metrics", &[&bearer("chief")]).await;
    assert_eq!(answer.status, 200);
    Exposition::read(answer.text(), Format::Prometheus);
}

#[tokio::test]
async fn one_connection_too_many_is_counted_as_a_close() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.connections = 1")).await;
    let talker = daemon.talker().await;
    let mut late = daemon.talker().await;
    late.error().await;
    drop(talker);
    let reason = [("dialect", "talker"), ("reason", "too_many_connections")];
    loop {
        let answer = Http::connect(&daemon).await.get("/metrics", &[]).await;
        if answer.status == 503 {
            continue;
        }
        let shown = Exposition::read(answer.text(), Format::Prometheus);
        assert_eq!(shown.value("tolmach_closes_total", &reason), Some(1.0));
        let came = [("dialect", "talker")];
        assert_eq!(shown.value("tolmach_connections_total", &came), Some(2.0));
        return;
    }
}

#[tokio::test]
async fn what_comes_by_websocket_counts_as_its_dialect() {
    let daemon = Daemon::start(HTTP).await;
    let socket = Socket::open(&daemon, "/ws/jim").await;
    let shown = scraped(&daemon, Format::Prometheus).await;
    for (dialect, open) in [("jim", 1.0), ("http", 1.0)] {
        let here = [("listener", "http"), ("dialect", dialect)];
        let now = shown.value("tolmach_connections", &here);
        assert_eq!(now, Some(open), "{dialect}");
    }
    drop(socket);
    let closed = [("dialect", "jim"), ("reason", "eof")];
    loop {
        let shown = scraped(&daemon, Format::Prometheus).await;
        let here = [("listener", "http"), ("dialect", "jim")];
        if shown.value("tolmach_connections", &here) == Some(0.0) {
            assert_eq!(shown.value("tolmach_closes_total", &closed), Some(1.0));
            return;
        }
    }
}

#[tokio::test]
async fn what_a_stream_is_told_counts_as_http() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    let mut heard = events(&daemon, "anna").await;
    heard.place().await;
    anna.say("tea", "hello").await;
    heard.hears_text("hello").await;
    let shown = scraped(&daemon, Format::Prometheus).await;
    assert!(shown.text.contains("to=\"http\""), "{}", shown.text);
    assert!(!shown.text.contains("embedded"), "{}", shown.text);
}

/// What the dashboard, the documentation and its alerts name.
#[test]
fn the_dashboard_and_the_reference_name_only_metrics_that_exist() {
    let read = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::read_to_string(path).unwrap()
    };
    let known: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("packaging/grafana.json")).unwrap();
    let mut queries = Vec::new();
    expressions(&dashboard, &mut queries);
    assert!(queries.len() > 15, "{queries:?}");
    for query in &queries {
        let named = metrics(query);
        assert!(!named.is_empty(), "{query}");
        for name in named {
            assert!(known.contains(&name), "{name} in {query}");
        }
    }
    let reference = read("docs/metrics.md");
    let named = metrics(&reference);
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let untold: Vec<_> = known.difference(&named).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

/// Every `expr` of a dashboard.
fn expressions(of: &serde_json::Value, all: &mut Vec<String>) {
    match of {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("expr", serde_json::Value::String(query)) => all.push(query.clone()),
                    (_, value) => expressions(value, all),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| expressions(value, all)),
        _ => {}
    }
}
