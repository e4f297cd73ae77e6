//! Users and tokens.

use std::time::Duration;

use super::*;
use sha2::{Digest, Sha256};

use crate::commands::{
    AddBan, CreateToken, EndGuest, EndGuests, ExpireTokens, FindSecret, OpenSession, RemoveBan,
    RemoveUser, RenameUser, RevokeToken, SetDisabled, SetOperator, SetOwnDescription, SetPassword,
    SetTitle, TouchTokens, Warrant,
};
use crate::model::{BanSubject, Secret, TokenId, UserKind};

pub(super) async fn a_secret_is_what_it_was_when_it_was_first_asked_for(bench: &Bench) {
    let find = |name, byte| {
        let new = [byte; 32];
        bench.operator(FindSecret { name, new }).unwrap()
    };
    assert_eq!(find("one", 1), [1; 32]);
    assert_eq!(find("one", 2), [1; 32]);
    assert_eq!(find("other", 3), [3; 32]);
    assert_eq!(find("one", 4), [1; 32]);
}

pub(super) async fn accounts_are_found_by_number_and_by_folded_login(bench: &Bench) {
    let (anna, _) = (bench.account("Анна"), bench.guest("guest"));
    let bob = bench.account("Bob");
    let row = bench.store.user(anna).await.unwrap().unwrap();
    assert_eq!(
        (
            row.user.login.as_str(),
            row.user.name.as_str(),
            row.user.kind
        ),
        ("Анна", "Анна", UserKind::Account)
    );
    assert_eq!(
        (row.user.description.as_str(), row.password.as_deref()),
        ("about", Some("$argon2id$"))
    );
    assert_eq!(
        (row.user.created, row.folded.as_deref()),
        (Timestamp(1_000), Some("анна"))
    );
    assert_eq!(bench.store.user_by_login("анна").await.unwrap(), Some(row));
    assert_eq!(bench.store.user_by_login("Анна").await.unwrap(), None);
    assert_eq!(bench.store.user(UserId(99)).await.unwrap(), None);
    assert_eq!(bench.store.user(UserId::GATEWAY).await.unwrap(), None);
    let accounts = bench.store.accounts().await.unwrap();
    assert_eq!(
        accounts.iter().map(|row| row.user.id).collect::<Vec<_>>(),
        [anna, bob]
    );
    assert_eq!(bench.operator(add_account("аННА")), Err(Error::NameTaken));
    bench
        .by(
            anna,
            SetOwnDescription {
                description: "new".into(),
            },
        )
        .unwrap();
    bench
        .operator(SetDisabled {
            user: who(anna),
            disabled: true,
        })
        .unwrap();
    let row = bench.store.user(anna).await.unwrap().unwrap();
    assert_eq!(
        (row.user.description.as_str(), row.user.disabled),
        ("new", true)
    );
}

