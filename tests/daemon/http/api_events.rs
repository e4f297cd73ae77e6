//! Streams: what happens, and the tap.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::EndReason;

use super::Http;
use super::api::{Asking, HTTP};
use super::described::Document;
use crate::support::{Daemon, PATIENCE, token, user};

/// Somebody who listens.
pub(super) struct Listening {
    http: Http,
    text: String,
    /// Of the last that came.
    pub(super) id: String,
}

impl Listening {
    pub(super) async fn begin(
        daemon: &Daemon,
        login: &str,
        query: &str,
        last: Option<&str>,
    ) -> Self {
        let mut http = Http::connect(daemon).await;
        let last = last.map_or(String::new(), |last| format!("Last-Event-ID: {last}\r\n"));
        let request = format!(
            "GET /api/v1/{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{last}\r\n",
            token(login)
        );
        http.send(request.as_bytes()).await;
        let (status, headers) = http.head().await;
        assert_eq!(status, 200);
        let document = Document::read().await;
        let row = document.row("GET", &format!("/{query}")).unwrap();
        document.check_head(row, status, &headers["content-type"]);
        assert_eq!(headers["content-type"], "text/event-stream");
        Self {
            http,
            text: String::new(),
            id: String::new(),
        }
    }

    /// The next event: its kind and data; `None`: the stream has ended.
    pub(super) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (mut kind, mut data) = (String::new(), None);
                for line in event.lines() {
                    match line.split_once(": ") {
                        Some(("event", text)) => kind = text.to_owned(),
                        Some(("id", text)) => self.id = text.to_owned(),
                        Some(("data", text)) => data = Some(serde_json::from_str(text).unwrap()),
                        _ => assert!(line.starts_with(':'), "{line}"),
                    }
                }
                self.text = rest.to_owned();
                match data {
                    Some(data) => return Some((kind, data)),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.http.chunk())
                .await
                .unwrap();
            if chunk.is_empty() {
                return None;
            }
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// The next event, which must be of this kind.
    pub(super) async fn hears(&mut self, kind: &str) -> Value {
        let (heard, data) = self.next().await.expect("the stream goes on");
        assert_eq!(heard, kind, "{data}");
        data
    }

    pub(super) async fn hears_text(&mut self, text: &str) -> Value {
        let data = self.hears("posted").await;
        assert_eq!(data["text"], text);
        data
    }

    pub(super) async fn ends(&mut self, reason: EndReason) {
        assert_eq!(self.hears("ended").await["reason"], json!(reason));
        assert!(self.next().await.is_none());
    }

    /// The place that a stream has before anything happens, and which it begins with.
    pub(super) async fn place(&mut self) -> String {
        while self.id.is_empty() {
            let chunk = self.http.chunk().await;
            self.text += std::str::from_utf8(&chunk).unwrap();
            if let Some(id) = self
                .text
                .strip_prefix("id: ")
                .and_then(|id| id.split_once("\n\n"))
            {
                (self.id, self.text) = (id.0.to_owned(), id.1.to_owned());
            }
        }
        self.id.clone()
    }
}

pub(super) async fn events(daemon: &Daemon, login: &str) -> Listening {
    Listening::begin(daemon, login, "events", None).await
}

