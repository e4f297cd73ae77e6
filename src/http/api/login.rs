//! A login by password, for who has no token yet, and its end.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::Site;
use super::super::authentication::{Asker, set_cookie, unseen};
use super::super::connection::Connection;
use super::super::problem::Problem;
use super::document::{Api, Operation, Who};
use super::input::{Json, Parameters};
use super::users::User;
use crate::commands::{LogIn, RevokeToken};
use crate::hub::Bounds;
use crate::model::{Error, Result, Secret, TokenText, UserSelector};

/// An account and what proves it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The login, without regard to case.
    login: String,
    /// The password, as a person types it.
    password: String,
}

/// Who has logged in.
#[derive(Serialize, ToSchema)]
struct LoggedIn {
    /// The token of the login, told this once.
    token: String,
    /// The account that was logged in to.
    user: User,
}

pub(super) fn requests(api: Api) -> Api {
    let login = Operation::new(Who::Anyone, "Log in by a password")
        .query(
            "cookie",
            serde_json::json!({"type": "string", "enum": ["0", "1", "false", "true"]}),
            "1: the token is set as a cookie, too.",
        )
        .takes::<Login>()
        .replies::<LoggedIn>(StatusCode::OK)
        .errors([401, 403, 429, 500]);
    let logout = Operation::new(Who::Account, "End the login, and the token that asks").done();
    api.serve(Method::POST, "/login", log_in, login)
        .serve(Method::POST, "/logout", log_out, logout)
}

async fn log_in(
    State(site): State<Arc<Site>>,
    Extension(connection): Extension<Arc<Connection>>,
    mut parameters: Parameters,
    Json(login): Json<Login>,
) -> Result<Response, Problem> {
    let wants_cookie = parameters.flag("cookie")?;
    // Nobody is online by it; the session ends with the answer, and the token stays.
    let (mut session, _) = unseen(&site.hub, &connection, Bounds::default());
    let command = LogIn {
        login: login.login,
        secret: Secret::Password(login.password),
        token: true,
    };
    let welcome = session.call(command).await?;
    let (_, token) = welcome.token.ok_or(Error::Internal)?;
    let mut headers = HeaderMap::new();
    if wants_cookie {
        headers.insert(SET_COOKIE, cookie(Some(&token), &connection)?);
    }
    let logged_in = LoggedIn {
        token: token.0,
        user: User::of(&welcome.user),
    };
    Ok((headers, axum::Json(logged_in)).into_response())
}

fn cookie(token: Option<&TokenText>, connection: &Connection) -> Result<HeaderValue> {
    let cookie = set_cookie(token, connection.is_encrypted);
    HeaderValue::try_from(cookie).map_err(|_| Error::Internal)
}

async fn log_out(
    Extension(connection): Extension<Arc<Connection>>,
    mut asker: Asker,
) -> Result<Response, Problem> {
    // A token that is another's affair is nothing that could be ended here.
    if let Some(id) = asker.session().shown_token() {
        let (user, id) = (UserSelector::Id(asker.user.id), Some(id));
        asker.call(RevokeToken { user, id }).await?;
    }
    let headers = [(SET_COOKIE, cookie(None, &connection)?)];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}
