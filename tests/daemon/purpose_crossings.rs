//! The purpose-byte protocol among the others: what one dialect says, as the other is told it.

use serde_json::json;
use tolmach::commands;
use tolmach::model::MessageId;

use crate::support::{Daemon, Jim, Purpose, Talker, int, long, messages, text};

struct Four {
    one: Purpose,
    two: Purpose,
    jim: Jim,
    talker: Talker,
    tea: i32,
    /// The users' numbers: of one, of two, of the JIM client, of the Talker client.
    ids: [i32; 4],
}

/// Ones of revision 1 and 2, a JIM and a Talker client in one chat.
async fn four(daemon: &Daemon) -> Four {
    let mut ids = [0; 4];
    for (id, login) in ids.iter_mut().zip(["one", "two", "jim", "talker"]) {
        *id = daemon.account(login).await;
    }
    let mut jim = daemon.authenticated("jim").await;
    jim.join("#tea").await;
    let mut two = daemon.purpose_of(2, "two").await;
    let tea = two.chat("tea").await;
    two.does("JOIN_CHAT", int(tea)).await;
    let one = daemon.purpose_in(1, "one", tea).await;
    let talker = daemon.talker_in("talker", "tea").await;
    Four {
        one,
        two,
        jim,
        talker,
        tea,
        ids,
    }
}

impl Four {
    /// The two of this dialect are told this message; what they are told.
    async fn both_hear(&mut self, sender: i32, said: &str) -> [crate::support::Message; 2] {
        [
            self.one.hears(sender, self.tea, said).await,
            self.two.hears(sender, self.tea, said).await,
        ]
    }

    async fn quiet(&mut self) {
        self.one.hears_nothing().await;
        self.two.hears_nothing().await;
        self.jim.hears_nothing().await;
        self.talker.hears_nothing().await;
    }
}

#[tokio::test]
async fn all_see_what_each_says_and_the_sender_is_answered() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    let [one, two, jim, talker] = all.ids;
    for said in [
        "hello",
        "a\nb\tc",
        "👩‍👩‍👧‍👦 привет שלום",
        "\"quoted\" \\ \u{FFFD}",
    ] {
        all.one.say(all.tea, said).await;
        all.two.hears(one, all.tea, said).await;
        all.jim.hears("one", "#tea", said).await;
        all.talker.hears("one", said).await;
        all.two.say(all.tea, said).await;
        all.one.hears(two, all.tea, said).await;
        all.jim.hears("two", "#tea", said).await;
        all.talker.hears("two", said).await;
        assert_eq!(all.jim.say("#tea", said).await, 200);
        all.both_hear(jim, said).await;
        all.talker.hears("jim", said).await;
        all.talker.said(said).await;
        all.both_hear(talker, said).await;
        all.jim.hears("talker", "#tea", said).await;
    }
    // The hub makes a text clean.
    all.one.say(all.tea, "a\r\nb\rc\x01").await;
    all.two.hears(one, all.tea, "a\nb\nc\u{FFFD}").await;
    all.jim.hears("one", "#tea", "a\nb\nc\u{FFFD}").await;
    all.talker.hears("one", "a\nb\nc\u{FFFD}").await;
    all.quiet().await;
    let told: Vec<_> = all.one.history(all.tea, 0).await;
    assert_eq!(told, all.two.history(all.tea, 0).await);
    let texts: Vec<_> = told.into_iter().map(|message| message.text).collect();
    assert_eq!(texts, daemon.history(crate::support::room("tea")).await);
}

#[tokio::test]
async fn the_bytes_of_a_notification_are_the_pages() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    assert_eq!(all.jim.say("#tea", "hi").await, 200);
    let [one, two] = [
        all.one.told("MESSAGES").await,
        all.two.told("MESSAGES").await,
    ];
    let seen = all.two.message_of(&two);
    let body = [
        &seen.id.to_le_bytes()[..],
        &all.ids[2].to_le_bytes(),
        &all.tea.to_le_bytes(),
        &seen.created.to_le_bytes(),
        &seen.created.to_le_bytes(),
        &[0],
        b"hi\0",
    ]
    .concat();
    assert_eq!((two.purpose, &two.body), (0x30, &body));
    assert_eq!(one.purpose, 0x20);
    assert_eq!(one.body, [&all.tea.to_le_bytes()[..], &body].concat());
}

#[tokio::test]
async fn an_emote_is_a_text_that_begins_with_me() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    all.talker
        .write(json!({"type": "message", "content": "waves", "action": true}))
        .await;
    all.talker.event("message").await;
    all.both_hear(all.ids[3], "/me waves").await;
    all.jim.hears("talker", "#tea", "/me waves").await;
    all.two.say(all.tea, "/me bows").await;
    all.one.hears(all.ids[1], all.tea, "/me bows").await;
    assert_eq!(all.talker.hears("two", "bows").await["action"], true);
    let texts: Vec<_> = all.one.history(all.tea, 0).await;
    assert_eq!(texts[0].text, "/me waves");
    assert_eq!(texts[1].text, "/me bows");
}

#[tokio::test]
async fn an_edit_comes_again_with_a_newer_updated() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    let id = all.talker.said("helo").await["id"].clone();
    let before = all.both_hear(all.ids[3], "helo").await;
    all.jim.hears("talker", "#tea", "helo").await;
    all.talker
        .write(json!({"type": "message", "content": "hello", "edit": id}))
        .await;
    all.talker.hears("talker", "✎ hello").await;
    all.jim.hears("talker", "#tea", "✎ hello").await;
    let after = all.both_hear(all.ids[3], "hello").await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((before.id, before.created), (after.id, after.created));
        assert!(after.updated > before.updated && after.updated > after.created);
        assert_eq!(after.status, 0);
    }
    assert_eq!(all.one.history(all.tea, 0).await, [after[0].clone()]);
    all.quiet().await;
}

