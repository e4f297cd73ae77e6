//! What is done to accounts and their tokens at one node holds at the others.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_revoked_token_ends_its_sessions_everywhere() {
    in_each_health(async |mut pair: Pair| {
        let mut other = pair.there.again("boris").await;
        let tokens = pair.here.op(commands::Tokens {
            user: login("boris"),
        });
        let last = tokens.await.pop().unwrap().id;
        let revoke = commands::RevokeToken {
            user: login("boris"),
            id: Some(last),
        };
        pair.here.op(revoke).await;
        other.hears(&["ended TokenRevoked"]).await;
        pair.boris.say(name("tea"), "I am still there").await;
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_what_came_in_by_the_old_one() {
    in_each_health(async |mut pair: Pair| {
        let mut by_password = pair.there.client();
        by_password
            .ok(crate::support::log_in("boris", password("boris")))
            .await;
        let mut by_login = pair.there.client();
        let mut log_in = crate::support::log_in("boris", password("boris"));
        log_in.token = true;
        let value = by_login.ok(log_in).await.token.unwrap().1;
        let mut by_its_token = pair.there.client();
        by_its_token.ok(token(&value.0)).await;
        let set = commands::SetPassword {
            user: login("boris"),
            secret: password("another"),
        };
        pair.here.op(set).await;
        for client in [&mut by_password, &mut by_login, &mut by_its_token] {
            client.hears(&["ended PasswordChanged"]).await;
        }
        let mut anew = pair.there.client();
        anew.ok(crate::support::log_in("boris", password("another")))
            .await;
        // An API token's goes on.
        pair.boris.say(name("tea"), "I am still there").await;
        anew.hears(&["#tea boris: I am still there"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_switched_off_or_removed_is_out_everywhere() {
    in_each_health(async |mut pair: Pair| {
        let disable = commands::SetDisabled {
            user: login("boris"),
            disabled: true,
        };
        pair.here.op(disable).await;
        pair.boris.hears(&["ended AccountDisabled"]).await;
        let mut anna = pair.there.again("anna").await;
        pair.here
            .op(commands::RemoveUser {
                user: login("anna"),
            })
            .await;
        anna.hears(&["ended AccountRemoved"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_erased_account_is_out_everywhere() {
    in_each_health(async |mut pair: Pair| {
        let erase = commands::EraseUser {
            user: login("boris"),
            place: commands::Place::Start,
        };
        pair.here.op(erase).await;
        pair.boris.hears(&["ended AccountRemoved"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_banned_from_the_gateway_is_out_everywhere_until_the_ban_is_lifted() {
    in_each_health(async |mut pair: Pair| {
        let subject = BanSubject::Login("boris".into());
        let ban = commands::AddBan {
            subject: subject.clone(),
            term: None,
            reason: String::new(),
        };
        pair.here.op(ban).await;
        pair.boris.hears(&["ended BannedFromGateway"]).await;
        pair.here.op(commands::RemoveBan { subject }).await;
        let value = pair.here.op(commands::CreateToken {
            user: login("boris"),
            value: None,
        });
        let value = value.await.value.0;
        for _ in 0..21 {
            if pair.there.client().call(token(&value)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the ban is not lifted there");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_login_is_known_where_the_sessions_are() {
    in_each_health(async |mut pair: Pair| {
        let rename = commands::RenameUser {
            user: login("boris"),
            login: "Bob".into(),
        };
        pair.here.op(rename).await;
        let told = ["#tea offline boris", "#tea online Bob"];
        assert_eq!(pair.boris.hears(&told).await, told);
        pair.boris.say(name("tea"), "hi").await;
        pair.anna.hears(&["#tea Bob: hi"]).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_takes_the_place_of_another_holds_its_sessions_everywhere() {
    in_each_health(async |pair: Pair| {
        let mut first = pair.here.client();
        let mut log_in = crate::support::log_in("boris", password("boris"));
        log_in.token = true;
        let (old, value) = first.ok(log_in).await.token.unwrap();
        let mut second = pair.there.client();
        second.ok(token(&value.0)).await;
        let new = first.ok(commands::RenewToken).await.id;
        first.ok(commands::UseToken { id: new, old }).await;
        // So long that whatever it does there is done.
        tokio::time::sleep(Duration::from_secs(2)).await;
        second.say(name("tea"), "I am still there").await;
        first
            .ok(commands::LogOut {
                token: TokenEnd::Always,
            })
            .await;
        second.hears(&["ended TokenRevoked"]).await;
    })
    .await;
}
