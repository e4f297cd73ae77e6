//! The purpose-byte protocol: REQUEST_CHAT_MSG, "all created or updated in [from, to], oldest first; an answer that
//! would pass 4 MiB ends with a whole second, from which the client can go on".

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tolmach::store::SqliteStore;

use crate::support::{Message, Past, Purpose, int, long, messages, room};

const MIB: usize = 1024 * 1024;
/// A second long ago.
const THEN: i64 = 1_700_000_000;

async fn request(anna: &mut Purpose, chat: i32, from: i64, to: i64) -> (Vec<Message>, usize) {
    let body = [int(chat), long(from), long(to)].concat();
    let answer = anna.accepted("REQUEST_CHAT_MSG", body).await;
    (messages(&answer), answer.len())
}

/// For which second of those that were asked for a message comes.
fn place(message: &Message, from: i64) -> i64 {
    if message.created >= from {
        message.created
    } else {
        message.updated
    }
}

/// Goes on from where each answer ended until nothing more comes; all that came, the last of each, and how many answers.
async fn read_all(
    anna: &mut Purpose,
    chat: i32,
    from: i64,
    to: i64,
) -> (BTreeMap<i32, Message>, usize) {
    let (mut all, mut next, mut answers) = (BTreeMap::new(), from, 0);
    loop {
        let (told, length) = request(anna, chat, next, to).await;
        let Some(last) = told.iter().map(|message| place(message, next)).max() else {
            return (all, answers);
        };
        answers += 1;
        assert!(
            told.is_sorted_by_key(|message| message.id),
            "not oldest first"
        );
        // However much it is, it goes beyond the second from which it was asked for.
        let seconds = told.iter().map(|message| place(message, next));
        let later: BTreeSet<i64> = seconds.filter(|second| *second > next).collect();
        assert!(
            length <= 4 * MIB || later.len() <= 1,
            "{length} bytes from {next} to {last}"
        );
        assert!(last >= next && last <= to, "{last} is not in {next}..={to}");
        all.extend(told.into_iter().map(|message| (message.id, message)));
        next = last + 1;
    }
}

#[tokio::test]
async fn a_history_of_30_000_messages_comes_whole_answer_after_answer() {
    let mut past = Past::in_memory().await;
    for n in 0..30_000_i64 {
        past.say(THEN * 1000 + n * 130, format!("{n:08}{}", "x".repeat(600)));
    }
    past.stored().await;
    let tea = past.tea;
    for revision in [1, 2] {
        let mut anna = past.daemon.purpose_of(revision, "anna").await;
        let (all, answers) = read_all(&mut anna, tea, 0, i64::MAX).await;
        assert_eq!(all.len(), 30_000);
        assert!(answers >= 5, "{answers}");
        // As `tolmach history` shows it.
        let texts: Vec<_> = all.into_values().map(|message| message.text).collect();
        assert!(texts == past.daemon.history(room("tea")).await);
    }
}

#[tokio::test]
async fn an_answer_ends_with_a_whole_second() {
    let mut past = Past::in_memory().await;
    // 1.5 MiB a second, in two halves.
    for n in 0..10 {
        past.say(
            (THEN + n / 2) * 1000 + 300 * (n % 2),
            "x".repeat(3 * MIB / 4),
        );
    }
    past.stored().await;
    let tea = past.tea;
    let mut anna = past.daemon.purpose_of(2, "anna").await;
    for (from, count, last) in [(0, 4, 1), (THEN, 4, 1), (THEN + 1, 4, 2), (THEN + 4, 2, 4)] {
        let (told, length) = request(&mut anna, tea, from, i64::MAX).await;
        assert_eq!(
            (told.len(), told[told.len() - 1].created),
            (count, THEN + last)
        );
        assert!(length < 4 * MIB);
    }
    assert_eq!(request(&mut anna, tea, THEN + 5, i64::MAX).await.0, []);
    // Both ends of what is asked for are in it.
    assert_eq!(request(&mut anna, tea, THEN + 1, THEN + 1).await.0.len(), 2);
    assert_eq!(request(&mut anna, tea, 0, THEN - 1).await.0, []);
    assert_eq!(request(&mut anna, tea, 0, THEN).await.0.len(), 2);
}

#[tokio::test]
async fn one_second_that_is_too_much_comes_whole() {
    let mut past = Past::in_memory().await;
    past.say(THEN * 1000 - 1, "before".to_owned());
    for n in 0..12 {
        past.say(THEN * 1000 + 80 * n, "x".repeat(MIB / 2));
    }
    past.say(THEN * 1000 + 1000, "after".to_owned());
    past.stored().await;
    let tea = past.tea;
    let mut anna = past.daemon.purpose_of(1, "anna").await;
    let (told, _) = request(&mut anna, tea, 0, i64::MAX).await;
    assert_eq!((told.len(), told[0].text.as_str()), (1, "before"));
    // Who goes on from the second that an answer ended with comes further.
    let (told, length) = request(&mut anna, tea, THEN - 1, i64::MAX).await;
    assert_eq!((told.len(), told[12].created), (13, THEN));
    assert!(length > 6 * MIB);
    let (told, _) = request(&mut anna, tea, THEN, i64::MAX).await;
    assert_eq!((told.len(), told[12].text.as_str()), (13, "after"));
    assert_eq!(request(&mut anna, tea, THEN, THEN).await.0.len(), 12);
    let (all, answers) = read_all(&mut anna, tea, 0, i64::MAX).await;
    assert_eq!((all.len(), answers), (14, 2));
}

