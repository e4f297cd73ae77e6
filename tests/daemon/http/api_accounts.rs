//! Who asks, accounts, tokens, sessions.

use serde_json::json;
use tolmach::commands;

use super::api::{Asking, HTTP, each};
use crate::support::{Daemon, PASSWORD, user};

#[tokio::test]
async fn who_logs_in_gets_a_token_and_a_cookie_that_end() {
    let daemon = Daemon::start(HTTP).await;
    daemon.account("Anna").await;
    let mut nobody = Asking::nobody(&daemon).await;
    nobody
        .refused("GET", "/me", None, (401, "Unauthenticated"))
        .await;
    let wrong = json!({"login": "anna", "password": "no"});
    nobody
        .refused("POST", "/login", Some(wrong), (401, "BadCredentials"))
        .await;
    let login = json!({"login": "anna", "password": PASSWORD});
    let answer = nobody.ask("POST", "/login", Some(login.clone())).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (200, ""));
    assert_eq!(answer.json()["user"]["login"], "Anna");
    let answer = nobody.ask("POST", "/login?cookie=1", Some(login)).await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    // Nobody is online by it.
    assert!(daemon.sessions().await.is_empty());

    let cookie = format!("Cookie: other=1; {}", cookie.split(';').next().unwrap());
    let mut page = Asking::nobody(&daemon).await.with(&cookie);
    assert_eq!(page.get("/me").await["user"]["login"], "Anna");
    page.refused("POST", "/logout", None, (403, "NotAllowed"))
        .await;
    let mut page = page.with("X-Requested-With: tests");
    let mut foreign = Asking::nobody(&daemon).await.with(&cookie);
    foreign = foreign
        .with("X-Requested-With: tests")
        .with("Origin: https://evil.example");
    foreign
        .refused("POST", "/logout", None, (403, "NotAllowed"))
        .await;
    let answer = page.ask("POST", "/logout", None).await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    page.refused("GET", "/me", None, (401, "BadCredentials"))
        .await;
    let mut by_token = Asking::by(&daemon, &token).await;
    by_token
        .refused("GET", "/me", None, (401, "BadCredentials"))
        .await;
}

#[tokio::test]
async fn failed_logins_are_counted() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.failed_logins = 2")).await;
    daemon.account("anna").await;
    let mut nobody = Asking::nobody(&daemon).await;
    let wrong = || Some(json!({"login": "anna", "password": "no"}));
    for _ in 0..2 {
        nobody
            .refused("POST", "/login", wrong(), (401, "BadCredentials"))
            .await;
    }
    let answer = nobody.ask("POST", "/login", wrong()).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (429, "RateLimited")
    );
    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 60);
}

#[tokio::test]
async fn an_operator_makes_lists_changes_and_ends_accounts() {
    let daemon = Daemon::start(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let new = json!({"login": "Zoe", "password": "long enough", "name": "Zoë", "description": "d"});
    let made = chief.post("/users", new.clone()).await;
    assert_eq!(
        (
            &made["login"],
            &made["name"],
            &made["kind"],
            &made["operator"],
            &made["disabled"]
        ),
        (
            &json!("Zoe"),
            &json!("Zoë"),
            &json!("account"),
            &json!(false),
            &json!(false)
        )
    );
    assert!(made["id"].is_i64() && made["created"].as_str().unwrap().ends_with('Z'));
    chief
        .refused("POST", "/users", Some(new), (409, "NameTaken"))
        .await;
    daemon.account("anna").await;
    let all = chief.get("/users").await;
    assert_eq!(each(&all, "login"), ["anna", "chief", "Zoe"]);
    assert_eq!(
        each(&chief.get("/users?limit=2").await, "login"),
        ["anna", "chief"]
    );
    assert_eq!(
        each(&chief.get("/users?after=CHIEF").await, "login"),
        ["Zoe"]
    );
    for bad in ["limit=0", "limit=501", "limit=x", "what=1"] {
        let path = format!("/users?{bad}");
        let problem = chief.refused("GET", &path, None, (400, "Invalid")).await;
        assert_eq!(problem["field"], bad.split('=').next().unwrap());
    }
    let changed = json!({"name": "Z", "description": "", "operator": true});
    let changed = chief.json("PATCH", "/users/zoe", Some(changed), 200).await;
    assert_eq!(
        (&changed["name"], &changed["operator"]),
        (&json!("Z"), &json!(true))
    );
    let off = Some(json!({"disabled": true}));
    assert_eq!(
        chief.json("PATCH", "/users/zoe", off, 200).await["disabled"],
        true
    );
    let password = Some(json!({"password": "another one"}));
    chief.json("PATCH", "/users/anna", password, 200).await;
    chief.done("DELETE", "/users/zoe", None).await;
    chief
        .refused("GET", "/users/zoe", None, (404, "NoSuchUser"))
        .await;
    chief
        .refused("DELETE", "/users/zoe", None, (404, "NoSuchUser"))
        .await;
}

#[tokio::test]
async fn an_account_looks_after_itself_alone() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    daemon.account("boris").await;
    assert_eq!(anna.get("/users/ANNA").await["login"], "anna");
    for (method, path) in [
        ("GET", "/users"),
        ("GET", "/users/boris"),
        ("GET", "/users/nobody"),
        ("DELETE", "/users/anna"),
        ("GET", "/users/boris/tokens"),
        ("POST", "/users/boris/tokens"),
    ] {
        anna.refused(method, path, None, (403, "NotAllowed")).await;
    }
    for body in [json!({"operator": true}), json!({"disabled": false})] {
        anna.refused("PATCH", "/users/anna", Some(body), (403, "NotAllowed"))
            .await;
    }
    let change = |current: Option<&str>| {
        let mut body = json!({"password": "another one"});
        if let Some(current) = current {
            body["current"] = current.into();
        }
        Some(body)
    };
    let problem = anna
        .refused("PATCH", "/users/anna", change(None), (400, "Invalid"))
        .await;
    assert_eq!(problem["field"], "current");
    anna.refused(
        "PATCH",
        "/users/anna",
        change(Some("no")),
        (401, "BadCredentials"),
    )
    .await;
    let short = json!({"password": "short", "current": PASSWORD, "name": "A"});
    let problem = anna
        .refused("PATCH", "/users/anna", Some(short), (400, "Invalid"))
        .await;
    assert_eq!(problem["field"], "password");
    // Nothing is half done.
    assert_eq!(anna.get("/users/anna").await["name"], "anna");
    anna.json("PATCH", "/users/anna", change(Some(PASSWORD)), 200)
        .await;
    let login = json!({"login": "anna", "password": "another one"});
    anna.json("POST", "/login", Some(login), 200).await;
    let own = json!({"name": "Anna", "description": "two\nlines"});
    let own = anna.json("PATCH", "/users/anna", Some(own), 200).await;
    assert_eq!(
        (&own["name"], &own["description"]),
        (&json!("Anna"), &json!("two\nlines"))
    );
}