#[tokio::test]
async fn what_happens_is_heard_and_nobody_sees_who_listens() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    let mut talker = daemon.talker_in("anna", "tea").await;
    let mut heard = events(&daemon, "boris").await;
    heard.place().await;
    boris.done("PUT", "/rooms/tea/members/boris", None).await;
    let joined = heard.hears("member_joined").await;
    assert_eq!(
        (&joined["room"], &joined["user"], &joined["by"]),
        (&json!("tea"), &json!("boris"), &json!("boris"))
    );
    let said = anna
        .post("/rooms/tea/messages", json!({"text": "Tea?"}))
        .await;
    let told = heard.hears_text("Tea?").await;
    for field in [
        "id", "room", "from", "time", "kind", "text", "updated", "deleted",
    ] {
        assert_eq!(told[field], said[field], "{field}");
    }
    // It is nobody to the others.
    talker.hears("anna", "Tea?").await;
    talker.hears_nothing().await;
    let open = daemon.sessions().await.into_iter();
    let mut spoken: Vec<_> = open.map(|session| session.dialect).collect();
    spoken.sort();
    assert_eq!(spoken, ["http", "talker"]);
    let members = anna.get("/rooms/tea/members").await;
    assert_eq!(members[1]["presence"], "absent");
    let path = format!("/rooms/tea/messages/{}", said["id"]);
    anna.json("PATCH", &path, Some(json!({"text": "Chai?"})), 200)
        .await;
    assert_eq!(heard.hears("edited").await["text"], "Chai?");
    anna.done("DELETE", &path, None).await;
    assert_eq!(heard.hears("deleted").await["deleted"], true);
    anna.json(
        "PATCH",
        "/rooms/tea",
        Some(json!({"title": "T", "description": "d"})),
        200,
    )
    .await;
    heard.hears("titled").await;
    assert_eq!(heard.hears("described").await["description"], "d");
    anna.done(
        "PUT",
        "/rooms/tea/members/boris",
        Some(json!({"role": "admin"})),
    )
    .await;
    assert_eq!(heard.hears("role_changed").await["role"], "admin");
    anna.say("@anna,boris", "psst").await;
    heard.hears("created").await;
    assert_eq!(heard.hears_text("psst").await["room"], "@anna,boris");
    talker.write(json!({"type": "close"})).await;
    let gone = heard.hears("presence").await;
    assert_eq!(
        (&gone["user"], &gone["change"]),
        (&json!("anna"), &json!("offline"))
    );
    // Who is removed hears that, and nothing more of the room.
    anna.done("DELETE", "/rooms/tea/members/boris", None).await;
    assert_eq!(heard.hears("member_removed").await["user"], "boris");
    anna.say("tea", "nobody else").await;
    boris.done("PUT", "/rooms/tea/members/boris", None).await;
    heard.hears("member_joined").await;
    anna.done("PUT", "/rooms/tea/bans/boris", None).await;
    heard.hears("member_banned").await;
    anna.say("@anna,boris", "still here").await;
    heard.hears_text("still here").await;
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_left_once() {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Daemon::on_disk(dir.path(), HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    for room in ["tea", "chess", "den"] {
        anna.post("/rooms", json!({"name": room})).await;
    }
    for room in ["tea", "chess"] {
        boris
            .done("PUT", &format!("/rooms/{room}/members/boris"), None)
            .await;
    }
    let mut heard = events(&daemon, "boris").await;
    let nothing = heard.place().await;
    anna.say("tea", "one").await;
    heard.hears_text("one").await;
    let one = heard.id.clone();
    drop(heard);
    anna.say("chess", "two").await;
    anna.say("tea", "three").await;
    anna.say("den", "before").await;
    boris.done("PUT", "/rooms/den/members/boris", None).await;
    anna.say("den", "after").await;
    anna.say("@anna,boris", "psst").await;
    // In the order of each room, from where it was.
    let mut heard = Listening::begin(&daemon, "boris", "events", Some(&one)).await;
    let mut all = Vec::new();
    while all.len() < 6 {
        let (kind, data) = heard.next().await.unwrap();
        let what = data["text"].as_str().map_or(kind, str::to_owned);
        all.push(format!("{} {what}", data["room"].as_str().unwrap()));
    }
    assert_eq!(
        all,
        [
            "tea three",
            "chess two",
            "den member_joined",
            "den after",
            "@anna,boris created",
            "@anna,boris psst"
        ]
    );
    let last = heard.id.clone();
    drop((heard, anna, boris));
    daemon.stop().await;

    let daemon = Daemon::on_disk(dir.path(), HTTP).await;
    let mut anna = Asking::by(&daemon, &token("anna")).await;
    let mut heard = Listening::begin(&daemon, "boris", "events", Some(&last)).await;
    anna.say("tea", "four").await;
    heard.hears_text("four").await;
    let mut heard = Listening::begin(&daemon, "boris", "events?room=tea", Some(&nothing)).await;
    for text in ["one", "three", "four"] {
        heard.hears_text(text).await;
    }
    anna.say("chess", "not asked for").await;
    anna.say("tea", "five").await;
    heard.hears_text("five").await;
    // Another's place is none.
    let of_another = format!("Last-Event-ID: {last}");
    let mut stranger = Asking::by(&daemon, &token("anna")).await.with(&of_another);
    let problem = stranger
        .refused("GET", "/events", None, (400, "Invalid"))
        .await;
    assert_eq!(problem["field"], "Last-Event-ID");
    for (path, why) in [
        ("/events?room=nowhere", (404, "NoSuchRoom")),
        ("/events?room=tea,lobby", (403, "NotAllowed")),
        ("/events?rooms=tea", (400, "Invalid")),
    ] {
        anna.refused("GET", path, None, why).await;
    }
    let mut wrong = Asking::by(&daemon, &token("anna"))
        .await
        .with("Last-Event-ID: 7");
    wrong
        .refused("GET", "/events", None, (400, "Invalid"))
        .await;
}

#[tokio::test]
async fn who_went_and_came_again_while_not_listening_misses_nothing() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    let (own, by_anna) = ("/rooms/tea/members/boris", "/rooms/tea/bans/boris");
    boris.done("PUT", own, None).await;
    let mut heard = events(&daemon, "boris").await;
    let place = heard.place().await;
    drop(heard);
    boris.done("DELETE", own, None).await;
    anna.say("tea", "out").await;
    anna.done("PUT", by_anna, None).await;
    anna.done("DELETE", by_anna, None).await;
    boris.done("PUT", own, None).await;
    anna.say("tea", "in").await;
    let mut heard = Listening::begin(&daemon, "boris", "events", Some(&place)).await;
    let mut seq = 0;
    loop {
        let (_, data) = heard.next().await.unwrap();
        let next = data["seq"].as_i64().unwrap();
        assert!(seq == 0 || next == seq + 1, "{data}");
        seq = next;
        if data["text"] == "in" {
            break;
        }
    }
    anna.say("tea", "on").await;
    assert_eq!(heard.hears_text("on").await["seq"], seq + 1);
}

