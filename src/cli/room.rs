//! `tolmach room`: rooms, and who is in them.

use crate::commands;
use crate::control::ControlError;
use crate::model::{Error, Role};
use clap::{Subcommand, ValueEnum};

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::room_name::{RoomName, new_name};
use super::user::account;
use super::{room_list, room_set};

#[derive(Debug, Subcommand)]
pub(crate) enum RoomAction {
    /// Make a public room; nobody owns it
    Create {
        /// The name: at most 25 characters, no spaces; a # in front is no part of it
        #[arg(value_parser = new_name)]
        name: RoomName,
    },
    /// List all rooms but direct ones: id, room, title, kind, protected, owner, created
    List {
        /// One object a line: id, room, title, description, kind, protected, owner, created, updated
        #[arg(long)]
        json: bool,
    },
    /// List a room's members, and who is banned: id, user, role, joined
    Members {
        /// The room; @a,b is the direct room of two
        name: RoomName,
        /// One object a line: id, user, name, role, joined
        #[arg(long)]
        json: bool,
    },
    /// End a room and all that was said in it
    Remove {
        /// The room, by its name or #number
        name: RoomName,
    },
    /// Change a room: its name, title, description, owner, password, whether it is private
    Set(room_set::SetArgs),
    /// Make somebody a member
    Add(Member),
    /// End somebody's membership; they may come back
    Kick(Member),
    /// End somebody's membership and keep them out
    Ban(Member),
    /// Lift a ban; that makes nobody a member
    Unban(Member),
    /// Give a member a role
    Role {
        #[command(flatten)]
        member: Member,
        /// What they may do from now on
        role: NewRole,
    },
}

/// Somebody in a room.
#[derive(Debug, clap::Args)]
pub(crate) struct Member {
    /// The room, by its name or #number
    name: RoomName,
    /// The user's login, without regard to case
    login: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum NewRole {
    /// Everything; nobody acts on the owner. The former owner becomes admin
    Owner,
    /// Everything but acting on the owner
    Admin,
    /// Deletes what others said, beside what members do
    Moderator,
    /// Reads, writes, changes what it said itself
    Member,
}

impl From<NewRole> for Role {
    fn from(role: NewRole) -> Self {
        match role {
            NewRole::Owner => Self::Owner,
            NewRole::Admin => Self::Admin,
            NewRole::Moderator => Self::Moderator,
            NewRole::Member => Self::Member,
        }
    }
}

impl RoomAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        match self {
            Self::Create { name } => create(to, &name).await,
            Self::List { json } => room_list::rooms(to, out, json).await,
            Self::Members { name, json } => room_list::members(to, out, &name, json).await,
            Self::Remove { name } => to
                .ask(
                    About::room(&name),
                    commands::DeleteRoom {
                        room: name.selector(),
                    },
                )
                .await
                .map(drop),
            Self::Set(arguments) => arguments.run(to).await,
            Self::Add(member) => member.act(to, Act::Add).await,
            Self::Kick(member) => member.act(to, Act::Kick).await,
            Self::Ban(member) => member.act(to, Act::Ban).await,
            Self::Unban(member) => member.act(to, Act::Unban).await,
            Self::Role { member, role } => member.act(to, Act::Role(role.into())).await,
        }
    }
}

async fn create(to: &mut Operator, name: &RoomName) -> Outcome<()> {
    let command = commands::CreateRoom::public(name.bare());
    to.ask(About::room(name), command).await.map(drop)
}

/// What is done with somebody in a room.
#[derive(Debug, Clone, Copy)]
enum Act {
    Add,
    Kick,
    Ban,
    Unban,
    Role(Role),
}

impl Member {
    async fn act(&self, to: &mut Operator, act: Act) -> Outcome<()> {
        // After these two an unknown user can only mean: none in the room.
        to.ask(
            About::room(&self.name),
            commands::FindRoom {
                room: self.name.selector(),
            },
        )
        .await?;
        to.ask(
            About::user(&self.login),
            commands::FindUser {
                user: account(&self.login),
            },
        )
        .await?;
        let (room, user) = (self.name.selector(), account(&self.login));
        let outcome = match act {
            Act::Add => to.request(commands::AddMember { room, user }).await?,
            Act::Kick => to.request(commands::RemoveMember { room, user }).await?,
            Act::Ban => to.request(commands::Ban { room, user }).await?,
            Act::Unban => to.request(commands::Unban { room, user }).await?,
            Act::Role(role) => to.request(commands::SetRole { room, user, role }).await?,
        };
        outcome.map_err(|error| self.explain(act, error))
    }

    fn explain(&self, act: Act, error: ControlError) -> Failure {
        let Self { name, login } = self;
        match (error, act) {
            (ControlError::Refused(Error::NoSuchUser), Act::Unban) => Failure::because(format!(
                "{login} is not banned from {name}; `tolmach room members {name}` shows who is"
            )),
            (ControlError::Refused(Error::NoSuchUser), _) => Failure::because(format!(
                "{login} is not a member of {name}; `tolmach room add {name} {login}` makes one"
            )),
            (error, _) => About::room(name).explain(error),
        }
    }
}
