//! Who is kept out of a room.

use axum::http::Method;

use super::super::authentication::Asker;
use super::document::{Api, Operation, Who};
use super::input::At;
use super::rooms::selector;
use super::{Done, done};
use crate::commands::{Ban, Unban};
use crate::model::UserSelector;

pub(super) fn requests(api: Api) -> Api {
    let ban = Operation::new(
        Who::Account,
        "Remove somebody from a room, and keep them out",
    )
    .done()
    .errors([404]);
    let unban = Operation::new(Who::Account, "Let somebody in again")
        .done()
        .errors([404]);
    api.serve(Method::PUT, "/rooms/{name}/bans/{login}", put_ban, ban)
        .serve(
            Method::DELETE,
            "/rooms/{name}/bans/{login}",
            lift_ban,
            unban,
        )
}

async fn put_ban(mut asker: Asker, At((name, login)): At<(String, String)>) -> Done {
    let room = selector(&mut asker, &name).await?;
    let user = UserSelector::login(login);
    asker.change(Ban { room, user }).await?;
    done()
}

async fn lift_ban(mut asker: Asker, At((name, login)): At<(String, String)>) -> Done {
    let room = selector(&mut asker, &name).await?;
    let user = UserSelector::login(login);
    asker.change(Unban { room, user }).await?;
    done()
}
