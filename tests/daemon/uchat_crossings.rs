//! uchat among the others: what one dialect says, as the other is told it.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::{RoomId, RoomKind, RoomSelector};

use crate::support::uchat::{
    BAN_MEMBER, DEL_MSG, DEL_ROOM, EDIT_MSG, JOIN_ROOM, MSG, NEW_MEMBER, UPD_ROOM_DESC,
    UPD_ROOM_NAME,
};
use crate::support::{Daemon, Fields, Jim, Purpose, Talker, Uchat, room, user};

/// The owner over uchat, and one of each dialect in its room "tea".
struct Five {
    owner: Uchat,
    uchat: Uchat,
    one: Purpose,
    two: Purpose,
    jim: Jim,
    talker: Talker,
    tea: i32,
    /// The users' numbers of JIM and Talker.
    ids: [i32; 2],
}

async fn five(daemon: &Daemon) -> Five {
    let mut owner = daemon.uchat_new("owner").await;
    let mut uchat = daemon.uchat_new("uchat").await;
    let mut ids = [0; 4];
    for (id, login) in ids.iter_mut().zip(["jim", "talker", "one", "two"]) {
        *id = daemon.account(login).await;
    }
    let tea = owner.new_room("tea", 1).await;
    uchat.join(tea).await;
    let mut jim = daemon.authenticated("jim").await;
    jim.join("#tea").await;
    let one = daemon.purpose_in(1, "one", tea).await;
    let two = daemon.purpose_in(2, "two", tea).await;
    let talker = daemon.talker_in("talker", "tea").await;
    owner.sees_member(tea, uchat.id, "uchat").await;
    for (id, login) in [
        (ids[0], "jim"),
        (ids[2], "one"),
        (two.id, "two"),
        (ids[1], "talker"),
    ] {
        owner.sees_member(tea, id, login).await;
        uchat.sees_member(tea, id, login).await;
    }
    let ids = [ids[0], ids[1]];
    Five {
        owner,
        uchat,
        one,
        two,
        jim,
        talker,
        tea,
        ids,
    }
}

impl Five {
    /// Both of this dialect are told a message.
    async fn both_hear(&mut self, user: i32, text: &str) -> Value {
        let told = self.owner.hears(user, self.tea, text).await;
        assert_eq!(self.uchat.next().await, told);
        told
    }

    /// Both of this dialect are told this.
    async fn both(&mut self, told: Value) {
        self.owner.is_told(told.clone()).await;
        self.uchat.is_told(told).await;
    }

    async fn quiet(&mut self) {
        self.owner.hears_nothing().await;
        self.uchat.hears_nothing().await;
        self.one.hears_nothing().await;
        self.two.hears_nothing().await;
        self.jim.hears_nothing().await;
        self.talker.hears_nothing().await;
    }
}

#[tokio::test]
async fn all_see_what_each_says() {
    let daemon = Daemon::start("").await;
    let mut all = five(&daemon).await;
    let (tea, uchat, two) = (all.tea, all.uchat.id, all.two.id);
    for said in ["hello", "a\nb\tc 👩‍👩‍👧‍👦 שלום", "\"quoted\" \\"] {
        all.uchat.say(tea, said).await;
        all.both_hear(uchat, said).await;
        all.one.hears(uchat, tea, said).await;
        all.two.hears(uchat, tea, said).await;
        all.jim.hears("uchat", "#tea", said).await;
        all.talker.hears("uchat", said).await;
        assert_eq!(all.jim.say("#tea", said).await, 200);
        all.both_hear(all.ids[0], said).await;
        all.one.hears(all.ids[0], tea, said).await;
        all.two.hears(all.ids[0], tea, said).await;
        all.talker.hears("jim", said).await;
        all.talker.said(said).await;
        all.both_hear(all.ids[1], said).await;
        all.one.hears(all.ids[1], tea, said).await;
        all.two.hears(all.ids[1], tea, said).await;
        all.jim.hears("talker", "#tea", said).await;
        all.two.say(tea, said).await;
        all.both_hear(two, said).await;
        all.one.hears(two, tea, said).await;
        all.jim.hears("two", "#tea", said).await;
        all.talker.hears("two", said).await;
    }
    // A text beyond this dialect's own limit comes whole.
    let long = "long ".repeat(1000);
    all.two.say(tea, &long).await;
    assert_eq!(all.both_hear(two, &long).await["power"], long.len());
}

