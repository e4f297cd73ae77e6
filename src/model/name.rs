//! Which names are names, and when two are the same.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::{Error, Result, is_visible, precis};

/// Most characters of a login or a room's name.
const NAME_CHARS: usize = 25;
/// Logins that mean something else somewhere.
const RESERVED: [&str; 2] = ["all", "everyone"];

/// Checks a login and returns the form by which two logins are the same (RFC 8265 UsernameCaseMapped).
///
/// `gateway` is the gateway's own name, which nobody else can have.
///
/// # Errors
/// [`Error::Invalid`] with `field` and what would be right.
pub fn validate_login(field: &str, login: &str, gateway: &str) -> Result<String> {
    let folded = fold_login(login).map_err(|reason| Error::invalid(field, reason))?;
    if RESERVED.contains(&folded.as_str()) || folded == fold_text(gateway) {
        return Err(Error::invalid(field, "this name is reserved"));
    }
    Ok(folded)
}

/// The form by which two logins are the same, reserved ones too; or why it cannot be a login.
///
/// # Errors
/// What is wrong with it.
pub fn fold_login(login: &str) -> Result<String, &'static str> {
    check_login(login)?;
    let Some(folded) = precis::username_case_mapped(login) else {
        return Err("a name is of letters, digits and signs, without spaces (RFC 8265)");
    };
    // What is compared obeys the same rules: a full-width sign becomes a plain one.
    check_login(&folded)?;
    Ok(folded)
}

fn check_login(login: &str) -> Result<(), &'static str> {
    let chars = login.chars().count();
    if chars == 0 {
        return Err("a name must not be empty");
    }
    if chars > NAME_CHARS {
        return Err("a name has at most 25 characters");
    }
    if login.starts_with(['#', '@']) || login.contains(',') {
        return Err("a name does not begin with # or @ and has no comma");
    }
    if login.chars().all(|c| c.is_ascii_digit()) {
        return Err("a name is not all digits");
    }
    Ok(())
}

/// Checks a room's name.
///
/// # Errors
/// [`Error::Invalid`] with `field` and what would be right.
pub fn validate_room_name(field: &str, name: &str) -> Result<()> {
    match compared_room_name(name) {
        Ok(_) => Ok(()),
        Err(reason) => Err(Error::invalid(field, reason)),
    }
}

/// The form by which two rooms' names are the same (RFC 8266); or why it cannot be a room's name.
fn compared_room_name(name: &str) -> Result<String, &'static str> {
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS {
        return Err("a room's name has 1 to 25 characters");
    }
    if name.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        return Ok(name.to_ascii_lowercase());
    }
    // The profile lets joiners stand where they change what is seen beside them.
    let shows = |c| c != '#' && (is_visible(c) || matches!(c, '\u{200c}' | '\u{200d}'));
    let compared =
        precis::nickname(name).filter(|compared| name.chars().chain(compared.chars()).all(shows));
    compared
        .ok_or("a room's name has no white space, no # and nothing that cannot be seen (RFC 8266)")
}

/// The form by which two rooms' names are the same; of what can be no room's name, itself: then no room has it.
#[must_use]
pub fn fold_room_name(name: &str) -> String {
    compared_room_name(name).unwrap_or_else(|_| name.to_owned())
}

