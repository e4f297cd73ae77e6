//! `msg`, in both directions: the server looks at the addressee and passes it on.

use super::answer::read_time;
use super::fields::{ENCODING, FROM, MESSAGE, TO};
use crate::characters::Counter;
use crate::characters::printable;
use crate::client_frame::ClientFrame;
use crate::encoding::Encoding;
use crate::error::BadFrame;
use crate::extra::Extra;
use crate::limits::{ACTION_CHARS, OBJECT_CHARS};
use crate::server_frame::ServerFrame;
use tolmach_json::Object;
use tolmach_json::Sink;

/// What is written the same by both ends.
pub(crate) struct Msg<'a> {
    pub(crate) to: &'a str,
    pub(crate) from: &'a str,
    pub(crate) time: i64,
    pub(crate) message: &'a str,
    pub(crate) encoding: Encoding,
    pub(crate) extra: &'a Extra,
}

/// What a client says: PROTOCOL.md 4.3.
pub(crate) fn read_from_client(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Msg {
        to: TO.required_limited(object)?.into_owned(),
        from: FROM.required_limited(object)?.into_owned(),
        message: MESSAGE.required_limited(object)?.into_owned(),
        encoding: read_encoding(object)?,
        extra: Extra::of(object),
    })
}

/// What a server tells: PROTOCOL.md 5.1. A client need not be strict.
pub(crate) fn read_from_server(object: &Object<'_>) -> Result<ServerFrame, BadFrame> {
    Ok(ServerFrame::Msg {
        to: TO.required(object)?.into_owned(),
        from: FROM.required(object)?.into_owned(),
        time: read_time(object),
        message: MESSAGE.required(object)?.into_owned(),
        extra: Extra::of(object),
    })
}

/// Puts the whole object. Unknown fields give way to the limit of its length: PROTOCOL.md 5.4.
pub(crate) fn put(sink: &mut impl Sink, msg: &Msg<'_>) {
    put_known(sink, msg);
    if !msg.extra.is_empty() && characters_with_extra(msg) <= OBJECT_CHARS {
        sink.raw(",");
        sink.json(msg.extra.as_json());
    }
    sink.raw("}");
}

fn put_known(sink: &mut impl Sink, msg: &Msg<'_>) {
    sink.raw("{\"action\":\"msg\",\"time\":");
    sink.number(msg.time);
    sink.raw(",\"to\":");
    sink.text(msg.to);
    sink.raw(",\"from\":");
    sink.text(msg.from);
    sink.raw(",\"encoding\":");
    sink.text(msg.encoding.name());
    sink.raw(",\"message\":");
    sink.text(msg.message);
}

fn characters_with_extra(msg: &Msg<'_>) -> usize {
    let mut counter = Counter::default();
    put_known(&mut counter, msg);
    counter.raw(",");
    counter.json(msg.extra.as_json());
    counter.raw("}");
    counter.0
}

/// Reads the encoding of a text (PROTOCOL.md 3.6).
pub(crate) fn read_encoding(object: &Object<'_>) -> Result<Encoding, BadFrame> {
    let Some(name) = ENCODING.optional(object)? else {
        return Ok(Encoding::default());
    };
    Encoding::from_name(&name).ok_or_else(|| BadFrame::UnknownEncoding {
        encoding: printable(&name, ACTION_CHARS),
    })
}