#[tokio::test]
async fn one_message_bears_one_number_and_its_edit_and_deletion_cross() {
    let daemon = Daemon::start("").await;
    let mut all = five(&daemon).await;
    let (tea, uchat) = (all.tea, all.uchat.id);
    all.uchat.say(tea, "helo").await;
    let id = all.both_hear(uchat, "helo").await["message_id"].clone();
    let ones = all.one.hears(uchat, tea, "helo").await;
    let twos = all.two.hears(uchat, tea, "helo").await;
    all.jim.hears("uchat", "#tea", "helo").await;
    let event = all.talker.hears("uchat", "helo").await;
    assert_eq!((json!(ones.id), json!(twos.id)), (id.clone(), id.clone()));
    assert_eq!(event["id"], id.to_string());
    all.uchat
        .write(json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "hello"}))
        .await;
    all.both(json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "hello", "power": 5}))
        .await;
    assert_eq!(all.one.hears(uchat, tea, "hello").await.id, ones.id);
    assert!(all.two.hears(uchat, tea, "hello").await.updated > twos.updated);
    all.jim.hears("uchat", "#tea", "✎ hello").await;
    assert_eq!(
        all.talker.hears("uchat", "✎ hello").await["edit"],
        id.to_string()
    );
    all.owner
        .write(json!({"type": DEL_MSG, "room_id": tea, "msg_id": id}))
        .await;
    all.both(json!({"type": DEL_MSG, "room_id": tea, "msg_id": id}))
        .await;
    assert_eq!(all.one.hears(uchat, tea, "").await.status, 2);
    assert_eq!(all.two.hears(uchat, tea, "").await.status, 2);
    all.quiet().await;
    // From elsewhere: Talker's edit, purpose's deletion.
    let event = all.talker.said("tlaker").await;
    let id: i32 = event["id"].as_str().unwrap().parse().unwrap();
    all.both_hear(all.ids[1], "tlaker").await;
    all.talker
        .write(json!({"type": "message", "content": "talker", "edit": event["id"]}))
        .await;
    all.both(json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": "talker", "power": 6}))
        .await;
    all.one.heard().await;
    all.one.heard().await;
    all.two.heard().await;
    all.two.heard().await;
    all.two.say(tea, "by two").await;
    let two = all.two.id;
    let told = all.both_hear(two, "by two").await;
    let id = crate::support::uchat::number(&told["message_id"]);
    all.two.does("DELETE_MSG", crate::support::int(id)).await;
    all.both(json!({"type": DEL_MSG, "room_id": tea, "msg_id": id}))
        .await;
}

#[tokio::test]
async fn a_file_is_a_line_of_text_elsewhere() {
    let daemon = Daemon::start("").await;
    let mut all = five(&daemon).await;
    let (tea, uchat) = (all.tea, all.uchat.id);
    for (bytes, size) in [(3, "3 B"), (1_234, "1.2 kB"), (2_500_000, "2.5 MB")] {
        daemon
            .upload("uchat", tea, "my cat.png", &vec![7; bytes])
            .await;
        let line = format!("[file] my cat.png ({size})");
        let told = all.owner.event(MSG).await;
        assert_eq!(all.uchat.next().await, told);
        assert_eq!(
            json!([told["msg_type"], told["file_size"]]),
            json!([1, bytes])
        );
        all.one.hears(uchat, tea, &line).await;
        all.two.hears(uchat, tea, &line).await;
        all.jim.hears("uchat", "#tea", &line).await;
        all.talker.hears("uchat", &line).await;
    }
    let history = all.two.history(tea, 0).await;
    assert_eq!(history[0].text, "[file] my cat.png (3 B)");
    all.quiet().await;
}

#[tokio::test]
async fn a_title_and_a_description_cross_where_they_can() {
    let daemon = Daemon::start("").await;
    let mut all = five(&daemon).await;
    for (kind, key, value) in [
        (UPD_ROOM_NAME, "room_name", "Green tea"),
        (UPD_ROOM_DESC, "desc", "leaves"),
    ] {
        let request = json!({"type": kind, "room_id": all.tea, key: value});
        all.owner.write(request.clone()).await;
        all.both(request).await;
        let told = all.talker.event("message").await;
        assert_eq!(told["user"]["id"], "0", "{told}");
        assert!(told["content"].as_str().unwrap().contains(value), "{told}");
    }
    all.quiet().await;
    // A new name is nothing here.
    daemon
        .operate(commands::RenameRoom {
            room: room("tea"),
            name: "coffee".to_owned(),
        })
        .await;
    all.jim.notice(101).await;
    all.talker.event("message").await;
    all.quiet().await;
}

