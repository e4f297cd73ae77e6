//! A connection of whichever dialect: it says things in rooms, and tells what it heard in one form.

use serde_json::{Value, json};

use super::uchat::{DEL_MSG, EDIT_MSG, ERROR_MSG, JOIN_ROOM, MEMBER_INFO, MSG, msg, number};
use super::{Daemon, Fields, Frame, Jim, Purpose, Talker, Uchat, int, messages, text, token};

/// How somebody is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Jim,
    /// In this room only.
    Talker(Place),
    /// Of this revision.
    Purpose(u8),
    Uchat,
}

/// A room by all that dialects call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) id: i32,
    pub(crate) name: &'static str,
}

/// What a connection was told, without what only tells who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// A text in a room.
    Said(i32, String),
    /// A message of the room has this text now; where the dialect has a word for it.
    Edited(i32, String),
    /// This message is gone; where the dialect says so.
    Deleted(i32, i32),
    /// What it asked is done; where that is not told by what everybody is told.
    Accepted,
    /// What it asked is refused.
    Refused,
    /// The gateway closed the connection.
    Closed,
}

impl Told {
    /// Of which room it tells; none where it is an answer.
    pub(crate) fn room(&self) -> Option<i32> {
        match self {
            Self::Said(room, _) | Self::Edited(room, _) | Self::Deleted(room, _) => Some(*room),
            Self::Accepted | Self::Refused | Self::Closed => None,
        }
    }
}

/// A connection that somebody is logged in on.
pub(crate) struct Voice {
    wire: Wire,
    places: Vec<Place>,
    /// Requests to leave a mark in what comes, so far.
    marks: u32,
}

enum Wire {
    Jim(Jim),
    Talker(Talker, Place),
    Purpose(Box<Purpose>),
    Uchat(Uchat),
}

impl Voice {
    /// Logs in; a Talker connection enters its room, and is told what came after the message `since`.
    pub(crate) async fn open(
        daemon: &Daemon,
        login: &str,
        kind: Kind,
        places: &[Place],
        since: Option<i32>,
    ) -> Self {
        let wire = match kind {
            Kind::Jim => Wire::Jim(daemon.authenticated(login).await),
            Kind::Talker(place) => {
                let mut talker = daemon.talker().await;
                let (name, token) = (place.name, token(login));
                talker
                    .write(json!({"type": "connect", "room": name, "token": token, "last_event_id": since}))
                    .await;
                talker.connected().await;
                Wire::Talker(talker, place)
            }
            Kind::Purpose(revision) => {
                Wire::Purpose(Box::new(daemon.purpose_of(revision, login).await))
            }
            Kind::Uchat => Wire::Uchat(daemon.uchat_of(login).await),
        };
        Self {
            wire,
            places: places.to_vec(),
            marks: 0,
        }
    }

    /// Says something in a room, where it is or not, and waits for nothing.
    pub(crate) async fn say(&mut self, place: Place, said: &str) {
        match &mut self.wire {
            Wire::Jim(jim) => {
                let msg = jim.msg(&format!("#{}", place.name), said);
                jim.write(msg).await;
            }
            Wire::Talker(talker, _) => talker.say(said).await,
            Wire::Purpose(purpose) => {
                let body = [int(place.id), text(said)].concat();
                purpose.write("SEND_CHAT_MSG", body).await;
            }
            Wire::Uchat(uchat) => uchat.write(msg(place.id, said)).await,
        }
    }

    /// Enters a room; a Talker connection is in its own.
    pub(crate) async fn enter(&mut self, place: Place) {
        match &mut self.wire {
            Wire::Jim(jim) => {
                let room = format!("#{}", place.name);
                jim.write(json!({"action": "join", "room": room})).await;
            }
            Wire::Talker(..) => {}
            Wire::Purpose(purpose) => {
                purpose.write("JOIN_CHAT", int(place.id)).await;
            }
            Wire::Uchat(uchat) => {
                uchat
                    .write(json!({"type": JOIN_ROOM, "room_id": place.id}))
                    .await;
            }
        }
    }

    /// Edits one of its user's messages; whether the dialect can.
    pub(crate) async fn edit(&mut self, place: Place, message: i32, said: &str) -> bool {
        match &mut self.wire {
            Wire::Talker(talker, own) if *own == place => {
                talker
                    .write(json!({"type": "message", "content": said, "edit": message}))
                    .await;
            }
            Wire::Uchat(uchat) => {
                uchat
                    .write(json!({"type": EDIT_MSG, "room_id": place.id, "msg_id": message, "msg": said}))
                    .await;
            }
            Wire::Jim(_) | Wire::Talker(..) | Wire::Purpose(_) => return false,
        }
        true
    }

