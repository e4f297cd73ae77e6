//! What no `Debug` of a public type shows, beside the commands': src/hub/commands/tests.rs has those.

use std::sync::Arc;

use tolmach::commands::RoomOutcome;
use tolmach::model::{Seq, Timestamp, TokenId, TokenInfo, TokenKind};
use tolmach::settings::{Value, Written};
use tolmach::store::{RoomRow, RowKey, RowKeys, TokenRow, UserRow};

use crate::support::{World, create_room};

const MARKER: &str = "hunter2";

#[tokio::test]
async fn no_debug_of_a_row_or_of_what_was_written_shows_a_secret() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    let made = anna
        .ok(create_room("tea", tolmach::model::RoomKind::Public))
        .await;
    let secret = || Some(MARKER.to_owned());
    let user = UserRow::new(anna.session.user().unwrap(), None, secret());
    let room = Arc::new(RoomRow::new((*made.room).clone(), secret()));
    let outcome = RoomOutcome {
        room: room.clone(),
        created: true,
        seq: Seq(1),
        user: None,
    };
    let info = TokenInfo {
        id: TokenId(1),
        user: user.user.id,
        kind: TokenKind::Api,
        created: Timestamp(0),
        used: None,
        address: None,
    };
    let token = TokenRow {
        info,
        hash: [201; 32],
    };
    let mut keys = RowKeys::default();
    keys.add(RowKey::TokenHash(token.hash));
    let list = vec![Written::new(Value::Text(MARKER.to_owned()), 1)];
    let written = Written::new(Value::List(list), 1);
    let text = Written::new(Value::Text(MARKER.to_owned()), 1);
    for shown in [
        format!("{user:?} {user:#?}"),
        format!("{room:?} {room:#?}"),
        format!("{outcome:?}"),
        format!("{token:?}"),
        format!("{keys:?}"),
        format!("{written:?} {text:?} {:?}", text.value),
    ] {
        assert!(!shown.contains(MARKER) && !shown.contains("201"), "{shown}");
        assert!(shown.len() > 20, "{shown}");
    }
    // Whether there is one is no secret.
    let without = UserRow::new(user.user.clone(), None, None);
    assert_ne!(format!("{user:?}"), format!("{without:?}"));
}
