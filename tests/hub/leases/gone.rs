//! Nodes that stop, die, stand still or are cut off.

use super::*;

/// Whether its node has lost its place, and said so.
fn was_ended(client: &mut Client) -> bool {
    let heard = client.heard();
    let ends: Vec<_> = heard
        .iter()
        .filter(|line| line.starts_with("ended"))
        .collect();
    assert!(ends.iter().all(|end| *end == "ended NodeLost"), "{heard:?}");
    !ends.is_empty()
}

#[tokio::test(start_paused = true)]
async fn a_node_that_stops_gives_everything_back_at_once() {
    let (_shared, east, west) = Shared::two().await;
    let _anna = enters(&east, "anna").await.unwrap();
    exclusive(&east).ok(guest("gast")).await;
    east.hub.stop().await;
    enters(&west, "anna").await.unwrap();
    exclusive(&west).ok(guest("gast")).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_node_held_is_free_when_its_lease_is_over() {
    let (shared, east, west) = Shared::two().await;
    let dead = shared.node("dead").await;
    let _held = enters(&dead, "anna").await.unwrap();
    let mut gast = exclusive(&dead);
    gast.ok(guest("gast")).await;
    gast.enter(name("tea")).await;
    shared.kill(&dead, "dead").await;
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    pass(LEASE / 2).await;
    assert_eq!(
        exclusive(&west).err(guest("gast")).await,
        Error::AlreadyConnected
    );
    pass(LEASE / 2).await;
    enters(&west, "anna").await.unwrap();
    exclusive(&east).ok(guest("gast")).await;
    let nodes = west.op(commands::Nodes).await;
    let names: Vec<_> = nodes
        .iter()
        .map(|node| (node.name.as_str(), node.state))
        .collect();
    assert_eq!(
        names,
        [("east", NodeState::Alive), ("west", NodeState::Alive)]
    );
}

#[tokio::test(start_paused = true)]
async fn who_was_found_gone_ends_its_sessions_and_begins_afresh() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let before = west.op(commands::Nodes).await;
    anna.told();
    east.reached.by(Way::Lost);
    pass(LEASE * 2).await;
    let boris = enters(&west, "anna").await.unwrap();
    assert!(!was_ended(&mut anna));
    // It runs on, and learns of it.
    east.reached.by(Way::Open);
    pass(LEASE / 2).await;
    assert!(was_ended(&mut anna));
    let after = west.op(commands::Nodes).await;
    let ids = |nodes: &[NodeInfo], called: &str| -> Vec<_> {
        let named = nodes.iter().filter(|node| node.name == called);
        named.map(|node| node.id).collect()
    };
    assert_eq!(ids(&before, "west"), ids(&after, "west"));
    assert_ne!(ids(&before, "east"), ids(&after, "east"));
    assert_eq!(after.len(), 2);
    // It is a node as any other again.
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    drop(boris);
    pass(Duration::from_secs(1)).await;
    let _back = enters(&east, "anna").await.unwrap();
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_after_it_was_found_gone_brings_nobody_back() {
    let bus = Arc::<TestBus>::default();
    let (_shared, east, west) = Shared::two_on([bus.clone(), bus.clone()]).await;
    let (mut anna, mut boris) = (east.again("anna").await, west.again("boris").await);
    pass(LEASE).await;
    boris.told();
    // It stands still.
    bus.mute(0);
    east.reached.by(Way::Lost);
    pass(LEASE * 5).await;
    assert_eq!(boris.heard(), ["#tea idle anna", "#tea offline anna"]);
    // It goes on, and does not know yet.
    bus.unmute();
    pass(LEASE / 5).await;
    anna.session.set_silent(true);
    pass(LEASE / 5).await;
    east.reached.by(Way::Open);
    pass(LEASE * 4).await;
    assert!(was_ended(&mut anna));
    assert_eq!(boris.heard(), [""; 0]);
    assert_eq!(boris.who(name("tea")).await, ["boris"]);
    // As another node it is heard.
    let mut again = east.again("anna").await;
    boris.hears(&["#tea online anna"]).await;
    again.sees(name("tea"), &["anna", "boris"]).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_ends_its_sessions_before_its_lease_is_over() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let mut there = west.again("anna").await;
    pass(LEASE).await;
    anna.told();
    east.reached.by(Way::Away);
    let mut waited = Duration::ZERO;
    while !was_ended(&mut anna) {
        pass(LEASE / 100).await;
        waited += LEASE / 100;
        assert!(waited < LEASE, "the lease was over");
    }
    assert!(waited > LEASE / 4, "{waited:?}");
    assert!(!was_ended(&mut there));
    // And it is there again once it can be.
    east.reached.by(Way::Open);
    pass(LEASE).await;
    let _back = enters(&east, "anna").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_nobody_reaches_the_registry_everybody_stays() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let mut there = west.again("anna").await;
    pass(LEASE).await;
    let before = west.op(commands::Nodes).await;
    for node in [&east, &west] {
        node.reached.by(Way::Away);
    }
    pass(LEASE * 10).await;
    for node in [&west, &east] {
        assert_eq!(node.op_err(commands::Nodes).await, Error::Unavailable);
        node.reached.by(Way::Open);
    }
    pass(LEASE * 2).await;
    for client in [&mut anna, &mut there] {
        assert!(!was_ended(client));
    }
    let after = west.op(commands::Nodes).await;
    let ids = |nodes: &[NodeInfo]| nodes.iter().map(|node| node.id).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
}

#[tokio::test(start_paused = true)]
async fn where_neither_registry_nor_bus_answers_everybody_stays() {
    let (shared, bus) = (Shared::default(), Arc::<TestBus>::default());
    let east = shared.node_on(bus.clone(), "east").await;
    let west = shared.node_on(bus.clone(), "west").await;
    east.op(register("anna")).await;
    east.room("tea", RoomKind::Public, [("anna", Role::Member)])
        .await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let mut there = west.again("anna").await;
    pass(LEASE).await;
    bus.set(Health::Away);
    for node in [&east, &west] {
        node.reached.by(Way::Away);
    }
    pass(LEASE * 10).await;
    bus.set(Health::Sound);
    for node in [&west, &east] {
        node.reached.by(Way::Open);
    }
    pass(LEASE * 2).await;
    for client in [&mut anna, &mut there] {
        assert!(!was_ended(client));
        client.say(name("tea"), "still here").await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_reaches_nobody_stays_until_it_learns_that_it_is_gone() {
    let (shared, bus) = (Shared::default(), Arc::<TestBus>::default());
    let east = shared.node_on(bus.clone(), "east").await;
    let west = shared.node_on(bus.clone(), "west").await;
    east.op(register("anna")).await;
    let mut anna = enters(&east, "anna").await.unwrap();
    pass(LEASE).await;
    bus.mute(0);
    east.reached.by(Way::Away);
    pass(LEASE * 3).await;
    assert!(!was_ended(&mut anna));
    // Only one can act by the name: the other node has it now.
    let mut elsewhere = enters(&west, "anna").await.unwrap();
    bus.unmute();
    east.reached.by(Way::Open);
    pass(LEASE / 2).await;
    assert!(was_ended(&mut anna));
    assert!(!was_ended(&mut elsewhere));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_the_store_says_so_and_everybody_stays() {
    let (_shared, east, west) = Shared::two().await;
    let mut anna = enters(&east, "anna").await.unwrap();
    let mut there = west.again("anna").await;
    pass(LEASE).await;
    // What anna says there is never answered, and what she says here comes behind it: nothing more is told there.
    west.gate.shut();
    let unanswered = there.call(say(name("tea"), "never answered"));
    assert!(
        timeout(Duration::from_millis(10), unanswered)
            .await
            .is_err()
    );
    anna.ok(say(name("tea"), "behind it")).await;
    for node in [&east, &west] {
        node.reached.by(Way::Away);
    }
    pass(LEASE * 3).await;
    for client in [&mut anna, &mut there] {
        assert!(!was_ended(client));
    }
    for node in [&east, &west] {
        node.reached.by(Way::Open);
    }
    west.gate.open();
    pass(LEASE * 2).await;
    for client in [&mut anna, &mut there] {
        assert!(!was_ended(client));
    }
}
