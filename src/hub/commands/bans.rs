//! Who is kept out of the whole gateway: by address, network or login, for a time or until it is lifted.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::work::Done;
use super::{Caller, Change, Command, Needs, Work, rules};
use crate::hub::Hub;
use crate::hub::state::HubState;
use crate::model::{
    BanSubject, EndReason, Error, GatewayBan, News, Result, Timestamp, User, UserId, UserKind,
    clean_line, fold_login,
};
use crate::store::{RowKey, RowKeys};

/// Most characters of a reason.
const REASON_CHARS: usize = 200;

/// Keeps somebody out of the whole gateway: connections and logins from an address or network, or whoever has a login.
/// The sessions that it binds end at once. A ban of the same subject is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddBan {
    /// Whom it keeps out.
    pub subject: BanSubject,
    /// For how long; `None`: until it is lifted.
    pub term: Option<Duration>,
    /// Why, which whoever is kept out is told; at most 200 characters, it may be empty.
    pub reason: String,
}

/// What a ban came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanAdded {
    /// As it is kept.
    pub ban: GatewayBan,
    /// How many sessions it ended.
    pub ended: usize,
}

impl Command for AddBan {
    type Reply = BanAdded;
    const NEEDS: Needs = Needs::Operator;

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<BanAdded> {
        self.reason = clean_line(&self.reason).into_owned();
        if self.reason.chars().count() > REASON_CHARS {
            let reason = format!("it has at most {REASON_CHARS} characters");
            return Err(Error::invalid("reason", reason));
        }
        self.subject = folded(self.subject)?;
        let added = caller.commit_then(self, |state, ban| {
            let ended = state.keep_out(ban.clone());
            Ok(BanAdded { ban, ended })
        });
        added.await
    }
}

/// The subject by which two bans are the same.
fn folded(subject: BanSubject) -> Result<BanSubject> {
    Ok(match subject {
        BanSubject::Login(login) => {
            let folded = fold_login(&login).map_err(|why| Error::invalid("login", why))?;
            BanSubject::Login(folded)
        }
        network => network,
    })
}

impl Change for AddBan {
    type Outcome = GatewayBan;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        if let BanSubject::Login(folded) = &self.subject {
            keys.add(RowKey::Login(folded.clone()));
        }
    }

    fn apply(self, work: &mut Work<'_>) -> Done<GatewayBan> {
        rules::operator_only(work.actor)?;
        work.forget_ended_bans()?;
        let holder = match &self.subject {
            BanSubject::Login(folded) => work.rows.user_by_login(folded)?,
            BanSubject::Network(_) => None,
        };
        let term = self
            .term
            .map(|term| i64::try_from(term.as_millis()).unwrap_or(i64::MAX));
        let ban = GatewayBan {
            subject: self.subject,
            // A guest who comes again is another user: its name is bound.
            user: holder
                .filter(|row| row.user.kind == UserKind::Account)
                .map(|row| row.user.id),
            reason: self.reason,
            created: work.at,
            until: term.map(|term| Timestamp(work.at.0.saturating_add(term))),
        };
        work.rows.put_gateway_ban(ban.clone())?;
        work.add_news(&News::Bans)?;
        Ok(ban)
    }
}

impl Work<'_> {
    /// Refuses who is kept out by where it asks from, or as the user that it is, in the ban's words.
    pub(super) fn check_banned(&mut self, address: Option<IpAddr>, user: &User) -> Done {
        let ban = self.ban_of(address, Some((user.id, &user.login)))?;
        Ok(admit(ban.as_ref())?)
    }

    /// Refuses the login of a newcomer that a ban keeps out, in its words.
    pub(super) fn check_newcomer(&mut self, login: &str) -> Done {
        Ok(admit(self.ban_of_login(login)?.as_ref())?)
    }

    /// The ban that keeps out whoever has this login.
    pub(super) fn ban_of_login(&mut self, login: &str) -> Done<Option<GatewayBan>> {
        self.ban_of(None, Some((UserId::GATEWAY, login)))
    }

    fn ban_of(
        &mut self,
        address: Option<IpAddr>,
        user: Option<(UserId, &str)>,
    ) -> Done<Option<GatewayBan>> {
        let (bans, now) = (self.rows.gateway_bans()?, self.at);
        let mut bans = bans.into_iter();
        Ok(bans.find(|ban| binds(ban, now, address, user)))
    }

    /// The ban that keeps out a user.
    pub(super) fn ban_of_user(&mut self, user: &User) -> Done<Option<GatewayBan>> {
        let (bans, now) = (self.rows.gateway_bans()?, self.at);
        let binds = |ban: &GatewayBan| ban.holds(now) && ban.binds_user(user.id, &user.login);
        Ok(bans.into_iter().find(binds))
    }

    /// The ban of an account is of the login that it has from now on; all bans as they are then.
    pub(super) fn move_ban(&mut self, of: &User, folded: &str) -> Done<Vec<GatewayBan>> {
        for ban in self.rows.gateway_bans()? {
            if ban.binds_user(of.id, &of.login) {
                self.rows.remove_gateway_ban(&ban.subject)?;
                self.rows.put_gateway_ban(GatewayBan {
                    subject: BanSubject::Login(folded.to_owned()),
                    user: Some(of.id),
                    ..ban
                })?;
                self.add_news(&News::Bans)?;
            }
        }
        Ok(self.rows.gateway_bans()?)
    }

    fn forget_ended_bans(&mut self) -> Done {
        for ban in self.rows.gateway_bans()? {
            if !ban.holds(self.at) {
                self.rows.remove_gateway_ban(&ban.subject)?;
            }
        }
        Ok(())
    }
}

