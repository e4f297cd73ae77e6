//! Who is kept out.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Network, RoomId, Timestamp, UserId, fold_login};

/// A name that is kept out of a room: of a guest, or of an account that was kept out when it ended. A guest who comes again is
/// another user, so this binds whoever is a guest, or makes an account, and has this name, or comes from where the guest came
/// from, until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestBan {
    /// The room it is kept out of.
    pub room: RoomId,
    /// The number of the one who was banned.
    pub user: UserId,
    /// Its name as it was written.
    pub login: String,
    /// By which two names are the same.
    pub folded: String,
    /// Where the guest came from; `None`: from inside the process, or it was an account.
    pub network: Option<Network>,
    /// When it was banned.
    pub created: Timestamp,
}

/// Whom the operator keeps out of the whole gateway.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BanSubject {
    /// Whoever comes from there.
    Network(Network),
    /// Whoever has this login: the account, after its end as before, and guests. Where the account gets another login, the ban
    /// is of that one.
    Login(String),
}

impl fmt::Display for BanSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Login(login) => f.write_str(login),
        }
    }
}

/// A ban from the whole gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayBan {
    /// Whom it keeps out.
    pub subject: BanSubject,
    /// The account that had the login when it was banned.
    pub user: Option<UserId>,
    /// Why, in the operator's words, which whoever is kept out is told; it may be empty.
    pub reason: String,
    /// When it was made.
    pub created: Timestamp,
    /// Until when; `None`: until it is lifted.
    pub until: Option<Timestamp>,
}

impl GatewayBan {
    /// Whether its time is not over.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether it keeps out whoever comes from there.
    #[must_use]
    pub fn binds_address(&self, address: IpAddr) -> bool {
        matches!(&self.subject, BanSubject::Network(network) if network.contains(address))
    }

    /// Whether it keeps out this user.
    #[must_use]
    pub fn binds_user(&self, user: UserId, login: &str) -> bool {
        let BanSubject::Login(bound) = &self.subject else {
            return false;
        };
        self.user == Some(user)
            || bound == login
            || fold_login(bound).is_ok_and(|bound| fold_login(login) == Ok(bound))
    }
}
