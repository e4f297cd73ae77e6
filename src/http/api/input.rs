//! What requests bring: bodies of JSON, and the parameters of a query.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use bytes::BytesMut;
use hyper::body::Body as _;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use tolmach_json::{StreamStart, mend_surrogates};

use super::super::Site;
use super::super::admission::MAX_BODY;
use super::super::body;
use super::super::problem::Problem;
use super::page::PAGE;
use crate::model::{Error, Result};

/// A body of JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Site>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Site>) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                "send JSON, with the header Content-Type: application/json",
            ));
        }
        // It is there whole by now.
        let mut bytes = BytesMut::from(body::whole(request.into_body(), MAX_BODY).await?);
        StreamStart::default().pass(&mut bytes);
        mend_surrogates(&mut bytes);
        read(&bytes).map(Self).map_err(Problem::from)
    }
}

/// A body of JSON, or none.
pub(super) struct OptionalJson<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequest<Arc<Site>> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Problem> {
        if request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        let Json(value) = Json::from_request(request, site).await?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let of = headers.get(CONTENT_TYPE).and_then(|of| of.to_str().ok());
    let essence = of.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// A value of JSON; the field that is wrong is named.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // A list of the values alone would do, too, for whoever reads it.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'{') {
        return Err(Error::invalid("body", "it is no object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, error) = (error.path().to_string(), error.into_inner());
        let reason = error.to_string();
        let named = reason
            .contains(" field `")
            .then(|| reason.split('`').nth(1))
            .flatten();
        let field = match (named, path.as_str()) {
            (Some(named), _) if !error.is_syntax() => named.to_owned(),
            (_, "." | "?") => "body".to_owned(),
            (_, path) => path.to_owned(),
        };
        Error::invalid(field, reason)
    })?;
    reader
        .end()
        .map_err(|error| Error::invalid("body", error.to_string()))?;
    Ok(value)
}

/// The parameters of a query. Their values are as they came: what is a list is cut before it is decoded.
pub(super) struct Parameters(Vec<(String, String)>);

impl FromRequestParts<Arc<Site>> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Problem> {
        Ok(Self::of(&parts.uri)?)
    }
}

/// A text of a query as it was meant.
fn decoded(name: &str, text: &str) -> Result<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let decoded = decoded.map_err(|_| Error::invalid(name, "it is not UTF-8"))?;
    Ok(decoded.into_owned())
}

impl Parameters {
    /// Those of a request for this.
    pub(super) fn of(uri: &Uri) -> Result<Self> {
        let query = uri.query().unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let read = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded("query", name)?, value.to_owned()))
        });
        Ok(Self(read.collect::<Result<_>>()?))
    }

    /// A parameter's values as they came.
    fn take<'n>(&mut self, name: &'n str) -> impl Iterator<Item = String> + use<'_, 'n> {
        let taken = self.0.extract_if(.., move |(known, _)| known == name);
        taken.map(|(_, value)| value)
    }

    /// A parameter's text, where it is there.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        let mut found = self.take(name);
        match (found.next(), found.next()) {
            (value, None) => value.map(|value| decoded(name, &value)).transpose(),
            (_, Some(_)) => Err(Error::invalid(name, "give it once")),
        }
    }

    /// The names in a parameter that may be there several times, each time with several of them between commas; a comma in a
    /// name is `%2C`. `None`: it is not there.
    pub(super) fn names(&mut self, name: &str) -> Result<Option<Vec<String>>> {
        let lists: Vec<String> = self.take(name).collect();
        let mut names: Vec<String> = Vec::new();
        for list in &lists {
            let before = names.len();
            for part in list.split(',') {
                let part = decoded(name, part)?;
                match names[before..].last_mut() {
                    // A direct room's name has one.
                    Some(pair) if pair.starts_with('@') && !pair.contains(',') => {
                        pair.push(',');
                        pair.push_str(&part);
                    }
                    _ => names.push(part),
                }
            }
        }
        Ok((!lists.is_empty()).then_some(names))
    }

    /// A parameter that is a whole number; none where it is not given.
    pub(super) fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>> {
        let text = self.text(name)?;
        text.map(|text| number(name, &text)).transpose()
    }

    /// How many are wanted: 1 to [`PAGE`], which are wanted where nothing is said.
    pub(super) fn limit(&mut self) -> Result<usize> {
        match self.number("limit")? {
            None => Ok(PAGE),
            Some(limit) if (1..=PAGE).contains(&limit) => Ok(limit),
            Some(_) => Err(Error::invalid(
                "limit",
                format!("a number from 1 to {PAGE}"),
            )),
        }
    }

    /// Whether something is wanted: `1` or `true`, `0` or `false`.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool> {
        match self.text(name)?.as_deref() {
            None | Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(_) => Err(Error::invalid(name, "1 or 0")),
        }
    }

    /// The first one that has none of these names.
    pub(super) fn other_than(&self, known: &[String]) -> Option<&str> {
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| !known.iter().any(|known| known == name))
    }
}

/// A number out of a path or a query.
pub(super) fn number<T: FromStr>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Error::invalid(name, "a whole number"))
}

/// The parts of a path.
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Site>> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, site).await;
        let wrong = |error: PathRejection| Error::invalid("path", error.body_text()).into();
        path.map(|Path(path)| Self(path)).map_err(wrong)
    }
}
