//! A policy: asked before what connections do, about all that others would read, and what becomes of it when it does not
//! answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tolmach::commands::{self, AnyCommand, AnyReply};
use tolmach::hub::{ExternalError, Hub, HubBuilder, Policy, PolicyRequest, Verdict};
use tolmach::model::{Error, FileInfo, RoomKind};

use crate::support::{Client, World, create_room, draft, guest, login, name, register, say};

/// Decides by the text, and notes what it was asked.
#[derive(Default)]
struct ByText(Mutex<Vec<String>>);

#[async_trait]
impl Policy for ByText {
    async fn decide(&self, request: &PolicyRequest) -> Result<Verdict, ExternalError> {
        let user = request.user.as_ref().map_or("-", |user| &user.login);
        let room = request
            .room
            .as_ref()
            .map_or_else(String::new, |room| format!(" {room:?}"));
        let asked = format!("{user} {}{room}", request.command);
        self.0.lock().unwrap().push(asked);
        let text = request.text.as_deref().unwrap_or_default();
        Ok(match text {
            "damn" => Verdict::Refuse("mind your words".to_owned()),
            "tea" => Verdict::Rewrite("coffee".to_owned()),
            "error" => return Err("the list is gone".into()),
            "panic" => panic!("as asked"),
            "slow" => std::future::pending().await,
            "late" => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Verdict::Allow
            }
            _ => Verdict::Allow,
        })
    }
}

async fn world(allow: impl FnOnce(HubBuilder) -> HubBuilder) -> (World, Arc<ByText>, Client) {
    let policy = Arc::new(ByText::default());
    let timeout = Duration::from_millis(100);
    let builder = Hub::builder()
        .policy(policy.clone())
        .policy_timeout(timeout);
    let world = World::of(allow(builder)).await;
    world.op(create_room("lobby", RoomKind::Public)).await;
    let mut anna = world.guest("anna").await;
    anna.enter(name("lobby")).await;
    policy.0.lock().unwrap().clear();
    (world, policy, anna)
}

#[tokio::test]
async fn what_is_said_is_let_through_refused_or_changed() {
    let (_world, _policy, mut anna) = world(|builder| builder).await;
    let lobby = || name("lobby");
    anna.say(lobby(), "hello").await;
    let refused = anna.err(say(lobby(), "damn")).await;
    assert_eq!(refused, Error::not_allowed("mind your words"));
    assert_eq!(anna.say(lobby(), "tea").await.text, "coffee");
    assert_eq!(anna.texts(lobby()).await, ["hello", "coffee"]);
}

#[tokio::test]
async fn posts_are_decided_in_their_order() {
    let (_world, _policy, mut anna) = world(|builder| builder).await;
    let answers = Arc::new(Mutex::new(Vec::new()));
    for text in ["late", "damn", "first", "slow", "tea", "last"] {
        let answers = answers.clone();
        let answer = move |outcome: Result<Arc<tolmach::model::Message>, Error>| {
            let said = outcome.map(|message| message.text.clone());
            answers.lock().unwrap().push(said);
        };
        anna.session.post(draft(name("lobby"), text), answer).await;
    }
    let posted = ["late", "first", "coffee", "last"];
    assert_eq!(anna.texts(name("lobby")).await, posted);
    let answers = answers.lock().unwrap();
    assert_eq!(answers.len(), 6);
    assert!(answers.contains(&Err(Error::not_allowed("mind your words"))));
    assert!(answers.contains(&Err(Error::Unavailable)));
}

#[tokio::test]
async fn without_a_decision_nothing_is_done_unless_it_is_set_otherwise() {
    for text in ["error", "panic", "slow"] {
        let (_world, _policy, mut anna) = world(|builder| builder).await;
        assert_eq!(anna.err(say(name("lobby"), text)).await, Error::Unavailable);
        anna.say(name("lobby"), "and on").await;
        assert_eq!(anna.texts(name("lobby")).await, ["and on"]);
        let (_world, _policy, mut anna) = world(HubBuilder::allow_undecided).await;
        anna.say(name("lobby"), text).await;
        assert_eq!(anna.texts(name("lobby")).await, [text]);
    }
}

