//! An authenticator over a file of lines `LOGIN PASSWORD`, which is read anew at each login.
//! `cargo run --example file_authenticator`

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tolmach::commands::LogIn;
use tolmach::hub::{Authentication, Authenticator, Credentials, ExternalError, Hub, Scope};
use tolmach::model::Secret;

/// For the example the passwords are in clear, so only dialects that send passwords can log in by it.
struct FileAuthenticator(PathBuf);

#[async_trait]
impl Authenticator for FileAuthenticator {
    async fn authenticate(&self, given: &Credentials) -> Result<Authentication, ExternalError> {
        let Credentials::Password { login, secret } = given else {
            return Ok(Authentication::Unknown);
        };
        let file = tokio::fs::read_to_string(&self.0).await?;
        let mut users = file.lines().filter_map(|line| line.split_once(' '));
        Ok(match users.find(|(name, _)| name == login) {
            None => Authentication::Unknown,
            Some((name, password)) if *secret == Secret::password(password) => {
                Authentication::User {
                    login: name.to_owned(),
                    name: String::new(),
                }
            }
            Some(_) => Authentication::Refused,
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    run().await
}

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("users");
    std::fs::write(&file, "anna CorrectHorse\n")?;
    let authenticator = Arc::new(FileAuthenticator(file));
    let hub = Hub::builder().authenticator(authenticator).start().await?;

    for (password, is_let_in) in [("Battery", false), ("CorrectHorse", true)] {
        let (mut session, _) = hub.attach("example", Scope::AllRooms);
        let log_in = LogIn {
            login: "anna".to_owned(),
            secret: Secret::password(password),
            token: false,
        };
        let outcome = session.call(log_in).await;
        assert_eq!(outcome.is_ok(), is_let_in);
        match outcome {
            Ok(welcome) => println!("{password}: {} is in", welcome.user.login),
            Err(error) => println!("{password}: {error}"),
        }
    }
    hub.stop().await;
    Ok(())
}
