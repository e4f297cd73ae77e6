//! What nodes ask each other: of their sessions, and to end some.

use super::*;

#[tokio::test(start_paused = true)]
async fn sessions_are_listed_and_closed_at_all_nodes() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = east.again("anna").await;
    let mut there = west.again("anna").await;
    west.op(register("boris")).await;
    let mut boris = west.again("boris").await;
    assert_ne!(anna.id(), there.id());
    for world in [&east, &west] {
        let sessions = world.op(commands::Sessions).await.sessions;
        let mut seen: Vec<_> = sessions
            .iter()
            .map(|session| (session.user.login.as_str(), session.node.as_str()))
            .collect();
        seen.sort_unstable();
        assert_eq!(
            seen,
            [("anna", "east"), ("anna", "west"), ("boris", "west")]
        );
    }
    let own = anna.ok(commands::Sessions).await.sessions;
    assert_eq!(own.len(), 2);
    let close = |id| commands::CloseSession { id };
    let other = anna.err(close(boris.id())).await;
    assert!(matches!(other, Error::Invalid { .. }), "{other:?}");
    anna.ok(close(there.id())).await;
    assert!(there.heard().contains(&"ended ClosedByOperator".to_owned()));
    east.op(close(boris.id())).await;
    assert!(boris.heard().contains(&"ended ClosedByOperator".to_owned()));
    let gone = east.op_err(close(boris.id())).await;
    assert!(matches!(gone, Error::Invalid { .. }), "{gone:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_closed_at_another_node_whatever_the_bus_does() {
    let (shared, bus) = (Shared::default(), Arc::<TestBus>::default());
    let east = shared.node_on(bus.clone(), "east").await;
    let west = shared.node_on(bus.clone(), "west").await;
    east.op(register("anna")).await;
    for health in Health::ALL {
        let mut anna = west.again("anna").await;
        bus.set(health);
        pass(Duration::from_secs(1)).await;
        let close = commands::CloseSession { id: anna.id() };
        let begun = tokio::time::Instant::now();
        assert_eq!(east.op(close.clone()).await, None, "{health:?}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{health:?}");
        let ended = "ended ClosedByOperator".to_owned();
        assert!(anna.heard().contains(&ended), "{health:?}");
        // It cannot be told whether it was closed before where an answer was lost.
        if health != Health::Lossy {
            let again = east.op_err(close).await;
            assert!(matches!(again, Error::Invalid { .. }), "{again:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_answer_is_named_to_who_closes_a_session_there() {
    let (shared, east, _west) = Shared::two().await;
    let stuck = Registration {
        id: NodeId(99),
        name: "stuck".to_owned(),
        version: "1.0.0".to_owned(),
        lease: LEASE,
    };
    let number = shared.registry.register(&stuck).await.unwrap();
    let id = SessionId(1000 + u64::from(number));
    let left = east.op(commands::CloseSession { id }).await;
    assert_eq!(left.map(|node| node.id), Some(stuck.id));
}

#[tokio::test(start_paused = true)]
async fn who_ends_the_others_in_a_room_ends_them_at_all_nodes() {
    let bus = Arc::<TestBus>::default();
    let (_shared, east, west) = Shared::two_on([bus.clone(), bus.clone()]).await;
    for health in Health::ALL {
        // Who comes while the bus is away is not known elsewhere.
        if health == Health::Away {
            bus.set(health);
        }
        let anna = east.again("anna").await;
        let mut there = west.again("anna").await;
        let mut boris = west.again("boris").await;
        let other = west.client_over("other", false, Scope::AllRooms);
        let mut other = west.seat(other, "anna").await;
        let elsewhere = west.client_over("plain", false, Scope::OneRoom);
        let mut elsewhere = west.seat(elsewhere, "anna").await;
        pass(Duration::from_secs(1)).await;
        for client in [&mut there, &mut boris, &mut other, &mut elsewhere] {
            client.told();
        }
        bus.set(health);
        anna.session.end_others_here(EndReason::ClosedTogether);
        pass(Duration::from_secs(1)).await;
        bus.set(Health::Sound);
        pass(Duration::from_secs(1)).await;
        assert_eq!(there.heard(), ["ended ClosedTogether"], "{health:?}");
        for client in [&mut other, &mut boris] {
            client.say(name("tea"), "I am still there").await;
        }
        // It was in no room.
        elsewhere.enter(name("tea")).await;
        assert!(anna.session.user().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn all_nodes_go_by_the_registrys_clock() {
    let (_shared, east, west) = Shared::two().await;
    let said = Timestamp(1_000_000_000_000);
    for node in [&east, &west] {
        let own = node.hub.time();
        *node.reached.time.lock().unwrap() = Some(said);
        pass(LEASE).await;
        let ahead = node.hub.time().0 - said.0;
        assert!((0..60_000).contains(&ahead), "{ahead}, {own:?}");
    }
    let mut anna = west.again("anna").await;
    let message = anna.say(name("tea"), "when").await;
    let ahead = message.created.0 - said.0;
    assert!((0..60_000).contains(&ahead), "{ahead}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_named_and_has_no_lag() {
    let (shared, east, west) = Shared::two().await;
    let mut anna = east.again("anna").await;
    let _there = west.again("anna").await;
    let lags = async || {
        let nodes = east.op(commands::Nodes).await.into_iter();
        let lags: Vec<_> = nodes.map(|node| (node.name, node.lag.is_some())).collect();
        lags
    };
    let listed = |west| [("east".to_owned(), true), ("west".to_owned(), west)];
    assert_eq!(lags().await, listed(true));
    assert_eq!(east.op(commands::Sessions).await.unanswered, []);
    pass(LEASE).await;
    shared.kill(&west, "west").await;
    assert_eq!(lags().await, listed(false));
    for open in [
        east.op(commands::Sessions).await,
        anna.ok(commands::Sessions).await,
    ] {
        let unanswered = open.unanswered.iter().map(|node| node.name.as_str());
        let named: Vec<_> = unanswered.collect();
        assert_eq!((named, open.sessions.len()), (vec!["west"], 1));
    }
    let export = commands::ExportUser {
        user: UserSelector::Login("anna".into()),
    };
    assert_eq!(east.op_err(export.clone()).await, Error::Unavailable);
    pass(LEASE * 2).await;
    assert_eq!(east.op(export).await.sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_does_of_which_the_bus_never_told_is_found() {
    // What one says there the other cannot hear, and neither bus knows.
    let (_shared, east, west) = Shared::two_on(Default::default()).await;
    let (mut anna, mut boris) = (east.again("anna").await, west.again("boris").await);
    // By then each has read of the other in the registry.
    sleep(LEASE / 2).await;
    boris.say(name("tea"), "is anybody there").await;
    anna.hears(&["#tea boris: is anybody there"]).await;
    anna.say(name("tea"), "I am").await;
    boris.hears(&["#tea anna: I am"]).await;
}
