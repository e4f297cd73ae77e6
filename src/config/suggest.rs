//! What is wrong with a key that does not exist.

use crate::settings::ValueError;
use crate::suggest::nearest;

/// What is wrong with a key that does not exist, and what would be right: `shown` of the one that was probably meant.
pub(super) fn unknown<'a>(
    key: &str,
    known: impl IntoIterator<Item = &'a str>,
    shown: impl Fn(&str) -> String,
) -> ValueError {
    let right = nearest(key, known).map_or_else(
        || "`tolmach config example` prints all that there are".to_owned(),
        |nearest| format!("did you mean {}?", shown(nearest)),
    );
    ValueError::new("there is no such key", right)
}
