//! Who may do what in a room: one table, and the function that reads it.

use crate::model::{Error, Role};

/// What somebody does in a room, or to somebody in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads the history, the members, who is there.
    Read,
    /// Says something.
    Post,
    /// Gives a message another text.
    Edit,
    /// Deletes a message for everyone.
    DeleteMessage,
    /// Clears the history.
    ClearHistory,
    /// Gives the room another name, title, description or password, makes it private or public.
    Configure,
    /// Ends the room.
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
    /// The action.
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
    rule(Action::Read, Role::Member, false, true),
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
    /// The command line.
    Operator,
    /// A user with this place in the room (`None`: no member) who is or is not the author of the message.
    User {
        /// The place in the room.
        role: Option<Role>,
        /// Author of the message that the action is about.
        author: bool,
    },
}

/// Whether the asker may, `in_direct` a direct room or another.
///
/// # Errors
/// [`Error::Banned`] for the banned, else [`Error::NotAllowed`] that says who may.
pub fn check(action: Action, standing: Standing, in_direct: bool) -> Result<(), Error> {
    let Some(rule) = TABLE.iter().find(|rule| rule.action == action) else {
        return Err(Error::Internal);
    };
    let by_operator = standing == Standing::Operator
        && matches!(action, Action::DeleteRoom | Action::ClearHistory);
    if in_direct && !rule.direct && !by_operator {
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

fn rank(role: Role) -> u8 {
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

    fn allowed(action: Action, role: Option<Role>, author: bool) -> bool {
        check(action, Standing::User { role, author }, false).is_ok()
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
            (Read, "yyyy--", "yyyy--"),
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
            assert!(check(action, Standing::Operator, false).is_ok());
        }
    }

    #[test]
    fn the_banned_are_told_so_and_nobody_acts_on_the_owner() {
        let banned = Standing::User {
            role: Some(Role::Banned),
            author: true,
        };
        assert_eq!(check(Action::Post, banned, false), Err(Error::Banned));
        let admin = Standing::User {
            role: Some(Role::Admin),
            author: false,
        };
        assert!(check_subject(admin, Some(Role::Owner)).is_err());
        assert!(check_subject(admin, Some(Role::Admin)).is_ok());
        assert!(check_subject(Standing::Operator, Some(Role::Owner)).is_ok());
    }
}