#[tokio::test]
async fn asked_is_of_what_changes_something_and_not_of_the_operator() {
    let (world, policy, mut anna) = world(|builder| builder).await;
    anna.texts(name("lobby")).await;
    anna.who(name("lobby")).await;
    anna.my_rooms().await;
    world.op(register("boris")).await;
    let lobby = name("lobby");
    world
        .op(commands::SetTitle {
            room: lobby,
            title: "damn".to_owned(),
        })
        .await;
    assert!(policy.0.lock().unwrap().is_empty());

    // Needed is what it is needed to be before anything is asked.
    world.client().err(commands::Enter::room("lobby")).await;
    assert!(policy.0.lock().unwrap().is_empty());

    let mut boris = world.client();
    boris
        .session
        .log_in("boris", "boris horse battery")
        .await
        .unwrap();
    boris.session.enter("lobby").await.unwrap();
    boris.session.say("lobby", "hi").await.unwrap();
    boris.session.say(login("anna"), "psst").await.unwrap();
    boris.session.leave("lobby").await.unwrap();
    let token = commands::TokenEnd::Never;
    boris.ok(commands::LogOut { token }).await;
    let asked = [
        "- LogIn",
        r#"boris Enter Name("lobby")"#,
        r#"boris Send Name("lobby")"#,
        "boris Send",
        r#"boris Leave Name("lobby")"#,
    ];
    assert_eq!(*policy.0.lock().unwrap(), asked);
    // What travels as any command is decided as the one that it is.
    let any = AnyCommand::from(say(name("lobby"), "damn"));
    let refused = anna.err(any).await;
    assert_eq!(refused, Error::not_allowed("mind your words"));
}

/// Refuses `damn`, replaces `tea`, and notes of which fields it was asked.
#[derive(Default)]
struct Fields(Mutex<Vec<String>>);

#[async_trait]
impl Policy for Fields {
    async fn decide(&self, request: &PolicyRequest) -> Result<Verdict, ExternalError> {
        let asked = format!("{}.{}", request.command, request.field);
        self.0.lock().unwrap().push(asked);
        assert_eq!(request.field.is_empty(), request.text.is_none());
        Ok(match request.text.as_deref() {
            Some(text) if text.contains("damn") => Verdict::Refuse("mind your words".to_owned()),
            Some(text) if text.contains("tea") => Verdict::Rewrite(text.replace("tea", "coffee")),
            _ => Verdict::Allow,
        })
    }
}

/// One of each command that others would read, its texts in the order of its fields.
fn commands_of(texts: [&str; 3]) -> Vec<(AnyCommand, &'static [&'static str])> {
    let [first, second, third] = texts.map(str::to_owned);
    let some = |text: &String| Some(text.clone());
    let (room, user) = (|| name("own"), || login("anna"));
    let file = FileInfo {
        name: second.clone(),
        size: 1,
        stored: String::new(),
        sha256: None,
    };
    vec![
        (
            commands::Send {
                file: Some(file),
                extra: third.clone(),
                ..say(room(), &first)
            }
            .into(),
            &["text", "file", "extra"],
        ),
        (
            commands::Edit::text(tolmach::model::MessageId(1), &first).into(),
            &["text"],
        ),
        (
            commands::SetStatus {
                status: some(&first),
            }
            .into(),
            &["status"],
        ),
        (
            commands::SetProfile {
                profile: first.clone(),
            }
            .into(),
            &["profile"],
        ),
        (
            commands::SetOwnDescription {
                description: first.clone(),
            }
            .into(),
            &["description"],
        ),
        (
            commands::Register {
                login: first.clone(),
                name: second.clone(),
                description: third.clone(),
                ..register("anna")
            }
            .into(),
            &["login", "name", "description"],
        ),
        (
            commands::DescribeUser {
                user: user(),
                name: some(&first),
                description: some(&second),
            }
            .into(),
            &["name", "description"],
        ),
        (
            commands::ChangeUser {
                user: user(),
                name: some(&first),
                description: some(&second),
                secret: None,
                disabled: None,
                operator: None,
            }
            .into(),
            &["name", "description"],
        ),
        (
            commands::CreateRoom {
                title: second.clone(),
                description: third.clone(),
                ..commands::CreateRoom::public(&first)
            }
            .into(),
            &["name", "title", "description"],
        ),
        (
            commands::RenameRoom {
                room: room(),
                name: first.clone(),
            }
            .into(),
            &["name"],
        ),
        (
            commands::SetTitle {
                room: room(),
                title: first.clone(),
            }
            .into(),
            &["title"],
        ),
        (
            commands::SetDescription {
                room: room(),
                description: first.clone(),
            }
            .into(),
            &["description"],
        ),
        (guest(&first).into(), &["name"]),
        (commands::Enter::room(&first).into(), &["", "room"]),
        // Last: the room is called otherwise from then on.
        (
            commands::ChangeRoom {
                name: some(&first),
                title: some(&second),
                description: some(&third),
                ..commands::ChangeRoom::of(room())
            }
            .into(),
            &["name", "title", "description"],
        ),
    ]
}

