//! What there is to know of a dialect beside how one connection is served: its name, its ports, its configuration, what
//! it can say. It is described once, by [`DialectKind`]; everything else iterates a list of [`AnyDialect`]s.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

#[cfg(feature = "cli")]
use super::client::{ChatSide, MakeConversation, TranscodeSide};
use crate::gateway::{Dialect, Serve, serving};
use crate::hub::translation::Translation;
use crate::setters::setters;
use crate::settings::{Key, Shown, ValueError, Written};

/// What a gateway tells every dialect beside the dialect's own settings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DialectOptions {
    /// What the gateway calls itself, in notices and as a user.
    pub name: String,
    /// Bytes of one inbound frame, at most; 0 is no limit.
    pub frame_bytes: usize,
    /// Bytes of one uploaded file, at most; 0 is no limit.
    pub file_bytes: u64,
    /// What links to files begin with, without a slash at the end; empty: there are none.
    pub public_url: String,
}

impl Default for DialectOptions {
    /// The name `tolmach`, frames of 2 MiB, files of 10 MB, no links.
    fn default() -> Self {
        Self {
            name: "tolmach".to_owned(),
            frame_bytes: 2 * 1024 * 1024,
            file_bytes: 10_000_000,
            public_url: String::new(),
        }
    }
}

setters! {
    DialectOptions {
        name: impl Into<String>,
        frame_bytes: usize,
        file_bytes: u64,
        public_url: impl Into<String>,
    }
}

impl DialectOptions {
    /// Bytes of one inbound frame, where "no limit" is a number, too.
    #[must_use]
    pub fn longest_frame(&self) -> usize {
        match self.frame_bytes {
            0 => usize::MAX,
            limit => limit,
        }
    }
}

/// A dialect as it is described, once, for the gateway, the configuration and the command line.
///
/// The implementing type is the server side of one listener. [`describe`] makes an entry of the list of dialects of it.
pub trait DialectKind: Dialect + Sized {
    /// What can be set for one listener, and its defaults.
    type Settings: Clone + PartialEq + fmt::Debug + Default + Send + Sync;

    /// The name by which it is chosen: lower-case ASCII letters and digits.
    const NAME: &'static str;

    /// What it is, in a few words without a full stop.
    const SUMMARY: &'static str;

    /// The ports it has where none is given: one for each revision, from the first on.
    const PORTS: &'static [u16];

    /// Its keys in `[NAME]` and inside a `[[listener]]`. A dialect of several revisions has a key `revision`.
    const KEYS: &'static [Key<Self::Settings>] = &[];

    /// What becomes of each meaning of the hub's in it, one of each.
    const TRANSLATIONS: &'static [Translation];

    /// Its client for people and pipes, if it has one.
    #[cfg(feature = "cli")]
    const CHAT: Option<&'static ChatSide> = None;

    /// How recordings of its clients are read, and who reads them, if it can be transcoded.
    #[cfg(feature = "cli")]
    const TRANSCODE: Option<&'static TranscodeSide> = None;

    /// Its side of transcripts, if they can be run against it.
    #[cfg(feature = "cli")]
    const CONVERSATION: Option<MakeConversation> = None;

    /// Whether its frames are shown as bytes with what they mean beside them; else they are text.
    const HAS_BYTES: bool = false;

    /// The revision that these settings choose, from 1.
    fn revision(_settings: &Self::Settings) -> u8 {
        1
    }

    /// Chooses a revision, from 1; a dialect that has but one ignores it.
    fn set_revision(_settings: &mut Self::Settings, _revision: u8) {}

    /// Has nothing happen by the mere passing of time, so that a recording can be replayed at any speed.
    fn stop_timers(_settings: &mut Self::Settings) {}

    /// The room that a connection is in from its login on, by the frame of the login as it is shown; none where rooms are
    /// entered later.
    fn room_of_login(_frame: &[String]) -> Option<String> {
        None
    }

    /// Whether the secret in a frame, of either side and as it is shown, is the token of the session itself: in transcripts
    /// that is `token-LOGIN`.
    fn names_own_token(_frame: &[String]) -> bool {
        false
    }

    /// The server side of a listener with these settings.
    fn new(settings: &Self::Settings, options: &DialectOptions) -> Self;
}

