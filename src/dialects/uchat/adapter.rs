//! One uchat connection: requests in; answers, and the events that are answers, out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tolmach_uchat::{
    BadFrame, ClientFrame, DecodeError, ErrorCode, MessageType, Request, RequestType, ServerCodec,
    ServerFrame, State, sendable_text,
};

use super::Rules;
use super::codec::{Lost, RawAhead, UchatCodec};
use super::files::Transfer;
use super::outcome::{error, frame, refusal, refused};
use super::rooms::by_id;
use super::{encoder, gateway};
use crate::commands;
use crate::gateway::{Adapter, DecodedOf, RequestContext, Response};
use crate::hub::Session;
use crate::model::{Error, Message, MessageKind, Result, Target, Timestamp};

/// After how long without a byte a file's connection is closed.
pub(super) const TRANSFER_PATIENCE: Duration = Duration::from_secs(30);

/// What is known of one connection, and what its frames become in the hub.
///
/// ```text
///  stranger ──LOG_IN, SIGN_UP, TOKEN──▶ logged in ──LOG_OUT──▶ stranger
///      ├──UPLOAD_FILE──▶ receiving ──all bytes──▶ closed
///      └──DOWNLOAD_FILE──▶ offering ──READY_READ──▶ sending ──▶ closed
/// ```
pub struct UchatAdapter {
    pub(super) rules: Arc<Rules>,
    pub(super) ahead: RawAhead,
    heard: Instant,
    /// The token of the session.
    pub(super) token: Option<String>,
    /// The file that goes over this connection.
    pub(super) transfer: Option<Transfer>,
}

impl UchatAdapter {
    pub(super) fn new(rules: Arc<Rules>, now: Instant) -> Self {
        Self {
            rules,
            ahead: RawAhead::default(),
            heard: now,
            token: None,
            transfer: None,
        }
    }

    pub(super) fn frame_of(&self, answer: &ServerFrame<'_>) -> Bytes {
        frame(self.rules.flavor, answer)
    }

    pub(super) fn error(&self, code: ErrorCode, text: &str) -> Bytes {
        error(self.rules.flavor, code, text)
    }

    /// The answer is what the event tells, which everybody in the room gets.
    async fn told(
        &self,
        command: impl commands::Command,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        cx.session.call(command).await?;
        Ok(Bytes::new())
    }

    async fn request(&mut self, request: Request, cx: &mut RequestContext<'_>) -> Response {
        let state = match cx.session.user() {
            Some(_) => State::LoggedIn,
            None => State::Stranger,
        };
        if state < request.state() {
            return refused(self.rules.flavor, &Error::Unauthenticated);
        }
        match self.carry_out(request, cx).await {
            Ok(response) => response,
            Err(error) => refused(self.rules.flavor, &error),
        }
    }

    async fn carry_out(
        &mut self,
        request: Request,
        cx: &mut RequestContext<'_>,
    ) -> Result<Response> {
        let answer = match request {
            Request::LogIn { login, pass } => self.log_in(&login, &pass, cx).await?,
            Request::SignUp {
                login,
                pass,
                name,
                desc,
            } => self.sign_up(login, &pass, name, desc, cx).await?,
            Request::Token { token } => self.by_token(&token, cx).await?,
            Request::LogOut { token } => self.log_out(&token, cx).await?,
            Request::DescribeUser { desc } => self.describe_self(desc, cx).await?,
            Request::MemberInfo { user } => self.member_info(user, cx).await?,
            Request::Rooms { date } => self.rooms(date, cx).await?,
            Request::NewRoom { name, desc, kind } => self.new_room(name, desc, kind, cx).await?,
            Request::JoinRoom { room } => self.join_room(room, cx).await?,
            Request::DeleteRoom { room } => {
                let room = by_id(room);
                self.told(commands::DeleteRoom { room }, cx).await?
            }
            Request::RenameRoom { room, name } => self.rename_room(room, name, cx).await?,
            Request::DescribeRoom { room, desc } => self.describe_room(room, desc, cx).await?,
            Request::SearchRooms { name } => self.search_rooms(name, cx).await?,
            Request::Members { room } => self.members(room, cx).await?,
            Request::Ban { room, user } => self.ban(room, user, cx).await?,
            Request::Message {
                room,
                message,
                kind,
            } => return self.say(room, &message, kind, cx).await,
            Request::Edit {
                room,
                message,
                text,
            } => self.edit(room, message, &text, cx).await?,
            Request::Delete { room, message } => {
                let message = self.message(room, message, cx).await?.id;
                self.told(commands::Delete { message }, cx).await?
            }
            Request::ClearHistory { room } => self.clear_history(room, cx).await?,
            Request::NewMessages { room, date, count } => {
                self.new_messages(room, date, count, cx).await?
            }
            Request::OldMessages { room, date, count } => {
                self.old_messages(room, date, count, cx).await?
            }
            Request::Search { room, text } => self.search(room, text, cx).await?,
            Request::Upload {
                name,
                size,
                room,
                token,
            } => return Ok(self.upload(name, size, room, &token, cx).await),
            Request::Download {
                room,
                message,
                token,
            } => return Ok(self.download(room, message, &token, cx).await),
            Request::ReadyRead => {
                let reason =
                    "RQ_READY_READ comes after RQ_DOWNLOAD_FILE, on a connection of its own";
                return Err(Error::invalid("type", reason));
            }
        };
        Ok(Response::Answer(answer))
    }

