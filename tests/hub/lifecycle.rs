//! How a hub and a gateway begin and end for whoever embeds them: what cannot be is an error in words, and what has ended
//! holds nothing.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tolmach::cluster::MemoryRegistry;
use tolmach::hub::{Hub, HubBuilder, Options, Scope};
use tolmach::model::Error;

/// Why a hub does not start.
async fn refusal(builder: HubBuilder) -> String {
    builder.start().await.err().unwrap().to_string()
}

/// What a future comes to that waits for nothing, outside of any runtime.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn a_hub_says_what_its_runtime_lacks() {
    let none = "the hub cannot run: there is no tokio runtime here; start it inside one, as under #[tokio::main]";
    assert_eq!(at_once(refusal(Hub::builder())), none);
    let bare = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let without_timers =
        "the hub cannot run: this tokio runtime has no timers; build it with enable_all()";
    assert_eq!(bare.block_on(refusal(Hub::builder())), without_timers);
}

#[tokio::test]
async fn a_hub_that_cannot_be_as_it_was_told_does_not_start() {
    let named = |name: &str| Hub::builder().options(Options::default().name(name));
    let unseen = "the hub cannot be so: there is nothing to see in its name";
    for name in ["", " ", "\u{200b}"] {
        assert_eq!(refusal(named(name)).await, unseen);
    }
    for name in ["a\nb", "a\u{7f}", "a\u{202e}b", "\u{2066}a"] {
        let why = refusal(named(name)).await;
        assert!(why.contains("a control character"), "{why}");
    }
    for name in ["tea house", "Чай", "tea 🫖"] {
        named(name).start().await.unwrap().stop().await;
    }
    let registry = || Arc::new(MemoryRegistry::new());
    let alone = Hub::builder().registry(registry(), Duration::from_secs(1));
    let why = refusal(alone).await;
    assert_eq!(
        why,
        "the hub cannot be so: a registry needs a bus that its nodes share"
    );
    let bus = Arc::new(tolmach::bus::LocalBus::new());
    let hasty = Hub::builder().bus(bus).registry(registry(), Duration::ZERO);
    let why = refusal(hasty).await;
    assert_eq!(why, "the hub cannot be so: a lease is longer than nothing");
}

#[tokio::test]
async fn a_stopped_hub_lets_its_database_go_whoever_still_holds_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hub.db");
    let start = || Hub::builder().sqlite(&path).start();
    let hub = start().await.unwrap();
    let (mut anna, _events) = hub.attach("bot", Scope::AllRooms);
    anna.log_in_guest("anna").await.unwrap();
    anna.enter("tea").await.unwrap();
    anna.say("tea", "hello").await.unwrap();
    hub.stop().await;
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    let left = left.into_iter().map(|file| file.unwrap().file_name());
    let mut left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["hub.db", "hub.db-lock"]);

    let next = start().await.unwrap();
    let rooms =
        |hub: Hub| async move { hub.operate(tolmach::commands::Rooms).await.unwrap().len() };
    assert_eq!(rooms(next.clone()).await, 1);
    // Who has the old one still reads, and writes nothing.
    assert_eq!(rooms(hub.clone()).await, 1);
    let late = hub.operate(tolmach::commands::CreateRoom::public("coffee"));
    assert_eq!(late.await, Err(Error::Unavailable));
    hub.stop().await;
    next.operate(tolmach::commands::CreateRoom::public("coffee"))
        .await
        .unwrap();
    assert_eq!(rooms(hub).await, 2);
    drop(anna);
    next.stop().await;
}

#[cfg(feature = "jim")]
mod gateways {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tolmach::dialects::{DialectKind, jim::Jim};
    use tolmach::gateway::{
        Gateway, GatewayBuilder, ListenerOptions, Serve, TlsMode, Transport, serving,
    };

    use super::*;

    const ANYWHERE: &str = "127.0.0.1:0";

    fn jim() -> Arc<dyn Serve> {
        serving(Jim::new(&Default::default(), &Default::default()))
    }

    async fn builder() -> GatewayBuilder {
        Gateway::builder(Hub::builder().start().await.unwrap())
    }

    /// A gateway with one listener, `a`.
    async fn listening() -> Gateway {
        let builder = builder().await.listen("a", ANYWHERE, jim());
        builder.start().await.unwrap()
    }

    /// Why a gateway does not start.
    async fn refusal(builder: GatewayBuilder) -> String {
        builder.start().await.err().unwrap().to_string()
    }

    async fn connects(to: SocketAddr) -> bool {
        TcpStream::connect(to).await.is_ok()
    }

