//! Files: handed in, posted, fetched, swept.

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::commands::rules::{Standing, View, check_quiet};
use super::commands::{self, Caller, FindMessage, Offline};
use super::{Hub, Session};
use crate::files::{FileArea, Found, Reading, Upload, is_told, limit_in};
use crate::model::{
    Error, FileInfo, Message, MessageKind, Result, RoomChange, RoomEvent, RoomId, RoomSelector,
    Target, kept_file_name,
};

/// How long a sweep waits before it looks again whether the files are still held.
const HELD: Duration = Duration::from_secs(1);
/// How long one waits before it tries again what failed.
const FAILED: Duration = Duration::from_secs(60);

/// What a sweep of a room came to.
enum Swept {
    /// What no message has is gone.
    All,
    /// Something of it may be there, and is to be looked for after so long.
    Again(Duration),
}

impl Hub {
    /// Where the contents of files are, if they can be sent here at all.
    #[must_use]
    pub fn files(&self) -> Option<&FileArea> {
        self.inner.files.as_ref()
    }

    /// The content of a message's file, and what is known of it. Whether whoever asks may read the message is not looked at.
    ///
    /// # Errors
    /// [`Error::NoSuchMessage`] where the message has no file or its content is gone.
    pub async fn content_of(&self, message: &Message) -> Result<(FileInfo, Found)> {
        let info = message.file.clone().ok_or(Error::NoSuchMessage)?;
        let files = self.files().ok_or(Error::NoSuchMessage)?;
        let found = files.find(message.room, &info.stored).await;
        Ok((info, found.map_err(not_had)?))
    }

    /// So many bytes of a content that was found, from there.
    ///
    /// # Errors
    /// [`Error::NoSuchMessage`] where it is gone by now; [`Error::Unavailable`].
    pub async fn read_content(found: Found, part: Range<u64>) -> Result<Reading> {
        found.read(part).await.map_err(not_had)
    }

    /// Writes all that the store has in memory to a new file, as a database, which whoever asked removes.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the store is a file; [`Error::Unavailable`]; it cannot be written.
    #[cfg(feature = "sqlite")]
    pub async fn write_store(&self) -> Result<std::path::PathBuf> {
        let none = || Error::Unsupported("there is no place for files".to_owned());
        let area = self.files().cloned().ok_or_else(none)?;
        let made = tokio::task::spawn_blocking(move || area.new_file()).await;
        let path = made.map_err(|_| Error::Internal)?.map_err(unavailable)?;
        let (store, to) = (self.inner.store.clone(), path.clone());
        let written = tokio::task::spawn_blocking(move || store.write_to(&to)).await;
        let written = written.unwrap_or(Err(Error::Internal));
        if written.is_err() {
            // It is gone at the next start at the latest.
            let _ = std::fs::remove_file(&path);
        }
        written.map(|()| path)
    }

