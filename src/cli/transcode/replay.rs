//! What the recording's people do: each appears, and speaks over a connection of its own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dialects::Settings;
use crate::gateway::Serve;
use crate::model::fold_login;
use bytes::BytesMut;

use super::client_task::{ClientTask, frames};
use super::numbers::Numbers;
use super::person::{Person, Place};
use super::upload::Incoming;
use super::virtual_hub::VirtualHub;
use super::wire::Wire;
use crate::cli::failure::{Failure, Outcome};
use crate::dialects::client::VirtualClient;
use crate::dialects::client::{Action, Facts, Step, Write};

pub(super) struct Replay {
    hub: VirtualHub,
    dialect: Arc<dyn Serve>,
    client: Arc<dyn VirtualClient>,
    people: HashMap<String, Person>,
    numbers: Numbers,
    incoming: Option<Incoming>,
}

impl Replay {
    /// Nobody has appeared yet; `settings` and `client` are those of the dialect of the people that will appear.
    pub(super) fn open(
        hub: VirtualHub,
        settings: &Settings,
        client: Arc<dyn VirtualClient>,
    ) -> Outcome<Self> {
        Ok(Self {
            dialect: hub.dialect(settings),
            hub,
            client,
            people: HashMap::new(),
            numbers: Numbers::default(),
            incoming: None,
        })
    }

    /// A connection of another dialect, and what logs this one in and enters the room.
    pub(super) async fn observer(
        &self,
        login: &str,
        settings: &Settings,
        client: Arc<dyn VirtualClient>,
    ) -> Outcome<(Wire, BytesMut)> {
        let who = self.hub.identity(login).await.map_err(Failure::Because)?;
        let dialect = self.hub.dialect(settings);
        let bytes = frames(|out| {
            client.log_in(&who, &self.hub.room, out);
            client.enter(&self.hub.room, out);
        });
        Ok((self.hub.connect(dialect, client), bytes))
    }

    /// Somebody does something.
    ///
    /// # Errors
    /// Why it was refused.
    pub(super) async fn act(&mut self, step: Step) -> Result<(), String> {
        let who = step.who;
        match step.action {
            Action::Nothing => Ok(()),
            Action::Appear => self.connected(&who).await.map(drop),
            Action::Connect(write) => self.reconnect(&who, write).await,
            Action::Enter => self.enter(&who).await,
            Action::Ask(write) => self.ask(&who, write).await,
            Action::AskHere(write) => {
                self.be_there(&who).await?;
                self.learn().await;
                self.ask(&who, write).await
            }
            Action::Say(write) => {
                let said = self.say(&who, write).await;
                self.numbers.add(said.is_ok());
                said
            }
            Action::Tell(to, write) => {
                self.numbers.add(false);
                // Where nobody can be called so, the adapter says it.
                let _ = self.listen(&to).await;
                self.ask(&who, write).await
            }
            Action::Leave(write) => {
                self.be_there(&who).await?;
                self.ask(&who, write).await?;
                self.person(&who).await?.place = Place::Left;
                Ok(())
            }
            Action::Go(write) => self.go(&who, write).await,
            Action::Upload(size, write) => self.upload(&who, size, write).await,
            Action::Raw(bytes) => {
                let Some(incoming) = self.incoming.take() else {
                    return Ok(());
                };
                self.take_in(incoming.add(&bytes).await).await
            }
        }
    }

    async fn say(&mut self, who: &str, write: Write) -> Result<(), String> {
        self.be_there(who).await?;
        self.ask(who, write).await
    }

    /// Somebody, who appears if nobody of that name did before.
    async fn person(&mut self, login: &str) -> Result<&mut Person, String> {
        let key = fold_login(login)
            .map_err(|reason| format!("{login:?} cannot be a name here: {reason}"))?;
        if !self.people.contains_key(&key) {
            let person = Person::new(self.hub.identity(login).await?);
            self.people.insert(key.clone(), person);
        }
        let person = self.people.get_mut(&key);
        person.ok_or_else(|| format!("{login} did not appear"))
    }

