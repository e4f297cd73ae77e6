//! One purpose-byte connection: requests in, each with its answer; and the client's answers to what it was told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tolmach_purpose::{
    Answer, BadFrame, ClientBody, ClientFrame, DecodeError, FieldText, NotificationKind, Purpose,
    Request, Revision, ServerBody, ServerCodec, ServerFrame, State,
};

use super::Rules;
use crate::commands;
use crate::gateway::{Adapter, RequestContext, Response};
use crate::hub::Session;
use crate::model::{EndReason, Error, Result, Timestamp, TokenId, UserId, UserSelector};

/// How long a HEARTBEAT may be unanswered: PROTOCOL.md 3.2.
const HEARTBEAT_ANSWER: Duration = Duration::from_secs(30);

/// What is known of one connection, and what its frames become in the hub.
///
/// ```text
///  connected ──HELLO──▶ greeted ──LOGIN, RESTORE_SESSION──▶ logged in ──DECLINED──▶ suspended
///                          ▲                                │      ▲                  │  │
///                          └────────────LOGOFF──────────────┘      └─LOGIN, RESTORE───┘  │
///                          └───────────────────────────LOGOFF────────────────────────────┘
/// ```
pub struct PurposeAdapter {
    pub(super) rules: Arc<Rules>,
    pub(super) greeted: bool,
    heard: Instant,
    /// When a HEARTBEAT was sent that is not answered yet.
    asked: Option<Instant>,
    /// What SESSION_DATA told, until the client answers it.
    pub(super) renewed: Option<Renewal>,
}

/// A session that was renewed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renewal {
    /// The token that the renewed one replaces.
    pub(super) old: TokenId,
    /// The one that was told.
    pub(super) new: TokenId,
}

impl PurposeAdapter {
    pub(super) fn new(rules: Arc<Rules>, now: Instant) -> Self {
        Self {
            rules,
            greeted: false,
            heard: now,
            asked: None,
            renewed: None,
        }
    }

    /// The ACCEPTED that answers a request, with what it contains.
    pub(super) fn accepted<T: FieldText>(&self, task: u8, content: &Answer<T>) -> Bytes {
        let mut out = BytesMut::new();
        content.write(self.rules.revision, task, &mut out);
        out.freeze()
    }

    /// The DECLINED that answers a request, with the reason, which people are shown.
    pub(super) fn declined(&self, task: u8, reason: &str) -> Bytes {
        declined(self.rules.revision, task, reason)
    }

    /// A frame of the server's own.
    pub(super) fn asking(&self, body: ServerBody<&str>) -> Bytes {
        frame(self.rules.revision, ServerFrame { task: 0, body })
    }

    /// What comes of a request: of an outcome that is not known there is no answer, only a close.
    fn outcome(&self, task: u8, outcome: Result<Response>) -> Response {
        match outcome {
            Ok(response) => response,
            Err(Error::OutcomeUnknown) => Response::Close(Bytes::new()),
            Err(error) => Response::Answer(self.declined(task, &reason(&error))),
        }
    }

    async fn request(
        &mut self,
        task: u8,
        request: Request,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let state = match (self.greeted, cx.session.user()) {
            (false, _) => State::Connected,
            (true, None) => State::Greeted,
            (true, Some(_)) => State::LoggedIn,
        };
        if !request.kind().is_allowed(state) {
            let first = if self.greeted {
                "log in first"
            } else {
                "say HELLO first"
            };
            return Response::Answer(self.declined(task, first));
        }
        let outcome = self.carry_out(task, request, cx).await;
        self.outcome(task, outcome)
    }

