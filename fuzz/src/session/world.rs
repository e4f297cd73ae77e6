//! The gateway, who is there, and what each of them must have heard.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tolmach::commands;
use tolmach::gateway::{Gateway, Limits, Transport};
use tolmach::hub::{
    Authentication, Authenticator, Credentials, Events, ExternalError, Hub, Scope, Session,
};
use tolmach::model::{MessageId, Role, RoomId, RoomKind, RoomSelector, Secret, UserSelector};

use super::client::{BYTES, Client};
use super::{Step, Wire};

/// The password of anna, whom the input may be.
pub const ANNAS_PASSWORD: &str = "annas password";
/// The token of anna.
pub const ANNAS_TOKEN: &str =
    "0000000000000000000000000000000000000000000000000000000000000000anna";

/// Somebody with an account.
pub(super) struct Person {
    pub(super) login: &'static str,
    pub(super) password: String,
    pub(super) token: String,
}

/// Everything that one input has to do with.
pub(super) struct World<'a, W> {
    wire: &'a W,
    gateway: Gateway,
    /// Never read, but who drops them is gone.
    clara: (Session, Events),
    mate: (Person, Client),
    boris: (Person, Client),
    driven: [Client; 2],
    tea: RoomId,
    den: RoomId,
    /// What nobody can guess, of this input.
    salt: u64,
    said: usize,
    last: Option<MessageId>,
}

/// Knows passwords without hashing them for long.
struct Passwords(HashMap<String, String>);

#[async_trait]
impl Authenticator for Passwords {
    async fn authenticate(
        &self,
        credentials: &Credentials,
    ) -> Result<Authentication, ExternalError> {
        let Credentials::Password { login, secret } = credentials else {
            return Ok(Authentication::Unknown);
        };
        let right = self.0.get(login).is_some_and(|password| match secret {
            Secret::Password(given) => given == password,
            Secret::Sha256(given) => *given == tolmach_uchat::Secret::of_password(password).0,
            Secret::Hashed(_) => false,
        });
        Ok(match right {
            true => Authentication::User {
                login: login.clone(),
                name: String::new(),
            },
            false => Authentication::Refused,
        })
    }
}

