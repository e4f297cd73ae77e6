//! The bus of nodes in several processes: a NATS server, or several that are one.
//!
//! A topic is a subject. A node subscribes to those it wants, so that a server sends it nothing else; what it publishes waits in
//! a queue with a bound, and what that does not hold is dropped and counted.

mod options;

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::connection::State as ConnectionState;
use async_nats::{Client, Event, Message, Subscriber};
use futures_core::Stream;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

pub use self::options::{NatsFault, NatsOptions};
use super::{Bus, BusFigures, Envelope, Listener, Topic};
use crate::model::{NodeId, RoomId, UserId};

/// How soon a connection is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// How often the server is asked whether it is there; one that has not answered twice is away.
const PING: Duration = Duration::from_millis(500);
/// Most envelopes that wait to be sent.
const QUEUE: usize = 8192;
/// Most envelopes of one topic that wait to be told.
const TOPIC_QUEUE: usize = 16_384;
/// How long each answer may take while a bus is tried out.
const TRIED: Duration = Duration::from_secs(2);
/// How long an answer of the server may take before it counts as lost.
const ANSWER: Duration = Duration::from_secs(5);

/// See the module. Its tasks end with it.
pub struct NatsBus {
    shared: Arc<Shared>,
    client: Client,
    queue: mpsc::Sender<(Topic, Envelope)>,
    tasks: Vec<JoinHandle<()>>,
}

struct Shared {
    prefix: String,
    state: Mutex<State>,
    /// Told when something else is wanted, or the connection has changed.
    changed: Notify,
    is_connected: AtomicBool,
    /// A subscription had more than it holds.
    has_lost: AtomicBool,
    published: AtomicU64,
    dropped: AtomicU64,
    received: AtomicU64,
}

#[derive(Default)]
struct State {
    joined: Option<(NodeId, Arc<dyn Listener>)>,
    wanted: HashSet<Topic>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listener(&self) -> Option<Arc<dyn Listener>> {
        let state = self.lock();
        state.joined.as_ref().map(|(_, listener)| listener.clone())
    }

    fn subject(&self, topic: Topic) -> String {
        subject(&self.prefix, topic)
    }

    fn happened(&self, event: &Event) {
        match event {
            Event::Connected => self.is_connected.store(true, Ordering::Relaxed),
            Event::Disconnected | Event::Closed => {
                self.is_connected.store(false, Ordering::Relaxed);
            }
            Event::SlowConsumer(_) => self.has_lost.store(true, Ordering::Relaxed),
            Event::LameDuckMode
            | Event::Draining
            | Event::ServerError(_)
            | Event::ClientError(_) => {
                tracing::debug!(%event, "the bus says");
                return;
            }
        }
        self.changed.notify_one();
    }
}

fn subject(prefix: &str, topic: Topic) -> String {
    match topic {
        Topic::All => format!("{prefix}.all"),
        Topic::Node(node) => format!("{prefix}.node.{node}"),
        Topic::Room(room) => format!("{prefix}.room.{room}"),
        Topic::User(user) => format!("{prefix}.user.{user}"),
    }
}

impl NatsBus {
    /// Connects as a node does, subscribes to one subject of each kind, and publishes on one that nobody else hears, from where it must
    /// come back. Nothing is left of it.
    ///
    /// # Errors
    /// [`NatsFault`].
    pub async fn try_out(options: &NatsOptions) -> Result<(), NatsFault> {
        let said = Arc::<Mutex<Vec<String>>>::default();
        let heard = said.clone();
        let connect = options.login().request_timeout(Some(TRIED));
        let connect = connect.event_callback(move |event| {
            if let Event::ServerError(error) = event {
                let mut said = heard.lock().unwrap_or_else(PoisonError::into_inner);
                said.push(error.to_string());
            }
            std::future::ready(())
        });
        let connected = connect.connect(&options.servers[..]).await;
        let client = connected.map_err(|error| NatsFault::of(&error))?;
        let refused = |error: &dyn std::fmt::Display| NatsFault::Refused(error.to_string());
        let prefix = &options.prefix;
        let own = subject(prefix, Topic::Node(NodeId(rand::random())));
        let brought = client.subscribe(own.clone()).await;
        let mut brought = brought.map_err(|error| refused(&error))?;
        let mut others = Vec::new();
        for topic in [Topic::All, Topic::Room(RoomId(0)), Topic::User(UserId(0))] {
            let subscribed = client.subscribe(subject(prefix, topic)).await;
            others.push(subscribed.map_err(|error| refused(&error))?);
        }
        let published = client.publish(own, "".into()).await;
        published.map_err(|error| refused(&error))?;
        // The server answers in order, and says before what it does not allow; once more, so that that is heard.
        let is_answered = answers(prefix, &client).await && answers(prefix, &client).await;
        let is_brought = is_answered
            && timeout(TRIED, next(&mut brought))
                .await
                .is_ok_and(|one| one.is_some());
        let said = said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("; ");
        match (said.is_empty(), is_answered, is_brought) {
            (true, true, true) => Ok(()),
            (true, false, _) => Err(NatsFault::Away("it does not answer".to_owned())),
            (true, true, false) => Err(NatsFault::Refused(format!(
                "what is published below {prefix}. is not brought"
            ))),
            (false, ..) => Err(NatsFault::Refused(format!(
                "the user needs to publish and to subscribe below {prefix}. and _INBOX.: {said}"
            ))),
        }
    }

