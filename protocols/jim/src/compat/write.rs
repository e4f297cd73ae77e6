//! What is written in the flavor `compat`: flat objects in ASCII (PROTOCOL.md 7.6).

use super::USER_ID;
use super::msg::ADDRESSEES;
use crate::ascii::{Ascii, ascii_bytes};
use crate::client_frame::{ClientFrame, CompatMsg};
use crate::document;
use crate::encoding::Encoding;
use crate::extra::Extra;
use crate::limits::{COMPAT_NAME_BYTES, COMPAT_OBJECT_BYTES, COMPAT_TEXT_BYTES};
use crate::server_frame::ServerFrame;
use crate::spelling::{Spelling, TextKey};
use bytes::{BufMut, BytesMut};
use tolmach_json::Sink;

/// A message with all its names, as both ends write it.
struct Msg<'a> {
    to: &'a str,
    from: &'a str,
    time: i64,
    message: &'a str,
    encoding: Encoding,
    spelling: Spelling,
}

/// Puts a server's object and a newline, in ASCII.
pub(crate) fn put_server_frame(dst: &mut BytesMut, frame: &ServerFrame, spelling: Spelling) {
    put(dst, frame, spelling, true);
}

/// As [`put_server_frame`], but for the unknown fields of a message.
pub(crate) fn put_without_extra(dst: &mut BytesMut, frame: &ServerFrame, spelling: Spelling) {
    put(dst, frame, spelling, false);
}

fn put(dst: &mut BytesMut, frame: &ServerFrame, spelling: Spelling, with_extra: bool) {
    match frame {
        ServerFrame::Msg {
            to,
            from,
            time,
            message,
            extra,
        } => {
            let msg = Msg {
                to: within(to, COMPAT_NAME_BYTES),
                from: within(from, COMPAT_NAME_BYTES),
                time: *time,
                message,
                encoding: Encoding::of(message),
                spelling,
            };
            let extra = extra.clone().without(&ADDRESSEES);
            put_msg(dst, &msg, Some(&extra).filter(|_| with_extra));
        }
        frame => document::put_server_frame(&mut Ascii(dst), frame),
    }
    dst.put_u8(b'\n');
}

/// The beginning of a name that takes at most so many bytes.
fn within(name: &str, limit: usize) -> &str {
    let mut bytes = 0;
    let mut beyond = name.char_indices().skip_while(|(_, character)| {
        bytes += ascii_bytes(*character);
        bytes <= limit
    });
    beyond.next().map_or(name, |(at, _)| &name[..at])
}

/// The doubles are left out where too little would remain for the text: PROTOCOL.md 7.7. Extra fields
/// are left out where they are not flat, and where they would make the object too long.
fn put_msg(dst: &mut BytesMut, msg: &Msg<'_>, extra: Option<&Extra>) {
    let begun = dst.len();
    let doubled = msg.spelling.message && leaves_room(msg);
    put_known(&mut Ascii(dst), msg, doubled);
    if let Some(extra) = extra.filter(|extra| extra.is_flat()) {
        let known = dst.len();
        let mut sink = Ascii(dst);
        sink.raw(",");
        sink.json(extra.as_json());
        // The brace and the newline are still to come. No character is less than a byte: the limit of 640 characters is kept, too.
        if dst.len() - begun + 2 > COMPAT_OBJECT_BYTES {
            dst.truncate(known);
        }
    }
    dst.put_u8(b'}');
}

/// Whether enough remains for the text when every name stands there twice.
fn leaves_room(msg: &Msg<'_>) -> bool {
    let mut around = BytesMut::new();
    put_known(
        &mut Ascii(&mut around),
        &Msg {
            message: "",
            ..*msg
        },
        true,
    );
    around.len() + 2 + COMPAT_TEXT_BYTES <= COMPAT_OBJECT_BYTES
}

/// All but the closing brace.
fn put_known(sink: &mut impl Sink, msg: &Msg<'_>, doubled: bool) {
    sink.raw(if msg.spelling.message {
        "{\"action\":\"message\",\"time\":"
    } else {
        "{\"action\":\"msg\",\"time\":"
    });
    sink.number(msg.time);
    if msg.spelling.unspoken {
        return put_unspoken(sink, msg);
    }
    let names = [("to", "destination", msg.to), ("from", "sender", msg.from)];
    for (key, double, name) in names {
        put_member(sink, key, name);
        if doubled {
            put_member(sink, double, name);
        }
    }
    put_member(sink, "encoding", msg.encoding.name());
    put_member(sink, msg.spelling.text.name(), msg.message);
}

/// Writes a message for a client that has said none yet: PROTOCOL.md 7.8.
fn put_unspoken(sink: &mut impl Sink, msg: &Msg<'_>) {
    put_member(sink, "sender", msg.from);
    put_member(sink, "destination", msg.to);
    for key in [TextKey::MessText, TextKey::MessageText] {
        put_member(sink, key.name(), msg.message);
    }
}

fn put_member(sink: &mut impl Sink, key: &'static str, text: &str) {
    sink.raw(",\"");
    sink.raw(key);
    sink.raw("\":");
    sink.text(text);
}

/// Puts what only published clients say, and nothing else.
pub(crate) fn put_request(sink: &mut impl Sink, time: i64, frame: &ClientFrame) {
    let (action, user_id) = match frame {
        ClientFrame::CompatMsg(msg) => {
            return put_compat_msg(sink, time, msg);
        }
        ClientFrame::LeaveLast => ("leave", None),
        ClientFrame::GetContacts => ("get_contacts", None),
        ClientFrame::AddContact { user_id } => ("add_contact", Some(user_id)),
        ClientFrame::DelContact { user_id } => ("del_contact", Some(user_id)),
        _ => return,
    };
    sink.raw("{\"action\":\"");
    sink.raw(action);
    sink.raw("\",\"time\":");
    sink.number(time);
    if let Some(user_id) = user_id {
        put_member(sink, USER_ID.key, user_id);
    }
    sink.raw("}");
}

fn put_compat_msg(sink: &mut impl Sink, time: i64, msg: &CompatMsg) {
    sink.raw("{\"action\":\"");
    sink.raw(if msg.spelling.message {
        "message"
    } else {
        "msg"
    });
    sink.raw("\",\"time\":");
    sink.number(time);
    for (key, name) in [("to", &msg.to), ("from", &msg.from)] {
        if let Some(name) = name {
            put_member(sink, key, name);
        }
    }
    put_member(sink, "encoding", msg.encoding.name());
    put_member(sink, msg.spelling.text.name(), &msg.message);
    if !msg.extra.is_empty() {
        sink.raw(",");
        sink.json(msg.extra.as_json());
    }
    sink.raw("}");
}
