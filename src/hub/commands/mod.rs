//! All that can be asked of the hub: a type per command, with its reply, what it needs, its checks before the store
//! and its effect in the transaction side by side, in the file of its family.
//!
//! ```text
//!  Session::call(C) ──▶ C::NEEDS ──▶ C::call ──▶ Caller::commit(C) ──▶ Store ──▶ C::apply ──▶ commit
//!                                      │ reads                                                  │
//!                                      ▼                                                        ▼
//!                                   C::Reply  ◀──────────── C::Outcome, after all were told ────┘
//! ```
//!
//! Who may do what in a room, and see what of it, is [`rules`]. To add a command: its type and its [`Command`] in the
//! file of its family (its [`Change`] too, if it is to last), and its name in the list below.

mod accounts;
#[cfg(feature = "sqlite")]
mod adopting;
mod bans;
mod caller;
mod change;
mod changing;
mod command;
mod describing;
mod entering;
mod erasing;
mod exporting;
mod keeping;
mod login;
mod making;
mod members;
mod messages;
mod opening;
mod reading;
mod registering;
mod rooms;
pub mod rules;
mod secrets;
mod sessions;
#[cfg(test)]
mod tests;
mod tokens;
mod waiting;
mod work;

pub use accounts::Account;
pub use bans::BanAdded;
pub use caller::Caller;
pub use change::{Actor, Change, Mandate, Submission, Warrant};
pub use changing::Keep;
pub use command::{Command, Needs, Text};
pub use entering::{Create, Entered};
pub use erasing::{Erased, Place};
pub use exporting::{Said, UserExport};
pub use login::Welcome;
pub use making::RoomOutcome;
pub use members::Banned;
pub use messages::Offline;
pub use opening::Opened;
pub use reading::{ChangesPage, Messages};
pub use tokens::{ExpireTokens, NewToken, TouchTokens};
pub use waiting::WaitingFrom;
pub use work::Work;

pub(crate) use keeping::{Forget, MarkAged};
pub(crate) use opening::{EndGuest, EndGuests};
pub(crate) use registering::AddExternal;
pub use sessions::{OpenSessions, TokenEnd};
pub(crate) use waiting::LeaveWaiting;
#[cfg(test)]
pub(crate) use {
    entering::EnterRoom,
    erasing::{BeginErasure, EndErasure, EraseMessages, EraseNames},
    opening::{AddGuest, OpenSession},
    secrets::FindSecret,
    tokens::AddSessionToken,
};

use std::any::TypeId;

use serde::{Deserialize, Serialize};

/// The list of all commands, by families, and what must know all of them.
macro_rules! commands {
    ($($family:ident { $($command:ident)* })*) => {
        $(pub use $family::{$($command),*};)*

        /// Any command: what travels over the control socket.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyCommand {
            $($(
                #[doc = concat!("[`", stringify!($command), "`]")]
                $command($command),
            )*)*
        }

        /// The reply to any command; as JSON it is that reply alone.
        #[derive(Debug, Serialize)]
        #[serde(untagged)]
        pub enum AnyReply {
            $($(
                #[doc = concat!("To [`", stringify!($command), "`].")]
                $command(<$command as Command>::Reply),
            )*)*
        }

        impl AnyCommand {
            /// Whether it changes something, rather than only reads.
            #[must_use]
            pub fn changes(&self) -> bool {
                match self {
                    $($(Self::$command(_) => <$command as Command>::IS_DECIDED,)*)*
                }
            }
        }

        impl Command for AnyCommand {
            type Reply = AnyReply;
            /// What the one inside needs is checked, and its policy asked, when it is called.
            const NEEDS: Needs = Needs::Nobody;
            const IS_DECIDED: bool = false;

            fn texts(&mut self) -> Vec<Text<'_>> {
                match self {
                    $($(Self::$command(command) => command.texts(),)*)*
                }
            }

            fn room(&self) -> Option<&crate::model::RoomSelector> {
                match self {
                    $($(Self::$command(command) => command.room(),)*)*
                }
            }

            async fn call(self, caller: &mut Caller<'_>) -> crate::model::Result<AnyReply> {
                match self {
                    $($(Self::$command(command) => {
                        caller.call(command).await.map(AnyReply::$command)
                    })*)*
                }
            }
        }

        /// The names of all, in the order of the list.
        pub(in crate::hub) const COMMANDS: &[&str] = &[$($(stringify!($command)),*),*];

        /// A command's place in [`COMMANDS`], behind all for one that is not in the list. `None`: the one inside counts.
        #[inline]
        pub(in crate::hub) fn place_of<C: Command>() -> Option<usize> {
            // Known to the compiler, which leaves one number of all this.
            let asked = TypeId::of::<C>();
            let mut place = 0;
            $($(
                if asked == TypeId::of::<$command>() {
                    return Some(place);
                }
                place += 1;
            )*)*
            (asked != TypeId::of::<AnyCommand>()).then_some(place)
        }

        $($(
            impl From<$command> for AnyCommand {
                fn from(command: $command) -> Self {
                    Self::$command(command)
                }
            }
        )*)*
    };
}

commands! {
    login { LogIn LogInToken LogInGuest Identify }
    sessions { LogOut SetStatus SetProfile Sessions CloseSession Nodes }
    registering { Register }
    accounts {
        FindUser Users SetOwnDescription SetPassword SetDisabled SetOperator
        RenameUser RemoveUser Contacts AddContact RemoveContact
    }
    describing { DescribeUser }
    changing { ChangeUser ChangeRoom }
    tokens { CreateToken Tokens RevokeToken RenewToken UseToken }
    messages { Send Edit Delete Hide ClearHistory MarkSeen }
    waiting { Waiting }
    reading { History Search FindMessage ReadMessage Changes Seen SeenMarks FindRoom SearchRooms Rooms MyRooms Memberships Members MemberCounts Who }
    entering { Enter Leave }
    making { CreateRoom Direct }
    rooms { DeleteRoom RenameRoom SetTitle SetDescription }
    erasing { EraseUser EndedAccounts }
    exporting { ExportUser SaidBy }
    bans { AddBan Bans RemoveBan }
    members { AddMember RemoveMember Ban Unban GuestBans SetRole PutMember }
}
