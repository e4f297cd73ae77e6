//! Who one is: HELLO, logging in and off, restoring, renewing, registering.

use std::net::IpAddr;

use tolmach_purpose::{Answer, Notification, Secret, ServerBody, SessionInfo};

use super::adapter::{PurposeAdapter, Renewal};
use crate::commands;
use crate::gateway::RequestContext;
use crate::model::{Error, Result, TokenId, TokenInfo, TokenKind, UserId, UserSelector};

/// The major version that is spoken here: PROTOCOL.md 4.3.
const MAJOR: u8 = 0;

impl PurposeAdapter {
    pub(super) fn hello(&mut self, major: u8, minor: u8) -> Result<Answer<String>> {
        if major != MAJOR {
            let reason = format!("API version {major}.{minor} is not spoken here; 0.1 is");
            return Err(Error::invalid("major", reason));
        }
        self.greeted = true;
        Ok(Answer::Nothing)
    }

    pub(super) async fn log_in(
        &mut self,
        login: &str,
        password: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let command = commands::LogIn {
            login: login.to_owned(),
            secret: crate::model::Secret::Password(password.as_str().to_owned()),
            token: true,
        };
        let before = cx.session.user().map(|user| user.id);
        let welcome = cx.session.call(command).await?;
        let (id, text) = welcome.token.ok_or(Error::Internal)?;
        let user = welcome.user.id;
        self.begun(before, user, None, cx);
        Ok(Answer::Session {
            session_id: id.0,
            session_hash: Secret(text.0),
            user_id: user.0,
        })
    }

    pub(super) async fn restore(
        &mut self,
        session_id: i32,
        session_hash: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let command = commands::LogInToken {
            token: session_hash.as_str().into(),
            id: Some(TokenId(session_id)),
        };
        let before = cx.session.user().map(|user| user.id);
        let user = cx.session.call(command).await?.user.id;
        self.begun(before, user, Some(TokenId(session_id)), cx);
        Ok(Answer::Restored { user_id: user.0 })
    }

    /// What was declined suspends the session until here, PROTOCOL.md 5.3. What the same session was told stays told.
    fn begun(
        &mut self,
        before: Option<UserId>,
        now: UserId,
        session: Option<TokenId>,
        cx: &RequestContext<'_>,
    ) {
        let goes_on = before == Some(now);
        self.renewed = self
            .renewed
            .filter(|renewal| goes_on && session == Some(renewal.old));
        cx.suspend(false);
    }

    /// SESSION_DATA, where the session is in the second half of its life: PROTOCOL.md 5.2.
    pub(super) async fn renew(&mut self, session: i32, cx: &mut RequestContext<'_>) -> Result<()> {
        // One that is not answered yet is not told again.
        if self.renewed.is_some() {
            return Ok(());
        }
        let own = self.own_tokens(cx).await?;
        let life = i64::try_from(cx.session.options().session_life.as_millis());
        let half = life.unwrap_or(i64::MAX) / 2;
        let is_old = |token: &&TokenInfo| {
            token.id.0 == session && cx.at.0.saturating_sub(token.created.0) > half
        };
        if !own.iter().any(|token| is_old(&token)) {
            return Ok(());
        }
        let commands::NewToken { id, value } = cx.session.call(commands::RenewToken).await?;
        self.renewed = Some(Renewal {
            old: TokenId(session),
            new: id,
        });
        let body = ServerBody::Notification(Notification::SessionData {
            session_id: id.0,
            session_hash: Secret(value.0.as_str()),
        });
        cx.ask(self.asking(body));
        Ok(())
    }

    /// The old hash ends with the client's ACCEPTED; who declines the new one keeps it: PROTOCOL.md 5.2.
    pub(super) async fn renewal_answered(
        &mut self,
        accepted: bool,
        cx: &mut RequestContext<'_>,
    ) -> Result<()> {
        let own = cx.session.user().map(|user| user.id);
        let (Some(Renewal { old, new }), Some(own)) = (self.renewed, own) else {
            return Ok(());
        };
        if accepted {
            cx.session.call(commands::UseToken { id: new, old }).await?;
        } else {
            let revoke = commands::RevokeToken {
                user: UserSelector::Id(own),
                id: Some(new),
            };
            cx.session.call(revoke).await?;
        }
        self.renewed = None;
        Ok(())
    }

    pub(super) async fn log_off(&mut self, cx: &mut RequestContext<'_>) -> Result<Answer<String>> {
        // The session is gone: the hash that was told and not answered is one of its own.
        match self.renewal_answered(false, cx).await {
            // It is gone already.
            Ok(()) | Err(Error::Invalid { .. }) => {}
            Err(error) => return Err(error),
        }
        // A token that the operator made is not the session's to end.
        let token = commands::TokenEnd::IfOfLogin;
        let done = self.done(commands::LogOut { token }, cx).await?;
        // What still waits to be told was for somebody who is not there any more.
        cx.suspend(true);
        Ok(done)
    }

    pub(super) async fn register(
        &self,
        login: &str,
        password: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let command = commands::Register {
            login: login.to_owned(),
            secret: crate::model::Secret::Password(password.as_str().to_owned()),
            name: String::new(),
            description: String::new(),
        };
        self.done(command, cx).await
    }

    pub(super) async fn sessions(&self, cx: &mut RequestContext<'_>) -> Result<Answer<String>> {
        let own = self.own_tokens(cx).await?;
        let session = |token: &TokenInfo| SessionInfo {
            id: token.id.0,
            ipv4: token.address.as_deref().map_or(0, ipv4),
            last_activity: token.used.unwrap_or(token.created).seconds(),
            user_id: token.user.0,
        };
        Ok(Answer::Sessions(own.iter().map(session).collect()))
    }

    /// The tokens that a login made.
    async fn own_tokens(&self, cx: &mut RequestContext<'_>) -> Result<Vec<TokenInfo>> {
        let user = cx.session.user().ok_or(Error::Unauthenticated)?.id;
        let command = commands::Tokens {
            user: UserSelector::Id(user),
        };
        let mut tokens = cx.session.call(command).await?;
        tokens.retain(|token| token.kind == TokenKind::Session);
        Ok(tokens)
    }
}

/// An IPv4 address as the number that PROTOCOL.md 6.4 writes; of any other address 0.
fn ipv4(address: &str) -> i32 {
    match address
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V4(address)) => SessionInfo::ipv4_of(address),
        Ok(IpAddr::V6(_)) | Err(_) => 0,
    }
}
