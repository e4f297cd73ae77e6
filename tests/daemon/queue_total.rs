//! The bound on what waits for all sessions together.

use std::time::Duration;

use crate::support::{Client, Daemon, Jim};

const TEXT_CHARS: usize = 400;

/// A guest that takes next to nothing of what it is told.
async fn stuck(daemon: &Daemon, name: &str, rooms: &[&str]) -> Jim {
    let client: Client = daemon.memory("jim", 256);
    let mut jim = Jim::new(client);
    jim.hello(name).await;
    for room in rooms {
        jim.join(room).await;
    }
    jim
}

async fn says(anna: &mut Jim, room: &str, numbers: std::ops::Range<usize>) {
    for n in numbers {
        assert_eq!(anna.say(room, &format!("{n:0TEXT_CHARS$}")).await, 200);
    }
}

#[tokio::test]
async fn over_it_the_fattest_is_closed_and_the_others_stay() {
    let daemon = Daemon::start("limits.queue_total_bytes = 60_000").await;
    let mut fat = stuck(&daemon, "fat", &["#tea", "#cake"]).await;
    let mut slim = stuck(&daemon, "slim", &["#tea"]).await;
    let mut thin = stuck(&daemon, "thin", &["#tea"]).await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    anna.join("#cake").await;
    let logins = || async {
        let sessions = daemon.sessions().await;
        let login = |session: tolmach::model::SessionInfo| session.user.login.clone();
        sessions.into_iter().map(login).collect::<Vec<_>>()
    };
    says(&mut anna, "#tea", 0..25).await;
    let waiting = daemon.hub().backlog().bytes();
    assert!((30_000..60_000).contains(&waiting), "{waiting}");
    assert_eq!(logins().await, ["fat", "slim", "thin", "anna"]);

    says(&mut anna, "#cake", 0..60).await;
    assert_eq!(logins().await, ["slim", "thin", "anna"]);
    let waiting = daemon.hub().backlog().bytes();
    assert!(waiting < 40_000, "{waiting}");
    says(&mut anna, "#tea", 25..35).await;

    // The fat one is told why, as far as it reads.
    let told = fat.rest().await;
    let last = told.last().unwrap().to_string();
    assert!(
        last.contains("101") && last.to_lowercase().contains("slow"),
        "{last}"
    );
    assert!(told.len() < 10, "{}", told.len());
    for reader in [&mut slim, &mut thin] {
        for n in 0..35 {
            reader
                .hears("anna", "#tea", &format!("{n:0TEXT_CHARS$}"))
                .await;
        }
    }
    let begun = std::time::Instant::now();
    while daemon.hub().backlog().bytes() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(logins().await, ["slim", "thin", "anna"]);
}
