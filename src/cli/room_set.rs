//! `tolmach room set`: changes of one room, several at once.

use std::time::Duration;

use crate::commands::{ChangeRoom, FindRoom, FindUser, Keep};
use crate::model::{
    Error, RoomId, RoomKind, RoomSelector, Secret, UserKind, kept_title, validate_room_name,
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

fn keep(text: &str) -> Result<Keep, String> {
    match text {
        "default" => Ok(Keep::AsConfigured),
        "forever" => Ok(Keep::For(Duration::ZERO)),
        time => match humantime::parse_duration(time) {
            Ok(time) => Ok(Keep::For(time)),
            Err(_) => Err(
                "write a number and its unit, as 90d or 12h, or \"forever\" or \"default\""
                    .to_owned(),
            ),
        },
    }
}

impl SetArgs {
    /// All of it is changed, or nothing: what is known to be wrong is said before a password is asked for.
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        let room = self.check(to).await?;
        let password = match self.password {
            true => Some(secret::room_password(&self.room.to_string())?.unwrap_or_default()),
            false => None,
        };
        let done = format!("changed {}: {}", self.room, self.changes().join(", "));
        let change = ChangeRoom {
            room: RoomSelector::Id(room),
            name: self.new_name.map(|name| name.bare().to_owned()),
            title: self.title,
            description: self.description,
            private: self.private.map(|private| private == YesNo::Yes),
            password: password.map(Secret::Password),
            quiet: self.quiet.map(|quiet| quiet == YesNo::Yes),
            slow: self.slow,
            keep: self.keep,
            owner: self.owner.as_deref().map(account),
        };
        to.ask(About::room(&self.room), change).await?;
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
            kept_title("title", title)
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
}
