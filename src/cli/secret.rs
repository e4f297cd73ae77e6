//! Passwords and tokens: from standard input or a prompt, never from arguments.

use std::io::{self, BufRead, IsTerminal, Read};

use super::failure::{Failure, Outcome};
use crate::model::{Secret, without_mark};
use crate::refusal::words;

/// Most bytes of a secret's line.
const MAX_LINE: u64 = 64 * 1024;

/// A new password of at least so many characters, and never empty: a line of standard input, or typed twice at a prompt.
pub(crate) fn password(of: &str, least: usize) -> Outcome<Secret> {
    let password = typed_or_piped(&format!("New password of {of}"), |password| {
        if password.is_empty() {
            return Err(Failure::because(
                "the password is empty; an account needs one, as a line of standard input or typed",
            ));
        }
        if password.chars().count() < least {
            return Err(Failure::because(format!(
                "a password has at least {least} characters (accounts.password_min)"
            )));
        }
        Ok(())
    })?;
    Ok(Secret::Password(password))
}

/// A room's new password, as [`password`]; an empty one is none.
pub(crate) fn room_password(room: &str) -> Outcome<Option<String>> {
    let prompt = format!("New password of {room} (empty: none)");
    let password = typed_or_piped(&prompt, |_| Ok(()))?;
    Ok(Some(password).filter(|password| !password.is_empty()))
}

/// A token that exists already: a line of standard input, or typed at a prompt.
pub(crate) fn token() -> Outcome<String> {
    let token = if io::stdin().is_terminal() {
        prompted("Token")?
    } else {
        piped()?
    };
    if token.is_empty() {
        return Err(Failure::because(
            "the token is empty; give it as a line of standard input",
        ));
    }
    Ok(token)
}

/// What `check` lets through; nobody types twice what it does not.
fn typed_or_piped(prompt: &str, check: impl Fn(&str) -> Outcome<()>) -> Outcome<String> {
    if !io::stdin().is_terminal() {
        let line = piped()?;
        return check(&line).map(|()| line);
    }
    let first = prompted(prompt)?;
    check(&first)?;
    if prompted("Once more")? != first {
        return Err(Failure::because(
            "the two are not the same; nothing was changed",
        ));
    }
    Ok(first)
}

fn prompted(prompt: &str) -> Outcome<String> {
    rpassword::prompt_password(format!("{prompt}: "))
        .map_err(|error| Failure::because(format!("the terminal: {}", words(&error))))
}

fn piped() -> Outcome<String> {
    let wrong = |error: io::Error| Failure::because(format!("standard input: {}", words(&error)));
    first_line(&mut io::stdin().lock()).map_err(wrong)
}

/// A line without its end, and a byte order mark before it; what comes after it is left unread.
fn first_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.take(MAX_LINE + 2).read_line(&mut line)?;
    if line.ends_with('\n') {
        line.pop();
        if line.ends_with('\r') {
            line.pop();
        }
    }
    if line.len() as u64 > MAX_LINE {
        return Err(io::Error::other(format!(
            "a line of more than {MAX_LINE} bytes"
        )));
    }
    Ok(without_mark(&line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_without_its_end() {
        for (text, line) in [
            ("", ""),
            ("\n", ""),
            ("a b \n", "a b "),
            ("a\r\nb\n", "a"),
            ("a\r", "a\r"),
            ("last", "last"),
            ("\u{feff}a\u{feff}\r\n", "a\u{feff}"),
        ] {
            assert_eq!(first_line(&mut text.as_bytes()).unwrap(), line, "{text:?}");
        }
        assert!(first_line(&mut &b"\xff\n"[..]).is_err());
        assert!(first_line(&mut "x".repeat(70_000).as_bytes()).is_err());
    }
}
