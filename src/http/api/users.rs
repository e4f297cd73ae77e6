//! Accounts.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

use super::super::Site;
use super::super::authentication::{Asker, OperatorOnly, unseen};
use super::document::{Api, Operation, Who};
use super::input::{At, Json, Parameters};
use super::page::{Page, place_of};
use super::{Answer, Done, Made, answer, done, made};
use crate::commands::{ChangeUser, FindUser, LogIn, Register, RemoveUser, Users};
use crate::hub::Bounds;
use crate::model::{self, Error, Result, Secret, UserSelector, fold_login};
use crate::shown::time::Time;

/// An account, or a guest who is here.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    /// Its number, the same in every dialect.
    id: i32,
    /// Unique without regard to case.
    login: String,
    /// The name that others see.
    name: String,
    /// Free text about the user.
    description: String,
    /// What the user is: `account` or `guest`.
    #[schema(value_type = UserKind)]
    kind: model::UserKind,
    /// It may do over HTTP what the command line may.
    operator: bool,
    /// It is switched off.
    disabled: bool,
    /// When it first appeared.
    created: Time,
}

/// Whether a user has credentials.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes the model's own to the schema")]
enum UserKind {
    Account,
    Guest,
}

impl User {
    pub(super) fn of(user: &model::User) -> Self {
        Self {
            id: user.id.0,
            login: user.login.clone(),
            name: user.name.clone(),
            description: user.description.clone(),
            kind: user.kind,
            operator: user.operator,
            disabled: user.disabled,
            created: Time(user.created),
        }
    }
}

/// An account that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// At most 25 characters, without spaces.
    #[schema(min_length = 1, max_length = 25)]
    login: String,
    /// The password of the new account.
    #[schema(min_length = 1)]
    password: String,
    /// The display name; else the login.
    #[serde(default)]
    name: Option<String>,
    /// Free text about the user.
    #[serde(default)]
    description: Option<String>,
}

/// What is to be another of an account; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedUser {
    /// Another password; the sessions that came in by the old one end.
    #[schema(min_length = 1)]
    #[serde(default)]
    password: Option<String>,
    /// The password that holds now, which one's own change needs.
    #[serde(default)]
    current: Option<String>,
    /// Another display name; empty: the login.
    #[serde(default)]
    name: Option<String>,
    /// The description of the account from now on.
    #[serde(default)]
    description: Option<String>,
    /// Whether it is switched off; for operators.
    #[serde(default)]
    disabled: Option<bool>,
    /// Whether it is an operator; for operators.
    #[serde(default)]
    operator: Option<bool>,
}

pub(super) fn requests(api: Api) -> Api {
    let list = Operation::new(Who::Operator, "All accounts, in the order of their logins")
        .paged(
            json!({"type": "string"}),
            "The last login of the page before.",
        )
        .lists::<User>();
    let make = Operation::new(Who::Operator, "Make an account")
        .takes::<NewUser>()
        .replies::<User>(StatusCode::CREATED)
        .errors([409]);
    let show = Operation::new(Who::Account, "An account: for operators, else one's own")
        .replies::<User>(StatusCode::OK)
        .errors([404]);
    let change = Operation::new(
        Who::Account,
        "Change an account: for operators, else one's own",
    )
    .takes::<ChangedUser>()
    .replies::<User>(StatusCode::OK)
    .errors([404, 429]);
    let remove = Operation::new(Who::Operator, "End an account; what it said stays")
        .done()
        .errors([404]);
    api.serve(Method::GET, "/users", list_users, list)
        .serve(Method::POST, "/users", make_user, make)
        .serve(Method::GET, "/users/{login}", show_user, show)
        .serve(Method::PATCH, "/users/{login}", change_user, change)
        .serve(Method::DELETE, "/users/{login}", remove_user, remove)
}

