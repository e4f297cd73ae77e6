//! "A wrong command line: usage on standard error, exit 2", also where clap leaves the usage out.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::ErrorKind;
use clap::{Command, FromArgMatches};

/// The command line of this process; where it is wrong, or asks for help or the version, this ends the process.
pub(super) fn parse<P: FromArgMatches>(command: Command) -> P {
    let words: Vec<OsString> = std::env::args_os().collect();
    let matches = command.clone().try_get_matches_from(&words);
    let parsed = matches.and_then(|matches| P::from_arg_matches(&matches));
    parsed.unwrap_or_else(|error| {
        let of_a_value = matches!(
            error.kind(),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation
        );
        if of_a_value {
            // Nobody may be there to read it; the exit code says it, too.
            let _ = writeln!(io::stderr(), "{}\n", usage(command, &words));
        }
        error.exit()
    })
}

/// The usage of the innermost command that is named.
fn usage(mut command: Command, words: &[OsString]) -> String {
    command.build();
    for word in words.iter().filter_map(|word| word.to_str()) {
        if let Some(inner) = command.find_subcommand(word) {
            command = inner.clone();
        }
    }
    command.render_usage().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    use crate::cli::Arguments;

    #[test]
    fn the_innermost_command_is_shown() {
        for (line, shown) in [
            ("tolmach serve -p x", "Usage: tolmach serve [OPTIONS]"),
            (
                "tolmach -c x token revoke anna y",
                "Usage: tolmach token revoke [OPTIONS] <NAME> [ID]",
            ),
            ("tolmach", "Usage: tolmach [OPTIONS] <COMMAND>"),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(usage(Arguments::command(), &words), shown);
        }
    }
}