#[tokio::test]
async fn tokens_are_made_listed_and_ended() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let made = anna.json("POST", "/users/anna/tokens", None, 201).await;
    let mut other = Asking::by(&daemon, made["token"].as_str().unwrap()).await;
    other.get("/me").await;
    let tokens = anna.get("/users/anna/tokens").await;
    assert_eq!(each(&tokens, "kind"), ["api", "api"]);
    assert!(
        tokens[1]["used"].is_string() && tokens[1]["token"].is_null(),
        "{tokens}"
    );
    let path = format!("/users/anna/tokens/{}", made["id"]);
    anna.done("DELETE", &path, None).await;
    other
        .refused("GET", "/me", None, (401, "BadCredentials"))
        .await;
    anna.refused("DELETE", &path, None, (404, "NoSuchToken"))
        .await;
    anna.refused("DELETE", "/users/anna/tokens/x", None, (400, "Invalid"))
        .await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    chief.json("POST", "/users/anna/tokens", None, 201).await;
    assert_eq!(
        chief
            .get("/users/anna/tokens")
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn what_was_taken_from_an_operator_is_gone_at_once() {
    let daemon = Daemon::start(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    chief.get("/users").await;
    let (user, operator) = (user("chief"), false);
    daemon
        .operate(commands::SetOperator {
            user: user.clone(),
            operator,
        })
        .await;
    chief
        .refused("GET", "/users", None, (403, "NotAllowed"))
        .await;
    daemon
        .operate(commands::SetOperator {
            user: user.clone(),
            operator: true,
        })
        .await;
    chief.get("/users").await;
    daemon
        .operate(commands::SetDisabled {
            user,
            disabled: true,
        })
        .await;
    chief
        .refused("GET", "/users", None, (401, "BadCredentials"))
        .await;
}

#[tokio::test]
async fn sessions_are_listed_and_closed() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let mut talker = daemon.talker_in("anna", "lobby").await;
    let _guest = daemon.guest("mallory").await;
    let own = anna.get("/sessions").await;
    assert_eq!(each(&own, "user"), ["anna"]);
    assert_eq!(
        (&own[0]["dialect"], &own[0]["listener"]),
        (&json!("talker"), &json!("talker"))
    );
    let all = chief.get("/sessions").await;
    assert_eq!(each(&all, "user"), ["anna", "mallory"]);
    let guest = format!("/sessions/{}", all[1]["id"]);
    anna.refused("DELETE", &guest, None, (404, "NoSuchSession"))
        .await;
    chief.done("DELETE", &guest, None).await;
    chief
        .refused("DELETE", &guest, None, (404, "NoSuchSession"))
        .await;
    anna.done("DELETE", &format!("/sessions/{}", own[0]["id"]), None)
        .await;
    talker.event("error").await;
}
