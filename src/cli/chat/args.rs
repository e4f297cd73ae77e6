//! The command line of `tolmach chat`.

use std::path::PathBuf;

/// A client for any dialect; a pipe works: lines in, lines out
#[derive(Debug, clap::Args)]
pub(crate) struct ChatArgs {
    /// The dialect to speak, one of those below
    pub(crate) dialect: String,

    #[command(flatten)]
    pub(crate) server: ServerArgs,

    /// The name to come in with
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// A secret that says who one is; @FILE: the first line of a file, which no list of processes shows
    #[arg(long)]
    pub(crate) token: Option<String>,

    /// The room to enter; a # in front may be left out
    #[arg(long, default_value = "lobby")]
    pub(crate) room: String,

    /// What the gateway's own user is called, which answers /who, /history and the like where the dialect has no frames for them
    #[arg(long, value_name = "NAME", default_value = "tolmach")]
    pub(crate) gateway: String,

    /// The revision of the dialect, where it has several [default: the last]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) revision: Option<u8>,

    /// Make the account first, where the dialect can and there is none
    #[arg(long)]
    pub(crate) signup: bool,

    /// In a pipe, too, take lines that begin with / as on a terminal
    #[arg(long)]
    pub(crate) commands: bool,

    /// On a terminal, show times with their seconds
    #[arg(long)]
    pub(crate) times: bool,
}

/// Where a server is, and whether it is spoken to through TLS.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// The server's name or address; also HOST:PORT
    pub(crate) host: String,

    /// The server's port [default: the dialect's own]
    pub(crate) port: Option<u16>,

    /// Speak through TLS, and check the server's certificate against the system's roots
    #[arg(long)]
    pub(crate) tls: bool,

    /// Check the certificate against the ones in this file instead
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca: Option<PathBuf>,

    /// Take any certificate, also one that nobody vouches for
    #[arg(long, requires = "tls", conflicts_with = "ca")]
    pub(crate) insecure: bool,
}

impl ServerArgs {
    /// Where the server is: its name or address, and its port, which may stand behind the name.
    ///
    /// # Errors
    /// What stands there is no port.
    pub(crate) fn address(&self, default_port: u16) -> Result<(&str, u16), String> {
        // An IPv6 address has its brackets in front of a port.
        let is_host =
            |host: &str| !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
        match (self.port, self.host.rsplit_once(':')) {
            (Some(port), _) => Ok((&self.host, port)),
            (None, Some((host, port))) if is_host(host) => match port.parse() {
                Ok(port) => Ok((host, port)),
                Err(_) => Err(format!(
                    "{port:?} is no port; write HOST:PORT, as {host}:{default_port}"
                )),
            },
            (None, _) => Ok((&self.host, default_port)),
        }
    }
}

impl ChatArgs {
    /// The room's name without the `#`.
    pub(super) fn room(&self) -> String {
        self.room.strip_prefix('#').unwrap_or(&self.room).to_owned()
    }
}

/// A wrong command line as clap tells it: the message, the usage, exit 2.
pub(super) fn usage_error(message: &str) -> clap::Error {
    use clap::Args;
    let command = clap::Command::new("chat").bin_name("tolmach chat");
    ChatArgs::augment_args(command).error(clap::error::ErrorKind::MissingRequiredArgument, message)
}

#[cfg(test)]
mod tests {
    use super::ChatArgs;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Chat {
        #[command(flatten)]
        args: ChatArgs,
    }

    fn parse(words: &str) -> Result<ChatArgs, String> {
        Chat::try_parse_from(words.split(' '))
            .map(|chat| chat.args)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_port_may_stand_behind_the_host() {
        for (words, address) in [
            ("chat any host", ("host", 7)),
            ("chat any host:80", ("host", 80)),
            ("chat any host 80", ("host", 80)),
            ("chat any 127.0.0.1:80", ("127.0.0.1", 80)),
            ("chat any [::1]:80", ("[::1]", 80)),
            ("chat any [::1]", ("[::1]", 7)),
            ("chat any ::1", ("::1", 7)),
            ("chat any ::1 80", ("::1", 80)),
        ] {
            assert_eq!(
                parse(words).unwrap().server.address(7),
                Ok(address),
                "{words}"
            );
        }
        for words in ["chat any host:no", "chat any host:65536", "chat any host:"] {
            let refused = parse(words).unwrap().server.address(7).unwrap_err();
            assert!(refused.contains("as host:7"), "{refused}");
        }
    }

    #[test]
    fn a_room_may_have_its_hash() {
        assert_eq!(parse("chat any host").unwrap().room(), "lobby");
        assert_eq!(parse("chat any host --room #tea").unwrap().room(), "tea");
        assert_eq!(parse("chat any host --room tea").unwrap().room(), "tea");
    }
}
