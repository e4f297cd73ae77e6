//! JIM in the field: how clients spell things, and what is told to them.

use serde_json::json;

use crate::support::{FieldClient, PASSWORD, user, with_field};
use tolmach::commands;

const QUIET: &str = "presence.grace = '0s'";

#[tokio::test(start_paused = true)]
async fn a_client_is_written_to_as_it_writes() {
    let daemon = with_field(QUIET, "").await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.field_guest("boris").await;
    let hello = json!({"action": "msg", "to": "#lobby", "from": "anna", "message": "hello"});
    // Who has shown nothing is told as in the document.
    anna.expect(200, hello.clone()).await;
    let told = boris
        .hears(json!({"action": "msg", "from": "anna", "to": "#lobby"}))
        .await;
    assert_eq!(
        (&told["message"], told.get("sender")),
        (&json!("hello"), None)
    );
    assert!(told["time"].is_i64() && told["encoding"] == "ascii");
    for key in ["mess_text", "message_text", "text", "message"] {
        boris
            .expect(
                200,
                json!({"action": "message", "sender": "boris", "destination": "anna", key: "hi"}),
            )
            .await;
        anna.hears(json!({"action": "msg", "from": "boris", "to": "anna", "message": "hi"}))
            .await;
        anna.expect(200, hello.clone()).await;
        let told = boris
            .hears(json!({
                "action": "message", "from": "anna", "sender": "anna",
                "to": "#lobby", "destination": "#lobby", key: "hello",
            }))
            .await;
        assert_eq!(told.as_object().unwrap().len(), 8, "{told}");
    }
    // Having said `message` once is enough.
    boris
        .expect(
            200,
            json!({"action": "msg", "to": "anna", "mess_text": "hi"}),
        )
        .await;
    anna.recv().await;
    anna.expect(200, hello).await;
    boris
        .hears(json!({"action": "message", "message": "hello"}))
        .await;
}

