//! Any frame: strategies for proptest.

use bytes::Bytes;
use proptest::prelude::*;
use tolmach_purpose::{
    Answer, AnswerKind, ChatInfo, ClientBody, ClientFrame, Message, Notification, Request,
    RequestKind, Secret, ServerBody, ServerFrame, SessionInfo, Status, Text, UserInfo,
};

/// Text with anything in it but NUL.
pub(crate) fn text() -> impl Strategy<Value = Text> {
    let character = prop_oneof![
        prop::char::range(' ', '~'),
        prop::char::range('\u{1}', '\u{1f}'),
        prop::char::range('а', 'я'),
        prop::char::range('\u{1F300}', '\u{1FAFF}'),
        any::<char>().prop_filter("NUL ends a text", |c| *c != '\0'),
    ];
    prop::collection::vec(character, 0..20).prop_map(|text| String::from_iter(text).into())
}

fn secret() -> impl Strategy<Value = Secret> {
    text().prop_map(Secret)
}

pub(crate) fn message() -> impl Strategy<Value = Message> {
    let status = prop::sample::select(vec![Status::Sent, Status::Seen, Status::Deleted]);
    let ids = any::<(i32, i32, i32, i64, i64)>();
    (ids, status, text()).prop_map(|(ids, status, text)| Message {
        id: ids.0,
        sender_id: ids.1,
        chat_id: ids.2,
        created: ids.3,
        updated: ids.4,
        status,
        text,
    })
}

fn chat() -> impl Strategy<Value = ChatInfo> {
    (any::<(i32, bool, i64, bool)>(), text(), text()).prop_map(|(rest, title, nickname)| ChatInfo {
        id: rest.0,
        title,
        is_direct: rest.1,
        updated: rest.2,
        nickname,
        has_password: rest.3,
    })
}

fn user() -> impl Strategy<Value = UserInfo> {
    (any::<i32>(), text(), text()).prop_map(|(id, name, nickname)| UserInfo { id, name, nickname })
}

fn session() -> impl Strategy<Value = SessionInfo> {
    any::<(i32, i32, i64, i32)>().prop_map(|rest| SessionInfo {
        id: rest.0,
        ipv4: rest.1,
        last_activity: rest.2,
        user_id: rest.3,
    })
}

/// Any request: of each kind as many, its members taken from one set of values.
pub(crate) fn request() -> impl Strategy<Value = Request> {
    let kind = prop::sample::select(RequestKind::ALL.to_vec());
    let numbers = any::<(i32, i32, i64, Option<i64>, u8, u8)>();
    let secrets = (secret(), prop::option::of(secret()));
    (kind, numbers, text(), secrets).prop_map(|(kind, numbers, text, secrets)| {
        let (id, user, time, to, major, minor) = numbers;
        let (secret, password) = secrets;
        of_ids(kind, id, user).unwrap_or_else(|| match kind {
            RequestKind::Hello => Request::Hello { major, minor },
            RequestKind::LogIn => Request::LogIn {
                login: text,
                password: secret,
            },
            RequestKind::RestoreSession => Request::RestoreSession {
                session_id: id,
                session_hash: secret,
            },
            RequestKind::RegisterUser => Request::RegisterUser {
                login: text,
                password: secret,
            },
            RequestKind::UserId => Request::UserId { name: text },
            RequestKind::ChatId => Request::ChatId { name: text },
            RequestKind::ChatByName => Request::ChatByName { name: text },
            RequestKind::DirectByName => Request::DirectByName { name: text },
            RequestKind::UserByName => Request::UserByName { name: text },
            RequestKind::Join => Request::Join { chat: id, password },
            RequestKind::Create => Request::Create {
                name: text,
                password,
            },
            RequestKind::Rename => Request::Rename {
                chat: id,
                name: text,
            },
            RequestKind::SetTitle => Request::SetTitle {
                chat: id,
                title: text,
            },
            RequestKind::Send => Request::Send { chat: id, text },
            RequestKind::Messages => Request::Messages {
                chat: id,
                from: time,
                to,
            },
            RequestKind::MarkSeen => Request::MarkSeen { chat: id, time },
            other => panic!("no strategy for {other:?}"),
        })
    })
}

/// The requests that hold ids, or nothing.
fn of_ids(kind: RequestKind, id: i32, user: i32) -> Option<Request> {
    Some(match kind {
        RequestKind::LogOff => Request::LogOff,
        RequestKind::MyChats => Request::MyChats,
        RequestKind::OwnUser => Request::OwnUser,
        RequestKind::Sessions => Request::Sessions,
        RequestKind::ChatRequiresPassword => Request::ChatRequiresPassword { chat: id },
        RequestKind::ChatById => Request::ChatById { chat: id },
        RequestKind::DirectById => Request::DirectById { user },
        RequestKind::Leave => Request::Leave { chat: id },
        RequestKind::StartChat => Request::StartChat { user },
        RequestKind::Delete => Request::Delete { chat: id },
        RequestKind::SetAdmin => Request::SetAdmin { chat: id, user },
        RequestKind::RemoveAdmin => Request::RemoveAdmin { chat: id, user },
        RequestKind::Seen => Request::Seen { chat: id },
        RequestKind::Hide => Request::Hide { message: id },
        RequestKind::DeleteMessage => Request::DeleteMessage { message: id },
        RequestKind::UserById => Request::UserById { user },
        _ => return None,
    })
}

