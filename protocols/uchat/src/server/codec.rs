//! Members of servers' frames that their type alone does not describe.

use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::object::Object;

/// What the document's frames, or other servers', do without: PROTOCOL.md 3.4.
pub(super) mod or_default {
    use super::{BadFrame, Fields, Flavor, Key, Object};
    use crate::value::Scalar;

    pub(in crate::server) fn read<S: Scalar + Default>(
        fields: &Fields<'_>,
        key: Key,
        _: Flavor,
    ) -> Result<S, BadFrame> {
        Ok(S::read_optional(fields, key)?.unwrap_or_default())
    }

    pub(in crate::server) fn write(
        value: &impl Scalar,
        object: &mut Object<'_>,
        key: Key,
        _: Flavor,
    ) {
        value.put(object, key);
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
