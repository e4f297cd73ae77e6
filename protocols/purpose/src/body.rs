//! Reads a body field by field, and says of the first wrong one what is wrong with it.

use crate::error::{BadBody, Problem};
use crate::structures::Status;
use crate::text::{Secret, Text};
use bytes::Bytes;

/// What is left of a body, and where in it the reader is.
#[derive(Debug)]
pub(crate) struct Body {
    rest: Bytes,
    /// The last field that was read, empty before the first.
    field: &'static str,
    /// The element of a list up to the end that is being read, from 1.
    item: Option<usize>,
}

impl Body {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            rest: bytes,
            field: "",
            item: None,
        }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn bad(&self, problem: Problem) -> BadBody {
        BadBody {
            item: self.item,
            field: self.field,
            problem,
        }
    }

    fn fixed<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], BadBody> {
        self.field = field;
        let Some(&value) = self.rest.first_chunk::<N>() else {
            return Err(self.bad(Problem::Short {
                have: self.rest.len(),
                need: N,
            }));
        };
        let _ = self.rest.split_to(N);
        Ok(value)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, BadBody> {
        self.fixed(field).map(|[byte]| byte)
    }

    pub(crate) fn i32(&mut self, field: &'static str) -> Result<i32, BadBody> {
        self.fixed(field).map(i32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self, field: &'static str) -> Result<i64, BadBody> {
        self.fixed(field).map(i64::from_le_bytes)
    }

    /// A byte that is 0 or 1: PROTOCOL.md 2.2.
    pub(crate) fn bool(&mut self, field: &'static str) -> Result<bool, BadBody> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.bad(Problem::NotBool(other))),
        }
    }

    /// A message's status: PROTOCOL.md 6.1.
    pub(crate) fn status(&mut self, field: &'static str) -> Result<Status, BadBody> {
        let byte = self.u8(field)?;
        Status::from_byte(byte).ok_or_else(|| self.bad(Problem::NotStatus(byte)))
    }

    /// UTF-8 ended by one NUL: PROTOCOL.md 2.2.
    pub(crate) fn text(&mut self, field: &'static str) -> Result<Text, BadBody> {
        self.field = field;
        let Some(length) = memchr::memchr(0, &self.rest) else {
            return Err(self.bad(Problem::NoNul));
        };
        let bytes = self.rest.split_to(length);
        let _nul = self.rest.split_to(1);
        Text::read(bytes).ok_or_else(|| self.bad(Problem::NotUtf8))
    }

    pub(crate) fn secret(&mut self, field: &'static str) -> Result<Secret, BadBody> {
        self.text(field).map(Secret)
    }

    /// A DECLINED's "reason, string (may be empty)"; a body without one is an empty reason.
    pub(crate) fn reason(&mut self) -> Result<Text, BadBody> {
        Ok(self.optional("reason", Self::text)?.unwrap_or_default())
    }

    /// A HEARTBEAT's text, if it has one, as it came: its NUL is part of what is echoed.
    pub(crate) fn heartbeat(&mut self) -> Result<Bytes, BadBody> {
        let whole = self.rest.clone();
        self.optional("text", Self::text)?;
        Ok(whole)
    }

    /// "[, field]": none when the body ends before it.
    pub(crate) fn optional<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<T, BadBody>,
    ) -> Result<Option<T>, BadBody> {
        if self.is_at_end() {
            return Ok(None);
        }
        read(self, field).map(Some)
    }

    /// "… to the end": elements until the body ends; a cut one is an error.
    pub(crate) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, BadBody>,
    ) -> Result<Vec<T>, BadBody> {
        let mut list = Vec::new();
        while !self.is_at_end() {
            self.item = Some(list.len() + 1);
            list.push(read(self)?);
        }
        self.item = None;
        Ok(list)
    }

    /// All that is left, as it is.
    pub(crate) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.rest)
    }

    /// `value`, provided that nothing is left over.
    pub(crate) fn end<T>(self, value: T) -> Result<T, BadBody> {
        match self.rest.len() {
            0 => Ok(value),
            bytes => Err(self.bad(Problem::LeftOver(bytes))),
        }
    }
}
