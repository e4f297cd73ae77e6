//! A configuration that is read again while people talk: what it changes for whom, and that nobody else notices.

use std::net::{SocketAddr, TcpListener};
use std::time::Instant;

use serde_json::json;
use tolmach::daemon::ReloadError;
use tolmach::model::RoomKind;

use crate::support::uchat::TOKEN;
use crate::support::{
    Client, Daemon, Jim, Kind, PATIENCE, Place, Purpose, Talker, Told, Uchat, Voice, presence, room,
};

/// Connections that talk.
const TALKERS: usize = 100;
const RELOADS: usize = 20;
/// Nobody is asked whether it is there, or closed for its silence.
const CALM: &str =
    "talker.close_after = '1h'\npurpose.probe_after = '1h'\njim.probe_after = '1h'\n";

fn listener(dialect: &str, name: &str, address: SocketAddr, more: &str) -> String {
    format!("[[listener]]\ndialect = '{dialect}'\nname = '{name}'\naddress = '{address}'\n{more}\n")
}

/// An address that was free a moment ago.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn nobody_who_talks_is_dropped_or_misses_a_message_while_everything_else_changes() {
    let (daemon, written) = Daemon::reloadable(CALM).await;
    let id = daemon.create_room("tea", RoomKind::Public, None).await;
    let place = Place { id, name: "tea" };
    let kinds = [
        Kind::Jim,
        Kind::Talker(place),
        Kind::Purpose(1),
        Kind::Purpose(2),
        Kind::Uchat,
    ];
    let mut voices = Vec::new();
    for (number, kind) in (0..TALKERS).zip(kinds.iter().cycle()) {
        let login = format!("user-{number}");
        daemon.account(&login).await;
        let mut voice = Voice::open(&daemon, &login, *kind, &[place], None).await;
        voice.enter(place).await;
        voices.push((voice, *kind));
    }
    for (voice, _) in &mut voices {
        voice.hear().await;
    }
    let (one, other) = (free(), free());
    let mut took = Vec::new();
    for round in 0..RELOADS {
        for (number, (voice, _)) in voices.iter_mut().enumerate().skip(round % 5).step_by(5) {
            voice.say(place, &format!("{round}-{number}")).await;
        }
        // Limits, dialects' keys, and a listener that comes, moves and goes.
        let (address, name) = if round % 2 == 0 {
            (one, "one")
        } else {
            (other, "other")
        };
        let more = format!(
            "{CALM}limits.burst = {}\nlimits.queue_events = {}\npresence.grace = '{round}s'\nuchat.flavor = '{}'\n{}",
            1000 + round,
            5000 + round,
            if round % 2 == 0 { "document" } else { "field" },
            listener("jim", name, address, "")
        );
        let begun = Instant::now();
        let changes = daemon.reload(&written, &more).await.unwrap();
        took.push(begun.elapsed());
        assert!(
            changes.contains(&format!("listener {name}: added on {address}")),
            "{changes:?}"
        );
        for (number, (voice, _)) in voices
            .iter_mut()
            .enumerate()
            .skip((round + 1) % 5)
            .step_by(5)
        {
            voice.say(place, &format!("{round}-{number}")).await;
        }
    }
    let said: Vec<_> = (0..RELOADS)
        .flat_map(|round| {
            let of = move |shift: usize| (0..TALKERS).skip((round + shift) % 5).step_by(5);
            of(0)
                .chain(of(1))
                .map(move |number| format!("{round}-{number}"))
        })
        .collect();
    while daemon.history(room("tea")).await.len() < said.len() {
        tokio::task::yield_now().await;
    }
    for (own, (mut voice, kind)) in voices.into_iter().enumerate() {
        // What is committed may still be on its way to whom it is told.
        let mut told = voice.hear().await;
        loop {
            let more = voice.hear().await;
            if more.is_empty() {
                break;
            }
            told.extend(more);
        }
        let heard = told.iter().filter_map(|told| match told {
            Told::Said(_, text) => Some(text.clone()),
            Told::Accepted => None,
            Told::Edited(..) | Told::Deleted(..) | Told::Refused | Told::Closed => {
                panic!("{kind:?} was told {told:?}")
            }
        });
        // Who says something over some dialects is answered, and told of the others' alone.
        let is_own = |text: &String| text.ends_with(&format!("-{own}"));
        let (echoes, heard): (Vec<_>, Vec<_>) = heard.partition(is_own);
        assert!(
            echoes.is_empty() || echoes.len() == said.iter().filter(|text| is_own(text)).count()
        );
        let others = said.iter().filter(|text| !is_own(text)).cloned();
        let (mut heard, mut expected) = (heard, others.collect::<Vec<_>>());
        heard.sort_unstable();
        expected.sort_unstable();
        assert!(
            heard == expected,
            "{kind:?} heard {} of {}",
            heard.len(),
            expected.len()
        );
    }
    took.sort();
    println!(
        "{TALKERS} connections, {RELOADS} reloads: median {:?}, longest {:?}",
        took[RELOADS / 2],
        took[RELOADS - 1]
    );
}

