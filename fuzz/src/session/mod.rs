//! Sessions: two connections of a dialect say anything in any order, while the operator acts and others look on.
//!
//! Over a gateway in memory (its clock stands still, so that nothing happens by the passing of time, and all is quiet exactly
//! when nothing can go on) there are: `clara`, who owns the room `tea` and a private one; `mate` and `boris`, on connections
//! of the dialect, who say nothing; and two connections that say what the input tells them to, one of which may be `anna`.
//! Checked is, besides that no task panics:
//!
//! - **One answer per request**, in order where the dialect orders: what the bytes ask is told by the dialect's own codec.
//! - **Nothing to non-members**: what clara says in `tea` reaches mate and boris once while they are members, and not at all
//!   while they are not; it reaches the others only while somebody else is a member. The private room reaches nobody.
//! - **Nothing after a ban**: as for non-members, from the moment of the ban.
//! - What the gateway says is understood by the dialect's client codec.
//!
//! # The input
//! The first byte chooses the flavor or revision. What follows are steps, parted by `0xFE`: a byte that says what is done
//! (see [`Step`]), and what it is done with.

mod client;
mod jim;
mod purpose;
mod talker;
mod uchat;
mod world;

pub use world::{ANNAS_PASSWORD, ANNAS_TOKEN};

use std::future::Future;

use world::World;

/// What parts the steps of an input.
pub const STEP_END: u8 = 0xFE;

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    /// `0`, `1`: that connection sends these bytes.
    Send(usize, &'a [u8]),
    /// `a`, `b`: that connection breaks off, and another one is opened in its place.
    Reconnect(usize),
    /// `s`: clara says something in the room.
    Say,
    /// `p`: clara says something in her private room.
    SayPrivately,
    /// `e`, `d`: clara edits, or deletes, what she said last.
    Edit,
    Delete,
    /// `B`, `U`: the operator bans boris from the room, or lets him in again.
    Ban(&'static str),
    Readmit(&'static str),
    /// `K`: the operator removes mate from the room.
    Remove(&'static str),
    /// `A`: the operator makes anna an admin of the room.
    Promote,
    /// `m`: mate connects anew.
    Return,
    /// `X`: the room is deleted.
    DeleteRoom,
}

impl<'a> Step<'a> {
    fn read(step: &'a [u8]) -> Option<Self> {
        let (what, with) = step.split_first()?;
        Some(match what {
            b'0' => Self::Send(0, with),
            b'1' => Self::Send(1, with),
            b'a' => Self::Reconnect(0),
            b'b' => Self::Reconnect(1),
            b's' => Self::Say,
            b'p' => Self::SayPrivately,
            b'e' => Self::Edit,
            b'd' => Self::Delete,
            b'B' => Self::Ban("boris"),
            b'U' => Self::Readmit("boris"),
            b'K' => Self::Remove("mate"),
            b'R' => Self::Readmit("mate"),
            b'N' => Self::Ban("anna"),
            b'Y' => Self::Readmit("anna"),
            b'A' => Self::Promote,
            b'm' => Self::Return,
            b'X' => Self::DeleteRoom,
            _ => return None,
        })
    }
}

/// What is particular to a dialect.
trait Wire {
    /// What serves connections; nothing in it happens by the passing of time.
    fn serve(&self) -> std::sync::Arc<dyn tolmach::gateway::Serve>;

    /// What somebody with this password and token says to come in, one after the other, and to enter the room.
    fn come_in(&self, person: &world::Person, room: i32) -> Vec<Vec<u8>>;

    /// The length of the first frame of what was received; `None` where it is not whole.
    fn frame_length(&self, received: &[u8]) -> Option<usize>;

    /// What a client has to say to a frame that it was told.
    fn acknowledgement(&self, _frame: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Checks what one request that was sent at rest was answered with; `sent` is all before it.
    fn check_one(&self, _sent: &[u8], _request: &[u8], _received: &[&[u8]]) {}

    /// Checks all that a connection sent and received until its end.
    fn check_all(&self, sent: &[u8], received: &[u8]);
}

/// JIM, in both flavors.
pub fn jim(input: &[u8]) {
    run(input, jim::Jim::new);
}

/// Talker, in both flavors.
pub fn talker(input: &[u8]) {
    run(input, talker::Talker::new);
}

/// The purpose-byte protocol, in both revisions.
pub fn purpose(input: &[u8]) {
    run(input, purpose::Purpose::new);
}

/// uchat, in both flavors.
pub fn uchat(input: &[u8]) {
    run(input, uchat::Uchat::new);
}

fn run<W: Wire>(input: &[u8], wire: impl FnOnce(u8) -> W) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let steps: Vec<Step<'_>> = rest
        .split(|byte| *byte == STEP_END)
        .filter_map(Step::read)
        .take(64)
        .collect();
    let wire = wire(*first);
    on_still_time(async {
        let mut world = World::new(&wire, input).await;
        for step in steps {
            world.take(step).await;
        }
        world.end().await;
    });
}

/// Runs it where the clock moves only when nothing else can go on.
pub(crate) fn on_still_time(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future);
}
