//! The purpose-byte protocol: chats made, found, entered, left, changed; administrators.

use tolmach::commands;
use tolmach::model::{Role, RoomKind};

use crate::support::{Daemon, Fields, Purpose, int, long, room, text, user};

/// A ChatInfo's fields; `rest` is what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chat {
    id: i32,
    title: String,
    is_direct: u8,
    nickname: String,
    has_password: u8,
}

fn chat(fields: &mut Fields<'_>) -> Chat {
    let (id, title, is_direct) = (fields.int(), fields.text(), fields.byte());
    let updated = fields.long();
    assert!(updated > 1_700_000_000, "{updated}");
    let (nickname, has_password) = (fields.text(), fields.byte());
    Chat {
        id,
        title,
        is_direct,
        nickname,
        has_password,
    }
}

fn one(body: &[u8]) -> Chat {
    let mut fields = Fields(body);
    let chat = chat(&mut fields);
    fields.end();
    chat
}

fn users(mut fields: Fields<'_>) -> Vec<String> {
    let mut all = Vec::new();
    while !fields.0.is_empty() {
        fields.int();
        fields.text();
        all.push(fields.text());
    }
    all
}

async fn three(daemon: &Daemon) -> [Purpose; 3] {
    for login in ["anna", "boris", "clara"] {
        daemon.account(login).await;
    }
    [
        daemon.purpose_of(2, "anna").await,
        daemon.purpose_of(2, "boris").await,
        daemon.purpose_of(1, "clara").await,
    ]
}

async fn create(client: &mut Purpose, name: &str, password: &str) -> Chat {
    let body = [text(name), text(password)].concat();
    one(&client.accepted("CREATE_CHAT", body).await)
}

#[tokio::test]
async fn a_chat_is_made_found_and_entered() {
    let daemon = Daemon::start("").await;
    let [mut anna, mut boris, mut clara] = three(&daemon).await;
    let tea = one(&anna.accepted("CREATE_CHAT", text("Tea")).await);
    assert_eq!((tea.title.as_str(), tea.nickname.as_str()), ("Tea", "Tea"));
    assert_eq!((tea.is_direct, tea.has_password), (0, 0));
    for name in ["tea", "", "two words", "#tea", &"x".repeat(26)] {
        anna.declined("CREATE_CHAT", text(name)).await;
    }
    for client in [&mut boris, &mut clara] {
        assert_eq!(client.chat("TEA").await, tea.id);
        client.does("JOIN_CHAT", int(tea.id)).await;
        // Who is in is in.
        client
            .does("JOIN_CHAT", [int(tea.id), text("")].concat())
            .await;
    }
    assert_eq!(clara.accepted("CHAT_REQ_PASS", int(tea.id)).await, [0]);
    for answer in [
        boris.accepted("GET_CHAT_BY_ID", int(tea.id)).await,
        boris.accepted("GET_CHAT_BY_NAME", text("tea")).await,
    ] {
        let mut fields = Fields(&answer);
        assert_eq!(chat(&mut fields), tea);
        assert_eq!(users(fields), ["anna", "boris", "clara"]);
    }
    let mine = boris.accepted("GET_USR_CHATS", "").await;
    assert_eq!(one(&mine), tea);
    boris.does("LEAVE_CHAT", int(tea.id)).await;
    assert_eq!(boris.accepted("GET_USR_CHATS", "").await, b"");
    boris.declined("LEAVE_CHAT", int(tea.id)).await;
    boris
        .declined("SEND_CHAT_MSG", [int(tea.id), text("x")].concat())
        .await;
    boris
        .declined("REQUEST_CHAT_MSG", [int(tea.id), long(0)].concat())
        .await;
    for nothing in [0, -1, 10_000, i32::MAX, i32::MIN] {
        assert_eq!(
            boris.declined("JOIN_CHAT", int(nothing)).await,
            "no such room"
        );
    }
}