    async fn carry_out(
        &mut self,
        task: u8,
        request: Request,
        cx: &mut RequestContext<'_>,
    ) -> Result<Response> {
        let answer = match request {
            Request::Hello { major, minor } => self.hello(major, minor)?,
            Request::LogIn { login, password } => self.log_in(&login, &password, cx).await?,
            Request::LogOff => self.log_off(cx).await?,
            Request::RestoreSession {
                session_id,
                session_hash,
            } => {
                let answer = self.restore(session_id, &session_hash, cx).await?;
                match self.renew(session_id, cx).await {
                    Err(Error::OutcomeUnknown) => return Err(Error::OutcomeUnknown),
                    // It is restored all the same; the next time will do.
                    Err(error) => tracing::debug!(%error, "a session was not renewed"),
                    Ok(()) => {}
                }
                answer
            }
            Request::RegisterUser { login, password } => {
                self.register(&login, &password, cx).await?
            }
            Request::Sessions => self.sessions(cx).await?,
            Request::UserId { name } => self.user_id(&name, cx).await?,
            Request::UserById { user } => self.user(UserSelector::Id(UserId(user)), cx).await?,
            Request::UserByName { name } => self.user(UserSelector::Login(name.into()), cx).await?,
            Request::OwnUser => self.own_user(cx).await?,
            Request::ChatId { name } => self.chat_id(&name, cx).await?,
            Request::ChatRequiresPassword { chat } => self.has_password(chat, cx).await?,
            Request::ChatById { chat } => self.chat(super::chats::by_id(chat), cx).await?,
            Request::ChatByName { name } => self.chat(super::chats::by_name(&name), cx).await?,
            Request::DirectById { user } => {
                self.direct(UserSelector::Id(UserId(user)), false, cx)
                    .await?
            }
            Request::DirectByName { name } => {
                self.direct(UserSelector::Login(name.into()), false, cx)
                    .await?
            }
            Request::StartChat { user } => {
                self.direct(UserSelector::Id(UserId(user)), true, cx)
                    .await?
            }
            Request::MyChats => self.my_chats(cx).await?,
            Request::Create { name, password } => self.create(&name, password, cx).await?,
            Request::Join { chat, password } => self.join(chat, password, cx).await?,
            Request::Leave { chat } => {
                let room = super::chats::by_id(chat);
                self.done(commands::Leave { room }, cx).await?
            }
            Request::Delete { chat } => {
                let room = super::chats::by_id(chat);
                self.done(commands::DeleteRoom { room }, cx).await?
            }
            Request::Rename { chat, name } => {
                let (room, name) = (super::chats::by_id(chat), name.into());
                self.done(commands::RenameRoom { room, name }, cx).await?
            }
            Request::SetTitle { chat, title } => {
                let (room, title) = (super::chats::by_id(chat), title.into());
                self.done(commands::SetTitle { room, title }, cx).await?
            }
            Request::SetAdmin { chat, user } => self.appoint(chat, user, true, cx).await?,
            Request::RemoveAdmin { chat, user } => self.appoint(chat, user, false, cx).await?,
            Request::Send { chat, text } => return Ok(self.send(task, chat, &text, cx).await),
            Request::Messages { chat, from, to } => {
                let answer = self.history(task, chat, from, to, cx).await?;
                return Ok(Response::Answer(answer));
            }
            Request::MarkSeen { chat, time } => self.mark_seen(chat, time, cx).await?,
            Request::Seen { chat } => self.seen(chat, cx).await?,
            Request::Hide { message } => {
                let message = self.message(message, cx).await?;
                self.done(commands::Hide { message }, cx).await?
            }
            Request::DeleteMessage { message } => {
                let message = self.message(message, cx).await?;
                self.done(commands::Delete { message }, cx).await?
            }
        };
        Ok(Response::Answer(self.accepted(task, &answer)))
    }

    /// A command that has no content to answer.
    pub(super) async fn done(
        &self,
        command: impl commands::Command,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        cx.session.call(command).await?;
        Ok(Answer::Nothing)
    }

