//! The index's thread: it fills the file behind the commits, and makes it anew where it must.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::super::values::Sql;
use super::index::{Index, Work, may_pass};
use super::{feed, file};
use crate::model::{RoomId, Seq};
use crate::store::worker::Worker;

/// The least time between two looks: what is said meanwhile is indexed together, and searched by reading it until then.
const PAUSE: Duration = Duration::from_millis(50);
/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(10);
/// One part of the time goes to taking out what was removed for its age, so many to others: 0.5 % of a core, as the removal itself.
const PAUSES: u32 = 199;

/// The thread, and its end.
pub(in crate::store::sqlite) struct Indexer {
    index: Arc<Index>,
    thread: Worker,
}

impl Indexer {
    /// Starts the thread, with a connection that reads the database. Nothing may be written to that before this returns:
    /// whether the file fits it is looked at here.
    pub(in crate::store::sqlite) fn start(rows: Connection, index: Arc<Index>) -> io::Result<Self> {
        index.begin();
        let mut keeper = Keeper {
            index: index.clone(),
            rows,
            file: None,
            to_survey: true,
            aged: BTreeMap::new(),
            resume: Instant::now(),
            failures: 0,
        };
        if let Err(trouble) = keeper.open_existing() {
            tracing::warn!(error = %trouble.error(), "the search index cannot be used; it is made anew");
        }
        let thread = Worker::start("store-search", move || {
            let _ending = Ending(keeper.index.clone());
            keeper.work();
        })?;
        Ok(Self { index, thread })
    }
}

impl Indexer {
    /// Ends the thread and closes its connections.
    pub(in crate::store::sqlite) fn close(&self) {
        self.index.stop();
        self.thread.join();
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Says that the thread has ended, however it did.
struct Ending(Arc<Index>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// What the thread has.
struct Keeper {
    index: Arc<Index>,
    rows: Connection,
    file: Option<Connection>,
    /// It is not known yet which rooms the index lacks.
    to_survey: bool,
    /// Rooms whose tables hold what is before their first message, and the place of that.
    aged: BTreeMap<RoomId, Seq>,
    /// When some of it may be taken out.
    resume: Instant,
    /// How often it failed since it last succeeded.
    failures: u32,
}

/// An error, by the database that it is of.
enum Trouble {
    Rows(rusqlite::Error),
    File(rusqlite::Error),
}

impl Trouble {
    fn error(&self) -> &rusqlite::Error {
        match self {
            Self::Rows(error) | Self::File(error) => error,
        }
    }

    /// The file is to be thrown away.
    fn condemns_the_file(&self) -> bool {
        matches!(self, Self::File(error) if !may_pass(error))
    }
}

type Done<T = ()> = Result<T, Trouble>;

impl Keeper {
    fn work(mut self) {
        let mut next = Some(Work::default());
        while let Some(mut work) = next {
            match self.carry_out(&mut work) {
                Ok(()) => {
                    self.failures = 0;
                    self.index.done();
                    self.index.pause(PAUSE, false);
                }
                Err(trouble) => self.fail(work, &trouble),
            }
            let until = (!self.aged.is_empty()).then_some(self.resume);
            next = self.index.next(until);
        }
        self.index.shut();
    }

    fn fail(&mut self, work: Work, trouble: &Trouble) {
        self.failures += 1;
        let anew = trouble.condemns_the_file() && self.failures == 1;
        let condemned = trouble.condemns_the_file();
        self.index
            .failed(work.due, condemned, anew, trouble.error());
        if !anew {
            self.index.pause(RETRY, true);
        }
    }

    /// What is done is taken out of `work`.
    fn carry_out(&mut self, work: &mut Work) -> Done {
        if work.anew {
            self.index.shut();
            self.file = None;
            self.aged.clear();
            self.to_survey = true;
            work.anew = false;
        }
        if self.to_survey {
            let long = feed::long_rooms(&self.rows, self.index.threshold());
            work.due.changed.extend(long.map_err(Trouble::Rows)?);
            self.to_survey = false;
        }
        while let Some(room) = work.due.gone.first().copied() {
            if let Some(file) = &mut self.file {
                file::forget(file, room).map_err(Trouble::File)?;
            }
            self.aged.remove(&room);
            work.due.gone.remove(&room);
        }
        while let Some(room) = work.due.changed.first().copied()
            && !self.index.should_stop()
        {
            self.catch_up(room)?;
            work.due.changed.remove(&room);
        }
        if Instant::now() >= self.resume {
            self.forget_aged()?;
        }
        Ok(())
    }

    fn catch_up(&mut self, room: RoomId) -> Done {
        while !self.index.should_stop() {
            let begun = Instant::now();
            let (rows, file) = self.both()?;
            let covered = file::covered(file, room).map_err(Trouble::File)?;
            let batch = feed::after(rows, room, covered.unwrap_or(Seq(0)));
            let Some(batch) = batch.map_err(Trouble::Rows)? else {
                file::forget(file, room).map_err(Trouble::File)?;
                self.aged.remove(&room);
                return Ok(());
            };
            if covered < Some(batch.upto) {
                file::write(file, room, &batch).map_err(Trouble::File)?;
            }
            if file::first(file, room).map_err(Trouble::File)? < batch.first {
                self.aged.insert(room, batch.first);
            }
            if batch.is_last {
                break;
            }
            // The index is never in a hurry, and others want the processor too.
            self.index.pause(begun.elapsed() / 4, true);
        }
        Ok(())
    }

    /// Takes some of what is no more out of a room's table.
    fn forget_aged(&mut self) -> Done {
        let Some((room, first)) = self
            .aged
            .first_key_value()
            .map(|(room, first)| (*room, *first))
        else {
            return Ok(());
        };
        let begun = Instant::now();
        let (_, file) = self.both()?;
        if file::forget_before(file, room, first).map_err(Trouble::File)? {
            self.aged.remove(&room);
        }
        self.resume = Instant::now() + begun.elapsed() * PAUSES;
        Ok(())
    }

    /// The rows and the file, which is made where there is none.
    fn both(&mut self) -> Done<(&mut Connection, &mut Connection)> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let identity = feed::identity(&self.rows).map_err(Trouble::Rows)?;
                file::fresh(self.index.path(), identity).map_err(Trouble::File)?
            }
        };
        self.index.open();
        Ok((&mut self.rows, self.file.insert(file)))
    }

    /// Opens the file that is there, without what does not fit the database.
    fn open_existing(&mut self) -> Done {
        let identity = feed::identity(&self.rows).map_err(Trouble::Rows)?;
        let existing = file::existing(self.index.path(), identity);
        let Some(mut file) = existing.map_err(Trouble::File)? else {
            return Ok(());
        };
        for covered in file::rooms(&file).map_err(Trouble::File)? {
            if !agrees(&self.rows, &covered).map_err(Trouble::Rows)? {
                file::forget(&mut file, covered.room).map_err(Trouble::File)?;
            }
        }
        self.file = Some(file);
        self.index.open();
        Ok(())
    }
}

/// A database that was brought back from a copy may know nothing of what the index holds.
fn agrees(rows: &Connection, covered: &file::Covered) -> Sql<bool> {
    feed::agrees(rows, covered.room, covered.upto, covered.newest)
}
