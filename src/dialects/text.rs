//! How messages read as text, where a dialect has nothing better; the same in every dialect, of this crate or another.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::model::{Message, MessageKind, RoomChange, RoomEvent, UserId};

/// The mark in front of an edited message.
pub const EDITED: &str = "✎ ";

/// Most characters of the line that a reply shows of what it answers.
const QUOTED: usize = 100;

/// What somebody changed about a room, in one line: `anna set the title to "Tea at five"`. `None`: it is said otherwise.
#[must_use]
pub fn configured(event: &RoomEvent) -> Option<String> {
    // No login has a space in it: nobody else is called so.
    let who = match event.actor.id {
        UserId::GATEWAY => "the operator",
        _ => &event.actor.login,
    };
    Some(match &event.change {
        RoomChange::Titled => format!("{who} set the title to \"{}\"", one_line(&event.room.title)),
        RoomChange::Described { description } if description.is_empty() => {
            format!("{who} removed the description")
        }
        RoomChange::Described { description } => {
            format!("{who} set the description to \"{}\"", one_line(description))
        }
        RoomChange::Renamed { from } => format!("{who} renamed #{from} to #{}", event.room.name),
        RoomChange::Quieted { quiet: true } => {
            format!("{who} made the room quiet: only moderators and above speak")
        }
        RoomChange::Quieted { quiet: false } => format!("{who} let everybody speak again"),
        RoomChange::Slowed { pause } if pause.is_zero() => {
            format!("{who} ended the pause between two messages")
        }
        RoomChange::Slowed { pause } => {
            let pause = humantime::format_duration(*pause);
            format!("{who} made the room slow: {pause} between two messages of one member")
        }
        RoomChange::Created
        | RoomChange::Posted(_)
        | RoomChange::Edited(_)
        | RoomChange::Deleted(_)
        | RoomChange::HistoryCleared
        | RoomChange::AccessChanged
        | RoomChange::MemberJoined { .. }
        | RoomChange::MemberLeft { .. }
        | RoomChange::MemberRemoved { .. }
        | RoomChange::MemberBanned { .. }
        | RoomChange::MemberUnbanned { .. }
        | RoomChange::RoleChanged { .. }
        | RoomChange::RoomDeleted => return None,
    })
}

/// The lines of a text behind one another.
fn one_line(text: &str) -> String {
    let breaks = ['\n', '\u{2028}', '\u{2029}'];
    let lines = text.split(breaks).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// By what a dialect says who somebody is, also where a reply shows whom it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By the login, which is one's own.
    Login,
    /// By the name that one chose to be shown by, which may be another's login.
    Name,
}

/// A message's text for a dialect that has no emotes, stickers or files.
#[must_use]
pub fn plain(message: &Message, naming: Naming) -> Cow<'_, str> {
    plain_with_link(message, naming, "")
}

/// As [`plain`], with a file's link behind its name, which begins with this; none where that is empty.
#[must_use]
pub fn plain_with_link<'a>(message: &'a Message, naming: Naming, public_url: &str) -> Cow<'a, str> {
    match message.kind {
        MessageKind::Emote => with_emote(message, naming),
        _ => without_emote_with_link(message, naming, public_url),
    }
}

/// A message's text for a dialect that has stickers and files but no emotes.
#[must_use]
pub fn with_emote(message: &Message, naming: Naming) -> Cow<'_, str> {
    below_quote(message, naming, message.kind.written(&message.text))
}

/// A message's text for a dialect that has emotes but no stickers or files.
#[must_use]
pub fn without_emote(message: &Message, naming: Naming) -> Cow<'_, str> {
    without_emote_with_link(message, naming, "")
}

/// As [`without_emote`], with a file's link behind its name, which begins with this; none where that is empty.
#[must_use]
pub fn without_emote_with_link<'a>(
    message: &'a Message,
    naming: Naming,
    public_url: &str,
) -> Cow<'a, str> {
    let text = match (message.kind, &message.file) {
        (MessageKind::Sticker, _) => Cow::Owned(format!(":{}:", message.text)),
        (MessageKind::File, Some(file)) => {
            let mut line = format!("[file] {} ({})", file.name, size(file.size));
            if !public_url.is_empty() {
                line += &format!(" {public_url}/files/{}", message.id.0);
            }
            Cow::Owned(if message.text.is_empty() || message.text == file.name {
                line
            } else {
                format!("{line}\n{}", message.text)
            })
        }
        _ => Cow::Borrowed(message.text.as_str()),
    };
    below_quote(message, naming, text)
}

