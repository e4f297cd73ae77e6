//! What Tab makes of the beginning of a word: a command, a name, a room.

use super::input_line::InputLine;
use super::keys::Key;
use std::collections::BTreeMap;

/// Words that can be completed, by their lower case.
#[derive(Debug, Default)]
pub(super) struct Completion {
    commands: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    rooms: BTreeMap<String, String>,
}

impl Completion {
    /// The commands with their `/`.
    pub(super) fn new(commands: &[&str]) -> Self {
        let commands = commands.iter().map(|&word| (word.into(), word.into()));
        Self {
            commands: commands.collect(),
            ..Self::default()
        }
    }

    /// Somebody of whom was heard.
    pub(super) fn learn_name(&mut self, name: &str) {
        learn(&mut self.names, name);
    }

    /// A room, without `#`.
    pub(super) fn learn_room(&mut self, room: &str) {
        learn(&mut self.rooms, &format!("#{room}"));
    }

    /// Completes the word before the cursor as far as it is clear. What there is to choose from where nothing is.
    pub(super) fn complete(&self, line: &mut InputLine) -> Option<String> {
        let start = line
            .before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + 1);
        let (first, word) = line.before.split_at(start);
        let (words, word, end) = match first.trim_end() {
            "" if word.starts_with('/') => (&self.commands, word.to_owned(), " "),
            "/join" | "/leave" => (
                &self.rooms,
                format!("#{}", word.trim_start_matches('#')),
                " ",
            ),
            _ if word.starts_with('#') => (&self.rooms, word.to_owned(), " "),
            "" => (&self.names, word.to_owned(), ": "),
            _ => (&self.names, word.to_owned(), " "),
        };
        let key = word.to_lowercase();
        let fitting = words
            .range(key.clone()..)
            .take_while(|(other, _)| other.starts_with(&key));
        let fitting: Vec<&str> = fitting.map(|(_, word)| &**word).collect();
        let completed = match &*fitting {
            [] => return None,
            [only] => format!("{only}{end}"),
            [one, others @ ..] => {
                let shared = others
                    .iter()
                    .fold(one.len(), |len, other| len.min(shared(one, other)));
                let shared = &one[..shared];
                if shared.len() <= word.len() {
                    return Some(fitting.join("  "));
                }
                shared.to_owned()
            }
        };
        line.before.truncate(start);
        line.press(Key::Paste(completed));
        None
    }
}

/// A name that needs no cleaning; others cannot be typed.
fn learn(words: &mut BTreeMap<String, String>, word: &str) {
    if !word.contains(|c: char| c.is_control() || c.is_whitespace()) {
        words.insert(word.to_lowercase(), word.to_owned());
    }
}

/// How many bytes two words have in common at their beginnings, without regard to case.
fn shared(one: &str, other: &str) -> usize {
    let same = |(a, b): &(char, char)| a.to_lowercase().eq(b.to_lowercase());
    let pairs = one.chars().zip(other.chars()).take_while(same);
    pairs.map(|(a, _)| a.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::{Completion, InputLine, Key};

    fn complete(before: &str) -> (String, Option<String>) {
        let mut completion = Completion::new(&["/join", "/leave", "/me", "/msg"]);
        for name in ["Anna", "anton", "Борис", "evil\x1b"] {
            completion.learn_name(name);
        }
        completion.learn_room("tea");
        let mut line = InputLine::default();
        before.chars().for_each(|c| line.press(Key::Char(c)));
        let choices = completion.complete(&mut line);
        (line.before, choices)
    }

    #[test]
    fn a_word_becomes_what_it_can_only_be() {
        for (before, after) in [
            ("/j", "/join "),
            ("a", "An"),
            ("ann", "Anna: "),
            ("hi ANNA", "hi Anna "),
            ("бо", "Борис: "),
            ("/msg ant", "/msg anton "),
            ("/join t", "/join #tea "),
            ("see #", "see #tea "),
            ("ev", "ev"),
            ("x", "x"),
        ] {
            assert_eq!(complete(before), (after.to_owned(), None), "{before}");
        }
    }

    #[test]
    fn what_is_not_clear_is_told() {
        assert_eq!(complete("/m").1.unwrap(), "/me  /msg");
        assert_eq!(complete("hi an").1.unwrap(), "Anna  anton");
    }
}
