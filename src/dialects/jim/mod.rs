//! JIM: JSON objects, one answer per request.

mod adapter;
mod form;
mod outcome;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{JimFlavor, JimSettings};
use crate::gateway::{Dialect, Terms};
use crate::hub::{Form, Scope};

use adapter::JimAdapter;
use form::JimForm;

/// JIM as one listener speaks it.
pub struct Jim {
    probe_after: Duration,
    form: Form,
}

impl Jim {
    /// JIM with these settings.
    ///
    /// # Errors
    /// What this build cannot do.
    pub fn new(settings: &JimSettings) -> Result<Self, String> {
        match settings.flavor {
            JimFlavor::Document => {
                let form = Form(Arc::new(JimForm::new(&settings.notices)));
                Ok(Self {
                    probe_after: settings.probe_after,
                    form,
                })
            }
            JimFlavor::Field => {
                Err("this build does not speak jim.flavor = \"field\"; use \"document\"".to_owned())
            }
        }
    }
}

impl Dialect for Jim {
    type Adapter = JimAdapter;

    fn name(&self) -> &'static str {
        "jim"
    }

    fn terms(&self) -> Terms {
        Terms {
            exclusive: true,
            scope: Scope::AllRooms,
            form: self.form.clone(),
            numbering: None,
        }
    }

    fn adapter(&self, now: Instant) -> JimAdapter {
        JimAdapter::new(self.probe_after, now)
    }
}