#[tokio::test]
async fn a_chats_password_is_asked_of_newcomers_and_an_empty_one_is_none() {
    let daemon = Daemon::start("").await;
    let [mut anna, mut boris, mut clara] = three(&daemon).await;
    assert_eq!(create(&mut anna, "open", "").await.has_password, 0);
    let vault = create(&mut anna, "vault", "sesame").await;
    assert_eq!(vault.has_password, 1);
    assert_eq!(clara.accepted("CHAT_REQ_PASS", int(vault.id)).await, [1]);
    for client in [&mut boris, &mut clara] {
        let without = client.declined("JOIN_CHAT", int(vault.id)).await;
        assert!(without.contains("password"), "{without}");
        let join = |password| [int(vault.id), text(password)].concat();
        assert_eq!(client.declined("JOIN_CHAT", join("x")).await, without);
        client.does("JOIN_CHAT", join("sesame")).await;
        client.does("JOIN_CHAT", int(vault.id)).await;
    }
    // Who may not enter is not told who is in.
    daemon.account("dora").await;
    let mut dora = daemon.purpose_of(2, "dora").await;
    let answer = dora.accepted("GET_CHAT_BY_ID", int(vault.id)).await;
    assert_eq!(one(&answer), vault);
}

#[tokio::test]
async fn only_administrators_change_a_chat() {
    let daemon = Daemon::start("").await;
    let [mut anna, mut boris, _clara] = three(&daemon).await;
    let tea = create(&mut anna, "tea", "").await.id;
    create(&mut anna, "coffee", "").await;
    boris.does("JOIN_CHAT", int(tea)).await;
    let rename = |name: &str| [int(tea), text(name)].concat();
    for (name, body) in [
        ("RENAME_CHAT", rename("mine")),
        ("CH_CHAT_TITLE", rename("Mine")),
        ("SET_CHAT_ADMIN", [int(tea), int(boris.id)].concat()),
        ("REM_CHAT_ADMIN", [int(tea), int(anna.id)].concat()),
        ("DELETE_CHAT", int(tea)),
    ] {
        let reason = boris.declined(name, body).await;
        assert!(reason.contains("not allowed"), "{name}: {reason}");
    }
    anna.does("RENAME_CHAT", rename("green")).await;
    anna.declined("RENAME_CHAT", rename("Coffee")).await;
    anna.does("CH_CHAT_TITLE", rename("Green tea, no sugar"))
        .await;
    anna.declined("CH_CHAT_TITLE", rename(&"x".repeat(101)))
        .await;
    assert_eq!(boris.chat("green").await, tea);
    boris.declined("GET_CHAT_ID", text("tea")).await;
    let answer = boris.accepted("GET_CHAT_BY_ID", int(tea)).await;
    let info = chat(&mut Fields(&answer));
    assert_eq!(
        (info.title.as_str(), info.nickname.as_str()),
        ("Green tea, no sugar", "green")
    );
    boris.hears_nothing().await;
    anna.does("DELETE_CHAT", int(tea)).await;
    let told = boris.notified("NTF_LEAVE_CHAT").await;
    assert_eq!(one(&told).id, tea);
    for client in [&mut anna, &mut boris] {
        let reason = client.declined("SEND_CHAT_MSG", rename("x")).await;
        assert_eq!(reason, "no such room");
        client.hears_nothing().await;
    }
}

#[tokio::test]
async fn an_administrator_is_set_and_removed_by_another_one_only() {
    let daemon = Daemon::start("").await;
    let [mut anna, mut boris, mut clara] = three(&daemon).await;
    let tea = create(&mut anna, "tea", "").await.id;
    let clara_id = daemon.purpose_of(2, "clara").await.id;
    let body = |user| [int(tea), int(user)].concat();
    anna.declined("SET_CHAT_ADMIN", body(boris.id)).await;
    anna.declined("SET_CHAT_ADMIN", body(-5)).await;
    boris.does("JOIN_CHAT", int(tea)).await;
    clara.does("JOIN_CHAT", int(tea)).await;
    anna.does("SET_CHAT_ADMIN", body(boris.id)).await;
    boris.does("SET_CHAT_ADMIN", body(clara_id)).await;
    boris
        .does("CH_CHAT_TITLE", [int(tea), text("By Boris")].concat())
        .await;
    // Not oneself, not the owner, not who is none.
    for (client, user) in [(&mut boris, 2), (&mut anna, 1)] {
        let own = client.id;
        client.declined("REM_CHAT_ADMIN", body(own)).await;
        client.declined("SET_CHAT_ADMIN", body(own)).await;
        assert_eq!(own, user);
    }
    boris.declined("REM_CHAT_ADMIN", body(anna.id)).await;
    boris.declined("SET_CHAT_ADMIN", body(anna.id)).await;
    boris.does("REM_CHAT_ADMIN", body(clara_id)).await;
    boris.declined("REM_CHAT_ADMIN", body(clara_id)).await;
    anna.does("REM_CHAT_ADMIN", body(boris.id)).await;
    boris
        .declined("CH_CHAT_TITLE", [int(tea), text("x")].concat())
        .await;
}

