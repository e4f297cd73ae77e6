//! What a line of input means.

use crate::dialects::client::Saying;
use crate::suggest::nearest;

/// The commands that every dialect has, before those that only some have, and behind them.
const FIRST: &str = "/me TEXT  says what you do\n\
    /msg NAME TEXT  says it to one person only\n\
    /who  tells who is in the room\n";
const LAST: &str = "/help  tells all this\n\
    /quit  leaves (Ctrl-D, too)\n\
    //TEXT  says a text that begins with /";

/// What is shown for `/help`, with the lines about the commands that this dialect has beside those of all.
pub(super) fn help(commands: &str) -> String {
    let between = if commands.is_empty() { "" } else { "\n" };
    format!("{FIRST}{commands}{between}{LAST}")
}

/// All commands with their `/`, those of the dialect in such lines too.
pub(super) fn words(commands: &str) -> Vec<&str> {
    let lines = [FIRST, commands, LAST]
        .into_iter()
        .flat_map(str::split_whitespace);
    lines
        .filter(|word| word.starts_with('/') && !word.starts_with("//") && word.len() > 1)
        .collect()
}

/// That there is no such command, or not here, with what `/help` shows.
pub(super) fn unknown(word: &str, help: &str) -> String {
    let (typed, known) = (format!("/{word}"), words(help));
    if known.contains(&&*typed) {
        return format!(
            "{typed}: the revision of the dialect that is spoken here has nothing for it"
        );
    }
    let meant =
        nearest(&typed, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    format!("{typed} is unknown; /help tells what there is{meant}")
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing: it is empty.
    Nothing,
    Say(Saying),
    Quit,
    /// `/help`: to see the lines of [`help`].
    Help,
    /// To see who is there.
    Who,
    /// A command that only some dialects have.
    Command {
        /// What stands behind the `/`.
        word: String,
        /// What follows it, trimmed.
        rest: String,
    },
    /// Something that is none of these; with what to tell the person.
    Wrong(String),
}

/// A line from a pipe: only `/me TEXT` and `/msg NAME TEXT` are special, and these two with another `/` in
/// front, which is taken away. All else is said as it is.
pub(super) fn piped(line: &str) -> Wish {
    if line.trim().is_empty() {
        return Wish::Nothing;
    }
    let escaped = line
        .strip_prefix('/')
        .filter(|rest| special(rest).is_some());
    special(line).unwrap_or_else(|| say(escaped.unwrap_or(line)))
}

/// Whether a line that a person typed is a command, and none that says something.
pub(super) fn is_command(line: &str) -> bool {
    !matches!(typed(line), Wish::Nothing | Wish::Say(_))
}

/// A line that a person typed: a `/` in front makes it a command, two a text that begins with one. No command has
/// several lines: what was pasted so is said.
pub(super) fn typed(line: &str) -> Wish {
    if line.trim().is_empty() {
        return Wish::Nothing;
    }
    if line.contains('\n') {
        return piped(line);
    }
    let Some(command) = line.strip_prefix('/') else {
        return say(line);
    };
    if command.starts_with('/') {
        return say(command);
    }
    match command.trim() {
        "quit" => Wish::Quit,
        "help" => Wish::Help,
        "who" => Wish::Who,
        "me" => Wish::Wrong("/me TEXT: what is the text?".to_owned()),
        other => special(line).unwrap_or_else(|| {
            let (word, rest) = other.split_once(char::is_whitespace).unwrap_or((other, ""));
            match word {
                "msg" => {
                    Wish::Wrong("/msg NAME TEXT: who is it for, and what is the text?".to_owned())
                }
                "who" => {
                    Wish::Wrong("/who: it tells who is in the room, and takes nothing".to_owned())
                }
                _ => Wish::Command {
                    word: word.to_owned(),
                    rest: rest.trim().to_owned(),
                },
            }
        }),
    }
}

/// `/me TEXT` and `/msg NAME TEXT`.
fn special(line: &str) -> Option<Wish> {
    if let Some(text) = line.strip_prefix("/me ") {
        return (!text.trim().is_empty()).then(|| {
            Wish::Say(Saying {
                to: None,
                text: text.to_owned(),
                emote: true,
            })
        });
    }
    let (name, text) = line
        .strip_prefix("/msg ")?
        .trim_start()
        .split_once(char::is_whitespace)?;
    (!text.trim().is_empty()).then(|| {
        Wish::Say(Saying {
            to: Some(name.to_owned()),
            text: text.to_owned(),
            emote: false,
        })
    })
}

fn say(text: &str) -> Wish {
    Wish::Say(Saying {
        to: None,
        text: text.to_owned(),
        emote: false,
    })
}

#[cfg(test)]
mod tests {
    use super::{Wish, help, is_command, piped, say, typed, unknown};
    use crate::dialects::client::Saying;

    fn emote(text: &str) -> Wish {
        Wish::Say(Saying {
            to: None,
            text: text.into(),
            emote: true,
        })
    }

    fn private(name: &str, text: &str) -> Wish {
        Wish::Say(Saying {
            to: Some(name.into()),
            text: text.into(),
            emote: false,
        })
    }

    #[test]
    fn a_pipe_says_its_lines() {
        for line in [
            "hi",
            " hi ",
            "/etc/passwd",
            "// a comment",
            "/quit",
            "/me",
            "/msg bob",
        ] {
            assert_eq!(piped(line), say(line));
        }
        assert_eq!(piped("  "), Wish::Nothing);
        assert_eq!(piped("/me waves"), emote("waves"));
        assert_eq!(piped("/msg bob hi there"), private("bob", "hi there"));
        assert_eq!(piped("//me waves"), say("/me waves"));
        assert_eq!(piped("//msg bob hi"), say("/msg bob hi"));
    }

    #[test]
    fn what_is_meant_is_another_word_than_the_one_that_was_typed() {
        let help = help("/leave ROOM  leaves it");
        assert!(unknown("laeve", &help).ends_with("did you mean /leave?"));
        let known = unknown("leave", &help);
        assert!(
            !known.contains("did you mean") && known.starts_with("/leave: "),
            "{known}"
        );
    }

    #[test]
    fn a_person_types_commands() {
        assert_eq!(typed(""), Wish::Nothing);
        assert_eq!(typed("hi"), say("hi"));
        assert_eq!(typed("//quit"), say("/quit"));
        assert_eq!(typed("/quit "), Wish::Quit);
        assert_eq!(typed("/help"), Wish::Help);
        assert_eq!(typed("/who"), Wish::Who);
        assert_eq!(typed("/me waves"), emote("waves"));
        assert_eq!(typed("/msg  bob hi"), private("bob", "hi"));
        assert_eq!(typed("/quit\n/who"), say("/quit\n/who"));
        assert_eq!(typed("/me a\nb"), emote("a\nb"));
        assert!(is_command("/who") && is_command("/msg bob"));
        assert!(!is_command("/me waves") && !is_command("//who") && !is_command(" "));
        for wrong in ["/who bob", "/me ", "/msg", "/msg bob", "/msg bob "] {
            assert!(matches!(typed(wrong), Wish::Wrong(_)), "{wrong}");
        }
        let dance = Wish::Command {
            word: "dance".into(),
            rest: "very  wildly".into(),
        };
        assert_eq!(typed("/dance  very  wildly "), dance);
    }
}
