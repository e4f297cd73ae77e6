//! What all connections together hold of frames that are not whole yet is bounded, also before anybody has logged in.

use serde_json::json;

use crate::support::Daemon;

/// Bytes of a frame that does not end; two of them are more than the limit.
const BEGUN: usize = 400_000;
const LIMIT: &str = "limits.receiving_total_bytes = 500000";

#[tokio::test]
async fn strangers_cannot_fill_the_memory_with_frames_that_do_not_end() {
    let daemon = Daemon::start(LIMIT).await;
    daemon.account("anna").await;
    // What was written there is received, but for the last kilobyte.
    let mut anna = daemon.talker_in("anna", "tea").await;
    let mut first = daemon.memory("talker", 1024);
    first.send("{".to_owned() + &" ".repeat(BEGUN)).await;
    let mut talker = daemon.memory("talker", 1024);
    talker.try_send("{".to_owned() + &" ".repeat(BEGUN)).await;
    assert_eq!(
        talker.next().await,
        json!({"type": "error", "message": "Too much is being received at once; try again later"})
    );
    talker.end().await;
    let mut uchat = daemon.memory("uchat", 1024);
    uchat.try_send("{".to_owned() + &" ".repeat(BEGUN)).await;
    assert_eq!(uchat.next().await["error_code"], 6);
    uchat.end().await;
    let mut purpose = daemon.memory("purpose.2", 1024);
    let body = vec![b'x'; BEGUN];
    let header = [&1_000_000_u32.to_le_bytes()[..], &[0x20, 1]].concat();
    purpose.try_send([header, body].concat()).await;
    assert_eq!(purpose.bytes(6).await.unwrap()[4], 3);
    // Who says what others say too is served all the time.
    anna.said("still here").await;
}

#[tokio::test]
async fn a_frame_that_is_whole_makes_room_for_the_next() {
    let daemon = Daemon::start(LIMIT).await;
    daemon.account("anna").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    let long = "x".repeat(BEGUN);
    for _ in 0..3 {
        assert_eq!(anna.said(&long).await["content"], long.as_str());
        // The one before is done when this is answered.
        anna.said("short").await;
    }
}
