//! Code of whoever embeds the hub that panics where everything passes: the session that it serves ends, and nobody else notices.

use std::sync::{Arc, mpsc};

use bytes::{Bytes, BytesMut};
use tolmach::commands;
use tolmach::hub::{
    ConnectionInfo, Delivery, Encoding, EventEncoder, Events, Overflow, Scope, Session,
    SharedEncoder, Sink,
};
use tolmach::model::{EndReason, Event, RoomId, RoomKind};

use crate::support::{BOUNDS, Client, World, guest, login, name, say, to_user};

fn is_bad(event: &Event) -> bool {
    event.posted().is_some_and(|message| message.text == "boom")
}

/// Events as they are, but for one.
struct BadEncoder;

impl EventEncoder for BadEncoder {
    fn encode(&self, event: &Arc<Event>, out: &mut Encoding) {
        out.event(event.clone());
        assert!(!is_bad(event), "no words for it");
    }

    fn encode_end(&self, _: EndReason, _: &mut BytesMut) {
        panic!("no last words");
    }
}

/// Takes everything but one event, and tells of its end.
struct BadSink(mpsc::Sender<EndReason>);

impl Sink for BadSink {
    fn push(&self, _: RoomId, delivery: Delivery) -> Result<bool, Overflow> {
        assert!(!delivery.events.iter().any(|event| is_bad(event)));
        Ok(true)
    }

    fn flush(&self) {
        panic!("nothing is handed on");
    }

    fn close(&self, reason: EndReason, _: Bytes) {
        self.0.send(reason).unwrap();
        panic!("it does not close");
    }

    fn was_closed(&self) -> bool {
        false
    }
}

fn connect(world: &World, encoder: SharedEncoder, sink: Arc<dyn Sink>) -> Session {
    world.hub.connect(ConnectionInfo {
        dialect: "bad",
        address: None,
        exclusive: false,
        scope: Scope::AllRooms,
        encoder,
        sink,
    })
}

async fn with_bad_encoder(world: &World, user: &str) -> Client {
    let (sink, events) = Events::channel(BOUNDS);
    let encoder = SharedEncoder(Arc::new(BadEncoder));
    let mut client = Client {
        session: connect(world, encoder, sink),
        events,
    };
    client.ok(guest(user)).await;
    client.enter(name("tea")).await;
    client
}

#[tokio::test]
async fn an_encoder_that_panics_ends_its_sessions() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    anna.enter(name("tea")).await;
    boris.enter(name("tea")).await;
    let mut bad = with_bad_encoder(&world, "bad").await;
    anna.say(name("tea"), "fine").await;
    anna.say(name("tea"), "boom").await;
    assert!(bad.heard().contains(&"#tea anna: fine".to_owned()));
    assert_eq!(bad.heard(), [""; 0]);
    let heard = boris.heard();
    assert!(heard.contains(&"#tea anna: boom".to_owned()), "{heard:?}");
    boris.say(name("tea"), "we go on").await;

    // Told of a private message, too.
    let _bad = with_bad_encoder(&world, "worse").await;
    anna.ok(to_user(login("worse"), "boom")).await;
    world.settled().await;
    let sessions = world.op(commands::Sessions).await.sessions;
    assert!(sessions.iter().all(|session| session.user.login != "worse"));

    // Without last words it ends as well.
    let mut bad = with_bad_encoder(&world, "last").await;
    let id = bad.id();
    world.op(commands::CloseSession { id }).await;
    assert_eq!(bad.heard().last().unwrap(), "ended ClosedByOperator");
    anna.say(name("tea"), "and on").await;
}

#[tokio::test]
async fn a_sink_that_panics_ends_its_session() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    anna.enter(name("tea")).await;
    let (tell, told) = mpsc::channel();
    let mut bad = connect(&world, Events::encoder(), Arc::new(BadSink(tell)));
    bad.log_in_guest("bad").await.unwrap();
    bad.enter("tea").await.unwrap();
    anna.say(name("tea"), "fine").await;
    assert!(told.try_recv().is_err());
    anna.say(name("tea"), "boom").await;
    anna.say(name("tea"), "we go on").await;
    assert_eq!(told.try_recv(), Ok(EndReason::OutcomeUnknown));
    assert_eq!(anna.who(name("tea")).await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_panics_ends_its_session() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    for client in [&mut anna, &mut boris] {
        client.enter(name("tea")).await;
    }
    boris.heard();
    let answer = |_: Result<_, _>| panic!("no answer");
    anna.session.post(say(name("tea"), "hello"), answer).await;
    world.settled().await;
    assert_eq!(anna.heard().last().unwrap(), "ended OutcomeUnknown");
    assert_eq!(boris.heard()[0], "#tea anna: hello");
    boris.say(name("tea"), "we go on").await;
}

#[tokio::test]
async fn the_events_of_a_session_end_when_it_is_dropped() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    anna.enter(name("tea")).await;
    anna.say(name("tea"), "last words").await;
    anna.session.farewell();
    let Client {
        session,
        mut events,
    } = anna;
    let reading = tokio::spawn(async move {
        let mut read = 0;
        while events.next().await.is_some() {
            read += 1;
        }
        read
    });
    tokio::task::yield_now().await;
    assert!(!reading.is_finished(), "it may log in again");
    drop(session);
    assert!(reading.await.unwrap() > 0);
}
