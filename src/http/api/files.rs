//! Files, up and down: never whole in memory.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use futures_util::{TryStreamExt, stream};
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::super::Site;
use super::super::admission::check_length;
use super::super::authentication::Asker;
use super::super::body::cut;
use super::super::problem::Problem;
use super::document::{Api, Operation, Who};
use super::input::{At, Parameters, number};
use super::rooms::{direct_with, selector};
use super::{Made, made, messages};
use crate::commands::{Direct, FindRoom, ReadMessage};
use crate::files::Reading;
use crate::hub::Hub;
use crate::model::{Error, MessageId, Result, RoomId};
use crate::shown::Message;

/// Bytes of a file that are read at once.
const CHUNK: usize = 64 * 1024;
/// What a browser may show, by the end of a file's name; anything else is bytes.
const PICTURES: [(&str, &str); 6] = [
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".webp", "image/webp"),
    (".avif", "image/avif"),
];

pub(super) fn requests(api: Api) -> Api {
    let send = Operation::new(Who::Account, "Send a file: its content is the body")
        .required_query(
            "name",
            json!({"type": "string", "minLength": 1}),
            "What the file is called.",
        )
        .takes_bytes()
        .replies::<Message>(StatusCode::CREATED)
        .errors([404, 429]);
    let bytes = || json!({"schema": {"type": "string", "format": "binary"}});
    let fetch = Operation::new(Who::Account, "A message's file, or a part of it")
        .header("Range", "One range of bytes.")
        .header(
            "If-Range",
            "The part is wanted if this is the file's ETag, else all of it.",
        )
        .answered(StatusCode::OK, "*/*", bytes())
        .answered(StatusCode::PARTIAL_CONTENT, "*/*", bytes())
        .errors([404, 416]);
    api.serve(Method::POST, "/rooms/{name}/files", send_file, send)
        .serve(Method::GET, "/files/{id}", fetch_file, fetch)
}

async fn send_file(
    State(site): State<Arc<Site>>,
    mut asker: Asker,
    At(room): At<String>,
    mut parameters: Parameters,
    request: Request,
) -> Made<Message> {
    let missing = || Error::invalid("name", "say what the file is called");
    let name = parameters.text("name")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(missing)?;
    let room = room_of(&mut asker, &room).await?;
    asker.session().may_post(room).await?;
    let limit = site.said().file_bytes;
    check_length(request.headers(), limit)?;
    let mut upload = asker.session().begin_upload(&name).await?;
    let mut content = request.into_body().into_data_stream();
    while let Some(bytes) = content.try_next().await.map_err(cut)? {
        if limit > 0 && upload.bytes() + bytes.len() as u64 > limit {
            return Err(Error::TooLarge { limit }.into());
        }
        if let Err(error) = upload.write(&bytes).await {
            tracing::error!(%error, "a file cannot be written");
            return Err(Error::Unavailable.into());
        }
    }
    asker.judge_again().await?;
    asker.keep_pace(&room.into()).await?;
    let message = asker.session().post_file(room, upload, &name).await?;
    made(messages::shown(&mut asker, &message).await?)
}

/// Where a file goes: a direct room is made when it is first needed.
async fn room_of(asker: &mut Asker, name: &str) -> Result<RoomId> {
    if let Some(user) = direct_with(asker, name) {
        let create = true;
        return Ok(asker.call(Direct { user, create }).await?.id);
    }
    let room = selector(asker, name).await?;
    Ok(asker.call(FindRoom { room }).await?.id)
}

