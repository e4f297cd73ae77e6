//! Who asks.

use axum::http::{Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::authentication::Asker;
use super::document::{Api, Operation, Who};
use super::rooms::{self, Room};
use super::users::User;
use super::{Answer, answer};
use crate::commands::MyRooms;

/// Who asks, and where it is a member.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The account of who asks.
    user: User,
    /// Its rooms, direct ones too, in the order of their numbers.
    rooms: Vec<Room>,
}

pub(super) fn requests(api: Api) -> Api {
    let show =
        Operation::new(Who::Account, "Who asks, and its rooms").replies::<Me>(StatusCode::OK);
    api.serve(Method::GET, "/me", show_me, show)
}

async fn show_me(mut asker: Asker) -> Answer<Me> {
    let mine = asker.call(MyRooms).await?;
    answer(Me {
        user: User::of(&asker.user),
        rooms: rooms::shown(&mut asker, mine).await?,
    })
}
