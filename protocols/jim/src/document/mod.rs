//! The frames as the protocol's document spells them.
//!
//! Here is the table of actions for each direction; a file per family of frames reads and writes them.

mod answer;
mod contacts;
pub(crate) mod fields;
mod identity;
mod msg;
mod room;

use crate::characters::printable;
use crate::client_frame::ClientFrame;
use crate::compat;
use crate::encoding::Encoding;
use crate::error::BadFrame;
use crate::limits::{ACTION_CHARS, OBJECT_CHARS, UNENDED_BYTES};
use crate::object;
use crate::server_frame::ServerFrame;
use tolmach_json::Object;
use tolmach_json::Sink;

pub(crate) use msg::read_encoding;

/// Room for the punctuation, the names and a short text of most frames.
pub(crate) const LIKELY_BYTES: usize = 192;

const CLIENT_ACTIONS: &str = "it must be authenticate, presence, msg, join, leave or quit";
const SERVER_ACTIONS: &str = "it must be msg, contact_list or probe";

/// Reads one object from a client. What is wrong first is told: the length, the JSON, `action`, `time`, and
/// then the fields in the order of the document.
pub(crate) fn read_client_frame(bytes: &mut [u8]) -> Result<ClientFrame, BadFrame> {
    let object = &object::read(bytes, OBJECT_CHARS)?;
    let action = fields::ACTION.required_limited(object)?;
    let read: fn(&Object<'_>) -> Result<ClientFrame, BadFrame> = match &*action {
        "authenticate" => identity::read_authenticate,
        "presence" => identity::read_presence,
        "msg" => msg::read_from_client,
        "join" => room::read_join,
        "leave" => room::read_leave,
        "probe" => |_| Ok(ClientFrame::Probe),
        // It may come without `time`: PROTOCOL.md 3.1.
        "quit" => return Ok(ClientFrame::Quit),
        unknown => return Err(unknown_action(unknown, CLIENT_ACTIONS)),
    };
    require_time(object)?;
    read(object)
}

/// Reads one object from a server.
pub(crate) fn read_server_frame(bytes: &mut [u8]) -> Result<ServerFrame, BadFrame> {
    let object = &object::read(bytes, UNENDED_BYTES)?;
    let Some(action) = fields::ACTION.optional(object)? else {
        return match contacts::read_count(object) {
            Some(count) => Ok(count),
            None => answer::read(object).map(ServerFrame::Answer),
        };
    };
    match &*action {
        "msg" => msg::read_from_server(object),
        "contact_list" => contacts::read(object),
        // The document's list of actions has this one with a Cyrillic о, which was copied into servers.
        "probe" | "pr\u{43e}be" => Ok(ServerFrame::Probe {
            time: answer::read_time(object),
        }),
        unknown => Err(unknown_action(unknown, SERVER_ACTIONS)),
    }
}

/// Puts a client's object.
pub(crate) fn put_request(sink: &mut impl Sink, time: i64, frame: &ClientFrame) {
    match frame {
        ClientFrame::Authenticate {
            account_name,
            password,
        } => {
            identity::put_authenticate(sink, time, account_name, &password.0);
        }
        ClientFrame::Presence {
            account_name,
            status,
        } => {
            identity::put_presence(sink, time, account_name.as_deref(), status.as_deref());
        }
        ClientFrame::Msg {
            to,
            from,
            message,
            encoding,
            extra,
        } => {
            msg::put(
                sink,
                &msg::Msg {
                    to,
                    from,
                    time,
                    message,
                    encoding: *encoding,
                    extra,
                },
            );
        }
        ClientFrame::Join { room, password } => room::put_join(
            sink,
            time,
            room,
            password.as_ref().map(|password| &*password.0),
        ),
        ClientFrame::Leave { room } => room::put_leave(sink, time, room),
        ClientFrame::Quit => put_bare(sink, "{\"action\":\"quit\",\"time\":", time),
        ClientFrame::Probe => put_probe(sink, time),
        ClientFrame::CompatMsg(_)
        | ClientFrame::LeaveLast
        | ClientFrame::GetContacts
        | ClientFrame::AddContact { .. }
        | ClientFrame::DelContact { .. } => compat::put_request(sink, time, frame),
    }
}

/// Puts a server's object.
pub(crate) fn put_server_frame(sink: &mut impl Sink, frame: &ServerFrame) {
    match frame {
        ServerFrame::Answer(answer) => answer::put(sink, answer),
        ServerFrame::Msg {
            to,
            from,
            time,
            message,
            extra,
        } => {
            let encoding = Encoding::of(message);
            msg::put(
                sink,
                &msg::Msg {
                    to,
                    from,
                    time: *time,
                    message,
                    encoding,
                    extra,
                },
            );
        }
        ServerFrame::Probe { time } => put_probe(sink, *time),
        ServerFrame::ContactCount { time, quantity } => {
            contacts::put_count(sink, *time, *quantity);
        }
        ServerFrame::Contact { user_id } => contacts::put(sink, user_id),
    }
}

fn put_probe(sink: &mut impl Sink, time: i64) {
    put_bare(sink, "{\"action\":\"probe\",\"time\":", time);
}

fn put_bare(sink: &mut impl Sink, head: &'static str, time: i64) {
    sink.raw(head);
    sink.number(time);
    sink.raw("}");
}

/// Any number or text will do: PROTOCOL.md 3.1.
fn require_time(object: &Object<'_>) -> Result<(), BadFrame> {
    let json = object
        .find(fields::TIME.key)
        .ok_or_else(|| fields::TIME.missing())?;
    match json.as_bytes().first() {
        Some(b'"' | b'-' | b'0'..=b'9') => Ok(()),
        _ => Err(fields::TIME.wrong_type(json)),
    }
}

/// Names an action that there is not: PROTOCOL.md 4.8.
fn unknown_action(action: &str, right: &'static str) -> BadFrame {
    BadFrame::UnknownAction {
        action: printable(action, ACTION_CHARS),
        right,
    }
}