#[tokio::test]
async fn what_ends_an_account_or_its_token_ends_the_stream() {
    let daemon = Daemon::start(HTTP).await;
    for (login, reason) in [
        ("anna", EndReason::TokenRevoked),
        ("boris", EndReason::AccountDisabled),
        ("carla", EndReason::AccountRemoved),
    ] {
        daemon.account(login).await;
        let mut heard = events(&daemon, login).await;
        heard.place().await;
        let (user, id) = (user(login), None);
        match reason {
            EndReason::TokenRevoked => daemon.operate(commands::RevokeToken { user, id }).await,
            EndReason::AccountDisabled => {
                daemon
                    .operate(commands::SetDisabled {
                        user,
                        disabled: true,
                    })
                    .await;
            }
            _ => daemon.operate(commands::RemoveUser { user }).await,
        }
        heard.ends(reason).await;
    }
    daemon.account("dora").await;
    let mut heard = events(&daemon, "dora").await;
    heard.place().await;
    let (_, ended) = tokio::join!(daemon.stop(), heard.next());
    assert!(ended.is_none_or(|(kind, _)| kind == "ended"));
}

#[tokio::test]
async fn the_tap_is_for_operators_as_long_as_they_are() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    Asking::operator(&daemon, "chief").await;
    anna.refused("GET", "/tap", None, (403, "NotAllowed")).await;
    let mut tap = Listening::begin(&daemon, "chief", "tap", None).await;
    let mut talker = daemon.talker_in("anna", "lobby").await;
    talker
        .write(json!({"type": "message", "content": "Tea?"}))
        .await;
    loop {
        let (_, data) = tap.next().await.unwrap();
        if data["kind"] == "event" && data["event"]["room"]["change"]["posted"]["text"] == "Tea?" {
            break;
        }
    }
    let mut tap = Listening::begin(&daemon, "chief", "tap?room=lobby", None).await;
    talker
        .write(json!({"type": "message", "content": "Two"}))
        .await;
    assert_eq!(tap.next().await.unwrap().1["kind"], "in");
    let mut chief = Asking::by(&daemon, &token("chief")).await;
    for (query, why) in [
        ("room=nowhere", (404, "NoSuchRoom")),
        ("session=999", (400, "Invalid")),
    ] {
        chief
            .refused("GET", &format!("/tap?{query}"), None, why)
            .await;
    }
    let (user, operator) = (user("chief"), false);
    daemon
        .operate(commands::SetOperator { user, operator })
        .await;
    loop {
        let (kind, data) = tap.next().await.expect("its end is told");
        // One that a connection says has its number.
        if kind == "ended" && data["connection"].is_null() {
            assert_eq!(data["reason"], json!(EndReason::ClosedByOperator));
            break;
        }
    }
    assert!(tap.next().await.is_none());
}

