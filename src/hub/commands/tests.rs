//! What holds of all commands.

use std::collections::HashSet;

use super::*;
use crate::model::{
    HistoryQuery, MessageId, Role, RoomId, RoomSelector, SearchQuery, Secret, Seq, SessionId,
    Timestamp, TokenId, TokenText, UserSelector,
};

/// What no `Debug` may show.
const MARKER: &str = "hunter2";

/// One of each.
fn one_of_each() -> Vec<AnyCommand> {
    let secret = || Secret::password(MARKER);
    let token = || TokenText::from(MARKER);
    let (name, text) = (|| "tea".to_owned(), || "words".to_owned());
    let user = || UserSelector::login("anna");
    let room = || RoomSelector::Id(RoomId(1));
    let message = MessageId(1);
    let (id, old) = (TokenId(2), TokenId(1));
    vec![
        LogIn {
            login: name(),
            secret: secret(),
            token: true,
        }
        .into(),
        LogInToken {
            token: token(),
            id: None,
        }
        .into(),
        LogInGuest { name: name() }.into(),
        Identify { token: token() }.into(),
        LogOut {
            token: TokenEnd::Never,
        }
        .into(),
        SetStatus { status: None }.into(),
        SetProfile { profile: text() }.into(),
        Sessions.into(),
        Nodes.into(),
        CloseSession { id: SessionId(1) }.into(),
        Register {
            login: name(),
            secret: secret(),
            name: name(),
            description: text(),
        }
        .into(),
        FindUser { user: user() }.into(),
        Users.into(),
        SetOwnDescription {
            description: text(),
        }
        .into(),
        ChangeUser {
            user: user(),
            name: Some(name()),
            description: Some(text()),
            secret: Some(secret()),
            disabled: Some(true),
            operator: Some(true),
        }
        .into(),
        ChangeRoom {
            room: room(),
            name: Some(name()),
            title: Some(text()),
            description: Some(text()),
            private: Some(true),
            password: Some(secret()),
            quiet: Some(true),
            slow: Some(std::time::Duration::from_secs(10)),
            keep: Some(Keep::AsConfigured),
            owner: Some(user()),
        }
        .into(),
        PutMember {
            room: room(),
            user: user(),
            role: Role::Admin,
        }
        .into(),
        SetPassword {
            user: user(),
            secret: secret(),
        }
        .into(),
        SetDisabled {
            user: user(),
            disabled: true,
        }
        .into(),
        DescribeUser {
            user: user(),
            name: Some(name()),
            description: Some(text()),
        }
        .into(),
        SetOperator {
            user: user(),
            operator: true,
        }
        .into(),
        RenameUser {
            user: user(),
            login: name(),
        }
        .into(),
        RemoveUser { user: user() }.into(),
        Contacts.into(),
        AddContact { user: user() }.into(),
        RemoveContact { user: user() }.into(),
        CreateToken {
            user: user(),
            value: Some(token()),
        }
        .into(),
        Tokens { user: user() }.into(),
        RevokeToken {
            user: user(),
            id: None,
        }
        .into(),
        RenewToken.into(),
        UseToken { id, old }.into(),
        Send::text(room(), "words").into(),
        Edit::text(message, &text()).into(),
        Delete { message }.into(),
        Hide { message }.into(),
        ClearHistory { room: room() }.into(),
        MarkSeen {
            room: room(),
            at: Timestamp(1),
        }
        .into(),
        History(HistoryQuery::page(room(), None, 1)).into(),
        Search {
            room: room(),
            query: SearchQuery::containing(text(), 1),
        }
        .into(),
        FindMessage {
            low_bits: 1,
            room: None,
        }
        .into(),
        Waiting.into(),
        Seen { room: room() }.into(),
        SeenMarks { room: room() }.into(),
        ReadMessage {
            message: MessageId(7),
        }
        .into(),
        Changes {
            room: room(),
            after: Seq(1),
            limit: 1,
        }
        .into(),
        FindRoom { room: room() }.into(),
        SearchRooms { prefix: text() }.into(),
        Rooms.into(),
        MyRooms.into(),
        Memberships.into(),
        MemberCounts {
            rooms: vec![RoomId(1)],
        }
        .into(),
        Members { room: room() }.into(),
        Who { room: room() }.into(),
        Enter {
            room: room(),
            password: Some(secret()),
            create: Create::No,
        }
        .into(),
        Leave { room: room() }.into(),
        CreateRoom {
            password: Some(secret()),
            ..CreateRoom::public("tea")
        }
        .into(),
        Direct {
            user: user(),
            create: true,
        }
        .into(),
        DeleteRoom { room: room() }.into(),
        RenameRoom {
            room: room(),
            name: name(),
        }
        .into(),
        SetTitle {
            room: room(),
            title: text(),
        }
        .into(),
        SetDescription {
            room: room(),
            description: text(),
        }
        .into(),
        EndedAccounts { login: text() }.into(),
        ExportUser { user: user() }.into(),
        SaidBy {
            user: user(),
            after: message,
        }
        .into(),
        EraseUser {
            user: user(),
            place: Place::Start,
        }
        .into(),
        AddMember {
            room: room(),
            user: user(),
        }
        .into(),
        RemoveMember {
            room: room(),
            user: user(),
        }
        .into(),
        Ban {
            room: room(),
            user: user(),
        }
        .into(),
        AddBan {
            subject: crate::model::BanSubject::Login(name()),
            term: None,
            reason: text(),
        }
        .into(),
        Bans.into(),
        RemoveBan {
            subject: crate::model::BanSubject::Login(name()),
        }
        .into(),
        GuestBans { room: room() }.into(),
        Unban {
            room: room(),
            user: user(),
        }
        .into(),
        SetRole {
            room: room(),
            user: user(),
            role: Role::Admin,
        }
        .into(),
    ]
}

#[test]
fn each_goes_as_json_under_its_own_name_and_comes_back() {
    let mut names = HashSet::new();
    for command in one_of_each() {
        let json = serde_json::to_value(&command).unwrap();
        let name = json.as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!(serde_json::from_value::<AnyCommand>(json).unwrap(), command);
        assert!(names.insert(name));
    }
    assert_eq!(names.len(), COMMANDS.len());
}

#[test]
fn no_debug_shows_a_secret() {
    for mut command in one_of_each() {
        let shown = format!("{command:?} {command:#?}");
        assert!(!shown.contains(MARKER), "{shown}");
        assert!(
            command
                .texts()
                .iter()
                .all(|text| !text.text.contains(MARKER))
        );
    }
    for secret in [
        Secret::Password(MARKER.into()),
        Secret::Sha256(MARKER.into()),
        Secret::Hashed(MARKER.into()),
    ] {
        assert!(!format!("{secret:?}").contains(MARKER));
    }
}
