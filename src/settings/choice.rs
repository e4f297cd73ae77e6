//! Values that are one of a few words.

use super::value::{ValueError, Written};

/// A value that is one of a few words; it is read by [`choice`].
pub trait Choice: Copy + PartialEq + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

/// One of the words of `T`.
///
/// # Errors
/// It is none of them; all are named.
pub fn choice<T: Choice>(written: &Written) -> Result<T, ValueError> {
    let found = T::WORDS
        .iter()
        .find(|(word, _)| written.text() == Some(word));
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let words: Vec<_> = T::WORDS
            .iter()
            .map(|(word, _)| format!("{word:?}"))
            .collect();
        ValueError::new(
            format!("{} is unknown here", written.quote()),
            format!("write {}", words.join(" or ")),
        )
    })
}
