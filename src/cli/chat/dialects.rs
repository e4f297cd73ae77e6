//! The dialects that `chat` speaks, as the command line knows them.

use crate::dialects::client::{CLIENT_SIDES, ClientSide};

/// The dialect of this name.
pub(super) fn find(name: &str) -> Result<&'static ClientSide, String> {
    let found = CLIENT_SIDES.iter().find(|dialect| dialect.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = CLIENT_SIDES.iter().map(|dialect| dialect.name).collect();
        format!(
            "the dialect {name} is not built in; built in: {}",
            names.join(", ")
        )
    })
}

/// What stands below the options in `--help`.
pub(super) fn help() -> String {
    let mut help = "Dialects:\n".to_owned();
    for dialect in CLIENT_SIDES {
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
    use super::{CLIENT_SIDES, find, help};

    #[test]
    fn a_dialect_that_is_not_built_is_told_with_those_that_are() {
        let error = find("gopher").unwrap_err();
        assert!(error.contains("gopher"), "{error}");
        for dialect in CLIENT_SIDES {
            assert!(error.contains(dialect.name), "{error}");
            assert_eq!(find(dialect.name).unwrap().ports, dialect.ports);
            assert!(help().contains(dialect.needs));
        }
    }

    #[test]
    fn only_a_dialect_with_revisions_can_be_given_one() {
        for dialect in CLIENT_SIDES {
            let count = u8::try_from(dialect.ports.len()).unwrap();
            assert_eq!(dialect.revision(None), Ok(count));
            assert_eq!(dialect.port(count), *dialect.ports.last().unwrap());
            assert!(dialect.revision(Some(0)).is_err());
            assert!(dialect.revision(Some(count + 1)).is_err());
            assert_eq!(dialect.revision(Some(1)).is_ok(), count > 1);
        }
    }
}
