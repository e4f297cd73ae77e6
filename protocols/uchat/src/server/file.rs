//! Files, each on a connection of its own.

use super::{Read, ServerFrame};
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::object::Object;
use crate::request::RequestType;

pub(super) fn read(request: RequestType, _: Flavor, fields: &Fields<'_>) -> Read {
    match request {
        RequestType::Download => Some(download(fields)),
        RequestType::ReadyRead => Some(Ok(ServerFrame::ReadyRead)),
        _ => None,
    }
}

fn download(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::Download {
        size: fields.size(Key::Size)?,
        name: fields.text(Key::Name)?,
    })
}

pub(super) fn write(frame: &ServerFrame<'_>, _: Flavor, object: &mut Object<'_>) {
    if let ServerFrame::Download { size, name } = frame {
        object.number(Key::Size, size).text(Key::Name, name);
    }
}
