//! An account that gets another login while it is connected, as each dialect sees it.

use serde_json::json;
use tolmach::commands;

use crate::support::{Daemon, user};

async fn rename(daemon: &Daemon, login: &str, to: &str) {
    daemon
        .operate(commands::RenameUser {
            user: user(login),
            login: to.to_owned(),
        })
        .await;
}

#[tokio::test]
async fn a_jim_client_speaks_under_its_new_name_and_all_hear_it() {
    let daemon = Daemon::start("").await;
    let owner_id = daemon.account("owner").await;
    let anna_id = daemon.account("anna").await;
    daemon.account("talker").await;
    daemon.account("two").await;
    let mut owner = daemon.uchat_of("owner").await;
    let tea = owner.new_room("tea", 1).await;
    let mut two = daemon.purpose_in(2, "two", tea).await;
    let mut anna = daemon.authenticated("anna").await;
    let mut boris = daemon.guest("boris").await;
    anna.join("#tea").await;
    boris.join("#tea").await;
    let mut talker = daemon.talker_in("talker", "tea").await;
    for (id, login) in [(two.id, "two"), (anna_id, "anna")] {
        owner.sees_member(tea, id, login).await;
    }
    owner.event(crate::support::uchat::NEW_MEMBER).await;
    owner.event(crate::support::uchat::NEW_MEMBER).await;

    rename(&daemon, "anna", "nina").await;
    talker.sees_leave(anna_id).await;
    let came = talker.sees("join", "nina").await;
    assert_eq!(came["user"]["id"], anna_id.to_string());

    // `from` is one's name: it is the new one now.
    let refused = anna.ask(anna.msg("#tea", "as before")).await;
    assert_eq!(refused["response"], 403, "{refused}");
    assert!(
        refused["error"].as_str().unwrap().contains("you are nina"),
        "{refused}"
    );
    anna.name = "nina".to_owned();
    assert_eq!(anna.say("#tea", "hello").await, 200);
    boris.hears("nina", "#tea", "hello").await;
    talker.hears("nina", "hello").await;
    two.hears(anna_id, tea, "hello").await;
    owner.hears(anna_id, tea, "hello").await;

    // What is for it is for the new name.
    assert_eq!(boris.say("anna", "psst").await, 404);
    assert_eq!(boris.say("nina", "psst").await, 200);
    anna.hears("boris", "nina", "psst").await;
    owner.say(tea, "welcome").await;
    owner.hears(owner_id, tea, "welcome").await;
    anna.hears("owner", "#tea", "welcome").await;
    anna.hears_nothing().await;
}

#[tokio::test]
async fn a_talker_connection_goes_on_and_its_token_too() {
    let daemon = Daemon::start("").await;
    let id = daemon.account("anna").await;
    daemon.account("boris").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    anna.sees("join", "boris").await;
    rename(&daemon, "anna", "nina").await;
    boris.sees_leave(id).await;
    boris.sees("join", "nina").await;
    let echo = anna.said("still here").await;
    assert_eq!(echo["user"], json!({"id": id.to_string(), "name": "nina"}));
    boris.hears("nina", "still here").await;
    // The token that was made for the old login.
    let mut again = daemon.talker().await;
    let present = again.enter("anna", "tea").await;
    assert!(
        present.iter().any(|user| user["name"] == "nina"),
        "{present:?}"
    );
}
