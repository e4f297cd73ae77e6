//! What nodes that share a store learn of each other by it.

use super::*;
use crate::commands::{RemoveUser, RevokeToken, SetDisabled};
use crate::model::{News, Seq};
use crate::store::NewsPlace;

pub(super) async fn the_last_places_of_rooms(bench: &Bench) {
    let anna = bench.account("anna");
    let (tea, coffee) = (bench.room("tea", anna), bench.room("coffee", anna));
    bench.say(anna, tea, "hello");
    let asked = [tea, RoomId(99), coffee];
    let mut seqs = bench.store.seqs(&asked).await.unwrap();
    seqs.sort();
    let stored = bench.store.room(tea).await.unwrap().unwrap().room.seq;
    assert_eq!(seqs, [(tea, stored), (coffee, Seq(stored.0 - 1))]);
    assert_eq!(bench.store.seqs(&[]).await.unwrap(), []);
}

async fn news_after(bench: &Bench, place: &NewsPlace) -> (Vec<News>, NewsPlace) {
    let page = bench.store.news(Some(place)).await.unwrap();
    assert!(!page.is_torn);
    (page.news, page.next)
}

/// A store that only one process can open has none.
pub(super) async fn news_say_where_to_look_in_order(bench: &Bench) {
    let (anna, boris) = (bench.account("anna"), bench.account("boris"));
    let start = bench.store.news(None).await.unwrap();
    assert!(start.news.is_empty() && !start.is_torn);
    let room = bench.room("tea", anna);
    bench.enter(boris, room);
    let off = SetDisabled {
        user: who(boris),
        disabled: true,
    };
    bench.operator(off).unwrap();
    // What is refused is no news.
    let revoke = RevokeToken {
        user: who(anna),
        id: Some(crate::model::TokenId(99)),
    };
    bench.operator(revoke).unwrap_err();
    let joined = |user, seq| News::Joined {
        room,
        user,
        seq: Seq(seq),
    };
    let (news, next) = news_after(bench, &start.next).await;
    let all = [joined(anna, 2), joined(boris, 3), News::User(boris)];
    assert!(news == all || news.is_empty(), "{news:?}");
    assert_eq!(news_after(bench, &next).await.0, []);
    bench.operator(RemoveUser { user: who(boris) }).unwrap();
    let (later, _) = news_after(bench, &next).await;
    assert!(later == [News::User(boris)] || news.is_empty(), "{later:?}");
}