pub(super) async fn what_was_withdrawn_since_it_was_asked_is_not_there(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let room = bench.room("lobby", anna);
    let token = |of, text: &str| {
        let (user, value) = (who(of), Some(text.into()));
        bench.operator(CreateToken { user, value }).unwrap().id
    };
    let (first, second, others) = (token(anna, "1"), token(anna, "2"), token(bob, "3"));
    let asked = |actor, token, operates| Mandate {
        actor,
        warrant: Some(Warrant {
            user: anna,
            address: None,
            token,
            operates,
        }),
    };
    let own = |token| asked(Actor::User(anna), token, false);
    let chief = asked(Actor::Operator, Some(second), true);
    let say = |mandate| bench.write(mandate, post(room, "hello")).0.err();
    let name = |mandate| {
        let (room, title) = (at(room), "Tea".to_owned());
        bench.write(mandate, SetTitle { room, title }).0.err()
    };
    assert_eq!(say(own(Some(first))), None);
    assert_eq!(say(own(None)), None);
    assert_eq!(say(own(Some(others))), Some(Error::BadCredentials));
    let (user, id) = (who(anna), Some(first));
    // All of it waits at once, as far as the store lets it.
    bench.submit(Actor::Operator, RevokeToken { user, id });
    let late = bench.submit(own(Some(first)), post(room, "late"));
    let other = bench.submit(own(Some(second)), post(room, "by the other token"));
    assert_eq!(
        bench.sink.wait_for(late).0.err(),
        Some(Error::BadCredentials)
    );
    assert_eq!(bench.sink.wait_for(other).0.err(), None);
    let set = |operator| {
        let user = who(anna);
        bench.operator(SetOperator { user, operator }).unwrap();
    };
    assert!(matches!(name(chief), Some(Error::NotAllowed(_))));
    set(true);
    assert_eq!(name(chief), None);
    set(false);
    assert!(matches!(name(chief), Some(Error::NotAllowed(_))));
    set(true);
    let (user, disabled) = (who(anna), true);
    bench.operator(SetDisabled { user, disabled }).unwrap();
    assert_eq!(name(chief), Some(Error::Unauthenticated));
    assert_eq!(say(own(None)), Some(Error::Unauthenticated));
}

pub(super) async fn whom_a_ban_keeps_out_since_it_was_asked_changes_nothing(bench: &Bench) {
    let (anna, bob) = (bench.account("Anna"), bench.account("bob"));
    let room = bench.room("lobby", anna);
    bench.enter(bob, room);
    let asked = |user, address: &str| Mandate {
        actor: Actor::User(user),
        warrant: Some(Warrant {
            user,
            address: address.parse().ok(),
            token: None,
            operates: false,
        }),
    };
    let ban = |subject: &BanSubject, term| AddBan {
        subject: subject.clone(),
        term,
        reason: "spam".to_owned(),
    };
    let say = |mandate| bench.write(mandate, post(room, "hello")).0.err();
    let why = |why: &str| Some(Error::NotAllowed(why.into()));
    let login = BanSubject::Login("anna".to_owned());
    // All of it waits at once, as far as the store lets it.
    bench.submit(Actor::Operator, ban(&login, None));
    let late = bench.submit(asked(anna, ""), post(room, "late"));
    let other = bench.submit(asked(bob, "192.0.2.7"), post(room, "not banned"));
    assert_eq!(
        bench.sink.wait_for(late).0.err(),
        why("you are banned from this gateway: spam")
    );
    assert_eq!(bench.sink.wait_for(other).0.err(), None);
    let subject = login;
    bench.operator(RemoveBan { subject }).unwrap();
    assert_eq!(say(asked(anna, "")), None);
    let network = BanSubject::Network("192.0.2.0/24".parse().unwrap());
    let term = Some(Duration::from_secs(1));
    bench.operator(ban(&network, term)).unwrap();
    let banned = "your address is banned from this gateway until 1970-01-01T00:00:02Z: spam";
    assert_eq!(say(asked(bob, "192.0.2.7")), why(banned));
    assert_eq!(say(asked(bob, "198.51.100.7")), None);
    assert_eq!(say(asked(bob, "")), None);
    bench.at(2_000);
    assert_eq!(say(asked(bob, "192.0.2.7")), None);
}

pub(super) async fn a_removed_account_frees_its_name_and_keeps_its_words(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let message = bench.say(anna, room, "hello");
    bench.operator(RemoveUser { user: who(anna) }).unwrap();
    assert_eq!(bench.store.user_by_login("anna").await.unwrap(), None);
    assert!(bench.store.accounts().await.unwrap().is_empty());
    let ended = bench.store.ended_accounts().await.unwrap();
    assert_eq!((ended.len(), ended[0].user.id), (1, anna));
    assert_ne!(bench.account("anna"), anna);
    let message = bench.store.message(message.id).await.unwrap().unwrap();
    assert_eq!(
        (message.sender.id, message.sender.login.as_str()),
        (anna, "anna")
    );
}

