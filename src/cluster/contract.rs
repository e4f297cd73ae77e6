//! What every [`Registry`] promises, as tests that each implementation runs.

use std::time::Duration;

use super::{
    ExclusiveName, Holder, MAX_NODES, NodeInfo, NodeState, Registration, Registry, Round, Taken,
};
use crate::model::{Error, NodeId, UserId};

/// A registry in which nobody is, and whose clock goes on when it is told to.
pub(crate) trait Bench: Send + Sync {
    /// `None`: what it takes is not installed.
    fn registry(&self) -> Option<&dyn Registry>;
    /// Has the registry's clock be so much further.
    fn pass(&self, further: Duration) -> impl Future<Output = ()> + Send;
}

/// How long leases are here.
pub(crate) const LEASE: Duration = Duration::from_millis(600);

struct Asking<'a, B> {
    bench: &'a B,
    registry: &'a dyn Registry,
}

impl<'a, B: Bench> Asking<'a, B> {
    fn of(bench: &'a B) -> Option<Self> {
        let registry = bench.registry()?;
        Some(Self { bench, registry })
    }

    async fn register(&self, id: u64) -> u16 {
        let registration = Registration {
            id: NodeId(id),
            name: format!("n{id}"),
            version: "1.2.3".to_owned(),
            lease: LEASE,
        };
        self.registry.register(&registration).await.unwrap()
    }

    async fn renew(&self, id: u64) -> Option<Round> {
        self.registry.renew(NodeId(id), 3).await.unwrap()
    }

    async fn round(&self, id: u64) -> (Vec<u64>, Vec<u64>) {
        let round = self.renew(id).await.unwrap();
        let ids = |nodes: Vec<NodeId>| {
            let mut ids: Vec<u64> = nodes.into_iter().map(|node| node.0).collect();
            ids.sort_unstable();
            ids
        };
        (ids(round.others), ids(round.gone))
    }

    async fn nodes(&self) -> Vec<NodeInfo> {
        self.registry.nodes().await.unwrap()
    }

    async fn take(
        &self,
        user: i32,
        node: u64,
        claim: u64,
        of: Option<(u64, u64)>,
    ) -> Option<(u64, u64)> {
        let taken = self.try_take(user, node, claim, of).await.unwrap();
        match taken {
            Taken::Yes => None,
            Taken::HeldBy(held) => Some((held.node.0, held.claim)),
        }
    }

    async fn try_take(
        &self,
        user: i32,
        node: u64,
        claim: u64,
        of: Option<(u64, u64)>,
    ) -> Result<Taken, Error> {
        let of = of.map(|(node, claim)| holder(node, claim));
        let registry = self.registry;
        registry.take(&name(user), holder(node, claim), of).await
    }

    async fn give_back(&self, user: i32, node: u64, claim: u64) {
        let held = [(name(user), holder(node, claim))];
        self.registry.give_back(&held).await.unwrap();
    }

    async fn pass(&self, thirds: u32) {
        self.bench.pass(LEASE / 3 * thirds).await;
    }
}

fn name(user: i32) -> ExclusiveName {
    ExclusiveName {
        user: UserId(user),
        dialect: "one".to_owned(),
    }
}

fn holder(node: u64, claim: u64) -> Holder {
    let node = NodeId(node);
    Holder { node, claim }
}

/// A node comes, is seen by all, and goes by its own will.
pub(crate) async fn nodes_come_and_go(bench: &impl Bench) {
    let Some(ask) = Asking::of(bench) else {
        return;
    };
    let numbers = [ask.register(7).await, ask.register(9).await];
    assert_ne!(numbers[0], numbers[1]);
    assert!(
        numbers
            .iter()
            .all(|number| (1..=MAX_NODES).contains(number))
    );
    assert_eq!(ask.round(7).await, (vec![9], vec![]));
    let nodes = ask.nodes().await;
    let seen = nodes.iter().map(|node| {
        let NodeInfo {
            id,
            number,
            name,
            version,
            sessions,
            state,
            ..
        } = node;
        (
            id.0,
            *number,
            name.as_str(),
            version.as_str(),
            *sessions,
            *state,
        )
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            (7, numbers[0], "n7", "1.2.3", 3, NodeState::Alive),
            (9, numbers[1], "n9", "1.2.3", 0, NodeState::Alive),
        ]
    );
    ask.registry.resign(NodeId(9)).await.unwrap();
    assert_eq!(ask.renew(9).await, None);
    assert_eq!(ask.round(7).await, (vec![], vec![9]));
    assert_eq!(ask.nodes().await[1].state, NodeState::Gone);
    // Who is there is not forgotten.
    ask.registry.forget(NodeId(7)).await.unwrap();
    ask.registry.forget(NodeId(9)).await.unwrap();
    assert_eq!(ask.round(7).await, (vec![], vec![]));
    assert_eq!(ask.nodes().await.len(), 1);
    // A number is not given again at once.
    assert!(!numbers.contains(&ask.register(10).await));
}

