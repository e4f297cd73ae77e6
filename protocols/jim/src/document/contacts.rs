//! Contact lists, which published servers send: a count in an answer, then one object for each name.

use super::answer::read_time;
use super::fields::RESPONSE;
use crate::compat::USER_ID;
use crate::error::BadFrame;
use crate::server_frame::ServerFrame;
use tolmach_json::Object;
use tolmach_json::Sink;

/// The answer to `get_contacts` (PROTOCOL.md 7.5); `None` for any other answer.
pub(super) fn read_count(object: &Object<'_>) -> Option<ServerFrame> {
    let quantity = object.find("quantity")?.parse().ok()?;
    (object.find(RESPONSE.key)?.trim_matches('"') == "202").then(|| ServerFrame::ContactCount {
        time: read_time(object),
        quantity,
    })
}

pub(super) fn put_count(sink: &mut impl Sink, time: i64, quantity: u32) {
    sink.raw("{\"response\":202,\"time\":");
    sink.number(time);
    sink.raw(",\"quantity\":");
    sink.number(i64::from(quantity));
    sink.raw("}");
}

/// One name of the list.
pub(super) fn read(object: &Object<'_>) -> Result<ServerFrame, BadFrame> {
    Ok(ServerFrame::Contact {
        user_id: USER_ID.required(object)?.into_owned(),
    })
}

pub(super) fn put(sink: &mut impl Sink, user_id: &str) {
    sink.raw("{\"action\":\"contact_list\",\"user_id\":");
    sink.text(user_id);
    sink.raw("}");
}
