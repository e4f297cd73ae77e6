//! The dialects: each translates between one protocol's frames and the model, and is the only place that knows both.
//!
//! A new one is a crate under `protocols/`, a module here that describes it by a
//! [`DialectKind`], and a line in [`ALL`]. One of another crate needs that description alone; `examples/telnet` is one.
//! What dialects share is there for both: [`text`], [`service_user`], [`redaction`], and [`table::check`] for their tests.

#[cfg(feature = "cli")]
pub mod client;
#[cfg(any(feature = "purpose", feature = "uchat"))]
mod direct_rooms;
#[cfg(feature = "jim")]
pub mod jim;
mod kind;
#[cfg(feature = "purpose")]
pub mod purpose;
pub mod redaction;
pub mod service_user;
pub mod table;
#[cfg(feature = "talker")]
pub mod talker;
pub mod text;
#[cfg(feature = "uchat")]
pub mod uchat;

pub use kind::{AnyDialect, DialectKind, DialectOptions, Dialects, Settings, describe};

/// The dialects of this build, in the order of the default listeners.
pub const ALL: Dialects = &[
    #[cfg(feature = "jim")]
    describe::<jim::Jim>(),
    #[cfg(feature = "talker")]
    describe::<talker::Talker>(),
    #[cfg(feature = "purpose")]
    describe::<purpose::Purpose>(),
    #[cfg(feature = "uchat")]
    describe::<uchat::Uchat>(),
];

/// The dialects that this build leaves out, by name: a configuration may have their sections, as it may serve several builds.
pub const LEFT_OUT: &[&str] = &[
    #[cfg(not(feature = "jim"))]
    "jim",
    #[cfg(not(feature = "talker"))]
    "talker",
    #[cfg(not(feature = "purpose"))]
    "purpose",
    #[cfg(not(feature = "uchat"))]
    "uchat",
];

#[cfg(test)]
mod tests {
    use super::{ALL, DialectOptions};

    /// So much memory, times the number of connections, is what a gateway needs; with what the runtime adds to a future.
    #[test]
    fn an_idle_connection_is_small() {
        for dialect in ALL {
            let served = dialect.settings().serve(&DialectOptions::default());
            let [future, writer] = served.idle_bytes();
            let name = dialect.name();
            assert!(future <= 768, "{name}: {future} bytes");
            assert!(writer <= 344, "{name}: {writer} bytes");
        }
    }
}
