//! What a connection of the flavor `field` has beside the document's: its spelling, a room for everyone, contacts.

use std::sync::Arc;

use bytes::BytesMut;
use tolmach_jim::{FieldMsg, ServerFrame, Spelling};

use super::adapter::JimAdapter;
use super::form::JimForm;
use super::outcome::Style;
use super::requests::by_name;
use crate::gateway::{Link, Step};
use crate::hub::{Form, Session};
use crate::model::{
    Command, Error, Reply, Result, RoomId, RoomSelector, Target, UserRef, UserSelector,
};

/// The forms of a listener: sessions of one spelling share one.
pub(super) struct Forms(Vec<(Spelling, Form)>);

impl Forms {
    pub(super) fn new(notices: &[u16]) -> Self {
        let form = |spelling| {
            let form = JimForm::new(notices, Style::Field(spelling));
            (spelling, Form(Arc::new(form)))
        };
        let mut forms = vec![form(Spelling::DOCUMENT)];
        let others = Spelling::all().filter(|spelling| *spelling != Spelling::DOCUMENT);
        forms.extend(others.map(form));
        Self(forms)
    }

    pub(super) fn of(&self, spelling: Spelling) -> Form {
        let found = self.0.iter().find(|(other, _)| *other == spelling);
        found.unwrap_or(&self.0[0]).1.clone()
    }
}

/// See the module.
pub(super) struct FieldSide {
    /// "The room `jim.everyone`, which everyone there has joined."
    everyone: Arc<str>,
    forms: Arc<Forms>,
    pub(super) spelling: Spelling,
    /// The rooms it has joined, the last one last.
    joined: Vec<RoomId>,
}

impl FieldSide {
    pub(super) fn new(everyone: Arc<str>, forms: Arc<Forms>) -> Self {
        Self {
            everyone,
            forms,
            spelling: Spelling::DOCUMENT,
            joined: Vec::new(),
        }
    }

    /// From now on the connection is told of messages as it spells its own.
    fn mirror(&mut self, said: Spelling, session: &mut Session) {
        let spelling = self.spelling.after(said);
        if spelling != self.spelling {
            self.spelling = spelling;
            session.set_form(self.forms.of(spelling));
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
    pub(super) async fn came_in(&mut self, link: &mut Link<'_>) {
        if let Some(field) = &mut self.field {
            field.joined.clear();
            let everyone = field.everyone.clone();
            if let Err(error) = self.come_to(&everyone, true, link).await {
                tracing::debug!(%error, "everyone's room was not joined");
            }
        }
    }

    /// The connection has joined a room.
    pub(super) fn joined(&mut self, reply: &Reply, link: &Link<'_>) {
        if let (Some(field), Reply::Entered { room, .. }) = (&mut self.field, reply) {
            let here = link.session.rooms();
            field
                .joined
                .retain(|other| *other != room.id && here.contains(other));
            field.joined.push(room.id);
        }
    }

    /// "A `msg` to a room not joined joins it"; everyone's is `common` to all.
    async fn come_to(&mut self, room: &str, common: bool, link: &mut Link<'_>) -> Result<()> {
        if link.session.is_attached(room) {
            return Ok(());
        }
        let reply = if common {
            link.session.enter_common(room).await?
        } else {
            let enter = Command::Enter {
                room: by_name(room),
                password: None,
                create: true,
            };
            link.session.call(enter).await?
        };
        self.joined(&reply, link);
        Ok(())
    }

    pub(super) async fn field_message(&mut self, msg: FieldMsg, link: &mut Link<'_>) -> Step {
        let Some(field) = &mut self.field else {
            return Step::Continue;
        };
        field.mirror(msg.spelling, link.session);
        let everyone = field.everyone.clone();
        if let Err(step) = self.be_somebody(msg.from, link).await {
            return step;
        }
        let to = msg.to.unwrap_or_default();
        let common = is_for_everyone(&to);
        let room = if common {
            Some(&*everyone)
        } else {
            to.strip_prefix('#')
        };
        let to = match room {
            None => Target::User(UserSelector::Login(to)),
            Some(room) => match self.come_to(room, common, link).await {
                Ok(()) => Target::Room(by_name(room)),
                Err(error) => return self.style().refused(&error, link.at),
            },
        };
        self.post(to, msg.message, &msg.extra, link).await
    }

    /// "A first `msg` without presence (its `from` makes the guest); a `from` that is not one's name (corrected)."
    async fn be_somebody(
        &mut self,
        from: Option<String>,
        link: &mut Link<'_>,
    ) -> std::result::Result<(), Step> {
        match (link.session.user(), from) {
            (Some(_), _) => Ok(()),
            (None, Some(from)) => self.become_guest(from, link).await,
            (None, None) => {
                let refusal = self.style().refusal(&Error::Unauthenticated, link.at);
                Err(Step::Answer(refusal))
            }
        }
    }

    /// "`leave` may omit the room (then the one joined last)."
    pub(super) async fn leave_last(&mut self, link: &mut Link<'_>) -> Step {
        let here = link.session.rooms();
        let field = self.field.as_ref();
        let mut joined = field.iter().flat_map(|field| field.joined.iter().rev());
        match joined.find(|room| here.contains(room)) {
            Some(room) => self.leave(RoomSelector::Id(*room), link).await,
            None => {
                let error = match link.session.user() {
                    Some(_) => Error::not_allowed("you have joined no room; name the one to leave"),
                    None => Error::Unauthenticated,
                };
                Step::Answer(self.style().refusal(&error, link.at))
            }
        }
    }

    /// "`get_contacts` answers {"response":202,"quantity":N}, then N objects."
    pub(super) async fn contacts(&mut self, link: &mut Link<'_>) -> Step {
        let style = self.style();
        match link.session.call(Command::Contacts).await {
            Ok(Reply::Contacts(users)) => {
                let mut out = BytesMut::new();
                let count = ServerFrame::ContactCount {
                    time: link.at.seconds(),
                    quantity: u32::try_from(users.len()).unwrap_or(u32::MAX),
                };
                style.write(&count, &mut out);
                for user in users {
                    style.write(&contact(&user), &mut out);
                }
                Step::Answer(out.freeze())
            }
            Ok(_) => style.refused(&Error::Internal, link.at),
            Err(error) => style.refused(&error, link.at),
        }
    }
}

fn contact(user: &UserRef) -> ServerFrame {
    ServerFrame::Contact {
        user_id: user.login.clone(),
    }
}
