//! What only this dialect can do, by commands.

use super::asked::Asked;
use super::said::heard;
use super::{Uchat, files};
use crate::dialects::client::Arrival;
use bytes::BytesMut;
use std::path::PathBuf;
use tolmach_uchat::{Id, Member, Message, Request, Room, sendable_text};

/// What they do, a line each.
pub(in crate::dialects::uchat::client) const COMMANDS: &str = "\
    /rooms  lists your rooms; /find PREFIX  those that you can join\n\
    /join ROOM  goes to another room; /new ROOM  makes it; /members  who is in yours\n\
    /history [N]  shows the last messages and their numbers; /search TEXT  those that contain it\n\
    /edit ID TEXT   /delete ID  change what you said\n\
    /upload FILE   /download ID FILE  send a file to the room, fetch one";

/// How many messages `/history` shows.
const HISTORY: u32 = 20;

/// A day, in seconds: a clock that is behind the server's must not hide what was said just now.
const DAY: i64 = 86_400;

type Done = Result<(), String>;

impl Uchat {
    pub(super) fn carry_out(
        &mut self,
        word: &str,
        rest: &str,
        now: i64,
        out: &mut BytesMut,
    ) -> Option<Done> {
        let room = self.room.id;
        Some(match word {
            "who" | "members" => self.ask("members", Request::Members { room }, out),
            "rooms" => self.ask("rooms", Request::Rooms { date: 0 }, out),
            "find" => {
                let name = rest.to_owned();
                self.ask("find", Request::SearchRooms { name }, out)
            }
            "join" | "new" => self.go(word, rest, out),
            "history" => self.history(rest, now, out),
            "search" => match rest {
                "" => Err("/search TEXT: what is the text?".to_owned()),
                text => {
                    let text = text.to_owned();
                    self.ask("search", Request::Search { room, text }, out)
                }
            },
            "edit" => self.edit(rest, out),
            "delete" => self.delete(rest, out),
            "upload" => self.upload(rest),
            "download" => self.download(rest),
            "leave" => {
                Err("/leave: uchat has no word for it; another dialect's client can".to_owned())
            }
            "signup" => Err("--signup makes the account when the chat begins".to_owned()),
            _ => return None,
        })
    }

    fn ask(&mut self, word: &'static str, frame: Request, out: &mut BytesMut) -> Done {
        self.client.ask(frame, Asked::Command(word), out);
        Ok(())
    }

    fn go(&mut self, word: &str, rest: &str, out: &mut BytesMut) -> Done {
        let room = rest.strip_prefix('#').unwrap_or(rest);
        if !tolmach_uchat::valid_room_name(room) {
            return Err(format!("/{word} ROOM: which one?"));
        }
        self.is_moving = true;
        if word == "join" {
            self.go_to(room.to_owned(), out);
        } else {
            self.target = room.to_owned();
            self.make_room(out);
        }
        Ok(())
    }

    fn history(&mut self, rest: &str, now: i64, out: &mut BytesMut) -> Done {
        let count = match rest {
            "" => HISTORY,
            count => count
                .parse()
                .map_err(|_| "/history [N]: how many?".to_owned())?,
        };
        let (room, date) = (self.room.id, now.saturating_add(DAY).saturating_mul(1000));
        self.ask("history", Request::OldMessages { room, date, count }, out)
    }

    fn edit(&mut self, rest: &str, out: &mut BytesMut) -> Done {
        let parts = rest.split_once(char::is_whitespace);
        let parts = parts.and_then(|(id, text)| Some((id.parse().ok()?, sendable_text(text)?)));
        let (message, text) =
            parts.ok_or("/edit ID TEXT: a number and a text of 1 to 800 bytes")?;
        let (room, text) = (self.room.id, text.to_owned());
        let frame = Request::Edit {
            room,
            message,
            text,
        };
        self.client.ask(frame, Asked::Edit(message), out);
        Ok(())
    }

    fn delete(&mut self, rest: &str, out: &mut BytesMut) -> Done {
        let message: Id = rest
            .parse()
            .map_err(|_| "/delete ID: which one? /history shows the numbers".to_owned())?;
        let room = self.room.id;
        let frame = Request::Delete { room, message };
        self.client.ask(frame, Asked::Delete(message), out);
        Ok(())
    }

    fn upload(&mut self, rest: &str) -> Done {
        let token = self
            .client
            .token()
            .cloned()
            .ok_or("there is no session any more")?;
        if rest.is_empty() {
            return Err("/upload FILE: which one?".to_owned());
        }
        let upload = files::upload(PathBuf::from(rest), self.room.id, token);
        self.errands.push_back(upload);
        Ok(())
    }

    fn download(&mut self, rest: &str) -> Done {
        let token = self
            .client
            .token()
            .cloned()
            .ok_or("there is no session any more")?;
        let parts = rest.split_once(char::is_whitespace);
        let parts = parts.and_then(|(id, file)| Some((id.parse().ok()?, file.trim())));
        let (message, file) =
            parts.ok_or("/download ID FILE: a number that /history shows, and a new file")?;
        let download = files::download(PathBuf::from(file), self.room.id, message, token);
        self.errands.push_back(download);
        Ok(())
    }

    pub(super) fn tell_members(&mut self, members: &[Member<'_>]) {
        self.meet(members);
        let names: Vec<_> = members.iter().map(|member| &*member.login).collect();
        let told = format!("members of #{}: {}", self.room.name, names.join(", "));
        self.pending.push(Arrival::Notice(told));
    }

    pub(super) fn tell_rooms(&mut self, title: &str, rooms: &[Room<'_>]) {
        let mut lines = vec![format!("{title}:")];
        lines.extend(rooms.iter().map(|room| match room.kind {
            Some(tolmach_uchat::RoomType::Direct) => format!("(private) {}", room.name),
            _ => format!("#{}", room.name),
        }));
        self.pending.push(Arrival::Notice(lines.join("\n")));
    }

    /// Messages that were asked for come newest first; they are shown as they were said.
    pub(super) fn tell_messages(
        &mut self,
        title: &str,
        messages: &[Message<'_>],
        out: &mut BytesMut,
    ) {
        for message in messages.iter().rev() {
            self.remember(message.message_id, message.user_id);
            self.look_up(message.room_id, message.user_id, out);
        }
        let list = messages.iter().rev().map(heard).collect();
        self.pending.push_list(format!("{title}:"), list);
    }
}
