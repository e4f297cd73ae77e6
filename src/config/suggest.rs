//! "Did you mean": the known word that is nearest to an unknown one.

use super::error::Wrong;
use super::keys;

/// What is wrong with a key that does not exist, and the one that was probably meant.
pub(super) fn unknown_key(key: &str) -> Wrong {
    let mut known = keys::all();
    if !key.contains('.') {
        let sections: Vec<_> = known
            .iter()
            .filter_map(|key| key.split_once('.'))
            .map(|(section, _)| section.into())
            .collect();
        known.extend(sections);
    }
    unknown(key, known)
}

/// What is wrong with a word that does not exist, and the one of `known` that was probably meant.
pub(super) fn unknown(word: &str, known: Vec<String>) -> Wrong {
    let right =
        nearest(word, known).map_or(String::new(), |nearest| format!("did you mean {nearest}?"));
    Wrong::new("there is no such key", right)
}

/// The same key in another section, or else the word that takes the fewest changes.
fn nearest(word: &str, known: Vec<String>) -> Option<String> {
    let last = |key: &str| {
        key.rsplit_once('.')
            .map_or(key, |(_, last)| last)
            .to_owned()
    };
    let near = |key: &str| {
        (
            last(key) == last(word),
            strsim::normalized_damerau_levenshtein(word, key),
        )
    };
    known.into_iter().max_by(|one, other| {
        let (one, other) = (near(one), near(other));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    })
}
