//! Rooms, members, bans.

use serde_json::json;
use tolmach::model::RoomKind;

use super::api::{Asking, HTTP, each};
use crate::support::Daemon;

#[tokio::test]
async fn rooms_are_made_found_changed_and_ended() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let tea = anna
        .post(
            "/rooms",
            json!({"name": "tea", "title": "Five o'clock", "description": "d"}),
        )
        .await;
    let mut fields: Vec<&String> = tea.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "created",
            "description",
            "id",
            "kind",
            "members",
            "name",
            "protected",
            "title"
        ]
    );
    assert_eq!(
        (&tea["members"], &tea["kind"]),
        (&json!(1), &json!("public"))
    );
    let secret = json!({"name": "secret", "kind": "private", "password": "open"});
    let secret = anna.post("/rooms", secret).await;
    assert_eq!(
        (&secret["kind"], &secret["protected"]),
        (&json!("private"), &json!(true))
    );
    anna.refused(
        "POST",
        "/rooms",
        Some(json!({"name": "TEA"})),
        (409, "NameTaken"),
    )
    .await;
    for (body, field) in [
        (json!({"name": "a b"}), "name"),
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "x", "kind": "direct"}), "kind"),
        (json!({"name": "x", "what": 1}), "what"),
        (json!({"name": 7}), "name"),
    ] {
        let problem = anna
            .refused("POST", "/rooms", Some(body), (400, "Invalid"))
            .await;
        assert_eq!(problem["field"], field, "{problem}");
    }
    assert_eq!(
        each(&anna.get("/rooms").await, "name"),
        ["lobby", "tea", "secret"]
    );
    assert_eq!(each(&boris.get("/rooms").await, "name"), ["lobby", "tea"]);
    assert_eq!(
        each(&chief.get("/rooms").await, "name"),
        ["lobby", "tea", "secret"]
    );
    for prefix in ["TE", "five"] {
        let found = boris.get(&format!("/rooms?prefix={prefix}")).await;
        assert_eq!(each(&found, "name"), ["tea"]);
    }
    assert_eq!(boris.get("/rooms/TEA").await["name"], "tea");
    boris
        .refused("GET", "/rooms/secret", None, (404, "NoSuchRoom"))
        .await;
    assert_eq!(chief.get("/rooms/secret").await["name"], "secret");

    let title = || Some(json!({"title": "Chai"}));
    boris
        .refused("PATCH", "/rooms/tea", title(), (403, "NotAllowed"))
        .await;
    let changed = json!({"name": "chai", "title": "Chai", "description": "", "kind": "private", "password": "x",
        "quiet": true, "slow": "10s"});
    let changed = anna.json("PATCH", "/rooms/tea", Some(changed), 200).await;
    assert_eq!(
        (
            &changed["name"],
            &changed["title"],
            &changed["kind"],
            &changed["protected"]
        ),
        (
            &json!("chai"),
            &json!("Chai"),
            &json!("private"),
            &json!(true)
        )
    );
    // An operator may what the command line may.
    let kept = json!({"keep": "90d", "password": "", "owner": "boris"});
    let kept = chief.json("PATCH", "/rooms/chai", Some(kept), 200).await;
    assert_eq!(
        (&kept["protected"], &kept["members"]),
        (&json!(false), &json!(2))
    );
    anna.refused(
        "PATCH",
        "/rooms/chai",
        Some(json!({"keep": "1d"})),
        (403, "NotAllowed"),
    )
    .await;
    for (body, field) in [
        (json!({"slow": "soon"}), "slow"),
        (json!({"title": 1}), "title"),
    ] {
        let problem = anna
            .refused("PATCH", "/rooms/chai", Some(body), (400, "Invalid"))
            .await;
        assert_eq!(problem["field"], field);
    }
    boris.done("DELETE", "/rooms/chai", None).await;
    boris
        .refused("DELETE", "/rooms/chai", None, (404, "NoSuchRoom"))
        .await;
    boris
        .refused("DELETE", "/rooms/lobby", None, (403, "NotAllowed"))
        .await;
    chief.done("DELETE", "/rooms/lobby", None).await;
}

