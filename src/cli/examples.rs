//! The examples below each command's `--help`. A test holds that every command has some, and that each can be typed.

use clap::Command;

use crate::dialects::Dialects;

/// Each command, and what one may type; `{from}` and `{to}` are two dialects that there are.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "serve",
        &[
            "tolmach serve",
            "tolmach serve -c /etc/tolmach.toml",
            "tolmach serve -a 127.0.0.1 -p 0",
        ],
    ),
    ("check", &["tolmach check -c /etc/tolmach.toml"]),
    (
        "reload",
        &[
            "tolmach reload -c /etc/tolmach.toml --check",
            "tolmach reload -c /etc/tolmach.toml",
        ],
    ),
    ("config example", &["tolmach config example > tolmach.toml"]),
    (
        "config show",
        &["tolmach config show", "tolmach config show --json"],
    ),
    (
        "user add",
        &[
            "tolmach user add anna",
            "echo CorrectHorse | tolmach user add anna",
        ],
    ),
    (
        "user list",
        &["tolmach user list", "tolmach user list --json"],
    ),
    ("user password", &["tolmach user password anna"]),
    ("user disable", &["tolmach user disable anna"]),
    ("user enable", &["tolmach user enable anna"]),
    (
        "user operator",
        &[
            "tolmach user operator anna yes",
            "tolmach user operator anna no",
        ],
    ),
    ("user rename", &["tolmach user rename anna nina"]),
    (
        "user remove",
        &["tolmach user remove anna", "tolmach user remove anna --yes"],
    ),
    (
        "user erase",
        &["tolmach user erase anna", "tolmach user erase anna --yes"],
    ),
    (
        "user export",
        &[
            "tolmach user export anna anna.json",
            "tolmach user export anna --files anna.files > anna.json",
        ],
    ),
    (
        "token create",
        &[
            "tolmach token create anna > anna.token",
            "tolmach token create anna --value-stdin < old.token",
        ],
    ),
    ("token list", &["tolmach token list anna"]),
    (
        "token revoke",
        &[
            "tolmach token revoke anna 3",
            "tolmach token revoke anna --yes",
        ],
    ),
    ("room create", &["tolmach room create tea"]),
    (
        "room list",
        &["tolmach room list", "tolmach room list --json"],
    ),
    (
        "room members",
        &[
            "tolmach room members tea",
            "tolmach room members @anna,boris",
        ],
    ),
    (
        "room remove",
        &["tolmach room remove tea", "tolmach room remove tea --yes"],
    ),
    (
        "room set",
        &[
            "tolmach room set tea --title 'Tea at five' --owner anna",
            "tolmach room set tea --private yes --slow 10s --keep 90d",
            "tolmach room set tea --password",
        ],
    ),
    ("room add", &["tolmach room add tea anna"]),
    ("room kick", &["tolmach room kick tea boris"]),
    ("room ban", &["tolmach room ban tea boris"]),
    ("room unban", &["tolmach room unban tea boris"]),
    ("room role", &["tolmach room role tea anna moderator"]),
    (
        "ban add",
        &[
            "tolmach ban add 192.0.2.0/24 --for 1d --reason spam",
            "tolmach ban add boris",
        ],
    ),
    ("ban list", &["tolmach ban list"]),
    ("ban remove", &["tolmach ban remove 192.0.2.0/24"]),
    (
        "node list",
        &["tolmach node list", "tolmach node list --json"],
    ),
    (
        "session list",
        &["tolmach session list", "tolmach session list --json"],
    ),
    (
        "session close",
        &[
            "tolmach session close 7",
            "tolmach session close --user boris",
        ],
    ),
    (
        "history",
        &[
            "tolmach history lobby",
            "tolmach history lobby --since 1h --limit 20 --follow",
            "tolmach history @anna,boris --json",
        ],
    ),
    (
        "backup",
        &[
            "tolmach backup /var/backups/tolmach-2026-08-01.tar",
            "tolmach backup - | zstd | ssh elsewhere 'cat > tolmach.tar.zst'",
        ],
    ),
    (
        "restore",
        &[
            "tolmach restore /var/backups/tolmach-2026-08-01.tar",
            "ssh elsewhere 'cat tolmach.tar.zst' | zstd -d | tolmach restore -",
        ],
    ),
    (
        "export",
        &[
            "tolmach export | zstd > tolmach.jsonl.zst",
            "tolmach export tea.jsonl --room tea",
        ],
    ),
    (
        "import",
        &[
            "zstd -dc tolmach.jsonl.zst | tolmach import",
            "tolmach import tea.jsonl --room tea-2",
        ],
    ),
    (
        "store verify",
        &["tolmach store verify", "tolmach store verify --json"],
    ),
    (
        "export",
        &[
            "tolmach export tolmach.jsonl",
            "tolmach export --room tea tea.jsonl",
        ],
    ),
    (
        "import",
        &[
            "tolmach import tolmach.jsonl",
            "tolmach import --room tea tea.jsonl",
        ],
    ),
    ("store verify", &["tolmach store verify"]),
    (
        "tap",
        &[
            "tolmach tap --room lobby",
            "tolmach tap --session 7 --json",
            "tolmach tap --save talk.txt",
        ],
    ),
    (
        "replay",
        &[
            "tolmach replay --own talk.txt",
            "tolmach replay --own --json one.txt two.txt",
        ],
    ),
    (
        "chat",
        &[
            "tolmach chat {from} 127.0.0.1 --user boris",
            "tolmach chat {to} chat.example.org --tls --user anna --room tea",
            "echo Hello | tolmach chat {from} 127.0.0.1 --user pipe",
        ],
    ),
    (
        "bench",
        &[
            "tolmach bench {from} 127.0.0.1 --senders 10 --receivers 90 --rooms 10",
            "tolmach bench {from} 127.0.0.1 --rate 500 --time 30s --json",
            "tolmach bench {to} chat.example.org --tls --tokens tokens --senders 100 --in-flight 16",
        ],
    ),
    (
        "transcode",
        &["tolmach transcode --from {from} --to {to} --room tea < recorded"],
    ),
    (
        "completions",
        &["tolmach completions bash > ~/.local/share/bash-completion/completions/tolmach"],
    ),
    ("manual", &["tolmach manual ~/.local/share/man/man1"]),
    ("dialects", &["tolmach dialects", "tolmach dialects --json"]),
];

