//! An authenticator: users who are known elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tolmach::commands;
use tolmach::hub::{Authentication, Authenticator, Credentials, ExternalError, Hub, Options};
use tolmach::model::{Error, Secret, UserKind};

use crate::support::{World, guest, log_in, login, password, register, sha256, token};

/// Knows `nina` by her password, its hash and a token, and what to do wrong.
#[derive(Default)]
struct Directory(AtomicUsize);

#[async_trait]
impl Authenticator for Directory {
    async fn authenticate(
        &self,
        credentials: &Credentials,
    ) -> Result<Authentication, ExternalError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let user = |login: &str, name: &str| Authentication::User {
            login: login.to_owned(),
            name: name.to_owned(),
        };
        Ok(match credentials {
            Credentials::Token(token) if token.0 == "ticket" => user("Nina", "Nina Ivanova"),
            Credentials::Password { login, secret } => match login.to_lowercase().as_str() {
                "nina" if *secret == password("right") || *secret == sha256("right") => {
                    user("Nina", "Nina Ivanova")
                }
                "nina" => Authentication::Refused,
                "mail" => user("Nina", ""),
                "bad" => user("not a login", ""),
                "error" => return Err("the directory is closed".into()),
                "panic" => panic!("as asked"),
                "slow" => std::future::pending().await,
                _ => Authentication::Unknown,
            },
            _ => Authentication::Unknown,
        })
    }
}

async fn with_directory(change: impl FnOnce(&mut Options)) -> (World, Arc<Directory>) {
    let mut options = Options::default();
    change(&mut options);
    let directory = Arc::new(Directory::default());
    let builder = Hub::builder()
        .options(options)
        .authenticator(directory.clone());
    let world = World::of(builder.authenticator_timeout(Duration::from_millis(100))).await;
    (world, directory)
}

#[tokio::test]
async fn who_is_known_elsewhere_has_an_account_from_the_first_login_on() {
    let (world, _) = with_directory(|_| {}).await;
    let mut first = world.client();
    let welcome = first
        .session
        .log_in("nina", "right horse battery")
        .await
        .unwrap();
    let user = welcome.user;
    assert_eq!(
        (user.login.as_str(), user.name.as_str(), user.kind),
        ("Nina", "Nina Ivanova", UserKind::Account)
    );
    let by_hash = world.client().ok(log_in("NINA", sha256("right"))).await;
    let by_token = world.client().session.log_in_token("ticket").await.unwrap();
    let by_another = world.client().ok(log_in("mail", password("x"))).await;
    assert_eq!(
        [&by_hash.user, &by_token.user, &by_another.user],
        [&user; 3]
    );
    let identified = world
        .client()
        .ok(commands::Identify {
            token: "ticket".into(),
        })
        .await;
    assert_eq!(identified, user);
    assert_eq!(world.op(commands::Users).await.len(), 1);
    let with_id = commands::LogInToken {
        token: "ticket".into(),
        id: Some(tolmach::model::TokenId(1)),
    };
    assert_eq!(world.client().err(with_id).await, Error::BadCredentials);
}

#[tokio::test]
async fn whom_it_does_not_know_the_hub_may() {
    let (world, directory) = with_directory(|_| {}).await;
    world.op(register("boris")).await;
    world.client().ok(log_in("boris", password("boris"))).await;
    let made = world
        .op(commands::CreateToken {
            user: login("boris"),
            value: None,
        })
        .await;
    let asked = directory.0.load(Ordering::Relaxed);
    world.client().ok(token(&made.value.0)).await;
    assert_eq!(
        directory.0.load(Ordering::Relaxed),
        asked,
        "the hub's own token"
    );
    for nobody in [
        log_in("boris", password("x")),
        log_in("dora", password("x")),
        log_in("nina", password("x")),
    ] {
        assert_eq!(world.client().err(nobody).await, Error::BadCredentials);
    }
    assert_eq!(
        world.client().err(token("nobody's")).await,
        Error::BadCredentials
    );
    assert_eq!(world.op(commands::Users).await.len(), 1, "nothing was made");
}

#[tokio::test]
async fn who_is_switched_off_stays_out_and_a_guest_keeps_its_name() {
    let (world, _) = with_directory(|_| {}).await;
    let nina = || log_in("nina", password("right"));
    world.client().ok(nina()).await;
    let (user, disabled) = (login("nina"), true);
    world.op(commands::SetDisabled { user, disabled }).await;
    assert_eq!(world.client().err(nina()).await, Error::BadCredentials);
    assert_eq!(
        world.client().err(token("ticket")).await,
        Error::BadCredentials
    );
    let ticket = commands::Identify {
        token: "ticket".into(),
    };
    assert_eq!(world.client().err(ticket).await, Error::BadCredentials);
    world
        .op(commands::RemoveUser {
            user: login("nina"),
        })
        .await;
    let mut other = world.client();
    other.ok(guest("nina")).await;
    assert_eq!(world.client().err(nina()).await, Error::NameTaken);
    drop(other);
}

#[tokio::test]
async fn without_an_answer_nothing_is_changed_and_no_attempt_is_counted() {
    let (world, _) = with_directory(|options| options.failed_logins = 2).await;
    for name in ["error", "panic", "slow", "bad"] {
        world.op(register(name)).await;
        for _ in 0..3 {
            let failed = world.client().err(log_in(name, password(name))).await;
            assert_eq!(failed, Error::Unavailable, "{name}");
        }
    }
}

#[tokio::test]
async fn who_fails_too_often_is_not_asked_about() {
    let (world, directory) = with_directory(|options| options.failed_logins = 2).await;
    for _ in 0..2 {
        world.client().err(log_in("nina", password("wrong"))).await;
    }
    let limited = world.client().err(log_in("nina", password("right"))).await;
    assert!(matches!(limited, Error::RateLimited { .. }), "{limited}");
    assert_eq!(directory.0.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn accounts_and_passwords_are_made_where_they_are_kept() {
    let (world, _) = with_directory(|_| {}).await;
    let refused = world.client().err(register("boris")).await;
    assert!(matches!(refused, Error::Unsupported(_)), "{refused}");
    world.op(register("boris")).await;
    world.client().ok(log_in("nina", password("right"))).await;
    let change = |user: &str| commands::SetPassword {
        user: login(user),
        secret: password("new"),
    };
    let refused = world.op_err(change("nina")).await;
    assert!(matches!(refused, Error::Unsupported(_)), "{refused}");
    world.op(change("boris")).await;
    world.client().ok(log_in("boris", password("new"))).await;
}

#[test]
fn no_secret_is_shown() {
    let secret = || "hunter2".to_owned();
    let shown = [
        Credentials::Token(secret().into()),
        Credentials::Password {
            login: "nina".to_owned(),
            secret: Secret::Password(secret()),
        },
    ];
    assert!(!format!("{shown:?}").contains("hunter2"));
}
