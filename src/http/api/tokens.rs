//! Tokens of an account, as `tolmach token` makes, lists and ends them.

use axum::http::{Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::authentication::Asker;
use super::super::problem::Problem;
use super::document::{Api, Operation, Who};
use super::input::{At, number};
use super::users::managed;
use super::{Answer, Done, Made, answer, done, made};
use crate::commands::{CreateToken, RevokeToken, Tokens};
use crate::model::{self, Error, TokenId, UserSelector};
use crate::shown::time::Time;

/// A token, without its text.
#[derive(Serialize, ToSchema)]
struct Token {
    /// The number of the token.
    id: i32,
    /// `session`: of a login; `api`: made to be kept.
    #[schema(value_type = TokenKind)]
    kind: &'static str,
    /// When it was made.
    created: Time,
    /// When it was used last.
    used: Option<Time>,
    /// From where it was used last.
    address: Option<String>,
}

/// What a token is for.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes the model's own to the schema")]
enum TokenKind {
    Session,
    Api,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
struct NewToken {
    /// The number of the token.
    id: i32,
    /// Its text, told this once.
    token: String,
}

pub(super) fn requests(api: Api) -> Api {
    let list = Operation::new(
        Who::Account,
        "An account's tokens: for operators, else one's own",
    )
    .lists::<Token>()
    .errors([404]);
    let make = Operation::new(Who::Account, "Make a token: for operators, else one's own")
        .replies::<NewToken>(StatusCode::CREATED)
        .errors([404]);
    let end = Operation::new(Who::Account, "End a token, and the sessions that it opened")
        .done()
        .errors([404]);
    api.serve(Method::GET, "/users/{login}/tokens", list_tokens, list)
        .serve(Method::POST, "/users/{login}/tokens", make_token, make)
        .serve(Method::DELETE, "/users/{login}/tokens/{id}", end_token, end)
}

async fn list_tokens(mut asker: Asker, At(login): At<String>) -> Answer<Vec<Token>> {
    let user = UserSelector::Id(managed(&mut asker, &login).await?.id);
    let tokens = asker.read(Tokens { user }).await?;
    let shown = |token: &model::TokenInfo| Token {
        id: token.id.0,
        kind: token.kind.as_str(),
        created: Time(token.created),
        used: token.used.map(Time),
        address: token.address.clone(),
    };
    answer(tokens.iter().map(shown).collect())
}

async fn make_token(mut asker: Asker, At(login): At<String>) -> Made<NewToken> {
    let user = UserSelector::Id(managed(&mut asker, &login).await?.id);
    let token = asker.change(CreateToken { user, value: None }).await?;
    made(NewToken {
        id: token.id.0,
        token: token.value.0,
    })
}

async fn end_token(mut asker: Asker, At((login, id)): At<(String, String)>) -> Done {
    let user = UserSelector::Id(managed(&mut asker, &login).await?.id);
    let id = Some(TokenId(number("id", &id)?));
    match asker.change(RevokeToken { user, id }).await {
        // The path names it.
        Err(Error::Invalid { reason, .. }) => {
            Err(Problem::new(StatusCode::NOT_FOUND, "NoSuchToken", reason))
        }
        outcome => {
            outcome?;
            done()
        }
    }
}
