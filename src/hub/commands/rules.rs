//! Who may do what: a table of what is done in a room, one of what is seen of it, and the functions that read them.

use std::time::Duration;

use super::Actor;
use crate::model::{Error, Role, Room, RoomKind, User, UserKind};
use crate::store::UserRow;

/// What somebody does in a room, or to somebody in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Keeps something of the room for oneself: what one has seen, what one does not want to see.
    Keep,
    /// Says something in the room.
    Post,
    /// Gives a message another text.
    Edit,
    /// Deletes a message for everyone.
    DeleteMessage,
    /// Hides what was said until now from everybody.
    ClearHistory,
    /// Gives the room another name, title, description or password, makes it private or public.
    Configure,
    /// Ends the room, with all that was said in it.
    DeleteRoom,
    /// Makes somebody a member.
    Add,
    /// Ends somebody's membership, bans, unbans.
    Expel,
    /// Gives somebody a role.
    Appoint,
}

/// What the asker must be for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The action that the row is about.
    pub action: Action,
    /// The least role that may.
    pub least: Role,
    /// The author of the message may, whatever the role.
    pub author: bool,
    /// The action can be done in a direct room, too.
    pub direct: bool,
}

const fn rule(action: Action, least: Role, author: bool, direct: bool) -> Rule {
    Rule {
        action,
        least,
        author,
        direct,
    }
}

/// The whole of it. The command line may do all. Nobody acts on the owner. `Role` falls in the order of
/// its declaration: owner, admin, moderator, member.
pub const TABLE: [Rule; 10] = [
    //   action                 least role       author  in a direct room
    rule(Action::Keep, Role::Member, false, true),
    rule(Action::Post, Role::Member, false, true),
    // Only the author: no role has a part in it.
    rule(Action::Edit, Role::Banned, true, true),
    rule(Action::DeleteMessage, Role::Moderator, true, true),
    rule(Action::ClearHistory, Role::Admin, false, false),
    rule(Action::Configure, Role::Admin, false, false),
    rule(Action::DeleteRoom, Role::Admin, false, false),
    rule(Action::Add, Role::Admin, false, false),
    rule(Action::Expel, Role::Admin, false, false),
    rule(Action::Appoint, Role::Admin, false, false),
];

/// Who asks, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The command line, or whoever embeds the hub: may do all.
    Operator,
    /// A user with this place in the room (`None`: no member) who is or is not the author of the message.
    User {
        /// The place in the room.
        role: Option<Role>,
        /// Author of the message that the action is about.
        author: bool,
    },
}

/// Whether the asker may, in a room of this kind.
///
/// # Errors
/// [`Error::NoSuchRoom`] for who cannot know of the room, [`Error::Banned`] for the banned, else [`Error::NotAllowed`]
/// that says who may.
pub fn check(action: Action, standing: Standing, kind: RoomKind) -> Result<(), Error> {
    let Some(rule) = TABLE.iter().find(|rule| rule.action == action) else {
        return Err(Error::Internal);
    };
    if kind != RoomKind::Public && matches!(standing, Standing::User { role: None, .. }) {
        return Err(Error::NoSuchRoom);
    }
    let by_operator = standing == Standing::Operator
        && matches!(action, Action::DeleteRoom | Action::ClearHistory);
    if kind == RoomKind::Direct && !rule.direct && !by_operator {
        return Err(Error::not_allowed("this cannot be done in a direct room"));
    }
    let Standing::User { role, author } = standing else {
        return Ok(());
    };
    match role {
        Some(Role::Banned) => Err(Error::Banned),
        None => Err(Error::not_allowed("join the room first")),
        Some(_) if author && rule.author => Ok(()),
        Some(role) if rank(role) >= rank(rule.least) && rule.least != Role::Banned => Ok(()),
        Some(_) => Err(Error::not_allowed(match rule.least {
            Role::Banned => "only its author may do this",
            Role::Moderator => "only the author, owner, admins and moderators may do this",
            _ => "only the owner and admins may do this",
        })),
    }
}

/// The least role that speaks in a quiet room and needs no pause in a slow one.
const VOICE: Role = Role::Moderator;

fn has_voice(standing: Standing) -> bool {
    match standing {
        Standing::Operator => true,
        Standing::User { role, .. } => role.is_some_and(|role| rank(role) >= rank(VOICE)),
    }
}