#[tokio::test]
async fn a_listener_that_went_says_farewell_and_the_others_stay() {
    let address = free();
    let extra = listener("jim", "extra", address, "");
    let (daemon, written) = Daemon::reloadable(&extra).await;
    let mut stays = daemon.guest_in("anna", "#tea").await;
    let mut goes = Jim::new(daemon.client("extra").await);
    goes.hello("boris").await;
    goes.join("#tea").await;
    let changes = daemon.reload(&written, "").await.unwrap();
    assert_eq!(changes, [format!("listener extra: removed from {address}")]);
    goes.notice(101).await;
    goes.end().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(stays.say("#tea", "still here").await, 200);
    // It comes back where it was.
    let changes = daemon.reload(&written, &extra).await.unwrap();
    assert_eq!(changes, [format!("listener extra: added on {address}")]);
    Jim::new(daemon.client("extra").await).hello("clara").await;
}

#[tokio::test]
async fn who_came_by_a_listener_that_went_is_told_that_and_of_no_shutdown() {
    const CLOSED: &str = "The operator has closed or moved this port";
    let extra = [
        listener("jim", "x-jim", free(), ""),
        listener("talker", "x-talker", free(), ""),
        listener("purpose", "x-purpose.1", free(), "revision = 1"),
        listener("purpose", "x-purpose.2", free(), "revision = 2"),
        listener("uchat", "x-uchat", free(), ""),
    ];
    let (daemon, written) = Daemon::reloadable(&extra.concat()).await;
    for login in ["clara", "dora", "emil", "fay"] {
        daemon.account(login).await;
    }
    let mut anna = Jim::new(daemon.client("x-jim").await);
    anna.hello("anna").await;
    let mut stranger = Jim::new(daemon.client("x-jim").await);
    stranger.expect(400, json!({"action": "probe"})).await;
    let mut clara = Talker::new(daemon.client("x-talker").await);
    clara.enter("clara", "tea").await;
    let mut purpose = Vec::new();
    for (revision, login) in [(1, "dora"), (2, "emil")] {
        let client = daemon.client(&format!("x-purpose.{revision}")).await;
        let mut client = Purpose::new(client, revision);
        client.log_in(login).await;
        purpose.push(client);
    }
    let mut fay = Uchat::new(daemon.client("x-uchat").await);
    fay.log_in("fay").await;
    daemon.reload(&written, "").await.unwrap();
    for jim in [&mut anna, &mut stranger] {
        assert_eq!(jim.notice(101).await, CLOSED);
        jim.end().await;
    }
    clara.refused(CLOSED).await;
    for client in &mut purpose {
        client.disconnected().await;
    }
    assert_eq!(fay.error(7).await, CLOSED);
    fay.end().await;
    // The gateway goes on, and so do their sessions: what let them in lets them in elsewhere.
    let mut again = daemon.uchat().await;
    let token = json!({"type": TOKEN, "token": fay.token});
    assert_eq!(again.ask(token).await["type"], TOKEN);
    for (revision, client) in [1, 2].into_iter().zip(purpose) {
        let mut again = daemon.purpose(revision).await;
        again.hello().await;
        again.accepted("RESTORE_SESSION", client.restoring()).await;
    }
    drop((anna, stranger, clara, fay));
    let counted = async {
        while daemon.hub().metrics().closed("listener_closed") < 6 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
}

#[tokio::test]
async fn a_listener_that_stays_keeps_its_connections_and_meets_new_ones_in_its_new_way() {
    let address = free();
    let (daemon, written) =
        Daemon::reloadable(&listener("jim", "door", address, "notices = []")).await;
    let mut before = Jim::new(daemon.client("door").await);
    before.hello("anna").await;
    before.join("#tea").await;
    // Another name, other notices, and in the end another dialect.
    let changed = listener("jim", "gate", address, "notices = [100, 101]");
    let changes = daemon.reload(&written, &changed).await.unwrap();
    assert_eq!(
        changes,
        [
            "listener gate: name: \"door\" -> \"gate\"",
            "listener gate: notices: [] -> [100, 101]"
        ]
    );
    let mut after = Jim::new(daemon.client("gate").await);
    after.hello("boris").await;
    after.join("#tea").await;
    let mut third = daemon.guest_in("clara", "#tea").await;
    after.notice(100).await;
    before.hears_nothing().await;
    let changes = daemon
        .reload(&written, &listener("talker", "gate", address, ""))
        .await
        .unwrap();
    assert_eq!(changes, ["listener gate: dialect: \"jim\" -> \"talker\""]);
    daemon.account("dora").await;
    let mut talker = Talker::new(daemon.client("gate").await);
    talker.enter("dora", "tea").await;
    after.notice(100).await;
    assert_eq!(third.say("#tea", "to all").await, 200);
    for jim in [&mut before, &mut after] {
        jim.hears("clara", "#tea", "to all").await;
    }
    talker.hears("clara", "to all").await;
}

#[tokio::test]
async fn limits_hold_for_those_who_come_later_and_nobody_is_turned_out() {
    let (daemon, written) = Daemon::reloadable("").await;
    let mut inside = Vec::new();
    for name in ["anna", "boris", "clara"] {
        inside.push(daemon.guest(name).await);
    }
    for limit in [
        "limits.connections = 2",
        "limits.connections_per_address = 3",
    ] {
        daemon.reload(&written, limit).await.unwrap();
        assert_eq!(daemon.jim().await.code().await, 503, "{limit}");
    }
    daemon
        .reload(
            &written,
            "accounts.guests = false\nlimits.rooms_per_user = 1",
        )
        .await
        .unwrap();
    let mut late = daemon.jim().await;
    assert!(late.ask(presence("dora")).await["response"] != 200);
    for jim in &mut inside {
        jim.join("#first").await;
        jim.expect(403, json!({"action": "join", "room": "#second"}))
            .await;
    }
    daemon
        .reload(
            &written,
            "rooms.create = ['lobby', 'late']\nrooms.create_on_join = false",
        )
        .await
        .unwrap();
    let mut late = daemon.guest("dora").await;
    assert_eq!(late.join("#late").await, 200);
    late.expect(404, json!({"action": "join", "room": "#nowhere"}))
        .await;
}

#[tokio::test]
async fn what_is_wrong_or_cannot_be_had_changes_nothing() {
    let (daemon, written) = Daemon::reloadable("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let wrong = daemon
        .reload(&written, "limits.burst = 'many'\nlimits.brust = 1")
        .await;
    let Err(ReloadError::Configuration(wrong)) = wrong else {
        panic!("{wrong:?}");
    };
    assert_eq!(wrong.all().count(), 2);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = free();
    let more = format!(
        "accounts.guests = false\n{}{}",
        listener("jim", "first", free, ""),
        listener("jim", "second", taken.local_addr().unwrap(), "")
    );
    let refused = daemon
        .reload(&written, &more)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("listener second cannot bind"),
        "{refused}"
    );
    assert!(tokio::net::TcpStream::connect(free).await.is_err());
    daemon.guest("boris").await;
    assert_eq!(anna.say("#tea", "as before").await, 200);
    assert_eq!(
        daemon.reload(&written, "").await.unwrap(),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn an_address_may_become_a_part_of_itself_and_is_given_back_where_that_fails() {
    let port = free().port();
    let all = listener(
        "jim",
        "door",
        format!("0.0.0.0:{port}").parse().unwrap(),
        "",
    );
    let (daemon, written) = Daemon::reloadable(&all).await;
    let here = listener(
        "jim",
        "door",
        format!("127.0.0.1:{port}").parse().unwrap(),
        "",
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let failing = here.clone() + &listener("jim", "taken", taken.local_addr().unwrap(), "");
    let mut before = Jim::new(daemon.client("door").await);
    before.hello("anna").await;
    daemon.reload(&written, &failing).await.unwrap_err();
    assert!(daemon.address("door").ip().is_unspecified());
    let again = Client::tcp(SocketAddr::from(([127, 0, 0, 1], port))).await;
    Jim::new(again).hello("boris").await;
    let changes = daemon.reload(&written, &here).await.unwrap();
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert!(daemon.address("door").ip().is_loopback());
    before.notice(101).await;
    Jim::new(daemon.client("door").await).hello("clara").await;
}

#[tokio::test]
async fn a_certificate_is_read_again_and_one_that_does_not_fit_leaves_the_old_one() {
    let authority = crate::support::tls::Authority::new();
    let more = authority.config();
    let (daemon, written) = Daemon::reloadable(&more).await;
    let tls = authority.trust();
    let mut before = Jim::new(daemon.tls("jim", &tls).await);
    before.hello("anna").await;
    before.join("#tea").await;
    let shown = async || {
        let stream = crate::support::tls::shake_hands(daemon.address("jim"), &tls)
            .await
            .unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    };
    let first = shown().await;
    std::fs::copy(authority.path("server.key"), authority.path("old.key")).unwrap();
    authority.vouch("server", 4096);
    let changes = daemon.reload(&written, &more).await.unwrap();
    assert!(
        changes.len() == 1 && changes[0].starts_with("tls: the certificate is another: SHA-256 "),
        "{changes:?}"
    );
    let second = shown().await;
    assert!(first != second);
    std::fs::copy(authority.path("old.key"), authority.path("server.key")).unwrap();
    let refused = daemon
        .reload(&written, &more)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("tls.key") && refused.contains("does not fit"),
        "{refused}"
    );
    assert!(shown().await == second);
    assert_eq!(before.say("#tea", "through all of it").await, 200);
}