    #[tokio::test]
    async fn listeners_that_cannot_be_told_apart_are_refused() {
        for (name, why) in [
            ("", "name is empty"),
            ("a b", "white space"),
            ("a\n", "white space or a control"),
            ("\u{1b}", "a control character"),
        ] {
            let said = refusal(builder().await.listen(name, ANYWHERE, jim())).await;
            assert!(said.contains(why), "{said}");
        }
        let twice = builder()
            .await
            .listen("a", ANYWHERE, jim())
            .listen("a", ANYWHERE, jim());
        let why = "listener a cannot bind 127.0.0.1:0: another listener has this name";
        assert_eq!(refusal(twice).await, why);
        let options = ListenerOptions::default;
        let required = options().tls(TlsMode::Required);
        let why = refusal(builder().await.listen_with("a", ANYWHERE, jim(), required)).await;
        assert!(why.contains("GatewayBuilder::tls"), "{why}");

        let gateway = listening().await;
        let to = || Gateway::builder(gateway.hub().clone());
        let kept = to()
            .keep("a", "b", None, options())
            .keep("a", "c", None, options());
        let why = gateway.change(kept).await.unwrap_err().to_string();
        assert!(
            why.contains("listener c cannot bind the socket that it has"),
            "{why}"
        );
        // It runs as it did.
        assert_eq!(gateway.addresses()[0].0, "a");
        assert!(connects(gateway.addresses()[0].1).await);
        gateway.stop().await;
    }

    #[tokio::test]
    async fn what_has_ended_does_not_begin_again() {
        let gateway = listening().await;
        let (same, hub) = (gateway.clone(), gateway.close().await);
        let more = || Gateway::builder(hub.clone()).listen("b", ANYWHERE, jim());
        let why = same.change(more()).await.unwrap_err().to_string();
        assert_eq!(why, "the gateway cannot listen: it was closed");
        hub.stop().await;
        let why = refusal(more()).await;
        assert_eq!(why, "the gateway cannot listen: its hub was stopped");
        assert_eq!(same.ready_line(), "ready");
    }

    #[tokio::test]
    async fn with_the_last_handle_the_listeners_are_closed_and_the_hub_runs_on() {
        let gateway = listening().await;
        let (address, hub) = (gateway.addresses()[0].1, gateway.hub().clone());
        let mut client = TcpStream::connect(address).await.unwrap();
        drop(gateway.clone());
        assert!(connects(address).await);
        drop(gateway);
        // It is told that, as at a shutdown.
        client.read_to_end(&mut Vec::new()).await.unwrap();
        while connects(address).await {
            tokio::task::yield_now().await;
        }
        let (mut anna, _events) = hub.attach("bot", Scope::AllRooms);
        anna.log_in_guest("anna").await.unwrap();
        let again = Gateway::builder(hub).listen("a", address, jim());
        again.start().await.unwrap().stop().await;
    }

    #[test]
    fn a_gateway_says_what_its_runtime_lacks_and_serves_from_outside() {
        let runtime = |enable: fn(&mut tokio::runtime::Builder)| {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            enable(builder.worker_threads(1));
            builder.build().unwrap()
        };
        let timed = runtime(|builder| _ = builder.enable_time());
        let why =
            timed.block_on(async { refusal(builder().await.listen("a", ANYWHERE, jim())).await });
        let no_io = "listener a cannot bind 127.0.0.1:0: this tokio runtime has no I/O; build it with enable_all()";
        assert_eq!(why, no_io);
        let stranded = timed.block_on(builder()).listen("a", ANYWHERE, jim());
        let why = timed.block_on(async move {
            // A thread that belongs to no runtime.
            std::thread::spawn(|| {
                let waker = Waker::noop();
                let mut start = Box::pin(refusal(stranded));
                loop {
                    let poll = start.as_mut().poll(&mut Context::from_waker(waker));
                    if let Poll::Ready(why) = poll {
                        return why;
                    }
                    std::thread::yield_now();
                }
            })
            .join()
            .unwrap()
        });
        assert!(
            why.starts_with("the gateway cannot listen: there is no tokio runtime here"),
            "{why}"
        );

        let whole = runtime(|builder| _ = builder.enable_all());
        let gateway = whole.block_on(async { builder().await.start().await.unwrap() });
        let (mut near, far) = tokio::io::duplex(65536);
        // Nothing of tokio's is entered here.
        gateway.connect(jim(), Transport::memory(far));
        whole.block_on(async {
            let presence = br#"{"action":"presence","time":1,"user":{"account_name":"anna"}}"#;
            near.write_all(presence).await.unwrap();
            let mut answer = vec![0; 1000];
            let length = near.read(&mut answer).await.unwrap();
            assert!(length > 0);
            gateway.stop().await;
        });
    }
}
