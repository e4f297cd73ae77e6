//! What operators did: one line each in the log, under the target `audit`.
//!
//! ```text
//!  over the control socket, or HTTP ────────────────────▶ log
//!  on a store that no gateway has open ─▶ audit.jsonl ─▶ log of the next gateway there, which removes it
//! ```

#[cfg(test)]
mod tests;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::UnixStream;

use crate::commands::{AnyCommand, Caller, Command, FindRoom, FindUser};
#[cfg(feature = "sqlite")]
use crate::copies::BroughtRoom;
use crate::hub::Hub;
use crate::model::{Error, Result, RoomId, RoomKind, RoomSelector, UserId, UserSelector};
use crate::new_file;
use crate::word::{Word, bounded};

/// In the data directory: what was done while no gateway ran.
const KEPT: &str = "audit.jsonl";

/// Who does what an audit line tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum By {
    /// A process of this machine, as the system knows it.
    Process {
        /// The Unix user's number.
        uid: u32,
        /// The process, where the system says it.
        pid: Option<i32>,
    },
    /// An account that is an operator, over HTTP.
    Account {
        /// The login of the operator's account.
        account: String,
        /// From where it came.
        peer: Option<IpAddr>,
    },
}

impl By {
    /// Who is at the other end of a socket.
    ///
    /// # Errors
    /// What the system says of the socket.
    pub(super) fn peer(stream: &UnixStream) -> io::Result<Self> {
        let peer = stream.peer_cred()?;
        Ok(Self::Process {
            uid: peer.uid(),
            pid: peer.pid(),
        })
    }

    /// This process and the user that runs it.
    #[must_use]
    pub fn this_process() -> Self {
        Self::Process {
            uid: nix::unistd::getuid().as_raw(),
            pid: i32::try_from(std::process::id()).ok(),
        }
    }
}

/// Something that an operator did or was refused. No secret and no text is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When, as RFC 3339.
    pub at: String,
    /// The operator who did it.
    #[serde(flatten)]
    pub by: By,
    /// What: a command's name, as the control socket's requests write it.
    pub act: String,
    /// The rooms, users and whatever else the act names.
    #[serde(flatten)]
    pub on: On,
    /// Why it was refused, if it was: the error's name.
    pub error: Option<String>,
}

/// What an act concerned, as far as it names it: each as it was typed, or as a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct On {
    /// The login of a user, as it was typed.
    pub user: Option<String>,
    /// The name of a room, as it was typed.
    pub room: Option<String>,
    /// The new name of either.
    pub to: Option<String>,
    /// A member's new role.
    pub role: Option<String>,
    /// The number of a session.
    pub session: Option<i64>,
    /// The number of a token.
    pub token: Option<i64>,
    /// An address, a network or a login that is kept out.
    pub subject: Option<String>,
    /// The number of a message, over all rooms.
    pub message: Option<i64>,
    /// What was changed, where that is chosen: switches, times and an owner with what they are now.
    pub changed: Option<String>,
}

impl On {
    /// Only these fields of a command are ever looked at.
    fn of(act: &str, fields: &Value) -> Self {
        let of = |key: &str| fields.get(key).and_then(text);
        let named = |acts: &[&str], key: &str| acts.contains(&act).then(|| of(key)).flatten();
        let number = |acts: &[&str], key: &str| {
            let field = fields.get(key).filter(|_| acts.contains(&act))?;
            field.as_i64()
        };
        let flag = |acts: &[&str], key: &str| {
            let is = fields.get(key).filter(|_| acts.contains(&act))?.as_bool()?;
            Some(is.to_string())
        };
        Self {
            user: of("user").or_else(|| named(&["register"], "login")),
            room: of("room").or_else(|| named(&["create_room"], "name")),
            to: named(&["rename_user"], "login")
                .or_else(|| named(&["rename_room", "change_room"], "name"))
                .or_else(|| flag(&["set_operator"], "operator"))
                .or_else(|| flag(&["set_disabled"], "disabled")),
            role: of("role"),
            session: number(&["close_session"], "id"),
            token: number(&["revoke_token"], "id"),
            subject: of("subject"),
            message: number(&["edit", "delete", "hide"], "message"),
            changed: CHANGING.contains(&act).then(|| changed(fields)),
        }
    }

    /// Whom and where a command names by number is said by name, as it is before the act.
    async fn name(&mut self, hub: &Hub, command: &AnyCommand) {
        let written = serde_json::to_value(command).unwrap_or_default();
        let fields = written.as_object().and_then(|act| act.values().next());
        let number = |key| {
            let number = fields?.get(key)?.get("id")?.as_i64()?;
            i32::try_from(number).ok()
        };
        if let Some(id) = number("user") {
            let user = UserSelector::Id(UserId(id));
            let found = hub.operate(FindUser { user }).await;
            self.user = found.map_or(self.user.take(), |user| Some(user.login.clone()));
        }
        if let Some(id) = number("room") {
            let room = RoomSelector::Id(RoomId(id));
            let found = hub.operate(FindRoom { room }).await.ok();
            let named = found.filter(|room| room.kind != RoomKind::Direct);
            self.room = named.map_or(self.room.take(), |room| Some(room.name.clone()));
        }
    }
}

/// The acts of which it is said what is other, and what it is now.
const CHANGING: [&str; 2] = ["change_room", "change_user"];

