//! "A wrong command line: what is wrong, what would be right, the usage, on standard error; exit 2."

use std::error::Error as _;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Command, FromArgMatches};

use super::output::unwritable;
use crate::suggest::nearest;

/// The command line of this process.
///
/// # Errors
/// It is wrong, or asks for help or the version, which is said: how this process ends.
pub(super) fn parse<P: FromArgMatches>(command: impl Fn() -> Command) -> Result<P, ExitCode> {
    let words = std::env::args_os().skip(1);
    read(command, words).map_err(|error| match error.print() {
        Err(unsaid) if !error.use_stderr() => unwritable(unsaid).report(),
        // That it is wrong the exit code says, too.
        Ok(()) | Err(_) => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
    })
}

/// A command line, without the program's name. What explains an error is made once there is one: it is large.
pub(super) fn read<P: FromArgMatches>(
    command: impl Fn() -> Command,
    words: impl IntoIterator<Item = OsString>,
) -> Result<P, Error> {
    let mut parser = command();
    let name = parser.get_name().into();
    let words: Vec<OsString> = std::iter::once(name).chain(words).collect();
    let matches = parser.try_get_matches_from_mut(&words);
    let parsed = matches.and_then(|matches| P::from_arg_matches(&matches));
    parsed.map_err(|error| told(error, innermost(command(), &words)))
}

/// The error with the usage behind it, and in the words of a person where a number or a duration is none.
fn told(mut error: Error, mut command: Command) -> Error {
    if let Some(reason) = reason(&error) {
        let text = |kind| error.get(kind).map(ToString::to_string);
        let [value, argument] = [ContextKind::InvalidValue, ContextKind::InvalidArg].map(text);
        let (value, argument) = (value.unwrap_or_default(), argument.unwrap_or_default());
        let wrong = format!("invalid value '{value}' for '{argument}': {reason}");
        return command.error(ErrorKind::ValueValidation, wrong);
    }
    if error.kind() == ErrorKind::InvalidSubcommand
        && error.get(ContextKind::SuggestedSubcommand).is_none()
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && let Some(meant) = nearest(word, command.get_subcommands().map(Command::get_name))
    {
        let meant = ContextValue::Strings(vec![meant.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, meant);
    }
    if error.get(ContextKind::Usage).is_none() {
        let usage = ContextValue::StyledStr(command.render_usage());
        error.insert(ContextKind::Usage, usage);
    }
    error
}

/// What is wrong with a number or a duration, where that is what is wrong.
fn reason(error: &Error) -> Option<&'static str> {
    let source = error.source()?;
    if source.is::<humantime::DurationError>() {
        return Some("write a number and its unit, as 30s, 15m, 1h 30m or 90d");
    }
    Some(match source.downcast_ref::<ParseIntError>()?.kind() {
        IntErrorKind::PosOverflow => "it is too large",
        IntErrorKind::NegOverflow => "it is too small",
        _ => "it is not a whole number",
    })
}

/// The innermost command that is named.
fn innermost(mut command: Command, words: &[OsString]) -> Command {
    command.build();
    for word in words.iter().filter_map(|word| word.to_str()) {
        if word == "help" {
            // What is behind it is a command of this one.
            continue;
        }
        if let Some(inner) = command.find_subcommand(word) {
            command = inner.clone();
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::cli::{Arguments, command};

    fn told(line: &str) -> String {
        let words = line.split(' ').map(OsString::from);
        let error = read::<Arguments>(|| command(crate::dialects::ALL), words).unwrap_err();
        error.to_string()
    }

    #[test]
    fn the_usage_of_the_innermost_command_stands_below_the_error() {
        for (line, wrong, usage) in [
            ("serve -p x", "it is not a whole number", "tolmach serve ["),
            (
                "session close 99999999999999999999",
                "too large",
                "tolmach session close",
            ),
            (
                "-c x token revoke anna y",
                "'y' for '[ID]'",
                "tolmach token revoke",
            ),
            (
                "room role tea anna bored",
                "possible values: owner",
                "tolmach room role",
            ),
            ("ban add anna --for 5", "as 30s, 15m", "tolmach ban add"),
            ("serv", "'serve'", "tolmach ["),
            ("help serv", "'serve'", "tolmach"),
            ("help user lst", "'list'", "tolmach"),
            ("user lst", "'list'", "tolmach user ["),
            ("user list --jsn", "'--json'", "tolmach user list"),
            ("room role tea anna membr", "'member'", "tolmach room role"),
            ("history", "<ROOM>", "tolmach history"),
        ] {
            let told = told(line);
            let (error, below) = told.split_once("\n\nUsage: ").unwrap();
            assert!(
                error.starts_with("error: ") && error.contains(wrong),
                "{told}"
            );
            assert!(below.starts_with(usage), "{told}");
            assert!(!below.contains("error"), "{told}");
        }
    }

    /// Every option and argument of every command, with a value that can be no number, duration or enumeration.
    #[test]
    fn no_value_is_answered_with_what_a_parser_said() {
        fn all(command: &Command, path: &[String], seen: &mut usize) {
            for inner in command.get_subcommands() {
                all(
                    inner,
                    &[path, &[inner.get_name().to_owned()]].concat(),
                    seen,
                );
            }
            for option in command
                .get_arguments()
                .filter(|one| one.get_long().is_some())
            {
                if !option.get_action().takes_values() {
                    continue;
                }
                let value = format!("--{}=x y", option.get_long().unwrap());
                let words = path.iter().cloned().chain([value]).map(OsString::from);
                let command = || super::super::command(crate::dialects::ALL);
                let error = read::<Arguments>(command, words);
                let told = error.map_or_else(|error| error.to_string(), |_| String::new());
                for raw in ["invalid digit", "expected number", "os error"] {
                    assert!(!told.contains(raw), "{told}");
                }
                *seen += 1;
            }
        }
        let mut seen = 0;
        all(&command(crate::dialects::ALL), &[], &mut seen);
        assert!(seen > 10, "{seen}");
    }
}
