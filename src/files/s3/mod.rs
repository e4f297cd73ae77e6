//! The contents of files in a bucket.
//!
//! A content is sent in one request when all of it has come in: S3 keeps it whole, or nothing. What a process is about to give to a
//! message it knows; what another one is, nobody can ask it: there the age of the object decides. Where one was given, its
//! message was committed within [`AGE`], or never will be.

mod bucket;
mod fault;
mod http;

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;

pub use bucket::S3Options;
pub(crate) use bucket::{Bucket, TooLong};
pub use fault::S3Fault;

use super::Contents;
use super::directory::Directory;
use crate::model::RoomId;

/// After how long no other process can give an object to a message: one is sent within 15 minutes ([`bucket`]), S3 takes no request
/// of a clock that differs by more than 15, and a node that does not commit in time has lost its lease, which lasts 5 at most.
const AGE: Duration = Duration::from_secs(60 * 60);

/// See the module. A handle: clones are the same place.
#[derive(Clone, Debug)]
pub(super) struct S3 {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bucket: Bucket,
    incoming: Directory,
    /// Other processes have it, too.
    is_shared: bool,
    /// The names of what messages are about to have.
    on_their_way: Mutex<HashSet<String>>,
}

impl S3 {
    pub(super) fn new(bucket: Bucket, incoming: Directory, is_shared: bool) -> Self {
        let shared = Shared {
            bucket,
            incoming,
            is_shared,
            on_their_way: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(super) fn bucket(&self) -> &Bucket {
        &self.shared.bucket
    }

    /// Where what comes in lies until it is whole.
    pub(super) fn incoming(&self) -> &Directory {
        &self.shared.incoming
    }

    /// From now on no sweep of this process takes it for what nobody has.
    pub(super) fn on_its_way(&self, room: RoomId, name: &str) -> OnItsWay {
        self.on_their_way().insert(name.to_owned());
        OnItsWay {
            s3: self.clone(),
            room,
            name: name.to_owned(),
            is_kept: false,
        }
    }

    /// What lies in a room, without what is on its way there.
    ///
    /// # Errors
    /// It cannot be listed.
    pub(super) async fn contents(&self, room: RoomId) -> io::Result<Contents> {
        let all = self.bucket().objects(room).await?;
        // What was listed and is not on its way by now was committed, or never will be.
        let on_their_way = self.on_their_way();
        let mut contents = Contents::default();
        for (name, since) in all {
            let age = SystemTime::now().duration_since(since).unwrap_or_default();
            let left = AGE.saturating_sub(age);
            match self.shared.is_shared && !left.is_zero() {
                _ if on_their_way.contains(&name) => {}
                true => contents.young.push((name, left)),
                false => contents.names.push(name),
            }
        }
        Ok(contents)
    }

    fn on_their_way(&self) -> MutexGuard<'_, HashSet<String>> {
        let on_their_way = &self.shared.on_their_way;
        on_their_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An object that is being sent, or that a message is about to have. Dropped, it is removed, unless it is kept.
#[derive(Debug)]
pub(super) struct OnItsWay {
    s3: S3,
    room: RoomId,
    name: String,
    is_kept: bool,
}

impl OnItsWay {
    /// Whatever becomes of this, the object stays.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// No message has it: the object is removed.
    pub(super) fn give_up(mut self) {
        self.is_kept = false;
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        self.s3.on_their_way().remove(&name);
        if let (false, Ok(runtime)) = (self.is_kept, Handle::try_current()) {
            let (bucket, room) = (self.s3.bucket().clone(), self.room);
            // What cannot be removed now a sweep removes, once the bucket answers.
            runtime.spawn(async move { bucket.remove(room, vec![name]).await });
        }
    }
}

#[cfg(test)]
mod tests;
