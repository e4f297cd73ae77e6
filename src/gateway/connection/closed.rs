//! Why a connection closed, in the words of the log.

use serde::Serialize;

use crate::gateway::hits::{Hit, Hits};
use crate::hub::Session;
use crate::hub::tap::TapConnection;
use crate::model::{EndReason, User};
use crate::word::Word;

/// Why a connection closed: one word each (`eof`, `too_slow`), as `docs/log.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Closed {
    /// The client's stream ended without its dialect's farewell.
    Eof,
    /// The stream broke: it could not be read or written any more.
    Reset,
    /// The client's system acknowledged nothing for too long, or the client answered nothing.
    Vanished,
    /// The client said its dialect's farewell.
    Farewell,
    /// Its bytes could not be cut into frames any more.
    ProtocolError,
    /// A frame was longer than it may be.
    TooLong,
    /// Its dialect closes behind the answer that it gave: to a refused login, to what is no frame, to a file that was refused.
    LastAnswer,
    /// All of the content that it asked for was sent.
    Sent,
    /// It took nothing of the content that it asked for.
    Unread,
    /// The content that it asked for could not be read.
    Unreadable,
    /// The gateway ended it.
    #[serde(untagged)]
    Reason(EndReason),
}

impl Closed {
    /// The status code of a WebSocket's farewell (RFC 6455, 7.4.1).
    pub(super) fn code(self) -> u16 {
        const NORMAL: u16 = 1000;
        const GOING_AWAY: u16 = 1001;
        const POLICY: u16 = 1008;
        const TOO_BIG: u16 = 1009;
        const FAULT: u16 = 1011;
        use EndReason::*;
        match self {
            Self::Eof | Self::Farewell | Self::Sent | Self::Reason(ClosedTogether) => NORMAL,
            Self::Reason(Shutdown | ListenerClosed) => GOING_AWAY,
            Self::TooLong => TOO_BIG,
            Self::Unreadable | Self::Reason(NodeLost | OutcomeUnknown) => FAULT,
            Self::Reset
            | Self::Vanished
            | Self::ProtocolError
            | Self::LastAnswer
            | Self::Unread => POLICY,
            Self::Reason(
                TooSlow | PasswordChanged | TokenRevoked | AccountDisabled | AccountRemoved
                | ClosedByOperator | Displaced | NameTaken | TooSilent | NoLogin | TlsRequired
                | TooManyConnections | Overloaded | AddressBanned | BannedFromGateway | RoomDeleted
                | Banned | Removed | Left,
            ) => POLICY,
        }
    }
}

/// Logs and counts the end of a connection, of whose user is told where somebody was in.
pub(super) fn log(
    closed: Closed,
    line: &TapConnection,
    session: &Session,
    user: Option<&User>,
    hits: &Hits,
) {
    match closed {
        Closed::Reason(EndReason::TooSlow) => hits.note("queue", Hit::of(line, user)),
        Closed::Reason(EndReason::Overloaded) => {
            hits.note("receiving_total_bytes", Hit::of(line, user));
        }
        _ => {}
    }
    let reason = Word(closed).to_string();
    tracing::debug!(
        connection = line.number,
        dialect = line.dialect.label,
        peer = line.address.map(tracing::field::display),
        encrypted = session.is_encrypted(),
        user = user.map(|user| user.login.as_str()),
        reason,
        "connection closed"
    );
    session.hub().counts().closed(session.number(), reason);
}
