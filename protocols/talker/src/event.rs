//! An event, or the `user` hash in one: its members, named where something is wrong with one.

use crate::error::{BadFrame, DecodeError, Reason};
use crate::extra::Extra;
use crate::kind::EventKind;
use tolmach_json::Object;

/// The members of one object. Of a key that is there twice the last one counts; `null` is the same as none.
pub(crate) struct Event<'a> {
    pub(crate) kind: EventKind,
    object: Object<'a>,
    /// How many bytes stand before a key in the name of a field.
    prefix: usize,
}

impl<'a> Event<'a> {
    /// Reads one object that the scanner let through, of a type that `known` knows by its word.
    pub(crate) fn read(
        json: &'a str,
        known: fn(&str) -> Option<EventKind>,
    ) -> Result<Self, DecodeError> {
        let object = parse(json)?;
        let kind = EventKind::read(object.find("type"), known)?;
        Ok(Self {
            kind,
            object,
            prefix: 0,
        })
    }

    /// Reads the `user` of an event of this type.
    pub(crate) fn read_user(kind: EventKind, json: &'a str) -> Result<Self, DecodeError> {
        Ok(Self {
            kind,
            object: parse(json)?,
            prefix: "user.".len(),
        })
    }

    /// The JSON text of a member's value.
    pub(crate) fn find(&self, key: &str) -> Option<&'a str> {
        self.object.find(key).filter(|value| *value != "null")
    }

    /// What `read` makes of a field, which must be there. `right` says what it must be, as in "it must be …".
    pub(crate) fn required<T>(
        &self,
        name: &'static str,
        right: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, BadFrame> {
        self.optional(name, right, read)?
            .ok_or_else(|| self.bad(name, Reason::Missing(right)))
    }

    /// What `read` makes of a field, if it is there.
    pub(crate) fn optional<T>(
        &self,
        name: &'static str,
        right: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, BadFrame> {
        let key = name.get(self.prefix..).unwrap_or(name);
        match self.find(key) {
            None => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| self.bad(name, Reason::Wrong(right))),
        }
    }

    /// The members that are not owned.
    pub(crate) fn extra(&self, is_owned: fn(&str) -> bool) -> Extra {
        Extra::of(&self.object, is_owned)
    }

    fn bad(&self, field: &'static str, reason: Reason) -> BadFrame {
        BadFrame {
            event: self.kind,
            field,
            reason,
        }
    }
}

fn parse(json: &str) -> Result<Object<'_>, DecodeError> {
    Object::parse(json).map_err(|_| DecodeError::InvalidJson)
}
