//! What a connection of the flavor `field` has beside the document's: its spelling, a room for everyone, contacts.

use std::sync::Arc;

use bytes::BytesMut;
use tolmach_jim::{Mirror, ServerFrame, Spelling};

use super::adapter::JimAdapter;
use super::encoder::{Everyone, JimEncoder};
use super::outcome::Style;
use super::requests::{by_name, is_same};
use crate::commands;
use crate::dialects::service_user;
use crate::gateway::{RequestContext, Response};
use crate::hub::{Session, SharedEncoder};
use crate::model::{
    Error, Result, RoomId, RoomSelector, Target, UserRef, UserSelector, fold_room_name,
    validate_login,
};

/// "A `msg` to `#`, `all`, `#all`, `@all`, `*`, `EVERYONE`", without regard to case.
const EVERYONE: [&str; 6] = ["#", "all", "#all", "@all", "*", "EVERYONE"];

/// How one connection is told of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Form {
    spelling: Spelling,
    /// What stands there for everyone's room; its name where there is nothing.
    address: Option<Arc<str>>,
}

/// The forms of a listener: sessions that are told of messages alike share one.
pub(super) struct Encoders {
    notices: Vec<u16>,
    everyone: Arc<str>,
    /// What links to files begin with.
    public_url: Arc<str>,
    shared: Vec<(Form, SharedEncoder)>,
}

impl Encoders {
    pub(super) fn new(notices: &[u16], everyone: Arc<str>, public_url: Arc<str>) -> Self {
        let mut encoders = Self {
            notices: notices.to_vec(),
            everyone,
            public_url,
            shared: Vec::new(),
        };
        let words = EVERYONE.map(|word| Some(Arc::from(word)));
        for address in [None].into_iter().chain(words) {
            for spelling in Spelling::all().filter(|spelling| !spelling.unspoken) {
                let address = address.clone();
                let form = Form { spelling, address };
                let encoder = encoders.make(&form);
                encoders.shared.push((form, encoder));
            }
        }
        encoders
    }

    /// The form of a connection that has said nothing.
    pub(super) fn first(&self) -> SharedEncoder {
        self.of(&Form {
            spelling: Spelling::DOCUMENT,
            address: None,
        })
    }

    /// One's own name, and a word in another case, make a form of one's own.
    fn of(&self, form: &Form) -> SharedEncoder {
        let found = self.shared.iter().find(|(other, _)| other == form);
        found.map_or_else(|| self.make(form), |(_, encoder)| encoder.clone())
    }

    fn make(&self, form: &Form) -> SharedEncoder {
        let everyone = form.address.clone().map(|address| Everyone {
            room: self.everyone.clone(),
            address,
        });
        let style = Style::Compat(form.spelling);
        let url = self.public_url.clone();
        let encoder = JimEncoder::new(&self.notices, style, everyone, url);
        SharedEncoder(Arc::new(encoder))
    }
}

pub(super) struct CompatSide {
    /// "The room `jim.everyone`, which everyone there has joined."
    everyone: Arc<str>,
    encoders: Arc<Encoders>,
    pub(super) mirror: Mirror,
    /// Under which word the client writes to everyone, if it does.
    address: Option<Arc<str>>,
    /// How it is told of messages now.
    form: Form,
    /// The rooms it has joined, the last one last.
    joined: Vec<RoomId>,
}

impl CompatSide {
    pub(super) fn new(everyone: Arc<str>, encoders: Arc<Encoders>) -> Self {
        Self {
            everyone,
            encoders,
            mirror: Mirror::default(),
            address: None,
            form: Form {
                spelling: Spelling::DOCUMENT,
                address: None,
            },
            joined: Vec::new(),
        }
    }

    /// The client wrote to this: perhaps to everyone, under a word or the room's name.
    fn called(&mut self, to: &str) {
        match to.strip_prefix('#') {
            _ if to.is_empty() => {}
            _ if is_for_everyone(to) => self.address = Some(to.into()),
            Some(room) if is_same_room(room, &self.everyone) => self.address = None,
            _ => {}
        }
    }

    /// From now on the connection is told of messages as it spells its own.
    fn reflect(&mut self, session: &mut Session) {
        let spelling = self.mirror.spelling();
        let own = || session.user().map(|user| Arc::from(&*user.login));
        let form = Form {
            spelling,
            // "The room for everyone under its own name."
            address: if spelling.unspoken {
                own()
            } else {
                self.address.clone()
            },
        };
        if form != self.form {
            session.set_encoder(self.encoders.of(&form));
            self.form = form;
        }
    }
}

fn is_for_everyone(to: &str) -> bool {
    to.is_empty() || EVERYONE.iter().any(|word| to.eq_ignore_ascii_case(word))
}

impl JimAdapter {
    /// What was said may change how the connection is told of messages.
    pub(super) fn reflect(&mut self, session: &mut Session) {
        if let Some(compat) = &mut self.compat {
            compat.reflect(session);
        }
    }

    /// A new user is on the connection. One who cannot be in everyone's room is told so when it says something there.
    pub(super) async fn on_login(&mut self, cx: &mut RequestContext<'_>) {
        self.reflect(cx.session);
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
        unclear: &[(String, String)],
        cx: &mut RequestContext<'_>,
    ) -> std::result::Result<Target, Response> {
        let Some(compat) = &mut self.compat else {
            return Err(Response::Continue);
        };
        compat.called(&to);
        let everyone = compat.everyone.clone();
        self.reflect(cx.session);
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
        if let Some(key) = self.meant_for_one(unclear, cx).await {
            let how = match to.is_empty() {
                true => {
                    "; the addressee must be in to, destination, recipient, receiver or mess_to"
                }
                false => ", and another key a room; name the one that is meant",
            };
            let text = format!("{key}: it names a user{how}");
            return Err(Response::Answer(self.style().answer(400, text, cx.at)));
        }
        match self.come_to(room, common, cx).await {
            Ok(()) => Ok(Target::Room(by_name(room))),
            Err(error) => Err(self.style().refused(&error, cx.at)),
        }
    }

    /// "A `msg` without any of these whose other keys hold the login of an account or a present guest is refused": the key. So
    /// is one for a room that has somebody in another of these. One's own name addresses nobody.
    async fn meant_for_one<'m>(
        &self,
        unclear: &'m [(String, String)],
        cx: &mut RequestContext<'_>,
    ) -> Option<&'m str> {
        let own = cx.session.user().map(|user| user.login.clone());
        for (key, text) in unclear {
            let name = text.strip_prefix('@').unwrap_or(text);
            if own.as_ref().is_some_and(|own| is_same(own, name)) {
                continue;
            }
            if service_user::is_gateway(name, cx.session) {
                return Some(key);
            }
            if validate_login("", name, "").is_err() {
                continue;
            }
            let user = UserSelector::Login(name.to_owned());
            if cx.session.call(commands::FindUser { user }).await.is_ok() {
                return Some(key);
            }
        }
        None
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

/// Whether two names are those of one room.
fn is_same_room(one: &str, other: &str) -> bool {
    fold_room_name(one) == fold_room_name(other)
}

fn contact(user: &UserRef) -> ServerFrame {
    ServerFrame::Contact {
        user_id: user.login.clone(),
    }
}
