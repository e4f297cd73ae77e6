//! One JIM connection: requests in, one answer each.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tolmach_jim::{BadFrame, ClientFrame, DecodeError, Extra, ServerCodec, ServerFrame, limits};

use super::form::PIECES;
use super::outcome::{answer, refusal, refused};
use crate::dialects::desk;
use crate::dialects::text::cut;
use crate::gateway::{Adapter, Link, Step};
use crate::hub::Session;
use crate::model::{
    Command, Draft, Error, Reply, RoomSelector, Secret, Target, Timestamp, UserSelector,
    validate_login,
};

/// "One who does not answer within 30 s becomes idle for the others until it says something."
const PROBE_ANSWER: Duration = Duration::from_secs(30);

/// One connection's state.
///
/// ```text
///  stranger ──presence──▶ guest ──authenticate──▶ account
///      └───────────────authenticate───────────────────┘
/// ```
pub struct JimAdapter {
    probe_after: Duration,
    heard: Instant,
    probe: Probe,
    /// When the last probe was sent, until a presence came.
    owed: Option<Instant>,
}

/// Whether the client is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// It said something not long ago.
    None,
    /// It was asked.
    Asked(Instant),
    /// It did not answer.
    Unanswered,
}

impl JimAdapter {
    pub(super) fn new(probe_after: Duration, now: Instant) -> Self {
        Self {
            probe_after,
            heard: now,
            probe: Probe::None,
            owed: None,
        }
    }

    /// Whether a presence that comes now answers a probe: one that waits, or one that something else crossed on the wire.
    fn answers_probe(&mut self, waited: bool, now: Instant) -> bool {
        let owed = self.owed.take();
        waited || owed.is_some_and(|asked| now.duration_since(asked) < PROBE_ANSWER)
    }

    /// The client said something. Whether a probe was waiting for it.
    fn hear(&mut self, link: &Link<'_>) -> bool {
        self.heard = link.now;
        let before = std::mem::replace(&mut self.probe, Probe::None);
        if before == Probe::Unanswered {
            link.session.set_silent(false);
        }
        before != Probe::None
    }

    async fn authenticate(&mut self, login: String, password: String, link: &mut Link<'_>) -> Step {
        let command = Command::LogIn {
            login,
            secret: Secret::Password(password),
            token: false,
        };
        match link.session.call(command).await {
            Ok(_) => Step::Answer(answer(200, "", link.at)),
            Err(Error::BadCredentials) => Step::Answer(answer(
                402,
                "wrong password or no account with that name",
                link.at,
            )),
            Err(error) => refused(&error, link.at),
        }
    }

    /// "A presence that answers a probe has no answer."
    async fn presence(
        &mut self,
        name: Option<String>,
        status: Option<String>,
        probed: bool,
        link: &mut Link<'_>,
    ) -> Step {
        match (link.session.user().map(|user| user.login.clone()), name) {
            (None, None) => Step::Answer(answer(
                400,
                "user.account_name: missing; say who you are",
                link.at,
            )),
            (None, Some(name)) => self.introduce(name, status, link).await,
            (Some(own), Some(name)) if !is_same(&own, &name) => {
                let text = format!(
                    "user.account_name: you are {own} on this connection; authenticate to be another"
                );
                Step::Answer(answer(400, text, link.at))
            }
            (Some(_), _) => {
                if let Some(status) = status
                    && let Err(error) = link
                        .session
                        .call(Command::SetStatus {
                            status: Some(status),
                        })
                        .await
                {
                    return refused(&error, link.at);
                }
                if probed {
                    Step::Continue
                } else {
                    Step::Answer(answer(200, "", link.at))
                }
            }
        }
    }

    async fn introduce(
        &mut self,
        name: String,
        status: Option<String>,
        link: &mut Link<'_>,
    ) -> Step {
        if let Err(error) = link.session.call(Command::LogInGuest { name }).await {
            return match error {
                Error::Unauthenticated if !link.session.options().guests => Step::Answer(answer(
                    401,
                    "guests are not let in here; authenticate",
                    link.at,
                )),
                Error::Unauthenticated => Step::Answer(answer(
                    401,
                    "this name belongs to an account; authenticate",
                    link.at,
                )),
                error => refused(&error, link.at),
            };
        }
        if let Some(status) = status
            && let Err(error) = link
                .session
                .call(Command::SetStatus {
                    status: Some(status),
                })
                .await
        {
            return refused(&error, link.at);
        }
        Step::Answer(answer(200, "", link.at))
    }

