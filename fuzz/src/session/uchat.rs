//! uchat: a frame of the request's own type, or an error.

use std::sync::Arc;

use serde_json::json;
use tolmach::dialects::uchat::{Uchat as Dialect, UchatSettings};
use tolmach::dialects::{DialectKind, DialectOptions};
use tolmach::gateway::{Serve, serving};
use tolmach_protocol_testing::feed;
use tolmach_uchat::{
    ClientCodec, ClientFrame, Flavor, Request, RequestType, Secret, ServerCodec, ServerFrame,
    limits,
};

use super::Wire;
use super::world::Person;

pub(super) struct Uchat {
    settings: UchatSettings,
}

impl Uchat {
    pub(super) fn new(first: u8) -> Self {
        let flavor = [Flavor::Field, Flavor::Document][usize::from(first & 1)];
        Self {
            settings: UchatSettings { flavor },
        }
    }
}

impl Wire for Uchat {
    fn serve(&self) -> Arc<dyn Serve> {
        serving(Dialect::new(&self.settings, &DialectOptions::default()))
    }

    fn come_in(&self, person: &Person, room: i32) -> Vec<Vec<u8>> {
        let pass = Secret::of_password(&person.password).0;
        let said = [
            json!({"type": 0, "login": person.login, "pass": pass, "name": "", "desc": ""}),
            json!({"type": 14, "room_id": room}),
        ];
        said.map(|object| format!("{object}\n").into_bytes())
            .to_vec()
    }

    fn frame_length(&self, received: &[u8]) -> Option<usize> {
        received
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|end| end + 1)
    }

    fn check_one(&self, sent: &[u8], request: &[u8], received: &[&[u8]]) {
        if !(sent.is_empty() || sent.ends_with(b"\n")) || !request.ends_with(b"\n") {
            return;
        }
        let items = |bytes| {
            feed(
                ServerCodec::new(self.settings.flavor, limits::FRAME_BYTES),
                [bytes],
            )
        };
        let (before, asked) = (items(sent), items(request));
        let ([Ok(ClientFrame::Request(asked))], None, None) =
            (&asked.items[..], asked.error, before.error)
        else {
            return;
        };
        let answer = match asked {
            Request::LogIn { .. } | Request::SignUp { .. } | Request::Token { .. } => {
                RequestType::Token
            }
            other => other.kind(),
        };
        let told = self.told(&received.concat());
        let is_answer = |frame: &&ServerFrame<'_>| {
            // Who bans itself is told what the banned one is: RQ_DEL_ROOM.
            let of_banned =
                answer == RequestType::Ban && matches!(frame, ServerFrame::DeleteRoom { .. });
            frame.request() == Some(answer)
                || of_banned
                || matches!(frame, ServerFrame::Error { .. })
        };
        let answers = told.iter().filter(is_answer).count();
        assert_eq!(answers, 1, "{told:?} to {asked:?}");
    }

    fn check_all(&self, sent: &[u8], received: &[u8]) {
        let asked = feed(
            ServerCodec::new(self.settings.flavor, limits::FRAME_BYTES),
            [sent],
        );
        let told = self.told(received);
        let errors = told
            .iter()
            .filter(|frame| matches!(frame, ServerFrame::Error { .. }))
            .count();
        assert!(
            errors <= asked.items.len() + 1,
            "{errors} errors to {}",
            sent.escape_ascii()
        );
    }
}

impl Uchat {
    fn told(&self, received: &[u8]) -> Vec<ServerFrame<'static>> {
        let told = feed(
            ClientCodec::new(self.settings.flavor, usize::MAX),
            [received],
        );
        assert_eq!(told.error, None, "{}", received.escape_ascii());
        told.items
            .into_iter()
            .map(|item| item.expect("the gateway's frames are understood"))
            .collect()
    }
}
