//! `tolmach chat`: a client for any dialect, for people on a terminal and for pipes.
//!
//! ```text
//!  keyboard or pipe ──line──▶ SESSION ──Saying──▶ Speaker ──bytes──▶ server
//!  screen or pipe ◀──Arrival── (session.rs) ◀──Arrival── (one per dialect) ◀──bytes──
//! ```
//!
//! Read it in this order: [`args`] (the command line), `speaker` (what every dialect's client can do, without
//! I/O and without a clock), `dialects` (the list of them), `session` (the one loop), `face` (where lines come
//! from and arrivals go to), `line` (what a line means), `clean` (what never reaches a screen raw).

// What only one dialect needs is not used where only the other, or none, is built in.
#![cfg_attr(
    not(all(feature = "jim", feature = "talker")),
    allow(dead_code, reason = "a part of the words that the dialects share")
)]

mod args;
mod clean;
mod dialects;
mod face;
mod failure;
#[cfg(feature = "jim")]
mod jim;
mod line;
mod outgoing;
mod session;
mod speaker;
#[cfg(feature = "jim")]
mod split;
#[cfg(feature = "talker")]
mod talker;

pub(crate) use args::ChatArgs;

use dialects::{Dialect, Identity, Key};
use face::Face;
use failure::Failure;
use speaker::Speaker;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long to wait for a connection.
const CONNECT_TIME: Duration = Duration::from_secs(30);

/// Where the password comes from when nobody is to be asked.
const PASSWORD_VARIABLE: &str = "TOLMACH_PASSWORD";

/// Chats until the input or the connection ends: 0 after a farewell, 1 when refused or cut off, 2 for a wrong
/// command line. What went wrong is said on standard error.
pub(crate) async fn run(args: ChatArgs) -> ExitCode {
    match chat(args).await {
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
                clean::one_line(&failure.to_string())
            );
            ExitCode::FAILURE
        }
    }
}

async fn chat(args: ChatArgs) -> Result<(), Failure> {
    if args.tls {
        return Err(Failure::Usage("--tls is not built yet".to_owned()));
    }
    let dialect = dialects::find(&args.dialect).map_err(Failure::Usage)?;
    let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
    let speaker = speaker(dialect, &args, interactive)?;
    let stream = connect(dialect, &args).await?;
    let face = if interactive {
        Face::terminal(&args.room(), args.times)
    } else {
        Face::pipe()
    };
    session::converse(stream, speaker, face).await
}

fn speaker(
    dialect: &Dialect,
    args: &ChatArgs,
    interactive: bool,
) -> Result<Box<dyn Speaker>, Failure> {
    let password = match (dialect.key, &args.user) {
        (Key::Password, Some(user)) => password(user, interactive)?,
        _ => None,
    };
    let identity = Identity {
        user: args.user.clone(),
        password,
        token: args.token.clone(),
        room: args.room(),
    };
    (dialect.begin)(identity).map_err(|missing| Failure::Usage(missing.to_owned()))
}

/// The environment's password, else the one that is typed; none where there is none, or an empty one.
fn password(user: &str, interactive: bool) -> Result<Option<String>, Failure> {
    let given = match std::env::var(PASSWORD_VARIABLE) {
        Ok(password) if !password.is_empty() => password,
        _ if interactive => {
            let prompt = format!("Password of {user} (empty: come as a guest): ");
            rpassword::prompt_password(prompt).map_err(Failure::Input)?
        }
        _ => String::new(),
    };
    Ok(Some(given).filter(|password| !password.is_empty()))
}

async fn connect(dialect: &Dialect, args: &ChatArgs) -> Result<TcpStream, Failure> {
    let port = args.port.unwrap_or(dialect.port);
    // An IPv6 address may come in the brackets that it has in front of a port.
    let host = args.host.trim_start_matches('[').trim_end_matches(']');
    let connected = timeout(CONNECT_TIME, TcpStream::connect((host, port)))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let stream = connected.map_err(|source| Failure::Connect {
        host: args.host.clone(),
        port,
        source,
    })?;
    stream.set_nodelay(true).map_err(Failure::Transport)?;
    Ok(stream)
}
