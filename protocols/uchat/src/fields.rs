//! What a frame, or an object in one, holds: its members by their keys, named where something is wrong with one.

use crate::error::{BadFrame, DecodeError, Reason};
use crate::json;
use crate::key::Key;
use crate::request_type::RequestType;
use tolmach_json::{for_each_item, for_each_member};

/// The members that mean something in some frame; all others are dropped. Of a key that is there more than once
/// the first counts, and of `type` the second too.
pub(crate) struct Fields<'a> {
    request: Option<RequestType>,
    values: [Option<&'a str>; Key::COUNT],
    second_type: Option<&'a str>,
    depth: usize,
}

impl<'a> Fields<'a> {
    /// Reads a line. The request is not known yet: see [`Fields::request`].
    pub(crate) fn of_line(line: &'a [u8], nesting: usize) -> Result<Self, DecodeError> {
        let json = std::str::from_utf8(line).map_err(|_| DecodeError::InvalidJson)?;
        let fields = Self::read(json, None).map_err(|_| DecodeError::InvalidJson)?;
        if fields.depth > nesting {
            return Err(DecodeError::TooDeep { limit: nesting });
        }
        Ok(fields)
    }

    fn read(json: &'a str, request: Option<RequestType>) -> Result<Self, tolmach_json::Error> {
        let mut fields = Self {
            request,
            values: [None; Key::COUNT],
            second_type: None,
            depth: 1,
        };
        for_each_member(json, |member| {
            fields.depth = fields.depth.max(1 + json::depth(member.value));
            if let Some(key) = Key::named(&member.key) {
                fields.push(key, member.value);
            }
        })?;
        Ok(fields)
    }

    /// Of a key that repeats the first counts, but of `type` the second is wanted too: PROTOCOL.md 2.2.
    fn push(&mut self, key: Key, value: &'a str) {
        match &mut self.values[key as usize] {
            first @ None => *first = Some(value),
            Some(_) if key == Key::Type => {
                self.second_type.get_or_insert(value);
            }
            Some(_) => {}
        }
    }

    /// What the frame's `type` says it is, from now on named in what is wrong with it.
    pub(crate) fn request(&mut self) -> Result<RequestType, BadFrame> {
        let number = self.required(Key::Type, "the number of a request", json::whole)?;
        let unknown = self.bad(Key::Type, Reason::UnknownType(number));
        let request = RequestType::from_number(number).ok_or(unknown)?;
        self.request = Some(request);
        Ok(request)
    }

    /// That the request is none that this end reads.
    pub(crate) fn unknown_type(&self) -> BadFrame {
        let number = self.request.map_or(-1, RequestType::number);
        self.bad(Key::Type, Reason::UnknownType(number))
    }

    /// Whether there is something under `key`.
    pub(crate) fn has(&self, key: Key) -> bool {
        self.values[key as usize].is_some()
    }

    /// Reads the second `type` of a frame, which the first one's meaning needs.
    pub(crate) fn second_type<T>(
        &self,
        right: &'static str,
        known: fn(i64) -> Option<T>,
    ) -> Result<T, BadFrame> {
        let value = self.second_type.filter(|value| *value != "null");
        let value = value.ok_or_else(|| self.bad(Key::Type, Reason::Missing(right)))?;
        json::whole(value)
            .and_then(known)
            .ok_or_else(|| self.bad(Key::Type, Reason::Wrong(right)))
    }

    /// An array of objects, each read by `read`.
    pub(crate) fn list<T>(
        &self,
        key: Key,
        read: fn(&Fields<'a>) -> Result<T, BadFrame>,
    ) -> Result<Vec<T>, BadFrame> {
        let right = "an array of objects";
        let json = self.required(key, right, Some)?;
        let (mut items, mut bad) = (Vec::new(), None);
        let is_array = for_each_item(json, |item| {
            if bad.is_none() {
                match self.item(item, key, right).and_then(|item| read(&item)) {
                    Ok(item) => items.push(item),
                    Err(error) => bad = Some(error),
                }
            }
        });
        match (is_array, bad) {
            (Ok(()), None) => Ok(items),
            (Ok(()), Some(bad)) => Err(bad),
            (Err(_), _) => Err(self.bad(key, Reason::Wrong(right))),
        }
    }

    fn item(&self, item: &'a str, key: Key, right: &'static str) -> Result<Fields<'a>, BadFrame> {
        Fields::read(item, self.request).map_err(|_| self.bad(key, Reason::Wrong(right)))
    }

    /// What `read` makes of a member, which must be `right`.
    pub(crate) fn required<T>(
        &self,
        key: Key,
        right: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, BadFrame> {
        self.optional(key, right, read)?
            .ok_or_else(|| self.bad(key, Reason::Missing(right)))
    }

    /// The same, if it is there. `null` is the same as none.
    pub(crate) fn optional<T>(
        &self,
        key: Key,
        right: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, BadFrame> {
        match self.values[key as usize].filter(|value| *value != "null") {
            None => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| self.bad(key, Reason::Wrong(right))),
        }
    }

    fn bad(&self, key: Key, reason: Reason) -> BadFrame {
        BadFrame {
            request: self.request,
            field: key.as_str(),
            reason,
        }
    }
}
