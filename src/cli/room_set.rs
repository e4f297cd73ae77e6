//! `tolmach room set`: changes of one room, several at once.

use std::time::Duration;

use crate::commands::{
    AddMember, FindRoom, FindUser, RenameRoom, SetDescription, SetKeep, SetPrivate, SetQuiet,
    SetRole, SetRoomPassword, SetSlow, SetTitle,
};
use crate::model::{
    Error, Role, RoomId, RoomKind, RoomSelector, Secret, UserKind, validate_room_name,
    validate_title,
};
use clap::{ArgGroup, Args};

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::room_name::{RoomName, new_name};
use super::secret;
use super::user::account;
use super::yes_no::YesNo;

/// What to change; everything else stays.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").required(true).multiple(true)
    .args(["new_name", "title", "description", "owner", "private", "quiet", "slow", "keep", "password"]))]
pub(crate) struct SetArgs {
    /// The room, by its name or #number
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
    /// Whether only moderators and above speak
    #[arg(long, value_name = "yes|no", hide_possible_values = true)]
    quiet: Option<YesNo>,
    /// How long each member waits between two messages (10s, 1m; 6h at most), but for moderators and above; 0s ends it
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    slow: Option<Duration>,
    /// For how long messages are kept (90d, 12h): what is older is removed. "forever" (or 0s) keeps all, "default" does as
    /// rooms.keep says
    #[arg(long, value_name = "TIME|forever|default", value_parser = keep)]
    keep: Option<Keep>,
    /// Another password, a line of standard input or asked for on a terminal; empty to end it
    #[arg(long)]
    password: bool,
}

/// How long, `Some(0)`: for ever; `None`: as the configuration says.
#[derive(Debug, Clone, Copy)]
struct Keep(Option<Duration>);

fn keep(text: &str) -> Result<Keep, String> {
    match text {
        "default" => Ok(Keep(None)),
        "forever" => Ok(Keep(Some(Duration::ZERO))),
        time => match humantime::parse_duration(time) {
            Ok(time) => Ok(Keep(Some(time))),
            Err(_) => Err(
                "write a number and its unit, as 90d or 12h, or \"forever\" or \"default\""
                    .to_owned(),
            ),
        },
    }
}

impl SetArgs {
    /// Looks at everything first, so that a mistake changes nothing; then changes one after the other.
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        let room = self.check(to).await?;
        let password = if self.password {
            Some(secret::room_password(&self.room.to_string())?)
        } else {
            None
        };
        let done = format!("changed {}: {}", self.room, self.changes().join(", "));
        self.change(to, room, password).await?;
        out.line(&done)
    }

    /// What is changed, as the options are called.
    fn changes(&self) -> Vec<&'static str> {
        let all = [
            ("name", self.new_name.is_some()),
            ("title", self.title.is_some()),
            ("description", self.description.is_some()),
            ("owner", self.owner.is_some()),
            ("private", self.private.is_some()),
            ("quiet", self.quiet.is_some()),
            ("slow", self.slow.is_some()),
            ("keep", self.keep.is_some()),
            ("password", self.password),
        ];
        let changed = all.into_iter().filter(|(_, is_changed)| *is_changed);
        changed.map(|(name, _)| name).collect()
    }

    /// The room, once nothing is known that speaks against the changes.
    async fn check(&self, to: &mut Operator) -> Outcome<RoomId> {
        let find = FindRoom {
            room: self.room.selector(),
        };
        let room = to.ask(About::room(&self.room), find).await?;
        if room.kind == RoomKind::Direct {
            return Err(Failure::because(
                "a direct room has nothing that could be set",
            ));
        }
        if let Some(title) = &self.title {
            validate_title("title", title)
                .map_err(|error| About::NOTHING.explain(error.into(), &[]))?;
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
        let user = account(owner);
        match to.ask(about, FindUser { user }).await?.kind {
            UserKind::Account => Ok(()),
            UserKind::Guest => Err(to.explain(about, Error::NoSuchUser.into()).await),
        }
    }

    async fn check_name(&self, to: &mut Operator, room: RoomId) -> Outcome<()> {
        let Some(name) = &self.new_name else {
            return Ok(());
        };
        let about = About::room(name);
        validate_room_name("name", name.bare())
            .map_err(|error| about.explain(error.into(), &[]))?;
        let find = FindRoom {
            room: name.selector(),
        };
        match to.request(find).await? {
            Ok(found) if found.id != room => Err(about.explain(Error::NameTaken.into(), &[])),
            _ => Ok(()),
        }
    }

    /// One after the other: the owner first, which is what the checks beforehand cannot foresee (a ban, a limit); the name
    /// last, so that an error on the way names the room as it is called.
    async fn change(
        self,
        to: &mut Operator,
        id: RoomId,
        password: Option<Option<String>>,
    ) -> Outcome<()> {
        let (about, room) = (About::room(&self.room), || RoomSelector::Id(id));
        if let Some(owner) = &self.owner {
            let add = AddMember {
                room: room(),
                user: account(owner),
            };
            to.ask(about, add).await?;
            let (room, user, role) = (room(), account(owner), Role::Owner);
            to.ask(about, SetRole { room, user, role }).await?;
        }
        if let Some(title) = self.title {
            let room = room();
            to.ask(about, SetTitle { room, title }).await?;
        }
        if let Some(description) = self.description {
            let room = room();
            to.ask(about, SetDescription { room, description }).await?;
        }
        if let Some(private) = self.private {
            let (room, private) = (room(), private == YesNo::Yes);
            to.ask(about, SetPrivate { room, private }).await?;
        }
        if let Some(quiet) = self.quiet {
            let (room, quiet) = (room(), quiet == YesNo::Yes);
            to.ask(about, SetQuiet { room, quiet }).await?;
        }
        if let Some(pause) = self.slow {
            let room = room();
            to.ask(about, SetSlow { room, pause }).await?;
        }
        if let Some(Keep(keep)) = self.keep {
            let room = room();
            to.ask(about, SetKeep { room, keep }).await?;
        }
        if let Some(password) = password {
            let (room, password) = (room(), password.map(Secret::Password));
            to.ask(about, SetRoomPassword { room, password }).await?;
        }
        if let Some(name) = &self.new_name {
            let (room, name) = (room(), name.bare().to_owned());
            to.ask(about, RenameRoom { room, name }).await?;
        }
        Ok(())
    }
}