    /// As [`NatsBus::try_out`], for whoever has no tokio runtime. Blocks the thread.
    ///
    /// # Errors
    /// [`NatsFault`].
    pub fn is_usable(options: &NatsOptions) -> Result<(), NatsFault> {
        let tried = std::thread::scope(|scope| {
            let trying = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime.map(|runtime| runtime.block_on(Self::try_out(options)))
            });
            trying.join()
        });
        match tried {
            Ok(Ok(tried)) => tried,
            Ok(Err(error)) => Err(NatsFault::Away(error.to_string())),
            Err(_) => Err(NatsFault::Away("the attempt panicked".to_owned())),
        }
    }

    /// A bus at these servers; they are waited for as long as the options say. Without them it begins all the same, and is there once
    /// one of them is. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// [`NatsFault::Refused`].
    pub async fn connect(options: &NatsOptions) -> Result<Self, NatsFault> {
        let shared = Arc::new(Shared {
            prefix: options.prefix.clone(),
            state: Mutex::default(),
            changed: Notify::new(),
            is_connected: AtomicBool::new(false),
            has_lost: AtomicBool::new(false),
            published: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            received: AtomicU64::new(0),
        });
        let begun = Instant::now();
        if let Err(fault @ NatsFault::Refused(_)) = Self::try_out(options).await {
            return Err(fault);
        }
        let heard = shared.clone();
        let connect = options
            .login()
            .no_echo()
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(|_| RETRY)
            .request_timeout(Some(ANSWER))
            .ping_interval(PING)
            .subscription_capacity(TOPIC_QUEUE)
            .event_callback(move |event| {
                heard.happened(&event);
                std::future::ready(())
            });
        let client = connect.connect(&options.servers[..]).await;
        let client = client.map_err(|error| NatsFault::of(&error))?;
        let until = begun + options.patience;
        while client.connection_state() != ConnectionState::Connected && Instant::now() < until {
            sleep(Duration::from_millis(20)).await;
        }
        if client.connection_state() != ConnectionState::Connected {
            tracing::warn!("the bus is not there: what other nodes do is read from the store");
        }
        let (queue, queued) = mpsc::channel(QUEUE);
        let tasks = vec![
            tokio::spawn(send(shared.clone(), client.clone(), queued)),
            tokio::spawn(listen(shared.clone(), client.clone())),
        ];
        Ok(Self {
            shared,
            client,
            queue,
            tasks,
        })
    }
}

impl Drop for NatsBus {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Bus for NatsBus {
    fn join(&self, node: NodeId, listener: Arc<dyn Listener>) {
        let mut state = self.shared.lock();
        state.joined = Some((node, listener));
        state.wanted = [Topic::All, Topic::Node(node)].into();
        drop(state);
        self.shared.changed.notify_one();
    }

    fn leave(&self, node: NodeId) {
        let mut state = self.shared.lock();
        if state
            .joined
            .as_ref()
            .is_some_and(|(joined, _)| *joined == node)
        {
            *state = State::default();
            drop(state);
            self.shared.changed.notify_one();
        }
    }

    fn has_others(&self, _node: NodeId) -> bool {
        true
    }

    fn interest(&self, node: NodeId, topic: Topic, wanted: bool) {
        let mut state = self.shared.lock();
        if state
            .joined
            .as_ref()
            .is_none_or(|(joined, _)| *joined != node)
        {
            return;
        }
        match wanted {
            true => state.wanted.insert(topic),
            false => state.wanted.remove(&topic),
        };
        drop(state);
        self.shared.changed.notify_one();
    }

