//! What is withdrawn while a request's body is on its way holds for that request.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::{BanSubject, Secret};

use super::Http;
use super::api::{Asking, HTTP};
use crate::support::{Daemon, PASSWORD, held_hub, room, user};

/// A request whose head was taken in, and of whose body nothing is there.
async fn begun(daemon: &Daemon, token: &str, request: &str, body: &[u8]) -> Http {
    let mut http = Http::connect(daemon).await;
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    http.send(head.as_bytes()).await;
    // The body is read from now on.
    assert_eq!(http.head().await.0, 100);
    http
}

/// A token by a login of anna's.
async fn login(daemon: &Daemon) -> String {
    let login = json!({"login": "anna", "password": PASSWORD});
    let mut nobody = Asking::nobody(daemon).await;
    let welcome = nobody.json("POST", "/login", Some(login), 200).await;
    welcome["token"].as_str().unwrap().to_owned()
}

/// Ways to lose one's rights, and what is answered then.
const WITHDRAWN: [(&str, u16); 6] = [
    ("token", 401),
    ("logout", 401),
    ("password", 401),
    ("account", 401),
    ("login", 403),
    ("address", 403),
];

fn ban(subject: BanSubject) -> commands::AddBan {
    commands::AddBan {
        subject,
        term: None,
        reason: String::new(),
    }
}

async fn withdraw(daemon: &Daemon, what: &str, token: &str) {
    let user = user("anna");
    match what {
        "token" => {
            let id = None;
            daemon.operate(commands::RevokeToken { user, id }).await;
        }
        "logout" => {
            Asking::by(daemon, token)
                .await
                .done("POST", "/logout", None)
                .await
        }
        "password" => {
            let secret = Secret::Password("another one".to_owned());
            daemon.operate(commands::SetPassword { user, secret }).await;
        }
        "account" => {
            let disabled = true;
            daemon
                .operate(commands::SetDisabled { user, disabled })
                .await;
        }
        "login" => drop(
            daemon
                .operate(ban(BanSubject::Login("anna".to_owned())))
                .await,
        ),
        "address" => {
            let here = BanSubject::Network("127.0.0.0/8".parse().unwrap());
            daemon.operate(ban(here)).await;
        }
        what => panic!("{what}"),
    }
}

#[tokio::test]
async fn who_lost_its_rights_before_the_body_was_there_is_refused() {
    let said = br#"{"text":"late"}"#;
    for (what, status) in WITHDRAWN {
        for path in ["messages", "files?name=late"] {
            let daemon = Daemon::start(HTTP).await;
            daemon.account("anna").await;
            let token = login(&daemon).await;
            let mut anna = Asking::by(&daemon, &token).await;
            anna.post("/rooms", json!({"name": "tea"})).await;
            let request = format!("POST /api/v1/rooms/tea/{path}");
            let mut late = begun(&daemon, &token, &request, said).await;
            withdraw(&daemon, what, &token).await;
            late.send(said).await;
            let answer = late.answer(false).await;
            assert_eq!(answer.status, status, "{what}, {path}: {}", answer.text());
            answer.problem();
            let history = daemon.history(room("tea")).await;
            assert_eq!(history, Vec::<String>::new(), "{what}, {path}");
        }
    }
}

#[tokio::test]
async fn a_ban_holds_for_what_is_written_after_it_also_before_anybody_heard_of_it() {
    let (hub, held) = held_hub().await;
    let daemon = Daemon::over(hub, HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    for subject in [
        BanSubject::Login("anna".to_owned()),
        BanSubject::Network("127.0.0.1".parse().unwrap()),
    ] {
        // Its token was used a moment ago, which is written now and then.
        anna.get("/me").await;
        held.hold();
        let (banning, subject) = (daemon.hub().clone(), subject);
        let lift = commands::RemoveBan {
            subject: subject.clone(),
        };
        let ban = async move { banning.operate(ban(subject)).await.unwrap() };
        let ban = tokio::spawn(ban);
        held.until(1).await;
        let text = json!({"text": "late"});
        let path = "/rooms/tea/messages";
        let refused = anna.refused("POST", path, Some(text), (403, "NotAllowed"));
        let told = async {
            held.until(2).await;
            held.let_go();
        };
        tokio::join!(refused, told);
        ban.await.unwrap();
        daemon.operate(lift).await;
    }
    assert_eq!(daemon.history(room("tea")).await, Vec::<String>::new());
}

#[tokio::test]
async fn who_is_no_operator_any_more_when_the_body_is_there_does_nothing_as_one() {
    let daemon = Daemon::start(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    Asking::operator(&daemon, "mallory").await;
    let new = json!({"login": "zoe", "password": "long enough"});
    for (request, body) in [
        ("PATCH /api/v1/users/mallory", json!({"operator": true})),
        ("POST /api/v1/users", new),
    ] {
        let body = body.to_string().into_bytes();
        let mut late = begun(&daemon, "token-mallory", request, &body).await;
        let (user, operator) = (user("mallory"), false);
        daemon
            .operate(commands::SetOperator { user, operator })
            .await;
        late.send(&body).await;
        let answer = late.answer(false).await;
        let title = answer.problem();
        assert_eq!((answer.status, &*title), (403, "NotAllowed"), "{request}");
        let mallory = chief.get("/users/mallory").await;
        assert_eq!(mallory["operator"], Value::Bool(false), "{request}");
        let again = json!({"operator": true});
        chief
            .json("PATCH", "/users/mallory", Some(again), 200)
            .await;
    }
    chief
        .refused("GET", "/users/zoe", None, (404, "NoSuchUser"))
        .await;
}
