//! Logging in and out, and what one says of oneself.

use super::ClientFrame;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::object::Object;
use crate::request::RequestType;
use crate::secret::Secret;

pub(super) fn read(
    request: RequestType,
    fields: &Fields<'_>,
) -> Option<Result<ClientFrame, BadFrame>> {
    match request {
        RequestType::LogIn => Some(log_in(fields)),
        RequestType::SignUp => Some(sign_up(fields)),
        RequestType::Token => Some(token(fields)),
        RequestType::LogOut => Some(log_out(fields)),
        RequestType::DescribeUser => Some(describe_user(fields)),
        _ => None,
    }
}

fn log_in(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::LogIn {
        login: fields.text(Key::Login)?,
        pass: Secret(fields.text(Key::Pass)?),
    })
}

fn sign_up(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::SignUp {
        login: fields.text(Key::Login)?,
        pass: Secret(fields.text(Key::Pass)?),
        name: fields.text(Key::Name)?,
        desc: fields.text(Key::Desc)?,
    })
}

fn token(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::Token {
        token: Secret(fields.text(Key::Token)?),
    })
}

fn log_out(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::LogOut {
        token: Secret(fields.text(Key::Token)?),
    })
}

fn describe_user(fields: &Fields<'_>) -> Result<ClientFrame, BadFrame> {
    Ok(ClientFrame::DescribeUser {
        desc: fields.text(Key::Desc)?,
    })
}

pub(super) fn write(frame: &ClientFrame, object: &mut Object<'_>) {
    match frame {
        ClientFrame::LogIn { login, pass } => {
            object
                .text(Key::Login, login)
                .text(Key::Pass, &pass.0)
                .text(Key::Name, "")
                .text(Key::Desc, "");
        }
        ClientFrame::SignUp {
            login,
            pass,
            name,
            desc,
        } => {
            object
                .text(Key::Login, login)
                .text(Key::Pass, &pass.0)
                .text(Key::Name, name)
                .text(Key::Desc, desc);
        }
        ClientFrame::Token { token } => {
            object.text(Key::Token, &token.0);
        }
        ClientFrame::LogOut { token } => {
            object.text(Key::Token, &token.0);
        }
        ClientFrame::DescribeUser { desc } => {
            object.text(Key::Desc, desc);
        }
        _ => {}
    }
}
