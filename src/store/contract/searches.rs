//! What a search finds, also held against a plain filter.

use super::history::Numbers;
use super::*;
use crate::commands::{ClearHistory, Hide, Send};
use crate::model::{FileInfo, HistoryOrder, MessageKind, fold_text, has_visible};
use crate::store::PAGE_BYTES;

pub(super) async fn search_folds_both_sides(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    for text in [
        "ΟΔΥΣΣΕΥΣ",
        "οδυσσευς λέει",
        "İstanbul",
        "Straße",
        "Привет, МИР",
        "100%_",
        "привет",
        "Чай",
        "ЧАИ\u{306}",
        "café",
        "CAFE\u{301}",
        "5\u{a0}h",
    ] {
        bench.say(anna, room, text);
    }
    for (needle, prefix, expected) in [
        ("οδυσσευσ", false, vec!["οδυσσευς λέει", "ΟΔΥΣΣΕΥΣ"]),
        ("ΣΕΎΣ", false, vec![]),
        ("σευς", false, vec!["οδυσσευς λέει", "ΟΔΥΣΣΕΥΣ"]),
        ("İ", false, vec!["İstanbul"]),
        // As names are: lower-cased, and no letter becomes two.
        ("SSE", false, vec![]),
        ("STRASSE", false, vec![]),
        ("istanbul", false, vec![]),
        ("straß", true, vec!["Straße"]),
        ("мир", false, vec!["Привет, МИР"]),
        ("мир", true, vec![]),
        ("ПРИВЕТ", true, vec!["привет", "Привет, МИР"]),
        ("%_", false, vec!["100%_"]),
        ("_00", false, vec![]),
        ("чаи\u{306}", false, vec!["ЧАИ\u{306}", "Чай"]),
        ("чай", true, vec!["ЧАИ\u{306}", "Чай"]),
        ("cafe\u{301}", true, vec!["CAFE\u{301}", "café"]),
        ("CAFÉ", false, vec!["CAFE\u{301}", "café"]),
        ("５ ℌ", false, vec!["5\u{a0}h"]),
    ] {
        let found = bench
            .store
            .search(
                room,
                None,
                &SearchQuery {
                    prefix,
                    ..SearchQuery::containing(fold_text(needle), 10)
                },
            )
            .await
            .unwrap();
        assert_eq!(texts(&found), expected, "{needle}");
    }
    let found = bench
        .store
        .search(room, None, &SearchQuery::containing("привет", 1))
        .await
        .unwrap();
    assert_eq!(texts(&found), ["привет"]);
    assert!(
        bench
            .store
            .search(room, None, &SearchQuery::containing("привет", 0))
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn what_is_seen_is_found(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let said = |kind, text: &str, file: Option<&str>| Send {
        kind,
        file: file.map(|name| FileInfo {
            name: name.to_owned(),
            size: 3,
            stored: "0123".to_owned(),
            sha256: None,
        }),
        ..post(room, text)
    };
    let all = [
        said(MessageKind::Emote, "sings a Song", None),
        said(MessageKind::Sticker, "Cat", None),
        said(MessageKind::File, "our SONG, at last", Some("Tune.ogg")),
        said(MessageKind::File, "", Some("notes.TXT")),
        said(MessageKind::Text, "a song", None),
    ];
    let ids: Vec<MessageId> = all.map(|one| bench.by(anna, one).unwrap().id).to_vec();
    let look = async |needle: &str, prefix| {
        let found = bench
            .store
            .search(
                room,
                None,
                &SearchQuery {
                    prefix,
                    ..SearchQuery::containing(needle, 99)
                },
            )
            .await;
        let place = |found: &Arc<Message>| ids.iter().position(|id| *id == found.id);
        let places = found.unwrap().iter().map(place).collect::<Option<Vec<_>>>();
        places.unwrap()
    };
    for _ in 0..2 {
        for (needle, prefix, expected) in [
            ("song", false, vec![4, 2, 0]),
            ("me sings", false, vec![0]),
            ("/me s", true, vec![0]),
            ("sings", true, vec![]),
            (":cat:", false, vec![1]),
            ("cat", false, vec![1]),
            ("tune.", true, vec![2]),
            ("ogg", false, vec![2]),
            (".txt", false, vec![3]),
            ("0123", false, vec![]),
            ("at last", false, vec![2]),
        ] {
            assert_eq!(look(needle, prefix).await, expected, "{needle} {prefix}");
        }
        // And once more with an index, where there is one.
        for _ in 0..20 {
            bench.say(anna, room, "hay");
        }
    }
    bench.edit(anna, ids[0], "a text");
    bench.delete(anna, ids[2]);
    assert_eq!(look("me sings", false).await, [0; 0]);
    assert_eq!(look("song", false).await, [4]);
    assert_eq!(look("tune", false).await, [0; 0]);
}

pub(super) async fn search_goes_through_a_long_room(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let mut last = 0;
    for number in 0..4_500 {
        let text = if number % 1_500 == 0 { "here" } else { "hay" };
        last = bench.submit(Actor::User(anna), post(room, text)).ticket;
    }
    bench.sink.wait(last).0.unwrap();
    assert_eq!(
        bench
            .store
            .search(room, None, &SearchQuery::containing("here", 9))
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        bench
            .store
            .search(room, None, &SearchQuery::containing("here", 2))
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        bench
            .store
            .search(room, None, &SearchQuery::containing("hay", 2_100))
            .await
            .unwrap()
            .len(),
        2_100
    );
}

/// What texts and needles are made of: what folds oddly, what means something in queries, what is long in UTF-8.
const PIECES: [&str; 30] = [
    "а",
    "Б",
    "в",
    "при",
    "ПРИ",
    "вет",
    "Σ",
    "σ",
    "ς",
    "ὈΔΥΣ",
    "ß",
    "ẞ",
    "ss",
    "İ",
    "ı",
    "i",
    "I",
    "😀",
    "👩\u{200d}👧",
    "%",
    "_",
    "\"",
    "*",
    " ",
    " AND ",
    "e\u{301}",
    "é",
    "\u{e061}",
    "A",
    "\0",
];

/// A message as the test knows it.
struct Known {
    message: Arc<Message>,
    text: String,
    /// Searches may find it, but for those who hid it.
    shown: bool,
    hidden: Vec<UserId>,
}

/// Random changes of a room, and searches among them.
pub(in crate::store) struct Trial {
    numbers: Numbers,
    pieces: &'static [&'static str],
    users: [UserId; 2],
    room: RoomId,
    known: Vec<Known>,
}

impl Trial {
    pub(in crate::store) fn new(seed: u64, bench: &Bench) -> Self {
        let users = [bench.account("anna"), bench.account("bob")];
        let (room, other) = (bench.room("lobby", users[0]), bench.room("other", users[0]));
        bench.enter(users[1], room);
        bench.say(users[0], other, "при вет elsewhere");
        Self {
            numbers: Numbers(seed),
            pieces: match bench.nul_is_kept {
                true => &PIECES,
                false => &PIECES[..PIECES.len() - 1],
            },
            users,
            room,
            known: Vec::new(),
        }
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.numbers.below(i64::try_from(end).unwrap())).unwrap()
    }

    fn text(&mut self, pieces: usize) -> String {
        let count = 1 + self.below(pieces);
        (0..count)
            .map(|_| self.pieces[self.below(self.pieces.len())])
            .collect()
    }

    pub(in crate::store) fn change(&mut self, bench: &Bench) {
        let (user, room) = (self.users[self.below(2)], self.room);
        let what = self.below(100);
        if what < 60 || self.known.is_empty() {
            let text = self.text(12);
            let kind = match what % 10 {
                0 => MessageKind::Emote,
                1 => MessageKind::Sticker,
                _ => MessageKind::Text,
            };
            let said = Send {
                kind,
                ..post(room, &text)
            };
            let message = bench.by(user, said).unwrap();
            let text = kind.searched(&text, None).into_owned();
            let (shown, hidden) = (true, Vec::new());
            self.known.push(Known {
                message,
                text,
                shown,
                hidden,
            });
        } else if what == 99 {
            bench.operator(ClearHistory { room: at(room) }).unwrap();
            self.known.clear();
        } else {
            self.change_one(bench, user, what);
        }
    }

    fn change_one(&mut self, bench: &Bench, user: UserId, what: usize) {
        let (chosen, text) = (self.below(self.known.len()), self.text(12));
        let known = &mut self.known[chosen];
        let (message, deleted) = (known.message.id, known.text.is_empty());
        if deleted || !has_visible(&text) {
            return;
        }
        match what {
            60..80 => {
                let (author, edited) = (known.message.sender.id, Edit::text(message, &text));
                let edited = bench.by(author, edited);
                assert_eq!(edited.is_err(), known.hidden.contains(&author));
                // A sticker stays one, an emote becomes a text.
                known.text = match known.message.kind {
                    _ if edited.is_err() => return,
                    MessageKind::Sticker => MessageKind::Sticker.searched(&text, None).into_owned(),
                    _ => text,
                };
            }
            80..90 => {
                (known.shown, known.text) = (false, String::new());
                bench.operator(Delete { message }).unwrap();
            }
            _ => {
                known.hidden.push(user);
                bench.by(user, Hide { message }).unwrap();
            }
        }
    }

    /// A piece of what was said, or something like it.
    fn needle(&mut self) -> String {
        if self.known.is_empty() || self.below(4) == 0 {
            return fold_text(&self.text(3));
        }
        let chosen = self.below(self.known.len());
        let text: Vec<char> = fold_text(&self.known[chosen].text).chars().collect();
        let start = if self.below(3) == 0 {
            0
        } else {
            self.below(text.len() + 1)
        };
        let longest = [1, 2, 3, 4, 9, 99][self.below(6)];
        text[start..].iter().take(longest).collect()
    }

    /// One of the ids, one beside them, or none.
    fn bound(&mut self) -> Option<MessageId> {
        match self.below(8) {
            0 => Some(MessageId(0)),
            1 => Some(MessageId(i64::MAX)),
            2 | 3 if !self.known.is_empty() => {
                let chosen = self.below(self.known.len());
                Some(self.known[chosen].message.id)
            }
            _ => None,
        }
    }

    pub(in crate::store) async fn search(&mut self, bench: &Bench) {
        let needle = self.needle();
        let viewer = [None, Some(self.users[0]), Some(self.users[1])][self.below(3)];
        let (prefix, limit) = (self.below(3) == 0, [0, 1, 5, 1_000][self.below(4)]);
        let holds = |text: &str| {
            let text = fold_text(text);
            if prefix {
                text.starts_with(&needle)
            } else {
                text.contains(&needle)
            }
        };
        let order = [HistoryOrder::Newest, HistoryOrder::Oldest][self.below(2)];
        let (after, before) = (self.bound(), self.bound());
        let shown = self.known.iter().filter(|known| known.shown);
        let seen =
            shown.filter(|known| viewer.is_none_or(|viewer| !known.hidden.contains(&viewer)));
        let mut expected: Vec<_> = seen
            .filter(|known| holds(&known.text))
            .map(|known| (known.message.id, known.text.as_str().into()))
            .filter(|(id, _)| after.is_none_or(|after| *id > after))
            .filter(|(id, _)| before.is_none_or(|before| *id < before))
            .collect();
        if order == HistoryOrder::Newest {
            expected.reverse();
        }
        expected.truncate(limit);
        let query = SearchQuery {
            text: needle,
            prefix,
            after,
            before,
            order,
            limit,
        };
        let found = bench.store.search(self.room, viewer, &query).await;
        let found = found.unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.id, found.kind.searched(&found.text, None)))
            .collect();
        assert_eq!(found, expected, "{query:?} {viewer:?}");
    }
}