/// A HEARTBEAT's body: nothing, or a text and its NUL.
fn optional_text() -> impl Strategy<Value = Bytes> {
    prop::option::of(text())
        .prop_map(|text| text.map_or(Bytes::new(), |text| format!("{text}\0").into()))
}

fn content() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..20).prop_map(Bytes::from)
}

pub(crate) fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let body = prop_oneof![
        1 => content().prop_map(ClientBody::Accepted),
        1 => text().prop_map(ClientBody::Declined),
        1 => optional_text().prop_map(ClientBody::Heartbeat),
        1 => Just(ClientBody::Disconnect),
        8 => request().prop_map(ClientBody::Request),
    ];
    (any::<u8>(), body).prop_map(|(task, body)| ClientFrame { task, body })
}

fn notification() -> impl Strategy<Value = Notification> {
    prop_oneof![
        (any::<i32>(), prop::collection::vec(message(), 0..4))
            .prop_map(|(chat, messages)| Notification::Messages { chat, messages }),
        (any::<i32>(), secret()).prop_map(|(session_id, session_hash)| {
            Notification::SessionData {
                session_id,
                session_hash,
            }
        }),
        text().prop_map(|reason| Notification::Deauthorized { reason }),
        chat().prop_map(Notification::Joined),
        chat().prop_map(Notification::Left),
    ]
}

pub(crate) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let body = prop_oneof![
        1 => content().prop_map(ServerBody::Accepted),
        1 => text().prop_map(ServerBody::Declined),
        1 => optional_text().prop_map(ServerBody::Heartbeat),
        1 => Just(ServerBody::Disconnect),
        5 => notification().prop_map(ServerBody::Notification),
    ];
    (any::<u8>(), body).prop_map(|(task, body)| ServerFrame { task, body })
}

/// Any answer to a request; the echo answers none.
pub(crate) fn answer() -> impl Strategy<Value = Answer> {
    let list = 0..4usize;
    prop_oneof![
        Just(Answer::Nothing),
        (any::<i32>(), secret(), any::<i32>()).prop_map(|(session_id, session_hash, user_id)| {
            Answer::Session {
                session_id,
                session_hash,
                user_id,
            }
        }),
        any::<i32>().prop_map(|user_id| Answer::Restored { user_id }),
        any::<i32>().prop_map(Answer::UserId),
        any::<i32>().prop_map(Answer::ChatId),
        any::<bool>().prop_map(Answer::HasPassword),
        (chat(), prop::collection::vec(user(), list.clone()))
            .prop_map(|(chat, members)| Answer::Chat { chat, members }),
        chat().prop_map(Answer::ChatInfo),
        prop::collection::vec(chat(), list.clone()).prop_map(Answer::Chats),
        prop::collection::vec(message(), list.clone()).prop_map(Answer::Messages),
        any::<i64>().prop_map(Answer::Seen),
        user().prop_map(Answer::User),
        (user(), text()).prop_map(|(user, description)| Answer::OwnUser { user, description }),
        prop::collection::vec(session(), list).prop_map(Answer::Sessions),
    ]
}

/// The kinds of request that such an answer answers: at least one.
pub(crate) fn kinds(answer: &Answer) -> Vec<RequestKind> {
    let kind = match answer {
        Answer::Nothing => AnswerKind::Nothing,
        Answer::Session { .. } => AnswerKind::Session,
        Answer::Restored { .. } => AnswerKind::Restored,
        Answer::UserId(_) => AnswerKind::UserId,
        Answer::ChatId(_) => AnswerKind::ChatId,
        Answer::HasPassword(_) => AnswerKind::HasPassword,
        Answer::Chat { .. } => AnswerKind::Chat,
        Answer::ChatInfo(_) => AnswerKind::ChatInfo,
        Answer::Chats(_) => AnswerKind::Chats,
        Answer::Messages(_) => AnswerKind::Messages,
        Answer::Seen(_) => AnswerKind::Seen,
        Answer::User(_) => AnswerKind::User,
        Answer::OwnUser { .. } => AnswerKind::OwnUser,
        Answer::Sessions(_) => AnswerKind::Sessions,
        Answer::Echo(_) => panic!("an echo answers no request"),
    };
    let all = RequestKind::ALL.iter().copied();
    let kinds: Vec<_> = all.filter(|request| request.answer() == kind).collect();
    assert!(!kinds.is_empty());
    kinds
}
