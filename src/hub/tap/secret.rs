//! What is blanked wherever it is.

/// What stands in place of a secret.
pub const SECRET: &str = "<secret>";
/// A token begins with so many hexadecimal digits, before its login; a password's hash is so long.
const DIGITS: usize = 64;

/// A text without what looks like a token or a hash.
#[must_use]
pub fn without_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, word) = rest.split_at(start);
        let digits = end(word, |c| c.is_ascii_hexdigit());
        out.push_str(before);
        let length = if digits >= DIGITS {
            out.push_str(SECRET);
            end(word, |c| {
                c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
            })
        } else {
            out.push_str(&word[..digits]);
            digits
        };
        rest = &word[length..];
    }
    out + rest
}

fn end(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}
