//! Several hubs over the same rows: what happens at one reaches whom it concerns at the others, whatever the bus loses.

use std::sync::Arc;
use std::time::Duration;

use tolmach::bus::{Bus, Envelope, Payload, Topic, VERSION};
use tolmach::commands::{self, TokenEnd};
use tolmach::hub::Scope;
use tolmach::hub::tap::{Taken, TapEvent, Viewer};
use tolmach::model::{
    BanSubject, Error, Event, NodeId, Role, RoomChange, RoomEvent, RoomKind, RoomSelector, Seq,
    Timestamp, UserId, UserRef,
};

use crate::support::{
    Client, Cluster, Health, World, create_room, enter, login, name, password, register, say,
    to_user, token,
};

/// Two nodes, `tea` with anna at the first and boris at the second; the bus is then as it is to be.
struct Pair {
    cluster: Cluster,
    here: World,
    there: World,
    anna: Client,
    boris: Client,
}

impl Pair {
    async fn new(health: Health) -> Self {
        let cluster = Cluster::new();
        let [here, there] = cluster.nodes().await;
        for user in ["anna", "boris"] {
            here.op(register(user)).await;
        }
        let members = [("anna", Role::Admin), ("boris", Role::Member)];
        here.room("tea", RoomKind::Public, members).await;
        let mut anna = here.again("anna").await;
        let mut boris = there.again("boris").await;
        for client in [&mut anna, &mut boris] {
            client.sees(name("tea"), &["anna", "boris"]).await;
        }
        for world in [&here, &there] {
            world.settled().await;
        }
        anna.told();
        boris.told();
        cluster.bus.set(health);
        Self {
            cluster,
            here,
            there,
            anna,
            boris,
        }
    }

    async fn settled(&self) {
        self.here.settled().await;
        self.there.settled().await;
    }
}

