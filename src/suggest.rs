//! "Did you mean": the known word that an unknown one was probably meant to be.

use std::cmp::Ordering;

/// How alike two words must be, from 0 to 1: of three letters one may be wrong, of five two.
const ALIKE: f64 = 0.6;

/// The word of `known` that is nearest to `word`; `None` where none is near. Of keys with a section (`limits.burst`) those of the
/// same last part are nearest, and others of the same section are compared by it alone.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |key: &str| match (word.rsplit_once('.'), key.rsplit_once('.')) {
        _ if word == key => 2.0,
        (one, other) if last(one, word) == last(other, key) => 1.0,
        (Some((section, name)), Some((same, key))) if section == same => alike(name, key),
        _ => alike(word, key),
    };
    let measured = known.into_iter().map(|key| (likeness(key), key));
    let near = measured.filter(|(likeness, _)| *likeness >= ALIKE);
    let nearest = near.max_by(|one, other| one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal));
    nearest.map(|(_, key)| key)
}

fn last<'a>(split: Option<(&str, &'a str)>, whole: &'a str) -> &'a str {
    split.map_or(whole, |(_, last)| last)
}

fn alike(one: &str, other: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&one.to_lowercase(), &other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = [
            "name",
            "limits",
            "limits.burst",
            "rooms.create",
            "tls.key",
            "node.name",
        ];
        for (word, expected) in [
            ("nmae", Some("name")),
            ("name", Some("name")),
            ("NAMES", Some("name")),
            ("burst", Some("limits.burst")),
            ("rooms.burst", Some("limits.burst")),
            ("limits.brust", Some("limits.burst")),
            ("a", None),
            ("token", None),
            ("limits.more", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
