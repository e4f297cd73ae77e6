//! What a user said, all of it, and its erasure.

use super::*;
use crate::commands::{BeginErasure, EndErasure, EraseMessages, EraseNames};
use crate::model::Seq;

/// What a user said, read so many of the gateway's messages at a time.
pub(in crate::store) async fn all_said(
    bench: &Bench,
    user: UserId,
    looks: usize,
) -> Vec<Arc<Message>> {
    let (mut all, mut after) = (Vec::new(), Some(MessageId(0)));
    while let Some(place) = after {
        let (said, next) = bench.store.said_by(user, place, looks).await.unwrap();
        assert!(said.iter().all(|message| message.id > place));
        all.extend(said);
        after = next;
    }
    all
}

pub(super) async fn what_a_user_said_is_read_a_part_at_a_time(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    bench.enter(bob, room);
    let mut own = Vec::new();
    for number in 0..5 {
        own.push(bench.say(anna, room, &format!("one {number}")).id);
        bench.say(bob, room, "between");
        own.push(bench.say(anna, other, &format!("two {number}")).id);
    }
    bench.by(anna, Delete { message: own[2] }).unwrap();
    for looks in [1, 2, 3, 15, 16, 1000] {
        let said = all_said(bench, anna, looks).await;
        let ids: Vec<_> = said.iter().map(|message| message.id).collect();
        assert_eq!(ids, own, "{looks}");
        assert!(said[2].deleted && said.iter().filter(|said| said.deleted).count() == 1);
    }
    let (said, next) = bench.store.said_by(bob, MessageId(0), 3).await.unwrap();
    assert_eq!((said.len(), next.is_some()), (1, true));
    let last = *own.last().unwrap();
    let (said, next) = bench.store.said_by(anna, last, 3).await.unwrap();
    assert_eq!((said.len(), next), (0, None));
}

pub(super) async fn an_account_is_erased_step_by_step(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let room = bench.room("lobby", bob);
    bench.enter(anna, room);
    let own: Vec<_> = (0..3)
        .map(|number| bench.say(anna, room, &format!("number {number}")).id)
        .collect();
    let others = bench.say(bob, room, "stays");
    assert_eq!(bench.store.erasing_accounts().await.unwrap(), []);
    let user = UserSelector::Id(anna);
    assert_eq!(
        bench.operator(BeginErasure { user }),
        Ok((anna, Vec::new()))
    );
    assert_eq!(bench.store.erasing_accounts().await.unwrap(), [anna]);
    let said = all_said(bench, anna, 2).await;
    assert_eq!(said.len(), own.len());
    let messages = own.clone();
    let touched = bench.operator(EraseMessages {
        user: anna,
        messages,
    });
    assert_eq!(touched, Ok(vec![(room, false); 3]));
    let mut after = Some((RoomId(0), Seq(0)));
    while let Some(place) = after {
        after = bench
            .operator(EraseNames {
                user: anna,
                after: place,
            })
            .unwrap();
    }
    for _ in 0..100 {
        if bench.operator(EndErasure { user: anna }).unwrap() {
            break;
        }
    }
    assert_eq!(bench.store.erasing_accounts().await.unwrap(), []);
    for id in own {
        let message = bench.store.message(id).await.unwrap().unwrap();
        assert_eq!((message.deleted, message.text.as_str()), (true, ""));
        assert_ne!(message.sender.login, "anna");
    }
    let kept = bench.store.message(others.id).await.unwrap().unwrap();
    assert_eq!(kept.text, "stays");
    assert_eq!(bench.store.user_by_login("anna").await.unwrap(), None);
    let changes = bench.store.changes(room, Seq(0), 100).await.unwrap();
    assert!(changes.iter().all(|change| change.actor.login != "anna"));
}
