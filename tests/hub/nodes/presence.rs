//! Who is there at any node is there at all of them.

use super::*;

#[tokio::test(start_paused = true)]
async fn presence_is_known_everywhere() {
    let mut pair = Pair::new(Health::Sound).await;
    pair.boris.session.set_silent(true);
    pair.anna.hears(&["#tea idle boris"]).await;
    let mut elsewhere = pair.here.again("boris").await;
    pair.anna.hears(&["#tea back boris"]).await;
    elsewhere.session.farewell();
    pair.anna.hears(&["#tea idle boris"]).await;
    let status = Some("away".to_owned());
    pair.boris.ok(commands::SetStatus { status }).await;
    pair.boris.session.set_silent(false);
    pair.anna.hears(&["#tea back boris"]).await;
    let seen = pair.anna.ok(commands::Who { room: name("tea") }).await;
    assert_eq!(seen[1].status.as_deref(), Some("away"));
    // Who comes at a third learns who is there.
    let third = pair.cluster.node().await;
    let mut clara = third.account("clara").await;
    clara.enter(name("tea")).await;
    clara.hears(&["#tea online anna"]).await;
    clara.sees(name("tea"), &["anna", "boris", "clara"]).await;
    pair.anna.hears(&["#tea online clara"]).await;
    pair.boris.session.farewell();
    clara.hears(&["#tea offline boris"]).await;
    pair.anna.hears(&["#tea offline boris"]).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_there_is_told_at_a_node_where_nobody_is() {
    let mut pair = Pair::new(Health::Sound).await;
    pair.boris.session.set_silent(true);
    let third = pair.cluster.node().await;
    let mut clara = third.account("clara").await;
    third.settled().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..2 {
        assert_eq!(clara.who(name("tea")).await, ["anna", "boris (idle)"]);
    }
    // What is not asked is not kept: it would not be heard of.
    pair.boris.session.set_silent(false);
    pair.settled().await;
    assert_eq!(clara.who(name("tea")).await, ["anna", "boris"]);
    // Who enters one room is told who is there, and not that they come.
    let mut dora = third.client_over("plain", false, Scope::OneRoom);
    dora.ok(crate::support::guest("dora")).await;
    let (_, _, present) = dora.enter(name("tea")).await;
    assert_eq!(present, ["anna", "boris", "dora"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let heard = dora.heard();
    assert!(
        !heard.iter().any(|line| line.ends_with("anna")),
        "{heard:?}"
    );
    pair.boris.session.farewell();
    dora.hears(&["#tea offline boris"]).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_there_is_told_soon_whatever_the_bus_does() {
    let pair = Pair::new(Health::Sound).await;
    let third = pair.cluster.node().await;
    let mut clara = third.account("clara").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for health in [Health::Lossy, Health::Away] {
        pair.cluster.bus.set(health);
        let begun = tokio::time::Instant::now();
        assert_eq!(clara.who(name("tea")).await, [""; 0]);
        assert!(begun.elapsed() < Duration::from_secs(1), "{health:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_have_come_elsewhere_is_written_to() {
    let mut pair = Pair::new(Health::Sound).await;
    pair.here.op(register("clara")).await;
    let is_offline = pair
        .anna
        .err(to_user(login("clara"), "are you there"))
        .await;
    assert_eq!(is_offline, Error::RecipientOffline);
    pair.cluster.bus.set(Health::Away);
    let mut clara = pair.there.again("clara").await;
    pair.anna.ok(to_user(login("clara"), "hello")).await;
    clara.hears(&["@anna,clara anna: hello"]).await;
}

#[tokio::test(start_paused = true)]
async fn presence_that_was_lost_is_found() {
    let mut pair = Pair::new(Health::Sound).await;
    pair.cluster.bus.set(Health::Lossy);
    pair.boris.session.set_silent(true);
    pair.boris.session.set_silent(false);
    pair.boris.session.set_silent(true);
    pair.there.settled().await;
    assert_eq!(pair.anna.heard(), [""; 0]);
    pair.cluster.bus.set(Health::Sound);
    assert_eq!(pair.anna.hears(&["#tea idle boris"]).await.len(), 1);
    pair.cluster.bus.set(Health::Away);
    pair.boris.session.farewell();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(pair.anna.heard(), [""; 0]);
    pair.cluster.bus.set(Health::Sound);
    pair.anna.hears(&["#tea offline boris"]).await;
    pair.anna.sees(name("tea"), &["anna"]).await;
}

#[tokio::test(start_paused = true)]
async fn users_of_a_node_that_stops_or_dies_are_idle_and_then_absent() {
    for dies in [false, true] {
        let mut pair = Pair::new(Health::Sound).await;
        match dies {
            false => pair.there.hub.stop().await,
            true => {
                pair.cluster.bus.kill(1);
                tokio::time::sleep(Duration::from_secs(9)).await;
                assert_eq!(pair.anna.heard(), [""; 0]);
            }
        }
        assert_eq!(pair.anna.hears(&["#tea idle boris"]).await.len(), 1);
        let third = pair.cluster.node().await;
        let mut again = third.again("boris").await;
        pair.anna.hears(&["#tea back boris"]).await;
        again.session.break_off();
        pair.anna.hears(&["#tea idle boris"]).await;
        tokio::time::sleep(Duration::from_secs(28)).await;
        assert_eq!(pair.anna.heard(), [""; 0]);
        pair.anna.hears(&["#tea offline boris"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn users_of_a_node_are_idle_from_when_it_begins_to_stop() {
    let mut pair = Pair::new(Health::Sound).await;
    // As a gateway stops: first its connections end, each as it takes its last words, then the hub.
    pair.there.hub.suppress_presence();
    pair.boris.session.farewell();
    tokio::time::sleep(Duration::from_secs(3)).await;
    pair.there.hub.stop().await;
    tokio::time::sleep(Duration::from_secs(26)).await;
    assert_eq!(pair.anna.heard(), ["#tea idle boris"]);
    pair.anna.sees(name("tea"), &["anna", "boris (idle)"]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(pair.anna.heard(), ["#tea offline boris"]);
}

/// Somebody in `tea` who watches, at each of three nodes, and boris, who is at the second one.
async fn watched_at_three() -> (Pair, World, [Client; 3]) {
    let pair = Pair::new(Health::Sound).await;
    let third = pair.cluster.node().await;
    let mut watchers = [
        pair.here.account("clara").await,
        pair.there.account("dora").await,
        third.account("emil").await,
    ];
    for watcher in &mut watchers {
        watcher.enter(name("tea")).await;
    }
    let all = ["anna", "boris", "clara", "dora", "emil"];
    for watcher in &mut watchers {
        watcher.sees(name("tea"), &all).await;
    }
    for watcher in &mut watchers {
        watcher.told();
    }
    (pair, third, watchers)
}

#[tokio::test(start_paused = true)]
async fn a_farewell_at_another_node_ends_what_is_left_of_the_grace() {
    for stops in [false, true] {
        let (mut pair, third, mut watchers) = watched_at_three().await;
        match stops {
            false => pair.boris.session.break_off(),
            true => {
                pair.there.hub.stop().await;
                watchers[1].told();
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut again = third.again("boris").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        again.session.farewell();
        tokio::time::sleep(Duration::from_millis(10)).await;
        for (at, watcher) in watchers.iter_mut().enumerate() {
            if stops && at == 1 {
                continue;
            }
            let told = watcher.heard();
            let of_boris: Vec<_> = told.iter().filter(|line| line.ends_with("boris")).collect();
            let expected = ["#tea idle boris", "#tea back boris", "#tea offline boris"];
            assert_eq!(of_boris, expected, "at {at}, {stops}");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        let told = watchers[0].heard();
        assert!(!told.iter().any(|line| line.ends_with("boris")), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_farewell_of_which_the_bus_never_told_is_found() {
    let (mut pair, third, mut watchers) = watched_at_three().await;
    pair.boris.session.break_off();
    let mut again = third.again("boris").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for watcher in &mut watchers {
        watcher.told();
    }
    pair.cluster.bus.set(Health::Away);
    again.session.farewell();
    tokio::time::sleep(Duration::from_secs(1)).await;
    pair.cluster.bus.set(Health::Sound);
    for watcher in &mut watchers {
        watcher.hears(&["#tea offline boris"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_broke_off_last_is_idle_for_the_whole_grace_wherever_that_was() {
    let (mut pair, third, mut watchers) = watched_at_three().await;
    let mut again = third.again("boris").await;
    again.session.set_silent(true);
    tokio::time::sleep(Duration::from_secs(1)).await;
    pair.boris.session.break_off();
    tokio::time::sleep(Duration::from_secs(10)).await;
    // It was silent, and now it is gone.
    again.session.break_off();
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(watchers[0].heard(), ["#tea idle boris"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(watchers[0].heard(), ["#tea offline boris"]);
    // Silent at one and broken off at another: the silent one says farewell.
    let (mut pair, third, mut watchers) = watched_at_three().await;
    let mut again = third.again("boris").await;
    again.session.set_silent(true);
    tokio::time::sleep(Duration::from_secs(1)).await;
    pair.boris.session.break_off();
    tokio::time::sleep(Duration::from_secs(1)).await;
    again.session.farewell();
    tokio::time::sleep(Duration::from_millis(10)).await;
    for watcher in &mut watchers {
        assert_eq!(watcher.heard(), ["#tea idle boris", "#tea offline boris"]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_connected_elsewhere_is_not_offline() {
    let mut pair = Pair::new(Health::Sound).await;
    pair.anna.ok(to_user(login("boris"), "hello")).await;
    pair.boris.hears(&["@anna,boris anna: hello"]).await;
    pair.settled().await;
    let waiting = pair.boris.ok(commands::Waiting).await;
    assert!(format!("{waiting:?}").len() < 40, "{waiting:?}");
    pair.boris.session.farewell();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let refused = pair.anna.err(to_user(login("boris"), "still there?")).await;
    assert_eq!(refused, Error::RecipientOffline);
}
