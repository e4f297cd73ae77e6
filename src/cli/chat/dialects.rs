//! The dialects that `chat` speaks: a new one is a file with a [`Speaker`] and a line in [`DIALECTS`].

use super::speaker::Speaker;

/// Every dialect that is built in.
pub(super) const DIALECTS: &[Dialect] = &[
    #[cfg(feature = "jim")]
    super::jim::DIALECT,
    #[cfg(feature = "talker")]
    super::talker::DIALECT,
];

/// A dialect, as the command line knows it.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What it is called.
    pub(super) name: &'static str,
    /// The port it has where none is given.
    pub(super) port: u16,
    /// What proves who one is.
    pub(super) key: Key,
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
}

/// Who wants to go where.
#[derive(Clone)]
pub(super) struct Identity {
    /// `--user`.
    pub(super) user: Option<String>,
    /// Never empty.
    pub(super) password: Option<String>,
    /// `--token`.
    pub(super) token: Option<String>,
    /// The room's name, without `#`.
    pub(super) room: String,
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
        help += &format!(
            "  {:8} {} (port {})\n",
            dialect.name, dialect.needs, dialect.port
        );
    }
    help + HELP_ON_LINES
}

const HELP_ON_LINES: &str = "
With TOLMACH_PASSWORD set --user is an account instead of a guest; on a
terminal the password is asked for.

In a pipe each line is said in the room. Special are only `/me TEXT` and
`/msg NAME TEXT`, and `//me TEXT` and `//msg …`, which say such a line as it
is, with one `/`. Empty lines are left out. What others say is printed on
standard output, a line each, all else on standard error:
  #ROOM <NAME> TEXT    a line break as ` ⏎ `, an emote with `/me ` in front
  <NAME> TEXT          a private message
At the end of the input it waits until all is accepted, then leaves.

On a terminal:
  /me TEXT   /msg NAME TEXT   /who   /help   /quit
  //TEXT     says a text that begins with /

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
            assert_eq!(find(dialect.name).unwrap().port, dialect.port);
            assert!(help().contains(dialect.needs));
        }
    }
}
