//! Files, each on a connection of its own, identified by a token: PROTOCOL.md 8.

use bytes::Bytes;
use tolmach_uchat::{ClientFrame, ErrorCode, Request, Secret, ServerFrame};

use super::adapter::{TRANSFER_PATIENCE, UchatAdapter};
use super::outcome::refusal;
use crate::commands;
use crate::files::Upload;
use crate::gateway::{Content, RequestContext, Response};
use crate::hub::Hub;
use crate::model::{Error, Result, RoomId};

/// A file on its way over a connection.
pub(super) enum Transfer {
    /// The client sends it.
    In(Box<Incoming>),
    /// The client has not said yet that it is ready for it.
    Out {
        room: i32,
        message: i32,
        token: String,
    },
}

/// A file that comes in.
pub(super) struct Incoming {
    upload: Upload,
    room: RoomId,
    name: String,
    left: u64,
    token: String,
}

impl UchatAdapter {
    pub(super) async fn upload(
        &mut self,
        name: String,
        size: u64,
        room: i32,
        token: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        match self.begin_upload(name, size, room, token, cx).await {
            Ok(incoming) => {
                let ready = self.frame_of(&ServerFrame::ReadyRead);
                if size > 0 {
                    self.ahead.expect(size);
                    self.transfer = Some(Transfer::In(incoming));
                    return Response::Answer(ready);
                }
                self.finish_upload(ready, incoming, cx).await
            }
            Err(error) => self.closing(&error),
        }
    }

    async fn begin_upload(
        &mut self,
        name: String,
        size: u64,
        room: i32,
        token: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Box<Incoming>> {
        self.identify(token, cx).await?;
        let room = RoomId(room);
        cx.session.may_post(room).await?;
        let limit = self.rules.file_bytes;
        if limit > 0 && size > limit {
            return Err(Error::TooLarge { limit });
        }
        Ok(Box::new(Incoming {
            upload: cx.session.begin_upload(&name).await?,
            room,
            name,
            left: size,
            token: token.0.clone(),
        }))
    }

    pub(super) async fn download(
        &mut self,
        room: i32,
        message: i32,
        token: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        match self.begin_download(room, message, token, cx).await {
            Ok(offer) => Response::Answer(offer),
            Err(error) => self.closing(&error),
        }
    }

    async fn begin_download(
        &mut self,
        room: i32,
        message: i32,
        token: &Secret,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        self.identify(token, cx).await?;
        let (info, _) = cx.session.fetch_file(RoomId(room), message).await?;
        self.transfer = Some(Transfer::Out {
            room,
            message,
            token: token.0.clone(),
        });
        Ok(self.frame_of(&ServerFrame::Download {
            size: info.size,
            name: info.name.into(),
        }))
    }

    /// What comes while a file is on its way.
    pub(super) async fn transferred(
        &mut self,
        frame: ClientFrame,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        match (frame, self.transfer.take()) {
            (ClientFrame::Raw(bytes), Some(Transfer::In(incoming))) => {
                self.received(&bytes, incoming, cx).await
            }
            (
                ClientFrame::Request(Request::ReadyRead),
                Some(Transfer::Out {
                    room,
                    message,
                    token,
                }),
            ) => match self.content(room, message, token, cx).await {
                Ok(content) => Response::Send(content),
                Err(error) => self.closing(&error),
            },
            // The document has both ends say it.
            (ClientFrame::Request(Request::ReadyRead), Some(upload @ Transfer::In(_))) => {
                self.transfer = Some(upload);
                Response::Continue
            }
            _ => self.no_file(),
        }
    }

    /// Neither a file's bytes nor what goes before them.
    pub(super) fn no_file(&self) -> Response {
        Response::Close(self.error(ErrorCode::BadRequest, "this connection is for its file"))
    }

    /// What was offered, if it may still be had.
    async fn content(
        &self,
        room: i32,
        message: i32,
        token: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<Content> {
        self.identify(&Secret(token), cx).await?;
        let (info, found) = cx.session.fetch_file(RoomId(room), message).await?;
        Ok(Content {
            reader: Hub::read_content(found, 0..info.size).await?,
            bytes: info.size,
            patience: TRANSFER_PATIENCE,
        })
    }

    async fn received(
        &mut self,
        bytes: &[u8],
        mut incoming: Box<Incoming>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        if let Err(error) = incoming.upload.write(bytes).await {
            tracing::error!(%error, "a file cannot be written");
            return self.closing(&Error::Unavailable);
        }
        incoming.left = incoming.left.saturating_sub(bytes.len() as u64);
        if incoming.left > 0 {
            self.transfer = Some(Transfer::In(incoming));
            return Response::Continue;
        }
        self.finish_upload(Bytes::new(), incoming, cx).await
    }

    /// All bytes have come: the file is posted, and the connection closed, PROTOCOL.md 8.2. `first` is still to be written.
    async fn finish_upload(
        &mut self,
        first: Bytes,
        incoming: Box<Incoming>,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let Incoming {
            upload,
            room,
            name,
            token,
            ..
        } = *incoming;
        // The token may have ended since.
        let posted = match self.identify(&Secret(token), cx).await {
            Ok(()) => {
                cx.keep_pace(&room.into()).await;
                cx.session.post_file(room, upload, &name).await.map(drop)
            }
            Err(error) => Err(error),
        };
        match posted {
            Ok(()) => Response::Farewell(first),
            Err(Error::OutcomeUnknown) => Response::Close(Bytes::new()),
            Err(error) => {
                Response::Close([first, refusal(self.rules.flavor, &error)].concat().into())
            }
        }
    }

    /// Who is not logged in, by the token (PROTOCOL.md 8.1): among the bytes of a file nothing else can be told.
    async fn identify(&self, token: &Secret, cx: &mut RequestContext<'_>) -> Result<()> {
        if cx.session.user().is_some() {
            let reason = "a file goes over a connection of its own, which is not logged in";
            return Err(Error::invalid("type", reason));
        }
        let token = token.0.as_str().into();
        let identify = commands::Identify { token };
        cx.session.call(identify).await.map(drop)
    }

    fn closing(&mut self, error: &Error) -> Response {
        self.transfer = None;
        Response::Close(refusal(self.rules.flavor, error))
    }
}
