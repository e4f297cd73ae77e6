//! One JIM connection: requests in, one answer each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tolmach_jim::{BadFrame, ClientFrame, DecodeError, Flavor, ServerCodec, ServerFrame};

use super::Rules;
use super::compat::CompatSide;
use super::outcome::Style;
use super::requests::by_name;
use crate::commands;
use crate::gateway::{Adapter, DecodedOf, RequestContext, Response};
use crate::hub::Session;
use crate::model::{Timestamp, UserSelector};

/// "One who does not answer within 30 s becomes idle for the others until it says something."
const PROBE_ANSWER: Duration = Duration::from_secs(30);

/// What is known of one connection, and what its frames become in the hub.
///
/// ```text
///  stranger ──presence──▶ guest ──authenticate──▶ account
///      └───────────────authenticate───────────────────┘
/// ```
pub struct JimAdapter {
    pub(super) rules: Arc<Rules>,
    heard: Instant,
    probe: Probe,
    /// When the last probe was sent, until a presence came.
    owed: Option<Instant>,
    /// In the flavor `field` only.
    pub(super) compat: Option<Box<CompatSide>>,
}

/// Whether the client is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// It said something not long ago.
    None,
    /// It was asked at this time, and has not answered yet.
    Asked(Instant),
    /// It did not answer.
    Unanswered,
}

impl JimAdapter {
    pub(super) fn new(rules: Arc<Rules>, compat: Option<Box<CompatSide>>, now: Instant) -> Self {
        Self {
            rules,
            heard: now,
            probe: Probe::None,
            owed: None,
            compat,
        }
    }

    /// How the connection is written to.
    pub(super) fn style(&self) -> Style {
        match &self.compat {
            None => Style::Document,
            Some(compat) => Style::Compat(compat.mirror.spelling()),
        }
    }

    /// Whether a presence that comes now answers a probe: one that waits, or one that something else crossed on the wire.
    fn answers_probe(&mut self, waited: bool, now: Instant) -> bool {
        let owed = self.owed.take();
        waited || owed.is_some_and(|asked| now.duration_since(asked) < PROBE_ANSWER)
    }

    /// The client said something. Whether a probe was waiting for it.
    fn hear(&mut self, cx: &RequestContext<'_>) -> bool {
        self.heard = cx.now;
        let before = std::mem::replace(&mut self.probe, Probe::None);
        if before == Probe::Unanswered {
            cx.session.set_silent(false);
        }
        before != Probe::None
    }
}

impl Adapter for JimAdapter {
    type Codec = ServerCodec;

    fn codec(&self) -> ServerCodec {
        ServerCodec::of(match self.compat {
            None => Flavor::Document,
            Some(_) => Flavor::Compat,
        })
    }

    async fn frame(
        &mut self,
        frame: Result<ClientFrame, BadFrame>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let waited = self.hear(cx);
        let frame = match frame {
            Ok(frame) => frame,
            Err(bad) => return Response::Answer(self.style().answer(400, bad.to_string(), cx.at)),
        };
        if let Some(compat) = &mut self.compat {
            compat.mirror.hear(&frame);
        }
        match frame {
            ClientFrame::Authenticate {
                account_name,
                password,
            } => self.authenticate(account_name, password.0, cx).await,
            ClientFrame::Presence {
                account_name,
                status,
            } => {
                let probed = self.answers_probe(waited, cx.now);
                self.presence(account_name, status, probed, cx).await
            }
            ClientFrame::Msg {
                to,
                from,
                message,
                encoding: _,
                extra,
            } => {
                // "On the wire JSON is always UTF-8": the encoding named says nothing more.
                match self.target(to, &from, cx) {
                    Ok(to) => self.post(to, message, &extra, cx).await,
                    Err(refused) => refused,
                }
            }
            ClientFrame::Join { room, password } => {
                let password = password.map(|password| password.0);
                self.join(&room, password, cx).await
            }
            ClientFrame::Leave { room } => self.leave(by_name(&room), cx).await,
            ClientFrame::CompatMsg(msg) => {
                let to = msg.to.unwrap_or_default();
                match self.compat_target(to, msg.from, &msg.unclear, cx).await {
                    Ok(to) => self.post(to, msg.message, &msg.extra, cx).await,
                    Err(refused) => refused,
                }
            }
            ClientFrame::LeaveLast => self.leave_last(cx).await,
            ClientFrame::GetContacts => self.contacts(cx).await,
            ClientFrame::AddContact { user_id } => {
                let user = UserSelector::Login(user_id);
                self.done(commands::AddContact { user }, cx).await
            }
            ClientFrame::DelContact { user_id } => {
                let user = UserSelector::Login(user_id);
                self.done(commands::RemoveContact { user }, cx).await
            }
            ClientFrame::Quit => Response::Farewell(Bytes::new()),
            ClientFrame::Probe => {
                let text = "action: only the server probes";
                Response::Answer(self.style().answer(400, text, cx.at))
            }
        }
    }

    fn message_end(codec: &mut ServerCodec, input: &mut BytesMut) -> DecodedOf<ServerCodec> {
        Ok(codec.end_message(input))
    }

    fn is_too_long(error: &DecodeError) -> bool {
        matches!(error, DecodeError::Unended)
    }

    fn lost(&mut self, error: DecodeError, at: Timestamp) -> Bytes {
        match error {
            DecodeError::Unended => self.style().answer(400, error.to_string(), at),
            // The third bad run was answered itself.
            _ => Bytes::new(),
        }
    }

    /// "A bare end of stream instead of `quit`."
    fn ends_by_farewell(&self) -> bool {
        self.compat.is_some()
    }

    fn next_timer(&self) -> Option<Instant> {
        match self.probe {
            Probe::None if !self.rules.probe_after.is_zero() => {
                Some(self.heard + self.rules.probe_after)
            }
            Probe::Asked(asked) => Some(asked + PROBE_ANSWER),
            Probe::None | Probe::Unanswered => None,
        }
    }

    fn timer(&mut self, now: Instant, at: Timestamp, session: &Session) -> Response {
        if session.user().is_none() {
            self.heard = now;
            return Response::Continue;
        }
        match self.probe {
            Probe::None => {
                self.probe = Probe::Asked(now);
                self.owed = Some(now);
                let mut out = BytesMut::new();
                ServerFrame::Probe { time: at.seconds() }.write(&mut out);
                Response::Answer(out.freeze())
            }
            Probe::Asked(_) => {
                self.probe = Probe::Unanswered;
                session.set_silent(true);
                Response::Continue
            }
            Probe::Unanswered => Response::Continue,
        }
    }
}
