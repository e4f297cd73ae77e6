#![forbid(unsafe_code)]
//! A message from a JIM client's socket to nine others', again and again, one at a time: for `bench/instructions`, which counts what
//! that takes.
//!
//! ```text
//! cargo run --release --example message_path -- MESSAGES
//! ```

use std::error::Error;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tolmach::dialects::{DialectKind, jim::Jim};
use tolmach::gateway::{Gateway, Limits, serving};
use tolmach::hub::Hub;

const MEMBERS: usize = 10;
const TEXT: &str = "The quick brown fox jumps over the lazy dog, says the interpreter, and nobody is surprised. Not once.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let messages: usize = std::env::args()
        .nth(1)
        .ok_or("how many messages?")?
        .parse()?;
    let jim = serving(Jim::new(&Default::default(), &Default::default()));
    let builder = Gateway::builder(Hub::builder().start().await?).listen("jim", "127.0.0.1:0", jim);
    // Nobody is to be read more slowly.
    let mut limits = Limits::default();
    (limits.requests_per_second, limits.messages_per_second) = (0, 0);
    let gateway = builder.limits(limits).start().await?;
    let address = gateway.addresses().first().ok_or("no listener")?.1;
    let mut guests = Vec::new();
    for number in 0..MEMBERS {
        let mut guest = TcpStream::connect(address).await?;
        let presence =
            format!(r#"{{"action":"presence","time":1,"user":{{"account_name":"g{number}"}}}}"#);
        say(&mut guest, &presence).await?;
        say(&mut guest, r##"{"action":"join","time":1,"room":"#tea"}"##).await?;
        guests.push(guest);
    }
    for number in 0..messages {
        let from = number % MEMBERS;
        let message = format!(
            r##"{{"action":"msg","time":1,"to":"#tea","from":"g{from}","message":"{TEXT}"}}"##
        );
        say(&mut guests[from], &message).await?;
        for (_, guest) in guests
            .iter_mut()
            .enumerate()
            .filter(|(place, _)| *place != from)
        {
            line(guest).await?;
        }
    }
    gateway.stop().await;
    Ok(())
}

/// Says something and hears the answer.
async fn say(guest: &mut TcpStream, frame: &str) -> Result<(), Box<dyn Error>> {
    guest.write_all(frame.as_bytes()).await?;
    line(guest).await
}

/// Hears one frame.
async fn line(guest: &mut TcpStream) -> Result<(), Box<dyn Error>> {
    let mut bytes = [0; 1024];
    let mut length = 0;
    while !bytes[..length].ends_with(b"\n") {
        match guest.read(&mut bytes[length..]).await? {
            0 => return Err("the gateway has closed".into()),
            count => length += count,
        }
    }
    Ok(())
}
