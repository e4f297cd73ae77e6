//! The purpose-byte protocol: who tries all ids finds nothing that is not for everybody.

use tolmach::commands;
use tolmach::model::RoomKind;

use crate::support::{Daemon, Fields, Purpose, int, long, messages, room, text, user};

const IDS: std::ops::RangeInclusive<i32> = 1..=10_000;

/// Anna's direct chat with Boris and a private room, with something said in each; Clara is in neither.
struct House {
    daemon: Daemon,
    anna: Purpose,
    boris: Purpose,
    clara: Purpose,
    public: i32,
    direct: i32,
    private: i32,
}

async fn house() -> House {
    let daemon = Daemon::start("[limits]\nrequests_per_second = 0").await;
    for login in ["anna", "boris", "clara"] {
        daemon.account(login).await;
    }
    let mut anna = daemon.purpose_of(2, "anna").await;
    let mut boris = daemon.purpose_of(2, "boris").await;
    let public = anna.chat("lobby").await;
    let direct = Fields(&anna.accepted("START_CHAT", int(boris.id)).await).int();
    boris.notified("NTF_JOIN_CHAT").await;
    let private = daemon.create_room("secret", RoomKind::Private, None).await;
    let (room, user) = (room("secret"), user("anna"));
    daemon.operate(commands::AddMember { room, user }).await;
    anna.notified("NTF_JOIN_CHAT").await;
    for chat in [direct, private] {
        anna.say(chat, "for nobody else").await;
    }
    boris.hears(anna.id, direct, "for nobody else").await;
    let clara = daemon.purpose_of(2, "clara").await;
    House {
        daemon,
        anna,
        boris,
        clara,
        public,
        direct,
        private,
    }
}

/// Asks this of every id, without waiting; the ids that were accepted, with what was answered.
async fn try_all(
    client: &mut Purpose,
    name: &str,
    body: impl Fn(i32) -> Vec<u8>,
) -> Vec<(i32, Vec<u8>)> {
    let mut found = Vec::new();
    let ids: Vec<i32> = IDS.collect();
    for ids in ids.chunks(200) {
        let mut stream = Vec::new();
        for (task, id) in ids.iter().enumerate() {
            stream.extend(client.request(name, task as u8, body(*id)));
        }
        client.send(stream).await;
        for (task, id) in ids.iter().enumerate() {
            let answer = client.answer(task as u8).await;
            if answer.purpose == 0 {
                found.push((*id, answer.body));
            }
        }
    }
    found
}

fn only(found: &[(i32, Vec<u8>)]) -> Vec<i32> {
    found.iter().map(|(id, _)| *id).collect()
}

