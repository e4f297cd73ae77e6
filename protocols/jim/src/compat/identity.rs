//! Who a client is: PROTOCOL.md 7.1.

use super::first_of;
use crate::client_frame::ClientFrame;
use crate::document::fields::{ACCOUNT_NAME, PASSWORD, ROOM_PASSWORD, STATUS};
use crate::error::BadFrame;
use crate::field::Field;
use crate::object;
use std::borrow::Cow;
use tolmach_json::Object;

const CLIENT_NAME: Field = Field {
    path: "user.client_name",
    key: "client_name",
    ..ACCOUNT_NAME
};

const USER_AS_NAME: Field = Field {
    path: "user",
    key: "user",
    right: "it must be an object with account_name, or a name as text",
    ..ACCOUNT_NAME
};

const TOP_LEVEL_NAME: Field = Field {
    path: "account_name",
    ..ACCOUNT_NAME
};

/// What an object says of its client.
struct Who<'a> {
    name: Option<Cow<'a, str>>,
    /// `user`, where it is an object.
    user: Option<Object<'a>>,
}

impl<'a> Who<'a> {
    fn of(object: &Object<'a>) -> Result<Self, BadFrame> {
        let user = match object.find(USER_AS_NAME.key) {
            Some(json) if json.starts_with('{') => Some(object::parse(json)?),
            _ => None,
        };
        let name = match &user {
            Some(user) => match first_of(user, &[&ACCOUNT_NAME, &CLIENT_NAME])? {
                None => first_of(object, &[&TOP_LEVEL_NAME])?,
                name => name,
            },
            None => first_of(object, &[&USER_AS_NAME, &TOP_LEVEL_NAME])?,
        };
        Ok(Self { name, user })
    }
}

/// The password stands beside the name.
pub(super) fn read_authenticate(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    let who = Who::of(object)?;
    let name = who.name.ok_or_else(|| ACCOUNT_NAME.missing())?;
    let inside = match &who.user {
        Some(user) => PASSWORD.optional(user)?,
        None => None,
    };
    let password = match inside {
        None => ROOM_PASSWORD.optional(object)?,
        password => password,
    };
    Ok(ClientFrame::Authenticate {
        account_name: name.into_owned(),
        password: password.ok_or_else(|| PASSWORD.missing())?.into(),
    })
}

/// Any `type` will do.
pub(super) fn read_presence(object: &Object<'_>) -> Result<ClientFrame, BadFrame> {
    let who = Who::of(object)?;
    let status = match &who.user {
        Some(user) => first_of(user, &[&STATUS])?,
        None => None,
    };
    Ok(ClientFrame::Presence {
        account_name: who.name.map(Cow::into_owned),
        status: status.map(Cow::into_owned),
    })
}
