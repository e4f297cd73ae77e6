//! Changes say which rows they will look at: every change of every test is held to it.

use std::any::Any;
use std::collections::HashSet;
use std::sync::Arc;

use super::{Bench, add_account, at, create_room, enter, post, who};
use crate::commands::{
    AddSessionToken, ChangeRoom, CreateRoom, Direct, EnterRoom, OpenSession, Register,
    RemoveMember, Send, SetPassword, Unban, UseToken,
};
use crate::model::{
    BanSubject, Error, GatewayBan, GuestBan, Membership, Message, MessageId, NodeId, Result,
    RoomEvent, RoomId, RoomKind, RoomSelector, Secret, Seq, Timestamp, TokenId, TokenInfo, UserId,
    UserRef,
};
use crate::store::{
    ApplyError, Limits, RoomRow, RowKey, RowKeys, RowsError, Scrub, SecretBytes, TokenRow,
    Transaction, UserRow, Write,
};

/// A write that may look at no row first that it did not name.
pub(super) struct Declared<W>(pub(super) Box<W>);

impl<W: Write> Write for Declared<W> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn rows(&self, keys: &mut RowKeys) {
        self.0.rows(keys);
    }

    fn stays_in_rooms(&self) -> bool {
        self.0.stays_in_rooms()
    }

    fn apply(
        &mut self,
        limits: &Limits,
        rows: &mut dyn Transaction,
    ) -> Result<Vec<RoomEvent>, ApplyError> {
        let mut keys = RowKeys::default();
        self.rows(&mut keys);
        let mut watched = Watched {
            write: self.name(),
            rows,
            declared: keys.as_slice().iter().cloned().collect(),
            users: HashSet::new(),
            rooms: HashSet::new(),
        };
        self.0.apply(limits, &mut watched)
    }

    fn complete(self: Box<Self>, committed: Result<()>, state: &mut dyn Any) {
        self.0.complete(committed, state);
    }
}

/// A transaction that knows which rows were named, and which were found by way of others.
struct Watched<'a> {
    write: &'static str,
    rows: &'a mut dyn Transaction,
    declared: HashSet<RowKey>,
    users: HashSet<UserId>,
    rooms: HashSet<RoomId>,
}

impl Watched<'_> {
    fn declares(&self, key: &RowKey) -> bool {
        self.declared.contains(key)
    }

    fn first_level(&self, key: RowKey, is_first: bool) {
        let write = self.write;
        assert!(
            !is_first || self.declares(&key),
            "{write} does not name {key:?}"
        );
    }

    fn learn_user(&mut self, row: Option<Arc<UserRow>>) -> Option<Arc<UserRow>> {
        self.users.extend(row.as_ref().map(|row| row.user.id));
        row
    }

    fn learn_room(&mut self, row: Option<Arc<RoomRow>>) -> Option<Arc<RoomRow>> {
        if let Some(row) = &row {
            self.rooms.insert(row.room.id);
            self.users.extend(row.room.owner);
            self.users
                .extend(row.room.pair.iter().flat_map(|(a, b)| [*a, *b]));
        }
        row
    }
}

