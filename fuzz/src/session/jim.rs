//! JIM: an answer per object, in order.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tolmach::dialects::jim::{Jim as Dialect, JimSettings};
use tolmach::dialects::{DialectKind, DialectOptions};
use tolmach::gateway::{Serve, serving};
use tolmach_jim::{ClientCodec, ClientFrame, Flavor, ServerCodec, ServerFrame, limits};
use tolmach_protocol_testing::feed;

use super::Wire;
use super::world::Person;

/// Notices that nobody asked for.
const NOTICES: [u16; 2] = [100, 101];

pub(super) struct Jim {
    settings: JimSettings,
}

impl Jim {
    pub(super) fn new(first: u8) -> Self {
        let mut settings = JimSettings {
            flavor: [Flavor::Document, Flavor::Compat][usize::from(first & 1)],
            pace: Duration::ZERO,
            notices: NOTICES.to_vec(),
            ..JimSettings::default()
        };
        Dialect::stop_timers(&mut settings);
        Self { settings }
    }
}

impl Wire for Jim {
    fn serve(&self) -> Arc<dyn Serve> {
        serving(Dialect::new(&self.settings, &DialectOptions::default()))
    }

    fn come_in(&self, person: &Person, _: i32) -> Vec<Vec<u8>> {
        let user = json!({"account_name": person.login, "password": person.password});
        let said = [
            json!({"action": "authenticate", "time": 1, "user": user}),
            json!({"action": "join", "time": 1, "room": "#tea"}),
        ];
        said.map(|object| object.to_string().into_bytes()).to_vec()
    }

    fn frame_length(&self, received: &[u8]) -> Option<usize> {
        received
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|end| end + 1)
    }

    fn check_all(&self, sent: &[u8], received: &[u8]) {
        let (mut expected, mut said_farewell) = (Vec::new(), false);
        let asked = feed(ServerCodec::of(self.settings.flavor), [sent]);
        for item in asked.items {
            match item {
                Ok(ClientFrame::Quit) => {
                    said_farewell = true;
                    break;
                }
                Ok(ClientFrame::Probe) | Err(_) => expected.push(Some(400)),
                Ok(_) => expected.push(None),
            }
        }
        // An object without an end is answered; after three runs that are none each has had its answer.
        if !said_farewell && asked.error.is_some_and(|error| error.contains("no end")) {
            expected.push(Some(400));
        }
        let codes = self.codes(received);
        assert_eq!(
            codes.len(),
            expected.len(),
            "{codes:?} to {}",
            sent.escape_ascii()
        );
        for (code, expected) in codes.iter().zip(expected) {
            assert!(
                expected.is_none_or(|expected| expected == *code),
                "{codes:?} to {}",
                sent.escape_ascii()
            );
        }
    }
}

impl Jim {
    /// The codes of what was answered; all that was said keeps to the limits.
    fn codes(&self, received: &[u8]) -> Vec<u16> {
        if self.settings.flavor == Flavor::Compat {
            let lines = received.split_inclusive(|byte| *byte == b'\n');
            return lines
                .filter_map(compat_code)
                .filter(|code| !NOTICES.contains(code))
                .collect();
        }
        let told = feed(ClientCodec::new(), [received]);
        assert_eq!(told.error, None);
        let frames = told
            .items
            .into_iter()
            .map(|item| item.expect("the gateway's frames are understood"));
        let code = |frame: ServerFrame| {
            assert!(frame.fits(), "{frame:?}");
            match frame {
                ServerFrame::Answer(answer) => Some(answer.code),
                ServerFrame::ContactCount { .. } => Some(202),
                ServerFrame::Msg { .. }
                | ServerFrame::Probe { .. }
                | ServerFrame::Contact { .. } => None,
            }
        };
        frames
            .filter_map(code)
            .filter(|code| !NOTICES.contains(code))
            .collect()
    }
}

fn compat_code(line: &[u8]) -> Option<u16> {
    assert!(
        line.is_ascii() && line.len() <= limits::COMPAT_OBJECT_BYTES,
        "{}",
        line.escape_ascii()
    );
    let object: serde_json::Value = serde_json::from_slice(line).expect("a line is an object");
    object["response"]
        .as_u64()
        .map(|code| code.try_into().expect("a code has three digits"))
}
