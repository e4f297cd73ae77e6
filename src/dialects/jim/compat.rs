//! What a connection of the flavor `field` has beside the document's: its spelling, a room for everyone, contacts.

use std::sync::Arc;

use bytes::BytesMut;
use tolmach_jim::{ServerFrame, Spelling};

use super::adapter::JimAdapter;
use super::encoder::JimEncoder;
use super::outcome::Style;
use super::requests::by_name;
use crate::commands;
use crate::gateway::{RequestContext, Response};
use crate::hub::{Session, SharedEncoder};
use crate::model::{Error, Result, RoomId, RoomSelector, Target, UserRef, UserSelector};

/// The forms of a listener: sessions of one spelling share one.
pub(super) struct Encoders(Vec<(Spelling, SharedEncoder)>);

impl Encoders {
    pub(super) fn new(notices: &[u16]) -> Self {
        let encoder = |spelling| {
            let encoder = JimEncoder::new(notices, Style::Compat(spelling));
            (spelling, SharedEncoder(Arc::new(encoder)))
        };
        let mut encoders = vec![encoder(Spelling::DOCUMENT)];
        let others = Spelling::all().filter(|spelling| *spelling != Spelling::DOCUMENT);
        encoders.extend(others.map(encoder));
        Self(encoders)
    }

    pub(super) fn of(&self, spelling: Spelling) -> SharedEncoder {
        let found = self.0.iter().find(|(other, _)| *other == spelling);
        found.unwrap_or(&self.0[0]).1.clone()
    }
}

pub(super) struct CompatSide {
    /// "The room `jim.everyone`, which everyone there has joined."
    everyone: Arc<str>,
    encoders: Arc<Encoders>,
    pub(super) spelling: Spelling,
    /// The rooms it has joined, the last one last.
    joined: Vec<RoomId>,
}

impl CompatSide {
    pub(super) fn new(everyone: Arc<str>, encoders: Arc<Encoders>) -> Self {
        Self {
            everyone,
            encoders,
            spelling: Spelling::DOCUMENT,
            joined: Vec::new(),
        }
    }

    /// From now on the connection is told of messages as it spells its own.
    fn mirror(&mut self, said: Spelling, session: &mut Session) {
        let spelling = self.spelling.after(said);
        if spelling != self.spelling {
            self.spelling = spelling;
            session.set_encoder(self.encoders.of(spelling));
        }
    }
}

/// "A `msg` without `to`, or to `#`, `all`, `@all`, `EVERYONE`", without regard to case.
fn is_for_everyone(to: &str) -> bool {
    let words = ["", "#", "all", "@all", "everyone"];
    words.iter().any(|word| to.eq_ignore_ascii_case(word))
}

impl JimAdapter {
    /// A new user is on the connection. One who cannot be in everyone's room is told so when it says something there.
    pub(super) async fn on_login(&mut self, cx: &mut RequestContext<'_>) {
        if let Some(compat) = &mut self.compat {
            compat.joined.clear();
            let everyone = compat.everyone.clone();
            if let Err(error) = self.come_to(&everyone, true, cx).await {
                tracing::debug!(%error, "everyone's room was not joined");
            }
        }
    }

    /// The connection has joined a room.
    pub(super) fn joined(&mut self, room: RoomId, cx: &RequestContext<'_>) {
        if let Some(compat) = &mut self.compat {
            let here = cx.session.rooms();
            compat
                .joined
                .retain(|other| *other != room && here.contains(other));
            compat.joined.push(room);
        }
    }

    /// "A `msg` to a room not joined joins it"; everyone's is `common` to all.
    async fn come_to(
        &mut self,
        room: &str,
        common: bool,
        cx: &mut RequestContext<'_>,
    ) -> Result<()> {
        if cx.session.is_attached(room) {
            return Ok(());
        }
        let enter = commands::Enter {
            room: by_name(room),
            password: None,
            create: match common {
                true => commands::Create::Always,
                false => commands::Create::IfConfigured,
            },
        };
        let entered = cx.session.call(enter).await?;
        self.joined(entered.room.id, cx);
        Ok(())
    }

    /// To whom a `msg` is; its sender is logged in by it, and comes to the room, where need be.
    pub(super) async fn compat_target(
        &mut self,
        to: String,
        from: Option<String>,
        spelling: Spelling,
        cx: &mut RequestContext<'_>,
    ) -> std::result::Result<Target, Response> {
        let Some(compat) = &mut self.compat else {
            return Err(Response::Continue);
        };
        compat.mirror(spelling, cx.session);
        let everyone = compat.everyone.clone();
        self.ensure_login(from, cx).await?;
        let common = is_for_everyone(&to);
        let room = if common {
            Some(&*everyone)
        } else {
            to.strip_prefix('#')
        };
        let Some(room) = room else {
            return Ok(Target::User(UserSelector::Login(to)));
        };
        match self.come_to(room, common, cx).await {
            Ok(()) => Ok(Target::Room(by_name(room))),
            Err(error) => Err(self.style().refused(&error, cx.at)),
        }
    }

    /// "A first `msg` without presence (its `from` makes the guest); a `from` that is not one's name (corrected)."
    async fn ensure_login(
        &mut self,
        from: Option<String>,
        cx: &mut RequestContext<'_>,
    ) -> std::result::Result<(), Response> {
        match (cx.session.user(), from) {
            (Some(_), _) => Ok(()),
            (None, Some(from)) => self.become_guest(from, cx).await,
            (None, None) => {
                let refusal = self.style().refusal(&Error::Unauthenticated, cx.at);
                Err(Response::Answer(refusal))
            }
        }
    }

    /// "`leave` may omit the room (then the one joined last)."
    pub(super) async fn leave_last(&mut self, cx: &mut RequestContext<'_>) -> Response {
        let here = cx.session.rooms();
        let compat = self.compat.as_ref();
        let mut joined = compat.iter().flat_map(|compat| compat.joined.iter().rev());
        match joined.find(|room| here.contains(room)) {
            Some(room) => self.leave(RoomSelector::Id(*room), cx).await,
            None => {
                let error = match cx.session.user() {
                    Some(_) => Error::not_allowed("you have joined no room; name the one to leave"),
                    None => Error::Unauthenticated,
                };
                Response::Answer(self.style().refusal(&error, cx.at))
            }
        }
    }

    /// "`get_contacts` answers {"response":202,"quantity":N}, then N objects."
    pub(super) async fn contacts(&mut self, cx: &mut RequestContext<'_>) -> Response {
        let style = self.style();
        match cx.session.call(commands::Contacts).await {
            Ok(users) => {
                let mut out = BytesMut::new();
                let count = ServerFrame::ContactCount {
                    time: cx.at.seconds(),
                    quantity: u32::try_from(users.len()).unwrap_or(u32::MAX),
                };
                style.write(&count, &mut out);
                for user in users {
                    style.write(&contact(&user), &mut out);
                }
                Response::Answer(out.freeze())
            }
            Err(error) => style.refused(&error, cx.at),
        }
    }
}

fn contact(user: &UserRef) -> ServerFrame {
    ServerFrame::Contact {
        user_id: user.login.clone(),
    }
}
