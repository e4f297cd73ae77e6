//! The tap, as `tolmach tap --json` shows it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{Method, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;

use super::super::Site;
use super::super::authentication::{OperatorOnly, unseen};
use super::super::connection::Connection;
use super::super::problem::Problem;
use super::document::{Api, Operation, Who};
use super::events::{kept_alive, stream_of};
use super::input::Parameters;
use super::rooms::selector;
use crate::control::tap::{Entry, Happened, TapQuery, Watching};
use crate::hub::{Bounds, Events, Session};
use crate::model::{Error, SessionId};

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
}

async fn watch_tap(
    State(site): State<Arc<Site>>,
    Extension(connection): Extension<Arc<Connection>>,
    OperatorOnly(mut asker): OperatorOnly,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let (room, session) = (parameters.text("room")?, parameters.number("session")?);
    parameters.end()?;
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
    let (mut session, events) = unseen(&site.hub, asker.address(), Bounds::default());
    session.log_in_token(&asker.token.0).await?;
    let viewer = Viewer {
        watching: Watching::start(&site.hub, query).await?,
        events,
        _session: session,
        connection,
        _permit: permit,
    };
    let entries = stream::unfold(viewer, async |mut viewer| {
        let entries = viewer.next().await?;
        Some((stream::iter(entries), viewer))
    });
    let events = entries
        .flatten()
        .map(|entry| Ok::<_, Infallible>(event(&entry)));
    Ok(kept_alive(events).into_response())
}

impl Viewer {
    /// `None`: nothing more is told.
    async fn next(&mut self) -> Option<Vec<Entry>> {
        loop {
            tokio::select! {
                biased;
                () = self.connection.ending() => return None,
                event = self.events.next() => {
                    if matches!(event.as_deref(), None | Some(crate::model::Event::Ended(_))) {
                        return None;
                    }
                }
                entries = self.watching.next() => return Some(entries),
            }
        }
    }
}

fn event(entry: &Entry) -> Event {
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
    Event::default().event(kind).data(data)
}
