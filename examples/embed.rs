//! A hub inside a program: a listener for JIM clients, and a bot that answers whoever speaks in its room.
use tolmach::dialects::{DialectKind, jim::Jim};
use tolmach::gateway::{Gateway, serving};
use tolmach::hub::{Hub, Scope};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:7777".into());
    let hub = Hub::builder().start().await?;
    let (mut bot, mut events) = hub.attach("bot", Scope::AllRooms);
    bot.log_in_guest("echo").await?;
    bot.enter("lobby").await?;
    let jim = serving(Jim::new(&Default::default(), &Default::default()));
    let builder = Gateway::builder(hub).listen("jim", address, jim);
    let gateway = builder.start().await?;
    println!("{}", gateway.ready_line());
    while let Some(event) = events.next().await {
        if let Some(said) = event.posted().filter(|it| it.sender.login != "echo") {
            let answer = format!("I hear you, {}", said.sender.name);
            bot.say(said.room, &answer).await?;
        }
    }
    Ok(())
}