    async fn message(
        &mut self,
        to: String,
        from: String,
        message: String,
        extra: Extra,
        link: &mut Link<'_>,
    ) -> Step {
        let at = link.at;
        let Some(own) = link.session.user().map(|user| user.login.clone()) else {
            return Step::Answer(refusal(&Error::Unauthenticated, at));
        };
        if !is_same(&own, &from) {
            return Step::Answer(answer(
                403,
                format!("from: you are {own} on this connection"),
                at,
            ));
        }
        if desk::is_gateway(&to, link.session) {
            let lines = desk::answer(&message, link.session).await;
            return Step::Answer(told_by_gateway(&lines, &own, link));
        }
        let to = match to.strip_prefix('#') {
            Some(room) => Target::Room(RoomSelector::Name(room.to_owned())),
            None => Target::User(UserSelector::Login(to)),
        };
        let mut draft = Draft::text(to, message);
        draft.extra = super::form::stored_extra(&extra);
        link.post(draft, move |outcome| match outcome {
            Ok(_) => answer(200, "", at),
            Err(error) => refusal(&error, at),
        })
        .await
    }

    async fn join(&mut self, room: &str, password: Option<String>, link: &mut Link<'_>) -> Step {
        let room = RoomSelector::Name(room.strip_prefix('#').unwrap_or(room).to_owned());
        match link
            .session
            .call(Command::Enter {
                room,
                password,
                create: true,
            })
            .await
        {
            Ok(Reply::Entered { created: true, .. }) => Step::Answer(answer(201, "", link.at)),
            Ok(_) => Step::Answer(answer(200, "", link.at)),
            Err(error) => refused(&error, link.at),
        }
    }

    async fn leave(&mut self, room: &str, link: &mut Link<'_>) -> Step {
        let room = RoomSelector::Name(room.strip_prefix('#').unwrap_or(room).to_owned());
        match link.session.call(Command::Leave { room }).await {
            Ok(_) => Step::Answer(answer(200, "", link.at)),
            Err(error) => refused(&error, link.at),
        }
    }
}

/// 200, then what the gateway says to who asked.
fn told_by_gateway(lines: &[String], to: &str, link: &Link<'_>) -> Bytes {
    let mut out = BytesMut::from(&answer(200, "", link.at)[..]);
    let pieces = lines
        .iter()
        .flat_map(|line| cut(line, limits::MESSAGE_CHARS, PIECES));
    for message in pieces {
        ServerFrame::Msg {
            to: to.to_owned(),
            from: link.session.options().name.clone(),
            time: link.at.seconds(),
            message,
            extra: Extra::default(),
        }
        .write(&mut out);
    }
    out.freeze()
}

/// Whether two logins are one and the same.
fn is_same(one: &str, other: &str) -> bool {
    let folded = |login| validate_login("", login, "");
    one == other || matches!((folded(one), folded(other)), (Ok(one), Ok(other)) if one == other)
}

impl Adapter for JimAdapter {
    type Codec = ServerCodec;

    fn codec(&self) -> ServerCodec {
        ServerCodec::new()
    }

    async fn frame(&mut self, frame: Result<ClientFrame, BadFrame>, link: &mut Link<'_>) -> Step {
        let waited = self.hear(link);
        let frame = match frame {
            Ok(frame) => frame,
            Err(bad) => return Step::Answer(answer(400, bad.to_string(), link.at)),
        };
        match frame {
            ClientFrame::Authenticate {
                account_name,
                password,
            } => self.authenticate(account_name, password, link).await,
            ClientFrame::Presence {
                account_name,
                status,
            } => {
                let probed = self.answers_probe(waited, link.now);
                self.presence(account_name, status, probed, link).await
            }
            ClientFrame::Msg {
                to,
                from,
                message,
                encoding: _,
                extra,
            } => {
                // "On the wire JSON is always UTF-8": the encoding named says nothing more.
                self.message(to, from, message, extra, link).await
            }
            ClientFrame::Join { room, password } => self.join(&room, password, link).await,
            ClientFrame::Leave { room } => self.leave(&room, link).await,
            ClientFrame::Quit => Step::Farewell(Bytes::new()),
            ClientFrame::Probe => {
                Step::Answer(answer(400, "action: only the server probes", link.at))
            }
        }
    }

    fn lost(&mut self, error: DecodeError, at: Timestamp) -> Bytes {
        match error {
            DecodeError::Unended => answer(400, error.to_string(), at),
            // The third bad run was answered itself.
            _ => Bytes::new(),
        }
    }

    fn next_timer(&self) -> Option<Instant> {
        match self.probe {
            Probe::None if !self.probe_after.is_zero() => Some(self.heard + self.probe_after),
            Probe::Asked(asked) => Some(asked + PROBE_ANSWER),
            Probe::None | Probe::Unanswered => None,
        }
    }

    fn timer(&mut self, now: Instant, at: Timestamp, session: &Session) -> Step {
        if session.user().is_none() {
            self.heard = now;
            return Step::Continue;
        }
        match self.probe {
            Probe::None => {
                self.probe = Probe::Asked(now);
                self.owed = Some(now);
                let mut out = BytesMut::new();
                ServerFrame::Probe { time: at.seconds() }.write(&mut out);
                Step::Answer(out.freeze())
            }
            Probe::Asked(_) => {
                self.probe = Probe::Unanswered;
                session.set_silent(true);
                Step::Continue
            }
            Probe::Unanswered => Step::Continue,
        }
    }
}