#[tokio::test(start_paused = true)]
async fn names_are_found_wherever_they_stand() {
    let daemon = with_field(QUIET, "").await;
    for said in [
        json!({"action": "presence", "user": {"account_name": "anna"}}),
        json!({"action": "presence", "time": "now", "user": {"client_name": "anna"}}),
        json!({"action": "presence", "user": "anna"}),
        json!({"action": "presence", "account_name": "anna", "type": 5}),
    ] {
        let mut anna = daemon.field();
        anna.expect(200, said.clone()).await;
        // Said twice it is fine.
        anna.expect(200, said).await;
        assert_eq!(daemon.sessions().await[0].user.login, "anna");
        anna.say(json!({"action": "exit"})).await;
        anna.end().await;
        assert!(daemon.sessions().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_message_makes_the_guest_and_a_wrong_from_is_corrected() {
    let daemon = with_field(QUIET, "").await;
    daemon.account("taken").await;
    let mut boris = daemon.field_guest("boris").await;
    let mut anna = daemon.field();
    anna.expect(401, json!({"action": "msg", "to": "#", "message": "hello"}))
        .await;
    anna.expect(
        401,
        json!({"action": "msg", "from": "taken", "message": "hello"}),
    )
    .await;
    anna.expect(
        409,
        json!({"action": "msg", "from": "boris", "message": "hello"}),
    )
    .await;
    anna.expect(
        400,
        json!({"action": "msg", "from": "all", "message": "hello"}),
    )
    .await;
    anna.expect(
        200,
        json!({"action": "msg", "from": "anna", "message": "hello"}),
    )
    .await;
    boris
        .hears(json!({"from": "anna", "to": "#lobby", "message": "hello"}))
        .await;
    for from in ["boris", "", "somebody"] {
        anna.expect(
            200,
            json!({"action": "msg", "from": from, "to": "boris", "message": "me"}),
        )
        .await;
        boris
            .hears(json!({"from": "anna", "to": "boris", "message": "me"}))
            .await;
    }
    anna.expect(
        404,
        json!({"action": "msg", "to": "nobody", "message": "hello"}),
    )
    .await;
    anna.expect(
        410,
        json!({"action": "msg", "to": "taken", "message": "hello"}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_to_the_document_is_served_as_well() {
    let daemon = with_field(QUIET, "").await;
    daemon.account("anna").await;
    let mut boris = daemon.field_guest("boris").await;
    let mut anna = daemon.document("field");
    anna.expect(
        402,
        json!({"action": "authenticate", "user": {"account_name": "anna", "password": "x"}}),
    )
    .await;
    anna.authenticate("anna").await;
    assert_eq!(anna.join("#tea").await, 201);
    assert_eq!(anna.say("#lobby", "здравствуй").await, 200);
    boris
        .hears(json!({"from": "anna", "message": "здравствуй", "encoding": "utf-8"}))
        .await;
    boris
        .expect(200, json!({"action": "msg", "to": "#tea", "message": "hi"}))
        .await;
    anna.hears("boris", "#tea", "hi").await;
    anna.expect(400, json!({"action": "dance"})).await;
    anna.leave("#tea").await;
    anna.write(json!({"action": "quit"})).await;
    anna.end().await;
    let mut again = daemon.field();
    let login = json!({"action": "authenticate", "user": "anna", "password": PASSWORD});
    again.expect(200, login).await;
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_passed_on_where_they_are_flat() {
    let daemon = with_field(QUIET, "").await;
    let mut anna = daemon.field_guest("anna").await;
    let mut boris = daemon.field_guest("boris").await;
    anna.expect(
        200,
        json!({"action": "msg", "message": "hi", "mood": "добрая"}),
    )
    .await;
    boris
        .hears(json!({"message": "hi", "mood": "добрая"}))
        .await;
    anna.expect(
        200,
        json!({"action": "msg", "message": "hi", "mood": ["good"]}),
    )
    .await;
    assert_eq!(boris.recv().await.get("mood"), None);
}

#[tokio::test(start_paused = true)]
async fn a_text_is_cut_as_bytes_need_and_all_of_it_arrives() {
    let daemon = with_field(QUIET, "").await;
    let name = "ж".repeat(25);
    let mut boris = daemon.field_guest("boris").await;
    boris
        .expect(200, json!({"action": "message", "mess_text": "hi"}))
        .await;
    let mut clara = daemon.field_guest("clara").await;
    clara
        .expect(200, json!({"action": "msg", "message": "hi"}))
        .await;
    boris.recv().await;
    let mut anna = daemon.document("jim");
    anna.hello(&name).await;
    anna.join("#lobby").await;
    let family = "👨‍👩‍👧‍👦";
    for text in [
        "я".repeat(500),
        "🦀".repeat(100),
        family.repeat(40),
        "x\n".repeat(250),
    ] {
        assert_eq!(anna.say("#lobby", &text).await, 200);
        // Both at once, as who reads later finds objects glued.
        let both = tokio::join!(
            gathered(&mut boris, &text, family),
            gathered(&mut clara, &text, family),
        );
        assert_eq!(both, (text.clone(), text));
    }
    // Beyond 8 pieces of 500 characters it is said how much is missing, to both flavors alike.
    let mut hear = daemon.document("jim");
    hear.hello("hear").await;
    hear.join("#lobby").await;
    let said = commands::Send::text(
        tolmach::model::Target::Room(crate::support::room("lobby")),
        "щ".repeat(5000),
    );
    let strict = async {
        let mut whole = String::new();
        while !whole.contains("more characters)") {
            whole += hear.heard().await["message"].as_str().unwrap();
        }
        whole
    };
    let field = async {
        let mut whole = String::new();
        while !whole.contains("more characters)") {
            whole += clara.recv().await["message"].as_str().unwrap();
        }
        whole
    };
    let (strict, field, _) = tokio::join!(strict, field, daemon.operate(said));
    assert_eq!(strict, field);
    assert!(strict.chars().count() > 3900);
}

/// The pieces of a text, until it is all there.
async fn gathered(client: &mut FieldClient, text: &str, grapheme: &str) -> String {
    let mut all = String::new();
    while all.len() < text.len() {
        let object = client.recv().await;
        let key = if object["action"] == "message" {
            "mess_text"
        } else {
            "message"
        };
        let piece = object[key].as_str().unwrap();
        // White space at a cut is the cut.
        if !all.is_empty() && text[all.len()..].starts_with('\n') && !piece.starts_with('\n') {
            all.push('\n');
        }
        all += piece;
        assert!(text.starts_with(&all) && !piece.is_empty());
        if text.starts_with(grapheme) {
            assert_eq!(piece.len() % grapheme.len(), 0, "a grapheme was cut");
        }
        if text.len() - all.len() == 1 && text.ends_with('\n') {
            all.push('\n');
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn notices_and_errors_are_ascii_and_short() {
    let daemon = with_field("jim.notices = [100, 101]", "").await;
    let mut anna = daemon.field_guest("anna").await;
    let room = "🦀".repeat(25);
    let to = format!("#{room}");
    anna.expect(201, json!({"action": "join", "room": to}))
        .await;
    let title = "ж".repeat(100);
    daemon
        .operate(commands::SetTitle {
            room: crate::support::room(&room),
            title,
        })
        .await;
    let notice = anna.code(100).await;
    assert!(
        notice["alert"].as_str().unwrap().starts_with(&to),
        "{notice}"
    );
    anna.expect(400, json!({"action": "действие"})).await;
    daemon
        .operate(commands::Ban {
            room: crate::support::room(&room),
            user: user("anna"),
        })
        .await;
    anna.code(101).await;
    anna.expect(403, json!({"action": "msg", "to": to, "message": "hi"}))
        .await;
}

#[tokio::test(start_paused = true)]
async fn nobody_is_probed() {
    let daemon = with_field("jim.probe_after = '1s'", "").await;
    let mut anna = daemon.field_guest("anna").await;
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    anna.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn the_gateway_answers_here_too() {
    let daemon = with_field(QUIET, "").await;
    let mut anna = daemon.field_guest("anna").await;
    anna.expect(
        200,
        json!({"action": "message", "to": "tolmach", "text": "who #lobby"}),
    )
    .await;
    let told = json!({"action": "message", "from": "tolmach", "sender": "tolmach", "to": "anna"});
    let line = anna.hears(told).await;
    assert!(line["text"].is_string(), "{line}");
}