#[tokio::test]
async fn no_id_of_1_to_10_000_opens_a_direct_or_private_chat() {
    let mut house = house().await;
    let clara = &mut house.clara;
    // Asked about, read, changed: only the public one is there at all, and it is not hers to change.
    assert_eq!(
        only(&try_all(clara, "GET_CHAT_BY_ID", int).await),
        [house.public]
    );
    for (name, rest) in [
        ("GET_SEEN", vec![]),
        ("DELETE_CHAT", vec![]),
        ("LEAVE_CHAT", vec![]),
        ("REQUEST_CHAT_MSG", long(0)),
        ("MARK_SEEN", long(1)),
        ("SEND_CHAT_MSG", text("let me in")),
        ("RENAME_CHAT", text("mine")),
        ("CH_CHAT_TITLE", text("Mine")),
        ("SET_CHAT_ADMIN", int(2)),
        ("REM_CHAT_ADMIN", int(1)),
    ] {
        let found = try_all(clara, name, |id| [int(id), rest.clone()].concat()).await;
        assert_eq!(only(&found), [0; 0], "{name}");
    }
    let joined = try_all(clara, "JOIN_CHAT", |id| [int(id), text("")].concat()).await;
    assert_eq!(only(&joined), [house.public]);
    let read = try_all(clara, "REQUEST_CHAT_MSG", |id| [int(id), long(0)].concat()).await;
    assert_eq!(only(&read), [house.public]);
    for name in ["DELETE_MSG", "REMOVE_MSG"] {
        assert_eq!(only(&try_all(clara, name, int).await), [0; 0], "{name}");
    }
    // What there is and what there is not is declined alike.
    for chat in [house.direct, house.private, 9_999] {
        for name in [
            "JOIN_CHAT",
            "GET_CHAT_BY_ID",
            "LEAVE_CHAT",
            "DELETE_CHAT",
            "GET_SEEN",
        ] {
            assert_eq!(
                clara.declined(name, int(chat)).await,
                "no such room",
                "{name} {chat}"
            );
        }
        for (name, rest) in [
            ("REQUEST_CHAT_MSG", long(0)),
            ("SEND_CHAT_MSG", text("x")),
            ("MARK_SEEN", long(1)),
            ("RENAME_CHAT", text("mine")),
            ("CH_CHAT_TITLE", text("Mine")),
            ("SET_CHAT_ADMIN", int(2)),
            ("REM_CHAT_ADMIN", int(1)),
        ] {
            let reason = clara.declined(name, [int(chat), rest].concat()).await;
            assert_eq!(reason, "no such room", "{name} {chat}");
        }
    }
    // Nobody was disturbed, and nothing has changed.
    house.boris.hears_nothing().await;
    house.anna.hears_nothing().await;
    for chat in [house.direct, house.private] {
        let history = house.anna.history(chat, 0).await;
        assert_eq!((history.len(), history[0].status), (1, 0));
    }
    drop(house.daemon);
}

#[tokio::test]
async fn no_id_opens_them_by_revision_1_either() {
    let house = house().await;
    let mut clara = house.daemon.purpose_of(1, "clara").await;
    assert_eq!(
        only(&try_all(&mut clara, "CHAT_REQ_PASS", int).await),
        [house.public]
    );
    let sent = |id| [int(id), text("x")].concat();
    assert_eq!(
        only(&try_all(&mut clara, "SEND_CHAT_MSG", sent).await),
        [0; 0]
    );
    assert_eq!(
        only(&try_all(&mut clara, "JOIN_CHAT", int).await),
        [house.public]
    );
    let read = try_all(&mut clara, "REQUEST_CHAT_MSG", |id| {
        [int(id), long(0)].concat()
    })
    .await;
    assert_eq!(only(&read), [house.public]);
}

#[tokio::test]
async fn a_private_room_is_entered_by_an_id_that_the_session_got_for_its_name() {
    let mut house = house().await;
    let clara = &mut house.clara;
    clara.declined("JOIN_CHAT", int(house.private)).await;
    assert_eq!(clara.chat("SECRET").await, house.private);
    // Knowing of it is not being in it.
    clara
        .declined("REQUEST_CHAT_MSG", [int(house.private), long(0)].concat())
        .await;
    let mut elsewhere = house.daemon.purpose_of(2, "clara").await;
    elsewhere.declined("JOIN_CHAT", int(house.private)).await;
    clara.does("JOIN_CHAT", int(house.private)).await;
    // "Who entered a private room by its name, and was not added, sees what was said since."
    assert_eq!(clara.history(house.private, 0).await.len(), 0);
    house.anna.say(house.private, "for clara, too").await;
    let (author, chat) = (house.anna.id, house.private);
    clara.hears(author, chat, "for clara, too").await;
    let history = clara.history(house.private, 0).await;
    assert_eq!(
        (history.len(), history[0].text.as_str()),
        (1, "for clara, too")
    );
}

#[tokio::test]
async fn who_left_reads_nothing_more() {
    let mut house = house().await;
    house.anna.does("LEAVE_CHAT", int(house.private)).await;
    for name in ["REQUEST_CHAT_MSG", "MARK_SEEN"] {
        let body = [int(house.private), long(0)].concat();
        house.anna.declined(name, body).await;
    }
    house.anna.declined("GET_SEEN", int(house.private)).await;
    let all = house
        .anna
        .accepted("REQUEST_CHAT_MSG", [int(house.direct), long(0)].concat())
        .await;
    assert_eq!(messages(&all).len(), 1);
}
