//! uchat: who may do what in a room.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::{Role, RoomId, RoomSelector};

use crate::support::uchat::{
    BAN_MEMBER, DEL_HIST, DEL_MSG, DEL_ROOM, EDIT_MSG, GET_MEMBERS, GET_NEW_MSGS, GET_ROOMS,
    JOIN_ROOM, MSG, OLD_MSGS, SEARCH_MSGS, UPD_ROOM_DESC, UPD_ROOM_NAME, column, msg,
};
use crate::support::{Daemon, Uchat, user};

/// A member of each kind, in the order of the test's columns, and the room that all but the last two are in.
struct Room {
    daemon: Daemon,
    clients: Vec<Uchat>,
    room: i32,
}

const LOGINS: [&str; 6] = [
    "owner",
    "admin",
    "moderator",
    "member",
    "banned",
    "stranger",
];

impl Room {
    async fn new() -> Self {
        let daemon = Daemon::start("").await;
        let mut clients = Vec::new();
        for login in LOGINS {
            clients.push(daemon.uchat_new(login).await);
        }
        let room = clients[0].new_room("Tea", 1).await;
        let mut all = Self {
            daemon,
            clients,
            room,
        };
        for n in 1..5 {
            all.clients[n].join(room).await;
        }
        for (login, role) in [("admin", Role::Admin), ("moderator", Role::Moderator)] {
            let (room, user) = (all.selector(), user(login));
            all.daemon
                .operate(commands::SetRole { room, user, role })
                .await;
        }
        let (room, banned) = (all.selector(), user("banned"));
        all.daemon
            .operate(commands::Ban { room, user: banned })
            .await;
        all.quiet().await;
        all
    }

    fn selector(&self) -> RoomSelector {
        RoomSelector::Id(RoomId(self.room))
    }

    /// Reads all that waits for anybody.
    async fn quiet(&mut self) {
        for client in &mut self.clients {
            client.write(json!({"type": 20, "user_id": i32::MAX})).await;
            while client.next().await["type"] != 9 {}
        }
    }

    /// What each is told when each asks this: "y" for told to every member and nobody else, else the error's code.
    async fn row(&mut self, request: impl AsyncFn(&Self, usize) -> Value) -> String {
        let mut row = String::new();
        for n in 0..self.clients.len() {
            let asked = request(self, n).await;
            row += &self.told(n, asked).await;
        }
        row
    }

    /// The same, when one asks.
    async fn told(&mut self, n: usize, asked: Value) -> String {
        self.clients[n].write(asked.clone()).await;
        let told = self.clients[n].next().await;
        let mut result = "y".to_owned();
        if told["type"] == 9 {
            result = told["error_code"].to_string();
        } else {
            assert_eq!(told["type"], asked["type"], "{told}");
            for other in (0..4).filter(|other| *other != n) {
                assert_eq!(self.clients[other].next().await, told);
            }
        }
        self.silence().await;
        result
    }

    /// Nobody is told anything.
    async fn silence(&mut self) {
        for client in &mut self.clients {
            client.hears_nothing().await;
        }
    }
}

#[tokio::test]
async fn every_request_of_a_room_has_its_rule_and_its_audience() {
    let mut all = Room::new().await;
    let room = all.room;
    let row = all.row(async |_, _| msg(room, "hello")).await;
    assert_eq!(row, "yyyy33", "RQ_MSG");
    for (kind, key) in [(UPD_ROOM_NAME, "room_name"), (UPD_ROOM_DESC, "desc")] {
        let row = all
            .row(async |_, n| json!({"type": kind, "room_id": room, key: LOGINS[n]}))
            .await;
        assert_eq!(row, "yy3333", "{kind}");
    }
    let mut row = String::new();
    for n in 0..6 {
        // Of an empty history nobody is told that it is cleared.
        all.clients[3].said(room, "to be cleared").await;
        all.quiet().await;
        row += &all
            .told(n, json!({"type": DEL_HIST, "room_id": room}))
            .await;
    }
    assert_eq!(row, "yy3333", "RQ_DEL_HIST");
}

#[tokio::test]
async fn a_message_is_edited_by_its_author_and_deleted_by_more() {
    let mut all = Room::new().await;
    let room = all.room;
    // Of the member, by everybody.
    let id = all.clients[3].said(room, "by the member").await;
    all.quiet().await;
    let row = all
        .row(async |_, _| json!({"type": EDIT_MSG, "room_id": room, "msg_id": id, "msg": "x", "power": 1}))
        .await;
    assert_eq!(row, "333y33", "RQ_EDIT_MSG");
    let mut deleted = String::new();
    for n in 0..6 {
        let id = all.clients[3].said(room, "to be deleted").await;
        all.quiet().await;
        let request = json!({"type": DEL_MSG, "room_id": room, "msg_id": id});
        let told = all.clients[n].ask(request.clone()).await;
        if told["type"] == 9 {
            deleted += &told["error_code"].to_string();
            continue;
        }
        assert_eq!(told, request);
        deleted.push('y');
        for other in (0..4).filter(|other| *other != n) {
            all.clients[other].is_told(request.clone()).await;
        }
        // Once only.
        all.clients[n].refused(4, request).await;
        all.silence().await;
    }
    assert_eq!(deleted, "yyyy33", "RQ_DEL_MSG");
    // The owner's own by a member.
    let id = all.clients[0].said(room, "by the owner").await;
    all.quiet().await;
    all.clients[3]
        .refused(3, json!({"type": DEL_MSG, "room_id": room, "msg_id": id}))
        .await;
    // In another room it is not.
    let other = all.clients[0].new_room("Other", 1).await;
    for kind in [DEL_MSG, EDIT_MSG] {
        all.clients[0]
            .refused(
                4,
                json!({"type": kind, "room_id": other, "msg_id": id, "msg": "x"}),
            )
            .await;
    }
    all.clients[0]
        .refused(
            4,
            json!({"type": DEL_MSG, "room_id": room, "msg_id": 999_999}),
        )
        .await;
}

