//! Being let in and out, what one says of oneself, and what went wrong.

use super::{Read, ServerFrame};
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::number::ErrorCode;
use crate::object::Object;
use crate::request::RequestType;
use crate::secret::Secret;

pub(super) fn read(request: RequestType, _: Flavor, fields: &Fields<'_>) -> Read {
    match request {
        RequestType::Token => Some(token(fields)),
        RequestType::LogOut => Some(log_out(fields)),
        RequestType::DescribeUser => Some(describe_user(fields)),
        RequestType::Error => Some(error(fields)),
        _ => None,
    }
}

fn token(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::Token {
        token: Secret(fields.text(Key::Token)?),
        login: fields.text(Key::Login)?,
        desc: fields.text(Key::Desc)?,
    })
}

fn log_out(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::LogOut {
        token: Secret(fields.text(Key::Token)?),
    })
}

fn describe_user(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::DescribeUser {
        desc: fields.text(Key::Desc)?,
    })
}

fn error(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    let right = "an error's number, 0 to 7";
    Ok(ServerFrame::Error {
        code: fields.number(Key::ErrorCode, right, ErrorCode::from_number)?,
        text: fields.text_or_empty(Key::Msg)?,
    })
}

pub(super) fn write(frame: &ServerFrame<'_>, _: Flavor, object: &mut Object<'_>) {
    match frame {
        ServerFrame::Token { token, login, desc } => {
            object
                .text(Key::Token, &token.0)
                .text(Key::Login, login)
                .text(Key::Desc, desc);
        }
        ServerFrame::LogOut { token } => {
            object.text(Key::Token, &token.0);
        }
        ServerFrame::DescribeUser { desc } => {
            object.text(Key::Desc, desc);
        }
        ServerFrame::Error { code, text } => {
            object
                .number(Key::ErrorCode, code.number())
                .text(Key::Msg, text);
        }
        _ => {}
    }
}
