//! A message in all its spellings: PROTOCOL.md 7.1.

use super::first_of;
use crate::client_frame::{ClientFrame, CompatMsg};
use crate::document::fields::{FROM, MESSAGE, TO};
use crate::document::read_encoding;
use crate::error::BadFrame;
use crate::extra::Extra;
use crate::field::Field;
use crate::spelling::{Spelling, TextKey};
use std::borrow::Cow;
use tolmach_json::Object;

const SENDER: Field = Field {
    path: "sender",
    key: "sender",
    ..FROM
};

const DESTINATION: Field = Field {
    path: "destination",
    key: "destination",
    ..TO
};

pub(super) fn read(object: &Object<'_>, action: &str) -> Result<ClientFrame, BadFrame> {
    let (text, message) = read_text(object)?;
    Ok(ClientFrame::CompatMsg(CompatMsg {
        to: first_of(object, &[&TO, &DESTINATION])?.map(Cow::into_owned),
        from: first_of(object, &[&FROM, &SENDER])?.map(Cow::into_owned),
        message,
        encoding: read_encoding(object)?,
        extra: Extra::of(object),
        spelling: Spelling {
            message: action == "message",
            text,
        },
    }))
}

fn read_text(object: &Object<'_>) -> Result<(TextKey, String), BadFrame> {
    for key in TextKey::ALL {
        let field = Field {
            path: key.name(),
            key: key.name(),
            ..MESSAGE
        };
        if let Some(text) = first_of(object, &[&field])? {
            return Ok((key, text.into_owned()));
        }
    }
    Err(MESSAGE.missing())
}