/// The file of a message.
pub(super) async fn fetch_file(
    State(site): State<Arc<Site>>,
    mut asker: Asker,
    At(id): At<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let message = MessageId(number("id", &id)?);
    let message = asker.read(ReadMessage { message }).await?;
    let (info, found) = site.hub.content_of(&message).await?;
    let mut answer = HeaderMap::new();
    let media = PICTURES.iter().find(|(end, _)| {
        let start = info.name.len().checked_sub(end.len());
        start
            .and_then(|start| info.name.get(start..))
            .is_some_and(|of| of.eq_ignore_ascii_case(end))
    });
    let media = media.map_or("application/octet-stream", |(_, media)| media);
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    answer.insert(CONTENT_DISPOSITION, attachment(&info.name)?);
    answer.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // What a message's file holds never changes.
    let tag = header(format!("\"{}\"", message.id.0))?;
    let is_same = headers.get(IF_RANGE).is_none_or(|range| range == tag);
    answer.insert(ETAG, tag);
    let (status, part) = match headers
        .get(RANGE)
        .filter(|_| is_same)
        .and_then(|range| wanted(range, info.size))
    {
        None => (StatusCode::OK, 0..=info.size.saturating_sub(1)),
        Some(Some(part)) => {
            let range = format!("bytes {}-{}/{}", part.start(), part.end(), info.size);
            answer.insert(CONTENT_RANGE, header(range)?);
            (StatusCode::PARTIAL_CONTENT, part)
        }
        Some(None) => {
            let detail = format!("the file has {} bytes", info.size);
            let problem = Problem::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "RangeNotSatisfiable",
                detail,
            );
            let range = [(CONTENT_RANGE, header(format!("bytes */{}", info.size))?)];
            return Ok((range, problem).into_response());
        }
    };
    let part = match info.size {
        0 => 0..0,
        _ => *part.start()..*part.end() + 1,
    };
    let length = part.end - part.start;
    answer.insert(CONTENT_LENGTH, HeaderValue::from(length));
    let content = content(Hub::read_content(found, part).await?, length);
    Ok((status, answer, content).into_response())
}

fn header(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(|_| Error::Internal)
}

/// So much of a file.
fn content(file: Reading, length: u64) -> Body {
    let parts = stream::try_unfold((file, length), async |(mut file, left)| {
        if left == 0 {
            return Ok(None);
        }
        let mut part = BytesMut::with_capacity(CHUNK);
        let most = CHUNK.min(usize::try_from(left).unwrap_or(CHUNK));
        let read = (&mut file).take(most as u64).read_buf(&mut part).await?;
        match read {
            0 => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
            _ => Ok(Some((part.freeze(), (file, left - read as u64)))),
        }
    });
    Body::from_stream(parts)
}

/// The part of a file that a range wants: `None` for what is no range of bytes, or several: all of it; `Some(None)` for one
/// that the file does not have.
fn wanted(range: &HeaderValue, size: u64) -> Option<Option<RangeInclusive<u64>>> {
    let (first, last) = range
        .to_str()
        .ok()?
        .strip_prefix("bytes=")?
        .trim()
        .split_once('-')?;
    let number = |text: &str| match text {
        "" => Some(None),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Some(text.parse::<u64>().unwrap_or(u64::MAX)))
        }
        _ => None,
    };
    Some(match (number(first)?, number(last)?) {
        (None, None) => return None,
        (Some(first), Some(last)) if last < first => return None,
        (Some(first), last) if first < size => Some(first..=last.unwrap_or(u64::MAX).min(size - 1)),
        (None, Some(last)) if last > 0 && size > 0 => Some(size - last.min(size)..=size - 1),
        _ => None,
    })
}

/// That it is to be kept under this name: RFC 6266 with RFC 5987's letters.
fn attachment(name: &str) -> Result<HeaderValue> {
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '_',
        })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    header(format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_of_the_file_or_none() {
        let range = |text: &'static str| wanted(&HeaderValue::from_static(text), 10);
        for (text, part) in [
            ("bytes=0-", 0..=9),
            ("bytes=2-4", 2..=4),
            ("bytes=9-99999999999999999999", 9..=9),
            ("bytes=-3", 7..=9),
            ("bytes=-99", 0..=9),
        ] {
            assert_eq!(range(text), Some(Some(part)), "{text}");
        }
        for text in ["bytes=10-", "bytes=-0", "bytes=11-12"] {
            assert_eq!(range(text), Some(None), "{text}");
        }
        for text in [
            "bytes=4-2",
            "bytes=-",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=a-b",
            "bytes=+1-2",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    #[test]
    fn any_name_is_said_so_that_nothing_else_is() {
        let said = |name| attachment(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            said("кот \"1\".png"),
            "attachment; filename=\"___ _1_.png\"; filename*=UTF-8''%D0%BA%D0%BE%D1%82%20%221%22.png"
        );
        assert!(!said("a\r\nb").contains('\n'));
    }
}