/// Whether a room's name is digits alone, like the numbers by which some clients know rooms. No dialect reads a number in the
/// digits of other scripts.
///
/// ```
/// use tolmach::model::is_number;
/// assert!(is_number("12") && is_number("１２") && !is_number("١٢") && !is_number("12a"));
/// ```
#[must_use]
pub fn is_number(name: &str) -> bool {
    let folded = fold_room_name(name);
    !folded.is_empty() && folded.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a name reads as that of the direct room of two, `@anna,boris`: no room is made under one.
///
/// ```
/// use tolmach::model::is_direct_name;
/// assert!(is_direct_name("@anna,boris") && is_direct_name("＠a，b") && !is_direct_name("@anna") && !is_direct_name("a,b"));
/// ```
#[must_use]
pub fn is_direct_name(name: &str) -> bool {
    let folded = fold_room_name(name);
    folded.starts_with('@') && folded.contains(',')
}

/// A text as it is compared without regard to case and to how its characters are put together: in the form NFKC (an `é` of two
/// characters is one, a full-width letter a plain one), lower-cased character by character, the final sigma as any other.
///
/// ```
/// use tolmach::model::fold_text;
/// assert_eq!(fold_text("ΣΊΣΥΦΟΣ"), fold_text("σίσυφος"));
/// assert_eq!(fold_text("Cafe\u{301}"), fold_text("CAFÉ"));
/// ```
#[must_use]
pub fn fold_text(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Lower-casing may leave what composes.
    lowered(text.nfkc()).nfkc().collect()
}

/// Characters lower-cased one by one, the final sigma as any other.
pub(super) fn lowered(text: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    text.flat_map(char::to_lowercase)
        .map(|c| if c == 'ς' { 'σ' } else { c })
}

/// The names for a room that are made from a free text, the plain one first, then with `-2`, `-3`…; none is digits
/// alone.
///
/// ```
/// use tolmach::model::room_names_from;
/// let mut names = room_names_from("Tea\u{200b} & biscuits");
/// assert_eq!(names.next().unwrap(), "Tea-&-biscuits");
/// assert_eq!(names.next().unwrap(), "Tea-&-biscuits-2");
/// assert_eq!(room_names_from("1").next().unwrap(), "room-1");
/// ```
pub fn room_names_from(text: &str) -> impl Iterator<Item = String> {
    let (text, mut stem) = (text.nfc().collect::<String>(), String::new());
    for grapheme in text.graphemes(true) {
        if stem.chars().count() + grapheme.chars().count() > NAME_CHARS {
            break;
        }
        for c in grapheme.chars() {
            let before = stem.len();
            match c.is_whitespace() || c.is_control() || c == '#' {
                true if stem.is_empty() || stem.ends_with('-') => {}
                true => stem.push('-'),
                false => stem.push(c),
            }
            if compared_room_name(&stem).is_err() {
                stem.truncate(before);
            }
        }
    }
    match stem.trim_end_matches('-') {
        "" => numbered_room_names("room".to_owned()),
        special if is_number(special) || is_direct_name(special) => {
            numbered_room_names(format!("room-{special}"))
        }
        stem => numbered_room_names(stem.to_owned()),
    }
}

/// A room's name, then what can take its place: with `-2`, `-3`… behind it, cut between graphemes to what a name may
/// have.
pub(crate) fn numbered_room_names(stem: String) -> impl Iterator<Item = String> {
    (1_u32..).map(move |attempt| {
        let suffix = match attempt {
            1 => String::new(),
            _ => format!("-{attempt}"),
        };
        let mut left = NAME_CHARS.saturating_sub(suffix.len());
        let fits = |grapheme: &&str| {
            let length = grapheme.chars().count();
            let fits = length <= left;
            left = if fits { left - length } else { 0 };
            fits
        };
        let cut: String = stem.graphemes(true).take_while(fits).collect();
        cut + &suffix
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_the_same_without_regard_to_case() {
        assert_eq!(
            validate_login("login", "Анна", "tolmach").unwrap(),
            validate_login("login", "аННА", "tolmach").unwrap()
        );
    }

    #[test]
    fn what_cannot_be_a_login_is_refused_with_the_field() {
        let long = "a".repeat(26);
        for bad in [
            "",
            &long,
            "#a",
            "@a",
            "a,b",
            "123",
            "all",
            "Everyone",
            "Tolmach",
            "a b",
            "a\0b",
            "a\u{200f}b",
            "１２３",
            "＃a",
            "a，b",
        ] {
            let error = validate_login("user.account_name", bad, "tolmach").unwrap_err();
            assert!(
                matches!(error, Error::Invalid { ref field, .. } if field == "user.account_name"),
                "{bad:?}: {error:?}"
            );
        }
        for good in ["a", &"я".repeat(25), "C0deMaver1ck", "12a", "a#b", "o'neil"] {
            assert!(validate_login("login", good, "tolmach").is_ok(), "{good:?}");
        }
    }

    #[test]
    fn room_names_are_what_can_be_seen_and_written_in_one_word() {
        let long = "x".repeat(26);
        for bad in [
            "",
            "a b",
            "a\u{3000}b",
            "#a",
            "＃a",
            "a\tb",
            "a\u{9b}",
            &long,
            "a\u{200b}b",
            "\u{200b}",
            "a\u{ad}",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200f}",
            "a\u{200d}b",
            "\u{2800}",
            "\u{3164}",
            "a\u{fe0f}",
            "a\u{e000}",
            "a\u{378}",
            "a¨b",
        ] {
            assert!(validate_room_name("room", bad).is_err(), "{bad:?}");
            assert_eq!(fold_room_name(bad), bad);
        }
        let long = "ж".repeat(25);
        for good in [
            "чай",
            "чаи\u{306}",
            &long,
            "42",
            "a,b",
            "@home",
            "♥!",
            "שלום-a",
            "می\u{200c}خواهم",
        ] {
            assert!(validate_room_name("room", good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn rooms_names_are_the_same_however_they_are_written() {
        for (one, other) in [
            ("чай", "ЧАИ\u{306}"),
            ("Tea", "ＴＥＡ"),
            ("tea", "TEA"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("x²", "x2"),
            ("Å", "\u{212b}"),
        ] {
            assert_eq!(fold_room_name(one), fold_room_name(other), "{one:?}");
        }
        // What looks alike is not the same (RFC 8266, section 5).
        assert_ne!(fold_room_name("mayak"), fold_room_name("\u{43c}ayak"));
    }

    #[test]
    fn a_name_made_from_a_title_is_a_name() {
        let (zalgo, family) = (
            format!("a{}", "\u{301}".repeat(40)),
            "👩\u{200d}👩\u{200d}👧".repeat(9),
        );
        for (title, first) in [
            ("Tea & biscuits", "Tea-&-biscuits"),
            (" # tea\t#two ", "tea-two"),
            ("#", "room"),
            ("\u{200b}", "room"),
            (&zalgo, "room"),
            ("1", "room-1"),
            ("@anna, boris", "room-@anna,-boris"),
            ("１ 2", "１-2"),
            ("٣", "٣"),
            ("❤\u{fe0f} tea", "❤-tea"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("a\u{202e}b", "ab"),
            ("this title is too long by far", "this-title-is-too-long-by"),
            (
                "xxxxxxxxxxxxxxxxxxxxxxxxe\u{302}\u{323}",
                "xxxxxxxxxxxxxxxxxxxxxxxxệ",
            ),
            (
                "xxxxxxxxxxxxxxxxxxxxxxxxx\u{302}",
                "xxxxxxxxxxxxxxxxxxxxxxxx",
            ),
            (&family, &"👩👩👧".repeat(7)),
        ] {
            let names: Vec<String> = room_names_from(title).take(1_000).collect();
            assert_eq!(names[0], first, "{title:?}");
            assert_eq!(
                names[1],
                format!("{}-2", first.chars().take(23).collect::<String>())
            );
            for name in names {
                assert!(
                    validate_room_name("room", &name).is_ok(),
                    "{title:?} {name:?}"
                );
                assert!(
                    !is_number(&name) && !is_direct_name(&name),
                    "{title:?} {name:?}"
                );
            }
        }
    }
}
