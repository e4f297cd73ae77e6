//! Which pages may have a browser talk to the gateway: those of its own origin, and those that `http.origins` names.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use crate::config;

/// Whether the page that a browser asks for may, if a page it is: a program says no origin.
pub(super) fn is_welcome(options: &config::Http, headers: &HeaderMap, is_encrypted: bool) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (origin, more) = (origins.next(), origins.next());
    let Some(origin) = origin else { return true };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let origin = origin.to_ascii_lowercase();
    let is_named = |named: &String| named.trim_end_matches('/') == origin;
    more.is_none()
        && !origin.is_empty()
        && (is_own(&origin, headers, is_encrypted)
            || is_origin_of(&options.public_url, &origin)
            || options.origins.iter().any(is_named))
}

/// Whether it is that of the page that this gateway serves where the request went. The scheme is not the request's own where
/// others encrypt for the gateway.
fn is_own(origin: &str, headers: &HeaderMap, is_encrypted: bool) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "https" => ":443",
        "http" if !is_encrypted => ":80",
        _ => return false,
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| {
        let host = host.to_ascii_lowercase();
        host == authority || host.strip_suffix(port) == Some(authority)
    })
}

fn is_origin_of(url: &str, origin: &str) -> bool {
    let rest = url.get(origin.len()..);
    let begins = url
        .get(..origin.len())
        .is_some_and(|begins| begins.eq_ignore_ascii_case(origin));
    begins && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn is_welcome_from(origins: &[&'static str], host: &'static str, is_encrypted: bool) -> bool {
        let options = config::Http {
            public_url: "https://chat.example/talk".to_owned(),
            origins: vec!["https://other.example:8443".to_owned()],
            ..config::Config::default().http
        };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        for origin in origins {
            headers.append(ORIGIN, HeaderValue::from_static(origin));
        }
        is_welcome(&options, &headers, is_encrypted)
    }

    #[test]
    fn own_and_named_origins_are_welcome_and_no_others() {
        let host = "here.example:7070";
        for (origin, plain, encrypted) in [
            ("http://here.example:7070", true, false),
            ("https://here.example:7070", true, true),
            ("HTTPS://Here.Example:7070", true, true),
            ("http://here.example", false, false),
            ("https://here.example:7071", false, false),
            ("https://chat.example", true, true),
            ("http://chat.example", false, false),
            ("https://chat.example.evil", false, false),
            ("https://chat.exampl", false, false),
            ("https://other.example:8443", true, true),
            ("https://other.example", false, false),
            ("null", false, false),
            ("here.example:7070", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_welcome_from(&[origin], host, false), plain, "{origin}");
            assert_eq!(
                is_welcome_from(&[origin], host, true),
                encrypted,
                "{origin}"
            );
        }
        assert!(is_welcome_from(&[], host, false));
        assert!(!is_welcome_from(&["https://chat.example"; 2], host, true));
        assert!(is_welcome_from(
            &["http://a.example"],
            "a.example:80",
            false
        ));
        assert!(is_welcome_from(&["https://a.example"], "a.example", true));
        assert!(!is_welcome_from(
            &["https://a.example"],
            "a.example:80",
            true
        ));
    }
}