/// Whoever does not renew is found gone by who did all the time, and hears so.
pub(crate) async fn a_lease_ends(bench: &impl Bench) {
    let Some(ask) = Asking::of(bench) else {
        return;
    };
    ask.register(1).await;
    ask.register(2).await;
    assert_eq!(ask.take(5, 2, 1, None).await, None);
    ask.pass(2).await;
    let end = ask.renew(1).await.unwrap().next_end.unwrap();
    assert!(end <= LEASE / 3 + LEASE / 100, "{end:?}");
    ask.pass(2).await;
    assert_eq!(ask.nodes().await[1].state, NodeState::Late);
    assert_eq!(ask.take(5, 1, 1, None).await, Some((2, 1)));
    assert_eq!(ask.round(1).await, (vec![], vec![2]));
    assert_eq!(ask.renew(2).await, None);
    // What it held is free, and it gets nothing more.
    assert_eq!(ask.take(5, 1, 2, None).await, None);
    assert_eq!(ask.try_take(6, 2, 9, None).await, Err(Error::Unavailable));
}

/// A lease that nobody found over goes on; and who could not renew either finds nobody gone.
pub(crate) async fn an_outage_for_all_ends_nobody(bench: &impl Bench) {
    let Some(ask) = Asking::of(bench) else {
        return;
    };
    ask.register(1).await;
    ask.register(2).await;
    ask.pass(9).await;
    let round = ask.renew(1).await.unwrap();
    assert_eq!((round.others, round.gone), (vec![NodeId(2)], vec![]));
    assert!(round.next_end.unwrap() > LEASE * 9 / 10);
    assert_eq!(ask.round(2).await, (vec![1], vec![]));
    // From then on it is as ever.
    ask.pass(2).await;
    assert_eq!(ask.round(1).await, (vec![2], vec![]));
    ask.pass(2).await;
    assert_eq!(ask.round(1).await, (vec![], vec![2]));
}

/// A name is one holder's, and goes to another only instead of that one.
pub(crate) async fn a_name_has_one_holder(bench: &impl Bench) {
    let Some(ask) = Asking::of(bench) else {
        return;
    };
    ask.register(1).await;
    ask.register(2).await;
    assert_eq!(ask.take(5, 1, 1, None).await, None);
    assert_eq!(ask.take(5, 1, 1, None).await, None);
    assert_eq!(ask.take(5, 2, 1, None).await, Some((1, 1)));
    assert_eq!(ask.take(6, 2, 2, None).await, None);
    assert_eq!(ask.take(5, 2, 1, Some((1, 9))).await, Some((1, 1)));
    assert_eq!(ask.take(5, 2, 1, Some((1, 1))).await, None);
    // Too late for both.
    assert_eq!(ask.take(5, 1, 3, Some((1, 1))).await, Some((2, 1)));
    ask.give_back(5, 1, 1).await;
    assert_eq!(ask.take(5, 1, 3, None).await, Some((2, 1)));
    ask.give_back(5, 2, 1).await;
    assert_eq!(ask.take(5, 1, 3, Some((2, 1))).await, None);
    assert_eq!(ask.take(6, 1, 3, None).await, Some((2, 2)));
}

/// Of many who want a name at once, one gets it, whether it is free or held by one who yields it.
pub(crate) async fn of_several_one_gets_it(bench: &impl Bench) {
    let Some(ask) = &Asking::of(bench) else {
        return;
    };
    for node in 1..=3 {
        ask.register(node).await;
    }
    for of in [None, Some((1, 99))] {
        if let Some((node, claim)) = of {
            ask.give_back(5, 1, 0).await;
            ask.give_back(5, 2, 0).await;
            ask.give_back(5, 3, 0).await;
            assert_eq!(ask.take(5, node, claim, None).await, None);
        }
        let (one, two, three) = tokio::join!(
            ask.take(5, 1, 0, of),
            ask.take(5, 2, 0, of),
            ask.take(5, 3, 0, of)
        );
        let taken = [one, two, three];
        let winners = taken.iter().filter(|taken| taken.is_none());
        assert_eq!(winners.count(), 1, "{taken:?}");
    }
}

/// What a registry runs: each on a bench of its own.
macro_rules! registry_contract {
    ($bench:expr) => {
        $crate::cluster::contract::registry_contract! { $bench;
            nodes_come_and_go
            a_lease_ends
            an_outage_for_all_ends_nobody
            a_name_has_one_holder
            of_several_one_gets_it
        }
    };
    ($bench:expr; $($promise:ident)*) => {
        $(#[tokio::test]
        async fn $promise() {
            $crate::cluster::contract::$promise(&$bench).await;
        })*
    };
}
pub(crate) use registry_contract;
