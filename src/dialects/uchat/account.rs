//! Who one is: signing up, logging in and out.

use bytes::Bytes;
use tolmach_uchat::{Secret, ServerFrame, valid_login};

use super::adapter::UchatAdapter;
use super::rooms::check_description;
use crate::commands;
use crate::gateway::RequestContext;
use crate::model::{Error, Result, Secret as Proof, User, UserId, UserSelector, clean_text};

impl UchatAdapter {
    pub(super) async fn sign_up(
        &mut self,
        login: String,
        pass: &Secret,
        name: String,
        description: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let description = clean_text(&description).into_owned();
        check_login(&login)?;
        check_description(&description)?;
        let secret = proof(pass)?;
        let command = commands::Register {
            login: login.clone(),
            secret,
            name,
            description,
        };
        cx.session.call(command).await?;
        match self.log_in(&login, pass, cx).await {
            // The account is there: that nothing was changed would be wrong.
            Err(Error::Unavailable) => Err(Error::OutcomeUnknown),
            done => done,
        }
    }

    pub(super) async fn log_in(
        &mut self,
        login: &str,
        pass: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        check_login(login)?;
        let command = commands::LogIn {
            login: login.to_owned(),
            secret: proof(pass)?,
            token: true,
        };
        let welcome = cx.session.call(command).await?;
        let (_, token) = welcome.token.ok_or(Error::Internal)?;
        if let Err(error) = check_login(&welcome.user.login) {
            // It was written otherwise than it is shown.
            let end = commands::LogOut {
                token: commands::TokenEnd::Always,
            };
            cx.session.call(end).await?;
            return Err(error);
        }
        Ok(self.welcome(&welcome.user, token.0, cx))
    }

    pub(super) async fn by_token(
        &mut self,
        token: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let text = token.0.clone();
        let identify = commands::Identify {
            token: text.as_str().into(),
        };
        check_login(&cx.session.call(identify).await?.login)?;
        let command = commands::LogInToken {
            token: text.as_str().into(),
            id: None,
        };
        let user = cx.session.call(command).await?.user;
        Ok(self.welcome(&user, text, cx))
    }

    /// What is sent unasked when the session ends is left with it: PROTOCOL.md 4.4.
    fn welcome(&mut self, user: &User, token: String, cx: &RequestContext<'_>) -> Bytes {
        let own = |text: &str| Secret(text.to_owned().into());
        let parting = ServerFrame::LogOut { token: own(&token) };
        cx.set_parting(Some(self.frame_of(&parting)));
        let welcome = self.frame_of(&ServerFrame::Token {
            token: own(&token),
            login: user.login.as_str().into(),
            desc: user.description.as_str().into(),
        });
        self.token = Some(token);
        welcome
    }

    /// The token is dead; the connection stays and may log in again: PROTOCOL.md 4.4.
    pub(super) async fn log_out(
        &mut self,
        token: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        if self.token.as_deref() != Some(token.0.as_str()) {
            return Err(Error::BadCredentials);
        }
        cx.session
            .call(commands::LogOut {
                token: commands::TokenEnd::Always,
            })
            .await?;
        self.token = None;
        cx.set_parting(None);
        let token = Secret(token.0.as_str().into());
        Ok(self.frame_of(&ServerFrame::LogOut { token }))
    }

    pub(super) async fn describe_self(
        &self,
        desc: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        check_description(&desc)?;
        let desc = clean_text(&desc).into_owned();
        let description = desc.clone();
        cx.session
            .call(commands::SetOwnDescription { description })
            .await?;
        let desc = desc.into();
        Ok(self.frame_of(&ServerFrame::DescribeUser { desc }))
    }

    pub(super) async fn member_info(
        &self,
        user: i32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        if user == UserId::GATEWAY.0 {
            let login = cx.session.options().name.clone().into();
            let desc = "".into();
            return Ok(self.frame_of(&ServerFrame::MemberInfo { login, desc }));
        }
        let user = UserSelector::Id(UserId(user));
        let user = cx.session.call(commands::FindUser { user }).await?;
        Ok(self.frame_of(&ServerFrame::MemberInfo {
            login: user.login.as_str().into(),
            desc: user.description.as_str().into(),
        }))
    }
}

/// Whether a login can come in over uchat: PROTOCOL.md 4.3.
fn check_login(login: &str) -> Result<()> {
    if valid_login(login) {
        return Ok(());
    }
    let reason = "over uchat a login has 3 to 22 of the characters a-z, 0-9, _ and -";
    Err(Error::invalid("login", reason))
}

/// What `pass` proves: PROTOCOL.md 4.2.
fn proof(pass: &Secret) -> Result<Proof> {
    let digits = &pass.0;
    if digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(Proof::Sha256(digits.to_ascii_lowercase()));
    }
    let reason = "it is the SHA-256 of the password in 64 hexadecimal digits";
    Err(Error::invalid("pass", reason))
}
