//! uchat: what is wrong with a request, and what that is answered with.

use serde_json::{Value, json};

use crate::support::uchat::{GET_ROOMS, LOG_IN, SIGN_UP, TOKEN, log_in, pass, sign_up};
use crate::support::{Daemon, PASSWORD};

#[tokio::test]
async fn before_the_log_in_everything_is_error_0() {
    let daemon = Daemon::start("rooms.create = ['tea']").await;
    let mut stranger = daemon.uchat().await;
    for kind in (3..=8).chain(10..=23).chain([9, 26, 27, 28, 1000, -1]) {
        // With all that any of them needs, and with nothing.
        stranger.refused(0, json!({"type": kind, "room_id": 1, "user_id": 1, "msg_id": 1, "message": "x",
            "msg_type": 0, "msg": "x", "date": 0, "count": 1, "name": "x", "desc": "x", "room_name": "x",
            "token": "x"})).await;
        stranger.refused(0, json!({"type": kind})).await;
    }
    stranger.send("{}\n").await;
    stranger.error(0).await;
    assert!(
        stranger
            .refused(5, json!({"type": LOG_IN, "login": "anna"}))
            .await
            .contains("pass")
    );
    assert!(
        stranger
            .refused(5, json!({"type": LOG_IN, "login": 7, "pass": ""}))
            .await
            .contains("login")
    );
}

#[tokio::test]
async fn a_line_that_is_no_json_ends_the_connection_and_a_wrong_field_does_not() {
    let daemon = Daemon::start("limits.frame_bytes = 5000").await;
    daemon.account("anna").await;
    let deep = format!(
        "{{\"type\":3,\"x\":{}{}}}\n",
        "[".repeat(70),
        "]".repeat(70)
    );
    for bad in [
        "hello\n",
        "[1]\n",
        "{\"type\":3\n",
        "{\"type\":3}}\n",
        "{'type':3}\n",
        "\u{1}\n",
        deep.as_str(),
    ] {
        let mut anna = daemon.uchat().await;
        anna.by_token("anna").await;
        anna.send(bad).await;
        anna.error(5).await;
        anna.end().await;
    }
    let mut anna = daemon.uchat().await;
    anna.by_token("anna").await;
    anna.send(b"{\"type\":3,\"message\":\"\xff\"}\n").await;
    anna.error(5).await;
    anna.end().await;
    let mut anna = daemon.uchat().await;
    anna.by_token("anna").await;
    for (request, field) in [
        (json!({"type": 3, "message": "x", "msg_type": 0}), "room_id"),
        (
            json!({"type": 3, "room_id": "1", "message": "x", "msg_type": 0}),
            "room_id",
        ),
        (
            json!({"type": 3, "room_id": 1, "message": 5, "msg_type": 0}),
            "message",
        ),
        (
            json!({"type": 3, "room_id": 1, "message": "x", "msg_type": 1}),
            "msg_type",
        ),
        (
            json!({"type": 3, "room_id": 1u64 << 31, "message": "x", "msg_type": 0}),
            "room_id",
        ),
        (
            json!({"type": 7, "room_id": 1, "date": "0", "count": 1}),
            "date",
        ),
        (json!({"type": 12, "name": "x", "desc": ""}), "type"),
        (json!({"type": "3"}), "type"),
        (json!({"type": 17}), "type"),
        (json!({}), "type"),
        (Value::Object(Default::default()), "type"),
    ] {
        let text = anna.refused(5, request).await;
        assert!(text.contains(field), "{text}: no {field}");
    }
    anna.send("\n\r\n  \n{\"type\":11,\"date\":0}\r\n").await;
    anna.event(GET_ROOMS).await;
    // A half-closed client has its answers.
    anna.write(json!({"type": GET_ROOMS, "date": 0})).await;
    anna.send(json!({"type": GET_ROOMS, "date": 0}).to_string())
        .await;
    anna.finish().await;
    anna.event(GET_ROOMS).await;
    anna.event(GET_ROOMS).await;
    anna.end().await;
    let mut long = daemon.uchat().await;
    long.send(vec![b' '; 5001]).await;
    long.error(5).await;
    long.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_login_is_told_by_the_pages_codes() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut client = daemon.uchat().await;
    // 0: "ER_AUTH_DATA".
    client
        .refused(
            0,
            json!({"type": LOG_IN, "login": "anna", "pass": pass("wrong"), "name": "", "desc": ""}),
        )
        .await;
    client.refused(0, log_in("nobody")).await;
    client
        .refused(0, json!({"type": TOKEN, "token": "0".repeat(64) + "anna"}))
        .await;
    client.refused(0, json!({"type": TOKEN, "token": ""})).await;
    // 1: "ER_USER_EXST".
    client.refused(1, sign_up("anna")).await;
    // 5: not of the form that clients understand, or no hash.
    for login in [
        "Anna",
        "an",
        "anna anna",
        "анна",
        "a".repeat(23).as_str(),
        "an.na",
        "",
        "an\u{0}na",
    ] {
        client.refused(5, sign_up(login)).await;
        client.refused(5, log_in(login)).await;
    }
    for pass in ["", PASSWORD, &"g".repeat(64), &pass(PASSWORD)[1..]] {
        let wrong =
            json!({"type": SIGN_UP, "login": "boris", "pass": pass, "name": "", "desc": ""});
        assert!(client.refused(5, wrong).await.contains("pass"));
    }
    // Each time the connection stayed.
    client.log_in("anna").await;
}
