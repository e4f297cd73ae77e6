//! `tolmach room set`: changes of one room, several at once.

use crate::model::{
    Command, Error, Reply, Role, RoomId, RoomKind, RoomSelector, UserKind, validate_room_name,
    validate_title,
};
use clap::{ArgGroup, Args, ValueEnum};

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::room_name::{RoomName, new_name};
use super::secret;
use super::user::account;

/// What to change; everything else stays.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").required(true).multiple(true)
    .args(["new_name", "title", "description", "owner", "private", "password"]))]
pub(crate) struct SetArgs {
    /// The room
    #[arg(value_name = "NAME")]
    room: RoomName,
    /// Another name; a title that was never set follows it
    #[arg(long = "name", value_name = "NAME", value_parser = new_name)]
    new_name: Option<RoomName>,
    /// Another title: free text of at most 100 characters
    #[arg(long)]
    title: Option<String>,
    /// Another description: free text
    #[arg(long)]
    description: Option<String>,
    /// Another owner, an account; made a member if need be. The former owner becomes admin
    #[arg(long, value_name = "LOGIN")]
    owner: Option<String>,
    /// Whether the room is in no list and entered by its exact name only
    #[arg(long, value_name = "yes|no", hide_possible_values = true)]
    private: Option<YesNo>,
    /// Another password, a line of standard input or asked for on a terminal; empty to end it
    #[arg(long)]
    password: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

impl SetArgs {
    /// Looks at everything first, so that a mistake changes nothing; then changes one after the other.
    pub(super) async fn run(self, to: &mut Operator) -> Outcome<()> {
        let password = if self.password {
            Some(secret::room_password(&self.room.to_string())?)
        } else {
            None
        };
        let room = self.check(to).await?;
        for command in self.changes(room, password) {
            to.ask(About::room(&self.room), command).await?;
        }
        Ok(())
    }

    /// The room, once nothing is known that speaks against the changes.
    async fn check(&self, to: &mut Operator) -> Outcome<RoomId> {
        let find = Command::FindRoom {
            room: self.room.selector(),
        };
        let Reply::Room(room) = to.ask(About::room(&self.room), find).await? else {
            return Err(Failure::unexpected());
        };
        if room.kind == RoomKind::Direct {
            return Err(Failure::because(
                "a direct room has nothing that could be set",
            ));
        }
        if let Some(title) = &self.title {
            validate_title("title", title).map_err(|error| About::NOTHING.explain(error.into()))?;
        }
        self.check_owner(to).await?;
        self.check_name(to, room.id).await?;
        Ok(room.id)
    }

    async fn check_owner(&self, to: &mut Operator) -> Outcome<()> {
        let Some(owner) = &self.owner else {
            return Ok(());
        };
        let about = About::user(owner);
        match to
            .ask(
                about,
                Command::FindUser {
                    user: account(owner),
                },
            )
            .await?
        {
            Reply::User(user) if user.kind == UserKind::Account => Ok(()),
            Reply::User(_) => Err(about.explain(Error::NoSuchUser.into())),
            _ => Err(Failure::unexpected()),
        }
    }

    async fn check_name(&self, to: &mut Operator, room: RoomId) -> Outcome<()> {
        let Some(name) = &self.new_name else {
            return Ok(());
        };
        let about = About::room(name);
        validate_room_name("name", name.bare()).map_err(|error| about.explain(error.into()))?;
        let find = Command::FindRoom {
            room: name.selector(),
        };
        match to.request(find).await? {
            Ok(Reply::Room(found)) if found.id != room => {
                Err(about.explain(Error::NameTaken.into()))
            }
            _ => Ok(()),
        }
    }

    /// What is done, in this order: the name comes last, so that an error on the way names the room as it is called.
    fn changes(&self, room: RoomId, password: Option<Option<String>>) -> Vec<Command> {
        let room = || RoomSelector::Id(room);
        let title = self.title.clone().map(|title| Command::SetTitle {
            room: room(),
            title,
        });
        let described = self
            .description
            .clone()
            .map(|description| Command::SetDescription {
                room: room(),
                description,
            });
        let owner = self.owner.iter().flat_map(|owner| {
            let add = Command::AddMember {
                room: room(),
                user: account(owner),
            };
            [
                add,
                Command::SetRole {
                    room: room(),
                    user: account(owner),
                    role: Role::Owner,
                },
            ]
        });
        let private = self.private.map(|private| Command::SetPrivate {
            room: room(),
            private: private == YesNo::Yes,
        });
        let password = password.map(|password| Command::SetRoomPassword {
            room: room(),
            password,
        });
        let name = self.new_name.as_ref().map(|name| Command::RenameRoom {
            room: room(),
            name: name.bare().to_owned(),
        });
        // The owner first: it is what the checks beforehand cannot foresee (a ban, a limit).
        owner
            .chain(title)
            .chain(described)
            .chain(private)
            .chain(password)
            .chain(name)
            .collect()
    }
}
