//! `tolmach room`: rooms, and who is in them.

use crate::commands;
use crate::control::ControlError;
use crate::model::{Error, Role, RoomSelector, UserSelector};
use clap::{Subcommand, ValueEnum};

use super::about::About;
use super::confirm::Yes;
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
        /// One object a line: id, room, title, description, kind, protected, quiet, slow, keep, owner, created, updated
        #[arg(long)]
        json: bool,
    },
    /// List a room's members, and who is banned: id, user, role, joined, network (of a guest who is banned)
    Members {
        /// The room; @a,b is the direct room of two
        name: RoomName,
        /// One object a line: id, user, name, role, joined, network
        #[arg(long)]
        json: bool,
    },
    /// End a room and all that was said in it. Asks first
    Remove {
        /// The room, by its name or #number
        name: RoomName,
        #[command(flatten)]
        yes: Yes,
    },
    /// Change a room: its name, title, description, owner, password, whether it is private, quiet or slow, and for how long it keeps messages
    Set(room_set::SetArgs),
    /// Make somebody a member
    Add(Member),
    /// End somebody's membership; they may come back
    Kick(Member),
    /// End somebody's membership and keep them out. Of a guest the name and the address are kept out, and accounts made so later
    Ban(Member),
    /// Lift a ban, a guest's with all that it binds; that makes nobody a member
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
            Self::Create { name } => create(to, out, &name).await,
            Self::List { json } => room_list::rooms(to, out, json).await,
            Self::Members { name, json } => room_list::members(to, out, &name, json).await,
            Self::Remove { name, yes } => remove(to, out, &name, yes).await,
            Self::Set(arguments) => arguments.run(to, out).await,
            Self::Add(member) => member.act(to, out, Act::Add).await,
            Self::Kick(member) => member.act(to, out, Act::Kick).await,
            Self::Ban(member) => member.ban(to, out).await,
            Self::Unban(member) => member.unban(to, out).await,
            Self::Role { member, role } => member.act(to, out, Act::Role(role.into())).await,
        }
    }
}

async fn create(to: &mut Operator, out: &mut Output, name: &RoomName) -> Outcome<()> {
    let command = commands::CreateRoom::public(name.bare());
    to.ask(About::room(name), command).await?;
    out.line(&format!("made the room {name}"))
}

async fn remove(to: &mut Operator, out: &mut Output, name: &RoomName, yes: Yes) -> Outcome<()> {
    let (about, room) = (About::room(name), || name.selector());
    to.ask(about, commands::FindRoom { room: room() }).await?;
    yes.confirm(&format!(
        "remove the room {name} and all that was said in it"
    ))?;
    to.ask(about, commands::DeleteRoom { room: room() }).await?;
    out.line(&format!(
        "removed the room {name} and all that was said in it"
    ))
}

/// What is done with somebody in a room.
#[derive(Debug, Clone, Copy)]
enum Act {
    Add,
    Kick,
    Role(Role),
}

impl Member {
    async fn act(&self, to: &mut Operator, out: &mut Output, act: Act) -> Outcome<()> {
        self.find(to).await?;
        let (room, user) = self.selectors();
        let outcome = match act {
            Act::Add => to.request(commands::AddMember { room, user }).await?,
            Act::Kick => to.request(commands::RemoveMember { room, user }).await?,
            Act::Role(role) => to.request(commands::SetRole { room, user, role }).await?,
        };
        let Self { name, login } = self;
        match outcome {
            Ok(()) => out.line(&match act {
                Act::Add => format!("made {login} a member of {name}"),
                Act::Kick => format!("ended the membership of {login} in {name}"),
                Act::Role(role) => format!("made {login} {} of {name}", role.as_str()),
            }),
            Err(ControlError::Refused(Error::NoSuchUser)) => Err(Failure::because(format!(
                "{login} is not a member of {name}; `tolmach room add {name} {login}` makes one"
            ))),
            Err(error) => Err(to.explain(About::room(name), error).await),
        }
    }

    fn selectors(&self) -> (RoomSelector, UserSelector) {
        (self.name.selector(), account(&self.login))
    }

    /// After this an unknown user can only mean: none in the room.
    async fn find(&self, to: &mut Operator) -> Outcome<()> {
        let (room, user) = self.selectors();
        let (about_room, about_user) = (About::room(&self.name), About::user(&self.login));
        to.ask(about_room, commands::FindRoom { room }).await?;
        to.ask(about_user, commands::FindUser { user }).await?;
        Ok(())
    }

    /// Says what is kept out from now on.
    async fn ban(&self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        let Self { name, login } = self;
        let (about, (room, user)) = (About::room(name), self.selectors());
        let banned = match to.request(commands::Ban { room, user }).await? {
            Ok(banned) => banned,
            Err(ControlError::Refused(Error::NoSuchUser)) => {
                return Err(Failure::because(format!(
                    "no account called {login}, and no guest who is there now; a guest that has left is known no more. When it is back, \
                 `tolmach room ban {name} {login}` binds its name and its address; `tolmach ban add {login}` keeps guests of \
                 this name out of the whole gateway, `tolmach ban add ADDRESS` who comes from there"
                )));
            }
            Err(error) => return Err(to.explain(about, error).await),
        };
        let bound = match (banned.guest, banned.network) {
            (false, _) => format!("the account {login}"),
            (true, None) => format!("guests who are called {login}"),
            (true, Some(network)) => {
                format!("guests who are called {login} or come from {network}")
            }
        };
        out.line(&format!(
            "banned {bound} from {name} until `tolmach room unban {name} {login}`"
        ))
    }

    async fn unban(&self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        let (room, user) = self.selectors();
        let Self { name, login } = self;
        let lifted = to.request(commands::Unban { room, user }).await?;
        if let Err(ControlError::Refused(Error::NoSuchUser)) = lifted {
            self.find(to).await?;
            return Err(Failure::because(format!(
                "{login} is not banned from {name}; `tolmach room members {name}` shows who is"
            )));
        }
        match lifted {
            Ok(()) => out.line(&format!("lifted the ban of {login} from {name}")),
            Err(error) => Err(to.explain(About::room(name), error).await),
        }
    }
}