/// The bans that hold, in the order of their subjects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bans;

impl Command for Bans {
    type Reply = Vec<GatewayBan>;
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<GatewayBan>> {
        let (mut bans, now) = (caller.store().gateway_bans().await?, caller.hub().time());
        bans.retain(|ban| ban.holds(now));
        Ok(bans)
    }
}

/// Lifts a ban; [`Error::NoSuchUser`] where there is none of this subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveBan {
    /// Whom it kept out: the address or network as it was banned, or the login.
    pub subject: BanSubject,
}

impl Command for RemoveBan {
    type Reply = ();
    const NEEDS: Needs = Needs::Operator;

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<()> {
        self.subject = folded(self.subject)?;
        let removed = caller.commit_then(self, |state, subject| {
            state.bans.retain(|ban| ban.subject != subject);
            Ok(())
        });
        removed.await
    }
}

impl Change for RemoveBan {
    type Outcome = BanSubject;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, _keys: &mut RowKeys) {}

    fn apply(self, work: &mut Work<'_>) -> Done<BanSubject> {
        rules::operator_only(work.actor)?;
        let (bans, now) = (work.rows.gateway_bans()?, work.at);
        let is_meant = |ban: &GatewayBan| ban.subject == self.subject && ban.holds(now);
        if !bans.iter().any(is_meant) {
            return Err(Error::NoSuchUser.into());
        }
        work.forget_ended_bans()?;
        work.rows.remove_gateway_ban(&self.subject)?;
        work.add_news(&News::Bans)?;
        Ok(self.subject)
    }
}

impl HubState {
    /// Whom the ban binds is kept out from now on. How many sessions end by it.
    pub(in crate::hub) fn keep_out(&mut self, ban: GatewayBan) -> usize {
        let bound = self.sessions.iter().filter(|(_, entry)| {
            let user = entry.current.load();
            ban.binds_user(user.id, &user.login)
                || entry
                    .address
                    .is_some_and(|address| ban.binds_address(address))
        });
        let bound: Vec<_> = bound.map(|(session, _)| *session).collect();
        for session in &bound {
            self.end_later(*session, EndReason::BannedFromGateway);
        }
        self.bans.retain(|other| other.subject != ban.subject);
        self.bans.push(ban);
        bound.len()
    }

    /// The ban that keeps out who comes from there, or as this user: by its number and login.
    pub(super) fn ban_of(
        &self,
        address: Option<IpAddr>,
        user: Option<(UserId, &str)>,
    ) -> Option<&GatewayBan> {
        let (mut bans, now) = (self.bans.iter(), self.now.at);
        bans.find(|ban| binds(ban, now, address, user))
    }
}

impl Hub {
    /// Whether nobody is let in from an address.
    #[must_use]
    pub fn is_banned(&self, address: IpAddr) -> bool {
        self.with_state(|state| state.ban_of(Some(address), None).is_some())
    }

    /// Refuses whom a ban keeps out, in its words.
    pub(in crate::hub) fn check_ban(
        &self,
        address: Option<IpAddr>,
        user: Option<(UserId, &str)>,
    ) -> Result<()> {
        let ban = self.with_state(|state| state.ban_of(address, user).cloned());
        admit(ban.as_ref())
    }
}

/// Whether it holds, and keeps out who comes from there, or as this user: by its number and login.
fn binds(
    ban: &GatewayBan,
    now: Timestamp,
    address: Option<IpAddr>,
    user: Option<(UserId, &str)>,
) -> bool {
    ban.holds(now)
        && (address.is_some_and(|address| ban.binds_address(address))
            || user.is_some_and(|(id, login)| ban.binds_user(id, login)))
}

/// Refuses whom this ban keeps out, in its words; nobody where there is none.
fn admit(ban: Option<&GatewayBan>) -> Result<()> {
    match ban {
        Some(ban) => Err(Error::not_allowed(told(ban))),
        None => Ok(()),
    }
}

/// What whoever is kept out is told.
fn told(ban: &GatewayBan) -> String {
    let mut text = match &ban.subject {
        BanSubject::Network(_) => "your address is banned from this gateway",
        BanSubject::Login(_) => "you are banned from this gateway",
    }
    .to_owned();
    if let Some(until) = ban.until {
        let since = Duration::from_secs(until.seconds().try_into().unwrap_or(0));
        let time = humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since);
        text += &format!(" until {time}");
    }
    if !ban.reason.is_empty() {
        text += &format!(": {}", ban.reason);
    }
    text
}