/// The command with the examples below each of its commands, with two of these dialects.
pub(super) fn below(command: Command, dialects: Dialects) -> Command {
    let [from, to] = [dialects.first(), dialects.last()]
        .map(|dialect| dialect.map_or("DIALECT", |dialect| dialect.name()));
    below_each("", command, &|line| {
        line.replace("{from}", from).replace("{to}", to)
    })
}

fn below_each(path: &str, command: Command, filled: &dyn Fn(&str) -> String) -> Command {
    let command = command.mut_subcommands(|inner| {
        let path = format!("{path} {}", inner.get_name());
        below_each(path.trim_start(), inner, filled)
    });
    let Some((_, lines)) = EXAMPLES.iter().find(|(name, _)| *name == path) else {
        return command;
    };
    let before = command.get_after_help().map(|help| format!("{help}\n\n"));
    let examples = format!("Examples:\n  {}", filled(&lines.join("\n  ")));
    command.after_help(before.unwrap_or_default() + &examples)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Arguments, command, usage};
    use crate::dialects::ALL;

    /// Every command that carries something out, with what stands below its options.
    fn helps(path: &str, command: &Command, found: &mut Vec<(String, String)>) {
        let mut inner = command.get_subcommands().peekable();
        if inner.peek().is_none() {
            let help = command.get_after_help();
            found.push((
                path.to_owned(),
                help.map(ToString::to_string).unwrap_or_default(),
            ));
        }
        for inner in inner {
            helps(&format!("{path} {}", inner.get_name()), inner, found);
        }
    }

    /// A command line's words, as a shell would tell them apart.
    fn words(line: &str) -> Vec<OsString> {
        let mut words = vec![String::new()];
        let mut quote = None;
        for letter in line.chars() {
            match (letter, quote) {
                ('\'' | '"', None) => quote = Some(letter),
                (letter, Some(open)) if letter == open => quote = None,
                (' ', None) => words.push(String::new()),
                (letter, _) => words.last_mut().unwrap().push(letter),
            }
        }
        words
            .into_iter()
            .filter(|word| !word.is_empty())
            .map(Into::into)
            .collect()
    }

    #[test]
    fn every_command_has_examples_that_can_be_typed() {
        let mut found = Vec::new();
        helps("", &command(ALL), &mut found);
        assert!(found.len() > 20);
        for (path, help) in found {
            let examples = help.split_once("Examples:\n");
            let (_, examples) =
                examples.unwrap_or_else(|| panic!("src/cli/examples.rs has none of{path}"));
            for line in examples.lines().filter(|line| line.starts_with("  ")) {
                let ours = line
                    .split('|')
                    .find(|part| part.trim().starts_with("tolmach "));
                let ours = ours.unwrap_or_else(|| panic!("{line}")).trim();
                let ours = ours.split(['<', '>', '&']).next().unwrap();
                assert!(ours.starts_with(&format!("tolmach{path}")), "{line}");
                let read =
                    usage::read::<Arguments>(|| command(ALL), words(ours).into_iter().skip(1));
                assert!(read.is_ok(), "{line}: {read:?}");
            }
        }
    }
}
