//! How uchat's frames are shown to those who watch: as they are, without what is secret. Of a file's bytes only their
//! number is told.

use crate::dialects::redaction::Objects;
use crate::hub::tap::Show;

pub(super) fn show() -> Box<dyn Show> {
    // Nobody speaks to the gateway here: it has requests for all that.
    Box::new(Objects::new(|_| false))
}
