//! JIM: JSON objects, one answer per request.
//!
//! The flavor says which clients are served: those that keep to the document, or published ones as well (`field`).

mod adapter;
mod field;
mod form;
mod outcome;
mod requests;
mod shown;
mod translations;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tolmach_jim::Spelling;

use crate::config::{JimFlavor, JimSettings};
use crate::gateway::{Dialect, Terms};
use crate::hub::outbox::Pacing;
use crate::hub::tap::Show;
use crate::hub::{Form, Scope};

use adapter::JimAdapter;
use field::{FieldSide, Forms};
use form::JimForm;
use outcome::Style;
pub(super) use translations::TRANSLATIONS;

/// JIM as one listener speaks it.
pub struct Jim {
    probe_after: Duration,
    form: Form,
    field: Option<Field>,
}

/// What a listener of the flavor `field` has beside the document's.
struct Field {
    everyone: Arc<str>,
    forms: Arc<Forms>,
    pace: Duration,
}

impl Jim {
    /// JIM with these settings.
    #[must_use]
    pub fn new(settings: &JimSettings) -> Self {
        match settings.flavor {
            JimFlavor::Document => Self {
                probe_after: settings.probe_after,
                form: Form(Arc::new(JimForm::new(&settings.notices, Style::Document))),
                field: None,
            },
            JimFlavor::Field => {
                let forms = Forms::new(&settings.notices);
                Self {
                    // "No probe."
                    probe_after: Duration::ZERO,
                    form: forms.of(Spelling::DOCUMENT),
                    field: Some(Field {
                        everyone: settings.everyone.as_str().into(),
                        forms: Arc::new(forms),
                        pace: settings.pace,
                    }),
                }
            }
        }
    }
}

impl Dialect for Jim {
    type Adapter = JimAdapter;

    fn name(&self) -> &'static str {
        "jim"
    }

    fn show(&self) -> Box<dyn Show> {
        shown::show()
    }

    fn terms(&self) -> Terms {
        Terms {
            exclusive: true,
            scope: Scope::AllRooms,
            form: self.form.clone(),
            numbering: None,
        }
    }

    fn pacing(&self) -> Option<Pacing> {
        self.field.as_ref().map(|field| Pacing {
            length: line_length,
            interval: field.pace,
        })
    }

    fn adapter(&self, now: Instant) -> JimAdapter {
        let field = self
            .field
            .as_ref()
            .map(|field| FieldSide::new(field.everyone.clone(), field.forms.clone()));
        JimAdapter::new(self.probe_after, field, now)
    }
}

/// Every object is one line.
fn line_length(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    end.map_or(bytes.len(), |end| end + 1)
}

/// A form that says all that the dialect can.
#[cfg(test)]
pub(super) fn talkative() -> Box<dyn crate::hub::Render> {
    Box::new(JimForm::new(&[100, 101], Style::Document))
}
