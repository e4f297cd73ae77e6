//! The dialects that `chat` speaks, as the command line knows them.

use crate::dialects::client::ChatSide;
use crate::dialects::{AnyDialect, Dialects};
use crate::suggest::nearest;

/// The dialects that have a client for people.
pub(crate) fn with_chat(
    dialects: Dialects,
) -> impl Iterator<Item = (&'static dyn AnyDialect, &'static ChatSide)> {
    let dialects = dialects.iter().copied();
    dialects.filter_map(|dialect| Some((dialect, dialect.chat()?)))
}

/// The dialect of this name, and its client.
pub(crate) fn find(
    dialects: Dialects,
    name: &str,
) -> Result<(&'static dyn AnyDialect, &'static ChatSide), String> {
    let found = with_chat(dialects).find(|(dialect, _)| dialect.name() == name);
    found.ok_or_else(|| {
        let names: Vec<_> = with_chat(dialects)
            .map(|(dialect, _)| dialect.name())
            .collect();
        let meant = nearest(name, names.iter().copied());
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        format!(
            "the dialect {name} is not built in; built in: {}{meant}",
            names.join(", ")
        )
    })
}

/// What stands below the options in `--help`.
pub(crate) fn help(dialects: Dialects) -> String {
    let mut help = "Dialects:\n".to_owned();
    for (dialect, chat) in with_chat(dialects) {
        let ports: Vec<_> = dialect.ports().iter().map(ToString::to_string).collect();
        let (name, ports) = (dialect.name(), ports.join(", "));
        help += &format!("  {name:8} {} (port {ports})\n", chat.needs);
    }
    let without = with_chat(dialects).filter(|(_, chat)| !chat.room_passwords);
    let without: Vec<_> = without.map(|(dialect, _)| dialect.name()).collect();
    help += HELP_ON_PASSWORDS;
    if !without.is_empty() {
        help += &format!(" (not in {})", without.join(" and "));
    }
    help += HELP_ON_LINES;
    for (dialect, chat) in with_chat(dialects).filter(|(_, chat)| !chat.commands.is_empty()) {
        help += &format!("in {} also:\n", dialect.name());
        help.extend(chat.commands.lines().flat_map(|line| ["  ", line, "\n"]));
    }
    help + HELP_ON_THE_END
}

const HELP_ON_PASSWORDS: &str = "
The password of --user is TOLMACH_PASSWORD; on a terminal it is asked for.
Without --user and --token the token is TOLMACH_TOKEN.
A room's password is TOLMACH_ROOM_PASSWORD";

const HELP_ON_LINES: &str = ".

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
";

const HELP_ON_THE_END: &str = "
Exit status: 0 after a farewell, 1 when refused or cut off, 2 for a wrong
command line.";

#[cfg(test)]
mod tests {
    use super::{find, help, with_chat};
    use crate::dialects::ALL;

    #[test]
    fn a_dialect_that_is_not_built_is_told_with_those_that_are() {
        let error = find(ALL, "gopher").unwrap_err();
        assert!(error.contains("gopher"), "{error}");
        for (dialect, chat) in with_chat(ALL) {
            assert!(error.contains(dialect.name()), "{error}");
            let (found, _) = find(ALL, dialect.name()).unwrap();
            assert_eq!(found.ports(), dialect.ports());
            assert!(help(ALL).contains(chat.needs));
        }
    }

    #[test]
    fn only_a_dialect_with_revisions_can_be_given_one() {
        for dialect in ALL {
            let count = u8::try_from(dialect.ports().len()).unwrap();
            assert_eq!(dialect.revision(None), Ok(count));
            assert_eq!(dialect.port(count), *dialect.ports().last().unwrap());
            assert!(dialect.revision(Some(0)).is_err());
            assert!(dialect.revision(Some(count + 1)).is_err());
            assert_eq!(dialect.revision(Some(1)).is_ok(), count > 1);
        }
    }
}