/// A list of dialects, such as [`dialects::ALL`](crate::dialects::ALL).
pub type Dialects = &'static [&'static dyn AnyDialect];

/// A [`DialectKind`] of whatever type; made by [`describe`].
pub trait AnyDialect: Send + Sync {
    /// The word by which configurations and commands name it ([`DialectKind::NAME`]).
    fn name(&self) -> &'static str;

    /// What it is, in a line for people ([`DialectKind::SUMMARY`]).
    fn summary(&self) -> &'static str;

    /// The port of each revision where none is given ([`DialectKind::PORTS`]).
    fn ports(&self) -> &'static [u16];

    /// What it declares for the table of meanings ([`DialectKind::TRANSLATIONS`]).
    fn translations(&self) -> &'static [Translation];

    /// Its client for `chat`, if it has one ([`DialectKind::CHAT`]).
    #[cfg(feature = "cli")]
    fn chat(&self) -> Option<&'static ChatSide>;

    /// How `transcode` reads and carries out its recordings, if it can ([`DialectKind::TRANSCODE`]).
    #[cfg(feature = "cli")]
    fn transcode(&self) -> Option<&'static TranscodeSide>;

    /// How `replay` speaks it, if it can ([`DialectKind::CONVERSATION`]).
    #[cfg(feature = "cli")]
    fn conversation(&self) -> Option<MakeConversation>;

    /// Whether its frames are shown as bytes with their meaning ([`DialectKind::HAS_BYTES`]).
    fn has_bytes(&self) -> bool;

    /// The room that a login frame enters, if it does ([`DialectKind::room_of_login`]).
    fn room_of_login(&self, frame: &[String]) -> Option<String>;

    /// Whether the secret in a frame is the session's own token ([`DialectKind::names_own_token`]).
    fn names_own_token(&self, frame: &[String]) -> bool;

    /// The settings of a listener where nothing is set.
    fn settings(&self) -> Settings;
}

impl dyn AnyDialect {
    /// How many revisions it has; the last one is spoken where none is named.
    #[must_use]
    pub fn revisions(&self) -> u8 {
        u8::try_from(self.ports().len()).unwrap_or(u8::MAX)
    }

    /// The revision to speak: the given one, else the last.
    ///
    /// # Errors
    /// What is wrong with the given one.
    pub fn revision(&self, given: Option<u8>) -> Result<u8, String> {
        let (name, count) = (self.name(), self.revisions());
        match given {
            None => Ok(count),
            Some(_) if count == 1 => Err(format!("{name} has no revisions to choose from")),
            Some(given) if (1..=count).contains(&given) => Ok(given),
            Some(given) => Err(format!(
                "{name} has the revisions 1 to {count}, not {given}"
            )),
        }
    }

    /// The port of a revision where none is given; 0, one that the system chooses, where the dialect has none.
    #[must_use]
    pub fn port(&self, revision: u8) -> u16 {
        let index = usize::from(revision).saturating_sub(1);
        self.ports().get(index).copied().unwrap_or_default()
    }
}

impl fmt::Debug for dyn AnyDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An entry of a list of dialects.
#[must_use]
pub const fn describe<D: DialectKind>() -> &'static dyn AnyDialect {
    &Kind::<D>(PhantomData)
}

struct Kind<D>(PhantomData<fn() -> D>);

impl<D: DialectKind> AnyDialect for Kind<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn summary(&self) -> &'static str {
        D::SUMMARY
    }

    fn ports(&self) -> &'static [u16] {
        D::PORTS
    }

    fn translations(&self) -> &'static [Translation] {
        D::TRANSLATIONS
    }

    #[cfg(feature = "cli")]
    fn chat(&self) -> Option<&'static ChatSide> {
        D::CHAT
    }

    #[cfg(feature = "cli")]
    fn transcode(&self) -> Option<&'static TranscodeSide> {
        D::TRANSCODE
    }

    #[cfg(feature = "cli")]
    fn conversation(&self) -> Option<MakeConversation> {
        D::CONVERSATION
    }

    fn has_bytes(&self) -> bool {
        D::HAS_BYTES
    }

    fn room_of_login(&self, frame: &[String]) -> Option<String> {
        D::room_of_login(frame)
    }

    fn names_own_token(&self, frame: &[String]) -> bool {
        D::names_own_token(frame)
    }

    fn settings(&self) -> Settings {
        Settings::of::<D>(D::Settings::default())
    }
}

