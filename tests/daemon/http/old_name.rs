//! A room of old that is called as a direct one stays reachable by every door: see decision 0034.

use serde_json::json;

use super::api::{Asking, HTTP};
use super::api_events::Listening;
use crate::support::{Daemon, Kind, Place, Told, Voice};

const NAME: &str = "@anna,boris";

/// A room that is called so since before no room could be.
async fn of_old(dir: &std::path::Path, logins: &[&str]) -> (Daemon, Place) {
    let daemon = Daemon::on_disk(dir, HTTP).await;
    for login in logins {
        daemon.account(login).await;
    }
    let public = tolmach::model::RoomKind::Public;
    let id = daemon.create_room("tea", public, None).await;
    daemon.stop().await;
    let database = rusqlite::Connection::open(dir.join("tolmach.db")).unwrap();
    let sql =
        "UPDATE rooms SET name = ?2, folded = ?2, title = ?2, folded_title = ?2 WHERE id = ?1";
    assert_eq!(database.execute(sql, (id, NAME)), Ok(1));
    drop(database);
    (Daemon::on_disk(dir, HTTP).await, Place { id, name: NAME })
}

#[tokio::test]
async fn every_dialect_and_http_reach_it_beside_the_direct_room() {
    let dir = tempfile::tempdir().unwrap();
    let speakers = ["anna", "boris", "clara", "dora", "emil"];
    let (daemon, place) = of_old(dir.path(), &speakers).await;
    let kinds = [
        Kind::Jim,
        Kind::Talker(place),
        Kind::Purpose(1),
        Kind::Purpose(2),
        Kind::Uchat,
    ];
    let mut voices = Vec::new();
    for (login, kind) in speakers.into_iter().zip(kinds) {
        let mut voice = Voice::open(&daemon, login, kind, &[place], None).await;
        voice.enter(place).await;
        assert!(!voice.hear().await.contains(&Told::Refused), "{kind:?}");
        voices.push(voice);
    }
    for speaking in 0..voices.len() {
        let said = format!("{:?} speaks", kinds[speaking]);
        voices[speaking].say(place, &said).await;
        voices[speaking].hear().await;
        let told = Told::Said(place.id, said);
        for (listening, voice) in voices.iter_mut().enumerate() {
            let heard = voice.hear().await.contains(&told);
            assert!(heard || listening == speaking, "{:?}", kinds[listening]);
        }
    }

    let mut anna = Asking::by(&daemon, "token-anna").await;
    let path = format!("/rooms/%23{}", place.id);
    assert_eq!(anna.get(&path).await["name"], NAME);
    let stream = format!("events?room=%23{}", place.id);
    let mut listening = Listening::begin(&daemon, "boris", &stream, None).await;
    listening.place().await;
    anna.say(&format!("%23{}", place.id), "over HTTP").await;
    let told = listening.hears_text("over HTTP").await;
    assert_eq!(told["room_id"], place.id);
    for voice in &mut voices {
        let told = Told::Said(place.id, "over HTTP".to_owned());
        assert!(voice.hear().await.contains(&told));
    }
    let members = anna.get(&format!("{path}/members")).await;
    assert_eq!(members.as_array().unwrap().len(), 5);
    // By its name it is another room, which the two have for themselves.
    let direct = format!("/rooms/{NAME}");
    anna.refused("GET", &direct, None, (404, "NoSuchRoom"))
        .await;
    let text = json!({"text": "between us"});
    anna.post(&format!("{direct}/messages"), text).await;
    let found = anna.get(&direct).await;
    assert_eq!(
        (&found["kind"], &found["name"]),
        (&json!("direct"), &json!(NAME))
    );
    assert_ne!(found["id"], place.id);
    let said = anna.get(&format!("{path}/messages")).await;
    assert_eq!(said.as_array().unwrap().len(), 6);
    // It may be called otherwise, and is then as any.
    let mut chief = Asking::operator(&daemon, "chief").await;
    let renamed = Some(json!({"name": "tea"}));
    chief.json("PATCH", &path, renamed, 200).await;
    assert_eq!(chief.get("/rooms/tea").await["id"], place.id);
}
