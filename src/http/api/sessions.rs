//! Who is connected, as `tolmach session` lists and closes.

use axum::http::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::authentication::Asker;
use super::super::problem::Problem;
use super::document::{Api, Operation, Who};
use super::input::{At, Parameters, number};
use super::page::Page;
use super::{Answer, Done, answer, done};
use crate::commands::{CloseSession, Sessions};
use crate::model::{Error, SessionId, SessionInfo};
use crate::shown::time::Time;

/// A session that is open, at whichever node.
#[derive(Serialize, ToSchema)]
struct Session {
    /// Its number, which no other has at any node.
    id: u64,
    /// The login of whose it is.
    user: String,
    /// The name of the dialect that it speaks.
    dialect: String,
    /// The name of the listener that it came in by.
    listener: Option<String>,
    /// From where it came.
    address: String,
    /// When it was opened.
    since: Time,
    /// Whether its connection is encrypted.
    encrypted: bool,
    /// What the node is called that holds it.
    node: String,
}

pub(super) fn requests(api: Api) -> Api {
    let list = Operation::new(
        Who::Account,
        "One's open sessions at all nodes, for operators all, in the order of their numbers",
    )
    .paged(
        json!({"type": "integer", "minimum": 0}),
        "The last id of the page before.",
    )
    .lists::<Session>();
    let close = Operation::new(Who::Account, "Close a session; the client may come back")
        .done()
        .errors([404]);
    api.serve(Method::GET, "/sessions", list_sessions, list)
        .serve(Method::DELETE, "/sessions/{id}", close_session, close)
}

async fn list_sessions(mut asker: Asker, mut parameters: Parameters) -> Answer<Vec<Session>> {
    let after = parameters.number("after")?.map(SessionId);
    let page = Page::new(after, &mut parameters)?;
    let sessions = asker.read(Sessions).await?;
    if !sessions.unanswered.is_empty() {
        let names = sessions.unanswered.iter().map(|node| node.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Unavailable",
            format!("these nodes have not answered, so their sessions are not known: {names}"),
        ));
    }
    let shown = |session: SessionInfo| Session {
        id: session.id.0,
        user: session.user.login.clone(),
        dialect: session.dialect,
        listener: session.listener,
        address: session.address,
        since: Time(session.since),
        encrypted: session.encrypted,
        node: session.node,
    };
    let keyed = sessions.sessions.into_iter();
    let keyed = keyed.map(|session| (session.id, session));
    answer(page.of(keyed).map(shown).collect())
}

async fn close_session(mut asker: Asker, At(id): At<String>) -> Done {
    let close = CloseSession {
        id: SessionId(number("id", &id)?),
    };
    let closed = match asker.user.operator {
        true => asker.operate(close).await,
        false => asker.call(close).await,
    };
    match closed {
        // The path names it.
        Err(Error::Invalid { reason, .. }) => {
            Err(Problem::new(StatusCode::NOT_FOUND, "NoSuchSession", reason))
        }
        outcome => match outcome? {
            None => done(),
            Some(node) => Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Unavailable",
                format!(
                    "node {} has not answered: it closes the session once it goes on",
                    node.name
                ),
            )),
        },
    }
}
