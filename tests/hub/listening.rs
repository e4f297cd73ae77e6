//! Sessions that nobody sees: they only listen.

use tolmach::commands::{self, Enter};
use tolmach::hub::{Events, Hub, Scope, Session};
use tolmach::model::{
    EndReason, Error, Event, PresenceChange, RoomChange, RoomSelector, Secret, Seq, UserSelector,
};

async fn account(hub: &Hub, login: &str) {
    let register = commands::Register {
        login: login.to_owned(),
        secret: Secret::password("long enough"),
        name: String::new(),
        description: String::new(),
    };
    hub.operate(register).await.unwrap();
    let token = commands::CreateToken {
        user: UserSelector::login(login),
        value: Some(format!("token-{login}").as_str().into()),
    };
    hub.operate(token).await.unwrap();
}

async fn session(hub: &Hub, login: &str, scope: Scope) -> (Session, Events) {
    let (mut session, events) = hub.attach("bot", scope);
    session
        .log_in_token(&format!("token-{login}"))
        .await
        .unwrap();
    (session, events)
}

/// Anna is in the lobby, Boris a member who is away.
async fn two() -> (Hub, Session, Events) {
    let hub = Hub::builder().start().await.unwrap();
    account(&hub, "anna").await;
    account(&hub, "boris").await;
    let (mut boris, _) = session(&hub, "boris", Scope::AllRooms).await;
    boris.call(Enter::room("lobby")).await.unwrap();
    boris.farewell();
    let (mut anna, events) = session(&hub, "anna", Scope::AllRooms).await;
    anna.call(Enter::room("lobby")).await.unwrap();
    (hub, anna, events)
}

/// What came so far, of the lobby.
fn heard(events: &mut Events) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some(event) = events.try_next() {
        heard.push(match &*event {
            Event::Room(event) => match &event.change {
                RoomChange::Posted(message) => message.text.clone(),
                change => format!("{change:?}")
                    .split([' ', '('])
                    .next()
                    .unwrap()
                    .to_owned(),
            },
            Event::Presence(event) => format!("{} {:?}", event.who.user.login, event.change),
            Event::Ended(reason) => format!("{reason:?}"),
        });
    }
    heard
}

#[tokio::test]
async fn who_listens_hears_all_and_is_seen_by_nobody() {
    let (hub, mut anna, mut of_anna) = two().await;
    heard(&mut of_anna);
    let (listener, mut events) = session(&hub, "boris", Scope::Unseen).await;
    anna.say("lobby", "one").await.unwrap();
    assert_eq!(heard(&mut events), ["one"]);
    assert_eq!(heard(&mut of_anna), ["one"]);
    let present = hub
        .operate(commands::Who {
            room: RoomSelector::name("lobby"),
        })
        .await
        .unwrap();
    assert_eq!(present.len(), 1);
    // An operator sees it, and can close it.
    let open = hub.operate(commands::Sessions).await.unwrap().sessions;
    assert_eq!(open.len(), 2);
    let private = anna.say(UserSelector::login("boris"), "psst").await;
    assert_eq!(private, Err(Error::RecipientOffline));
    // Another session of the same user comes, breaks off, and is idle, whatever becomes of who listens.
    let (mut seen, _) = session(&hub, "boris", Scope::AllRooms).await;
    anna.say(UserSelector::login("boris"), "psst")
        .await
        .unwrap();
    seen.break_off();
    drop(listener);
    assert_eq!(
        heard(&mut of_anna),
        ["boris Online", "Created", "psst", "boris Idle"]
    );
    let (_listener, _events) = session(&hub, "boris", Scope::Unseen).await;
    assert_eq!(heard(&mut of_anna), [""; 0]);
    let _ = PresenceChange::Online;
    hub.stop().await;
}

#[tokio::test]
async fn who_listens_comes_to_rooms_and_out_of_them_with_its_user() {
    let (hub, mut anna, _) = two().await;
    let (_listener, mut events) = session(&hub, "boris", Scope::Unseen).await;
    hub.operate(commands::CreateRoom::public("tea"))
        .await
        .unwrap();
    let (room, user) = (RoomSelector::name("tea"), UserSelector::login("boris"));
    let add = commands::AddMember {
        room: room.clone(),
        user: user.clone(),
    };
    hub.operate(add).await.unwrap();
    assert_eq!(heard(&mut events), ["MemberJoined"]);
    anna.call(Enter::room("tea")).await.unwrap();
    anna.say("tea", "one").await.unwrap();
    hub.operate(commands::Ban {
        room,
        user: user.clone(),
    })
    .await
    .unwrap();
    anna.say("tea", "two").await.unwrap();
    let all = heard(&mut events);
    assert!(
        all.contains(&"one".to_owned()) && all.last().unwrap() == "MemberBanned",
        "{all:?}"
    );
    hub.operate(commands::RevokeToken { user, id: None })
        .await
        .unwrap();
    assert_eq!(
        heard(&mut events),
        [format!("{:?}", EndReason::TokenRevoked)]
    );
    hub.stop().await;
}

#[tokio::test]
async fn a_room_is_entered_by_a_token_alone_and_what_was_missed_is_read() {
    let (hub, mut anna, _) = two().await;
    anna.call(Enter::room("tea")).await.unwrap();
    anna.say("tea", "one").await.unwrap();
    let (mut boris, _events) = hub.attach("bot", Scope::Unseen);
    let identify = commands::Identify {
        token: "token-boris".into(),
    };
    boris.call(identify).await.unwrap();
    let room = RoomSelector::name("tea");
    let changes = |after| commands::Changes {
        room: room.clone(),
        after: Seq(after),
        limit: 2,
    };
    assert!(matches!(
        boris.call(changes(0)).await,
        Err(Error::NotAllowed(_))
    ));
    boris.call(Enter::room("tea")).await.unwrap();
    let (first, rest) = (boris.call(changes(0)).await, boris.call(changes(2)).await);
    let (first, rest) = (first.unwrap(), rest.unwrap());
    assert_eq!(
        (first.events.len(), first.upto, rest.events.len(), rest.upto),
        (2, Seq(2), 2, Seq(4))
    );
    let end = boris.call(changes(4)).await.unwrap();
    assert_eq!((end.events.len(), end.upto), (0, Seq(4)));
    let message = boris.call(commands::Memberships).await.unwrap();
    assert_eq!(message.len(), 2);
    hub.stop().await;
}