impl<'a, W: Wire> World<'a, W> {
    pub(super) async fn new(wire: &'a W, input: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        let salt = hasher.finish();
        let person = |login: &'static str| Person {
            login,
            password: format!("{login} {salt:x}"),
            token: format!("{salt:064x}{login}"),
        };
        let anna = Person {
            login: "anna",
            password: ANNAS_PASSWORD.to_owned(),
            token: ANNAS_TOKEN.to_owned(),
        };
        let people = [anna, person("boris"), person("clara"), person("mate")];
        let hub = hub(&people).await;
        let tea = room(&hub, "tea", RoomKind::Public).await;
        let den = room(&hub, &format!("den-{salt:x}"), RoomKind::Private).await;
        let [_, boris, clara, mate] = people;
        let mut session = hub.attach("inside", Scope::AllRooms);
        session.0.log_in_token(&clara.token).await.unwrap();
        for place in [tea, den] {
            hub.operate(commands::AddMember {
                room: id(place),
                user: login("clara"),
            })
            .await
            .unwrap();
        }
        let owner = commands::SetRole {
            room: id(tea),
            user: login("clara"),
            role: Role::Owner,
        };
        hub.operate(owner).await.unwrap();
        let limits = Limits::default().login_timeout(Duration::ZERO);
        let gateway = Gateway::builder(hub).limits(limits).start().await.unwrap();
        let open = || Client::new(connect(&gateway, wire));
        let mut world = Self {
            wire,
            clara: session,
            mate: (mate, open()),
            boris: (boris, open()),
            driven: [open(), open()],
            gateway,
            tea,
            den,
            salt,
            said: 0,
            last: None,
        };
        for frame in wire.come_in(&world.mate.0, tea.0) {
            world.mate.1.send(&frame).await;
            world.rest().await;
        }
        for frame in wire.come_in(&world.boris.0, tea.0) {
            world.boris.1.send(&frame).await;
            world.rest().await;
        }
        assert!(
            world.is_in("mate").await && world.is_in("boris").await,
            "they could not come in"
        );
        world
    }

    pub(super) async fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Send(who, bytes) => self.send(who, bytes).await,
            Step::Reconnect(who) => {
                let next = Client::new(connect(&self.gateway, self.wire));
                let last = std::mem::replace(&mut self.driven[who], next);
                self.finish(last).await;
            }
            Step::Say => self.say().await,
            Step::SayPrivately => {
                let (room, text) = (id(self.den), self.secret());
                self.clara.0.say(room, &text).await.unwrap();
            }
            Step::Edit => self.edit().await,
            Step::Delete => {
                if let Some(message) = self.last {
                    // Somebody else may have deleted it.
                    let _ = self.clara.0.call(commands::Delete { message }).await;
                }
            }
            Step::Ban(user) => {
                self.operate(commands::Ban {
                    room: id(self.tea),
                    user: login(user),
                })
                .await
            }
            Step::Readmit(user) => {
                self.operate(commands::Unban {
                    room: id(self.tea),
                    user: login(user),
                })
                .await;
                self.operate(commands::AddMember {
                    room: id(self.tea),
                    user: login(user),
                })
                .await;
            }
            Step::Remove(user) => {
                self.operate(commands::RemoveMember {
                    room: id(self.tea),
                    user: login(user),
                })
                .await;
            }
            Step::Promote => {
                let (room, user) = (id(self.tea), login("anna"));
                self.operate(commands::SetRole {
                    room,
                    user,
                    role: Role::Admin,
                })
                .await;
            }
            Step::Return => {
                let next = Client::new(connect(&self.gateway, self.wire));
                drop(std::mem::replace(&mut self.mate.1, next));
                self.rest().await;
                for frame in self.wire.come_in(&self.mate.0, self.tea.0) {
                    self.mate.1.send(&frame).await;
                    self.rest().await;
                }
            }
            Step::DeleteRoom => {
                self.operate(commands::DeleteRoom { room: id(self.tea) })
                    .await
            }
        }
        self.rest().await;
        self.see_all();
    }

    /// Everybody ends; what each was told is looked at once more.
    pub(super) async fn end(mut self) {
        let next = || Client::new(connect(&self.gateway, self.wire));
        let driven = std::mem::replace(&mut self.driven, [next(), next()]);
        for client in driven {
            self.finish(client).await;
        }
        let secret = format!("den-{:x}", self.salt);
        for client in [&self.mate.1, &self.boris.1] {
            assert!(
                !contains(&client.received, &secret),
                "a private room was told of"
            );
        }
        drop(self.clara);
        self.gateway.stop().await;
    }

    async fn send(&mut self, who: usize, bytes: &[u8]) {
        let before = self.driven[who].sent.clone();
        self.driven[who].send(bytes).await;
        self.rest().await;
        let client = &mut self.driven[who];
        let frames = client.new_frames(self.wire);
        let sent = client.sent.len() > before.len();
        if sent && !client.ended {
            let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
            self.wire.check_one(&before, bytes, &frames);
        }
    }

    /// Clara says something new, which those in the room hear once, and nobody else.
    async fn say(&mut self) {
        self.see_all();
        let members = self.members().await;
        let online: Vec<String> = self.online().await;
        let text = self.news();
        let Ok(message) = self.clara.0.say(id(self.tea), &text).await else {
            return;
        };
        self.last = Some(message.id);
        self.rest().await;
        self.check_heard(&text, &members, &online);
    }

    async fn edit(&mut self) {
        let Some(message) = self.last else { return };
        self.see_all();
        let members = self.members().await;
        let text = self.news();
        if self
            .clara
            .0
            .call(commands::Edit::text(message, &text))
            .await
            .is_ok()
        {
            self.rest().await;
            // Not every dialect tells edits: nobody hears it who must not.
            for (login, client) in [("mate", &mut self.mate.1), ("boris", &mut self.boris.1)] {
                let heard = heard(client.new_frames(self.wire), &text);
                assert!(
                    heard <= usize::from(is_member(&members, login)),
                    "{login} heard {heard}"
                );
            }
        }
    }

    fn check_heard(&mut self, text: &str, members: &[String], online: &[String]) {
        for (login, client) in [("mate", &mut self.mate.1), ("boris", &mut self.boris.1)] {
            let expected = usize::from(is_member(members, login) && is_member(online, login));
            let heard = heard(client.new_frames(self.wire), text);
            assert_eq!(
                heard, expected,
                "{login} heard {text:?} so often; members: {members:?}, online: {online:?}"
            );
        }
        let known = ["boris", "clara", "mate"];
        let others = members.iter().any(|login| !known.contains(&login.as_str()));
        for client in &mut self.driven {
            let heard = heard(client.new_frames(self.wire), text);
            assert!(
                heard <= usize::from(others),
                "a stranger heard {text:?} {heard} times"
            );
        }
    }

    async fn finish(&mut self, mut client: Client) {
        client.finish().await;
        let mut waited = 0;
        while !client.ended {
            client.take();
            self.rest().await;
            waited += 1;
            assert!(
                waited < 2000,
                "the connection does not end: {}",
                client.sent.escape_ascii()
            );
        }
        let secret = format!("den-{:x}", self.salt);
        assert!(
            !contains(&client.received, &secret),
            "a private room was told of"
        );
        self.wire.check_all(&client.sent, &client.received);
    }

    /// Lets go on what can go on; what clients were told is with them then, and acknowledged.
    async fn rest(&mut self) {
        loop {
            // The clock moves only once nothing else can.
            tokio::time::sleep(Duration::from_millis(1)).await;
            while self.clara.1.try_next().is_some() {}
            let mut more = false;
            for client in self
                .driven
                .iter_mut()
                .chain([&mut self.mate.1, &mut self.boris.1])
            {
                more |= client.take();
                client.acknowledge(self.wire).await;
            }
            if !more {
                return;
            }
        }
    }

    /// What came is not looked at any more.
    fn see_all(&mut self) {
        for client in self
            .driven
            .iter_mut()
            .chain([&mut self.mate.1, &mut self.boris.1])
        {
            client.new_frames(self.wire);
        }
    }

    /// What the operator asks may be refused, as when the room is gone.
    async fn operate<C: commands::Command>(&self, command: C) {
        let _ = self.gateway.hub().operate(command).await;
    }

    /// Who is in the room and not banned.
    async fn members(&self) -> Vec<String> {
        let members = self
            .gateway
            .hub()
            .operate(commands::Members { room: id(self.tea) })
            .await;
        let members = members.unwrap_or_default().into_iter();
        let inside = members.filter(|(member, _)| member.role != Role::Banned);
        inside.map(|(_, user)| user.login.clone()).collect()
    }

    async fn online(&self) -> Vec<String> {
        let sessions = self
            .gateway
            .hub()
            .operate(commands::Sessions)
            .await
            .unwrap();
        sessions
            .sessions
            .into_iter()
            .map(|session| session.user.login.clone())
            .collect()
    }

    async fn is_in(&self, login: &str) -> bool {
        is_member(&self.members().await, login) && is_member(&self.online().await, login)
    }

    fn news(&mut self) -> String {
        self.said += 1;
        format!("tea-{:x}-{}.", self.salt, self.said)
    }

    fn secret(&mut self) -> String {
        self.said += 1;
        format!("den-{:x}-{}.", self.salt, self.said)
    }
}

