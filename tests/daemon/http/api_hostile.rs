//! What no client that means well sends.

use super::Http;
use super::api::{Asking, HTTP};
use crate::support::Daemon;

/// The status of the answer to these bytes, 0: there was none.
async fn status(daemon: &Daemon, request: &str) -> u16 {
    let mut http = Http::connect(daemon).await;
    http.send(request.replace('\n', "\r\n").as_bytes()).await;
    let rest = String::from_utf8(http.rest().await).unwrap();
    rest.split(' ')
        .nth(1)
        .map_or(0, |status| status.parse().unwrap())
}

#[tokio::test]
async fn a_request_that_has_two_ends_is_refused() {
    let daemon = Daemon::start(HTTP).await;
    daemon.account("anna").await;
    let head =
        "POST /api/v1/login HTTP/1.1\nHost: x\nContent-Type: application/json\nConnection: close\n";
    for lengths in [
        "Content-Length: 2\nContent-Length: 3\n\n{}x",
        "Content-Length: 2, 3\n\n{}x",
        "Content-Length: -1\n\n{}",
        "Content-Length: +2\n\n{}",
        "Content-Length: 2\nTransfer-Encoding: xchunked\n\n{}",
        "Transfer-Encoding: chunked, identity\n\n{}",
        " folded: header\n\n{}",
        "Content-Length : 2\n\n{}",
    ] {
        let status = status(&daemon, &format!("{head}{lengths}")).await;
        assert!(status == 0 || status == 400, "{lengths:?}: {status}");
    }
    // Both a length and chunks: as chunks or not at all, and nothing after is taken for a request.
    let both =
        "Content-Length: 4\nTransfer-Encoding: chunked\n\n0\n\nGET /healthz HTTP/1.1\nHost: x\n\n";
    assert!([0, 400].contains(&status(&daemon, &format!("{head}{both}")).await));
}

#[tokio::test]
async fn a_path_leads_nowhere_else() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    for path in [
        "/api/v1/../healthz",
        "/api/v1/%2e%2e/healthz",
        "//healthz",
        "/api//v1/me",
        "/api/v1/me/",
        "/api/v1/rooms/lobby%2fmessages",
        "/files/../../etc/passwd",
        "/files/%2e%2e%2f%2e%2e",
        "/api/v1/rooms/%ff",
    ] {
        let answer = anna
            .http
            .get(path, &["Authorization: Bearer token-anna"])
            .await;
        assert!([400, 404].contains(&answer.status), "{path}: {answer:?}");
        answer.problem();
    }
}

#[tokio::test]
async fn a_body_is_json_of_bounded_length() {
    let daemon = Daemon::start(HTTP).await;
    let mut nobody = Http::connect(&daemon).await;
    let json = "Content-Type: application/json; charset=utf-8";
    let whole = format!(r#"{{"login":"anna","password":"{}"}}"#, "x".repeat(100));
    for end in 0..whole.len() {
        let cut = &whole.as_bytes()[..end];
        let answer = nobody
            .ask("POST", "/api/v1/login", &[json], Some(cut))
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (400, "Invalid"),
            "{end}"
        );
        assert!(answer.json()["field"].is_string());
    }
    for body in [
        "{}{}",
        "nul",
        "[]",
        "\u{0}",
        r#"{"login":"a","login":"b","password":"c"}"#,
    ] {
        let answer = nobody
            .ask("POST", "/api/v1/login", &[json], Some(body.as_bytes()))
            .await;
        assert_eq!(answer.status, 400, "{body}");
    }
    for kind in [
        "Content-Type: text/plain",
        "X-Nothing: 1",
        "Content-Type: application/jsonx",
    ] {
        let answer = nobody
            .ask("POST", "/api/v1/login", &[kind], Some(whole.as_bytes()))
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (415, "UnsupportedMediaType")
        );
    }
    let large = vec![b' '; 64 * 1024 + 1];
    let answer = nobody
        .ask("POST", "/api/v1/login", &[json], Some(&large))
        .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (413, "TooLarge")
    );
    let deep = "[".repeat(60_000);
    let mut other = Http::connect(&daemon).await;
    let answer = other
        .ask("POST", "/api/v1/login", &[json], Some(deep.as_bytes()))
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_told_which_are() {
    let daemon = Daemon::start(HTTP).await;
    let mut nobody = Asking::nobody(&daemon).await;
    let answer = nobody.ask("PUT", "/me", None).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (405, "MethodNotAllowed")
    );
    assert_eq!(answer.header("allow"), "GET,HEAD");
    let answer = nobody.ask("GET", "/nothing", None).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (404, "NotFound")
    );
    let long = format!("X-Long: {}", "x".repeat(80_000));
    let mut http = Http::connect(&daemon).await;
    let answer = http.get("/api/v1/me", &[&long]).await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn pages_of_other_origins_are_let_in_by_name() {
    let more = "http.origins = ['https://chat.example']";
    let daemon = Daemon::start(&format!("{HTTP}\n{more}")).await;
    daemon.account("anna").await;
    let mut http = Http::connect(&daemon).await;
    let ask = [
        "Access-Control-Request-Method: PATCH",
        "Origin: https://chat.example",
    ];
    let answer = http.ask("OPTIONS", "/api/v1/me", &ask, None).await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://chat.example"
    );
    assert!(
        answer
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .contains("Authorization")
    );
    let auth = "Authorization: Bearer token-anna";
    let answer = http
        .get("/api/v1/me", &[auth, "Origin: https://chat.example"])
        .await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://chat.example"
    );
    let answer = http
        .get("/api/v1/me", &[auth, "Origin: https://evil.example"])
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let ask = [
        "Access-Control-Request-Method: PATCH",
        "Origin: https://evil.example",
    ];
    let answer = http.ask("OPTIONS", "/api/v1/me", &ask, None).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (405, "")
    );
}