impl Transaction for Watched<'_> {
    fn user(&mut self, id: UserId) -> Result<Option<Arc<UserRow>>, RowsError> {
        self.first_level(RowKey::User(id), !self.users.contains(&id));
        let row = self.rows.user(id)?;
        Ok(self.learn_user(row))
    }

    fn user_by_login(&mut self, folded: &str) -> Result<Option<Arc<UserRow>>, RowsError> {
        self.first_level(RowKey::Login(folded.to_owned()), true);
        let row = self.rows.user_by_login(folded)?;
        Ok(self.learn_user(row))
    }

    fn add_user(&mut self, row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        let row = self.rows.add_user(row)?;
        self.users.insert(row.user.id);
        Ok(row)
    }

    fn put_user(&mut self, row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        self.rows.put_user(row)
    }

    fn remove_user(&mut self, id: UserId) -> Result<(), RowsError> {
        self.rows.remove_user(id)
    }

    fn guests(&mut self, node: Option<NodeId>) -> Result<Vec<UserId>, RowsError> {
        let guests = self.rows.guests(node)?;
        self.users.extend(&guests);
        Ok(guests)
    }

    fn has_spoken(&mut self, id: UserId) -> Result<bool, RowsError> {
        self.rows.has_spoken(id)
    }

    fn contacts(&mut self, user: UserId) -> Result<Vec<UserId>, RowsError> {
        self.rows.contacts(user)
    }

    fn add_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        self.rows.add_contact(user, contact)
    }

    fn remove_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        self.rows.remove_contact(user, contact)
    }

    fn forget_contact(&mut self, user: UserId) -> Result<(), RowsError> {
        self.rows.forget_contact(user)
    }

    fn add_token(&mut self, row: TokenRow) -> Result<Option<TokenInfo>, RowsError> {
        self.rows.add_token(row)
    }

    fn token(&mut self, id: TokenId) -> Result<Option<TokenRow>, RowsError> {
        self.first_level(RowKey::Token(id), true);
        let row = self.rows.token(id)?;
        self.users.extend(row.as_ref().map(|row| row.info.user));
        Ok(row)
    }

    fn tokens(&mut self, user: UserId) -> Result<Vec<TokenInfo>, RowsError> {
        self.rows.tokens(user)
    }

    fn touch_token(
        &mut self,
        id: TokenId,
        used: Timestamp,
        address: Option<&str>,
    ) -> Result<(), RowsError> {
        self.rows.touch_token(id, used, address)
    }

    fn remove_token(&mut self, id: TokenId) -> Result<(), RowsError> {
        self.rows.remove_token(id)
    }

    fn expire_tokens(&mut self, before: Timestamp) -> Result<(), RowsError> {
        self.rows.expire_tokens(before)
    }

    fn room(&mut self, id: RoomId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        self.first_level(RowKey::Room(id), !self.rooms.contains(&id));
        let row = self.rows.room(id)?;
        Ok(self.learn_room(row))
    }

    fn room_by_name(&mut self, folded: &str) -> Result<Option<Arc<RoomRow>>, RowsError> {
        // Another name is looked for where the first one is taken.
        self.first_level(RowKey::RoomName(folded.to_owned()), self.rooms.is_empty());
        let row = self.rows.room_by_name(folded)?;
        Ok(self.learn_room(row))
    }

    fn direct_room(&mut self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        let named = self.declares(&RowKey::User(a)) && self.declares(&RowKey::User(b));
        let swapped = self.declares(&RowKey::Direct(b, a));
        self.first_level(RowKey::Direct(a, b), named && !swapped);
        let row = self.rows.direct_room(a, b)?;
        Ok(self.learn_room(row))
    }

    fn add_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        let row = self.rows.add_room(row)?;
        self.rooms.insert(row.room.id);
        Ok(row)
    }

    fn put_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        let row = self.rows.put_room(row)?;
        self.users.extend(row.room.owner);
        Ok(row)
    }

    fn owned_rooms(&mut self, user: UserId) -> Result<Vec<RoomId>, RowsError> {
        let rooms = self.rows.owned_rooms(user)?;
        self.rooms.extend(&rooms);
        Ok(rooms)
    }

    fn remove_room(&mut self, id: RoomId) -> Result<(), RowsError> {
        self.rows.remove_room(id)
    }

    fn advance(
        &mut self,
        id: RoomId,
        message_at: Option<Timestamp>,
    ) -> Result<(Seq, Timestamp), RowsError> {
        self.rows.advance(id, message_at)
    }

    fn seq(&mut self, id: RoomId) -> Result<Seq, RowsError> {
        self.rows.seq(id)
    }

    fn log(&mut self, event: &RoomEvent) -> Result<(), RowsError> {
        self.rows.log(event)
    }

    fn member(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, RowsError> {
        let named = self.declares(&RowKey::Room(room)) && self.declares(&RowKey::User(user));
        self.first_level(RowKey::Member(room, user), named);
        self.rows.member(room, user)
    }

    fn members(&mut self, room: RoomId) -> Result<Vec<Membership>, RowsError> {
        let members = self.rows.members(room)?;
        self.users.extend(members.iter().map(|member| member.user));
        Ok(members)
    }

    fn memberships(&mut self, user: UserId) -> Result<Vec<Membership>, RowsError> {
        let memberships = self.rows.memberships(user)?;
        self.rooms
            .extend(memberships.iter().map(|member| member.room));
        Ok(memberships)
    }

    fn guest_bans(&mut self, room: Option<RoomId>) -> Result<Vec<GuestBan>, RowsError> {
        self.rows.guest_bans(room)
    }

    fn put_guest_ban(&mut self, ban: GuestBan) -> Result<(), RowsError> {
        self.rows.put_guest_ban(ban)
    }

    fn remove_guest_ban(&mut self, ban: &GuestBan) -> Result<(), RowsError> {
        self.rows.remove_guest_ban(ban)
    }

    fn gateway_bans(&mut self) -> Result<Vec<GatewayBan>, RowsError> {
        self.rows.gateway_bans()
    }

    fn put_gateway_ban(&mut self, ban: GatewayBan) -> Result<(), RowsError> {
        self.rows.put_gateway_ban(ban)
    }

    fn remove_gateway_ban(&mut self, subject: &BanSubject) -> Result<(), RowsError> {
        self.rows.remove_gateway_ban(subject)
    }

    fn secret(&mut self, name: &str, new: SecretBytes) -> Result<SecretBytes, RowsError> {
        self.rows.secret(name, new)
    }

    fn member_count(&mut self, room: RoomId) -> Result<u64, RowsError> {
        self.rows.member_count(room)
    }

    fn room_count(&mut self, user: UserId) -> Result<u64, RowsError> {
        self.rows.room_count(user)
    }

    fn put_member(&mut self, membership: Membership) -> Result<(), RowsError> {
        self.rows.put_member(membership)
    }

    fn remove_member(&mut self, room: RoomId, user: UserId) -> Result<(), RowsError> {
        self.rows.remove_member(room, user)
    }

    fn next_message_id(&mut self) -> Result<MessageId, RowsError> {
        self.rows.next_message_id()
    }

    fn add_message(&mut self, message: &Message) -> Result<(), RowsError> {
        self.rows.add_message(message)
    }

    fn message(&mut self, id: MessageId) -> Result<Option<Message>, RowsError> {
        self.first_level(RowKey::Message(id), true);
        let message = self.rows.message(id)?;
        if let Some(message) = &message {
            self.users.insert(message.sender.id);
            self.rooms.insert(message.room);
        }
        Ok(message)
    }

    fn last_said(
        &mut self,
        room: RoomId,
        user: UserId,
        after: Timestamp,
        before: Timestamp,
    ) -> Result<Option<Timestamp>, RowsError> {
        self.rows.last_said(room, user, after, before)
    }

    fn update_message(&mut self, message: &Message) -> Result<(), RowsError> {
        self.rows.update_message(message)
    }

    fn rename_in_log(
        &mut self,
        user: &Arc<UserRef>,
        after: (RoomId, Seq),
        looks: usize,
    ) -> Result<Option<(RoomId, Seq)>, RowsError> {
        self.rows.rename_in_log(user, after, looks)
    }

    fn scrub(&mut self) -> Scrub {
        self.rows.scrub()
    }

    fn over_age(
        &mut self,
        room: RoomId,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Seq>, RowsError> {
        self.rows.over_age(room, before, now)
    }

    fn messages_left(&mut self, room: RoomId) -> Result<u64, RowsError> {
        self.rows.messages_left(room)
    }

    fn forget(&mut self, room: RoomId, limit: usize) -> Result<(bool, bool), RowsError> {
        self.rows.forget(room, limit)
    }

    fn hide_message(&mut self, user: UserId, message: MessageId) -> Result<(), RowsError> {
        self.rows.hide_message(user, message)
    }

    fn hidden_from(&mut self, room: RoomId, message: MessageId) -> Result<Vec<UserId>, RowsError> {
        self.first_level(RowKey::Message(message), true);
        self.rows.hidden_from(room, message)
    }
}

pub(super) async fn what_no_other_test_changes_names_its_rows_too(bench: &Bench) {
    let (anna, bob, guest) = (
        bench.account("anna"),
        bench.account("bob"),
        bench.guest("G"),
    );
    let room = bench.room("lobby", anna);
    bench.enter(bob, room);
    let said = bench.say(anna, room, "asked").id;
    let answer = Send {
        reply_to: Some(said),
        ..post(room, "answered")
    };
    bench.by(bob, answer).unwrap();
    bench.by(bob, Send::text(who(anna), "between us")).unwrap();
    let answer = Send {
        reply_to: Some(said),
        ..Send::text(who(anna), "in the wrong room")
    };
    assert_eq!(bench.by(bob, answer).err(), Some(Error::NoSuchMessage));
    let (user, create) = (crate::model::UserSelector::login("Anna"), true);
    bench.by(bob, Direct { user, create }).unwrap();
    let register = Register {
        login: "g".into(),
        ..add_account("g")
    };
    assert_eq!(bench.by(guest, register).unwrap().user.id, guest);
    members(bench, room, [anna, bob]);
    rooms(bench, room, anna);
    tokens(bench, bob);
}

fn members(bench: &Bench, room: RoomId, [anna, bob]: [UserId; 2]) {
    let remove = RemoveMember {
        room: at(room),
        user: who(bob),
    };
    bench.by(anna, remove.clone()).unwrap();
    assert_eq!(bench.by(anna, remove).err(), Some(Error::NoSuchUser));
    let unban = Unban {
        room: at(room),
        user: who(bob),
    };
    assert_eq!(bench.by(anna, unban).err(), Some(Error::NoSuchUser));
    let pair = RoomSelector::Direct("anna".into(), "bob".into());
    let (room, user) = (pair, who(bob));
    let direct = bench.operator(Unban { room, user });
    assert!(matches!(direct, Err(Error::NotAllowed(_))));
}

fn rooms(bench: &Bench, room: RoomId, anna: UserId) {
    let private = ChangeRoom {
        private: Some(true),
        ..ChangeRoom::of(at(room))
    };
    bench.by(anna, private).unwrap();
    let made = EnterRoom {
        room: RoomSelector::NameOrPublicId("77".into()),
        create: true,
        ..enter(RoomId(0))
    };
    assert!(bench.by(anna, made).unwrap().created);
    let titled = || CreateRoom {
        name: String::new(),
        title: "Tea & more".into(),
        ..create_room("", RoomKind::Public)
    };
    let (first, second) = (bench.by(anna, titled()), bench.by(anna, titled()));
    assert_ne!(
        first.unwrap().room.room.name,
        second.unwrap().room.room.name
    );
}

fn tokens(bench: &Bench, bob: UserId) {
    let opening = OpenSession {
        user: bob,
        password: None,
        by: None,
        token: Some("first".into()),
        address: String::new(),
        is_login: true,
    };
    let old = bench.operator(opening).unwrap().token.unwrap();
    let value = "second".into();
    let renewed = bench.by(bob, AddSessionToken { by: old, value }).unwrap();
    let id = renewed.id;
    bench.by(bob, UseToken { id, old }).unwrap();
    let (user, secret) = (who(bob), Secret::Hashed("$other".into()));
    bench.by(bob, SetPassword { user, secret }).unwrap();
}
