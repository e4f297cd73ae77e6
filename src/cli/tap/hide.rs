//! What no two runs share, in what a tap shows: placeholders of transcripts in place of times and secrets.

use crate::dialects::client::{PASSWORD, Placeholders};

const SECRET: &str = "<secret>";
/// The fields, in bytes with their meaning, that hold a time, of eight bytes.
const TIMES: [&str; 6] = ["created", "updated", "time", "from", "to", "last_activity"];
/// Where what bytes are stands, unless there are more of them.
const COLUMN: usize = 20;

/// A line of bytes with their meaning, `bytes  what they are`, with `<time>`, `<later>` and `<earlier>`.
pub(super) fn times_in_bytes(line: &str, values: &Placeholders) -> String {
    let Some((hex, meaning)) = line.split_once("  ") else {
        return line.to_owned();
    };
    let mut hex = hex.to_owned();
    let mut created = None;
    let mut fields = Vec::new();
    for field in meaning.trim_start().split(", ") {
        let (name, value) = field.split_once(' ').unwrap_or((field, ""));
        let time = value.parse().ok().filter(|_| TIMES.contains(&name));
        let shown = time.and_then(|time: i64| Some((time, values.time(time, created)?)));
        let Some((time, shown)) = shown else {
            fields.push(field.to_owned());
            continue;
        };
        if name == "created" {
            created = Some(time);
        }
        let bytes = time.to_le_bytes();
        let bytes = bytes.iter().map(|byte| format!("{byte:02x}"));
        hex = hex.replacen(&bytes.collect::<String>(), shown, 1);
        fields.push(format!("{name} {shown}"));
    }
    aligned(&hex, &fields.join(", "))
}

fn aligned(hex: &str, meaning: &str) -> String {
    // The width of a format has a limit, which a long text is over.
    let gap = COLUMN.saturating_sub(hex.chars().count()).max(2);
    format!("{hex}{}{meaning}", " ".repeat(gap))
}

/// The token of every account of a transcript, by the name of one of its connections.
pub(super) fn own_token(name: &str) -> String {
    format!("token-{}", name.split('.').next().unwrap_or_default())
}

/// A frame of text with this in place of its secrets.
pub(super) fn with(lines: &[String], secret: &str) -> Vec<String> {
    let filled = lines.iter().map(|line| line.replace(SECRET, secret));
    filled.collect()
}

/// What a connection was told, with a placeholder for each secret; `count` is how many it was told before.
pub(super) fn told_secrets(lines: &[String], name: &str, count: &mut usize) -> Vec<String> {
    let secret = |line: &String| {
        if !line.contains(SECRET) {
            return line.clone();
        }
        *count += 1;
        let number = if *count > 1 {
            format!("-{count}")
        } else {
            String::new()
        };
        let shown = line.replace(SECRET, &format!("<hash-{name}{number}>"));
        match shown.split_once("  ") {
            Some((hex, meaning)) if !shown.starts_with('{') => aligned(hex, meaning.trim_start()),
            _ => shown,
        }
    };
    lines.iter().map(secret).collect()
}

/// What a client said, with the password of transcripts for a secret; a frame in bytes then without them.
pub(super) fn said_secrets(lines: &[String], has_bytes: bool) -> (Vec<String>, bool) {
    if !lines.iter().any(|line| line.contains(SECRET)) {
        return (lines.to_vec(), false);
    }
    if !has_bytes {
        return (with(lines, PASSWORD), true);
    }
    let meanings = lines.iter().map(|line| {
        let meaning = line.split_once("  ").map_or("", |(_, meaning)| meaning);
        meaning
            .trim_start()
            .replace(SECRET, &format!("\"{PASSWORD}\""))
    });
    (vec![meanings.collect::<Vec<_>>().join(" ")], true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_bytes_are_hidden() {
        let run = Placeholders::of_recording(1003);
        let line = "0100 eb03000000000000 ec03000000000000  id 1, created 1003, updated 1004";
        let shown = "0100 <time> <later>  id 1, created <time>, updated <later>";
        assert_eq!(times_in_bytes(line, &run), shown);
        assert_eq!(
            times_in_bytes("01                  major 1", &run),
            "01                  major 1"
        );
    }

    #[test]
    fn secrets_have_placeholders_or_the_password_of_transcripts() {
        let mut count = 0;
        let lines = ["<secret>00  session_hash <secret>".to_owned()];
        let shown = told_secrets(&lines, "anna", &mut count);
        assert_eq!(shown, ["<hash-anna>00       session_hash <hash-anna>"]);
        let lines = [
            "0 30 05             JOIN_CHAT task 5".to_owned(),
            "<secret>00          password <secret>".to_owned(),
        ];
        let said = format!("JOIN_CHAT task 5 password \"{PASSWORD}\"");
        assert_eq!(said_secrets(&lines, true), (vec![said], true));
    }
}
