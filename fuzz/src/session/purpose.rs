//! The purpose-byte protocol: an ACCEPTED or DECLINED per request, of its task, in order.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tolmach::dialects::purpose::{Purpose as Dialect, PurposeSettings};
use tolmach::dialects::{DialectKind, DialectOptions};
use tolmach::gateway::{Serve, serving};
use tolmach_protocol_testing::feed;
use tolmach_purpose::{
    Answer, ClientBody, ClientCodec, ClientFrame, Request, Revision, ServerBody, ServerCodec,
    ServerFrame, frame_length,
};

use super::Wire;
use super::world::Person;

pub(super) struct Purpose {
    settings: PurposeSettings,
}

impl Purpose {
    pub(super) fn new(first: u8) -> Self {
        let mut settings = PurposeSettings {
            revision: [Revision::One, Revision::Two][usize::from(first & 1)],
            ..PurposeSettings::default()
        };
        Dialect::stop_timers(&mut settings);
        Self { settings }
    }

    fn frame(&self, task: u8, body: ClientBody) -> Vec<u8> {
        let mut wire = BytesMut::new();
        assert!(ClientFrame { task, body }.write(self.settings.revision, &mut wire));
        wire.to_vec()
    }
}

impl Wire for Purpose {
    fn serve(&self) -> Arc<dyn Serve> {
        serving(Dialect::new(&self.settings, &DialectOptions::default()))
    }

    fn come_in(&self, person: &Person, room: i32) -> Vec<Vec<u8>> {
        let said = [
            Request::Hello { major: 0, minor: 1 },
            Request::LogIn {
                login: person.login.into(),
                password: person.password.as_str().into(),
            },
            Request::Join {
                chat: room,
                password: None,
            },
        ];
        said.map(|request| self.frame(1, ClientBody::Request(request)))
            .to_vec()
    }

    fn frame_length(&self, received: &[u8]) -> Option<usize> {
        frame_length(received).filter(|length| *length <= received.len())
    }

    fn acknowledgement(&self, frame: &[u8]) -> Option<Vec<u8>> {
        let ServerFrame { task, body } = self.told(frame).pop()?;
        let content = match body {
            ServerBody::Notification(_) => Bytes::new(),
            ServerBody::Heartbeat(content) => content,
            ServerBody::Accepted(_) | ServerBody::Declined(_) | ServerBody::Disconnect => {
                return None;
            }
        };
        Some(self.frame(task, ClientBody::Accepted(content)))
    }

    fn check_all(&self, sent: &[u8], received: &[u8]) {
        let limit = DialectOptions::default().frame_bytes;
        let mut expected = Vec::new();
        for item in feed(ServerCodec::new(self.settings.revision, limit), [sent]).items {
            match item {
                Ok(ClientFrame {
                    body: ClientBody::Accepted(_) | ClientBody::Declined(_),
                    ..
                }) => {}
                Err(bad) if bad.is_answer() => {}
                Ok(ClientFrame {
                    task,
                    body: ClientBody::Disconnect,
                }) => {
                    expected.push((task, None));
                    break;
                }
                Ok(ClientFrame { task, body }) => expected.push((task, Some(body))),
                Err(bad) => {
                    expected.push((bad.task, None));
                    if bad.closes() {
                        break;
                    }
                }
            }
        }
        let told = self.told(received).into_iter();
        let answers: Vec<ServerFrame> = told
            .filter(|frame| {
                matches!(
                    frame.body,
                    ServerBody::Accepted(_) | ServerBody::Declined(_)
                )
            })
            .collect();
        let tasks = |of: &[ServerFrame]| of.iter().map(|frame| frame.task).collect::<Vec<_>>();
        let expected_tasks: Vec<u8> = expected.iter().map(|(task, _)| *task).collect();
        assert_eq!(tasks(&answers), expected_tasks, "{}", sent.escape_ascii());
        for (answer, (_, asked)) in answers.into_iter().zip(expected) {
            self.check_content(answer, asked);
        }
    }
}

impl Purpose {
    /// What was accepted has the content that its kind of request is answered with.
    fn check_content(&self, answer: ServerFrame, asked: Option<ClientBody>) {
        let ServerBody::Accepted(content) = answer.body else {
            return;
        };
        match asked {
            Some(ClientBody::Request(request)) => {
                let read = Answer::read(request.kind(), self.settings.revision, content);
                assert!(read.is_ok(), "{read:?} to {:?}", request.kind());
            }
            Some(ClientBody::Heartbeat(echo)) => assert_eq!(content, echo),
            _ => assert!(content.is_empty()),
        }
    }

    fn told(&self, received: &[u8]) -> Vec<ServerFrame> {
        let told = feed(ClientCodec::new(self.settings.revision, 0), [received]);
        assert_eq!(told.error, None);
        told.items
            .into_iter()
            .map(|item| item.expect("the gateway's frames are understood"))
            .collect()
    }
}
