//! A policy that filters words: some are replaced, some are refused.
//! `cargo run --example word_filter`

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use tolmach::commands::LogInGuest;
use tolmach::hub::{ExternalError, Hub, Policy, PolicyRequest, Scope, Verdict};
use tolmach::model::RoomSelector;

struct WordFilter;

#[async_trait]
impl Policy for WordFilter {
    async fn decide(&self, request: &PolicyRequest) -> Result<Verdict, ExternalError> {
        let text = request.text.as_deref().unwrap_or_default();
        Ok(if text.contains("casino") {
            Verdict::Refuse("no advertising here".to_owned())
        } else if text.contains("damn") {
            Verdict::Rewrite(text.replace("damn", "d***"))
        } else {
            Verdict::Allow
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let hub = Hub::builder().policy(Arc::new(WordFilter)).start().await?;
    let (mut anna, _) = hub.attach("example", Scope::AllRooms);
    let name = "anna".to_owned();
    anna.call(LogInGuest { name }).await?;
    anna.enter("tea").await?;
    for (text, becomes) in [
        ("good tea", Ok("good tea")),
        ("damn good tea", Ok("d*** good tea")),
        ("tea at the casino", Err("not allowed: no advertising here")),
    ] {
        let said = anna.say(RoomSelector::name("tea"), text).await;
        let said = said.map(|message| message.text.clone());
        println!("{text}: {said:?}");
        let said = said.map_err(|error| error.to_string());
        assert_eq!(said.as_deref().map_err(String::as_str), becomes);
    }
    hub.stop().await;
    Ok(())
}
