//! Tells one client of the control socket what happens, until it has enough or the gateway stops.

use std::collections::HashMap;
use std::time::{Duration, UNIX_EPOCH};

use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::focus::Focus;
use super::{Endpoint, Entry, Happened, TapQuery};
use crate::commands::{FindRoom, Sessions};
use crate::control::protocol::{self, Answer, MAX_REQUEST, read_line};
use crate::hub::tap::{Record, Show, Taken, TapEvent, Viewer, without_tokens};
use crate::hub::{Hub, WatchedRoom};
use crate::model::{Error, Event, Result, Timestamp, UserKind};

/// Records that are shown before others may run.
const TURN: usize = 64;

/// How long the last words may take.
const LAST: Duration = Duration::from_secs(1);

/// Somebody who watches over the control socket, and what is known of what is shown.
pub(crate) struct Watching {
    viewer: Viewer,
    /// What other nodes do there is told, too.
    _room: Option<WatchedRoom>,
    focus: Focus,
    /// Nothing else is told.
    events: bool,
    shows: HashMap<u64, Box<dyn Show>>,
}

impl Watching {
    /// Watches from now on.
    ///
    /// # Errors
    /// There is no such room or session.
    pub(crate) async fn start(hub: &Hub, query: TapQuery) -> Result<Self> {
        let viewer = hub.tap().watch();
        let room = match query.room {
            None => None,
            Some(room) => Some(hub.operate(FindRoom { room }).await?),
        };
        if let Some(session) = query.session {
            let open = hub.operate(Sessions).await?;
            if !open.sessions.iter().any(|open| open.id == session) {
                return Err(Error::invalid("session", "no such session is open"));
            }
        }
        Ok(Self {
            viewer,
            focus: Focus::new(room.as_ref().map(|room| room.id), query.session),
            _room: room.map(|room| hub.watch_room(&room)),
            events: query.events,
            shows: HashMap::new(),
        })
    }

    /// Tells all there is. At the end of the gateway what happened until then is told.
    pub(crate) async fn tell(
        mut self,
        reader: &mut (impl AsyncBufRead + Unpin),
        writer: &mut (impl AsyncWrite + Unpin),
        stopping: &CancellationToken,
    ) {
        let begun = protocol::answer(&Answer::Ok(()));
        if writer.write_all(&begun).await.is_err() {
            return;
        }
        loop {
            let told = tokio::select! {
                biased;
                // Whatever the client says now, it is the end.
                _ = read_line(reader, MAX_REQUEST) => return,
                () = stopping.cancelled() => None,
                taken = self.viewer.next() => Some(taken),
            };
            let is_end = told.is_none();
            let mut bytes = Vec::new();
            let mut next = told.or_else(|| self.viewer.take());
            let mut turn = 0;
            while let Some(taken) = next {
                self.write(taken, &mut bytes);
                turn += 1;
                let goes_on = is_end || turn < TURN;
                next = goes_on.then(|| self.viewer.take()).flatten();
            }
            // A client that goes while it does not read is noticed here, too.
            let written = tokio::select! {
                biased;
                written = writer.write_all(&bytes) => written,
                _ = read_line(reader, MAX_REQUEST) => return,
                // A client that takes nothing does not keep the gateway from its end.
                () = async { stopping.cancelled().await; tokio::time::sleep(LAST).await } => return,
            };
            if written.is_err() || is_end {
                return;
            }
        }
    }

    /// What there is to tell next; it may be nothing yet.
    #[cfg(feature = "http")]
    pub(crate) async fn next(&mut self) -> Vec<Entry> {
        let taken = self.viewer.next().await;
        self.entries(taken)
    }

    fn write(&mut self, taken: Taken, bytes: &mut Vec<u8>) {
        for entry in self.entries(taken) {
            match serde_json::to_writer(&mut *bytes, &entry) {
                Ok(()) => bytes.push(b'\n'),
                Err(error) => tracing::error!(%error, "what was watched cannot be written"),
            }
        }
    }

    fn entries(&mut self, taken: Taken) -> Vec<Entry> {
        let mut entries = Vec::new();
        match taken {
            Taken::Lost(entries_lost) => {
                // Which request an answer answers is not known any more.
                self.shows.clear();
                entries.push(Entry {
                    time: time(Timestamp::now()),
                    connection: None,
                    what: Happened::Lost {
                        entries: entries_lost,
                    },
                });
            }
            Taken::Record(record) => {
                let entry = self.entry(&record);
                self.focus.pass(&record, entry, &mut entries);
            }
        }
        entries
    }

    /// A record as it is told, if it is anything to tell.
    fn entry(&mut self, record: &Record) -> Option<Entry> {
        if self.events && !matches!(record.what, TapEvent::Event(_)) {
            return None;
        }
        let what = match &record.what {
            TapEvent::Opened => Happened::Opened,
            TapEvent::Ended => Happened::Ended,
            TapEvent::Closed => {
                let number = record.line.as_ref().map(|line| line.number);
                number.and_then(|number| self.shows.remove(&number));
                Happened::Closed
            }
            TapEvent::In { bytes, .. } => Happened::In {
                frames: self.show(record)?.inbound(bytes),
            },
            TapEvent::Out { bytes, .. } => Happened::Out {
                frames: self.show(record)?.outbound(bytes),
            },
            TapEvent::Event(event) => Happened::Event {
                event: shown_event(event)?,
            },
            TapEvent::Refused(error) => Happened::Refused {
                error: error.to_string(),
            },
            TapEvent::Done { .. } => return None,
        };
        Some(Entry {
            time: time(record.at),
            connection: endpoint(record),
            what,
        })
    }

    fn show(&mut self, record: &Record) -> Option<&mut Box<dyn Show>> {
        let line = record.line.as_ref()?;
        let show = self.shows.entry(line.number);
        Some(show.or_insert_with(|| line.show()))
    }
}

fn endpoint(record: &Record) -> Option<Endpoint> {
    let line = record.line.as_ref()?;
    let who = record.who.as_ref();
    Some(Endpoint {
        connection: line.number,
        dialect: line.dialect.label.clone(),
        address: line
            .address
            .map_or_else(|| "-".to_owned(), |address| address.to_string()),
        session: who.map(|who| who.session),
        user: who.map(|who| who.user.login.clone()),
        user_id: who.map(|who| who.user.id.0),
        guest: who.is_some_and(|who| who.user.kind == UserKind::Guest),
    })
}

/// As the model writes it; what the sender's dialect alone understands is left out, as nobody else knows what in it is secret.
fn shown_event(event: &Event) -> Option<serde_json::Value> {
    let mut shown = serde_json::to_value(event).ok()?;
    for change in ["posted", "edited", "deleted"] {
        let message = shown.pointer_mut(&format!("/room/change/{change}"));
        if let Some(message) = message.and_then(|message| message.as_object_mut()) {
            message.remove("extra");
        }
    }
    if let Some(who) = shown
        .pointer_mut("/presence/who")
        .and_then(|who| who.as_object_mut())
    {
        who.remove("profile");
        // Of who goes it is the last one, beside the change that says that it is over.
        who.remove("presence");
    }
    blank(&mut shown);
    Some(shown)
}

/// A token that somebody said is nobody else's either.
fn blank(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = without_tokens(text),
        serde_json::Value::Array(values) => values.iter_mut().for_each(blank),
        serde_json::Value::Object(members) => members.values_mut().for_each(blank),
        _ => {}
    }
}

fn time(at: Timestamp) -> String {
    let since = Duration::from_millis(at.0.try_into().unwrap_or(0));
    humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string()
}