/// "`> name: first line` above the text."
fn below_quote<'a>(message: &Message, naming: Naming, text: Cow<'a, str>) -> Cow<'a, str> {
    let Some(quote) = &message.quote else {
        return text;
    };
    let line: String = quote.line.chars().take(QUOTED).collect();
    let cut = if line.len() < quote.line.len() {
        "…"
    } else {
        ""
    };
    let who = match naming {
        Naming::Login => &quote.sender.login,
        Naming::Name => &quote.sender.name,
    };
    Cow::Owned(format!("> {who}: {line}{cut}\n{text}"))
}

/// A size for people: bytes below 1,000, then kB and MB with one digit behind the point.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Cuts a text into at most `pieces` of at most `limit` characters each: between graphemes, at white space where there
/// is some in a piece's second half. When that is not enough, the last piece says how many characters are missing.
#[must_use]
pub fn cut(text: &str, limit: usize, pieces: usize) -> Vec<String> {
    // There are never more characters than bytes.
    if text.len() <= limit {
        return vec![text.to_owned()];
    }
    cut_by(text, limit, pieces, |_| 1)
}

/// As [`cut`], where characters have different widths and `limit` is the sum of them.
#[must_use]
pub fn cut_by(text: &str, limit: usize, pieces: usize, width: Width) -> Vec<String> {
    let mut cut = Vec::new();
    let mut rest = text;
    while is_longer(rest, limit, width) && cut.len() + 1 < pieces {
        let (piece, left) = split_piece(rest, limit, width);
        cut.push(piece.to_owned());
        rest = left;
    }
    if is_longer(rest, limit, width) {
        cut.push(last_piece(rest, limit, width));
    } else if !rest.is_empty() || cut.is_empty() {
        cut.push(rest.to_owned());
    }
    cut
}

/// How much of a piece's limit a character takes; 1 at least.
pub type Width = fn(char) -> usize;

fn is_longer(text: &str, limit: usize, width: Width) -> bool {
    end_within(text, limit, width) < text.len()
}

/// Where the longest beginning of at most this width ends.
fn end_within(text: &str, limit: usize, width: Width) -> usize {
    let mut sum = 0;
    let mut beyond = text.char_indices().skip_while(|(_, character)| {
        sum += width(*character);
        sum <= limit
    });
    beyond.next().map_or(text.len(), |(at, _)| at)
}

fn last_piece(rest: &str, limit: usize, width: Width) -> String {
    let total = rest.chars().count();
    // Room for the longest note there can be.
    let room = limit.saturating_sub(missing(total).chars().map(width).sum());
    let (piece, left) = split_piece(rest, room, width);
    format!("{piece}{}", missing(left.chars().count()))
}

fn missing(characters: usize) -> String {
    format!(" … ({characters} more characters)")
}

