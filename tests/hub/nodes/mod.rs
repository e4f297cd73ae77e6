//! Several hubs over the same rows: what happens at one reaches whom it concerns at the others, whatever the bus loses.

mod accounts;
mod order;
mod presence;

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
