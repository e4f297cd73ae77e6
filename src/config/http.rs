//! What `[http]` takes.

use std::net::SocketAddr;

use super::address;
use crate::settings::{ValueError, Written, read};

/// An address, or nothing.
pub(super) fn address(written: &Written) -> Result<Option<SocketAddr>, ValueError> {
    match written.text() {
        Some("") => Ok(None),
        _ if !cfg!(feature = "http") => {
            let wrong = "this build has no HTTP";
            Err(ValueError::new(wrong, "write \"\", or leave it out"))
        }
        _ => address::address(written).map(Some),
    }
}

/// A URL, or nothing; what it ends with is a slash less.
pub(super) fn public_url(written: &Written) -> Result<String, ValueError> {
    let url = read::text(written)?;
    let right = "write how others reach it, as \"https://chat.example\", or \"\"";
    match url {
        "" => Ok(String::new()),
        url => match rest(url) {
            Some(rest) if !rest.contains(['?', '#']) => Ok(url.trim_end_matches('/').to_owned()),
            _ => Err(ValueError::new(format!("{url:?} is not a URL"), right)),
        },
    }
}

/// Origins as browsers say them: a scheme, a host, perhaps a port; in whatever order.
pub(super) fn origins(written: &Written) -> Result<Vec<String>, ValueError> {
    let example = "[\"https://chat.example\"]";
    read::set(written, example, |written| {
        let origin = read::text(written)?;
        match rest(origin) {
            Some(host) if !host.contains(['/', '?', '#']) => Ok(origin.to_ascii_lowercase()),
            _ => {
                let right =
                    "write a scheme, a host and perhaps a port, as \"https://chat.example\"";
                Err(ValueError::new(
                    format!("{origin:?} is not an origin"),
                    right,
                ))
            }
        }
    })
}

/// What stands behind the scheme, if that is HTTP's and something does.
fn rest(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))?;
    let is_host = |text: &str| {
        !text.is_empty()
            && !text.starts_with(['/', ':'])
            && !text.contains(|character: char| {
                character.is_whitespace() || character.is_control() || character == '@'
            })
    };
    is_host(rest).then_some(rest)
}
