//! `tolmach chat`: a client for any dialect, for people on a terminal and for pipes.
//!
//! ```text
//!  keyboard or pipe ──line──▶ SESSION ──Saying──▶ ChatClient ──bytes──▶ server
//!  screen or pipe ◀──Arrival── (session.rs) ◀──Arrival── (one per dialect) ◀──bytes──
//! ```
//!
//! Read it in this order: [`args`] (the command line), [`crate::dialects::client`] (what every dialect's client can
//! do, without I/O and without a clock), `dialects` (the list of them as it is named here), `session` (the one loop),
//! `ui` (where lines come from and arrivals go to), `line` (what a line means).

mod again;
mod args;
mod dialects;
mod failure;
mod line;
mod outgoing;
mod recognition;
mod server;
mod session;
#[cfg(feature = "tls")]
mod tls;
mod ui;

pub(crate) use args::{ChatArgs, ServerArgs};
pub(crate) use dialects::{find, help, with_chat};
pub(crate) use failure::Failure;
pub(crate) use session::now;
#[cfg(feature = "tls")]
pub(crate) use tls::{Tls, server_name};

use crate::dialects::Dialects;
use crate::dialects::client::{ChatClient, ChatSide, Identity, Key, clean};
use crate::model::without_mark;
use crate::refusal::words;
use recognition::Recognition;
use server::Server;
use session::Session;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use ui::Ui;

/// Where the password comes from when nobody is to be asked.
const PASSWORD_VARIABLE: &str = "TOLMACH_PASSWORD";

/// Where the token comes from that neither the command line nor a name says.
const TOKEN_VARIABLE: &str = "TOLMACH_TOKEN";

/// Where a room's password comes from.
const ROOM_PASSWORD_VARIABLE: &str = "TOLMACH_ROOM_PASSWORD";

/// Chats until the input or the connection ends: 0 after a farewell, 1 when refused or cut off, 2 for a wrong
/// command line. What went wrong is said on standard error.
pub(crate) async fn run(args: ChatArgs, dialects: Dialects) -> ExitCode {
    match chat(args, dialects).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            // Nothing is left to tell it to where standard error is gone.
            _ = args::usage_error(&message).print();
            ExitCode::from(2)
        }
        Err(failure) => {
            _ = writeln!(
                io::stderr(),
                "error: {}",
                clean::isolated(&clean::one_line(&failure.to_string()))
            );
            ExitCode::FAILURE
        }
    }
}

async fn chat(args: ChatArgs, dialects: Dialects) -> Result<(), Failure> {
    let (dialect, chat) = find(dialects, &args.dialect).map_err(Failure::Usage)?;
    let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
    let revision = dialect.revision(args.revision).map_err(Failure::Usage)?;
    if args.signup && !chat.signs_up {
        let reason = format!("{} has no --signup", dialect.name());
        return Err(Failure::Usage(reason));
    }
    if args.token.is_some() && matches!(chat.key, Key::Password) {
        let name = dialect.name();
        let reason = format!(
            "{name} has no --token; come in with --user NAME and a password ({PASSWORD_VARIABLE})"
        );
        return Err(Failure::Usage(reason));
    }
    let client = client(chat, &args, revision, interactive)?;
    let (host, port) = args
        .server
        .address(dialect.port(revision))
        .map_err(Failure::Usage)?;
    let server = encrypted(Server::new(host, port), &args.server)?;
    let ui = if !interactive {
        Ui::pipe(args.commands)
    } else if ui::can_move_cursor() {
        Ui::terminal(&args.room(), args.times, &line::words(chat.commands))
            .map_err(Failure::Input)?
    } else {
        Ui::pipe(true)
    };
    let help = line::help(chat.commands);
    let recognition = Recognition::new(dialect.name(), dialects);
    Session::new(server, client, help, recognition, ui)
        .run()
        .await
}

/// The server, through TLS where that is asked for.
#[cfg(feature = "tls")]
fn encrypted(server: Server, args: &ServerArgs) -> Result<Server, Failure> {
    Ok(match tls(args)? {
        Some(tls) => server.through(tls),
        None => server,
    })
}

/// How the server's certificate is checked, if it is spoken to through TLS.
#[cfg(feature = "tls")]
pub(crate) fn tls(args: &ServerArgs) -> Result<Option<Tls>, Failure> {
    let trust = match &args.ca {
        _ if !args.tls => return Ok(None),
        Some(path) => tls::Trust::File(path),
        None if args.insecure => tls::Trust::Anybody,
        None => tls::Trust::System,
    };
    Tls::new(&trust).map(Some)
}

#[cfg(not(feature = "tls"))]
fn encrypted(server: Server, args: &ServerArgs) -> Result<Server, Failure> {
    if args.tls {
        return Err(Failure::Usage("this build has no --tls".to_owned()));
    }
    Ok(server)
}

fn client(
    chat: &ChatSide,
    args: &ChatArgs,
    revision: u8,
    interactive: bool,
) -> Result<Box<dyn ChatClient>, Failure> {
    let token = token(args)?;
    let password = match (chat.key, &args.user, &token) {
        (Key::Password, Some(user), _) => {
            let prompt = format!("Password of {user} (empty: come as a guest): ");
            password(prompt, interactive)?
        }
        (Key::Either, Some(user), None) => password(format!("Password of {user}: "), interactive)?,
        _ => None,
    };
    let identity = Identity {
        user: args.user.clone(),
        password,
        token,
        room: args.room(),
        room_password: from_environment(ROOM_PASSWORD_VARIABLE),
        gateway: args.gateway.clone(),
        revision,
        sign_up: args.signup,
    };
    (chat.client)(identity).map_err(|missing| Failure::Usage(missing.to_owned()))
}

/// The token of the command line, or in the file that it names; the environment's only where no name is given.
fn token(args: &ChatArgs) -> Result<Option<String>, Failure> {
    let Some(token) = &args.token else {
        let may_be_meant = args.user.is_none();
        return Ok(from_environment(TOKEN_VARIABLE).filter(|_| may_be_meant));
    };
    let Some(file) = token.strip_prefix('@') else {
        return Ok(Some(token.clone()));
    };
    let wrong = |reason: String| Failure::Usage(format!("--token @{file}: {reason}"));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(words(&error)))?;
    match without_mark(&text).lines().next().map(str::trim) {
        Some(token) if !token.is_empty() => Ok(Some(token.to_owned())),
        _ => Err(wrong("its first line is empty".to_owned())),
    }
}

/// The environment's password, else the one that is typed; none where there is none, or an empty one.
fn password(prompt: String, interactive: bool) -> Result<Option<String>, Failure> {
    let given = from_environment(PASSWORD_VARIABLE);
    if given.is_some() || !interactive {
        return Ok(given);
    }
    let typed = rpassword::prompt_password(prompt).map_err(Failure::Input)?;
    Ok(Some(typed).filter(|password| !password.is_empty()))
}

/// What a variable holds; none where it is not set, or empty.
fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}
