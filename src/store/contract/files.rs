//! Which files messages have.

use std::sync::Arc;

use super::{Bench, Verdict, at, post};
use crate::commands::{ClearHistory, Delete, DeleteRoom, Hide, Send};
use crate::model::{FileInfo, Message, MessageKind, RoomId, UserId};

fn hand_in(room: RoomId, stored: &str) -> Send {
    let (name, stored) = ("cat.png".to_owned(), stored.to_owned());
    Send {
        kind: MessageKind::File,
        file: Some(FileInfo {
            name,
            size: 7,
            stored,
            sha256: None,
        }),
        ..post(room, "")
    }
}

impl Bench {
    fn file(&self, user: UserId, room: RoomId, stored: &str) -> Arc<Message> {
        self.by(user, hand_in(room, stored)).unwrap()
    }

    async fn files(&self, room: RoomId) -> Vec<String> {
        let mut files = self.store.files(room).await.unwrap();
        files.sort();
        files
    }
}

pub(super) async fn files_are_those_of_a_rooms_shown_messages(bench: &Bench) {
    let anna = bench.account("anna");
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    assert_eq!(bench.files(room).await, [] as [&str; 0]);
    bench.say(anna, room, "a text has none");
    let first = bench.file(anna, room, "1");
    let second = bench.file(anna, room, "2.png");
    bench.file(anna, other, "3");
    assert_eq!(bench.files(room).await, ["1", "2.png"]);
    // Hidden from one, it is there for the others; a text beside it changes nothing.
    let message = first.id;
    bench.by(anna, Hide { message }).unwrap();
    bench.edit(anna, second.id, "with words");
    assert_eq!(bench.files(room).await, ["1", "2.png"]);
    // Whoever hid it does nothing with it any more.
    assert!(bench.by(anna, Delete { message }).is_err());
    bench.operator(Delete { message }).unwrap();
    assert_eq!(bench.files(room).await, ["2.png"]);
    assert_eq!(bench.files(other).await, ["3"]);
    assert_eq!(bench.files(RoomId(4711)).await, [] as [&str; 0]);
}

pub(super) async fn files_go_with_a_cleared_history_and_a_deleted_room(bench: &Bench) {
    let anna = bench.account("anna");
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    bench.file(anna, room, "1");
    bench.file(anna, other, "2");
    bench.by(anna, ClearHistory { room: at(room) }).unwrap();
    assert_eq!(bench.files(room).await, [] as [&str; 0]);
    bench.file(anna, room, "3");
    assert_eq!(bench.files(room).await, ["3"]);
    bench.by(anna, DeleteRoom { room: at(room) }).unwrap();
    assert_eq!(bench.files(room).await, [] as [&str; 0]);
    assert_eq!(bench.files(other).await, ["2"]);
}

pub(super) async fn a_failed_commit_keeps_no_file(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    bench.gate.set(Verdict::Fail);
    assert!(bench.by(anna, hand_in(room, "1")).is_err());
    assert_eq!(bench.files(room).await, [] as [&str; 0]);
    bench.file(anna, room, "2");
    assert_eq!(bench.files(room).await, ["2"]);
}
