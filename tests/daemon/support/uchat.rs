//! A client of uchat. It writes its lines by hand and reads them as plain JSON, so that a mistake of the codec is not made
//! a second time here.

use std::ops::{Deref, DerefMut};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) use super::shapes::{has_keys, is_message, is_room};
use super::{Client, Daemon, PASSWORD, token};

/// The numbers of the page's table.
pub(crate) const LOG_IN: u8 = 0;
pub(crate) const SIGN_UP: u8 = 1;
pub(crate) const TOKEN: u8 = 2;
pub(crate) const MSG: u8 = 3;
pub(crate) const EDIT_MSG: u8 = 4;
pub(crate) const DEL_MSG: u8 = 5;
pub(crate) const DEL_HIST: u8 = 6;
pub(crate) const GET_NEW_MSGS: u8 = 7;
pub(crate) const SEARCH_MSGS: u8 = 8;
pub(crate) const ERROR_MSG: u8 = 9;
pub(crate) const OLD_MSGS: u8 = 10;
pub(crate) const GET_ROOMS: u8 = 11;
pub(crate) const NEW_ROOM: u8 = 12;
pub(crate) const DEL_ROOM: u8 = 13;
pub(crate) const JOIN_ROOM: u8 = 14;
pub(crate) const UPD_ROOM_NAME: u8 = 15;
pub(crate) const UPD_ROOM_DESC: u8 = 16;
pub(crate) const SEARCH_CH: u8 = 18;
pub(crate) const GET_MEMBERS: u8 = 19;
pub(crate) const MEMBER_INFO: u8 = 20;
pub(crate) const NEW_MEMBER: u8 = 21;
pub(crate) const BAN_MEMBER: u8 = 22;
pub(crate) const UPD_USER_DESC: u8 = 23;
pub(crate) const UPLOAD_FILE: u8 = 24;
pub(crate) const DOWNLOAD_FILE: u8 = 25;
pub(crate) const LOG_OUT: u8 = 26;
pub(crate) const READY_READ: u8 = 27;

pub(crate) struct Uchat {
    client: Client,
    /// Its user's number, where it is known.
    pub(crate) id: i32,
    pub(crate) token: String,
}

impl Deref for Uchat {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Uchat {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// "`pass` is the SHA-256 of the password in 64 hexadecimal digits."
pub(crate) fn pass(password: &str) -> String {
    let digest = Sha256::digest(password.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request to log in by the password of every account.
pub(crate) fn log_in(login: &str) -> Value {
    json!({"type": LOG_IN, "login": login, "pass": pass(PASSWORD), "name": "", "desc": ""})
}

/// A request to sign up with the password of every account.
pub(crate) fn sign_up(login: &str) -> Value {
    json!({"type": SIGN_UP, "login": login, "pass": pass(PASSWORD), "name": login, "desc": ""})
}

/// A client's RQ_NEW_ROOM, with its two types.
pub(crate) fn new_room(name: &str, desc: &str, kind: u8) -> String {
    let (name, desc) = (json!(name), json!(desc));
    format!("{{\"type\":12,\"name\":{name},\"desc\":{desc},\"type\":{kind}}}\n")
}

/// What is in the list, by this key.
pub(crate) fn column<'a>(list: &'a Value, key: &str) -> Vec<&'a Value> {
    list.as_array()
        .unwrap_or_else(|| panic!("no list: {list}"))
        .iter()
        .map(|item| &item[key])
        .collect()
}

impl Uchat {
    pub(crate) fn new(client: Client) -> Self {
        let (id, token) = (0, String::new());
        Self { client, id, token }
    }

    pub(crate) async fn write(&mut self, request: Value) {
        self.send(format!("{request}\n")).await;
    }

    /// Writes a request; what comes next.
    pub(crate) async fn ask(&mut self, request: Value) -> Value {
        self.write(request).await;
        self.next().await
    }

    /// Writes a request, which is answered by an object of its own type; that.
    pub(crate) async fn answer(&mut self, request: Value) -> Value {
        let answer = self.ask(request.clone()).await;
        assert_eq!(answer["type"], request["type"], "{answer} to {request}");
        answer
    }

    /// The next object, which must be of this type.
    pub(crate) async fn event(&mut self, kind: u8) -> Value {
        let event = self.next().await;
        assert_eq!(event["type"], kind, "{event}");
        event
    }

    /// The next object is just this.
    pub(crate) async fn is_told(&mut self, expected: Value) {
        assert_eq!(self.next().await, expected);
    }

    /// The next object is an error of this code; its text.
    pub(crate) async fn error(&mut self, code: u8) -> String {
        let error = self.event(ERROR_MSG).await;
        has_keys(&error, "type error_code msg");
        assert_eq!(error["error_code"], code, "{error}");
        error["msg"].as_str().unwrap().to_owned()
    }

    /// Writes a request that is refused with this code; the error's text.
    pub(crate) async fn refused(&mut self, code: u8, request: Value) -> String {
        self.write(request).await;
        self.error(code).await
    }

