//! A build without TLS: nothing is encrypted.

use super::Shown;
use crate::config::{Config, ConfigError, HTTP, TlsMode};
use crate::gateway::GatewayBuilder;

/// By what connections are encrypted: nothing.
#[derive(Clone)]
pub(super) struct Encryption {
    pub(super) shown: Shown,
    pub(super) remark: Option<String>,
}

impl Encryption {
    pub(super) fn load(config: &Config) -> Result<Self, ConfigError> {
        match config.doors().find(|door| door.tls == TlsMode::Required) {
            None => Ok(Self {
                shown: Shown::default(),
                remark: None,
            }),
            Some(door) => Err(config.unusable(
                if door.name == HTTP {
                    "http.tls"
                } else {
                    "listener.tls"
                },
                format!(
                    "this build has no TLS, and the listener {} requires it",
                    door.name
                ),
                "write \"auto\" or \"off\"",
            )),
        }
    }

    pub(super) fn look(config: &Config) -> Result<Self, ConfigError> {
        Self::load(config)
    }

    /// There is nothing to say of it.
    pub(super) fn tell(&self) {}

    pub(super) fn given_to(self, builder: GatewayBuilder) -> GatewayBuilder {
        builder
    }
}
