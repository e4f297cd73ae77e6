//! Which names are names, and when two are the same.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::Profile;

use super::{Error, Result, has_visible};

/// Most characters of a login or a room's name.
const NAME_CHARS: usize = 25;
/// Most characters of a room's title.
const TITLE_CHARS: usize = 100;
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
    let Ok(folded) = UsernameCaseMapped::new().enforce(login) else {
        return Err("a name is of letters, digits and signs, without spaces (RFC 8265)");
    };
    // What is compared obeys the same rules: a full-width sign becomes a plain one.
    check_login(&folded)?;
    Ok(folded.into_owned())
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
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS {
        return Err(Error::invalid(
            field,
            "a room's name has 1 to 25 characters",
        ));
    }
    if name
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '#')
    {
        return Err(Error::invalid(
            field,
            "a room's name has no white space, no # and no control characters",
        ));
    }
    Ok(())
}

/// Checks a room's title.
///
/// # Errors
/// [`Error::Invalid`] with `field` and what would be right.
pub fn validate_title(field: &str, title: &str) -> Result<()> {
    if title.chars().count() > TITLE_CHARS || !has_visible(title) {
        return Err(Error::invalid(field, "a title has 1 to 100 characters"));
    }
    Ok(())
}

/// The form by which two room names are the same: without regard to case.
#[must_use]
pub fn fold_room_name(name: &str) -> String {
    fold_text(name)
}

/// A text lower-cased character by character, with the final sigma as any other: for comparing without regard to case.
///
/// ```
/// assert_eq!(tolmach::model::fold_text("ΣΊΣΥΦΟΣ"), tolmach::model::fold_text("σίσυφος"));
/// ```
#[must_use]
pub fn fold_text(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .collect()
}

/// A room name made from free text; `attempt` 1 is the plain one, 2 ends in `-2`, and so on.
///
/// ```
/// use tolmach::model::room_name_from_title;
/// assert_eq!(room_name_from_title("Tea & biscuits", 1), "Tea-&-biscuits");
/// assert_eq!(room_name_from_title("Tea & biscuits", 2), "Tea-&-biscuits-2");
/// ```
#[must_use]
pub fn room_name_from_title(title: &str, attempt: u32) -> String {
    let suffix = if attempt > 1 {
        format!("-{attempt}")
    } else {
        String::new()
    };
    let words: Vec<String> = title
        .split(|c: char| c.is_whitespace() || c.is_control() || c == '#')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let stem = if words.is_empty() {
        "room".to_owned()
    } else {
        words.join("-")
    };
    let room = NAME_CHARS.saturating_sub(suffix.chars().count());
    stem.chars().take(room).chain(suffix.chars()).collect()
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
    fn room_names_have_no_space_hash_or_control() {
        for bad in ["", "a b", "#a", "a\tb", &"x".repeat(26)] {
            assert!(validate_room_name("room", bad).is_err(), "{bad:?}");
        }
        assert!(validate_room_name("room", &"ж".repeat(25)).is_ok());
    }

    #[test]
    fn a_name_made_from_a_title_is_a_name() {
        for title in ["#", "  ", "a b\tc#d", &"long ".repeat(30)] {
            for attempt in [1, 2, 1000] {
                let name = room_name_from_title(title, attempt);
                assert!(
                    validate_room_name("room", &name).is_ok(),
                    "{title:?} {name:?}"
                );
            }
        }
    }
}