#[tokio::test]
async fn a_ban_is_seen_by_each_in_its_way() {
    let daemon = Daemon::start("").await;
    let mut all = five(&daemon).await;
    let (tea, uchat) = (all.tea, all.uchat.id);
    let ban = |id: i32| json!({"type": BAN_MEMBER, "room_id": tea, "user_id": id});
    all.owner.write(ban(all.ids[0])).await;
    all.both(ban(all.ids[0])).await;
    all.jim.notice(101).await;
    assert_eq!(all.jim.say("#tea", "but").await, 403);
    all.talker.event("leave").await;
    all.owner.write(ban(all.two.id)).await;
    all.both(ban(all.two.id)).await;
    assert_eq!(Fields(&all.two.notified("NTF_LEAVE_CHAT").await).int(), tea);
    all.talker.event("leave").await;
    all.owner.write(ban(all.ids[1])).await;
    all.both(ban(all.ids[1])).await;
    all.talker.error().await;
    all.talker.end().await;
    all.owner.write(ban(uchat)).await;
    all.owner.is_told(ban(uchat)).await;
    all.uchat
        .is_told(json!({"type": DEL_ROOM, "room_id": tea}))
        .await;
    all.one.hears_nothing().await;
    // Removed without a ban: the others hear nothing, and it may come back.
    let room = RoomSelector::Id(RoomId(tea));
    daemon
        .operate(commands::Unban {
            room: room.clone(),
            user: user("uchat"),
        })
        .await;
    all.uchat.join(tea).await;
    all.owner.event(NEW_MEMBER).await;
    daemon
        .operate(commands::RemoveMember {
            room,
            user: user("uchat"),
        })
        .await;
    all.uchat
        .is_told(json!({"type": DEL_ROOM, "room_id": tea}))
        .await;
    all.owner.hears_nothing().await;
    all.uchat.join(tea).await;
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_each_in_its_way() {
    let daemon = Daemon::start("").await;
    let mut all = five(&daemon).await;
    let tea = all.tea;
    all.owner
        .write(json!({"type": DEL_ROOM, "room_id": tea}))
        .await;
    all.both(json!({"type": DEL_ROOM, "room_id": tea})).await;
    all.jim.notice(101).await;
    all.talker.error().await;
    all.talker.end().await;
    assert_eq!(Fields(&all.two.notified("NTF_LEAVE_CHAT").await).int(), tea);
    all.one
        .declined("JOIN_CHAT", crate::support::int(tea))
        .await;
    all.uchat.hears_nothing().await;
}

#[tokio::test]
async fn who_came_by_a_private_rooms_name_hears_nothing_of_what_was_said_before() {
    let daemon = Daemon::start("").await;
    let mut owner = daemon.uchat_new("owner").await;
    let boris = daemon.account("boris").await;
    daemon.account("clara").await;
    let tea = daemon.create_room("tea", RoomKind::Private, None).await;
    let add = |login: &str| commands::AddMember {
        room: room("tea"),
        user: user(login),
    };
    daemon.operate(add("owner")).await;
    daemon.operate(add("clara")).await;
    owner.event(JOIN_ROOM).await;
    owner.event(NEW_MEMBER).await;
    let before = owner.said(tea, "secret").await;
    // By the name over one dialect, and so a member in all.
    let mut jim = daemon.authenticated("boris").await;
    jim.join("#tea").await;
    owner.sees_member(tea, boris, "boris").await;
    let mut talker = daemon.talker_in("boris", "tea").await;
    let mut one = daemon.purpose_of(1, "boris").await;
    let mut two = daemon.purpose_of(2, "boris").await;
    let mut uchat = daemon.uchat_of("boris").await;
    let mut added = daemon.talker_in("clara", "tea").await;
    talker.sees("join", "clara").await;
    let (edit, delete) = (
        |id: i32, text: &str| json!({"type": EDIT_MSG, "room_id": tea, "msg_id": id, "msg": text}),
        |id: i32| json!({"type": DEL_MSG, "room_id": tea, "msg_id": id}),
    );
    owner.write(edit(before, "another secret")).await;
    added.hears("owner", "✎ another secret").await;
    owner.write(delete(before)).await;
    // What is said since then is told, and what becomes of it.
    owner.event(EDIT_MSG).await;
    owner.event(DEL_MSG).await;
    let since = owner.said(tea, "no secret").await;
    jim.hears("owner", "#tea", "no secret").await;
    talker.hears("owner", "no secret").await;
    one.hears(owner.id, tea, "no secret").await;
    two.hears(owner.id, tea, "no secret").await;
    uchat.hears(owner.id, tea, "no secret").await;
    owner.write(edit(since, "none at all")).await;
    jim.hears("owner", "#tea", "✎ none at all").await;
    talker.hears("owner", "✎ none at all").await;
    one.hears(owner.id, tea, "none at all").await;
    two.hears(owner.id, tea, "none at all").await;
    uchat.event(EDIT_MSG).await;
    owner.write(delete(since)).await;
    one.hears(owner.id, tea, "").await;
    two.hears(owner.id, tea, "").await;
    uchat.event(DEL_MSG).await;
    jim.hears_nothing().await;
    talker.hears_nothing().await;
}