    async fn say(
        &self,
        room: i32,
        text: &str,
        kind: MessageType,
        cx: &mut RequestContext<'_>,
    ) -> Result<Response> {
        let flavor = self.rules.flavor;
        let text = checked_text("message", text)?;
        if room == gateway::ROOM {
            return Ok(Response::Answer(Box::pin(self.ask_gateway(text, cx)).await));
        }
        let mut message = commands::Send::text(Target::Room(by_id(room)), text);
        if kind == MessageType::Sticker {
            (message.kind, message.text) = (MessageKind::Sticker, text.to_owned());
        }
        message.offline = commands::Offline::Store;
        let posted = cx.post(message, move |outcome| match outcome {
            // The sender's answer is the echo, which everybody in the room gets.
            Ok(_) => Bytes::new(),
            Err(error) => refusal(flavor, &error),
        });
        Ok(posted.await)
    }

    async fn edit(
        &self,
        room: i32,
        message: i32,
        text: &str,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let text = checked_text("msg", text)?;
        let edited = self.message(room, message, cx).await?;
        cx.keep_pace(&Target::Room(by_id(room))).await;
        let edit = commands::Edit::text(edited.id, text);
        let now = cx.session.call(edit).await?;
        // Where nothing changed nobody is told; the asker still gets its answer.
        let unchanged = (now.kind, &now.text) == (edited.kind, &edited.text);
        Ok(match unchanged {
            true => self.frame_of(&encoder::edit(&now)),
            false => Bytes::new(),
        })
    }

    async fn message(
        &self,
        room: i32,
        id: i32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Arc<Message>> {
        let command = commands::FindMessage {
            low_bits: id,
            room: Some(by_id(room)),
        };
        cx.session.call(command).await
    }
}

/// Whether a stranger is told what is wrong with it; else only that nobody is logged in: PROTOCOL.md 4.1.
fn is_for_strangers(bad: &BadFrame) -> bool {
    bad.request.and_then(RequestType::state) == Some(State::Stranger)
}

/// The text of a message, its ends trimmed: PROTOCOL.md 6.1.
fn checked_text<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    let wrong = || Error::invalid(field, "a message has 1 to 800 bytes, its ends trimmed");
    sendable_text(text).ok_or_else(wrong)
}

impl Adapter for UchatAdapter {
    type Codec = UchatCodec;

    fn codec(&self) -> UchatCodec {
        let codec = ServerCodec::new(self.rules.flavor, self.rules.frame_bytes);
        UchatCodec::new(codec, self.ahead.clone())
    }

    async fn frame(
        &mut self,
        frame: Result<ClientFrame, BadFrame>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        self.heard = cx.now;
        match (frame, self.transfer.is_some()) {
            (Ok(frame), true) => self.transferred(frame, cx).await,
            (Ok(ClientFrame::Request(request)), false) => self.request(request, cx).await,
            (Ok(ClientFrame::Raw(_)), false) => self.no_file(),
            (Err(bad), true) => {
                self.transfer = None;
                Response::Close(self.error(ErrorCode::BadRequest, &bad.to_string()))
            }
            (Err(bad), false) if cx.session.user().is_none() && !is_for_strangers(&bad) => {
                Response::Answer(refusal(self.rules.flavor, &Error::Unauthenticated))
            }
            (Err(bad), false) => {
                Response::Answer(self.error(ErrorCode::BadRequest, &bad.to_string()))
            }
        }
    }

    fn message_end(codec: &mut UchatCodec, input: &mut BytesMut) -> DecodedOf<UchatCodec> {
        codec.end_message(input)
    }

    fn is_too_long(lost: &Lost) -> bool {
        matches!(lost, Lost::Wire(DecodeError::TooLong { .. }))
    }

    fn lost(&mut self, lost: Lost, _: Timestamp) -> Bytes {
        self.transfer = None;
        self.error(ErrorCode::BadRequest, &lost.to_string())
    }

    fn owes_login(&self, session: &Session) -> bool {
        session.user().is_none() && self.transfer.is_none()
    }

    fn next_timer(&self) -> Option<Instant> {
        self.transfer
            .as_ref()
            .map(|_| self.heard + TRANSFER_PATIENCE)
    }

    fn timer(&mut self, _: Instant, _: Timestamp, _: &Session) -> Response {
        self.transfer = None;
        Response::Close(self.error(ErrorCode::BadRequest, "the file's bytes stopped coming"))
    }
}