async fn in_each_health<F: Future<Output = ()>>(test: impl Fn(Pair) -> F) {
    for health in Health::ALL {
        println!("{health:?}");
        test(Pair::new(health).await).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_at_one_is_told_at_the_other() {
    in_each_health(async |mut pair: Pair| {
        pair.anna.say(name("tea"), "hello").await;
        pair.anna
            .ok(commands::SetTitle {
                room: name("tea"),
                title: "Tea".into(),
            })
            .await;
        let told = ["#tea anna: hello", "#tea titled"];
        assert_eq!(pair.boris.hears(&told).await, told);
        assert_eq!(pair.anna.heard(), told);
        pair.boris.say(name("tea"), "and you").await;
        assert_eq!(pair.anna.hears(&["#tea boris: and you"]).await.len(), 1);
        assert_eq!(pair.boris.heard(), ["#tea boris: and you"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_added_or_removed_at_one_comes_and_goes_at_the_other() {
    in_each_health(async |mut pair: Pair| {
        pair.here.op(create_room("coffee", RoomKind::Public)).await;
        let add = commands::AddMember {
            room: name("coffee"),
            user: login("boris"),
        };
        pair.here.op(add).await;
        pair.here.op(say(name("coffee"), "welcome")).await;
        let told = [
            "#coffee online boris",
            "#coffee joined boris",
            "#coffee tolmach: welcome",
        ];
        assert_eq!(pair.boris.hears(&told).await, told);
        let ban = commands::Ban {
            room: name("coffee"),
            user: login("boris"),
        };
        pair.here.op(ban).await;
        pair.here.op(say(name("coffee"), "who is here?")).await;
        let told = ["#coffee banned boris"];
        assert_eq!(pair.boris.hears(&told).await, told);
        pair.boris.say(name("tea"), "well").await;
        assert_eq!(pair.boris.heard(), ["#tea boris: well"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_private_message_crosses_over() {
    in_each_health(async |mut pair: Pair| {
        let mut draft = to_user(login("boris"), "hello");
        draft.offline = commands::Offline::Store;
        pair.anna.ok(draft.clone()).await;
        let told = ["@anna,boris created", "@anna,boris anna: hello"];
        assert_eq!(pair.boris.hears(&told).await, told);
        draft.text = "again".into();
        pair.anna.ok(draft).await;
        let told = ["@anna,boris anna: again"];
        assert_eq!(pair.boris.hears(&told).await, told);
        // Who comes later hears what comes after.
        let mut third = pair.there.again("boris").await;
        pair.settled().await;
        third.told();
        let mut draft = to_user(login("anna"), "yes");
        draft.offline = commands::Offline::Store;
        pair.boris.ok(draft).await;
        let told = ["@anna,boris boris: yes"];
        assert_eq!(third.hears(&told).await, told);
        assert!(
            pair.anna
                .hears(&told)
                .await
                .ends_with(&[told[0].to_owned()])
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_ends_its_sessions_everywhere() {
    in_each_health(async |mut pair: Pair| {
        let mut other = pair.there.again("boris").await;
        let tokens = pair.here.op(commands::Tokens {
            user: login("boris"),
        });
        let last = tokens.await.pop().unwrap().id;
        let revoke = commands::RevokeToken {
            user: login("boris"),
            id: Some(last),
        };
        pair.here.op(revoke).await;
        other.hears(&["ended TokenRevoked"]).await;
        pair.boris.say(name("tea"), "I am still there").await;
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_what_came_in_by_the_old_one() {
    in_each_health(async |mut pair: Pair| {
        let mut by_password = pair.there.client();
        by_password
            .ok(crate::support::log_in("boris", password("boris")))
            .await;
        let mut by_login = pair.there.client();
        let mut log_in = crate::support::log_in("boris", password("boris"));
        log_in.token = true;
        let value = by_login.ok(log_in).await.token.unwrap().1;
        let mut by_its_token = pair.there.client();
        by_its_token.ok(token(&value.0)).await;
        let set = commands::SetPassword {
            user: login("boris"),
            secret: password("another"),
        };
        pair.here.op(set).await;
        for client in [&mut by_password, &mut by_login, &mut by_its_token] {
            client.hears(&["ended PasswordChanged"]).await;
        }
        let mut anew = pair.there.client();
        anew.ok(crate::support::log_in("boris", password("another")))
            .await;
        // An API token's goes on.
        pair.boris.say(name("tea"), "I am still there").await;
        anew.hears(&["#tea boris: I am still there"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_switched_off_or_removed_is_out_everywhere() {
    in_each_health(async |mut pair: Pair| {
        let disable = commands::SetDisabled {
            user: login("boris"),
            disabled: true,
        };
        pair.here.op(disable).await;
        pair.boris.hears(&["ended AccountDisabled"]).await;
        let mut anna = pair.there.again("anna").await;
        pair.here
            .op(commands::RemoveUser {
                user: login("anna"),
            })
            .await;
        anna.hears(&["ended AccountRemoved"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_erased_account_is_out_everywhere() {
    in_each_health(async |mut pair: Pair| {
        let erase = commands::EraseUser {
            user: login("boris"),
            place: commands::Place::Start,
        };
        pair.here.op(erase).await;
        pair.boris.hears(&["ended AccountRemoved"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_banned_from_the_gateway_is_out_everywhere_until_the_ban_is_lifted() {
    in_each_health(async |mut pair: Pair| {
        let subject = BanSubject::Login("boris".into());
        let ban = commands::AddBan {
            subject: subject.clone(),
            term: None,
            reason: String::new(),
        };
        pair.here.op(ban).await;
        pair.boris.hears(&["ended BannedFromGateway"]).await;
        pair.here.op(commands::RemoveBan { subject }).await;
        let value = pair.here.op(commands::CreateToken {
            user: login("boris"),
            value: None,
        });
        let value = value.await.value.0;
        for _ in 0..21 {
            if pair.there.client().call(token(&value)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the ban is not lifted there");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_login_is_known_where_the_sessions_are() {
    in_each_health(async |mut pair: Pair| {
        let rename = commands::RenameUser {
            user: login("boris"),
            login: "Bob".into(),
        };
        pair.here.op(rename).await;
        let told = ["#tea offline boris", "#tea online Bob"];
        assert_eq!(pair.boris.hears(&told).await, told);
        pair.boris.say(name("tea"), "hi").await;
        pair.anna.hears(&["#tea Bob: hi"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_room_is_gone_everywhere() {
    in_each_health(async |mut pair: Pair| {
        pair.here
            .op(commands::DeleteRoom { room: name("tea") })
            .await;
        pair.boris.hears(&["#tea deleted"]).await;
        assert!(pair.boris.session.rooms().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_takes_the_place_of_another_holds_its_sessions_everywhere() {
    in_each_health(async |pair: Pair| {
        let mut first = pair.here.client();
        let mut log_in = crate::support::log_in("boris", password("boris"));
        log_in.token = true;
        let (old, value) = first.ok(log_in).await.token.unwrap();
        let mut second = pair.there.client();
        second.ok(token(&value.0)).await;
        let new = first.ok(commands::RenewToken).await.id;
        first.ok(commands::UseToken { id: new, old }).await;
        // So long that whatever it does there is done.
        tokio::time::sleep(Duration::from_secs(2)).await;
        second.say(name("tea"), "I am still there").await;
        first
            .ok(commands::LogOut {
                token: TokenEnd::Always,
            })
            .await;
        second.hears(&["ended TokenRevoked"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn where_nobody_is_in_a_room_nothing_of_it_is_heard() {
    let pair = Pair::new(Health::Sound).await;
    let third = pair.cluster.node().await;
    let mut anna = third.again("anna").await;
    let deaf = third.again("boris").await;
    drop(deaf);
    pair.settled().await;
    third.settled().await;
    anna.told();
    // One is attached to the room that it enters, alone.
    let mut guest = third.client_over("one", false, Scope::OneRoom);
    guest.ok(crate::support::guest("gus")).await;
    pair.here
        .op(create_room("elsewhere", RoomKind::Public))
        .await;
    guest.enter(name("elsewhere")).await;
    pair.here.op(say(name("elsewhere"), "hello")).await;
    guest.hears(&["#elsewhere tolmach: hello"]).await;
    assert_eq!(anna.heard(), [""; 0]);
}

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
        newcomers: Vec::new(),
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
