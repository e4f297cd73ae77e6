//! Bans from the whole gateway: addresses, networks and logins, for a time or until they are lifted.

use std::net::IpAddr;
use std::time::Duration;

use tolmach::commands::{self, Command};
use tolmach::model::{BanSubject, Error, UserSelector};

use crate::support::{Client, World, guest, log_in, login, password, register, token};

fn from(address: &str) -> IpAddr {
    address.parse().unwrap()
}

fn network(text: &str) -> BanSubject {
    BanSubject::Network(text.parse().unwrap())
}

fn named(text: &str) -> BanSubject {
    BanSubject::Login(text.to_owned())
}

fn ban(subject: BanSubject, term: Option<Duration>) -> commands::AddBan {
    commands::AddBan {
        subject,
        term,
        reason: "spam\nand more".to_owned(),
    }
}

/// Why a login is refused; it must be.
async fn refused<C: Command>(client: &mut Client, command: C) -> String {
    match client.call(command).await {
        Err(Error::NotAllowed(why)) => why,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("let in"),
    }
}

#[tokio::test]
async fn a_network_is_kept_out_and_its_sessions_end() {
    for world in World::of_each_kind().await {
        world.op(register("anna")).await;
        let mut inside = world.client_from(from("192.0.2.9"));
        inside.ok(log_in("anna", password("anna"))).await;
        let mut mapped = world.client_from(from("::ffff:192.0.2.10"));
        mapped.ok(guest("boris")).await;
        let mut outside = world.client_from(from("192.0.3.1"));
        outside.ok(guest("clara")).await;
        let nobody_yet = &mut world.client_from(from("192.0.2.11"));

        let added = world.op(ban(network("192.0.2.0/24"), None)).await;
        assert_eq!(added.ended, 2);
        assert_eq!(added.ban.reason, "spam and more");
        world.settled().await;
        for client in [&mut inside, &mut mapped] {
            assert_eq!(client.heard(), ["ended BannedFromGateway"]);
            assert!(client.call(commands::MyRooms).await.is_err());
        }
        assert_eq!(outside.heard(), [""; 0]);
        assert_eq!(outside.my_rooms().await, [""; 0]);
        let told = "your address is banned from this gateway: spam and more";
        assert_eq!(
            refused(nobody_yet, log_in("anna", password("anna"))).await,
            told
        );
        assert_eq!(refused(nobody_yet, guest("dora")).await, told);
        assert_eq!(refused(nobody_yet, register("dora")).await, told);
        assert!(world.hub.is_banned(from("::ffff:192.0.2.1")));
        assert!(!world.hub.is_banned(from("192.0.3.1")));
        // A wrong password is told no more than anybody's.
        let wrong = log_in("anna", password("wrong"));
        assert_eq!(nobody_yet.err(wrong).await, Error::BadCredentials);

        let subject = network("192.0.2.77/24");
        world.op(commands::RemoveBan { subject }).await;
        nobody_yet.ok(guest("dora")).await;
        assert!(!world.hub.is_banned(from("192.0.2.1")));
        assert_eq!(world.op(commands::Bans).await, []);
        let subject = network("192.0.2.0/24");
        assert_eq!(
            world.op_err(commands::RemoveBan { subject }).await,
            Error::NoSuchUser
        );
    }
}

/// Whom the bans that hold keep out.
async fn listed(world: &World) -> Vec<String> {
    let bans = world.op(commands::Bans).await;
    bans.iter().map(|ban| ban.subject.to_string()).collect()
}

fn rename(from: &str, to: &str) -> commands::RenameUser {
    commands::RenameUser {
        user: login(from),
        login: to.into(),
    }
}

const TOLD: &str = "you are banned from this gateway: spam and more";