fn connect<W: Wire>(gateway: &Gateway, wire: &W) -> tokio::io::DuplexStream {
    let (near, far) = tokio::io::duplex(BYTES);
    gateway.connect(wire.serve(), Transport::memory(far));
    near
}

async fn hub(people: &[Person]) -> Hub {
    let passwords = people
        .iter()
        .map(|person| (person.login.to_owned(), person.password.clone()));
    let passwords = Passwords(passwords.collect());
    let hub = Hub::builder()
        .authenticator(Arc::new(passwords))
        .start()
        .await
        .unwrap();
    for person in people {
        let register = commands::Register {
            login: person.login.to_owned(),
            // Nobody comes in by it.
            secret: Secret::Hashed(String::new()),
            name: String::new(),
            description: String::new(),
        };
        hub.operate(register).await.unwrap();
        let token = commands::CreateToken {
            user: login(person.login),
            value: Some(person.token.clone().into()),
        };
        hub.operate(token).await.unwrap();
    }
    hub
}

async fn room(hub: &Hub, name: &str, kind: RoomKind) -> RoomId {
    let create = commands::CreateRoom {
        name: name.to_owned(),
        title: String::new(),
        description: String::new(),
        kind,
        password: None,
    };
    hub.operate(create).await.unwrap().room.id
}

fn id(room: RoomId) -> RoomSelector {
    RoomSelector::Id(room)
}

fn login(login: &str) -> UserSelector {
    UserSelector::Login(login.to_owned())
}

fn is_member(members: &[String], login: &str) -> bool {
    members.iter().any(|member| member == login)
}

/// How many of the frames say this.
fn heard(frames: Vec<Vec<u8>>, text: &str) -> usize {
    frames.iter().filter(|frame| contains(frame, text)).count()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
