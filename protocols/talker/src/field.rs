//! A field of an event on its way to a frame: named, so that what is wrong with it can be said.

use crate::error::{BadFrame, Reason};
use crate::kind::EventKind;
use serde_json::value::RawValue;

/// A field as it came. `null` is the same as none.
pub(crate) struct Field<'a> {
    event: EventKind,
    name: &'static str,
    /// What it must be, as in "it must be …".
    right: &'static str,
    value: Option<&'a RawValue>,
}

impl<'a> Field<'a> {
    pub(crate) fn new(
        event: EventKind,
        name: &'static str,
        right: &'static str,
        value: Option<&'a RawValue>,
    ) -> Self {
        Self {
            event,
            name,
            right,
            value: value.filter(|value| value.get() != "null"),
        }
    }

    /// What `read` makes of the field, which must be there.
    pub(crate) fn required<T>(
        self,
        read: impl FnOnce(&'a RawValue) -> Option<T>,
    ) -> Result<T, BadFrame> {
        let missing = self.bad(Reason::Missing(self.right));
        self.optional(read)?.ok_or(missing)
    }

    /// What `read` makes of the field, if it is there.
    pub(crate) fn optional<T>(
        self,
        read: impl FnOnce(&'a RawValue) -> Option<T>,
    ) -> Result<Option<T>, BadFrame> {
        match self.value {
            None => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| self.bad(Reason::Wrong(self.right))),
        }
    }

    fn bad(&self, reason: Reason) -> BadFrame {
        BadFrame {
            event: self.event,
            field: self.name,
            reason,
        }
    }
}