/// Whether somebody who may post is heard in the room now: a new text, and another text for an old one.
///
/// # Errors
/// [`Error::NotAllowed`] in a quiet room for members.
pub fn check_quiet(room: &Room, standing: Standing) -> Result<(), Error> {
    match room.quiet && !has_voice(standing) {
        true => Err(Error::not_allowed(
            "the room is quiet: only moderators and above speak",
        )),
        false => Ok(()),
    }
}

/// How long somebody waits between two messages in the room; zero: not at all.
#[must_use]
pub fn pause(room: &Room, standing: Standing) -> Duration {
    match has_voice(standing) {
        true => Duration::ZERO,
        false => room.slow,
    }
}

/// Whether anybody but the command line may act on a member of this role.
///
/// # Errors
/// [`Error::NotAllowed`] for the owner.
pub fn check_subject(standing: Standing, subject: Option<Role>) -> Result<(), Error> {
    match (standing, subject) {
        (Standing::User { .. }, Some(Role::Owner)) => {
            Err(Error::not_allowed("nobody acts on the owner"))
        }
        _ => Ok(()),
    }
}

/// What somebody wants to see of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// That it is there, and what it is called. Who may see that may enter, by the password if it has one.
    Room,
    /// Who its members are, and who of them is there.
    Members,
    /// What was said in it, by any way of reading that.
    History,
}

/// Which rooms show something to who is no member. Members are shown everything, and so is the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewRule {
    /// The view that the row is about.
    pub view: View,
    /// Of a public room.
    pub public: bool,
    /// Of a public room with a password.
    pub protected: bool,
    /// Of a private room, by those who know its exact name.
    pub named: bool,
    /// Of a room that one is banned from, if others see it.
    pub banned: bool,
}

const fn view(view: View, public: bool, protected: bool, named: bool, banned: bool) -> ViewRule {
    ViewRule {
        view,
        public,
        protected,
        named,
        banned,
    }
}

/// The whole of it. Of a direct room only its two know.
pub const VIEWS: [ViewRule; 3] = [
    //   what           public  protected  private by name  banned
    view(View::Room, true, true, true, true),
    view(View::Members, true, false, false, false),
    // "Every member's; closed to those who left or are banned."
    view(View::History, false, false, false, false),
];

/// Whether a user with this place in the room sees this of it; `named`: it has said the room's exact name.
///
/// # Errors
/// [`Error::Banned`], [`Error::NotAllowed`] for who knows of the room and is no member, else [`Error::NoSuchRoom`].
pub fn check_view(view: View, room: &Room, role: Option<Role>, named: bool) -> Result<(), Error> {
    let Some(rule) = VIEWS.iter().find(|rule| rule.view == view) else {
        return Err(Error::Internal);
    };
    match role {
        Some(Role::Banned) if !rule.banned => return Err(Error::Banned),
        Some(Role::Banned) | None => {}
        Some(Role::Owner | Role::Admin | Role::Moderator | Role::Member) => return Ok(()),
    }
    let seen = match room.kind {
        RoomKind::Public if room.protected => rule.protected,
        RoomKind::Public => rule.public,
        RoomKind::Private => rule.named && named,
        RoomKind::Direct => false,
    };
    if seen {
        Ok(())
    } else if view != View::Room && (named || room.kind == RoomKind::Public) {
        Err(Error::not_allowed("join the room first"))
    } else {
        Err(Error::NoSuchRoom)
    }
}

/// Whether the actor may manage this account: the operator any, others their own.
///
/// # Errors
/// [`Error::NoSuchUser`] where it is no account, else [`Error::NotAllowed`].
pub fn check_account(actor: Actor, row: &UserRow) -> Result<(), Error> {
    if row.user.kind != UserKind::Account {
        return Err(Error::NoSuchUser);
    }
    if row.erasing {
        let reason = "this account is being erased; to erase it again goes on with it";
        return Err(Error::not_allowed(reason));
    }
    match actor {
        Actor::User(own) if own != row.user.id => Err(Error::not_allowed(
            "only the account itself or the operator may do this",
        )),
        Actor::User(_) | Actor::Operator => Ok(()),
    }
}

/// # Errors
/// [`Error::NotAllowed`] for everybody but the operator.
pub fn operator_only(actor: Actor) -> Result<(), Error> {
    match actor {
        Actor::Operator => Ok(()),
        Actor::User(_) => Err(Error::not_allowed("only the operator may do this")),
    }
}

