//! One listener and the settings of its dialect.

use std::net::{Ipv6Addr, SocketAddr};

use super::keys::LISTENER;
use crate::dialects::Settings;
pub use crate::gateway::TlsMode;
use crate::model::Network;
use crate::settings::{Choice, Show, Shown, quoted};

/// One address that one dialect is spoken on.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// Its name in the ready line and in messages: as given, else its dialect (with the revision where there are several), with
    /// `-2`, `-3`… where the name is taken.
    pub name: String,
    /// Where to listen; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Whether TLS is spoken.
    pub tls: TlsMode,
    /// The networks of balancers, whose connections begin with a header of the PROXY protocol.
    pub proxy: Vec<Network>,
    /// The dialect, and how it is spoken here.
    pub settings: Settings,
}

impl Listener {
    /// A listener of these settings on the dialect's port, on all addresses.
    pub fn new(settings: Settings) -> Self {
        let port = settings.kind().port(settings.revision());
        Self {
            name: settings.default_name(),
            address: (Ipv6Addr::UNSPECIFIED, port).into(),
            tls: TlsMode::Auto,
            proxy: Vec::new(),
            settings,
        }
    }

    /// Its keys, those of its dialect too, with what holds for them.
    pub(super) fn shown(&self) -> Vec<Shown> {
        let values = [
            self.name.show(),
            Some(quoted(self.settings.dialect())),
            self.address.show(),
            self.tls.show(),
            self.proxy.show(),
        ];
        let general = LISTENER.iter().zip(values);
        let general = general.map(|((name, about), value)| Shown::new(name, about, value));
        general.chain(self.settings.shown()).collect()
    }
}

impl Choice for TlsMode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("required", Self::Required),
        ("off", Self::Off),
    ];
}
