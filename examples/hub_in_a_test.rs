//! A hub alone in a test, on virtual time: half a minute passes at once.
//! `cargo run --example hub_in_a_test`

use std::error::Error;
use std::time::Duration;

use tokio::time::Instant;
use tolmach::commands::LogInGuest;
use tolmach::hub::{Events, Hub, Scope, Session};
use tolmach::model::{Event, PresenceChange};

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

/// Who breaks off is idle at first, and gone after the grace.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let hub = Hub::builder().start().await?;
    let (_anna, mut events) = guest(&hub, "anna").await?;
    let (boris, _) = guest(&hub, "boris").await?;
    assert_eq!(boris_is(&mut events).await, Some(PresenceChange::Online));

    let before = Instant::now();
    drop(boris);
    assert_eq!(boris_is(&mut events).await, Some(PresenceChange::Idle));
    assert_eq!(boris_is(&mut events).await, Some(PresenceChange::Offline));
    let passed = before.elapsed();
    assert!(passed >= Duration::from_secs(30), "{passed:?}");
    println!("boris was gone after {} s", passed.as_secs());
    hub.stop().await;
    Ok(())
}

async fn guest(hub: &Hub, name: &str) -> Result<(Session, Events), Box<dyn Error>> {
    let (mut session, events) = hub.attach("test", Scope::AllRooms);
    let name = name.to_owned();
    session.call(LogInGuest { name }).await?;
    session.enter("tea").await?;
    Ok((session, events))
}

async fn boris_is(events: &mut Events) -> Option<PresenceChange> {
    loop {
        let event = events.next().await?;
        if let Event::Presence(event) = &*event
            && event.who.user.login == "boris"
        {
            return Some(event.change);
        }
    }
}
