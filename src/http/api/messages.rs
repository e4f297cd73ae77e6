//! What is said in a room.

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::authentication::Asker;
use super::document::{Api, Operation, Who};
use super::input::{At, Json, Parameters, number};
use super::rooms::{direct_with, found, named, selector};
use super::{Answer, Done, Made, answer, done, made};
use crate::commands::{Delete, Edit, History, Offline, ReadMessage, Search, Send};
use crate::model::{
    self, Error, HistoryOrder, HistoryQuery, MessageId, MessageKind, Result, RoomId, RoomSelector,
    SearchQuery, Target,
};
use crate::shown::Message;

/// A message that is to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    /// The text, as it was written.
    #[schema(min_length = 1)]
    text: String,
    /// What it is; else a text. A text that begins with `/me ` is an emote, whose text is what follows.
    #[serde(default)]
    kind: Option<Kind>,
    /// The message that it answers.
    #[serde(default)]
    reply_to: Option<i64>,
}

/// What can be said.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Emote,
    Sticker,
}

/// The text that a message has from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Edited {
    /// The text from now on; an emote where it begins with `/me `.
    #[schema(min_length = 1)]
    text: String,
}

pub(super) fn requests(api: Api) -> Api {
    let id = || json!({"type": "integer"});
    let list = Operation::new(
        Who::Account,
        "What was said in a room: newest first, oldest first with `after`",
    )
    .query("before", id(), "Only messages with a smaller id.")
    .query("after", id(), "Only messages with a greater id.")
    .query(
        "q",
        json!({"type": "string"}),
        "Only messages in which this is seen, without regard to case.",
    )
    .limit()
    .lists::<Message>()
    .errors([404]);
    let say = Operation::new(Who::Account, "Say something; answered once it is durable")
        .takes::<NewMessage>()
        .replies::<Message>(StatusCode::CREATED)
        .errors([404, 429]);
    let edit = Operation::new(Who::Account, "Give a message of one's own another text")
        .takes::<Edited>()
        .replies::<Message>(StatusCode::OK)
        .errors([404]);
    let delete = Operation::new(Who::Account, "Delete a message for everyone")
        .done()
        .errors([404]);
    api.serve(Method::GET, "/rooms/{name}/messages", list_messages, list)
        .serve(Method::POST, "/rooms/{name}/messages", say_message, say)
        .serve(
            Method::PATCH,
            "/rooms/{name}/messages/{id}",
            edit_message,
            edit,
        )
        .serve(
            Method::DELETE,
            "/rooms/{name}/messages/{id}",
            delete_message,
            delete,
        )
}

async fn list_messages(
    mut asker: Asker,
    At(name): At<String>,
    mut parameters: Parameters,
) -> Answer<Vec<Message>> {
    let before = parameters.number("before")?.map(MessageId);
    let after = parameters.number("after")?.map(MessageId);
    let limit = parameters.limit()?;
    let sought = parameters.text("q")?.filter(|sought| !sought.is_empty());
    let order = match after {
        Some(_) => HistoryOrder::Oldest,
        None => HistoryOrder::Newest,
    };
    let room = selector(&mut asker, &name).await?;
    let found = match sought {
        Some(text) => {
            let query = SearchQuery {
                after,
                before,
                order,
                ..SearchQuery::containing(text, limit)
            };
            asker.read(Search { room, query }).await?
        }
        None => {
            let query = HistoryQuery {
                before,
                order,
                ..HistoryQuery::page(room, after, limit)
            };
            asker.read(History(query)).await?
        }
    };
    let (room, _) = named(&mut asker, &found.room).await?;
    let shown = found
        .messages
        .iter()
        .map(|message| Message::of(message, &*room));
    answer(shown.collect())
}

/// Where somebody says something: a direct room is made when it is first needed.
pub(super) async fn target(asker: &mut Asker, name: &str) -> Result<Target> {
    match direct_with(asker, name) {
        Some(other) => Ok(other.into()),
        None => Ok(selector(asker, name).await?.into()),
    }
}

async fn say_message(
    mut asker: Asker,
    At(name): At<String>,
    Json(new): Json<NewMessage>,
) -> Made<Message> {
    let to = target(&mut asker, &name).await?;
    let kind = match new.kind {
        None | Some(Kind::Text) => MessageKind::Text,
        Some(Kind::Emote) => MessageKind::Emote,
        Some(Kind::Sticker) => MessageKind::Sticker,
    };
    asker.keep_pace(&to).await?;
    let send = Send {
        kind,
        reply_to: new.reply_to.map(MessageId),
        offline: Offline::Store,
        text: new.text,
        ..Send::text(to, "")
    };
    let message = asker.call(send).await?;
    made(shown(&mut asker, &message).await?)
}

/// A message, with its room's name.
pub(super) async fn shown(asker: &mut Asker, message: &model::Message) -> Result<Message> {
    let room = RoomSelector::Id(message.room);
    let room = asker.read(crate::commands::FindRoom { room }).await?;
    let (room, _) = named(asker, &room).await?;
    Ok(Message::of(message, room))
}

/// A message that a path names, in its room.
async fn message(asker: &mut Asker, name: &str, id: &str) -> Result<(RoomId, MessageId)> {
    let message = MessageId(number("id", id)?);
    let room = found(asker, name).await?;
    let found = asker.read(ReadMessage { message }).await?;
    match found.room == room.id {
        true => Ok((room.id, message)),
        false => Err(Error::NoSuchMessage),
    }
}

async fn edit_message(
    mut asker: Asker,
    At((name, id)): At<(String, String)>,
    Json(edited): Json<Edited>,
) -> Answer<Message> {
    let (room, message) = message(&mut asker, &name, &id).await?;
    asker.keep_pace(&room.into()).await?;
    let edit = Edit::text(message, &edited.text);
    let message = asker.call(edit).await?;
    answer(shown(&mut asker, &message).await?)
}

async fn delete_message(mut asker: Asker, At((name, id)): At<(String, String)>) -> Done {
    let (_, message) = message(&mut asker, &name, &id).await?;
    asker.change(Delete { message }).await?;
    done()
}
