//! The dialects that `chat` speaks: a new one is a file with a [`Speaker`] and a line in [`DIALECTS`].

use super::speaker::Speaker;

/// Every dialect that is built in.
pub(super) const DIALECTS: &[Dialect] = &[
    #[cfg(feature = "jim")]
    super::jim::DIALECT,
    #[cfg(feature = "talker")]
    super::talker::DIALECT,
    #[cfg(feature = "purpose")]
    super::purpose::DIALECT,
    #[cfg(feature = "uchat")]
    super::uchat::DIALECT,
];

/// A dialect, as the command line knows it.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What it is called.
    pub(super) name: &'static str,
    /// The port it has where none is given; one for each revision, from the first on.
    pub(super) ports: &'static [u16],
    /// What proves who one is.
    pub(super) key: Key,
    /// Whether it can make an account.
    pub(super) signs_up: bool,
    /// What it needs, in a line of `--help`.
    pub(super) needs: &'static str,
    /// A new speaker, or what is missing for one.
    pub(super) begin: fn(Identity) -> Result<Box<dyn Speaker>, &'static str>,
}

/// What proves who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A password, for which a person can be asked.
    Password,
    /// A token, from the command line.
    Token,
    /// A token where there is one, else a password.
    Either,
}

impl Dialect {
    /// The revision to speak: the given one, else the last.
    ///
    /// # Errors
    /// What is wrong with the given one.
    pub(super) fn revision(&self, given: Option<u8>) -> Result<u8, String> {
        let count = self.ports.len();
        let Some(given) = given else {
            return Ok(u8::try_from(count).unwrap_or(u8::MAX));
        };
        if count == 1 {
            return Err(format!("{} has no revisions to choose from", self.name));
        }
        if given == 0 || usize::from(given) > count {
            let name = self.name;
            return Err(format!(
                "{name} has the revisions 1 to {count}, not {given}"
            ));
        }
        Ok(given)
    }

    /// The port that a revision has where none is given.
    pub(super) fn port(&self, revision: u8) -> u16 {
        let index = usize::from(revision).saturating_sub(1);
        self.ports.get(index).copied().unwrap_or_default()
    }
}

/// Who wants to go where.
#[derive(Clone, Default)]
pub(super) struct Identity {
    /// `--user`.
    pub(super) user: Option<String>,
    /// Never empty.
    pub(super) password: Option<String>,
    /// `--token`.
    pub(super) token: Option<String>,
    /// The room's name, without `#`.
    pub(super) room: String,
    /// What the room may ask for. Never empty.
    pub(super) room_password: Option<String>,
    /// The dialect's revision, one of those that it has.
    pub(super) revision: u8,
    /// Whether to make the account first.
    pub(super) sign_up: bool,
}

/// The dialect of this name.
pub(super) fn find(name: &str) -> Result<&'static Dialect, String> {
    let found = DIALECTS.iter().find(|dialect| dialect.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = DIALECTS.iter().map(|dialect| dialect.name).collect();
        format!(
            "the dialect {name} is not built in; built in: {}",
            names.join(", ")
        )
    })
}

/// What stands below the options in `--help`.
pub(super) fn help() -> String {
    let mut help = "Dialects:\n".to_owned();
    for dialect in DIALECTS {
        let ports: Vec<_> = dialect.ports.iter().map(ToString::to_string).collect();
        let ports = ports.join(", ");
        help += &format!("  {:8} {} (port {ports})\n", dialect.name, dialect.needs);
    }
    help + HELP_ON_LINES
}

const HELP_ON_LINES: &str = "
The password of --user is TOLMACH_PASSWORD; on a terminal it is asked for.
A room's password is TOLMACH_ROOM_PASSWORD (not in talker and uchat).

In a pipe each line is said in the room. Special are only `/me TEXT` and
`/msg NAME TEXT`, and `//me TEXT` and `//msg …`, which say such a line as it
is, with one `/`. Empty lines are left out. What others say is printed on
standard output, a line each, all else on standard error:
  #ROOM <NAME> TEXT    a line break as ` ⏎ `, an emote with `/me ` in front
  <NAME> TEXT          a private message
At the end of the input it waits until all is accepted, then leaves.

On a terminal, or with --commands:
  /me TEXT   /msg NAME TEXT   /who   /help   /quit
  //TEXT     says a text that begins with /
in uchat also:
  /rooms   /find PREFIX   /join ROOM   /new ROOM   /members
  /history [N]   /search TEXT   /edit ID TEXT   /delete ID
  /upload FILE   /download ID FILE

Exit status: 0 after a farewell, 1 when refused or cut off, 2 for a wrong
command line.";

#[cfg(test)]
mod tests {
    use super::{DIALECTS, find, help};

    #[test]
    fn a_dialect_that_is_not_built_is_told_with_those_that_are() {
        let error = find("gopher").unwrap_err();
        assert!(error.contains("gopher"), "{error}");
        for dialect in DIALECTS {
            assert!(error.contains(dialect.name), "{error}");
            assert_eq!(find(dialect.name).unwrap().ports, dialect.ports);
            assert!(help().contains(dialect.needs));
        }
    }

    #[test]
    fn only_a_dialect_with_revisions_can_be_given_one() {
        for dialect in DIALECTS {
            let count = u8::try_from(dialect.ports.len()).unwrap();
            assert_eq!(dialect.revision(None), Ok(count));
            assert_eq!(dialect.port(count), *dialect.ports.last().unwrap());
            assert!(dialect.revision(Some(0)).is_err());
            assert!(dialect.revision(Some(count + 1)).is_err());
            assert_eq!(dialect.revision(Some(1)).is_ok(), count > 1);
        }
    }
}
