//! What answers hold that nobody takes, and what a reload leaves.

use tolmach::commands;

use super::Http;
use super::api::{Asking, HTTP};
use crate::support::{Daemon, PATIENCE, room, token};

#[tokio::test]
async fn answers_that_nobody_takes_are_bounded_together() {
    let more = "limits.queue_total_bytes = 12000000";
    let daemon = Daemon::start(&format!("{HTTP}\n{more}")).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    anna.done("PUT", "/rooms/lobby/members/anna", None).await;
    for _ in 0..8 {
        let text = "x".repeat(1_000_000);
        daemon
            .operate(commands::Send::text(room("lobby"), text))
            .await;
    }
    let mut slow = Http::connect(&daemon).await;
    let request = "GET /api/v1/rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-anna\r\n\r\n";
    slow.send(request.as_bytes()).await;
    assert_eq!(slow.head().await.0, 200);
    let large = "/rooms/lobby/messages";
    let refused = anna.ask("GET", large, None).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (503, "Unavailable")
    );
    assert_eq!(refused.header("retry-after"), "1");
    // What is small is answered, and what is large once there is room.
    anna.get("/rooms/lobby/messages?limit=1&q=nothing").await;
    drop(slow);
    let answered = async {
        while anna.ask("GET", large, None).await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap();
}

#[tokio::test]
async fn the_last_hour_outlives_a_reload() {
    let (daemon, written) = Daemon::reloadable(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let first = chief.get("/stats").await["history"][0].clone();
    assert!(first["at"].is_string(), "{first}");
    let more = format!("{HTTP}\nhttp.console = false");
    daemon.reload(&written, &more).await.unwrap();
    let mut chief = Asking::by(&daemon, &token("chief")).await;
    let stats = chief.get("/stats").await;
    assert_eq!(stats["history"][0], first);
    assert!(
        stats["now"]["received_bytes"].as_u64() > Some(100),
        "{stats}"
    );
}