async fn list_users(
    OperatorOnly(asker): OperatorOnly,
    mut parameters: Parameters,
) -> Answer<Vec<User>> {
    let after = parameters.text("after")?;
    let page = Page::new(after.as_deref().map(place_of), &mut parameters)?;
    let accounts = asker.operate(Users).await?.into_iter();
    let keyed = accounts.map(|account| (place_of(&account.user.login), account.user));
    answer(page.of(keyed).map(|user| User::of(&user)).collect())
}

async fn make_user(OperatorOnly(asker): OperatorOnly, Json(new): Json<NewUser>) -> Made<User> {
    if new.password.is_empty() {
        return Err(Error::invalid("password", "it is empty").into());
    }
    let register = Register {
        login: new.login,
        secret: Secret::Password(new.password),
        name: new.name.unwrap_or_default(),
        description: new.description.unwrap_or_default(),
    };
    let user = asker.operate(register).await?;
    made(User::of(&user))
}

/// The account of a login that the asker may look after: its own, or any for an operator. Whether others are there is nobody
/// else's business.
pub(super) async fn managed(asker: &mut Asker, login: &str) -> Result<Arc<model::User>> {
    if let Some(own) = own(asker, login) {
        return Ok(own);
    }
    let user = UserSelector::login(login);
    asker.operate(FindUser { user }).await
}

fn own(asker: &Asker, login: &str) -> Option<Arc<model::User>> {
    let folded = fold_login(login).ok()?;
    let is_own = fold_login(&asker.user.login).is_ok_and(|own| own == folded);
    is_own.then(|| asker.user.clone())
}

async fn show_user(mut asker: Asker, At(login): At<String>) -> Answer<User> {
    answer(User::of(&*managed(&mut asker, &login).await?))
}

async fn change_user(
    State(site): State<Arc<Site>>,
    mut asker: Asker,
    At(login): At<String>,
    Json(changed): Json<ChangedUser>,
) -> Answer<User> {
    let user = managed(&mut asker, &login).await?;
    let is_own = user.id == asker.user.id;
    if changed.disabled.is_some() || changed.operator.is_some() {
        asker.must_operate()?;
    }
    if let Some(password) = &changed.password {
        check_password(&site, password)?;
        match &changed.current {
            Some(current) if is_own => is_right(&site, &mut asker, current).await?,
            None if is_own && !asker.user.operator => {
                let reason = "say the password that holds now, too";
                return Err(Error::invalid("current", reason).into());
            }
            _ => {}
        }
    }
    let user = UserSelector::Id(user.id);
    let change = ChangeUser {
        user,
        name: changed.name,
        description: changed.description,
        secret: changed.password.map(Secret::Password),
        disabled: changed.disabled,
        operator: changed.operator,
    };
    // One's own is changed as oneself, unless only an operator may.
    let changed = match is_own && change.disabled.is_none() && change.operator.is_none() {
        true => asker.call(change).await?,
        false => asker.operate(change).await?,
    };
    answer(User::of(&changed))
}

/// As the hub will: before anything else is changed.
fn check_password(site: &Site, password: &str) -> Result<()> {
    let least = site.hub.options().password_min.max(1);
    match password.chars().count() < least {
        true => {
            let reason = format!("a password has at least {least} characters");
            Err(Error::invalid("password", reason))
        }
        false => Ok(()),
    }
}

/// Whether this is the password of who asks, by the rules of a login, which may take a while.
async fn is_right(site: &Site, asker: &mut Asker, password: &str) -> Result<()> {
    let (mut session, _) = unseen(&site.hub, &asker.connection, Bounds::default());
    let command = LogIn {
        login: asker.user.login.clone(),
        secret: Secret::password(password),
        token: false,
    };
    session.call(command).await?;
    asker.judge_again().await
}

async fn remove_user(OperatorOnly(asker): OperatorOnly, At(login): At<String>) -> Done {
    let user = UserSelector::login(login);
    asker.operate(RemoveUser { user }).await?;
    done()
}