#[tokio::test]
async fn streams_are_told_that_the_gateway_stops_or_goes_elsewhere() {
    for is_moved in [false, true] {
        let (daemon, written) = Daemon::reloadable(HTTP).await;
        Asking::operator(&daemon, "chief").await;
        let mut listening = events(&daemon, "chief").await;
        let mut tap = Listening::begin(&daemon, "chief", "tap", None).await;
        let goes = async {
            if is_moved {
                daemon.reload(&written, "http.address = ''").await.unwrap();
            }
            daemon.stop().await;
        };
        let reason = match is_moved {
            true => EndReason::ListenerClosed,
            false => EndReason::Shutdown,
        };
        let told = async {
            listening.ends(reason).await;
            tap.ends(reason).await;
        };
        tokio::join!(goes, told);
    }
}

#[tokio::test]
async fn who_listens_is_listed_and_can_be_closed() {
    let daemon = Daemon::start(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    for query in ["events", "tap"] {
        let mut listening = Listening::begin(&daemon, "chief", query, None).await;
        let own = chief.get("/sessions").await;
        assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
        let own = &own[0];
        assert_eq!(
            (&own["user"], &own["dialect"], &own["address"]),
            (&json!("chief"), &json!("http"), &json!("127.0.0.1"))
        );
        assert_eq!(own["encrypted"], false);
        let path = format!("/sessions/{}", own["id"]);
        chief.done("DELETE", &path, None).await;
        listening.ends(EndReason::ClosedByOperator).await;
        assert_eq!(chief.get("/sessions").await, json!([]));
    }
}

#[tokio::test]
async fn the_table_counts_and_the_figures_are_of_the_last_hour() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let mut talker = daemon.talker_in("chief", "lobby").await;
    anna.done("PUT", "/rooms/lobby/members/anna", None).await;
    anna.say("lobby", "Tea?").await;
    talker.hears("anna", "Tea?").await;
    let rows = anna.get("/dialects").await;
    let cell = |dialect: &str| {
        let mut rows = rows.as_array().unwrap().iter();
        let found = rows.find(|row| row["dialect"] == dialect && row["meaning"] == "message");
        (
            found.unwrap()["count"].clone(),
            found.unwrap()["level"].clone(),
        )
    };
    assert_eq!(cell("talker"), (json!(1), json!("native")));
    assert_eq!(cell("jim"), (json!(0), json!("native")));
    anna.refused("GET", "/stats", None, (403, "NotAllowed"))
        .await;
    let stats = chief.get("/stats").await;
    let now = &stats["now"];
    assert_eq!(
        (&now["sessions"]["talker"], &now["messages"]),
        (&json!(1), &json!(1)),
        "{now}"
    );
    assert_eq!(now["connections"]["talker"], 1, "{now}");
    let sample = &stats["history"][0];
    assert!(
        sample["at"].is_string() && sample["messages_per_second"].is_f64(),
        "{sample}"
    );
    assert!(sample["commit_p50"].is_null(), "{sample}");
}

#[tokio::test]
async fn a_file_is_a_link_where_there_are_links() {
    let daemon = Daemon::start(&format!(
        "{HTTP}\nhttp.public_url = 'https://chat.example/'"
    ))
    .await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut jim = daemon.guest_in("mallory", "#lobby").await;
    daemon.account("boris").await;
    let mut talker = daemon.talker_in("boris", "lobby").await;
    daemon.account("clara").await;
    let mut purpose = daemon.purpose_in(2, "clara", 1).await;
    talker.sees("join", "clara").await;
    anna.done("PUT", "/rooms/lobby/members/anna", None).await;
    let auth = ["Authorization: Bearer token-anna"];
    let path = "/api/v1/rooms/lobby/files?name=cat.png";
    let sent = anna.http.ask("POST", path, &auth, Some(b"meow")).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let text = format!(
        "[file] cat.png (4 B) https://chat.example/files/{}",
        sent.json()["id"]
    );
    talker.hears("anna", &text).await;
    jim.hears("anna", "#lobby", &text).await;
    assert_eq!(purpose.heard().await.text, text);
    assert_eq!(purpose.history(1, 0).await[0].text, text);
    // The gateway knows it, too.
    for asked in ["history #lobby", "search #lobby cat"] {
        assert_eq!(jim.say("tolmach", asked).await, 200);
        let said = jim.heard().await["message"].to_string();
        assert!(said.ends_with(&format!("<anna> {text}\"")), "{said}");
    }
}
