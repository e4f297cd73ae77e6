//! "Did you mean": the known word that is nearest to an unknown one.

use crate::settings::ValueError;

/// What is wrong with a word that does not exist, and the one of `known` that was probably meant.
pub(super) fn unknown<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> ValueError {
    let right = nearest(word, known).map(|nearest| format!("did you mean {nearest}?"));
    ValueError::new("there is no such key", right.unwrap_or_default())
}

/// The same key in another section, or else the word that takes the fewest changes.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
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