/// The longest beginning of at most `limit` that ends well, and what is left, without the white space between.
fn split_piece(text: &str, limit: usize, width: Width) -> (&str, &str) {
    let mut end = 0;
    let mut taken = 0;
    let mut space = None;
    // One grapheme may be as long as the whole text; past the window none is taken anyway.
    let within = end_within(text, limit, width);
    let window = text[within..]
        .char_indices()
        .nth(2)
        .map_or(text, |(more, _)| &text[..within + more]);
    for (at, grapheme) in window.grapheme_indices(true) {
        let before = taken;
        taken += grapheme.chars().map(width).sum::<usize>();
        let is_space = grapheme.chars().all(char::is_whitespace);
        if is_space && taken > limit / 2 && before <= limit {
            space = Some((at, at + grapheme.len()));
        }
        if taken > limit {
            break;
        }
        end = at + grapheme.len();
    }
    match space {
        Some((before, after)) if end < text.len() => (&text[..before], &text[after..]),
        _ if end > 0 => text.split_at(end),
        // One grapheme that is longer than a piece: cut it between characters.
        _ => text.split_at(within),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{MessageId, Quote, RoomId, Seq, Timestamp, UserId, UserRef};

    fn reply(kind: MessageKind, line: &str) -> Message {
        let anna = Arc::new(UserRef {
            id: UserId(1),
            login: "anna".into(),
            name: "Anna".into(),
        });
        Message {
            id: MessageId(2),
            room: RoomId(1),
            seq: Seq(2),
            sender: anna.clone(),
            kind,
            text: "tea".into(),
            reply_to: Some(MessageId(1)),
            quote: Some(Quote {
                sender: anna,
                line: line.into(),
            }),
            created: Timestamp(0),
            updated: None,
            deleted: false,
            file: None,
            extra: String::new(),
        }
    }

    #[test]
    fn a_reply_stands_below_the_line_that_it_answers() {
        let text = reply(MessageKind::Text, "coffee?");
        assert_eq!(plain(&text, Naming::Name), "> Anna: coffee?\ntea");
        assert_eq!(plain(&text, Naming::Login), "> anna: coffee?\ntea");
        assert_eq!(with_emote(&text, Naming::Name), "> Anna: coffee?\ntea");
        let emote = reply(MessageKind::Emote, "");
        assert_eq!(plain(&emote, Naming::Login), "> anna: \n/me tea");
        assert_eq!(without_emote(&emote, Naming::Name), "> Anna: \ntea");
        let sticker = reply(MessageKind::Sticker, &"я".repeat(101));
        let expected = format!("> Anna: {}…\n:tea:", "я".repeat(100));
        assert_eq!(plain(&sticker, Naming::Name), expected);
    }

    #[test]
    fn a_short_text_is_one_piece() {
        assert_eq!(cut("hello", 5, 8), ["hello"]);
        assert_eq!(cut("", 5, 8), [""]);
    }

    #[test]
    fn a_long_text_is_cut_at_white_space() {
        assert_eq!(cut("one two three", 8, 8), ["one two", "three"]);
        assert_eq!(cut("onetwothree", 4, 8), ["onet", "woth", "ree"]);
    }

    #[test]
    fn a_piece_is_as_wide_as_its_characters() {
        let width: Width = |character| if character.is_ascii() { 1 } else { 6 };
        assert_eq!(cut_by("ab жж cd", 9, 8, width), ["ab ж", "ж cd"]);
        assert_eq!(cut_by("abcde ж", 10, 8, width), ["abcde", "ж"]);
        assert_eq!(cut_by("жжж", 6, 8, width), ["ж", "ж", "ж"]);
        let pieces = cut_by(&"ж".repeat(100), 200, 2, width);
        assert_eq!(pieces[0].chars().count(), 33);
        assert!(pieces[1].ends_with(" … (39 more characters)"), "{pieces:?}");
    }

    #[test]
    fn graphemes_stay_whole() {
        let family = "👨‍👩‍👧‍👦";
        let text = family.repeat(3);
        assert_eq!(cut(&text, 10, 8), [family, family, family]);
        for piece in cut(&"e\u{301}".repeat(100), 7, 100) {
            assert_eq!(piece.chars().count() % 2, 0, "{piece:?}");
        }
    }

    #[test]
    fn the_last_piece_says_how_much_is_missing() {
        let text = "a".repeat(5000);
        let pieces = cut(&text, 500, 8);
        assert_eq!(pieces.len(), 8);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 500));
        let shown: usize = pieces
            .iter()
            .map(|piece| piece.chars().filter(|c| *c == 'a').count())
            .sum();
        let note = pieces[7].rsplit_once(" … (").unwrap().1;
        let said: usize = note.split(' ').next().unwrap().parse().unwrap();
        // The note itself has three times the letter a.
        assert_eq!(shown - 2 + said, 5000);
    }

    #[test]
    fn a_text_that_is_one_grapheme_is_cut_as_quickly_as_any() {
        let text = format!("a{}", "\u{301}".repeat(1_000_000));
        let began = std::time::Instant::now();
        assert_eq!(cut(&text, 500, 8).len(), 8);
        // Walking the whole for each piece takes a hundred times as long.
        assert!(
            began.elapsed() < std::time::Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }

    #[test]
    fn a_grapheme_longer_than_a_piece_is_cut_between_characters() {
        let zalgo = format!("a{}", "\u{301}".repeat(30));
        let pieces = cut(&zalgo, 10, 8);
        assert_eq!(pieces.concat(), zalgo);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 10));
    }
}
