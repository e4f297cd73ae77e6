//! JIM in the field: contact lists.

use serde_json::json;

use crate::support::{Daemon, FieldClient, Jim, PASSWORD, with_field};

async fn listed(client: &mut FieldClient) -> Vec<String> {
    let answer = client.expect(202, json!({"action": "get_contacts"})).await;
    let mut names = Vec::new();
    for _ in 0..answer["quantity"].as_u64().unwrap() {
        let contact = client.recv().await;
        assert_eq!(contact["action"], "contact_list", "{contact}");
        assert_eq!(contact.as_object().unwrap().len(), 2, "{contact}");
        names.push(contact["user_id"].as_str().unwrap().to_owned());
    }
    names
}

async fn of_account(daemon: &Daemon, login: &str) -> FieldClient {
    let mut client = daemon.field();
    let user = json!({"account_name": login, "password": PASSWORD});
    client
        .expect(200, json!({"action": "authenticate", "user": user}))
        .await;
    client
}

#[tokio::test(start_paused = true)]
async fn an_accounts_contacts_last() {
    let daemon = with_field("", "").await;
    for login in ["anna", "Борис", "vera"] {
        daemon.account(login).await;
    }
    let mut anna = of_account(&daemon, "anna").await;
    assert!(listed(&mut anna).await.is_empty());
    for contact in ["vera", "борис", "VERA"] {
        anna.expect(200, json!({"action": "add_contact", "user_id": contact}))
            .await;
    }
    anna.expect(404, json!({"action": "add_contact", "user_id": "nobody"}))
        .await;
    anna.expect(400, json!({"action": "add_contact"})).await;
    assert_eq!(listed(&mut anna).await, ["Борис", "vera"]);
    anna.hang_up().await;
    anna.end().await;
    let mut anna = of_account(&daemon, "anna").await;
    assert_eq!(listed(&mut anna).await, ["Борис", "vera"]);
    anna.expect(200, json!({"action": "del_contact", "user_id": "vera"}))
        .await;
    anna.expect(404, json!({"action": "del_contact", "user_id": "vera"}))
        .await;
    anna.expect(404, json!({"action": "del_contact", "user_id": "nobody"}))
        .await;
    assert_eq!(listed(&mut anna).await, ["Борис"]);
}

#[tokio::test(start_paused = true)]
async fn a_guests_contacts_last_as_long_as_its_session() {
    let daemon = with_field("", "").await;
    daemon.account("anna").await;
    let mut stranger = daemon.field();
    for action in ["get_contacts", "add_contact", "del_contact"] {
        stranger
            .expect(401, json!({"action": action, "user_id": "anna"}))
            .await;
    }
    let mut visitor = daemon.field_guest("visitor").await;
    visitor
        .expect(200, json!({"action": "add_contact", "user_id": "anna"}))
        .await;
    assert_eq!(listed(&mut visitor).await, ["anna"]);
    visitor.say(json!({"action": "quit"})).await;
    visitor.end().await;
    let mut visitor = daemon.field_guest("visitor").await;
    assert!(listed(&mut visitor).await.is_empty());
}

#[tokio::test]
async fn contacts_outlive_the_gateway() {
    let dir = tempfile::tempdir().unwrap();
    let listener = "[[listener]]\ndialect='jim'\nname='field'\naddress='127.0.0.1:0'\nflavor='field'\npace='0s'";
    let daemon = Daemon::on_disk(dir.path(), listener).await;
    for login in ["anna", "vera"] {
        daemon.account(login).await;
    }
    let mut anna = Jim::new(daemon.client("field").await);
    anna.authenticate("anna").await;
    anna.expect(200, json!({"action": "add_contact", "user_id": "vera"}))
        .await;
    daemon.stop().await;
    let daemon = Daemon::on_disk(dir.path(), listener).await;
    let mut anna = Jim::new(daemon.client("field").await);
    anna.authenticate("anna").await;
    let count = anna.expect(202, json!({"action": "get_contacts"})).await;
    assert_eq!(count["quantity"], 1);
    assert_eq!(anna.next().await["user_id"], "vera");
}

#[tokio::test(start_paused = true)]
async fn a_contact_may_stand_beside_ones_own_name() {
    let daemon = with_field("", "").await;
    daemon.account("vera").await;
    let mut anna = daemon.field_guest("anna").await;
    for (action, key) in [("add_contact", "contact_name"), ("del_contact", "contact")] {
        let mut said = json!({"action": action, "user_id": "anna"});
        said[key] = json!("vera");
        anna.expect(200, said).await;
        let expected: &[&str] = if action == "add_contact" {
            &["vera"]
        } else {
            &[]
        };
        assert_eq!(listed(&mut anna).await, expected);
    }
}
