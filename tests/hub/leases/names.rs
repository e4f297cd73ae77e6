//! What only one may have.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_name_has_one_connection_at_all_nodes() {
    let (_shared, east, west) = Shared::two().await;
    let first = enters(&east, "anna").await.unwrap();
    assert_eq!(
        enters(&west, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    // Over a dialect that lets her have several, she has.
    let _plain = west.again("anna").await;
    drop(first);
    east.settled().await;
    let second = enters(&west, "anna").await.unwrap();
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_displaced_from_another_node() {
    let (_shared, east, west) = Shared::two().await;
    let mut first = enters(&east, "anna").await.unwrap();
    first.session.set_silent(true);
    first.told();
    // The credentials come first.
    let mut wrong = exclusive(&west);
    assert_eq!(
        wrong.err(log_in("anna", password("wrong"))).await,
        Error::BadCredentials
    );
    assert_eq!(first.heard(), [""; 0]);
    let mut second = enters(&west, "anna").await.unwrap();
    assert_eq!(first.heard(), ["ended Displaced"]);
    assert_eq!(
        first.err(say(name("tea"), "me too")).await,
        Error::Unauthenticated
    );
    second.say(name("tea"), "it is me").await;
    // Who was displaced gives back nothing that is another's by now.
    drop(first);
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
    // The same connection may say once more who it is.
    second.ok(log_in("anna", password("anna"))).await;
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::AlreadyConnected)
    );
}

#[tokio::test(start_paused = true)]
async fn of_many_who_come_at_once_at_two_nodes_one_is_let_in() {
    let (_shared, east, west) = Shared::two().await;
    for displaced in [false, true] {
        let mut held = None;
        if displaced {
            let held = held.insert(enters(&east, "anna").await.unwrap());
            held.session.set_silent(true);
        }
        let (a, b, c, d) = tokio::join!(
            enters(&east, "anna"),
            enters(&west, "anna"),
            enters(&east, "anna"),
            enters(&west, "anna")
        );
        let mut all = vec![a, b, c, d];
        let seated = all.iter().filter(|come| come.is_ok()).count();
        let refused = |come: &&Result<Client, Error>| matches!(come, Err(error) if *error == Error::AlreadyConnected);
        assert_eq!((seated, all.iter().filter(refused).count()), (1, 3));
        all.clear();
        drop(held);
        east.settled().await;
        west.settled().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_to_nothing_holds_nothing() {
    let (_shared, east, west) = Shared::two().await;
    east.op(commands::SetDisabled {
        user: UserSelector::login("anna"),
        disabled: true,
    })
    .await;
    assert_eq!(
        enters(&east, "anna").await.err(),
        Some(Error::BadCredentials)
    );
    east.op(commands::SetDisabled {
        user: UserSelector::login("anna"),
        disabled: false,
    })
    .await;
    // Somebody who is gone before being told that it is somebody.
    let mut hasty = exclusive(&east);
    let asked = hasty.call(log_in("anna", password("anna")));
    assert!(timeout(Duration::ZERO, asked).await.is_err());
    drop(hasty);
    pass(Duration::from_secs(1)).await;
    enters(&west, "anna").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_guests_name_is_its_own_at_all_nodes() {
    let (_shared, east, west) = Shared::two().await;
    let mut gast = exclusive(&east);
    gast.ok(guest("gast")).await;
    assert_eq!(
        exclusive(&west).err(guest("Gast")).await,
        Error::AlreadyConnected
    );
    gast.session.set_silent(true);
    let mut newcomer = exclusive(&west);
    newcomer.ok(guest("Gast")).await;
    assert!(gast.heard().contains(&"ended NameTaken".to_owned()));
    assert_ne!(
        gast.session.user().map(|user| user.id),
        Some(newcomer.user())
    );
    // A guest that becomes an account keeps its connection.
    newcomer.ok(register("Gast")).await;
    assert_eq!(
        enters(&east, "Gast").await.err(),
        Some(Error::AlreadyConnected)
    );
}