pub(super) async fn a_guest_that_ends_leaves_no_row_unless_it_spoke(bench: &Bench) {
    let owner = bench.account("owner");
    let room = bench.room("lobby", owner);
    let (silent, speaker) = (bench.guest("silent"), bench.guest("speaker"));
    for guest in [silent, speaker] {
        bench.enter(guest, room);
    }
    let message = bench.say(speaker, room, "hi");
    for user in [silent, speaker] {
        bench.operator(EndGuest { user }).unwrap();
        assert_eq!(bench.store.member(room, user).await.unwrap(), None);
        assert!(bench.store.rooms_of(user).await.unwrap().is_empty());
    }
    // An account is no guest, whatever is asked.
    bench.operator(EndGuest { user: owner }).unwrap();
    assert!(bench.store.member(room, owner).await.unwrap().is_some());
    assert_eq!(bench.store.user(silent).await.unwrap(), None);
    assert_eq!(
        bench.store.user(speaker).await.unwrap().unwrap().folded,
        None
    );
    assert_eq!(bench.store.user_by_login("speaker").await.unwrap(), None);
    assert_eq!(
        bench
            .store
            .message(message.id)
            .await
            .unwrap()
            .unwrap()
            .sender
            .login,
        "speaker"
    );
    assert!(![silent, speaker].contains(&bench.guest("silent")));
    // Who is gone is still named where it was told of.
    let events = bench
        .store
        .changes(room, crate::model::Seq(0), usize::MAX)
        .await
        .unwrap();
    assert!(
        events
            .iter()
            .any(|event| event.actor.id == silent && event.actor.login == "silent")
    );
}

pub(super) async fn all_guests_end_together(bench: &Bench) {
    let account = bench.account("account");
    let guests = [bench.guest("a"), bench.guest("b"), bench.guest("c")];
    bench.operator(EndGuests { node: None }).unwrap();
    for guest in guests {
        assert_eq!(bench.store.user(guest).await.unwrap(), None);
    }
    assert!(
        bench
            .store
            .user(account)
            .await
            .unwrap()
            .unwrap()
            .folded
            .is_some()
    );
}

fn create(user: UserId, value: &str) -> CreateToken {
    CreateToken {
        user: who(user),
        value: Some(value.into()),
    }
}

fn hash(value: &str) -> [u8; 32] {
    Sha256::digest(value).into()
}

fn opening(user: UserId, by: Option<TokenId>, token: Option<&str>) -> OpenSession {
    OpenSession {
        user,
        password: None,
        by,
        token: token.map(Into::into),
        address: "[::1]:7".into(),
        is_login: true,
    }
}

pub(super) async fn who_is_an_operator_is_kept_until_the_account_ends(bench: &Bench) {
    let anna = bench.account("anna");
    let is_operator = async || bench.store.user(anna).await.unwrap().unwrap().user.operator;
    assert!(!is_operator().await);
    let set = |operator| SetOperator {
        user: who(anna),
        operator,
    };
    bench.operator(set(true)).unwrap();
    assert!(is_operator().await);
    let (user, login) = (who(anna), "nina".to_owned());
    bench.operator(RenameUser { user, login }).unwrap();
    assert!(is_operator().await);
    bench.operator(set(false)).unwrap();
    assert!(!is_operator().await);
    bench.operator(set(true)).unwrap();
    bench.operator(RemoveUser { user: who(anna) }).unwrap();
    assert!(!is_operator().await);
    // Nobody makes anybody one but the operator.
    let boris = bench.account("boris");
    let own = SetOperator {
        user: who(boris),
        operator: true,
    };
    assert!(matches!(bench.by(boris, own), Err(Error::NotAllowed(_))));
}