/// # Errors
/// [`Error::NotAllowed`] for an account that is no operator.
pub fn check_operator(user: &User) -> Result<(), Error> {
    match user.operator {
        true => Ok(()),
        false => Err(Error::not_allowed("only an operator may do this")),
    }
}

pub(super) fn rank(role: Role) -> u8 {
    match role {
        Role::Owner => 4,
        Role::Admin => 3,
        Role::Moderator => 2,
        Role::Member => 1,
        Role::Banned => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RoomId, Seq, Timestamp};

    fn allowed(action: Action, role: Option<Role>, author: bool) -> bool {
        check(action, Standing::User { role, author }, RoomKind::Public).is_ok()
    }

    #[test]
    fn the_table_in_full() {
        use Action::*;
        let roles = [
            Some(Role::Owner),
            Some(Role::Admin),
            Some(Role::Moderator),
            Some(Role::Member),
            Some(Role::Banned),
            None,
        ];
        let expected = [
            (Keep, "yyyy--", "yyyy--"),
            (Post, "yyyy--", "yyyy--"),
            (Edit, "------", "yyyy--"),
            (DeleteMessage, "yyy---", "yyyy--"),
            (ClearHistory, "yy----", "yy----"),
            (Configure, "yy----", "yy----"),
            (DeleteRoom, "yy----", "yy----"),
            (Add, "yy----", "yy----"),
            (Expel, "yy----", "yy----"),
            (Appoint, "yy----", "yy----"),
        ];
        assert_eq!(expected.len(), TABLE.len());
        for (action, others, own) in expected {
            let row = |author| {
                roles
                    .map(|role| {
                        if allowed(action, role, author) {
                            'y'
                        } else {
                            '-'
                        }
                    })
                    .iter()
                    .collect::<String>()
            };
            assert_eq!(
                (row(false).as_str(), row(true).as_str()),
                (others, own),
                "{action:?}"
            );
            assert!(check(action, Standing::Operator, RoomKind::Public).is_ok());
        }
    }

    #[test]
    fn the_banned_are_told_so_and_nobody_acts_on_the_owner() {
        let banned = Standing::User {
            role: Some(Role::Banned),
            author: true,
        };
        assert_eq!(
            check(Action::Post, banned, RoomKind::Public),
            Err(Error::Banned)
        );
        let admin = Standing::User {
            role: Some(Role::Admin),
            author: false,
        };
        assert!(check_subject(admin, Some(Role::Owner)).is_err());
        assert!(check_subject(admin, Some(Role::Admin)).is_ok());
        assert!(check_subject(Standing::Operator, Some(Role::Owner)).is_ok());
    }

    fn room(kind: RoomKind, protected: bool) -> Room {
        Room {
            id: RoomId(1),
            name: String::new(),
            title: String::new(),
            description: String::new(),
            kind,
            protected,
            quiet: false,
            slow: Duration::ZERO,
            keep: None,
            owner: None,
            pair: None,
            created: Timestamp(0),
            updated: Timestamp(0),
            seq: Seq(0),
            cleared: Seq(0),
            pruned: Seq(0),
            last_message: Timestamp(0),
        }
    }

    /// y: seen, j: "join first", b: "banned", -: no such room.
    #[test]
    fn the_table_of_views_in_full() {
        use View::*;
        let rooms = [
            (room(RoomKind::Public, false), false),
            (room(RoomKind::Public, true), false),
            (room(RoomKind::Private, false), true),
            (room(RoomKind::Private, false), false),
            (room(RoomKind::Direct, false), false),
        ];
        //                public, protected, private by name, private, direct
        let expected = [
            (Room, "yyy--", "yyy--"),
            (Members, "yjj--", "bbbbb"),
            (History, "jjj--", "bbbbb"),
        ];
        assert_eq!(expected.len(), VIEWS.len());
        for (view, strangers, banned) in expected {
            let row = |role| {
                let seen =
                    rooms
                        .iter()
                        .map(|(room, named)| match check_view(view, room, role, *named) {
                            Ok(()) => 'y',
                            Err(Error::NotAllowed(_)) => 'j',
                            Err(Error::Banned) => 'b',
                            Err(_) => '-',
                        });
                seen.collect::<String>()
            };
            assert_eq!(
                (row(None).as_str(), row(Some(Role::Banned)).as_str()),
                (strangers, banned),
                "{view:?}"
            );
            for role in [Role::Owner, Role::Admin, Role::Moderator, Role::Member] {
                assert_eq!(row(Some(role)), "yyyyy");
            }
        }
    }
}
