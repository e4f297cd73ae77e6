//! Members of servers' frames that their type alone does not describe.

use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::object::Object;

/// A text that the document's frames, or other servers', do without.
pub(super) mod or_empty {
    use super::{BadFrame, Fields, Flavor, Key, Object};
    use std::borrow::Cow;

    pub(in crate::server) fn read(
        fields: &Fields<'_>,
        key: Key,
        _: Flavor,
    ) -> Result<Cow<'static, str>, BadFrame> {
        fields.text_or_empty(key)
    }

    pub(in crate::server) fn write(text: &str, object: &mut Object<'_>, key: Key, _: Flavor) {
        object.text(key, text);
    }
}

/// A size that the document's frames do without: PROTOCOL.md 3.4.
pub(super) mod or_zero {
    use super::{BadFrame, Fields, Flavor, Key, Object};

    pub(in crate::server) fn read(
        fields: &Fields<'_>,
        key: Key,
        _: Flavor,
    ) -> Result<u64, BadFrame> {
        fields.size_or_zero(key)
    }

    pub(in crate::server) fn write(size: &u64, object: &mut Object<'_>, key: Key, _: Flavor) {
        object.number(key, size);
    }
}

/// RQ_OLD_MSGS' messages, which stand under another key in the document's flavor: PROTOCOL.md 9.
pub(super) mod old_messages {
    use super::{BadFrame, Fields, Flavor, Key, Object};
    use crate::server::Message;
    use crate::server::page::old_messages_key;
    use crate::value::Value;

    pub(in crate::server) fn read(
        fields: &Fields<'_>,
        _: Key,
        flavor: Flavor,
    ) -> Result<Vec<Message<'static>>, BadFrame> {
        Value::read(fields, old_messages_key(flavor))
    }

    pub(in crate::server) fn write(
        messages: &Vec<Message<'_>>,
        object: &mut Object<'_>,
        _: Key,
        flavor: Flavor,
    ) {
        messages.write(object, old_messages_key(flavor));
    }
}
