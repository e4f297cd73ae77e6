//! The dialects that can be read and written here, as the command line names them.

use std::sync::Arc;

use crate::dialects::client::{Recording, TranscodeSide, VirtualClient};
use crate::dialects::{AnyDialect, Dialects, Settings};
use crate::suggest::nearest;

/// A dialect as it is named on the command line: its name, or `NAME.1`, with its revision, where it has several.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    dialect: &'static dyn AnyDialect,
    side: &'static TranscodeSide,
    revision: Option<u8>,
}

impl Named {
    /// The one of these dialects that has this name.
    pub(super) fn parse(dialects: Dialects, name: &str) -> Result<Self, String> {
        for (dialect, side) in transcodable(dialects) {
            let revision = match name.strip_prefix(dialect.name()) {
                Some("") => None,
                Some(rest) => match rest.strip_prefix('.').and_then(|n| n.parse().ok()) {
                    Some(revision) if dialect.revision(Some(revision)).is_ok() => Some(revision),
                    _ => continue,
                },
                None => continue,
            };
            return Ok(Self {
                dialect,
                side,
                revision,
            });
        }
        let names = names(dialects);
        let meant = nearest(name, names.iter().map(String::as_str));
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        Err(format!("it is none of {}{meant}", names.join(", ")))
    }

    /// Whether a revision can still be chosen.
    pub(super) fn is_open(self) -> bool {
        self.revision.is_none() && self.dialect.revisions() > 1
    }

    /// Whether this revision may be chosen, if one is.
    pub(super) fn check(self, chosen: Option<u8>) -> Result<(), String> {
        self.dialect.revision(chosen).map(drop)
    }

    /// Whether its clients send files.
    pub(super) fn sends_files(self) -> bool {
        self.side.sends_files
    }

    /// The revision: by the name, else the one that was chosen, else the last.
    fn revision(self, chosen: Option<u8>) -> u8 {
        self.revision.or(chosen).unwrap_or(self.dialect.revisions())
    }

    pub(super) fn settings(self, chosen: Option<u8>) -> Settings {
        let settings = self.dialect.settings();
        settings
            .with_revision(self.revision(chosen))
            .without_timers()
    }

    pub(super) fn client(self, chosen: Option<u8>) -> Arc<dyn VirtualClient> {
        (self.side.client)(self.revision(chosen))
    }

    pub(super) fn recording(self, chosen: Option<u8>, speaker: &str) -> Box<dyn Recording> {
        (self.side.recording)(self.revision(chosen), speaker)
    }
}

fn transcodable(
    dialects: Dialects,
) -> impl Iterator<Item = (&'static dyn AnyDialect, &'static TranscodeSide)> {
    let dialects = dialects.iter().copied();
    dialects.filter_map(|dialect| Some((dialect, dialect.transcode()?)))
}

/// What can be named.
pub(super) fn names(dialects: Dialects) -> Vec<String> {
    let mut names = Vec::new();
    for (dialect, _) in transcodable(dialects) {
        names.push(dialect.name().to_owned());
        if dialect.revisions() > 1 {
            names.extend((1..=dialect.revisions()).map(|n| format!("{}.{n}", dialect.name())));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::ALL;

    #[test]
    fn every_name_is_understood_and_no_other() {
        for name in names(ALL) {
            assert!(Named::parse(ALL, &name).is_ok(), "{name}");
        }
        assert!(Named::parse(ALL, "").is_err());
        for (dialect, _) in transcodable(ALL) {
            let (name, more) = (dialect.name(), dialect.revisions() + 1);
            for wrong in [
                name.to_uppercase(),
                format!("{name}."),
                format!("{name}.0"),
                format!("{name}.{more}"),
                format!("{name}2"),
            ] {
                assert!(Named::parse(ALL, &wrong).is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn a_revision_in_the_name_comes_first() {
        for (dialect, _) in transcodable(ALL) {
            let (name, last) = (dialect.name(), dialect.revisions());
            let open = Named::parse(ALL, name).unwrap();
            assert_eq!((open.is_open(), open.revision(None)), (last > 1, last));
            for number in 1..=last {
                assert_eq!(open.revision(Some(number)), number);
                if let Ok(named) = Named::parse(ALL, &format!("{name}.{number}")) {
                    assert!(!named.is_open());
                    assert_eq!(named.revision(Some(last)), number);
                } else {
                    assert_eq!(last, 1, "{name}");
                }
            }
        }
    }
}
