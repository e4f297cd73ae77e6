//! One Talker connection: `connect`, then messages to its room.

use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tolmach_talker::{
    BadFrame, ClientFrame, DecodeError, EventKind, Extra, Flavor, Recipient,
    RoomSelector as Wanted, ServerCodec, ServerFrame,
};

use super::Rules;
use super::encoder::{TalkerEncoder, from_gateway, profile, said, sender, stored_extra};
use crate::commands;
use crate::dialects::service_user;
use crate::gateway::{Adapter, RequestContext, Response};
use crate::hub::Session;
use crate::model::{
    EndReason, Error, HistoryOrder, HistoryQuery, MessageId, MessageKind, Present, RoomId,
    RoomSelector, Seq, Target, Timestamp, User, UserId, UserSelector,
};

/// What is known of one connection, and what its frames become in the hub.
///
/// ```text
///  new ──connect──▶ in a room ◀──▶ silent ──close_after──▶ closed
///                       └──close──▶ closed
/// ```
pub struct TalkerAdapter {
    rules: Arc<Rules>,
    heard: Instant,
    silent: bool,
    room: Option<RoomId>,
}

/// What anything but `connect` is told before it.
const NOT_CONNECTED: &str = "Not connected to a room";
/// The answer to whatever connect cannot be.
const NOT_AUTHENTICATED: &str = "Authentication failed";
/// The answer to a second connect.
const CONNECTED: &str = "Already connected to a room; open another connection";

/// What `connect` came to.
struct Connected {
    user: Arc<User>,
    room: RoomId,
    arrived: bool,
    seq: Seq,
    present: Vec<Present>,
}

impl TalkerAdapter {
    pub(super) fn new(rules: Arc<Rules>, now: Instant) -> Self {
        Self {
            rules,
            heard: now,
            silent: false,
            room: None,
        }
    }

    fn hear(&mut self, cx: &RequestContext<'_>) {
        self.heard = cx.now;
        if std::mem::replace(&mut self.silent, false) {
            cx.session.set_silent(false);
        }
    }

