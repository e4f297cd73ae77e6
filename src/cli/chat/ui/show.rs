//! Arrivals as text.

use super::clock::Clock;
use super::colour::Paint;
use crate::cli::chat::session::now;
use crate::dialects::client::clean;
use crate::dialects::client::{Arrival, Place, Said};

/// What stands before the further lines of a text on a terminal, so that none can look like someone's.
const FURTHER: &str = "\n    ";

/// A line of standard output, without its end: `#room <name> text`, or `<name> text` when private.
pub(super) fn piped(said: &Said) -> String {
    let room = match &said.place {
        Place::Room(room) => format!("#{} ", clean::one_line(room)),
        Place::Private | Place::PrivateTo(_) => String::new(),
    };
    let emote = if said.emote { "/me " } else { "" };
    let (from, text) = (clean::one_line(&said.from), clean::one_line(&said.text));
    format!("{room}<{from}> {emote}{text}")
}

/// A line of standard error, without its end; a terminal may show it.
pub(super) fn piped_notice(arrival: &Arrival) -> String {
    let (before, text) = match arrival {
        Arrival::Said(said) => return piped(said),
        Arrival::LoggedIn { name, answer: None } => ("logged in as ", name.clone()),
        Arrival::LoggedIn {
            name,
            answer: Some(answer),
        } => ("", format!("{name}: {answer}")),
        Arrival::Entered { room, answer } => {
            let answer = answer.as_deref().unwrap_or("entered");
            ("#", format!("{room}: {answer}"))
        }
        Arrival::Presence(text) | Arrival::Notice(text) | Arrival::Warning(text) => {
            ("", text.clone())
        }
        Arrival::NotAccepted(text) => ("not accepted: ", text.clone()),
    };
    clean::isolated(&format!("{before}{}", clean::one_line(&text)))
}

/// How arrivals look on a terminal.
pub(super) struct Style {
    /// The room one is in, without `#`; it is not named in what is said there.
    pub(super) room: String,
    /// How times are shown.
    pub(super) clock: Clock,
    /// How colours are written, where the terminal has any.
    pub(super) paint: Paint,
}

impl Style {
    /// The arrival in one or more lines, with the end of the last one.
    pub(super) fn show(&self, arrival: &Arrival) -> String {
        let shown = match arrival {
            Arrival::Said(said) => self.said(said),
            Arrival::LoggedIn { name, .. } => self.paint.dim(&format!("you are {}", block(name))),
            Arrival::Entered { room, .. } => self.paint.dim(&format!("#{}: entered", block(room))),
            Arrival::Presence(text) => self.paint.dim(&block(text)),
            Arrival::Notice(text) => {
                let lines = text.split('\n');
                let told: Vec<_> = lines
                    .map(|line| self.clock.here_told(line, now()))
                    .collect();
                self.paint.dim(&block(&told.join("\n")))
            }
            Arrival::Warning(text) => self.paint.loud(&block(text)),
            Arrival::NotAccepted(text) => {
                self.paint.loud(&format!("not accepted: {}", block(text)))
            }
        };
        shown + "\n"
    }

    fn said(&self, said: &Said) -> String {
        let plain = clean::isolated(&clean::one_line(&said.from));
        let name = self.paint.name(&said.from, &plain);
        let place = match &said.place {
            Place::Room(room) if room.eq_ignore_ascii_case(&self.room) => String::new(),
            Place::Room(room) => format!("#{} ", clean::isolated(&clean::one_line(room))),
            Place::Private => "(private) ".to_owned(),
            Place::PrivateTo(name) => {
                format!("(private to {}) ", clean::isolated(&clean::one_line(name)))
            }
        };
        let mut before = self.clock.show(said.time, now());
        if !before.is_empty() {
            before.push(' ');
        }
        let before = self.paint.dim(&(before + &place));
        let text = block(&said.text);
        if said.emote {
            format!("{before}* {name} {text}")
        } else {
            format!("{before}<{name}> {text}")
        }
    }
}

/// A text in lines for a terminal.
fn block(text: &str) -> String {
    let lines: Vec<_> = clean::lines(text)
        .map(|line| clean::isolated(&line))
        .collect();
    lines.join(FURTHER)
}

#[cfg(test)]
mod tests {
    use super::{Arrival, Clock, Paint, Place, Said, Style, piped, piped_notice};

    fn said(place: Place, text: &str) -> Said {
        Said {
            place,
            from: "bob".into(),
            text: text.into(),
            emote: false,
            own: false,
            time: 0,
        }
    }

    fn style(paint: Paint) -> Style {
        Style {
            room: "lobby".into(),
            clock: Clock::here(true),
            paint,
        }
    }

    #[test]
    fn a_pipe_gets_a_line_each() {
        let mut message = said(Place::Room("lobby".into()), "one\r\ntwo\x1b[1m");
        assert_eq!(piped(&message), "#lobby <bob> one ⏎ two\u{fffd}[1m");
        message.emote = true;
        message.text = "waves".into();
        assert_eq!(piped(&message), "#lobby <bob> /me waves");
        assert_eq!(piped(&said(Place::Private, "hi")), "<bob> hi");
        assert_eq!(piped_notice(&Arrival::Notice("a\nb".into())), "a ⏎ b");
    }

    #[test]
    fn a_terminal_names_only_other_rooms() {
        let style = style(Paint::Plain);
        let show = |place| style.show(&Arrival::Said(said(place, "a\nb")));
        assert_eq!(show(Place::Room("Lobby".into())), "<bob> a\n    b\n");
        assert_eq!(show(Place::Room("tea".into())), "#tea <bob> a\n    b\n");
        assert_eq!(show(Place::Private), "(private) <bob> a\n    b\n");
    }

    #[test]
    fn nothing_of_others_reaches_a_terminal_raw() {
        let style = style(Paint::Plain);
        let evil = "\x1b]0;x\x07\u{9b}2J\u{202e}\r";
        let mut message = said(Place::Room(evil.into()), evil);
        message.from = evil.into();
        for arrival in [
            Arrival::Said(message),
            Arrival::Presence(evil.into()),
            Arrival::LoggedIn {
                name: evil.into(),
                answer: Some(evil.into()),
            },
            Arrival::Entered {
                room: evil.into(),
                answer: Some(evil.into()),
            },
            Arrival::Notice(evil.into()),
            Arrival::Warning(evil.into()),
            Arrival::NotAccepted(evil.into()),
        ] {
            let shown = style.show(&arrival);
            assert!(
                !shown.replace('\n', "").contains(char::is_control),
                "{shown:?}"
            );
        }
    }
}