    /// Removes what no message has: what was left by a process that was killed. Where that goes over a network, nobody waits for it.
    pub(super) async fn sweep_all_files(&self) -> Result<()> {
        match self.files() {
            Some(files) if files.is_near() => self.sweep_each_room().await,
            Some(_) => {
                self.run(self.clone().sweep_from_afar());
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn sweep_each_room(&self) -> Result<()> {
        let Some(files) = self.files() else {
            return Ok(());
        };
        for room in files.rooms().await.map_err(unavailable)? {
            if let Swept::Again(_) = self.sweep_files(room).await? {
                self.sweep_soon(room);
            }
        }
        Ok(())
    }

    /// Tries until all is swept.
    async fn sweep_from_afar(self) {
        let mut hub = self;
        while hub.sweep_each_room().await.is_err() {
            let Some(again) = hub.after(FAILED).await else {
                return;
            };
            hub = again;
        }
    }

    /// Itself after so long; its end does not wait for this.
    async fn after(self, time: Duration) -> Option<Self> {
        let inner = Arc::downgrade(&self.inner);
        drop(self);
        tokio::time::sleep(time).await;
        let inner = inner.upgrade()?;
        Some(Self { inner })
    }

    /// Sweeps a room, as soon as its files are not held by somebody who copies them, and nobody else is about to give them to messages.
    async fn sweep_until_done(self, room: RoomId) {
        let (mut hub, mut has_failed) = (self, false);
        loop {
            let one_at_a_time = hub.inner.sweeps.begin(room).await;
            let swept = hub.sweep_files(room).await;
            drop(one_at_a_time);
            let wait = match swept {
                Ok(Swept::All) => return,
                Ok(Swept::Again(after)) => after,
                Err(error) => {
                    if !std::mem::replace(&mut has_failed, true) {
                        tracing::warn!(%error, %room, "files that no message has stay for now");
                    }
                    FAILED
                }
            };
            // Another one that waits will see what this one would.
            if !hub.inner.sweeps.wait(room) {
                return;
            }
            let Some(again) = hub.after(wait).await else {
                return;
            };
            hub = again;
            hub.inner.sweeps.waited(room);
        }
    }

    async fn sweep_files(&self, room: RoomId) -> Result<Swept> {
        let Some(files) = self.files() else {
            return Ok(Swept::All);
        };
        let contents = files.contents(room).await.map_err(unavailable)?;
        let (mut names, mut young) = (contents.names, contents.young);
        if !names.is_empty() || !young.is_empty() {
            let had = self.files_had(room).await?;
            names.retain(|name| !had.contains(name));
            young.retain(|(name, _)| !had.contains(name));
        }
        while !names.is_empty() {
            let suspects = files.suspect(room, &mut names).await.map_err(unavailable)?;
            let Some(suspects) = suspects else {
                return Ok(Swept::Again(HELD));
            };
            let had = self.files_had(room).await?;
            if !suspects.remove(had).await.map_err(unavailable)? {
                return Ok(Swept::Again(HELD));
            }
        }
        files.tidy(room);
        let last = young.into_iter().map(|(_, left)| left).max();
        Ok(last.map_or(Swept::All, Swept::Again))
    }

    async fn files_had(&self, room: RoomId) -> Result<HashSet<String>> {
        let had = self.inner.store.files(room).await?;
        Ok(had.into_iter().collect())
    }

    /// After this event some of the room's files may be nobody's any more.
    pub(super) fn files_after(&self, event: &RoomEvent) {
        let may_go = match &event.change {
            RoomChange::Deleted(message) => message.kind == MessageKind::File,
            RoomChange::HistoryCleared | RoomChange::RoomDeleted => true,
            _ => false,
        };
        if may_go {
            self.sweep_soon(event.room.id);
        }
    }

    /// Some of the room's files may be nobody's any more.
    pub(super) fn sweep_soon(&self, room: RoomId) {
        if self.files().is_none() {
            return;
        }
        // One that has not begun yet will see what this one would.
        if self.inner.sweeps.await_one(room) {
            self.run(self.clone().sweep_until_done(room));
        }
    }
}

/// The sweeps that are due: one at a time, and one for each room waits at most.
#[derive(Default)]
pub(super) struct Sweeps {
    due: std::sync::Mutex<HashSet<RoomId>>,
    later: std::sync::Mutex<HashSet<RoomId>>,
    under_way: tokio::sync::Mutex<()>,
}

impl Sweeps {
    /// Whether a sweep of the room is to be begun; `false`: one is due already.
    fn await_one(&self, room: RoomId) -> bool {
        self.due().insert(room)
    }

    /// Waits for its turn; from then on another sweep of the room may become due.
    async fn begin(&self, room: RoomId) -> tokio::sync::MutexGuard<'_, ()> {
        let turn = self.under_way.lock().await;
        self.due().remove(&room);
        turn
    }

    /// Whether a sweep of the room is to wait; `false`: one does already.
    fn wait(&self, room: RoomId) -> bool {
        self.later().insert(room)
    }

    fn waited(&self, room: RoomId) {
        self.later().remove(&room);
    }

    fn later(&self) -> std::sync::MutexGuard<'_, HashSet<RoomId>> {
        self.later
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn due(&self) -> std::sync::MutexGuard<'_, HashSet<RoomId>> {
        self.due
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Session {
    /// Whether the asker may say something in a room, before it hands in a file.
    ///
    /// # Errors
    /// What keeps the user from posting there, as [`Send`](super::commands::Send) would say it.
    pub async fn may_post(&mut self, room: RoomId) -> Result<()> {
        let caller = Caller::connected(self);
        let room = RoomSelector::Id(room);
        let row = caller.sees(View::History, &room).await?;
        let (role, author) = (caller.role(row.room.id).await?, false);
        check_quiet(&row.room, Standing::User { role, author })
    }

    /// Begins to take in a file; `name` is what its sender calls it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that cannot be, [`Error::Unsupported`] where files cannot be sent, [`Error::Unavailable`]
    /// where the disk does not take any.
    pub async fn begin_upload(&self, name: &str) -> Result<Upload> {
        kept_file_name("name", name)?;
        let none = || Error::Unsupported("files cannot be sent here".to_owned());
        let files = self.hub.files().ok_or_else(none)?;
        if !files.has_room() {
            return Err(Error::Unavailable);
        }
        files.receive(name).await.map_err(unavailable)
    }

    /// Posts a file that has come in whole: the message, the content and its record are there together, or not at all.
    ///
    /// # Errors
    /// What the store answers; [`Error::TooLarge`] and [`Error::Unavailable`] where the place does not take the content.
    pub async fn post_file(
        &mut self,
        room: RoomId,
        upload: Upload,
        name: &str,
    ) -> Result<Arc<Message>> {
        let name = kept_file_name("name", name)?;
        let mut placed = upload.place(room).await.map_err(not_taken)?;
        let mut message = commands::Send {
            to: Target::Room(RoomSelector::Id(room)),
            kind: MessageKind::File,
            text: String::new(),
            reply_to: None,
            file: Some(FileInfo {
                name,
                size: placed.bytes(),
                stored: placed.name().to_owned(),
                sha256: Some(placed.sha256()),
            }),
            extra: String::new(),
            offline: Offline::Store,
        };
        self.decide(&mut message).await?;
        if let Some(file) = &mut message.file {
            file.name = kept_file_name("name", &file.name)?;
        }
        let caller = Caller::connected(self);
        caller.actor()?;
        let message = Box::new(message).prepare(&caller).await?;
        // Until here the end of the connection takes the content with it, from here on it does not.
        placed.submitted();
        match caller.commit(*message).await {
            Err(error) if error != Error::OutcomeUnknown => {
                placed.refused();
                Err(error)
            }
            outcome => outcome,
        }
    }

    /// A file's content and what is known of it, if the asker may read the message.
    ///
    /// # Errors
    /// [`Error::NoSuchMessage`], also where the message has no file or its content is gone.
    pub async fn fetch_file(&mut self, room: RoomId, low_bits: i32) -> Result<(FileInfo, Found)> {
        let room = Some(RoomSelector::Id(room));
        let message = self.call(FindMessage { low_bits, room }).await?;
        self.hub.content_of(&message).await
    }
}

fn unavailable(error: io::Error) -> Error {
    if !is_told(&error) {
        tracing::error!(%error, "the file area");
    }
    Error::Unavailable
}

/// That the place does not take a content.
fn not_taken(error: io::Error) -> Error {
    let too_large = |limit| Error::TooLarge { limit };
    limit_in(&error).map_or_else(|| unavailable(error), too_large)
}

/// That a content cannot be had, as whoever asked for its message is told.
fn not_had(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NoSuchMessage,
        _ => unavailable(error),
    }
}
