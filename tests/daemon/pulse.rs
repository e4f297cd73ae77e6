//! What a service manager's watchdog watches.

use crate::support::{PATIENCE, held_hub};

#[tokio::test]
async fn a_hub_that_is_stuck_does_not_answer() {
    let (hub, held) = held_hub().await;
    hub.answers().await;
    held.hold();
    let asked = hub.clone();
    let answer = tokio::spawn(async move { asked.answers().await });
    held.until(1).await;
    tokio::task::yield_now().await;
    assert!(!answer.is_finished());
    held.let_go();
    tokio::time::timeout(PATIENCE, answer)
        .await
        .unwrap()
        .unwrap();
    hub.stop().await;
    // That it refuses is an answer, too.
    hub.answers().await;
}
