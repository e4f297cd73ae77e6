//! Whom a recorded token names.

/// "The token is 64 hexadecimal digits followed by the login": the login, of a token of that form.
pub fn login_of(token: &str) -> Option<&str> {
    let (digits, login) = token.split_at_checked(64)?;
    let is_one = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_one && !login.is_empty()).then_some(login)
}

#[cfg(test)]
mod tests {
    use super::login_of;

    #[test]
    fn a_login_stands_behind_64_digits() {
        let digits = "0a".repeat(32);
        assert_eq!(login_of(&format!("{digits}anna")), Some("anna"));
        assert_eq!(login_of(&format!("{digits}Анна")), Some("Анна"));
        for other in [
            "",
            "secret",
            &digits,
            &format!("x{digits}"),
            &"ж".repeat(65),
        ] {
            assert_eq!(login_of(other), None, "{other}");
        }
    }
}
