//! What holds for every request, whatever it asks for.

use serde_json::json;

use super::Http;
use crate::support::{Daemon, Fault, PATIENCE, failing_hub};

/// What stands in a configuration with HTTP.
const HTTP: &str = "http.address = '127.0.0.1:0'";

#[tokio::test]
async fn it_is_alive_and_says_so_safely() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    let answer = http.get("/healthz", &[]).await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("content-type", "text/plain; charset=utf-8"),
    ] {
        assert_eq!(answer.header(name), value, "{answer:?}");
    }
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    // The same connection goes on.
    let bare = http.ask("HEAD", "/healthz", &[], None).await;
    assert_eq!((bare.status, bare.body.len()), (200, 0));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    let answer = http.get("/nowhere", &[]).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (404, "NotFound")
    );
    let answer = http.ask("DELETE", "/healthz", &[], None).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (405, "MethodNotAllowed")
    );
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.connections = 1")).await;
    let _first = daemon.talker().await;
    let mut http = Http::connect(&daemon).await;
    let answer = http.answer(false).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (503, "Unavailable")
    );
}

#[tokio::test]
async fn a_connection_counts_as_one_until_it_ends() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.connections = 1")).await;
    let mut http = Http::connect(&daemon).await;
    assert_eq!(http.get("/healthz", &[]).await.status, 200);
    let mut refused = Http::connect(&daemon).await;
    assert_eq!(refused.answer(false).await.status, 503);
    assert_eq!(
        http.get("/healthz", &["Connection: close"]).await.status,
        200
    );
    assert!(http.rest().await.is_empty());
    drop(http);
    let wait = async {
        while daemon.pulse().connections() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    assert_eq!(
        Http::connect(&daemon)
            .await
            .get("/healthz", &[])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_connection_ends_with_the_gateway() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    assert_eq!(http.get("/healthz", &[]).await.status, 200);
    let (_, rest) = tokio::join!(daemon.stop(), http.rest());
    assert!(rest.is_empty());
}

#[tokio::test]
async fn a_reload_keeps_who_is_connected_and_moves_where_it_is_told() {
    let (daemon, written) = Daemon::reloadable(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    assert_eq!(http.get("/healthz", &[]).await.status, 200);
    let more = format!("{HTTP}\nhttp.chat = false");
    let changes = daemon.reload(&written, &more).await.unwrap();
    assert_eq!(changes, ["http.chat: true -> false"]);
    assert_eq!(http.get("/healthz", &[]).await.status, 200);
    let changes = daemon.reload(&written, "http.address = ''").await.unwrap();
    assert!(
        changes.contains(&"http.address: \"127.0.0.1:0\" -> \"\"".to_owned()),
        "{changes:?}"
    );
    assert!(http.rest().await.is_empty());
    daemon.reload(&written, HTTP).await.unwrap();
    let mut http = Http::connect(&daemon).await;
    assert_eq!(http.get("/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn a_connection_that_is_open_sees_a_reload_at_its_next_request() {
    let origin = "https://gone.example";
    let (daemon, written) =
        Daemon::reloadable(&format!("{HTTP}\nhttp.origins = ['{origin}']")).await;
    let mut http = Http::connect(&daemon).await;
    let from = format!("Origin: {origin}");
    for path in ["/", "/console", "/metrics"] {
        assert_eq!(http.get(path, &[]).await.status, 200, "{path}");
    }
    let answer = http.get("/api/v1/openapi.json", &[&from]).await;
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    let less = format!("{HTTP}\nhttp.chat = false\nhttp.console = false\nhttp.metrics = false");
    daemon.reload(&written, &less).await.unwrap();
    for (path, status) in [("/", 404), ("/console", 404), ("/metrics", 401)] {
        assert_eq!(http.get(path, &[]).await.status, status, "{path}");
    }
    let answer = http.get("/api/v1/openapi.json", &[&from]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (daemon, written) = Daemon::reloadable("").await;
    let refused = daemon
        .reload(&written, &format!("http.address = '{address}'"))
        .await;
    let refused = refused.unwrap_err().to_string();
    let said = format!("listener http cannot bind {address}: ");
    assert!(refused.starts_with(&said), "{refused}");
}

#[tokio::test]
async fn it_is_ready_while_something_can_be_kept() {
    let (hub, store) = failing_hub().await;
    let daemon = Daemon::over(hub, HTTP).await;
    let mut http = Http::connect(&daemon).await;
    let ready = http.get("/readyz", &[]).await;
    assert_eq!(ready.status, 200, "{ready:?}");
    let parts = json!({"ready": true, "store": "ready", "bus": "ready"});
    assert_eq!(ready.json(), parts);
    store.fail(Fault::Unavailable);
    let ready = http.get("/readyz", &[]).await;
    assert_eq!(
        (ready.status, ready.json()["ready"].clone()),
        (503, json!(false))
    );
    assert_eq!(ready.json()["bus"], "ready");
    assert_ne!(ready.json()["store"], "ready");
    assert_eq!(http.get("/healthz", &[]).await.status, 200);
    store.fail(Fault::None);
    assert_eq!(http.get("/readyz", &[]).await.status, 200);
}

#[tokio::test]
async fn a_request_says_its_host_once_and_brings_no_more_than_it_may() {
    let daemon = Daemon::start(HTTP).await;
    for hosts in ["", "Host: a\r\nHost: b\r\n"] {
        let mut http = Http::connect(&daemon).await;
        let request = format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n");
        http.send(request.as_bytes()).await;
        let answer = http.answer(false).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "Invalid"));
    }
    // Also where nobody reads it.
    let body = vec![b'x'; 64 * 1024 + 1];
    for (method, path) in [("GET", "/healthz"), ("POST", "/api/v1/logout")] {
        let mut http = Http::connect(&daemon).await;
        let length = format!("Content-Length: {}", body.len());
        let answer = http.ask(method, path, &[&length], None).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (413, "TooLarge")
        );
    }
}
