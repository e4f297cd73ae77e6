//! One listener and the settings of its dialect.

use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

/// One address that one dialect is spoken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its name in the ready line and in messages: as given, else its dialect (`purpose.` and the revision), with
    /// `-2`, `-3`… where the name is taken.
    pub name: String,
    /// Where to listen; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Whether TLS is spoken.
    pub tls: TlsMode,
    /// The dialect, and how it is spoken here.
    pub settings: Settings,
}

/// Whether a listener speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain and TLS on one port, told apart by the first bytes.
    Auto,
    /// TLS only.
    Required,
    /// Plain only.
    Off,
}

/// A dialect and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settings {
    /// JIM.
    Jim(JimSettings),
    /// Talker.
    Talker(TalkerSettings),
    /// The purpose-byte protocol.
    Purpose(PurposeSettings),
    /// uchat.
    Uchat(UchatSettings),
}

impl Settings {
    /// The dialect's name, one of [`super::DIALECTS`].
    pub fn dialect(&self) -> &'static str {
        match self {
            Self::Jim(_) => "jim",
            Self::Talker(_) => "talker",
            Self::Purpose(_) => "purpose",
            Self::Uchat(_) => "uchat",
        }
    }

    /// Every dialect's defaults, in the order of [`super::DIALECTS`].
    pub(super) fn defaults() -> [Self; 4] {
        [
            Self::Jim(JimSettings::default()),
            Self::Talker(TalkerSettings::default()),
            Self::Purpose(PurposeSettings::default()),
            Self::Uchat(UchatSettings::default()),
        ]
    }

    /// What a listener is called that has no name of its own.
    pub(super) fn default_name(&self) -> String {
        match self {
            Self::Purpose(purpose) => format!("purpose.{}", purpose.revision),
            other => other.dialect().into(),
        }
    }

    /// All addresses, the dialect's port.
    pub(super) fn default_address(&self) -> SocketAddr {
        let port = match self {
            Self::Jim(_) => 7777,
            Self::Talker(_) => 8500,
            Self::Purpose(PurposeSettings { revision: 1, .. }) => 9600,
            Self::Purpose(_) => 9601,
            Self::Uchat(_) => 3333,
        };
        (Ipv6Addr::UNSPECIFIED, port).into()
    }
}

/// `[jim]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JimSettings {
    /// Which clients are served.
    pub flavor: JimFlavor,
    /// Silence after which the gateway sends `probe`; 0 is never.
    pub probe_after: Duration,
    /// The notices that are pushed, 100 and 101.
    pub notices: Vec<u16>,
    /// The room that a `msg` to nobody in particular goes to; in the flavor `field` only.
    pub everyone: String,
    /// The least time between two objects written to a client of the flavor `field`.
    pub pace: Duration,
}

/// Which JIM clients are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JimFlavor {
    /// Those that keep to the document.
    Document,
    /// Published ones, too.
    Field,
}

impl Default for JimSettings {
    fn default() -> Self {
        Self {
            flavor: JimFlavor::Document,
            probe_after: Duration::from_secs(60),
            notices: vec![101],
            everyone: "lobby".into(),
            pace: Duration::from_millis(50),
        }
    }
}

/// `[talker]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TalkerSettings {
    /// Whose forms of `id`, `join` and `leave` are spoken.
    pub flavor: TalkerFlavor,
    /// Silence after which a connection is idle; 0 is never.
    pub idle_after: Duration,
    /// Silence after which a connection is closed; 0 is never.
    pub close_after: Duration,
    /// The most messages that are sent after `last_event_id`, the newest ones; 0 is none.
    pub replay: usize,
}

/// Whose forms are spoken in Talker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TalkerFlavor {
    /// As the document prints them.
    Document,
    /// As the service's own application needs them.
    TalkerApp,
}

impl Default for TalkerSettings {
    fn default() -> Self {
        Self {
            flavor: TalkerFlavor::Document,
            idle_after: Duration::from_secs(30),
            close_after: Duration::from_secs(60),
            replay: 1000,
        }
    }
}

/// `[purpose]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeSettings {
    /// Which table of purposes is spoken, 1 or 2.
    pub revision: u8,
    /// Silence after which the gateway sends HEARTBEAT; 0 is never.
    pub probe_after: Duration,
}

impl Default for PurposeSettings {
    fn default() -> Self {
        Self {
            revision: 2,
            probe_after: Duration::from_secs(60),
        }
    }
}

/// `[uchat]`, or its keys inside a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UchatSettings {
    /// Whose forms of three answers are spoken.
    pub flavor: UchatFlavor,
}

/// Whose forms are spoken in uchat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UchatFlavor {
    /// As the published client and server have them.
    Field,
    /// As the document prints them.
    Document,
}

impl Default for UchatSettings {
    fn default() -> Self {
        Self {
            flavor: UchatFlavor::Field,
        }
    }
}
