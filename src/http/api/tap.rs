//! The tap, as `tolmach tap --json` shows it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response, sse};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::super::Site;
use super::super::authentication::{OperatorOnly, unseen};
use super::super::connection::Connection;
use super::super::problem::Problem;
use super::document::{Api, Operation, Who};
use super::events::{ended, kept_alive, stream_of};
use super::input::Parameters;
use super::rooms::selector;
use crate::control::tap::{Entry, Happened, TapQuery, Watching};
use crate::hub::{Bounds, Events, Session};
use crate::model::{Error, Event, SessionId};

pub(super) fn requests(api: Api) -> Api {
    let watch = Operation::new(
        Who::Operator,
        "Frames in, the events that they became, frames out, live",
    )
    .query(
        "room",
        json!({"type": "string"}),
        "Only what concerns this room.",
    )
    .query(
        "session",
        json!({"type": "integer"}),
        "Only this session's frames and events.",
    )
    .answered(StatusCode::OK, "text/event-stream", stream_of())
    .errors([404]);
    api.serve(Method::GET, "/tap", watch_tap, watch)
}

/// Somebody who watches, as long as it is an operator and its token holds.
struct Viewer {
    watching: Watching,
    /// Ended with the token, the account, or its being an operator's.
    events: Events,
    _session: Session,
    connection: Arc<Connection>,
    _permit: OwnedSemaphorePermit,
    is_over: bool,
}

async fn watch_tap(
    State(site): State<Arc<Site>>,
    Extension(connection): Extension<Arc<Connection>>,
    OperatorOnly(mut asker): OperatorOnly,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let (room, session) = (parameters.text("room")?, parameters.number("session")?);
    let room = match room {
        Some(room) => Some(selector(&mut asker, &room).await?),
        None => None,
    };
    let query = TapQuery {
        room,
        session: session.map(SessionId),
        events: false,
    };
    let permit = site.viewers.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Error::Unavailable)?;
    let (mut session, events) = unseen(&site.hub, &connection, Bounds::default());
    session.log_in_token(&asker.token.0).await?;
    let viewer = Viewer {
        watching: Watching::start(&site.hub, query).await?,
        events,
        _session: session,
        connection,
        _permit: permit,
        is_over: false,
    };
    let entries = stream::unfold(viewer, async |mut viewer| {
        let entries = viewer.next().await?;
        Some((stream::iter(entries), viewer))
    });
    let events = entries.flatten().map(Ok::<_, Infallible>);
    Ok(kept_alive(events).into_response())
}

impl Viewer {
    /// `None`: nothing more is told.
    async fn next(&mut self) -> Option<Vec<sse::Event>> {
        if self.is_over {
            return None;
        }
        let reason = loop {
            tokio::select! {
                biased;
                reason = self.connection.ending() => break reason,
                event = self.events.next() => match event?.as_ref() {
                    Event::Ended(reason) => break *reason,
                    Event::Room(_) | Event::Presence(_) => {}
                },
                entries = self.watching.next() => return Some(entries.iter().map(told).collect()),
            }
        };
        self.is_over = true;
        ended(reason).ok().map(|last| vec![last])
    }
}

fn told(entry: &Entry) -> sse::Event {
    let kind = match &entry.what {
        Happened::Opened => "opened",
        Happened::Ended => "ended",
        Happened::Closed => "closed",
        Happened::In { .. } => "in",
        Happened::Out { .. } => "out",
        Happened::Event { .. } => "event",
        Happened::Refused { .. } => "refused",
        Happened::Lost { .. } => "lost",
    };
    let data = serde_json::to_string(entry).unwrap_or_default();
    sse::Event::default().event(kind).data(data)
}