#[tokio::test]
async fn who_is_in_a_room_and_how_one_comes_and_goes() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    daemon.account("carla").await;
    anna.post("/rooms", json!({"name": "tea", "password": "open"}))
        .await;
    let own = "/rooms/tea/members/boris";
    boris
        .refused("PUT", own, None, (403, "BadRoomPassword"))
        .await;
    boris
        .refused(
            "PUT",
            own,
            Some(json!({"password": "no"})),
            (403, "BadRoomPassword"),
        )
        .await;
    boris
        .refused("GET", "/rooms/tea/members", None, (403, "NotAllowed"))
        .await;
    boris
        .done("PUT", own, Some(json!({"password": "open"})))
        .await;
    boris.done("PUT", own, None).await;
    anna.done("PUT", "/rooms/tea/members/carla", None).await;
    anna.done(
        "PUT",
        "/rooms/tea/members/carla",
        Some(json!({"role": "moderator"})),
    )
    .await;
    let _online = daemon.talker_in("anna", "tea").await;
    let members = boris.get("/rooms/tea/members").await;
    assert_eq!(each(&members, "login"), ["anna", "boris", "carla"]);
    assert_eq!(each(&members, "role"), ["owner", "member", "moderator"]);
    assert_eq!(each(&members, "presence"), ["online", "absent", "absent"]);
    assert!(members[0]["joined"].is_string() && members[0]["name"] == "anna");
    boris
        .refused(
            "PUT",
            "/rooms/tea/members/carla",
            Some(json!({"role": "admin"})),
            (403, "NotAllowed"),
        )
        .await;
    anna.refused(
        "PUT",
        "/rooms/tea/members/nobody",
        None,
        (404, "NoSuchUser"),
    )
    .await;
    let problem = anna
        .refused(
            "PUT",
            "/rooms/tea/members/carla",
            Some(json!({"role": "king"})),
            (400, "Invalid"),
        )
        .await;
    assert_eq!(problem["field"], "role");
    anna.done("DELETE", "/rooms/tea/members/carla", None).await;
    boris.done("DELETE", own, None).await;
    boris
        .refused("DELETE", own, None, (403, "NotAllowed"))
        .await;
    assert_eq!(
        each(&anna.get("/rooms/tea/members").await, "login"),
        ["anna"]
    );
}

#[tokio::test]
async fn who_is_banned_stays_out_until_let_in() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    boris.done("PUT", "/rooms/tea/members/boris", None).await;
    boris
        .refused("PUT", "/rooms/tea/bans/anna", None, (403, "NotAllowed"))
        .await;
    anna.done("PUT", "/rooms/tea/bans/boris", None).await;
    boris
        .refused("PUT", "/rooms/tea/members/boris", None, (403, "Banned"))
        .await;
    boris
        .refused("GET", "/rooms/tea/messages", None, (403, "Banned"))
        .await;
    assert_eq!(
        each(&anna.get("/rooms/tea/members").await, "role"),
        ["owner", "banned"]
    );
    assert_eq!(anna.get("/rooms/tea").await["members"], 1);
    // By an operator who is not there.
    chief.done("DELETE", "/rooms/tea/bans/boris", None).await;
    chief
        .refused("DELETE", "/rooms/tea/bans/boris", None, (404, "NoSuchUser"))
        .await;
    boris.done("PUT", "/rooms/tea/members/boris", None).await;
}

#[tokio::test]
async fn what_is_private_is_nobody_elses() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut mallory = Asking::account(&daemon, "mallory").await;
    daemon.account("boris").await;
    daemon.create_room("den", RoomKind::Private, None).await;
    let said = anna.say("@anna,boris", "psst").await;
    let me = anna.get("/me").await;
    assert_eq!(me["rooms"][0]["name"], "@anna,boris");
    assert_eq!(
        (&me["rooms"][0]["title"], &me["rooms"][0]["members"]),
        (&json!("boris"), &json!(2))
    );
    assert_eq!(
        each(&anna.get("/rooms/@boris,anna/messages").await, "room"),
        ["@anna,boris"]
    );
    for path in [
        "/rooms/@anna,boris",
        "/rooms/@anna,boris/messages",
        "/rooms/den",
    ] {
        mallory
            .refused("GET", path, None, (404, "NoSuchRoom"))
            .await;
    }
    let path = format!("/rooms/lobby/messages/{said}");
    mallory
        .refused("DELETE", &path, None, (404, "NoSuchMessage"))
        .await;
    anna.refused("DELETE", "/rooms/@anna,boris", None, (403, "NotAllowed"))
        .await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    assert_eq!(
        each(&chief.get("/rooms/@anna,boris/messages").await, "text"),
        ["psst"]
    );
    // Who knows the name enters.
    mallory
        .done("PUT", "/rooms/den/members/mallory", None)
        .await;
    assert_eq!(mallory.get("/rooms/den").await["kind"], "private");
}
