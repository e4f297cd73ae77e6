//! Contact lists: who may do what with them, and how long they last.

use tolmach::commands::{self, AnyCommand};
use tolmach::model::Error;

use crate::support::{Client, World, login, register};

fn add(user: &str) -> commands::AddContact {
    commands::AddContact { user: login(user) }
}

fn remove(user: &str) -> commands::RemoveContact {
    commands::RemoveContact { user: login(user) }
}

async fn contacts(client: &mut Client) -> Vec<String> {
    let users = client.ok(commands::Contacts).await;
    users.iter().map(|user| user.login.clone()).collect()
}

#[tokio::test]
async fn who_may_do_what() {
    for world in World::of_each_kind().await {
        let [mut anna, _boris] = world.accounts(["anna", "boris"]).await;
        let mut visitor = world.guest("visitor").await;
        let mut stranger = world.client();
        let rows: [(AnyCommand, &str); 8] = [
            (commands::Contacts.into(), "yy00"),
            (add("boris").into(), "yy00"),
            (add("BORIS").into(), "yy00"),
            (add("visitor").into(), "yy00"),
            (add("nobody").into(), "uu0u"),
            (remove("boris").into(), "yy00"),
            (remove("boris").into(), "uu00"),
            (remove("anna").into(), "uu00"),
        ];
        for (command, expected) in rows {
            let outcomes = [
                anna.call(command.clone()).await,
                visitor.call(command.clone()).await,
                stranger.call(command.clone()).await,
                world.hub.operate(command.clone()).await,
            ];
            let row: String = outcomes
                .iter()
                .map(|outcome| match outcome {
                    Ok(_) => 'y',
                    Err(Error::NoSuchUser) => 'u',
                    Err(Error::Unauthenticated) => '0',
                    Err(_) => '!',
                })
                .collect();
            assert_eq!(row, expected, "{command:?}");
        }
        assert_eq!(contacts(&mut anna).await, ["visitor"]);
        assert_eq!(contacts(&mut visitor).await, ["visitor"]);
    }
}

#[tokio::test]
async fn an_accounts_contacts_last_and_are_the_same_in_all_its_sessions() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    for user in ["clara", "boris"] {
        world.op(register(user)).await;
        anna.ok(add(user)).await;
    }
    anna.session.farewell();
    let (mut first, mut second) = (world.again("anna").await, world.again("anna").await);
    assert_eq!(contacts(&mut first).await, ["clara", "boris"]);
    first.ok(remove("clara")).await;
    assert_eq!(contacts(&mut second).await, ["boris"]);
    world
        .op(commands::RemoveUser {
            user: login("boris"),
        })
        .await;
    assert!(contacts(&mut second).await.is_empty());
}

#[tokio::test]
async fn a_guests_contacts_end_with_it_and_a_guest_that_is_gone_is_no_contact() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    let mut visitor = world.guest("visitor").await;
    visitor.ok(add("anna")).await;
    anna.ok(add("visitor")).await;
    visitor.session.farewell();
    world.settled().await;
    assert!(contacts(&mut anna).await.is_empty());
    let mut again = world.guest("visitor").await;
    assert!(contacts(&mut again).await.is_empty());
}

#[tokio::test]
async fn a_guest_who_becomes_an_account_keeps_its_contacts() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    let mut visitor = world.guest("visitor").await;
    visitor.ok(add("anna")).await;
    anna.ok(add("visitor")).await;
    visitor.ok(register("visitor")).await;
    visitor.session.farewell();
    world.settled().await;
    let mut visitor = world.again("visitor").await;
    assert_eq!(contacts(&mut visitor).await, ["anna"]);
    assert_eq!(contacts(&mut anna).await, ["visitor"]);
}
