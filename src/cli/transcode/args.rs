//! What `tolmach transcode` can be told.

use crate::hub::Options;
use crate::model::{validate_login, validate_room_name};
use clap::Args;
use clap::error::ErrorKind;

use super::dialect::{Named, names};
use crate::dialects::Dialects;

/// What is read, what is written, and who is meant.
#[derive(Debug, Args)]
pub(crate) struct TranscodeArgs {
    /// The dialect of standard input: the frames of clients
    #[arg(long, value_name = "DIALECT")]
    from: String,
    /// The dialect of standard output: the frames of the server
    #[arg(long, value_name = "DIALECT")]
    to: String,
    /// The revision where a dialect has several and its name does not say [default: the last]
    #[arg(long, value_name = "NUMBER")]
    pub(super) revision: Option<u8>,
    /// Who speaks where the frames do not say
    #[arg(long = "as", value_name = "LOGIN", default_value = "someone", value_parser = login)]
    pub(super) login: String,
    /// The room that everything happens in
    #[arg(long, value_name = "NAME", default_value = "lobby", value_parser = room)]
    pub(super) room: String,
    /// Who hears what is written
    #[arg(long, value_name = "LOGIN", default_value = "observer", value_parser = login)]
    pub(super) observer: String,
}

impl TranscodeArgs {
    /// From which dialect to which.
    ///
    /// # Errors
    /// One of them is not there, or the arguments do not fit together.
    pub(super) fn dialects(&self, dialects: Dialects) -> Result<(Named, Named), clap::Error> {
        let named = |option: &str, name: &str| {
            Named::parse(dialects, name).map_err(|reason| {
                let wrong = format!("invalid value '{name}' for '{option} <DIALECT>': {reason}");
                usage_error(ErrorKind::ValueValidation, &wrong)
            })
        };
        let (from, to) = (named("--from", &self.from)?, named("--to", &self.to)?);
        let open = [from, to].into_iter().filter(|named| named.is_open());
        let open: Vec<Named> = open.collect();
        if self.revision.is_some() && open.is_empty() {
            let reason = "neither of the two dialects has a revision left to choose";
            return Err(usage_error(ErrorKind::ArgumentConflict, reason));
        }
        for named in open {
            named.check(self.revision).map_err(|reason| {
                let wrong = format!("invalid value for '--revision <NUMBER>': {reason}");
                usage_error(ErrorKind::ValueValidation, &wrong)
            })?;
        }
        Ok((from, to))
    }
}

fn usage_error(kind: ErrorKind, reason: &str) -> clap::Error {
    let command = clap::Command::new("transcode").bin_name("tolmach transcode");
    TranscodeArgs::augment_args(command).error(kind, reason)
}

/// What stands below the options in `--help`.
pub(crate) fn help(dialects: Dialects) -> String {
    format!(
        "DIALECT is one of {}.\n\n{HELP}",
        names(dialects).join(", ")
    )
}

const HELP: &str = "\
Everything goes through the adapters of a gateway, on a hub in memory with one room: no network, no configuration. \
The output is what the server tells the observer, a client of the other dialect that is in the room before anything \
happens; the observer's own login and entering are left out. Times are those of the transcoding.

People: some frames say who speaks; else it is whom a login frame or a token of this gateway's form names, else \
--as. Any password and any token is right. Who says something without having entered enters first.
Rooms: any room is --room. Making a room is entering it.
Private messages go to the person of that name, so they are not in the output unless that is the observer.
Messages: a number in an edit or a deletion is that of the n-th message of the recording, counted from 1, private, \
refused and deleted ones too. Frames that name a person by a number only are left out with a warning.
Questions (history, lists) tell the observer nothing. The end of the input is no farewell.

A refused frame is a warning that names its line (of a dialect without lines: its offset in bytes), and the rest goes on. A malformed one \
ends the transcoding after all output before it: exit 1.";

fn login(text: &str) -> Result<String, String> {
    let gateway = Options::default().name;
    let valid = validate_login("a login", text, &gateway);
    valid
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

fn room(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('#').unwrap_or(text);
    let valid = validate_room_name("a room's name", name);
    valid
        .map(|()| name.to_owned())
        .map_err(|error| error.to_string())
}