    /// Somebody with a connection, logged in.
    async fn connected(&mut self, login: &str) -> Result<&mut Person, String> {
        let (client, room) = (self.client.clone(), self.hub.room.clone());
        if self.person(login).await?.client_task.is_none() {
            let client_task =
                ClientTask::new(self.hub.connect(self.dialect.clone(), client.clone()));
            let person = self.person(login).await?;
            person.client_task = Some(client_task);
            let who = person.who.clone();
            let log_in = frames(|out| client.log_in(&who, &room, out));
            if let Err(reason) = person.ask(log_in).await {
                person.client_task = None;
                return Err(reason);
            }
            if client.enters_by_logging_in() {
                person.place = Place::There;
            }
        }
        self.person(login).await
    }

    async fn reconnect(&mut self, login: &str, write: Write) -> Result<(), String> {
        let wire = self.hub.connect(self.dialect.clone(), self.client.clone());
        self.person(login).await?.client_task = Some(ClientTask::new(wire));
        self.ask(login, write).await?;
        self.person(login).await?.place = Place::There;
        Ok(())
    }

    /// Enters the room, where the recording begins in the midst of it.
    async fn be_there(&mut self, login: &str) -> Result<(), String> {
        match self.connected(login).await?.place {
            Place::Nowhere => self.enter(login).await,
            Place::There | Place::Left => Ok(()),
        }
    }

    async fn enter(&mut self, login: &str) -> Result<(), String> {
        let (client, room) = (self.client.clone(), self.hub.room.clone());
        let person = self.connected(login).await?;
        person.ask(frames(|out| client.enter(&room, out))).await?;
        person.place = Place::There;
        self.hub.appoint(login).await
    }

    async fn ask(&mut self, login: &str, write: Write) -> Result<(), String> {
        self.connected(login).await?;
        let bytes = self.written(login, write).await?;
        self.person(login).await?.ask(bytes).await
    }

    async fn go(&mut self, login: &str, write: Write) -> Result<(), String> {
        if self.person(login).await?.client_task.is_none() {
            return Ok(());
        }
        let bytes = self.written(login, write).await?;
        let gone = self.person(login).await?.go(bytes).await;
        // A farewell may end the token.
        let token = self.hub.token(login).await?;
        self.person(login).await?.who.token = token;
        gone
    }

    /// A frame as the virtual hub needs it.
    async fn written(&mut self, login: &str, write: Write) -> Result<BytesMut, String> {
        let who = self.person(login).await?.who.clone();
        let facts = Facts {
            who: &who,
            room: &self.hub.room,
            messages: self.numbers.known(),
        };
        let mut out = BytesMut::new();
        write(&facts, &mut out)?;
        Ok(out)
    }

    /// Somebody is there for private messages: in no room, so that nobody else is told of it.
    async fn listen(&mut self, login: &str) -> Result<(), String> {
        let token = {
            let person = self.person(login).await?;
            match person.ear {
                Some(_) => return Ok(()),
                None => person.who.token.1.clone(),
            }
        };
        let ear = self.hub.ear(token).await?;
        self.person(login).await?.ear = Some(ear);
        Ok(())
    }

    async fn upload(&mut self, login: &str, size: u64, write: Write) -> Result<(), String> {
        self.be_there(login).await?;
        let bytes = self.written(login, write).await?;
        let wire = self.hub.connect(self.dialect.clone(), self.client.clone());
        match Incoming::begin(wire, &bytes, size).await {
            Ok(incoming) => self.take_in(incoming).await,
            Err(reason) => {
                self.numbers.add(false);
                Err(reason)
            }
        }
    }

    async fn take_in(&mut self, incoming: Incoming) -> Result<(), String> {
        if incoming.left > 0 {
            self.incoming = Some(incoming);
            return Ok(());
        }
        let taken = incoming.end().await;
        self.numbers.add(taken.is_ok());
        taken
    }

    /// Asks the hub for the numbers of what was said in the room.
    async fn learn(&mut self) {
        let (count, newest) = self.numbers.unknown();
        if count == 0 {
            return;
        }
        let ids = self.hub.said_after(newest, count).await;
        self.numbers.learn(ids.into_iter());
    }
}