    /// Deletes one of its user's messages; whether the dialect can.
    pub(crate) async fn delete(&mut self, place: Place, message: i32) -> bool {
        match &mut self.wire {
            Wire::Purpose(purpose) if purpose.revision == 2 => {
                purpose.write("DELETE_MSG", int(message)).await;
            }
            Wire::Uchat(uchat) => {
                uchat
                    .write(json!({"type": DEL_MSG, "room_id": place.id, "msg_id": message}))
                    .await;
            }
            Wire::Jim(_) | Wire::Talker(..) | Wire::Purpose(_) => return false,
        }
        true
    }

    /// All that it was told until now: until the answer to what it asks for that.
    pub(crate) async fn hear(&mut self) -> Vec<Told> {
        self.marks += 1;
        let mark = format!("mark-{}", self.marks);
        let mut told = Vec::new();
        match &mut self.wire {
            Wire::Jim(jim) => {
                jim.write(json!({"action": "probe"})).await;
                while let Some(next) = line(jim.line().await, &mut told) {
                    if next["response"] == 400 {
                        break;
                    }
                    let said = |place: &&Place| next["to"] == format!("#{}", place.name);
                    match next["response"].as_u64() {
                        None if next["action"] == "msg" => {
                            let place = self.places.iter().find(said).expect("a room");
                            told.push(Told::Said(place.id, string(&next["message"])));
                        }
                        Some(200) => told.push(Told::Accepted),
                        Some(100 | 101) => {}
                        _ => told.push(Told::Refused),
                    }
                }
            }
            Wire::Talker(talker, place) => {
                let ask = json!({"type": "message", "content": "x", "to": mark});
                // It may be closed already.
                talker.try_send(format!("{ask}\n")).await;
                while let Some(next) = line(talker.line().await, &mut told) {
                    if next["type"] == "message" && next["user"]["id"] != "0" {
                        told.push(Told::Said(place.id, string(&next["content"])));
                    } else if next["type"] == "error" && next["message"] == "no such user" {
                        break;
                    } else if next["type"] == "error" {
                        told.push(Told::Refused);
                    }
                }
            }
            Wire::Purpose(purpose) => {
                purpose.write("HEARTBEAT", text(&mark)).await;
                while let Some(next) = purpose.frame().await {
                    if next.body == text(&mark) {
                        break;
                    }
                    match next.purpose {
                        0 => told.push(Told::Accepted),
                        1 => told.push(Told::Refused),
                        _ => told.extend(notification(purpose, &next).await),
                    }
                }
            }
            Wire::Uchat(uchat) => {
                uchat
                    .write(json!({"type": MEMBER_INFO, "user_id": i32::MAX}))
                    .await;
                while let Some(next) = line(uchat.line().await, &mut told) {
                    let room = || number(&next["room_id"]);
                    match u8::try_from(next["type"].as_u64().expect("a type")).unwrap() {
                        // Nobody has the greatest of numbers.
                        ERROR_MSG if next["msg"] == "no such user" => break,
                        ERROR_MSG => told.push(Told::Refused),
                        MSG => told.push(Told::Said(room(), string(&next["message"]))),
                        EDIT_MSG => told.push(Told::Edited(room(), string(&next["msg"]))),
                        DEL_MSG => told.push(Told::Deleted(room(), number(&next["msg_id"]))),
                        _ => {}
                    }
                }
            }
        }
        told
    }
}

/// The next object; at the end of the stream it is told that.
fn line(line: Option<String>, told: &mut Vec<Told>) -> Option<Value> {
    match line {
        Some(line) => Some(serde_json::from_str(&line).unwrap()),
        None => {
            told.push(Told::Closed);
            None
        }
    }
}

/// What a notification tells, which is accepted.
async fn notification(purpose: &mut Purpose, told: &Frame) -> Vec<Told> {
    purpose.accept(told).await;
    let is_message = told.purpose == if purpose.revision == 1 { 0x20 } else { 0x30 };
    if !is_message {
        return Vec::new();
    }
    let mut fields = Fields(&told.body);
    if purpose.revision == 1 {
        fields.int();
    }
    let messages = messages(fields.0).into_iter();
    messages
        .map(|message| match message.status {
            2 => Told::Deleted(message.chat, message.id),
            _ => Told::Said(message.chat, message.text),
        })
        .collect()
}

fn string(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