pub(super) async fn the_last_login_is_kept_to_the_minute(bench: &Bench) {
    let anna = bench.account("anna");
    let last = async || {
        let row = bench.store.user(anna).await.unwrap().unwrap();
        assert_eq!(
            bench.store.accounts().await.unwrap(),
            std::slice::from_ref(&row)
        );
        row.last_login.map(|last| last.0)
    };
    assert_eq!(last().await, None);
    let day = 86_400_000;
    for (at, kept) in [
        (day, day),
        (day + 59_999, day),
        (day + 60_000, day + 60_000),
    ] {
        bench.at(at).operator(opening(anna, None, None)).unwrap();
        assert_eq!(last().await, Some(kept));
    }
    let (user, secret) = (who(anna), Secret::Hashed("$other".into()));
    bench.operator(SetPassword { user, secret }).unwrap();
    let (user, login) = (who(anna), "nina".to_owned());
    bench.operator(RenameUser { user, login }).unwrap();
    assert_eq!(last().await, Some(day + 60_000));
    bench.operator(RemoveUser { user: who(anna) }).unwrap();
    assert_eq!(
        bench.store.user(anna).await.unwrap().unwrap().last_login,
        None
    );
}

pub(super) async fn tokens_are_kept_by_hash_touched_and_expired(bench: &Bench) {
    let anna = bench.account("anna");
    let opened = bench.at(10).operator(opening(anna, None, Some("1")));
    let session = opened.unwrap().token.unwrap();
    let api = bench.at(20).operator(create(anna, "2")).unwrap();
    assert!(bench.operator(create(anna, "2")).is_err());
    assert_eq!(
        (api.used, api.address.as_deref(), api.created),
        (None, None, Timestamp(20))
    );
    let listed = bench.store.tokens(anna).await.unwrap();
    assert_eq!(
        listed.iter().map(|token| token.id).collect::<Vec<_>>(),
        [session, api.id]
    );
    bench
        .at(30)
        .operator(opening(anna, Some(api.id), None))
        .unwrap();
    let tokens = vec![api.id];
    bench.at(40).by(anna, TouchTokens { tokens }).unwrap();
    let row = bench.store.token(hash("2")).await.unwrap().unwrap();
    assert_eq!(
        (row.info.used, row.info.address.as_deref()),
        (Some(Timestamp(40)), Some("[::1]:7"))
    );
    assert_eq!(bench.store.token_by_id(api.id).await.unwrap(), Some(row));
    bench
        .operator(ExpireTokens {
            before: Timestamp(10),
        })
        .unwrap();
    assert!(bench.store.token_by_id(session).await.unwrap().is_some());
    bench
        .operator(ExpireTokens {
            before: Timestamp(1_000),
        })
        .unwrap();
    assert!(bench.store.token_by_id(session).await.unwrap().is_none());
    assert!(bench.store.token(hash("1")).await.unwrap().is_none());
    assert!(
        bench.store.token_by_id(api.id).await.unwrap().is_some(),
        "only those of sessions expire"
    );
    assert_eq!(
        bench.operator(RevokeToken {
            user: who(anna),
            id: None
        }),
        Ok(vec![api.id])
    );
    assert!(bench.store.tokens(anna).await.unwrap().is_empty());
    let next = bench.operator(create(anna, "3")).unwrap();
    assert!(next.id > api.id, "a token's number is not given twice");
}

pub(super) async fn who_is_gone_changes_nothing(bench: &Bench) {
    let (anna, gina) = (bench.account("anna"), bench.guest("gina"));
    let room = bench.room("lobby", anna);
    bench.enter(gina, room);
    bench.say(gina, room, "so that the row stays");
    bench.operator(EndGuest { user: gina }).unwrap();
    assert_eq!(
        bench.by(gina, enter(room)).err(),
        Some(Error::Unauthenticated)
    );
    assert_eq!(bench.store.member(room, gina).await.unwrap(), None);
    let (user, disabled) = (who(anna), true);
    bench.operator(SetDisabled { user, disabled }).unwrap();
    let (room, title) = (at(room), "late".to_owned());
    let late = bench.by(anna, SetTitle { room, title });
    assert_eq!(late.err(), Some(Error::Unauthenticated));
}
