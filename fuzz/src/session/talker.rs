//! Talker: what is said comes back, or an error.

use std::sync::Arc;

use serde_json::json;
use tolmach::dialects::talker::{Talker as Dialect, TalkerSettings};
use tolmach::dialects::{DialectKind, DialectOptions};
use tolmach::gateway::{Serve, serving};
use tolmach_protocol_testing::feed;
use tolmach_talker::{ClientCodec, ClientFrame, Flavor, ServerCodec, ServerFrame, limits};

use super::Wire;
use super::world::Person;

pub(super) struct Talker {
    settings: TalkerSettings,
}

impl Talker {
    pub(super) fn new(first: u8) -> Self {
        let mut settings = TalkerSettings {
            flavor: [Flavor::Document, Flavor::TalkerApp][usize::from(first & 1)],
            ..TalkerSettings::default()
        };
        Dialect::stop_timers(&mut settings);
        Self { settings }
    }
}

impl Wire for Talker {
    fn serve(&self) -> Arc<dyn Serve> {
        serving(Dialect::new(&self.settings, &DialectOptions::default()))
    }

    fn come_in(&self, person: &Person, room: i32) -> Vec<Vec<u8>> {
        let connect = json!({"type": "connect", "room": room, "token": person.token});
        vec![connect.to_string().into_bytes()]
    }

    fn frame_length(&self, received: &[u8]) -> Option<usize> {
        received
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|end| end + 1)
    }

    fn check_one(&self, sent: &[u8], request: &[u8], received: &[&[u8]]) {
        let items = |bytes| {
            feed(
                ServerCodec::new(limits::FRAME_BYTES, self.settings.flavor),
                [bytes],
            )
        };
        let (before, asked) = (items(sent), items(request));
        let ([Ok(asked)], None, None) = (&asked.items[..], asked.error, before.error) else {
            return;
        };
        let told = self.told(&received.concat());
        let errors = told
            .iter()
            .filter(|frame| matches!(frame, ServerFrame::Error { .. }))
            .count();
        let count = |is: fn(&ServerFrame) -> bool| told.iter().filter(|frame| is(frame)).count();
        let said = count(
            |frame| matches!(frame, ServerFrame::Message(said) if !said.private && said.edit.is_none() && said.user.id != 0),
        );
        match asked {
            ClientFrame::Connect { .. } => {
                let connected = count(|frame| matches!(frame, ServerFrame::Connected { .. }));
                assert_eq!(connected + errors, 1, "{told:?}");
            }
            ClientFrame::Message {
                to: None,
                edit: None,
                ..
            } => {
                assert_eq!(said + errors, 1, "{told:?} to {asked:?}");
            }
            ClientFrame::Message { .. } => {
                assert!(errors <= 1 && said == 0, "{told:?} to {asked:?}")
            }
            ClientFrame::Ping | ClientFrame::Close => assert!(errors == 0 && said == 0, "{told:?}"),
        }
    }

    fn check_all(&self, sent: &[u8], received: &[u8]) {
        let asked = feed(
            ServerCodec::new(limits::FRAME_BYTES, self.settings.flavor),
            [sent],
        );
        let told = self.told(received);
        let errors = told
            .iter()
            .filter(|frame| matches!(frame, ServerFrame::Error { .. }))
            .count();
        // The last may be that the room is closed to it.
        assert!(
            errors <= asked.items.len() + 1,
            "{errors} errors to {}",
            sent.escape_ascii()
        );
        let connected = told
            .iter()
            .filter(|frame| matches!(frame, ServerFrame::Connected { .. }));
        assert!(connected.count() <= 1);
    }
}

impl Talker {
    fn told(&self, received: &[u8]) -> Vec<ServerFrame> {
        let told = feed(ClientCodec::new(usize::MAX), [received]);
        assert_eq!(told.error, None, "{}", received.escape_ascii());
        told.items
    }
}