/// The fields of a command that are to be other.
fn changed(fields: &Value) -> String {
    let fields = fields.as_object().into_iter().flatten();
    let changed =
        fields.filter(|(key, value)| !value.is_null() && !["room", "user"].contains(&&***key));
    let written = changed.map(|(key, value)| match (&**key, value) {
        (_, Value::Bool(is)) => format!("{key}={is}"),
        ("slow" | "keep", _) => format!("{key}={}", time(value)),
        ("owner", _) => format!("{key}={}", text(value).unwrap_or_default()),
        _ => key.clone(),
    });
    written.collect::<Vec<_>>().join(",")
}

/// A duration as it is given on the command line, or for how long a room keeps messages.
fn time(value: &Value) -> String {
    let time = value.get("for").unwrap_or(value);
    match serde_json::from_value::<Duration>(time.clone()) {
        Ok(time) => humantime::format_duration(time)
            .to_string()
            .replace(' ', ""),
        Err(_) => text(value).unwrap_or_default(),
    }
}

/// A name, a number, or what a selector holds of either.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(bounded(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(pair) => {
            let names: Vec<String> = pair.iter().filter_map(text).collect();
            Some(format!("@{}", names.join(",")))
        }
        Value::Object(selector) => selector.values().next().and_then(text),
        Value::Null | Value::Bool(_) => None,
    }
}

/// Carries out a command; `keep` is given what was done where the command is one that changes something.
///
/// # Errors
/// The command's.
pub async fn operate<C>(
    operator: impl Into<Caller<'_>>,
    by: By,
    command: C,
    keep: impl FnOnce(Act),
) -> Result<C::Reply>
where
    C: Command + Into<AnyCommand> + Clone,
{
    let mut operator = operator.into();
    let asked = command.clone().into();
    let mut act = Act::of(by, &asked);
    if let Some(act) = &mut act {
        act.on.name(operator.hub(), &asked).await;
    }
    let outcome = operator.call(command).await;
    if let Some(mut act) = act {
        act.error = outcome.as_ref().err().map(|error| Word(error).to_string());
        keep(act);
    }
    outcome
}

/// As [`operate`], for a room that comes from elsewhere; its number.
///
/// # Errors
/// Those of [`BroughtRoom::take_in`].
#[cfg(feature = "sqlite")]
pub async fn import(
    hub: &Hub,
    by: By,
    room: BroughtRoom,
    keep: impl FnOnce(Act),
) -> Result<RoomId> {
    let on = On {
        room: Some(bounded(&room.name)),
        ..On::default()
    };
    let outcome = room.take_in(hub).await;
    keep(Act::new(by, "import", on, outcome.as_ref().err()));
    outcome
}

impl Act {
    /// None where the command only reads.
    fn of(by: By, command: &AnyCommand) -> Option<Self> {
        if !command.changes() {
            return None;
        }
        let act = Word(command).to_string();
        // A command without fields is its name alone.
        let written = serde_json::to_value(command).unwrap_or_default();
        let on = On::of(&act, written.get(&act).unwrap_or(&Value::Null));
        Some(Self::new(by, act, on, None))
    }

    /// An act of this moment, of a command or of something else.
    #[must_use]
    pub fn new(by: By, act: impl Into<String>, on: On, error: Option<&Error>) -> Self {
        Self {
            at: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            by,
            act: act.into(),
            on,
            error: error.map(|error| Word(error).to_string()),
        }
    }

    /// A line of the log.
    pub fn log(&self) {
        self.log_at(None);
    }

    fn log_at(&self, at: Option<&str>) {
        let On {
            user,
            room,
            to,
            role,
            session,
            token,
            subject,
            message,
            changed,
        } = &self.on;
        let (uid, pid, account, peer) = match &self.by {
            By::Process { uid, pid } => (Some(*uid), *pid, None, None),
            By::Account { account, peer } => (None, None, Some(account), *peer),
        };
        tracing::info!(
            target: "audit",
            act = self.act,
            uid,
            pid,
            account,
            peer = peer.map(tracing::field::display),
            user,
            room,
            to,
            role,
            session,
            token,
            subject,
            message_id = message,
            changed,
            error = self.error,
            at,
            "operator"
        );
    }

    /// Keeps it for the next gateway on this data directory, whose lock the caller holds.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, data_dir: &Path) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        let path = data_dir.join(KEPT);
        let mut file = match new_file::create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut options = OpenOptions::new();
                // The directory may be another user's.
                options.custom_flags(OFlag::O_NOFOLLOW.bits());
                options.append(true).open(&path)?
            }
            made => {
                let (file, of) = (made?, fs::metadata(data_dir)?);
                if geteuid().is_root() {
                    // The gateway that runs there has to read it.
                    fchown(&file, Some(of.uid()), Some(of.gid()))?;
                }
                file
            }
        };
        file.write_all(&line)
    }
}

/// Logs what was kept in this data directory, whose lock the caller holds.
pub(crate) fn log_kept(data_dir: &Path) {
    let path = data_dir.join(KEPT);
    let kept = match fs::read_to_string(&path) {
        Ok(kept) => kept,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "what operators did before cannot be read");
            return;
        }
    };
    for line in kept.lines() {
        match serde_json::from_str::<Act>(line) {
            Ok(act) => act.log_at(Some(&act.at)),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "a line of what operators did before cannot be read");
            }
        }
    }
    if let Err(error) = fs::remove_file(&path) {
        tracing::warn!(%error, path = %path.display(), "what operators did before is said again at the next start");
    }
}