#[tokio::test]
async fn joining_and_leaving_is_told_to_the_users_other_connections_of_revision_2() {
    let daemon = Daemon::start("").await;
    let [mut anna, mut boris, mut clara] = three(&daemon).await;
    let (mut other, mut old) = (
        daemon.purpose_of(2, "anna").await,
        daemon.purpose_of(1, "anna").await,
    );
    let tea = create(&mut boris, "tea", "").await;
    anna.does("JOIN_CHAT", int(tea.id)).await;
    assert_eq!(one(&other.notified("NTF_JOIN_CHAT").await), tea);
    boris.say(tea.id, "welcome").await;
    for client in [&mut anna, &mut other, &mut old] {
        client.hears(boris.id, tea.id, "welcome").await;
    }
    anna.does("LEAVE_CHAT", int(tea.id)).await;
    assert_eq!(one(&other.notified("NTF_LEAVE_CHAT").await), tea);
    // By another dialect; by the operator; removed; banned.
    let mut jim = daemon.authenticated("anna").await;
    jim.join("#tea").await;
    for client in [&mut anna, &mut other] {
        assert_eq!(one(&client.notified("NTF_JOIN_CHAT").await), tea);
    }
    let (room, user) = (room("tea"), user("anna"));
    let (r, u) = (room.clone(), user.clone());
    daemon
        .operate(commands::RemoveMember { room: r, user: u })
        .await;
    jim.notice(101).await;
    let (r, u) = (room.clone(), user.clone());
    daemon
        .operate(commands::AddMember { room: r, user: u })
        .await;
    daemon.operate(commands::Ban { room, user }).await;
    for client in [&mut anna, &mut other] {
        for told in ["NTF_LEAVE_CHAT", "NTF_JOIN_CHAT", "NTF_LEAVE_CHAT"] {
            assert_eq!(one(&client.notified(told).await), tea);
        }
        let reason = client.declined("JOIN_CHAT", int(tea.id)).await;
        assert!(reason.contains("banned"), "{reason}");
    }
    // CREATE_CHAT is joining, too.
    let mine = create(&mut anna, "mine", "").await;
    assert_eq!(one(&other.notified("NTF_JOIN_CHAT").await), mine);
    for client in [&mut anna, &mut other, &mut old, &mut boris, &mut clara] {
        client.hears_nothing().await;
    }
}

#[tokio::test]
async fn the_operators_room_is_a_chat_and_its_roles_are_the_chats() {
    let daemon = Daemon::start("").await;
    let [mut anna, ..] = three(&daemon).await;
    let id = daemon.create_room("made", RoomKind::Public, None).await;
    assert_eq!(anna.chat("made").await, id);
    anna.does("JOIN_CHAT", int(id)).await;
    anna.declined("DELETE_CHAT", int(id)).await;
    let (room, user) = (room("made"), user("anna"));
    daemon
        .operate(commands::SetRole {
            room,
            user,
            role: Role::Admin,
        })
        .await;
    anna.does("DELETE_CHAT", int(id)).await;
}

#[tokio::test]
async fn one_chat_or_member_too_many_is_declined() {
    let daemon = Daemon::start("[limits]\nrooms_per_user = 2\nmembers_per_room = 2").await;
    let [mut anna, mut boris, mut clara] = three(&daemon).await;
    let tea = create(&mut anna, "tea", "").await.id;
    create(&mut anna, "coffee", "").await;
    let many = anna.declined("CREATE_CHAT", text("milk")).await;
    assert!(many.contains("too many") && many.contains('2'), "{many}");
    boris.does("JOIN_CHAT", int(tea)).await;
    assert_eq!(clara.declined("JOIN_CHAT", int(tea)).await, many);
    // Direct chats are not counted.
    anna.accepted("START_CHAT", int(boris.id)).await;
}