    /// RQ_TOKEN, which lets it in.
    pub(crate) async fn is_let_in(&mut self, login: &str) -> Value {
        let welcome = self.event(TOKEN).await;
        has_keys(&welcome, "type token login desc");
        assert_eq!(welcome["login"], login, "{welcome}");
        self.token = welcome["token"].as_str().unwrap().to_owned();
        welcome
    }

    /// Logs in by the password.
    pub(crate) async fn log_in(&mut self, login: &str) {
        self.write(log_in(login)).await;
        self.is_let_in(login).await;
    }

    /// Logs in by an account's API token.
    pub(crate) async fn by_token(&mut self, login: &str) {
        self.write(json!({"type": TOKEN, "token": token(login)}))
            .await;
        self.is_let_in(login).await;
    }

    /// Makes a room; its number.
    pub(crate) async fn new_room(&mut self, name: &str, kind: u8) -> i32 {
        self.send(new_room(name, "", kind)).await;
        let room = self.event(NEW_ROOM).await;
        is_room(&room, Some(NEW_ROOM));
        assert_eq!((&room["name"], &room["desc"]), (&json!(name), &json!("")));
        number(&room["id"])
    }

    /// Joins a room, and reads that it did.
    pub(crate) async fn join(&mut self, room: i32) {
        let answer = self
            .answer(json!({"type": JOIN_ROOM, "room_id": room}))
            .await;
        is_room(&answer, Some(JOIN_ROOM));
        let joined = self.event(NEW_MEMBER).await;
        assert_eq!(joined["room_id"], room, "{joined}");
    }

    pub(crate) async fn say(&mut self, room: i32, text: &str) {
        self.write(msg(room, text)).await;
    }

    /// Says something and reads the echo; the message's number.
    pub(crate) async fn said(&mut self, room: i32, text: &str) -> i32 {
        self.say(room, text).await;
        let echo = self.event(MSG).await;
        is_message(&echo);
        assert_eq!(
            (&echo["room_id"], &echo["message"]),
            (&json!(room), &json!(text))
        );
        number(&echo["message_id"])
    }

    /// The next object is this message; all of it.
    pub(crate) async fn hears(&mut self, user: i32, room: i32, text: &str) -> Value {
        let said = self.event(MSG).await;
        is_message(&said);
        assert_eq!(
            (&said["user_id"], &said["room_id"], &said["message"]),
            (&json!(user), &json!(room), &json!(text)),
            "{said}"
        );
        said
    }

    /// The next object says that this user is a member now.
    pub(crate) async fn sees_member(&mut self, room: i32, user: i32, login: &str) {
        self.is_told(json!({"type": NEW_MEMBER, "room_id": room, "user_id": user, "login": login}))
            .await;
    }

    /// Nothing is waiting: the next thing that comes is the answer to this.
    pub(crate) async fn hears_nothing(&mut self) {
        self.refused(4, json!({"type": MEMBER_INFO, "user_id": i32::MAX}))
            .await;
    }

    /// RQ_LOG_OUT unasked, then the end.
    pub(crate) async fn is_ended(&mut self) {
        let token = self.token.clone();
        self.is_told(json!({"type": LOG_OUT, "token": token})).await;
        self.end().await;
    }

    /// Messages of a room newer than a time, as a page has them.
    pub(crate) async fn newer(&mut self, room: i32, date: i64, count: u64) -> Vec<Value> {
        let request = json!({"type": GET_NEW_MSGS, "room_id": room, "date": date, "count": count});
        self.page(request, "messages").await
    }

    /// Messages of a room older than a time, as a page has them.
    pub(crate) async fn older(&mut self, room: i32, date: i64, count: u64) -> Vec<Value> {
        let request = json!({"type": OLD_MSGS, "room_id": room, "date": date, "count": count});
        self.page(request, "messages").await
    }

    async fn page(&mut self, request: Value, key: &str) -> Vec<Value> {
        let answer = self.answer(request.clone()).await;
        has_keys(&answer, &format!("type room_id {key}"));
        assert_eq!(answer["room_id"], request["room_id"]);
        let messages = answer[key].as_array().unwrap().clone();
        messages.iter().for_each(is_message);
        messages
    }
}

/// An id.
pub(crate) fn number(id: &Value) -> i32 {
    let id = id.as_i64().unwrap_or_else(|| panic!("no number: {id}"));
    i32::try_from(id).unwrap()
}

pub(crate) fn msg(room: i32, text: &str) -> Value {
    json!({"type": MSG, "room_id": room, "message": text, "msg_type": 0})
}

impl Daemon {
    /// A uchat connection that has said nothing.
    pub(crate) async fn uchat(&self) -> Uchat {
        Uchat::new(self.client("uchat").await)
    }

    /// A uchat connection of an account.
    pub(crate) async fn uchat_of(&self, login: &str) -> Uchat {
        let mut uchat = self.uchat().await;
        uchat.by_token(login).await;
        uchat
    }

    /// A uchat connection of an account that is made for it.
    pub(crate) async fn uchat_new(&self, login: &str) -> Uchat {
        let id = self.account(login).await;
        let mut uchat = self.uchat_of(login).await;
        uchat.id = id;
        uchat
    }
}