#[tokio::test]
async fn what_is_read_is_read_by_members_only() {
    let mut all = Room::new().await;
    let room = all.room;
    for (request, expected) in [
        (
            json!({"type": GET_NEW_MSGS, "room_id": room, "date": 0, "count": 5}),
            "yyyy33",
        ),
        (
            json!({"type": OLD_MSGS, "room_id": room, "date": 0, "count": 5}),
            "yyyy33",
        ),
        (
            json!({"type": SEARCH_MSGS, "room_id": room, "msg": "x"}),
            "yyyy33",
        ),
        // Of a public room anybody who may enter it.
        (json!({"type": GET_MEMBERS, "room_id": room}), "yyyy3y"),
        (json!({"type": GET_ROOMS, "date": 0}), "yyyyyy"),
    ] {
        let mut row = String::new();
        for client in &mut all.clients {
            let answer = client.ask(request.clone()).await;
            match answer["type"] == 9 {
                true => row += &answer["error_code"].to_string(),
                false => row.push('y'),
            }
        }
        assert_eq!(row, expected, "{request}");
        all.silence().await;
    }
    let ids: Vec<i32> = all.clients.iter().map(|client| client.id).collect();
    let members = all.clients[3]
        .answer(json!({"type": GET_MEMBERS, "room_id": room}))
        .await;
    let expected: Vec<Value> = (0..4)
        .map(|n| json!({"id": ids[n], "login": LOGINS[n], "type": n}))
        .collect();
    assert_eq!(members["members"], json!(expected));
    let rooms = all.clients[4]
        .answer(json!({"type": GET_ROOMS, "date": 0}))
        .await;
    assert_eq!(column(&rooms["rooms"], "id"), [] as [&Value; 0]);
    all.clients[4]
        .refused(3, json!({"type": JOIN_ROOM, "room_id": room}))
        .await;
}

#[tokio::test]
async fn a_ban_is_the_owners_and_admins_and_the_banned_one_loses_the_room() {
    let mut all = Room::new().await;
    let room = all.room;
    let ids: Vec<i32> = all.clients.iter().map(|client| client.id).collect();
    let ban = |id: i32| json!({"type": BAN_MEMBER, "room_id": room, "user_id": id});
    for n in [2, 3, 4, 5] {
        all.clients[n].refused(3, ban(ids[1])).await;
    }
    all.clients[1].refused(3, ban(ids[0])).await;
    all.clients[0].refused(4, ban(999_999)).await;
    all.silence().await;
    all.clients[1].write(ban(ids[3])).await;
    for n in [0, 1, 2] {
        all.clients[n].is_told(ban(ids[3])).await;
    }
    all.clients[3]
        .is_told(json!({"type": DEL_ROOM, "room_id": room}))
        .await;
    all.clients[3].refused(3, msg(room, "but why")).await;
    all.silence().await;
    // A stranger can be kept out in advance.
    all.clients[0].write(ban(ids[5])).await;
    for n in [0, 1, 2] {
        all.clients[n].is_told(ban(ids[5])).await;
    }
    all.clients[5]
        .refused(3, json!({"type": JOIN_ROOM, "room_id": room}))
        .await;
    // Who is banned already is banned; only the asker is told.
    all.clients[0].write(ban(ids[5])).await;
    all.clients[0].is_told(ban(ids[5])).await;
    all.silence().await;
    all.clients[2].said(room, "quiet now").await;
    for n in [0, 1] {
        all.clients[n].event(MSG).await;
    }
    all.silence().await;
    // An admin may ban itself: it hears what anybody banned hears, as its answer.
    all.clients[1].write(ban(ids[1])).await;
    all.clients[1]
        .is_told(json!({"type": DEL_ROOM, "room_id": room}))
        .await;
    for n in [0, 2] {
        all.clients[n].is_told(ban(ids[1])).await;
    }
    all.silence().await;
}

#[tokio::test]
async fn a_room_is_deleted_by_its_owner_or_an_admin_for_every_member() {
    for by in [0, 1] {
        let mut all = Room::new().await;
        let gone = json!({"type": DEL_ROOM, "room_id": all.room});
        for n in 2..6 {
            all.clients[n].refused(3, gone.clone()).await;
        }
        all.silence().await;
        all.clients[by].write(gone.clone()).await;
        for n in 0..4 {
            all.clients[n].is_told(gone.clone()).await;
        }
        all.silence().await;
        let room = all.room;
        all.clients[0].refused(4, msg(room, "hello?")).await;
        all.clients[0].refused(4, gone).await;
    }
}
