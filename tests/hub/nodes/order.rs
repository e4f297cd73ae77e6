//! Each hears each change once and in order, whoever made it and however late one comes.

use super::*;

fn titled(world_room: &tolmach::model::Room, seq: i64) -> RoomEvent {
    let actor = Arc::new(UserRef {
        id: UserId(1),
        login: "anna".into(),
        name: "anna".into(),
    });
    RoomEvent {
        room: Arc::new(world_room.to_ref()),
        seq: Seq(seq),
        at: Timestamp(1),
        actor,
        peer: None,
        origin: None,
        seen: false,
        unaware: Vec::new(),
        change: RoomChange::Titled,
    }
}

fn envelope(version: u16, events: Vec<RoomEvent>) -> Envelope {
    Envelope {
        version,
        node: NodeId(7),
        payload: Payload::Rooms(events),
    }
}

#[tokio::test]
async fn what_was_told_already_is_dropped_and_so_is_a_later_version() {
    let mut pair = Pair::new(Health::Sound).await;
    let room = pair.there.store.room_by_name("tea").await.unwrap().unwrap();
    let (room, next) = (room.room.clone(), room.room.seq.0 + 1);
    let topic = Topic::Room(room.id);
    let bus = &pair.cluster.bus;
    bus.publish(topic, envelope(VERSION, vec![titled(&room, next)]));
    let thrice = vec![
        titled(&room, next),
        titled(&room, next + 1),
        titled(&room, next),
    ];
    bus.publish(topic, envelope(VERSION, thrice));
    bus.publish(topic, envelope(VERSION + 1, vec![titled(&room, next + 2)]));
    pair.there.settled().await;
    let seqs: Vec<i64> = pair
        .boris
        .told()
        .iter()
        .map(|event| match event {
            Event::Room(event) => event.seq.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seqs, [next, next + 1]);
}

#[tokio::test]
async fn who_left_the_bus_hears_nothing_more() {
    let mut pair = Pair::new(Health::Sound).await;
    pair.there.hub.stop().await;
    pair.anna.say(name("tea"), "hello").await;
    assert_eq!(pair.boris.heard(), ["ended Shutdown"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_late_hears_what_the_others_there_heard_since() {
    let mut pair = Pair::new(Health::Lossy).await;
    let add = |user: &str| commands::AddMember {
        room: name("tea"),
        user: login(user),
    };
    for user in ["clara", "dora"] {
        pair.here.op(register(user)).await;
    }
    pair.here.op(add("dora")).await;
    let mut clara = pair.there.again("clara").await;
    drop(pair.boris);
    // Boris is idle for a while, and then nobody there is in the room.
    tokio::time::sleep(Duration::from_secs(60)).await;
    pair.here.op(add("clara")).await;
    pair.anna.say(name("tea"), "welcome").await;
    clara.told();
    // Where the room is at, this login tells; what became of clara, nobody has.
    let mut dora = pair.there.again("dora").await;
    assert_eq!(clara.heard(), [""; 0]);
    pair.anna.say(name("tea"), "all of you").await;
    dora.hears(&["#tea anna: all of you"]).await;
    let all = [
        "#tea joined clara",
        "#tea anna: welcome",
        "#tea anna: all of you",
    ];
    clara.hears(&all).await;
    pair.anna.say(name("tea"), "and now").await;
    dora.hears(&["#tea anna: and now"]).await;
    clara.hears(&["#tea anna: and now"]).await;
}

#[tokio::test(start_paused = true)]
async fn who_enters_where_they_were_added_hears_first_that_they_were() {
    let mut pair = Pair::new(Health::Lossy).await;
    for user in ["clara", "dora"] {
        pair.here.op(register(user)).await;
    }
    let add = |user: &str| commands::AddMember {
        room: name("tea"),
        user: login(user),
    };
    pair.here.op(add("dora")).await;
    let mut clara = pair.there.again("clara").await;
    drop(pair.boris);
    tokio::time::sleep(Duration::from_secs(60)).await;
    pair.here.op(add("clara")).await;
    pair.anna.say(name("tea"), "welcome").await;
    clara.told();
    // This login tells where the room is at; what became of clara, nobody has told.
    let _dora = pair.there.again("dora").await;
    assert_eq!(clara.heard(), [""; 0]);
    clara.ok(enter(name("tea"))).await;
    let before_the_answer = [
        "#tea joined clara",
        "#tea anna: welcome",
        "#tea online clara",
    ];
    assert_eq!(clara.heard(), before_the_answer);
}

#[tokio::test(start_paused = true)]
async fn a_node_says_whether_it_is_ready_and_what_the_bus_did_not_bring() {
    let mut pair = Pair::new(Health::Sound).await;
    let gaps = pair.there.hub.bus_figures().gaps;
    pair.anna.say(name("tea"), "heard").await;
    pair.boris.hears(&["#tea anna: heard"]).await;
    assert_eq!(pair.there.hub.bus_figures().gaps, gaps);
    pair.cluster.bus.set(Health::Away);
    pair.anna.say(name("tea"), "read").await;
    pair.boris.hears(&["#tea anna: read"]).await;
    assert_eq!(pair.there.hub.bus_figures().gaps, gaps + 1);
    let ready = pair.there.hub.readiness().await;
    assert_eq!((ready.store, ready.is_bus_connected), (Ok(()), false));
    pair.cluster.bus.set(Health::Sound);
    assert!(pair.there.hub.readiness().await.is_bus_connected);
    pair.there.hub.stop().await;
    let ready = pair.there.hub.readiness().await;
    assert_eq!(ready.store, Err(Error::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn what_a_node_did_is_told_before_what_another_did_then() {
    for health in Health::ALL {
        let mut pair = Pair::new(health).await;
        let mut clara = pair.here.again("boris").await;
        clara.sees(name("tea"), &["anna", "boris"]).await;
        clara.told();
        // Nobody delivers before all three are committed.
        for (is_anna, text) in [(true, "one"), (false, "two"), (true, "three")] {
            let client = match is_anna {
                true => &mut pair.anna,
                false => &mut pair.boris,
            };
            let post = client.session.post(say(name("tea"), text), |_| {});
            post.await;
        }
        let told = ["#tea anna: one", "#tea boris: two", "#tea anna: three"];
        for client in [&mut pair.anna, &mut pair.boris, &mut clara] {
            assert_eq!(client.hears(&told).await, told, "{health:?}");
        }
    }
}

/// The next text that a viewer is told was said; `None`: none in two seconds.
async fn said(viewer: &mut Viewer) -> Option<String> {
    let posted = async {
        loop {
            if let Taken::Record(record) = viewer.next().await
                && let TapEvent::Event(event) = &record.what
                && let Some(message) = event.posted()
            {
                return message.text.clone();
            }
        }
    };
    tokio::time::timeout(Duration::from_millis(2100), posted)
        .await
        .ok()
}

#[tokio::test(start_paused = true)]
async fn who_watches_a_room_is_told_what_others_do_where_nobody_is() {
    in_each_health(async |mut pair: Pair| {
        let mut draft = to_user(login("boris"), "first");
        draft.offline = commands::Offline::Store;
        pair.anna.ok(draft.clone()).await;
        let third = pair.cluster.node().await;
        // By then it is known there what happened before.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut viewer = third.hub.tap().watch();
        let direct = RoomSelector::Direct("anna".into(), "boris".into());
        let mut watched = Vec::new();
        for room in [name("tea"), direct] {
            let room = third.op(commands::FindRoom { room }).await;
            watched.push(third.hub.watch_room(&room));
        }
        pair.anna.say(name("tea"), "hello").await;
        assert_eq!(said(&mut viewer).await.as_deref(), Some("hello"));
        draft.text = "psst".into();
        pair.anna.ok(draft.clone()).await;
        assert_eq!(said(&mut viewer).await.as_deref(), Some("psst"));
        // A room in which somebody is goes on when nobody watches any more.
        let mut boris = third.again("boris").await;
        drop(watched);
        pair.anna.say(name("tea"), "and now").await;
        boris.hears(&["#tea anna: and now"]).await;
        assert_eq!(said(&mut viewer).await.as_deref(), Some("and now"));
        boris.session.farewell();
        tokio::time::sleep(Duration::from_secs(1)).await;
        pair.anna.say(name("tea"), "to nobody there").await;
        pair.anna.ok(draft).await;
        assert_eq!(said(&mut viewer).await, None);
    })
    .await;
}
