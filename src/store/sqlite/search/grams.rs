//! What the index knows of a text: the runs of one, two and three characters in it.
//!
//! Each run is a word to SQLite's tokenizer `ascii`, to which every character beyond ASCII is a letter. Those of ASCII
//! are moved among the private-use characters for that. What this takes for the same and is not (a text with private-use
//! characters of its own) is found out when a candidate's text is looked at.

/// The longest run that is indexed, in characters.
const LONGEST: usize = 3;
/// A query asks for so many runs at most, spread over the needle.
const ASKED: usize = 8;
/// Stands before a text, so that a text's beginning is found as quickly as what it contains.
const START: char = '\u{E080}';

/// The bits of a character.
const MASK: u64 = (1 << 21) - 1;

/// A character as the index holds it.
fn mapped(c: char) -> char {
    match c {
        '\0'..='\x7F' => char::from_u32(0xE000 + u32::from(c)).unwrap_or(c),
        _ => c,
    }
}

/// The distinct runs of a folded text, as words.
pub(super) fn of_text(folded: &str) -> String {
    let text: Vec<char> = [START]
        .into_iter()
        .chain(folded.chars().map(mapped))
        .collect();
    // A run as a number: a character takes 21 bits, and none is 0.
    let number = |run: &[char]| {
        run.iter()
            .fold(0, |number, c| number << 21 | u64::from(u32::from(*c)))
    };
    let mut runs: Vec<u64> = (1..=LONGEST)
        .flat_map(|length| text.windows(length).map(number))
        .filter(|run| *run != u64::from(u32::from(START)))
        .collect();
    runs.sort_unstable();
    runs.dedup();
    let mut words = String::with_capacity(runs.len() * 8);
    for run in runs {
        let characters = [run >> 42, run >> 21 & MASK, run & MASK];
        let characters = characters.into_iter().filter_map(|c| u32::try_from(c).ok());
        words.extend(characters.filter(|c| *c != 0).filter_map(char::from_u32));
        words.push(' ');
    }
    words
}

/// The query that finds every text with this folded needle in it (`prefix`: at its beginning), and maybe others.
/// `None`: the index knows nothing about such a needle.
pub(super) fn query(needle: &str, prefix: bool) -> Option<String> {
    let start = prefix.then_some(START);
    let needle: Vec<char> = start
        .into_iter()
        .chain(needle.chars().map(mapped))
        .collect();
    if needle.is_empty() || needle == [START] {
        return None;
    }
    let runs: Vec<&[char]> = needle.windows(needle.len().min(LONGEST)).collect();
    let mut asked: Vec<&[char]> = if runs.len() <= ASKED {
        runs
    } else {
        let spread = |number| runs.get(number * (runs.len() - 1) / (ASKED - 1)).copied();
        (0..ASKED).filter_map(spread).collect()
    };
    asked.sort_unstable();
    asked.dedup();
    let quoted = |run: &&[char]| format!("\"{}\"", run.iter().collect::<String>());
    Some(asked.iter().map(quoted).collect::<Vec<_>>().join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With private-use characters back in ASCII, `^` for the start.
    fn plain(text: &str) -> String {
        let back = |c| match c {
            START => '^',
            '\u{E000}'..='\u{E07F}' => char::from_u32(u32::from(c) - 0xE000).unwrap(),
            c => c,
        };
        text.chars().map(back).collect()
    }

    #[test]
    fn a_text_is_its_distinct_runs() {
        assert_eq!(plain(&of_text("")), "");
        let words = plain(&of_text("aba"));
        let mut words: Vec<&str> = words.split_whitespace().collect();
        words.sort_unstable();
        assert_eq!(words, ["^a", "^ab", "a", "ab", "aba", "b", "ba"]);
        assert!(
            of_text("\" *%_()\u{0}я")
                .chars()
                .all(|c| c == ' ' || !c.is_ascii())
        );
    }

    #[test]
    fn a_query_asks_for_the_longest_runs_but_not_too_many() {
        assert_eq!(query("", false), None);
        assert_eq!(query("", true), None);
        assert_eq!(plain(&query("ж", false).unwrap()), "\"ж\"");
        assert_eq!(plain(&query("ж", true).unwrap()), "\"^ж\"");
        assert_eq!(plain(&query("ab", false).unwrap()), "\"ab\"");
        assert_eq!(plain(&query("aaaa", false).unwrap()), "\"aaa\"");
        let long = query("abcdefghijklmnopqrstuvwxyz", true).unwrap();
        let long = plain(&long);
        assert_eq!(long.matches(" AND ").count() + 1, ASKED);
        assert!(
            long.contains("\"^ab\"") && long.contains("\"xyz\""),
            "{long}"
        );
    }
}
