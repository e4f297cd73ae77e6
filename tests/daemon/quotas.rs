//! What one address or user may make in an hour, in every dialect's own words.

use serde_json::json;

use crate::support::uchat::{ERROR_MSG, new_room, sign_up};
use crate::support::{Daemon, Jim, Uchat, from_elsewhere, login, presence, text};

const LATER: &str = "too often, try again in";

#[tokio::test]
async fn accounts_and_guests_of_one_address_are_limited_and_those_that_were_not_made_do_not_count()
{
    let more = "limits.registrations_per_hour = 3";
    let daemon = Daemon::start(more).await;
    daemon.account("anna").await;
    daemon.guest("boris").await;
    let mut guest = daemon.guest("clara").await;
    let mut again = daemon.jim().await;
    for _ in 0..3 {
        again.expect(409, presence("clara")).await;
        again.expect(401, presence("anna")).await;
        again.expect(400, presence("#")).await;
    }
    again.hello("dora").await;
    let answer = daemon.jim().await.expect(429, presence("emil")).await;
    assert!(
        answer["error"].as_str().unwrap().starts_with(LATER),
        "{answer}"
    );
    // Neither is what a guest asks of the gateway let in.
    let msg = guest.msg("tolmach", "register CorrectHorse");
    guest.expect(200, msg).await;
    assert!(
        guest.heard().await["message"]
            .as_str()
            .unwrap()
            .starts_with(LATER)
    );
    // Whoever has an account comes in, and so does another address.
    daemon.authenticated("anna").await;
    let elsewhere = from_elsewhere(daemon.address("jim")).await;
    Jim::new(elsewhere).hello("emil").await;

    let daemon = Daemon::start(more).await;
    let mut purpose = daemon.purpose(2).await;
    purpose.hello().await;
    for name in ["anna", "boris", "clara"] {
        purpose.does("REGISTER_USER", login(name)).await;
    }
    let declined = purpose.declined("REGISTER_USER", login("dora")).await;
    assert!(declined.starts_with(LATER), "{declined}");

    let daemon = Daemon::start(more).await;
    for name in ["anna", "boris", "clara"] {
        let mut uchat = Uchat::new(daemon.client("uchat").await);
        assert_ne!(uchat.ask(sign_up(name)).await["type"], ERROR_MSG);
    }
    let mut uchat = Uchat::new(daemon.client("uchat").await);
    assert!(uchat.refused(6, sign_up("dora")).await.starts_with(LATER));
    let mut uchat = Uchat::new(from_elsewhere(daemon.address("uchat")).await);
    assert_ne!(uchat.ask(sign_up("dora")).await["type"], ERROR_MSG);
}

#[tokio::test]
async fn the_rooms_that_one_user_makes_are_limited_and_those_that_are_there_are_entered() {
    let daemon = Daemon::start("limits.rooms_made_per_hour = 1").await;
    for login in ["anna", "boris", "clara", "dora"] {
        daemon.account(login).await;
    }
    let mut jim = daemon.authenticated("anna").await;
    assert_eq!(jim.join("#jim").await, 201);
    assert_eq!(jim.join("#lobby").await, 200);
    let answer = jim
        .expect(429, json!({"action": "join", "room": "#more"}))
        .await;
    assert!(
        answer["error"].as_str().unwrap().starts_with(LATER),
        "{answer}"
    );

    daemon.talker_in("boris", "talker").await;
    daemon.talker_in("boris", "jim").await;
    let mut talker = daemon.talker().await;
    talker
        .write(json!({"type": "connect", "room": "more", "token": "token-boris"}))
        .await;
    assert!(talker.error().await.starts_with(LATER));
    talker.end().await;

    let mut purpose = daemon.purpose_of(2, "clara").await;
    purpose.declined("CREATE_CHAT", text("jim")).await;
    purpose.accepted("CREATE_CHAT", text("purpose")).await;
    let declined = purpose.declined("CREATE_CHAT", text("more")).await;
    assert!(declined.starts_with(LATER), "{declined}");

    let mut uchat = Uchat::new(daemon.client("uchat").await);
    uchat.log_in("dora").await;
    uchat.send(new_room("uchat", "", 0)).await;
    uchat.next().await;
    uchat.send(new_room("more", "", 0)).await;
    let refused = uchat.error(6).await;
    assert!(refused.starts_with(LATER), "{refused}");
}

#[tokio::test]
async fn guests_of_one_address_make_rooms_as_one() {
    let daemon = Daemon::start("limits.rooms_made_per_hour = 1").await;
    let mut anna = daemon.guest("anna").await;
    assert_eq!(anna.join("#tea").await, 201);
    let mut boris = daemon.guest("boris").await;
    boris
        .expect(429, json!({"action": "join", "room": "#cake"}))
        .await;
    assert_eq!(boris.join("#tea").await, 200);
    let mut clara = Jim::new(from_elsewhere(daemon.address("jim")).await);
    clara.hello("clara").await;
    assert_eq!(clara.join("#cake").await, 201);
    // Private messages are no rooms that anybody makes.
    assert_eq!(boris.say("clara", "hello").await, 200);
}
