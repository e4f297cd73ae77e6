//! The purpose-byte protocol: direct chats.

use serde_json::json;

use crate::support::{Daemon, Fields, Purpose, int, text};

/// The id, title and kind of a ChatInfo.
fn info(body: &[u8]) -> (i32, String, u8, String) {
    let mut fields = Fields(body);
    let (id, title, direct) = (fields.int(), fields.text(), fields.byte());
    fields.long();
    let nickname = fields.text();
    assert_eq!(fields.byte(), 0);
    fields.end();
    (id, title, direct, nickname)
}

fn direct(id: i32, with: &str) -> (i32, String, u8, String) {
    (id, with.to_owned(), 1, String::new())
}

async fn two(daemon: &Daemon) -> (Purpose, Purpose) {
    for login in ["anna", "boris", "clara"] {
        daemon.account(login).await;
    }
    (
        daemon.purpose_of(2, "anna").await,
        daemon.purpose_of(2, "boris").await,
    )
}

#[tokio::test]
async fn start_chat_makes_the_direct_chat_once_and_tells_the_other() {
    let daemon = Daemon::start("").await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut elsewhere = daemon.purpose_of(2, "anna").await;
    anna.declined("GET_DCHAT_BY_NAME", text("boris")).await;
    let (id, ..) = info(&anna.accepted("START_CHAT", int(boris.id)).await);
    assert_eq!(
        info(&boris.notified("NTF_JOIN_CHAT").await),
        direct(id, "anna")
    );
    assert_eq!(
        info(&elsewhere.notified("NTF_JOIN_CHAT").await),
        direct(id, "boris")
    );
    for (client, other, name) in [(&mut anna, 2, "boris"), (&mut boris, 1, "anna")] {
        for (purpose, body) in [
            ("START_CHAT", int(other)),
            ("GET_DCHAT_BY_ID", int(other)),
            ("GET_DCHAT_BY_NAME", text(name)),
            ("GET_USR_CHATS", vec![]),
        ] {
            assert_eq!(
                info(&client.accepted(purpose, body).await),
                direct(id, name)
            );
        }
        let answer = client.accepted("GET_CHAT_BY_ID", int(id)).await;
        assert_eq!(Fields(&answer).int(), id);
        client.declined("LEAVE_CHAT", int(id)).await;
        client.declined("DELETE_CHAT", int(id)).await;
        client
            .declined("RENAME_CHAT", [int(id), text("x")].concat())
            .await;
        client
            .declined("CH_CHAT_TITLE", [int(id), text("x")].concat())
            .await;
        client
            .declined("SET_CHAT_ADMIN", [int(id), int(other)].concat())
            .await;
    }
    boris.say(id, "hello").await;
    anna.hears(boris.id, id, "hello").await;
    elsewhere.hears(boris.id, id, "hello").await;
    for nobody in [0, -1, 10_000] {
        anna.declined("START_CHAT", int(nobody)).await;
    }
    for client in [&mut anna, &mut boris, &mut elsewhere] {
        client.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_private_message_comes_in_a_direct_chat_which_is_announced_first() {
    let daemon = Daemon::start("").await;
    let (mut two, _) = two(&daemon).await;
    let mut one = daemon.purpose_of(1, "anna").await;
    let mut jim = daemon.authenticated("clara").await;
    assert_eq!(jim.say("anna", "psst").await, 200);
    let chat = info(&two.notified("NTF_JOIN_CHAT").await);
    assert_eq!(chat, direct(chat.0, "clara"));
    let clara = Fields(&two.accepted("GET_USER_ID", text("clara")).await).int();
    two.hears(clara, chat.0, "psst").await;
    // Revision 1 knows it by its first message.
    one.hears(clara, chat.0, "psst").await;
    one.say(chat.0, "yes?").await;
    jim.hears("anna", "clara", "yes?").await;
    two.hears(two.id, chat.0, "yes?").await;
    let mut talker = daemon.talker_in("boris", "tea").await;
    talker
        .write(json!({"type": "message", "content": "me too", "to": "anna"}))
        .await;
    let chat = info(&two.notified("NTF_JOIN_CHAT").await);
    assert_eq!(chat, direct(chat.0, "boris"));
    let boris = Fields(&two.accepted("GET_USER_ID", text("boris")).await).int();
    two.hears(boris, chat.0, "me too").await;
    one.hears(boris, chat.0, "me too").await;
    two.say(chat.0, "welcome").await;
    assert_eq!(talker.hears("anna", "welcome").await["private"], true);
    one.hears(two.id, chat.0, "welcome").await;
    for client in [&mut one, &mut two] {
        client.hears_nothing().await;
    }
}

#[tokio::test]
async fn what_is_said_to_one_who_is_offline_is_in_the_history() {
    let daemon = Daemon::start("").await;
    let (mut anna, boris) = two(&daemon).await;
    let id = boris.id;
    drop(boris);
    let (chat, ..) = info(&anna.accepted("START_CHAT", int(id)).await);
    anna.say(chat, "for later").await;
    let mut boris = daemon.purpose_of(2, "boris").await;
    assert_eq!(
        info(&boris.accepted("GET_USR_CHATS", "").await),
        direct(chat, "anna")
    );
    let history = boris.history(chat, 0).await;
    assert_eq!((history.len(), history[0].text.as_str()), (1, "for later"));
    boris.hears_nothing().await;
}

#[tokio::test]
async fn whoever_talks_to_oneself_may() {
    let daemon = Daemon::start("").await;
    let (mut anna, _boris) = two(&daemon).await;
    let own = anna.id;
    let answer = anna.ask("START_CHAT", int(own)).await;
    if answer.purpose == 0 {
        let chat = info(&answer.body).0;
        anna.say(chat, "note").await;
        assert_eq!(anna.history(chat, 0).await.len(), 1);
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn a_guest_of_jim_and_an_account_talk_in_a_direct_chat() {
    let daemon = Daemon::start("").await;
    let (mut anna, _boris) = two(&daemon).await;
    let mut guest = daemon.guest("guest").await;
    assert_eq!(guest.say("anna", "hello").await, 200);
    let chat = info(&anna.notified("NTF_JOIN_CHAT").await);
    let told = anna.heard().await;
    assert_eq!(
        (chat, told.text.as_str()),
        (direct(told.chat, "guest"), "hello")
    );
    anna.say(told.chat, "hello yourself").await;
    guest.hears("anna", "guest", "hello yourself").await;
    assert_eq!(
        info(&anna.accepted("START_CHAT", int(told.sender)).await).0,
        told.chat
    );
}
