//! A bot that answers and moderates: it deletes what is spam, and bans who says it twice.
//! `cargo run --example moderator`

use std::collections::HashMap;
use std::error::Error;

use tolmach::commands::{Ban, CreateRoom, Delete, History, LogIn, LogInGuest, Register};
use tolmach::hub::{Events, Hub, Scope, Session};
use tolmach::model::{Event, HistoryQuery, RoomChange, RoomSelector, Secret, UserId, UserSelector};

/// What the bot says to whoever asks for help.
const ANSWER: &str = "Be kind, and do not spam";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let hub = Hub::builder().start().await?;
    let (bot, events) = bot(&hub).await?;
    let moderating = tokio::spawn(moderate(bot, events));

    let (mut anna, _) = hub.attach("example", Scope::AllRooms);
    let name = "anna".to_owned();
    anna.call(LogInGuest { name }).await?;
    anna.enter("tea").await?;
    for text in ["help", "spam, spam", "and more spam"] {
        println!("anna: {text}");
        anna.say(RoomSelector::name("tea"), text).await?;
    }
    // The moderator ends with the ban.
    moderating.await??;
    assert!(anna.enter("tea").await.is_err());
    let page = HistoryQuery::page(RoomSelector::name("tea"), None, 10);
    let said = hub.operate(History(page)).await?.messages;
    let stands = said.iter().filter(|message| !message.deleted);
    let stands: Vec<_> = stands.map(|message| message.text.as_str()).collect();
    assert_eq!(stands, ["help", ANSWER]);
    hub.stop().await;
    Ok(())
}

/// The owner of the room `tea`.
async fn bot(hub: &Hub) -> Result<(Session, Events), Box<dyn Error>> {
    let (login, secret) = ("bot".to_owned(), Secret::password("CorrectHorse"));
    let register = Register {
        login: login.clone(),
        secret: secret.clone(),
        name: String::new(),
        description: String::new(),
    };
    hub.operate(register).await?;
    let (mut bot, events) = hub.attach("bot", Scope::AllRooms);
    let token = false;
    bot.call(LogIn {
        login,
        secret,
        token,
    })
    .await?;
    bot.call(CreateRoom::public("tea")).await?;
    bot.enter("tea").await?;
    Ok((bot, events))
}

async fn moderate(mut bot: Session, mut events: Events) -> Result<(), tolmach::model::Error> {
    let tea = || RoomSelector::name("tea");
    let mut offences: HashMap<UserId, u32> = HashMap::new();
    while let Some(event) = events.next().await {
        let Event::Room(event) = &*event else {
            continue;
        };
        let RoomChange::Posted(message) = &event.change else {
            continue;
        };
        let user = message.sender.id;
        if bot.user().is_some_and(|own| own.id == user) {
            continue; // What it says itself is not for it to judge.
        }
        if message.text == "help" {
            bot.say(tea(), ANSWER).await?;
            println!("bot: {ANSWER}");
        } else if message.text.contains("spam") {
            bot.call(Delete {
                message: message.id,
            })
            .await?;
            println!("bot: deleted what {} said", message.sender.login);
            let offences = offences.entry(user).or_default();
            *offences += 1;
            if *offences > 1 {
                let (room, user) = (tea(), UserSelector::Id(user));
                bot.call(Ban { room, user }).await?;
                println!("bot: banned {}", message.sender.login);
                return Ok(());
            }
        }
    }
    Ok(())
}