#[tokio::test]
async fn a_deletion_comes_again_as_status_2_without_text() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    let [one, two, ..] = all.ids;
    // By the operator, by its author, and not by anybody else.
    all.one.say(all.tea, "first").await;
    let first = all.two.hears(one, all.tea, "first").await;
    all.two.say(all.tea, "second").await;
    let second = all.one.hears(two, all.tea, "second").await;
    let third = {
        all.talker.hears("one", "first").await;
        all.talker.hears("two", "second").await;
        all.talker.said("third").await;
        all.both_hear(all.ids[3], "third").await[1].id
    };
    daemon
        .operate(commands::Delete {
            message: MessageId(first.id.into()),
        })
        .await;
    let gone = all.both_hear(one, "").await;
    assert_eq!((gone[0].id, gone[0].status), (first.id, 2));
    assert!(gone[0].updated > first.updated);
    assert_eq!(gone[0], gone[1]);
    all.two.does("DELETE_MSG", int(second.id)).await;
    let gone = all.one.hears(two, all.tea, "").await;
    assert_eq!((gone.id, gone.status), (second.id, 2));
    all.two.declined("DELETE_MSG", int(third)).await;
    for nothing in [0, -1, i32::MAX, i32::MIN] {
        let reason = all.two.declined("DELETE_MSG", int(nothing)).await;
        assert_eq!(reason, "no such message");
    }
    // Twice changes nothing.
    all.two.ask("DELETE_MSG", int(second.id)).await;
    let history = all.two.history(all.tea, 0).await;
    let shown: Vec<_> = history
        .iter()
        .map(|one| (one.status, one.text.as_str()))
        .collect();
    assert_eq!(shown, [(2, ""), (2, ""), (0, "third")]);
}

#[tokio::test]
async fn a_message_removed_for_me_is_gone_from_my_history_only() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    assert_eq!(all.jim.say("#tea", "secret").await, 200);
    let [shown, _] = all.both_hear(all.ids[2], "secret").await;
    all.two.does("REMOVE_MSG", int(shown.id)).await;
    assert_eq!(all.two.history(all.tea, 0).await, []);
    assert_eq!(all.one.history(all.tea, 0).await, [shown]);
    assert_eq!(
        daemon.purpose_of(2, "two").await.history(all.tea, 0).await,
        []
    );
    all.two.declined("REMOVE_MSG", int(-7)).await;
    all.one.hears_nothing().await;
}

#[tokio::test]
async fn a_message_is_seen_once_the_mark_of_another_member_has_reached_it() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    let mark = |time: i64| [int(all.tea), long(time)].concat();
    assert_eq!(all.two.accepted("GET_SEEN", int(all.tea)).await, long(0));
    all.one.say(all.tea, "seen?").await;
    let told = all.two.hears(all.ids[0], all.tea, "seen?").await;
    // The author's own mark does not count, nor one that ends before.
    all.one.does("MARK_SEEN", mark(told.created)).await;
    all.two.does("MARK_SEEN", mark(told.created - 1)).await;
    assert_eq!(all.one.history(all.tea, 0).await[0].status, 0);
    assert_eq!(
        all.two.accepted("GET_SEEN", int(all.tea)).await,
        long(told.created - 1)
    );
    all.two.does("MARK_SEEN", mark(told.created)).await;
    // Backwards it does not go.
    for earlier in [0, -1, i64::MIN] {
        all.two.does("MARK_SEEN", mark(earlier)).await;
    }
    // Nor to where nothing can be kept.
    for late in [1 << 62, i64::MAX] {
        let reason = all.two.declined("MARK_SEEN", mark(late)).await;
        assert!(reason.contains("time"), "{reason}");
    }
    assert_eq!(
        all.two.accepted("GET_SEEN", int(all.tea)).await,
        long(told.created)
    );
    for client in [&mut all.one, &mut all.two] {
        let body = [int(all.tea), long(0), long(told.created)].concat();
        let shown = messages(&client.accepted("REQUEST_CHAT_MSG", body).await);
        assert_eq!(shown[0].status, 1);
    }
    all.quiet_but_heard().await;
}

impl Four {
    async fn quiet_but_heard(&mut self) {
        self.jim.hears("one", "#tea", "seen?").await;
        self.talker.hears("one", "seen?").await;
        self.quiet().await;
    }
}

#[tokio::test]
async fn a_text_of_two_megabytes_arrives_whole() {
    let daemon = Daemon::start("").await;
    let mut all = four(&daemon).await;
    // The body is the chat's id, the text and its NUL.
    let said = "ы".repeat((2 * 1024 * 1024 - 5) / 2) + "x";
    assert_eq!(said.len() + 5, 2 * 1024 * 1024);
    let body = [int(all.tea), text(&said)].concat();
    all.two.does("SEND_CHAT_MSG", body).await;
    all.one.hears(all.ids[1], all.tea, &said).await;
    assert_eq!(all.one.history(all.tea, 0).await[0].text, said);
    let heard = all.talker.event("message").await;
    assert_eq!(heard["content"], said.as_str());
}
