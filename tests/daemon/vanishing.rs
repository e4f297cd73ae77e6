//! Peers that vanish: nothing comes from them any more, and nothing says so. The wire is real, its times are a fifth of
//! what they are by default.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tolmach::commands;
use tolmach::gateway::{Gateway, ListenerOptions, Serve, Transport};
use tolmach::hub::{Hub, Options, Scope};
use tolmach::model::RoomKind;

use crate::support::network::Network;
use crate::support::uchat::log_in;
use crate::support::{Client, FieldClient, Uchat, account, config, room, user};

/// In place of 30 s.
const TIMEOUT: Duration = Duration::from_secs(6);
/// In place of 45 s.
const AT_MOST: Duration = Duration::from_secs(9);

/// Where others talk all the time; where nobody does; where somebody begins shortly before probes would have told.
const ROOMS: [&str; 3] = ["loud", "quiet", "late"];
const LATE: Duration = Duration::from_millis(4500);

/// The gateway, and how its dialects serve: uchat, and JIM in the field.
struct World {
    gateway: Gateway,
    dialects: [Arc<dyn Serve>; 2],
}

impl World {
    /// A newcomer tries by the right credentials: whether it is let in.
    async fn lets_in(&self, dialect: usize, login: &str) -> bool {
        let (near, far) = tokio::io::duplex(65536);
        let far = Transport::memory(far);
        self.gateway.connect(self.dialects[dialect].clone(), far);
        let code = match dialect {
            0 => Uchat::new(Client::over(near)).ask(log_in(login)).await["error_code"].clone(),
            _ => {
                let mut client = FieldClient::over(near);
                client.say(presence(login)).await;
                client.recv().await["response"].clone()
            }
        };
        if code == 2 || code == 409 {
            return false;
        }
        assert!(code.is_null() || code == 200, "{code}");
        true
    }

    async fn since_cut_until_in(&self, dialect: usize, login: &str, cut: Instant) -> Duration {
        while !self.lets_in(dialect, login).await {
            assert!(cut.elapsed() < 3 * AT_MOST, "{login} stays locked out");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        cut.elapsed()
    }

    /// Until nobody sees it any more; nobody comes in its place.
    async fn since_cut_until_absent(&self, login: &str, place: &str, cut: Instant) -> Duration {
        let who = || {
            self.gateway
                .hub()
                .operate(commands::Who { room: room(place) })
        };
        let is_there = |present: Vec<tolmach::model::Present>| {
            present.iter().any(|present| present.user.login == login)
        };
        while is_there(who().await.unwrap()) {
            assert!(cut.elapsed() < 3 * AT_MOST, "{login} is still seen");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        cut.elapsed()
    }
}

fn presence(login: &str) -> serde_json::Value {
    json!({"action": "presence", "user": {"account_name": login, "status": "here"}})
}

#[tokio::test]
async fn who_vanishes_is_gone_in_time_and_keeps_nobody_out() {
    let Some(network) = Network::new() else {
        return;
    };
    let options = Options::default().grace(TIMEOUT);
    let hub = Hub::builder().options(options).start().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let field =
        "[[listener]]\ndialect = 'jim'\nname = 'field'\naddress = '127.0.0.1:0'\nflavor = 'field'";
    let config = config(dir.path(), "memory:", field);
    let serves = |name: &str| {
        let mut listeners = config.listeners.iter();
        let listener = listeners.find(|listener| listener.name == name).unwrap();
        listener.settings.serve(&config.dialect_options())
    };
    let (dialects, sockets) = (
        [serves("uchat"), serves("field")],
        [network.listen(), network.listen()],
    );
    let addresses = sockets
        .each_ref()
        .map(|socket| socket.local_addr().unwrap());
    let mut builder = Gateway::builder(hub.clone()).peer_timeout(TIMEOUT);
    for ((name, socket), dialect) in ["uchat", "field"].into_iter().zip(sockets).zip(&dialects) {
        builder = builder.listen_on(name, socket, dialect.clone(), ListenerOptions::default());
    }
    let gateway = builder.start().await.unwrap();
    let world = World { gateway, dialects };

    let (mut bot, _) = hub.attach("bot", Scope::AllRooms);
    bot.log_in_guest("bot").await.unwrap();
    let mut held = Vec::new();
    for place in ROOMS {
        let created = commands::CreateRoom::public(place);
        hub.operate(commands::CreateRoom {
            kind: RoomKind::Public,
            ..created
        })
        .await
        .unwrap();
        bot.enter(place).await.unwrap();
        for login in [format!("u-{place}"), format!("ghost-{place}")] {
            account(&hub, &login).await;
            let member = commands::AddMember {
                room: room(place),
                user: user(&login),
            };
            hub.operate(member).await.unwrap();
            let mut uchat = Uchat::new(Client::over(network.connect(addresses[0])));
            assert!(uchat.ask(log_in(&login)).await["error_code"].is_null());
            held.push(uchat);
        }
    }
    let mut fields = Vec::new();
    for place in ROOMS {
        let mut field = FieldClient::over(network.connect(addresses[1]));
        field.say(presence(&format!("j-{place}"))).await;
        field.code(200).await;
        field
            .expect(200, json!({"action": "join", "room": format!("#{place}")}))
            .await;
        fields.push(field);
    }
    for place in ROOMS {
        assert!(!world.lets_in(0, &format!("u-{place}")).await);
        assert!(!world.lets_in(1, &format!("j-{place}")).await);
    }

    network.cut();
    let cut = Instant::now();
    let talk = async {
        let mut said_late = false;
        loop {
            bot.say("loud", "are you there?").await.unwrap();
            if !said_late && cut.elapsed() >= LATE {
                bot.say("late", "and you?").await.unwrap();
                said_late = true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let gone = async {
        let logins = ROOMS.map(|place| {
            (
                format!("u-{place}"),
                format!("j-{place}"),
                format!("ghost-{place}"),
            )
        });
        let [loud, quiet, late] = &logins;
        let until_in = |dialect, login| world.since_cut_until_in(dialect, login, cut);
        let until_absent = |login, place| world.since_cut_until_absent(login, place, cut);
        let (a, b, c, d, e, f, g, h, i) = tokio::join!(
            until_in(0, &loud.0),
            until_in(1, &loud.1),
            until_absent(&loud.2, ROOMS[0]),
            until_in(0, &quiet.0),
            until_in(1, &quiet.1),
            until_absent(&quiet.2, ROOMS[1]),
            until_in(0, &late.0),
            until_in(1, &late.1),
            until_absent(&late.2, ROOMS[2]),
        );
        [a, b, c, d, e, f, g, h, i]
    };
    let gone = tokio::select! {
        gone = gone => gone,
        () = talk => unreachable!(),
    };
    println!("gone after {gone:?}");
    for since in gone {
        assert!(since <= AT_MOST, "{gone:?}");
    }
    // Each had acknowledged something when it was last asked, half of the time before at most.
    for since in gone {
        assert!(
            since >= TIMEOUT / 2 - Duration::from_millis(500),
            "{gone:?}"
        );
    }
    drop((held, fields));
    world.gateway.stop().await;
}