    fn error(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> Bytes {
        TalkerEncoder::error(self.rules.flavor, message)
    }

    async fn connect(
        &mut self,
        room: Wanted,
        token: String,
        profile: &Extra,
        last: Option<i64>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        if self.room.is_some() {
            return Response::Close(self.error(CONNECTED));
        }
        let token = token.into();
        let log_in = commands::LogInToken { token, id: None };
        let user = match cx.session.call(log_in).await {
            Ok(welcome) => welcome.user,
            // Who is banned from the whole gateway is told so, until when and why.
            Err(error @ Error::NotAllowed(_)) => {
                return Response::Close(self.error(error.to_string()));
            }
            Err(error) => return self.refused(&error),
        };
        let connected = match self.open(room, user, profile, cx).await {
            Ok(connected) => connected,
            Err(error) => return self.refused(&error),
        };
        self.room = Some(connected.room);
        match self.welcome(&connected, last, cx).await {
            Ok(bytes) => Response::Answer(bytes),
            Err(error) => Response::Close(self.error(error.to_string())),
        }
    }

    /// The answer to a `connect` that came to nothing.
    fn refused(&self, error: &Error) -> Response {
        Response::Close(match error {
            Error::OutcomeUnknown => Bytes::new(),
            Error::Unavailable
            | Error::Internal
            | Error::TooLarge { .. }
            | Error::RateLimited { .. } => self.error(error.to_string()),
            _ => self.error(NOT_AUTHENTICATED),
        })
    }

    async fn open(
        &self,
        room: Wanted,
        user: Arc<User>,
        profile: &Extra,
        cx: &mut RequestContext<'_>,
    ) -> Result<Connected, Error> {
        // A connection that says nothing of its user takes nothing back.
        if !profile.is_empty() {
            let profile = profile.as_json().to_owned();
            cx.session.call(commands::SetProfile { profile }).await?;
        }
        let room = match room {
            Wanted::Name(name) => RoomSelector::Name(name),
            Wanted::Number(digits) => RoomSelector::NameOrPublicId(digits),
        };
        let enter = commands::Enter {
            room,
            password: None,
            create: commands::Create::IfConfigured,
        };
        let entered = cx.session.call(enter).await?;
        Ok(Connected {
            user,
            room: entered.room.id,
            arrived: entered.arrived,
            seq: entered.seq,
            present: entered.present,
        })
    }

    /// "Order for a new client: `connected`, then `users`, then events", with what it missed before them.
    async fn welcome(
        &self,
        connected: &Connected,
        last: Option<i64>,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes, Error> {
        let flavor = self.rules.flavor;
        let mut out = BytesMut::new();
        let own = connected
            .present
            .iter()
            .find(|present| present.user.id == connected.user.id);
        let user = own.map_or_else(|| sender(&connected.user.to_ref()), profile);
        ServerFrame::Connected { user: user.clone() }.write(flavor, &mut out);
        // "The new user also receives its own `join` (before `users`)."
        if flavor == Flavor::TalkerApp && connected.arrived {
            let time = cx.at.seconds();
            ServerFrame::Join { user, time }.write(flavor, &mut out);
        }
        ServerFrame::Users {
            users: connected.present.iter().map(profile).collect(),
        }
        .write(flavor, &mut out);
        if let Some(last) = last {
            self.replay(connected, MessageId(last), cx, &mut out)
                .await?;
        }
        let waiting = service_user::waiting(cx.session).await;
        self.write_from_gateway(waiting.as_slice(), cx, &mut out);
        Ok(out.freeze())
    }

    async fn replay(
        &self,
        connected: &Connected,
        last: MessageId,
        cx: &mut RequestContext<'_>,
        out: &mut BytesMut,
    ) -> Result<(), Error> {
        let mut query = HistoryQuery::page(
            RoomSelector::Id(connected.room),
            Some(last),
            self.rules.replay,
        );
        query.order = HistoryOrder::Newest;
        query.upto = Some(connected.seq);
        let missed = cx.session.call(commands::History(query)).await?;
        let (messages, omitted) = (missed.messages, missed.omitted);
        if omitted > 0 {
            let text =
                format!("{omitted} more messages came before these; read them in the history");
            let frame = from_gateway(&self.rules.gateway, text, cx.at.seconds());
            ServerFrame::Message(frame).write(self.rules.flavor, out);
        }
        for message in messages.iter().rev().filter(|message| !message.deleted) {
            ServerFrame::Message(said(message, false, &self.rules.public_url))
                .write(self.rules.flavor, out);
        }
        Ok(())
    }

    async fn say(
        &self,
        room: RoomId,
        content: String,
        to: Option<Recipient>,
        action: bool,
        extra: &Extra,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        if is_gateway(to.as_ref(), cx) {
            return Response::Answer(self.told_by_gateway(&content, cx).await);
        }
        let to = match to {
            None => Target::Room(RoomSelector::Id(room)),
            Some(Recipient::Id(id)) => Target::User(UserSelector::Id(UserId(id))),
            Some(Recipient::Login(login)) => Target::User(UserSelector::Login(login)),
        };
        let mut message = commands::Send::text(to, content);
        if action {
            message.kind = MessageKind::Emote;
        }
        message.extra = stored_extra(extra);
        let flavor = self.rules.flavor;
        cx.post(message, move |outcome| match outcome {
            // The sender's answer is the echo, which everybody in the room gets.
            Ok(_) => Bytes::new(),
            Err(error) => TalkerEncoder::error(flavor, error.to_string()),
        })
        .await
    }

    /// What the gateway answers to who asks it.
    async fn told_by_gateway(&self, said: &str, cx: &mut RequestContext<'_>) -> Bytes {
        let mut out = BytesMut::new();
        let lines = service_user::answer(said, &self.rules.public_url, cx.session).await;
        self.write_from_gateway(&lines, cx, &mut out);
        out.freeze()
    }

    fn write_from_gateway(&self, lines: &[String], cx: &RequestContext<'_>, out: &mut BytesMut) {
        for line in lines {
            let mut frame = from_gateway(&self.rules.gateway, line.as_str(), cx.at.seconds());
            frame.private = true;
            ServerFrame::Message(frame).write(self.rules.flavor, out);
        }
    }

    async fn edit(
        &self,
        message: i64,
        text: &str,
        action: bool,
        room: RoomId,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        cx.keep_pace(&room.into()).await;
        let mut edit = commands::Edit::text(MessageId(message), text);
        if action {
            edit.kind = MessageKind::Emote;
        }
        match cx.session.call(edit).await {
            Ok(_) => Response::Continue,
            Err(Error::OutcomeUnknown) => Response::Close(Bytes::new()),
            Err(error) => Response::Answer(self.error(error.to_string())),
        }
    }
}

/// Whether it is the gateway that is addressed: "user 0", or its name.
fn is_gateway(to: Option<&Recipient>, cx: &RequestContext<'_>) -> bool {
    match to {
        None => false,
        Some(Recipient::Id(id)) => *id == UserId::GATEWAY.0,
        Some(Recipient::Login(login)) => service_user::is_gateway(login, cx.session),
    }
}

impl Adapter for TalkerAdapter {
    type Codec = ServerCodec;

    fn codec(&self) -> ServerCodec {
        ServerCodec::new(self.rules.frame_bytes, self.rules.flavor)
    }

    async fn frame(
        &mut self,
        frame: Result<ClientFrame, BadFrame>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        self.hear(cx);
        let frame = match (frame, self.room) {
            (Ok(frame), _) => frame,
            (Err(bad), Some(_)) if bad.event != EventKind::Connect => {
                return Response::Answer(self.error(bad.to_string()));
            }
            (Err(bad), None) if bad.event != EventKind::Connect => {
                return Response::Close(self.error(NOT_CONNECTED));
            }
            // A connect has but one way to fail.
            (Err(bad), None) => {
                tracing::debug!(%bad, "a connect was not understood");
                return Response::Close(self.error(NOT_AUTHENTICATED));
            }
            (Err(_), Some(_)) => return Response::Close(self.error(CONNECTED)),
        };
        match (frame, self.room) {
            (
                ClientFrame::Connect {
                    room,
                    token,
                    user,
                    last_event_id,
                },
                _,
            ) => self.connect(room, token.0, &user, last_event_id, cx).await,
            (_, None) => Response::Close(self.error(NOT_CONNECTED)),
            (
                ClientFrame::Message {
                    content,
                    edit: Some(message),
                    action,
                    ..
                },
                Some(room),
            ) => self.edit(message, &content, action, room, cx).await,
            (
                ClientFrame::Message {
                    content,
                    to,
                    edit: None,
                    action,
                    extra,
                },
                Some(room),
            ) => self.say(room, content, to, action, &extra, cx).await,
            (ClientFrame::Ping, Some(_)) => Response::Continue,
            (ClientFrame::Close, Some(_)) => {
                // "`close` ends the user's other connections to the room."
                if self.rules.flavor == Flavor::TalkerApp {
                    cx.session.end_others_here(EndReason::ClosedTogether);
                }
                Response::Farewell(Bytes::new())
            }
        }
    }

    fn is_too_long(error: &DecodeError) -> bool {
        matches!(error, DecodeError::TooLong { .. })
    }

    fn lost(&mut self, error: DecodeError, _: Timestamp) -> Bytes {
        self.error(error.to_string())
    }

    fn next_timer(&self) -> Option<Instant> {
        let after = [
            (!self.silent).then_some(self.rules.idle_after),
            Some(self.rules.close_after),
        ];
        let after = after
            .into_iter()
            .flatten()
            .filter(|after| !after.is_zero())
            .min()?;
        self.room.map(|_| self.heard + after)
    }

    fn timer(&mut self, now: Instant, _: Timestamp, session: &Session) -> Response {
        let silence = now.duration_since(self.heard);
        if !self.rules.close_after.is_zero() && silence >= self.rules.close_after {
            return Response::End(EndReason::TooSilent);
        }
        self.silent = true;
        session.set_silent(true);
        Response::Continue
    }
}
