//! What a client asks for, request by request.

use bytes::{Bytes, BytesMut};
use tolmach_jim::{Extra, ServerFrame};

use super::adapter::JimAdapter;
use super::encoder::stored_extra;
use crate::commands;
use crate::dialects::service_user;
use crate::gateway::{RequestContext, Response};
use crate::model::{Error, RoomSelector, Secret, Target, UserSelector, validate_login};

impl JimAdapter {
    pub(super) async fn authenticate(
        &mut self,
        login: String,
        password: String,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let style = self.style();
        let command = commands::LogIn {
            login,
            secret: Secret::Password(password),
            token: false,
        };
        match cx.session.call(command).await {
            Ok(_) => {
                self.on_login(cx).await;
                let waiting = service_user::waiting(cx.session).await;
                Response::Answer(self.said_by_gateway(waiting.as_slice(), cx))
            }
            Err(Error::BadCredentials) => Response::Answer(style.answer(
                402,
                "wrong password or no account with that name",
                cx.at,
            )),
            Err(error) => style.refused(&error, cx.at),
        }
    }

    /// "A presence that answers a probe has no answer."
    pub(super) async fn presence(
        &mut self,
        name: Option<String>,
        status: Option<String>,
        probed: bool,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let style = self.style();
        match (cx.session.user().map(|user| user.login.clone()), name) {
            (None, None) => {
                let text = "user.account_name: missing; say who you are";
                return Response::Answer(style.answer(400, text, cx.at));
            }
            (None, Some(name)) => {
                if let Err(response) = self.become_guest(name, cx).await {
                    return response;
                }
            }
            (Some(own), Some(name)) if !is_same(&own, &name) => {
                let text = format!(
                    "user.account_name: you are {own} on this connection; authenticate to be another"
                );
                return Response::Answer(style.answer(400, text, cx.at));
            }
            (Some(_), _) => self.reflect(cx.session),
        }
        if status.is_some()
            && let Err(error) = cx.session.call(commands::SetStatus { status }).await
        {
            return style.refused(&error, cx.at);
        }
        if probed {
            Response::Continue
        } else {
            Response::Answer(style.answer(200, "", cx.at))
        }
    }

    /// Makes a guest of a stranger, or says why not.
    pub(super) async fn become_guest(
        &mut self,
        name: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<(), Response> {
        let style = self.style();
        let text = match cx.session.call(commands::LogInGuest { name }).await {
            Ok(_) => {
                self.on_login(cx).await;
                return Ok(());
            }
            Err(Error::Unauthenticated) if !cx.session.options().guests => {
                "guests are not let in here; authenticate"
            }
            Err(Error::Unauthenticated) => "this name belongs to an account; authenticate",
            Err(error) => return Err(style.refused(&error, cx.at)),
        };
        Err(Response::Answer(style.answer(401, text, cx.at)))
    }

    /// To whom a `msg` is, from who is here.
    pub(super) fn target(
        &self,
        to: String,
        from: &str,
        cx: &RequestContext<'_>,
    ) -> Result<Target, Response> {
        let (style, at) = (self.style(), cx.at);
        let Some(own) = cx.session.user() else {
            return Err(style.refused(&Error::Unauthenticated, at));
        };
        if !is_same(&own.login, from) {
            let text = format!("from: you are {} on this connection", own.login);
            return Err(Response::Answer(style.answer(403, text, at)));
        }
        Ok(match to.strip_prefix('#') {
            Some(room) => Target::Room(by_name(room)),
            None => Target::User(UserSelector::Login(to)),
        })
    }

    /// What is said to the gateway itself is answered by it, and not stored.
    pub(super) async fn post(
        &mut self,
        to: Target,
        message: String,
        extra: &Extra,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let (style, at) = (self.style(), cx.at);
        if let Target::User(UserSelector::Login(to)) = &to
            && service_user::is_gateway(to, cx.session)
        {
            return Box::pin(self.ask_gateway(&message, cx)).await;
        }
        let said = commands::Send {
            extra: stored_extra(extra),
            ..commands::Send::text(to, message)
        };
        cx.post(said, move |outcome| match outcome {
            Ok(_) => style.answer(200, "", at),
            Err(error) => style.refusal(&error, at),
        })
        .await
    }

    /// 200, then what the gateway says to who asked.
    async fn ask_gateway(&self, asked: &str, cx: &mut RequestContext<'_>) -> Response {
        let lines = service_user::answer(asked, &self.rules.public_url, cx.session).await;
        Response::Answer(self.said_by_gateway(&lines, cx))
    }

    /// 200, then these lines from the gateway.
    fn said_by_gateway(&self, lines: &[String], cx: &RequestContext<'_>) -> Bytes {
        let style = self.style();
        let own = cx.session.user().map(|user| user.login.clone());
        let mut out = BytesMut::new();
        style.write_answer(200, "", cx.at, &mut out);
        for line in lines {
            let frame = |message| ServerFrame::Msg {
                to: own.clone().unwrap_or_default(),
                from: cx.session.options().name.clone(),
                time: cx.at.seconds(),
                message,
                extra: Extra::default(),
            };
            style.write_said(line, frame, &mut out);
        }
        out.freeze()
    }

    pub(super) async fn join(
        &mut self,
        room: &str,
        password: Option<String>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let style = self.style();
        let enter = commands::Enter {
            room: by_name(room),
            password: password.map(Secret::Password),
            create: commands::Create::IfConfigured,
        };
        match cx.session.call(enter).await {
            Ok(entered) => {
                self.joined(entered.room.id, cx);
                let code = if entered.created { 201 } else { 200 };
                Response::Answer(style.answer(code, "", cx.at))
            }
            Err(error) => style.refused(&error, cx.at),
        }
    }

    pub(super) async fn leave(
        &mut self,
        room: RoomSelector,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let leave = commands::Leave { room };
        self.done(leave, cx).await
    }

    /// Does what has no answer but that it was done.
    pub(super) async fn done(
        &mut self,
        command: impl commands::Command,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let style = self.style();
        match cx.session.call(command).await {
            Ok(_) => Response::Answer(style.answer(200, "", cx.at)),
            Err(error) => style.refused(&error, cx.at),
        }
    }
}

/// A room by its name, with or without the `#`.
pub(super) fn by_name(room: &str) -> RoomSelector {
    RoomSelector::Name(room.strip_prefix('#').unwrap_or(room).to_owned())
}

/// Whether two logins are one and the same.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let folded = |login| validate_login("", login, "");
    one == other || matches!((folded(one), folded(other)), (Ok(one), Ok(other)) if one == other)
}
