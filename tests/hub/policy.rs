//! A policy: asked before what connections do, and what becomes of it when it does not answer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tolmach::commands;
use tolmach::hub::{ExternalError, Hub, HubBuilder, Policy, PolicyRequest, Verdict};
use tolmach::model::{Error, RoomKind};

use crate::support::{Client, World, create_room, draft, login, name, register, say};

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
    let any = commands::AnyCommand::from(say(name("lobby"), "damn"));
    let refused = anna.err(any).await;
    assert_eq!(refused, Error::not_allowed("mind your words"));
}