pub(super) async fn any_search_agrees_with_a_plain_filter(bench: &Bench) {
    let mut trial = Trial::new(11, bench);
    for _ in 0..400 {
        trial.change(bench);
        trial.search(bench).await;
    }
    for _ in 0..400 {
        trial.search(bench).await;
    }
}

pub(super) async fn pages_of_a_search_go_on_by_id_to_the_end(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let large = "x".repeat(PAGE_BYTES / 3);
    let said = (0..9).map(|number| match number % 3 {
        0 => bench.say(anna, room, "another thing").id,
        _ => bench.say(anna, room, &large).id,
    });
    let said: Vec<MessageId> = said.collect();
    let mut expected: Vec<_> = [1, 2, 4, 5, 7, 8].map(|number| said[number]).to_vec();
    for order in [HistoryOrder::Oldest, HistoryOrder::Newest] {
        let mut query = SearchQuery {
            order,
            ..SearchQuery::containing("xx", 4)
        };
        let mut found: Vec<MessageId> = Vec::new();
        loop {
            let page = bench.store.search(room, None, &query).await.unwrap();
            let Some(last) = page.last() else { break };
            match order {
                HistoryOrder::Oldest => query.after = Some(last.id),
                HistoryOrder::Newest => query.before = Some(last.id),
            }
            assert!(page.len() <= 4);
            found.extend(page.iter().map(|message| message.id));
        }
        assert_eq!(found, expected, "{order:?}");
        expected.reverse();
    }
}

pub(super) async fn a_search_ends_by_bytes_too(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let large = "x".repeat(PAGE_BYTES / 2 + 1);
    for number in 0..3 {
        bench.say(anna, room, &format!("{large}{number}"));
    }
    let found = bench
        .store
        .search(room, None, &SearchQuery::containing("x", 9))
        .await
        .unwrap();
    let ends: Vec<&str> = texts(&found)
        .iter()
        .map(|text| &text[text.len() - 1..])
        .collect();
    assert_eq!(ends, ["2", "1"]);
}
