//! `tolmach user erase`: an account's end, with all that it said.

use std::collections::HashSet;

use crate::commands::{EraseUser, Place};
use crate::model::UserSelector;

use super::about::About;
use super::confirm::Yes;
use super::failure::Outcome;
use super::operator::Operator;
use super::output::Output;
use super::user::accounts_once;

pub(super) async fn erase(
    to: &mut Operator,
    out: &mut Output,
    name: &str,
    yes: Yes,
) -> Outcome<()> {
    let about = About::user(name);
    let found = accounts_once(to, name).await?;
    yes.confirm(&format!(
        "erase the account {name}, with all that it said and its files"
    ))?;
    let (mut messages, mut files, mut rooms) = (0, 0, HashSet::new());
    for id in found {
        let mut place = Place::Start;
        while place != Place::Over {
            let user = UserSelector::Id(id);
            let erased = to.ask(about, EraseUser { user, place }).await?;
            messages += erased.messages;
            files += erased.files;
            rooms.extend(erased.rooms);
            place = erased.place;
        }
    }
    out.line(&format!(
        "erased the account {name}: {}, {} of them with files, in {}",
        counted(messages, "message"),
        files,
        counted(rooms.len() as u64, "room")
    ))
}

fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
