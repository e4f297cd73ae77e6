//! The dialects: each translates between one protocol's frames and the model, and is the only place that knows both.
//!
//! A new one is a crate under `protocols/`, a module here, and a line in [`KNOWN`] and in [`listener`].

#[cfg(feature = "cli")]
pub mod client;
#[cfg(any(feature = "purpose", feature = "uchat"))]
mod direct_rooms;
#[cfg(feature = "jim")]
pub mod jim;
#[cfg(feature = "purpose")]
pub mod purpose;
#[cfg(any(feature = "jim", feature = "talker", feature = "uchat"))]
mod redaction;
#[cfg(any(feature = "jim", feature = "talker"))]
mod service_user;
pub mod table;
#[cfg(feature = "talker")]
pub mod talker;
#[cfg(any(
    feature = "jim",
    feature = "purpose",
    feature = "talker",
    feature = "uchat"
))]
mod text;
#[cfg(feature = "uchat")]
pub mod uchat;

use std::sync::Arc;

use crate::config::{Config, Settings};
use crate::gateway::Serve;
#[cfg(any(
    feature = "jim",
    feature = "purpose",
    feature = "talker",
    feature = "uchat"
))]
use crate::gateway::serving;

/// The dialects of this build.
pub const KNOWN: &[&str] = &[
    #[cfg(feature = "jim")]
    "jim",
    #[cfg(feature = "talker")]
    "talker",
    #[cfg(feature = "purpose")]
    "purpose",
    #[cfg(feature = "uchat")]
    "uchat",
];

/// What serves the connections of a listener with these settings.
///
/// # Errors
/// What this build cannot do.
pub fn listener(config: &Config, settings: &Settings) -> Result<Arc<dyn Serve>, String> {
    match settings {
        #[cfg(feature = "jim")]
        Settings::Jim(settings) => Ok(serving(jim::Jim::new(settings))),
        #[cfg(feature = "talker")]
        Settings::Talker(settings) => Ok(serving(talker::Talker::new(settings, config))),
        #[cfg(feature = "purpose")]
        Settings::Purpose(settings) => Ok(serving(purpose::Purpose::new(settings, config))),
        #[cfg(feature = "uchat")]
        Settings::Uchat(settings) => Ok(serving(uchat::Uchat::new(settings, config))),
        #[allow(unreachable_patterns)]
        other => {
            // Which fields of the configuration are read depends on the features.
            let _ = config;
            Err(format!(
                "this build has no dialect `{}`; it has: {}",
                other.dialect(),
                KNOWN.join(", ")
            ))
        }
    }
}
