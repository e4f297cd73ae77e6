//! What a client asks for, request by request.

use bytes::BytesMut;
use tolmach_jim::{Extra, ServerFrame};

use super::adapter::JimAdapter;
use crate::dialects::desk;
use crate::gateway::{Link, Step};
use crate::model::{
    Command, Draft, Error, Reply, RoomSelector, Secret, Target, UserSelector, validate_login,
};

impl JimAdapter {
    pub(super) async fn authenticate(
        &mut self,
        login: String,
        password: String,
        link: &mut Link<'_>,
    ) -> Step {
        let style = self.style();
        let command = Command::LogIn {
            login,
            secret: Secret::Password(password),
            token: false,
        };
        match link.session.call(command).await {
            Ok(_) => {
                self.came_in(link).await;
                Step::Answer(style.answer(200, "", link.at))
            }
            Err(Error::BadCredentials) => Step::Answer(style.answer(
                402,
                "wrong password or no account with that name",
                link.at,
            )),
            Err(error) => style.refused(&error, link.at),
        }
    }

    /// "A presence that answers a probe has no answer."
    pub(super) async fn presence(
        &mut self,
        name: Option<String>,
        status: Option<String>,
        probed: bool,
        link: &mut Link<'_>,
    ) -> Step {
        let style = self.style();
        match (link.session.user().map(|user| user.login.clone()), name) {
            (None, None) => {
                let text = "user.account_name: missing; say who you are";
                return Step::Answer(style.answer(400, text, link.at));
            }
            (None, Some(name)) => {
                if let Err(step) = self.become_guest(name, link).await {
                    return step;
                }
            }
            (Some(own), Some(name)) if !is_same(&own, &name) => {
                let text = format!(
                    "user.account_name: you are {own} on this connection; authenticate to be another"
                );
                return Step::Answer(style.answer(400, text, link.at));
            }
            (Some(_), _) => {}
        }
        if status.is_some()
            && let Err(error) = link.session.call(Command::SetStatus { status }).await
        {
            return style.refused(&error, link.at);
        }
        if probed {
            Step::Continue
        } else {
            Step::Answer(style.answer(200, "", link.at))
        }
    }

    /// Makes a guest of a stranger, or says why not.
    pub(super) async fn become_guest(
        &mut self,
        name: String,
        link: &mut Link<'_>,
    ) -> Result<(), Step> {
        let style = self.style();
        let text = match link.session.call(Command::LogInGuest { name }).await {
            Ok(_) => {
                self.came_in(link).await;
                return Ok(());
            }
            Err(Error::Unauthenticated) if !link.session.options().guests => {
                "guests are not let in here; authenticate"
            }
            Err(Error::Unauthenticated) => "this name belongs to an account; authenticate",
            Err(error) => return Err(style.refused(&error, link.at)),
        };
        Err(Step::Answer(style.answer(401, text, link.at)))
    }

    pub(super) async fn message(
        &mut self,
        to: String,
        from: String,
        message: String,
        extra: Extra,
        link: &mut Link<'_>,
    ) -> Step {
        let (style, at) = (self.style(), link.at);
        let Some(own) = link.session.user().map(|user| user.login.clone()) else {
            return Step::Answer(style.refusal(&Error::Unauthenticated, at));
        };
        if !is_same(&own, &from) {
            let text = format!("from: you are {own} on this connection");
            return Step::Answer(style.answer(403, text, at));
        }
        let to = match to.strip_prefix('#') {
            Some(room) => Target::Room(RoomSelector::Name(room.to_owned())),
            None => Target::User(UserSelector::Login(to)),
        };
        self.post(to, message, &extra, link).await
    }

    /// What is said to the gateway itself is answered by it, and not stored.
    pub(super) async fn post(
        &mut self,
        to: Target,
        message: String,
        extra: &Extra,
        link: &mut Link<'_>,
    ) -> Step {
        let (style, at) = (self.style(), link.at);
        if let Target::User(UserSelector::Login(to)) = &to
            && desk::is_gateway(to, link.session)
        {
            return self.ask_gateway(&message, link).await;
        }
        let mut draft = Draft::text(to, message);
        draft.extra = super::form::stored_extra(extra);
        link.post(draft, move |outcome| match outcome {
            Ok(_) => style.answer(200, "", at),
            Err(error) => style.refusal(&error, at),
        })
        .await
    }

    /// 200, then what the gateway says to who asked.
    async fn ask_gateway(&self, asked: &str, link: &mut Link<'_>) -> Step {
        let style = self.style();
        let own = link.session.user().map(|user| user.login.clone());
        let lines = desk::answer(asked, link.session).await;
        let mut out = BytesMut::new();
        style.write_answer(200, "", link.at, &mut out);
        for line in &lines {
            let frame = |message| ServerFrame::Msg {
                to: own.clone().unwrap_or_default(),
                from: link.session.options().name.clone(),
                time: link.at.seconds(),
                message,
                extra: Extra::default(),
            };
            style.write_said(line, frame, &mut out);
        }
        Step::Answer(out.freeze())
    }

    pub(super) async fn join(
        &mut self,
        room: &str,
        password: Option<String>,
        link: &mut Link<'_>,
    ) -> Step {
        let style = self.style();
        let enter = Command::Enter {
            room: by_name(room),
            password,
            create: true,
        };
        match link.session.call(enter).await {
            Ok(reply) => {
                let created = matches!(reply, Reply::Entered { created: true, .. });
                self.joined(&reply, link);
                Step::Answer(style.answer(if created { 201 } else { 200 }, "", link.at))
            }
            Err(error) => style.refused(&error, link.at),
        }
    }

    pub(super) async fn leave(&mut self, room: RoomSelector, link: &mut Link<'_>) -> Step {
        let leave = Command::Leave { room };
        self.done(leave, link).await
    }

    /// Does what has no answer but that it was done.
    pub(super) async fn done(&mut self, command: Command, link: &mut Link<'_>) -> Step {
        let style = self.style();
        match link.session.call(command).await {
            Ok(_) => Step::Answer(style.answer(200, "", link.at)),
            Err(error) => style.refused(&error, link.at),
        }
    }
}

/// A room by its name, with or without the `#`.
pub(super) fn by_name(room: &str) -> RoomSelector {
    RoomSelector::Name(room.strip_prefix('#').unwrap_or(room).to_owned())
}

/// Whether two logins are one and the same.
fn is_same(one: &str, other: &str) -> bool {
    let folded = |login| validate_login("", login, "");
    one == other || matches!((folded(one), folded(other)), (Ok(one), Ok(other)) if one == other)
}