#[tokio::test]
async fn an_account_is_kept_out_whatever_it_is_called_and_nobody_else() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let commands::NewToken { value, .. } = anna
            .ok(commands::CreateToken {
                user: login("anna"),
                value: None,
            })
            .await;
        assert_eq!(world.op(ban(named("ANNA"), None)).await.ended, 1);
        world.settled().await;
        assert_eq!(anna.heard(), ["ended BannedFromGateway"]);
        let again = &mut world.client();
        assert_eq!(refused(again, log_in("anna", password("anna"))).await, TOLD);
        assert_eq!(refused(again, token(&value.0)).await, TOLD);
        let identify = commands::Identify { token: value };
        assert_eq!(refused(again, identify).await, TOLD);
        // The list shows the login that it has now, and that is the one to lift and to ban anew.
        world.op(rename("anna", "Anja")).await;
        assert_eq!(listed(&world).await, ["anja"]);
        assert_eq!(refused(again, log_in("anja", password("anna"))).await, TOLD);
        // Who has the name now is somebody else, whose ban lifts nobody's.
        let mut other = world.account("anna").await;
        assert_eq!(world.op(ban(named("anna"), None)).await.ended, 1);
        world.settled().await;
        assert_eq!(other.heard(), ["ended BannedFromGateway"]);
        assert_eq!(listed(&world).await, ["anja", "anna"]);
        assert_eq!(refused(again, log_in("anja", password("anna"))).await, TOLD);
        let lift = |login| commands::RemoveBan {
            subject: named(login),
        };
        world.op(lift("Anna")).await;
        assert_eq!(refused(again, log_in("anja", password("anna"))).await, TOLD);
        world.op(lift("Anja")).await;
        again.ok(log_in("anja", password("anna"))).await;
        assert_eq!(listed(&world).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_ban_outlives_the_account_that_had_the_login() {
    for world in World::of_each_kind().await {
        let id = world.account("eve").await.user();
        world.op(ban(named("eve"), None)).await;
        world.op(commands::RemoveUser { user: login("eve") }).await;
        assert_eq!(listed(&world).await, ["eve"]);
        let again = &mut world.client();
        assert_eq!(refused(again, guest("EVE")).await, TOLD);
        assert_eq!(refused(again, register("Eve")).await, TOLD);
        assert!(world.op(commands::Users).await.is_empty());
        // The operator may make the account, and it is kept out until the ban is lifted; not by the end of the one before.
        world.op(register("eve")).await;
        assert_eq!(refused(again, log_in("eve", password("eve"))).await, TOLD);
        let mut place = commands::Place::Start;
        while place != commands::Place::Over {
            let user = UserSelector::Id(id);
            place = world.op(commands::EraseUser { user, place }).await.place;
        }
        assert_eq!(refused(again, log_in("eve", password("eve"))).await, TOLD);
        let subject = named("eve");
        world.op(commands::RemoveBan { subject }).await;
        again.ok(log_in("eve", password("eve"))).await;
    }
}

#[tokio::test]
async fn nobody_comes_to_a_banned_login_by_another_way() {
    for world in World::of_each_kind().await {
        let mut mallory = world.guest("mallory").await;
        world.op(ban(named("ivan"), None)).await;
        assert_eq!(refused(&mut mallory, register("ivan")).await, TOLD);
        assert_eq!(refused(&mut world.client(), register("IVAN")).await, TOLD);
        assert!(world.op(commands::Users).await.is_empty());
        world.op(register("anna")).await;
        let why = "this login is banned from the gateway; lift the ban first";
        let refused = world.op_err(rename("anna", "Ivan")).await;
        assert_eq!(refused, Error::NotAllowed(why.into()));
        // A ban that is put on a login first goes along with who is given it.
        world.op(register("ivan")).await;
        world.op(rename("ivan", "ivo")).await;
        assert_eq!(listed(&world).await, ["ivo"]);
        world.op(rename("anna", "ivan")).await;
        world.client().ok(log_in("ivan", password("anna"))).await;
    }
}

#[tokio::test]
async fn a_name_that_no_account_has_binds_guests_of_it() {
    let world = World::new().await;
    let mut mallory = world.guest("mallory").await;
    assert_eq!(world.op(ban(named("Mallory"), None)).await.ended, 1);
    world.settled().await;
    assert_eq!(mallory.heard(), ["ended BannedFromGateway"]);
    let told = refused(&mut world.client(), guest("MALLORY")).await;
    assert_eq!(told, "you are banned from this gateway: spam and more");
    world.guest("trent").await;
}

#[tokio::test]
async fn a_ban_is_over_by_itself() {
    for world in World::of_each_kind().await {
        let term = Duration::from_millis(50);
        let added = world.op(ban(network("2001:db8::/32"), Some(term))).await;
        let until = added.ban.until.unwrap();
        assert_eq!(until.0 - added.ban.created.0, 50);
        let mut client = world.client_from(from("2001:db8::1"));
        while let Err(error) = client.call(guest("boris")).await {
            let Error::NotAllowed(why) = error else {
                panic!("{error:?}")
            };
            assert!(why.starts_with("your address is banned from this gateway until 2"));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(tolmach::model::Timestamp::now() >= until);
        assert_eq!(world.op(commands::Bans).await, []);
        let subject = network("2001:db8::/32");
        assert_eq!(
            world.op_err(commands::RemoveBan { subject }).await,
            Error::NoSuchUser
        );
        // The next ban takes what is over out of the store.
        world.op(ban(named("x"), None)).await;
        assert_eq!(world.store.gateway_bans().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn only_the_operator_bans_and_a_ban_is_replaced_by_another_of_its_subject() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    assert!(matches!(
        anna.err(ban(network("::/0"), None)).await,
        Error::NotAllowed(_)
    ));
    assert!(matches!(
        anna.err(commands::Bans).await,
        Error::NotAllowed(_)
    ));
    let day = Duration::from_secs(86_400);
    world.op(ban(network("192.0.2.7"), None)).await;
    world.op(ban(network("::ffff:192.0.2.7"), Some(day))).await;
    let bans = world.op(commands::Bans).await;
    assert_eq!(bans.len(), 1);
    assert!(bans[0].until.is_some());
    let because = |chars| commands::AddBan {
        reason: "é".repeat(chars),
        ..ban(named("x"), None)
    };
    world.op(because(200)).await;
    let long = world.op_err(because(201)).await;
    assert!(matches!(long, Error::Invalid { .. }));
    let bad = world.op_err(ban(named("a b"), None)).await;
    assert!(matches!(bad, Error::Invalid { .. }));
}

#[tokio::test]
async fn bans_hold_over_a_restart() {
    let world = World::in_a_file().await;
    world.op(register("anna")).await;
    world.op(ban(named("anna"), None)).await;
    world.op(ban(network("192.0.2.7"), None)).await;
    let after = world.killed().await;
    let shown = |bans: Vec<tolmach::model::GatewayBan>| {
        let subjects = bans.iter().map(|ban| ban.subject.to_string());
        subjects.collect::<Vec<_>>()
    };
    assert_eq!(shown(after.op(commands::Bans).await), ["192.0.2.7", "anna"]);
    assert!(after.hub.is_banned(from("192.0.2.7")));
    let mut anna = after.client();
    refused(&mut anna, log_in("anna", password("anna"))).await;
}