    fn publish(&self, topic: Topic, envelope: Envelope) {
        let is_sent = self.is_connected() && self.queue.try_send((topic, envelope)).is_ok();
        if !is_sent {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_connected(&self) -> bool {
        self.client.connection_state() == ConnectionState::Connected
    }

    fn figures(&self) -> BusFigures {
        let shared = &self.shared;
        BusFigures {
            published: shared.published.load(Ordering::Relaxed),
            dropped: shared.dropped.load(Ordering::Relaxed),
            received: shared.received.load(Ordering::Relaxed),
            gaps: 0,
        }
    }
}

/// Writes what is published, one after the other.
async fn send(shared: Arc<Shared>, client: Client, mut queued: mpsc::Receiver<(Topic, Envelope)>) {
    while let Some((topic, envelope)) = queued.recv().await {
        let written = match envelope.encode() {
            Ok(written) => written,
            Err(error) => {
                tracing::error!(%error, "what other nodes are to be told cannot be written");
                continue;
            }
        };
        // What waited while the server went away is old by the time it is back: others have read it from the store.
        let is_there = client.connection_state() == ConnectionState::Connected;
        let is_sent = is_there
            && client
                .publish(shared.subject(topic), written.into())
                .await
                .is_ok();
        let counter = match is_sent {
            true => &shared.published,
            false => &shared.dropped,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A subscription, as long as this is kept.
struct Heard(JoinHandle<()>);

impl Drop for Heard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps the subscriptions what they are to be, and tells the listener of the connection.
async fn listen(shared: Arc<Shared>, client: Client) {
    let mut heard: HashMap<Topic, Heard> = HashMap::new();
    let mut was_connected = None;
    loop {
        let is_connected = shared.is_connected.load(Ordering::Relaxed);
        let wanted = shared.lock().wanted.clone();
        heard.retain(|topic, _| wanted.contains(topic));
        let mut new = Vec::new();
        for topic in wanted {
            if heard.contains_key(&topic) {
                continue;
            }
            match client.subscribe(shared.subject(topic)).await {
                Ok(subscriber) => {
                    let hearing = tokio::spawn(hear(shared.clone(), subscriber));
                    heard.insert(topic, Heard(hearing));
                    new.push(topic);
                }
                Err(error) => tracing::warn!(%error, "a subject of the bus cannot be heard"),
            }
        }
        let listener = shared.listener();
        let is_another = listener.is_some() && was_connected != Some(is_connected);
        // The server answers in order: it knows of all subscriptions then.
        let is_new = !new.is_empty() || is_another || shared.has_lost.load(Ordering::Relaxed);
        if is_connected && is_new && !answers(&shared.prefix, &client).await {
            drop_all(&mut heard, &new);
            shared.changed.notify_one();
            sleep(RETRY).await;
            continue;
        }
        if let Some(listener) = listener {
            if is_another {
                // At the start it is there, or was said not to be.
                match was_connected.replace(is_connected) {
                    None => {}
                    Some(_) => listener.connected(is_connected),
                }
            }
            if shared.has_lost.swap(false, Ordering::Relaxed) {
                listener.lost();
            }
            // While it is away, all is asked for once it is back.
            new.into_iter().for_each(|topic| listener.hears(topic));
        }
        shared.changed.notified().await;
    }
}

fn drop_all(heard: &mut HashMap<Topic, Heard>, new: &[Topic]) {
    for topic in new {
        heard.remove(topic);
    }
}

/// Whether the server has carried out what it was told before.
async fn answers(prefix: &str, client: &Client) -> bool {
    // Nobody listens there, which the server says.
    let asked = client.request(format!("{prefix}.nobody"), "".into());
    match timeout(ANSWER, asked).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == async_nats::RequestErrorKind::NoResponders,
        Err(_) => false,
    }
}

async fn next(subscriber: &mut Subscriber) -> Option<Message> {
    std::future::poll_fn(|context| Pin::new(&mut *subscriber).poll_next(context)).await
}

async fn hear(shared: Arc<Shared>, mut subscriber: Subscriber) {
    while let Some(message) = next(&mut subscriber).await {
        shared.received.fetch_add(1, Ordering::Relaxed);
        match (Envelope::decode(&message.payload), shared.listener()) {
            (Ok(envelope), Some(listener)) => listener.receive(envelope),
            (Ok(_), None) => {}
            (Err(error), _) => {
                tracing::debug!(%error, subject = %message.subject, "something else was heard at the bus");
            }
        }
    }
}
