//! A listener's address: an IP address and a port. And the networks of others.

use std::net::{IpAddr, SocketAddr};

use crate::model::Network;
use crate::settings::{ValueError, Written, read};

/// `"[::]:7777"`, `"127.0.0.1:7777"`. Names are not looked up: what a listener binds must not depend on a resolver.
pub(super) fn address(written: &Written) -> Result<SocketAddr, ValueError> {
    let text = written
        .text()
        .map_or_else(|| written.quote(), str::to_owned);
    text.parse().map_err(|_| mend(&text))
}

fn mend(text: &str) -> ValueError {
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        let right = format!(
            "write \"{}\", or port 0 to let the system choose one",
            SocketAddr::new(ip, 7777)
        );
        return ValueError::new(format!("{text:?} has no port"), right);
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let Ok(port) = port.parse::<u16>() else {
        return ValueError::new(
            format!("{text:?} is not an address"),
            "write an IP address and a port, as \"[::]:7777\"",
        );
    };
    let right = format!(
        "write \"[::]:{port}\" for all addresses, \"127.0.0.1:{port}\" for this machine alone"
    );
    match host {
        "" | "*" => ValueError::new(format!("{text:?} has no IP address"), right),
        _ => ValueError::new(format!("{host:?} is not an IP address"), right),
    }
}

/// `["10.0.0.0/8", "192.0.2.1"]`, in whatever order.
pub(super) fn networks(written: &Written) -> Result<Vec<Network>, ValueError> {
    let example = "[\"10.0.0.0/8\"]";
    read::set(written, example, |written| {
        let text = read::text(written)?;
        text.parse().map_err(|_| {
            let wrong = format!("{text:?} is not a network");
            ValueError::new(wrong, "write an address and its length, as \"10.0.0.0/8\"")
        })
    })
}
