//! What HTTP/1.1 is not, byte by byte: it is answered as every error is, and ends the connection.

use super::Http;
use super::api::HTTP;
use super::client::Answer;
use crate::support::Daemon;

/// All answers to these bytes until the connection ends.
async fn answers(daemon: &Daemon, bytes: &[u8]) -> Vec<Answer> {
    let mut http = Http::connect(daemon).await;
    http.send(bytes).await;
    let all = http.rest().await;
    let mut answers = Vec::new();
    let mut left = &all[..];
    while !left.is_empty() {
        let end = left
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = std::str::from_utf8(&left[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        let mut answer = Answer {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: Vec::new(),
        };
        left = &left[end + 4..];
        if answer.status >= 200 {
            let length: usize = answer.header("content-length").parse().unwrap_or(0);
            answer.body = left[..length].to_vec();
            left = &left[length..];
        }
        answers.push(answer);
    }
    answers
}

/// What every answer has.
fn check_headers(answer: &Answer) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.header(name), value, "{name}: {answer:?}");
    }
    assert!(
        answer
            .header("content-security-policy")
            .starts_with("default-src 'none'"),
        "{answer:?}"
    );
}

/// After these bytes comes another request, which nobody may take for one.
async fn refuses(daemon: &Daemon, request: &str, status: u16) {
    let bytes = format!("{request}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    let answers = answers(daemon, bytes.as_bytes()).await;
    let [answer] = &answers[..] else {
        panic!("{request:?}: {answers:?}");
    };
    assert_eq!(answer.status, status, "{request:?}: {answer:?}");
    answer.problem();
    check_headers(answer);
}

#[tokio::test]
async fn what_is_no_request_is_answered_as_any_error() {
    let daemon = Daemon::start(HTTP).await;
    for line in [
        "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / x HTTP/1.1\r\nHost: x\r\n\r\n",
        "G\u{1}T / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        refuses(&daemon, line, 400).await;
    }
    let long = "x".repeat(80_000);
    refuses(
        &daemon,
        &format!("GET / HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"),
        431,
    )
    .await;
    let many = "X: y\r\n".repeat(200);
    refuses(
        &daemon,
        &format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        431,
    )
    .await;
}

#[tokio::test]
async fn a_body_has_one_end() {
    let daemon = Daemon::start(HTTP).await;
    let head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for body in [
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        "Content-Length: 2, 3\r\n\r\n{}x",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: +5\r\n\r\n{}   ",
        "Content-Length: 99999999999999999999\r\n\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: xchunked\r\n\r\n{}",
        "Transfer-Encoding: chunked, identity\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        // Chunks that are none.
        "Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ] {
        refuses(&daemon, &format!("{head}{body}"), 400).await;
    }
    // With trailers it is as good as without.
    let trailers =
        "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n";
    refuses(&daemon, &format!("{head}{trailers}"), 400).await;
}

#[tokio::test]
async fn a_refused_upload_is_no_request_either() {
    let more = "limits.file_bytes = 1000";
    let daemon = Daemon::start(&format!("{HTTP}\n{more}")).await;
    daemon.account("anna").await;
    let head = "POST /api/v1/rooms/nowhere/files?name=a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-anna\r\n";
    refuses(
        &daemon,
        &format!("{head}Content-Length: 900000\r\n\r\n"),
        404,
    )
    .await;
    let login = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    refuses(
        &daemon,
        &format!("{login}Content-Length: 900000\r\n\r\n"),
        413,
    )
    .await;
    // It is not waited for where it is announced.
    refuses(
        &daemon,
        &format!("{login}Expect: 100-continue\r\nContent-Length: 900000\r\n\r\n"),
        413,
    )
    .await;
}

#[tokio::test]
async fn what_is_odd_and_right_is_served() {
    let daemon = Daemon::start(HTTP).await;
    let close = "Connection: close\r\n\r\n";
    for (request, expected) in [
        // Both forms of a request's target, and the version before.
        (
            format!("GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\n{close}"),
            vec![200],
        ),
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), vec![200]),
        (
            format!("\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n{close}"),
            vec![200],
        ),
        (
            format!(
                "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n{close}"
            ),
            vec![200, 404],
        ),
        (
            format!("GET /%00 HTTP/1.1\r\nHost: x\r\n{close}"),
            vec![404],
        ),
        (
            format!("GET //healthz HTTP/1.1\r\nHost: x\r\n{close}"),
            vec![404],
        ),
        (
            format!("GET /api/v1/%2e%2e/healthz HTTP/1.1\r\nHost: x\r\n{close}"),
            vec![404],
        ),
        (
"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                .to_owned(),
            vec![100, 400],
        ),
    ] {
        let answers = answers(&daemon, request.as_bytes()).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, expected, "{request:?}");
        answers
            .iter()
            .filter(|one| one.status != 100)
            .for_each(check_headers);
    }
}

#[tokio::test]
async fn a_query_says_what_is_meant_once() {
    let daemon = Daemon::start(HTTP).await;
    daemon.account("anna").await;
    let mut http = Http::connect(&daemon).await;
    http.ask(
        "PUT",
        "/api/v1/rooms/lobby/members/anna",
        &["Authorization: Bearer token-anna"],
        None,
    )
    .await;
    for (query, field) in [
        ("q=%ff", "q"),
        ("q=a&q=b", "q"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=501", "limit"),
        ("limit=+1", "limit"),
        ("before=99999999999999999999", "before"),
        ("after=1e3", "after"),
        ("what=1", "what"),
        ("%71=a&q=b", "q"),
    ] {
        let path = format!("/api/v1/rooms/lobby/messages?{query}");
        let answer = http.get(&path, &["Authorization: Bearer token-anna"]).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (400, "Invalid"),
            "{query}"
        );
        assert_eq!(answer.json()["field"], field, "{query}");
    }
    for path in [
        "/rooms/lobby?x=1",
        "/rooms/lobby/members?x=1",
        "/dialects?x",
        "/sessions?x=1",
    ] {
        let path = format!("/api/v1{path}");
        let answer = http.get(&path, &["Authorization: Bearer token-anna"]).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (400, Some("x")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn http_counts_its_bytes() {
    let daemon = Daemon::start(HTTP).await;
    let mut http = Http::connect(&daemon).await;
    let body = http.get("/healthz", &[]).await.body;
    let figures = daemon.hub().metrics();
    let own = figures
        .dialects
        .iter()
        .find(|of| of.name == "http")
        .unwrap();
    assert!(own.received_bytes > 40, "{own:?}");
    assert!(own.sent_bytes > 300 + body.len() as u64, "{own:?}");
}
