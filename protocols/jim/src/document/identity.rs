//! Who a client is: `authenticate` and `presence`.

use super::fields::{ACCOUNT_NAME, PASSWORD, STATUS, TYPE, USER};
use crate::client_frame::ClientFrame;
use crate::error::BadFrame;
use crate::object;
use std::borrow::Cow;
use tolmach_json::Object;
use tolmach_json::Sink;

/// Reads `authenticate` (PROTOCOL.md 4.1).
pub(crate) fn read_authenticate(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    let user = read_user(object)?.ok_or_else(|| USER.missing())?;
    Ok(ClientFrame::Authenticate {
        account_name: ACCOUNT_NAME.required_limited(&user)?.into_owned(),
        password: PASSWORD.required(&user)?.into(),
    })
}

pub(crate) fn put_authenticate(
    sink: &mut impl Sink,
    time: i64,
    account_name: &str,
    password: &str,
) {
    sink.raw("{\"action\":\"authenticate\",\"time\":");
    sink.number(time);
    sink.raw(",\"user\":{\"account_name\":");
    sink.text(account_name);
    sink.raw(",\"password\":");
    sink.text(password);
    sink.raw("}}");
}

/// Reads `presence` (PROTOCOL.md 4.2).
///
/// A `presence` that answers a `probe` (PROTOCOL.md 5.2) may be a simple one, without `user`: whether a name is needed depends
/// on who says it. Any text is taken as `type`.
pub(crate) fn read_presence(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    TYPE.optional(object)?;
    let Some(user) = read_user(object)? else {
        return Ok(ClientFrame::Presence {
            account_name: None,
            status: None,
        });
    };
    Ok(ClientFrame::Presence {
        account_name: ACCOUNT_NAME.optional_limited(&user)?.map(Cow::into_owned),
        status: STATUS.optional(&user)?.map(Cow::into_owned),
    })
}

pub(crate) fn put_presence(
    sink: &mut impl Sink,
    time: i64,
    account_name: Option<&str>,
    status: Option<&str>,
) {
    sink.raw("{\"action\":\"presence\",\"time\":");
    sink.number(time);
    sink.raw(",\"type\":\"status\"");
    let members = [("\"account_name\":", account_name), ("\"status\":", status)];
    let mut before = ",\"user\":{";
    for (key, text) in members {
        if let Some(text) = text {
            sink.raw(before);
            sink.raw(key);
            sink.text(text);
            before = ",";
        }
    }
    sink.raw(if before == "," { "}}" } else { "}" });
}

fn read_user<'a>(object: &Object<'a>) -> Result<Option<Object<'a>>, BadFrame> {
    match object.find(USER.key) {
        None => Ok(None),
        Some(json) if json.starts_with('{') => object::parse(json).map(Some),
        Some(json) => Err(USER.wrong_type(json)),
    }
}