/// A dialect and how a listener speaks it, whatever the type of its settings.
pub struct Settings(Box<dyn AnySettings>);

impl Settings {
    /// These settings of a dialect.
    pub fn of<D: DialectKind>(settings: D::Settings) -> Self {
        Self(Box::new(Of::<D>(settings)))
    }

    /// What is set, if the dialect is `D`.
    #[must_use]
    pub fn as_of<D: DialectKind>(&self) -> Option<&D::Settings> {
        let of = self.0.as_any().downcast_ref::<Of<D>>();
        of.map(|of| &of.0)
    }

    /// The dialect that these settings are of.
    #[must_use]
    pub fn kind(&self) -> &'static dyn AnyDialect {
        self.0.kind()
    }

    /// What the dialect is called in configurations and lists.
    #[must_use]
    pub fn dialect(&self) -> &'static str {
        self.kind().name()
    }

    /// The revision that is spoken, from 1.
    #[must_use]
    pub fn revision(&self) -> u8 {
        self.0.revision()
    }

    /// The same with another revision, from 1.
    #[must_use]
    pub fn with_revision(mut self, revision: u8) -> Self {
        self.0.set_revision(revision);
        self
    }

    /// What a listener is called that has no name of its own: its dialect, with the revision where there are several.
    #[must_use]
    pub fn default_name(&self) -> String {
        let kind = self.kind();
        match kind.revisions() {
            0 | 1 => kind.name().to_owned(),
            _ => format!("{}.{}", kind.name(), self.revision()),
        }
    }

    /// The same without anything that happens by the mere passing of time, for recordings.
    #[must_use]
    pub fn without_timers(mut self) -> Self {
        self.0.stop_timers();
        self
    }

    /// Sets one key of the dialect's; `None` if it has no such key.
    pub fn set(&mut self, name: &str, written: &Written) -> Option<Result<(), ValueError>> {
        self.0.set(name, written)
    }

    /// The dialect's keys with what holds for them.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown> {
        self.0.shown()
    }

    /// What serves the connections of a listener.
    #[must_use]
    pub fn serve(&self, options: &DialectOptions) -> Arc<dyn Serve> {
        self.0.serve(options)
    }
}

impl Clone for Settings {
    fn clone(&self) -> Self {
        self.0.cloned()
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Settings whose type is forgotten.
trait AnySettings: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn cloned(&self) -> Settings;
    fn equals(&self, other: &dyn AnySettings) -> bool;
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn kind(&self) -> &'static dyn AnyDialect;
    fn revision(&self) -> u8;
    fn set_revision(&mut self, revision: u8);
    fn stop_timers(&mut self);
    fn set(&mut self, name: &str, written: &Written) -> Option<Result<(), ValueError>>;
    fn shown(&self) -> Vec<Shown>;
    fn serve(&self, options: &DialectOptions) -> Arc<dyn Serve>;
}

struct Of<D: DialectKind>(D::Settings);

impl<D: DialectKind> AnySettings for Of<D> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn cloned(&self) -> Settings {
        Settings::of::<D>(self.0.clone())
    }

    fn equals(&self, other: &dyn AnySettings) -> bool {
        let other = other.as_any().downcast_ref::<Self>();
        other.is_some_and(|other| self.0 == other.0)
    }

    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }

    fn kind(&self) -> &'static dyn AnyDialect {
        describe::<D>()
    }

    fn revision(&self) -> u8 {
        D::revision(&self.0)
    }

    fn set_revision(&mut self, revision: u8) {
        D::set_revision(&mut self.0, revision);
    }

    fn stop_timers(&mut self) {
        D::stop_timers(&mut self.0);
    }

    fn set(&mut self, name: &str, written: &Written) -> Option<Result<(), ValueError>> {
        Key::set(D::KEYS, &mut self.0, name, written)
    }

    fn shown(&self) -> Vec<Shown> {
        Key::shown(D::KEYS, &self.0)
    }

    fn serve(&self, options: &DialectOptions) -> Arc<dyn Serve> {
        serving(D::new(&self.0, options))
    }
}