#[tokio::test]
async fn old_messages_that_were_edited_come_for_the_second_of_their_edit() {
    let mut past = Past::in_memory().await;
    for n in 0..20 {
        past.say((THEN + n) * 1000, "old".to_owned());
    }
    let first = past.stored().await;
    // 10 MiB of edits, from the newest to the oldest, two a second; and one deletion.
    let later = THEN + 1000;
    for n in 0..20 {
        past.edit(
            (later + n / 2) * 1000,
            first + 19 - n,
            Some("y".repeat(MIB / 2)),
        );
    }
    past.edit((later + 10) * 1000, first, None);
    past.edited((later + 10) * 1000, first).await;
    let tea = past.tea;
    let mut anna = past.daemon.purpose_of(2, "anna").await;
    let (told, length) = request(&mut anna, tea, later, i64::MAX).await;
    assert!(length <= 4 * MIB);
    // Whole seconds: three of two messages each.
    assert_eq!(told.len(), 6);
    assert!(told.iter().all(|message| message.updated < later + 3));
    let (all, _) = read_all(&mut anna, tea, later, i64::MAX).await;
    assert_eq!(all.len(), 20);
    let deleted = &all[&(first as i32)];
    assert_eq!((deleted.status, deleted.text.as_str()), (2, ""));
    assert!(
        all.values()
            .skip(1)
            .all(|message| message.text.len() == MIB / 2)
    );
    // From the beginning they come for when they were created.
    let (all, _) = read_all(&mut anna, tea, 0, i64::MAX).await;
    assert_eq!(all.len(), 20);
    // Edits of one second that are too much come whole.
    for n in 0..20 {
        past.edit(
            (later + 500) * 1000 + n,
            first + n,
            Some("z".repeat(MIB / 2)),
        );
    }
    past.edited((later + 500) * 1000 + 19, first + 19).await;
    let (told, length) = request(&mut anna, tea, later + 20, i64::MAX).await;
    assert_eq!(told.len(), 19);
    assert!(length > 9 * MIB);
}

/// What happened in a random chat.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % limit
    }
}

/// Messages and edits at random; whoever reads any stretch of time gets all that was created or updated in it.
async fn nothing_is_lost(mut past: Past, seed: u64, rounds: usize) {
    let mut chance = Chance(seed);
    let count = 60;
    let mut said = Vec::new();
    for n in 0..count {
        let at = THEN * 1000 + n * 300 + chance.below(300);
        said.push((at, None));
        past.say(at, "x".repeat(chance.below(400_000) as usize));
    }
    let first = past.stored().await;
    let mut at = THEN * 1000 + count * 300;
    for _ in 0..40 {
        at += chance.below(700);
        let which = chance.below(count);
        let text = "y".repeat(chance.below(600_000) as usize);
        past.edit(at, first + which, Some(text));
        said[which as usize].1 = Some(at);
        // A store that writes in batches may still be at it.
        past.edited(at, first + which).await;
    }
    let mut anna = past.daemon.purpose_of(2, "anna").await;
    for _ in 0..rounds {
        let from = THEN - 2 + chance.below(count / 2);
        let to = from + chance.below(40);
        let within = |at: i64| (from..=to).contains(&(at / 1000));
        let expected: Vec<i32> = (first..)
            .zip(&said)
            .filter(|(_, (created, updated))| within(*created) || updated.is_some_and(within))
            .map(|(id, _)| id as i32)
            .collect();
        let (all, _) = read_all(&mut anna, past.tea, from, to).await;
        assert_eq!(
            all.into_keys().collect::<Vec<_>>(),
            expected,
            "{from}..={to} of {seed}"
        );
    }
}

#[tokio::test]
async fn whatever_was_said_and_edited_nothing_is_lost() {
    for seed in 0..3 {
        nothing_is_lost(Past::in_memory().await, seed, 12).await;
    }
}

#[tokio::test]
async fn nothing_is_lost_in_a_file_either() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tolmach.db");
    let past = Past::over(move |limits, sink| SqliteStore::open(&path, limits, sink).unwrap());
    nothing_is_lost(past.await, 77, 12).await;
}

#[tokio::test]
async fn what_was_said_over_some_real_seconds_comes_by_its_seconds() {
    let past = Past::in_memory().await;
    let mut anna = past.daemon.purpose_of(2, "anna").await;
    for n in 0..24 {
        anna.say(past.tea, &format!("{n:02}{}", "x".repeat(300_000)))
            .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (all, answers) = read_all(&mut anna, past.tea, 0, i64::MAX).await;
    let texts: Vec<_> = all.into_values().map(|message| message.text).collect();
    assert!(texts == past.daemon.history(room("tea")).await);
    assert!(answers > 1);
}

#[tokio::test]
async fn many_answers_at_once_wait_for_a_reader() {
    let mut past = Past::in_memory().await;
    for n in 0..8 {
        past.say((THEN + n) * 1000, "x".repeat(MIB / 2 - 100));
    }
    past.stored().await;
    let tea = past.tea;
    let mut anna = past.daemon.purpose_of(1, "anna").await;
    let mut stream = Vec::new();
    for task in 0..40 {
        stream.extend(anna.request("REQUEST_CHAT_MSG", task, [int(tea), long(0)].concat()));
    }
    anna.send(stream).await;
    for task in 0..40 {
        assert_eq!(messages(&anna.answer(task).await.body).len(), 8);
    }
}