    /// The client answers what it was told; an answer to nothing is ignored: PROTOCOL.md 2.4.
    async fn answered(
        &mut self,
        task: u8,
        accepted: bool,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let revision = self.rules.revision;
        let purpose = |byte| Purpose::to_client(revision, byte);
        let answered = if accepted {
            cx.answered(task)
        } else {
            cx.refused(task, |byte| purpose(byte).is_some_and(suspends))
        };
        match answered.and_then(purpose) {
            Some(Purpose::Heartbeat) => self.asked = None,
            Some(Purpose::Notification(NotificationKind::SessionData)) => {
                if let Err(error) = self.renewal_answered(accepted, cx).await {
                    tracing::debug!(%error, "a session was not renewed");
                }
            }
            _ => {}
        }
        Response::Continue
    }
}

/// Whether a DECLINED to it suspends the session: PROTOCOL.md 5.3. To the offer of another session it does not.
fn suspends(purpose: Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Notification(
            NotificationKind::Messages | NotificationKind::Joined | NotificationKind::Left
        )
    )
}

/// The DECLINED of a revision that answers a request, with the reason, which people are shown.
pub(super) fn declined(revision: Revision, task: u8, reason: &str) -> Bytes {
    let body = ServerBody::Declined(reason);
    frame(revision, ServerFrame { task, body })
}

fn frame(revision: Revision, frame: ServerFrame<&str>) -> Bytes {
    let mut out = BytesMut::new();
    if !frame.write(revision, &mut out) {
        tracing::error!(?frame, "this revision lacks what was to be said");
    }
    out.freeze()
}

/// Why a request is declined, for people.
pub(super) fn reason(error: &Error) -> String {
    match error {
        Error::Unauthenticated => "log in first".to_owned(),
        Error::BadCredentials => "wrong login, password or session".to_owned(),
        Error::TooLarge { limit } => format!("too many or too large: the limit is {limit}"),
        other => other.to_string(),
    }
}

impl Adapter for PurposeAdapter {
    type Codec = ServerCodec;

    fn codec(&self) -> ServerCodec {
        ServerCodec::new(self.rules.revision, self.rules.frame_bytes)
    }

    async fn frame(
        &mut self,
        frame: Result<ClientFrame, BadFrame>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        self.heard = cx.now;
        let ClientFrame { task, body } = match frame {
            Ok(frame) => frame,
            // What is wrong with an answer is not for anybody to answer; it is one all the same.
            Err(bad) if bad.is_answer() => return self.answered(bad.task, false, cx).await,
            // Behind one that is too large to be skipped the codec ends the connection.
            Err(bad) => return Response::Answer(self.declined(bad.task, &bad.to_string())),
        };
        match body {
            ClientBody::Accepted(_) => self.answered(task, true, cx).await,
            ClientBody::Declined(_) => self.answered(task, false, cx).await,
            ClientBody::Heartbeat(echo) => {
                Response::Answer(self.accepted(task, &Answer::<&str>::Echo(echo)))
            }
            ClientBody::Disconnect => {
                Response::Farewell(self.accepted(task, &Answer::<&str>::Nothing))
            }
            ClientBody::Request(request) => self.request(task, request, cx).await,
        }
    }

    fn is_too_long(error: &DecodeError) -> bool {
        matches!(error, DecodeError::TooLong)
    }

    fn lost(&mut self, error: DecodeError, _: Timestamp) -> Bytes {
        // There is no request whose answer this could be; one that was too large has had its own.
        tracing::debug!(%error, "a connection's frames have no boundaries any more");
        Bytes::new()
    }

    /// Who is in the middle of a frame is not silent, and cannot answer before its end.
    fn receiving(&mut self, now: Instant) {
        self.heard = now;
        self.asked = self.asked.map(|_| now);
    }

    fn next_timer(&self) -> Option<Instant> {
        match self.asked {
            Some(asked) => Some(asked + HEARTBEAT_ANSWER),
            None if self.rules.probe_after.is_zero() => None,
            None => Some(self.heard + self.rules.probe_after),
        }
    }

    fn timer(&mut self, now: Instant, _: Timestamp, _: &Session) -> Response {
        if self.asked.is_some() {
            return Response::End(EndReason::TooSilent);
        }
        self.asked = Some(now);
        let body = ServerBody::Heartbeat(Bytes::new());
        Response::Ask(self.asking(body))
    }
}
