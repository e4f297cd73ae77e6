//! Who is in a room.

use std::collections::HashMap;

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::super::authentication::Asker;
use super::document::{Api, Operation, Who};
use super::input::{At, OptionalJson, Parameters};
use super::page::{Page, place_of};
use super::rooms::{entrance, selector};
use super::{Answer, Done, answer, done};
use crate::commands::{self, AddMember, Create, Enter, Leave, Members, PutMember, RemoveMember};
use crate::model::{self, Error, Presence, Secret, UserSelector, fold_login};
use crate::shown::time::Time;

/// A member of a room, or somebody who is kept out of it.
#[derive(Serialize, ToSchema)]
struct Member {
    /// The login of the member.
    login: String,
    /// The name that others see.
    name: String,
    /// What the member may do.
    #[schema(value_type = AnyRole)]
    role: model::Role,
    /// How the member is there.
    presence: Here,
    /// When the user became a member, or was banned.
    joined: Time,
}

/// What somebody may do in a room.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes the model's own to the schema")]
enum AnyRole {
    Owner,
    Admin,
    Moderator,
    Member,
    Banned,
}

/// A role that can be given.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Role {
    Owner,
    Admin,
    Moderator,
    Member,
}

/// How somebody is in a room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Here {
    Online,
    Idle,
    Absent,
}

/// What is to be of a member: the role of another one, or the password by which one enters oneself.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The role to give; where nothing is said, a newcomer is a member, and a member stays what it is.
    #[serde(default)]
    role: Option<Role>,
    /// The room's password, where one enters it.
    #[serde(default)]
    password: Option<String>,
}

pub(super) fn requests(api: Api) -> Api {
    let list = Operation::new(
        Who::Account,
        "A room's members and who is kept out, in the order of their logins",
    )
    .paged(
        json!({"type": "string"}),
        "The last login of the page before.",
    )
    .lists::<Member>()
    .errors([404]);
    let put = Operation::new(Who::Account, "Enter a room; add another, or give a role")
        .takes::<Wanted>()
        .body_is_optional()
        .done()
        .errors([404, 413, 429]);
    let remove = Operation::new(
        Who::Account,
        "Leave a room; remove another, who may come back",
    )
    .done()
    .errors([404]);
    api.serve(Method::GET, "/rooms/{name}/members", list_members, list)
        .serve(
            Method::PUT,
            "/rooms/{name}/members/{login}",
            put_member,
            put,
        )
        .serve(
            Method::DELETE,
            "/rooms/{name}/members/{login}",
            remove_member,
            remove,
        )
}

async fn list_members(
    mut asker: Asker,
    At(name): At<String>,
    mut parameters: Parameters,
) -> Answer<Vec<Member>> {
    let after = parameters.text("after")?;
    let page = Page::new(after.as_deref().map(place_of), &mut parameters)?;
    let room = selector(&mut asker, &name).await?;
    let present = asker.read(commands::Who { room: room.clone() }).await?;
    let present: HashMap<_, _> = present
        .iter()
        .map(|present| (present.user.id, present.presence))
        .collect();
    let members = asker.read(Members { room }).await?.into_iter();
    let keyed = members.map(|member| (place_of(&member.1.login), member));
    let shown = page.of(keyed).map(|(membership, user)| Member {
        login: user.login.clone(),
        name: user.name.clone(),
        role: membership.role,
        presence: match present.get(&user.id) {
            None => Here::Absent,
            Some(Presence::Online) => Here::Online,
            Some(Presence::Idle) => Here::Idle,
        },
        joined: Time(membership.joined),
    });
    answer(shown.collect())
}

fn is_oneself(asker: &Asker, login: &str) -> bool {
    let own = fold_login(&asker.user.login);
    own.is_ok() && own == fold_login(login)
}

async fn put_member(
    mut asker: Asker,
    At((name, login)): At<(String, String)>,
    OptionalJson(wanted): OptionalJson<Wanted>,
) -> Done {
    let user = UserSelector::login(&*login);
    match (is_oneself(&asker, &login), wanted.role, wanted.password) {
        (true, None, password) => {
            let enter = Enter {
                room: entrance(&mut asker, &name).await?,
                password: password.map(Secret::Password),
                create: Create::No,
            };
            asker.call(enter).await?;
        }
        (_, _, Some(_)) => {
            let reason = "it is for who enters the room itself";
            return Err(Error::invalid("password", reason).into());
        }
        (false, None, None) => {
            let room = selector(&mut asker, &name).await?;
            asker.change(AddMember { room, user }).await?;
        }
        (_, Some(role), None) => {
            let role = match role {
                Role::Owner => model::Role::Owner,
                Role::Admin => model::Role::Admin,
                Role::Moderator => model::Role::Moderator,
                Role::Member => model::Role::Member,
            };
            let room = selector(&mut asker, &name).await?;
            asker.change(PutMember { room, user, role }).await?;
        }
    }
    done()
}

async fn remove_member(mut asker: Asker, At((name, login)): At<(String, String)>) -> Done {
    let room = selector(&mut asker, &name).await?;
    match is_oneself(&asker, &login) {
        true => asker.call(Leave { room }).await?,
        false => {
            let user = UserSelector::login(login);
            asker.change(RemoveMember { room, user }).await?;
        }
    }
    done()
}