async fn asked_world() -> (World, Arc<Fields>, Client) {
    let policy = Arc::new(Fields::default());
    let world = World::of(Hub::builder().policy(policy.clone())).await;
    let mut anna = world.account("anna").await;
    anna.ok(create_room("own", RoomKind::Public)).await;
    policy.0.lock().unwrap().clear();
    (world, policy, anna)
}

#[tokio::test]
async fn each_text_that_others_would_read_is_decided_on() {
    let (world, policy, mut anna) = asked_world().await;
    // Each of the three in turn is what is refused: nothing after it is asked.
    for refused in 0..3 {
        let mut texts = ["one", "two", "three"];
        texts[refused] = "damn";
        for (command, fields) in commands_of(texts) {
            let texts = fields.iter().filter(|field| !field.is_empty());
            let Some(place) = texts.enumerate().find(|(at, _)| *at == refused) else {
                continue;
            };
            let kind = format!("{command:?}");
            let kind = kind.split(['(', ' ']).next().unwrap().to_owned();
            let outcome = match command {
                AnyCommand::LogInGuest(_) => world.client().call(command).await,
                _ => anna.call(command).await,
            };
            let why = Error::not_allowed("mind your words");
            assert_eq!(outcome.unwrap_err(), why, "{kind}");
            let asked = std::mem::take(&mut *policy.0.lock().unwrap());
            let place = place.0 + usize::from(fields[0].is_empty()) + 1;
            let expected: Vec<_> = fields[..place]
                .iter()
                .map(|f| format!("{kind}.{f}"))
                .collect();
            assert_eq!(asked, expected);
        }
    }
    // What is empty is read by nobody, and what is without a text is asked about once.
    anna.ok(commands::CreateRoom::public("two")).await;
    anna.ok(commands::SetStatus { status: None }).await;
    let asked = std::mem::take(&mut *policy.0.lock().unwrap());
    assert_eq!(asked, ["CreateRoom.name", "SetStatus."]);
    // A room that is there keeps its name, whatever that is.
    world.op(create_room("damn", RoomKind::Public)).await;
    let entered = anna.ok(commands::Enter::room("damn")).await;
    assert_eq!(
        (entered.room.name.as_str(), entered.created),
        ("damn", false)
    );
    assert_eq!(*policy.0.lock().unwrap(), ["Enter."]);
}

#[tokio::test]
async fn each_text_is_replaced_and_a_notation_is_left_out() {
    let (world, _policy, mut anna) = asked_world().await;
    let mut replaced = Vec::new();
    for number in 0..commands_of([""; 3]).len() {
        let first = format!("tea{number}");
        let (command, _) = commands_of([&first, "tea two", "tea three"]).swap_remove(number);
        let reply = match command {
            AnyCommand::LogInGuest(_) => world.client().ok(command).await,
            AnyCommand::Register(_) => world.client().ok(command).await,
            // It would be the same name again, and there is no such message yet.
            AnyCommand::RenameRoom(_) | AnyCommand::Edit(_) => continue,
            _ => anna.ok(command).await,
        };
        replaced.push(match reply {
            AnyReply::Send(said) => {
                let file = said.file.as_ref().map(|file| &file.name);
                format!("{} {file:?} {:?}", said.text, said.extra)
            }
            AnyReply::Register(user) => {
                format!("{} {} {}", user.login, user.name, user.description)
            }
            AnyReply::DescribeUser(user) | AnyReply::ChangeUser(user) => {
                format!("{} {}", user.name, user.description)
            }
            AnyReply::CreateRoom(made) | AnyReply::Enter(made) => {
                let room = made.room;
                format!("{} {} {}", room.name, room.title, room.description)
            }
            AnyReply::ChangeRoom(room) => {
                format!("{} {} {}", room.name, room.title, room.description)
            }
            AnyReply::LogInGuest(welcome) => welcome.user.login.clone(),
            _ => continue,
        });
    }
    let expected = [
        r#"coffee0 Some("coffee two") """#,
        "coffee5 coffee two coffee three",
        "coffee6 coffee two",
        "coffee7 coffee two",
        "coffee8 coffee two coffee three",
        "coffee12",
        "coffee13 coffee13 ",
        "coffee14 coffee two coffee three",
    ];
    assert_eq!(replaced, expected);
}
