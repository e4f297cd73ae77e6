//! One field of an object as text, with an error that names it.

use crate::error::BadFrame;
use crate::limits::OBJECT_CHARS;
use std::borrow::Cow;
use tolmach_json::{Object, string};

/// A field of the protocol: where it stands and what may be in it.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name in errors, with the object it is in.
    pub(crate) path: &'static str,
    /// Its key in the object it is in.
    pub(crate) key: &'static str,
    /// The most characters; a `#` in front of a name is not counted.
    pub(crate) limit: usize,
    /// Whether a `#` in front makes it a room's name.
    pub(crate) may_be_room: bool,
    /// What would be right, for errors.
    pub(crate) right: &'static str,
}

impl Field {
    /// A text at the top level of an object, as long as the object may be.
    pub(crate) const fn new(key: &'static str, right: &'static str) -> Self {
        Self {
            path: key,
            key,
            limit: OBJECT_CHARS,
            may_be_room: false,
            right,
        }
    }

    /// The same in another object.
    pub(crate) const fn inside(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// The same within so many characters.
    pub(crate) const fn at_most(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// The same, where a room's name may stand.
    pub(crate) const fn or_room(self) -> Self {
        Self {
            may_be_room: true,
            ..self
        }
    }

    /// The field's text, of any length.
    ///
    /// # Errors
    /// [`BadFrame::WrongType`] where it is there and no text.
    pub(crate) fn optional<'a>(
        &self,
        object: &Object<'a>,
    ) -> Result<Option<Cow<'a, str>>, BadFrame> {
        object
            .find(self.key)
            .map(|json| self.text(json))
            .transpose()
    }

    /// The field's text, of any length.
    ///
    /// # Errors
    /// [`BadFrame::Missing`], or as [`optional`](Self::optional).
    pub(crate) fn required<'a>(&self, object: &Object<'a>) -> Result<Cow<'a, str>, BadFrame> {
        self.optional(object)?.ok_or_else(|| self.missing())
    }

    /// The field's text, within its limit.
    ///
    /// # Errors
    /// [`BadFrame::TooLong`], or as [`optional`](Self::optional).
    pub(crate) fn optional_limited<'a>(
        &self,
        object: &Object<'a>,
    ) -> Result<Option<Cow<'a, str>>, BadFrame> {
        let text = self.optional(object)?;
        text.map(|text| self.limited(text)).transpose()
    }

    /// The field's text, within its limit.
    ///
    /// # Errors
    /// [`BadFrame::TooLong`], or as [`required`](Self::required).
    pub(crate) fn required_limited<'a>(
        &self,
        object: &Object<'a>,
    ) -> Result<Cow<'a, str>, BadFrame> {
        self.limited(self.required(object)?)
    }

    pub(crate) fn missing(&self) -> BadFrame {
        BadFrame::Missing {
            field: self.path,
            right: self.right,
        }
    }

    /// That `json` is of another type than the field should be.
    pub(crate) fn wrong_type(&self, json: &str) -> BadFrame {
        BadFrame::WrongType {
            field: self.path,
            found: type_of(json),
            right: self.right,
        }
    }

    fn text<'a>(&self, json: &'a str) -> Result<Cow<'a, str>, BadFrame> {
        string(json).ok_or_else(|| self.wrong_type(json))
    }

    fn limited<'a>(&self, text: Cow<'a, str>) -> Result<Cow<'a, str>, BadFrame> {
        let counted = text
            .strip_prefix('#')
            .filter(|_| self.may_be_room)
            .unwrap_or(&text);
        // There are never more characters than bytes.
        if counted.len() <= self.limit {
            return Ok(text);
        }
        match counted.chars().count() {
            characters if characters > self.limit => Err(BadFrame::TooLong {
                field: self.path,
                characters,
                limit: self.limit,
            }),
            _ => Ok(text),
        }
    }
}

/// What a JSON value is, for a person.
fn type_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}
