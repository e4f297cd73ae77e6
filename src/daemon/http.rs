//! From `[http]` to a listener of the gateway.

use std::io;
use std::sync::{Arc, OnceLock};

use super::{Program, passed};
use crate::config::{Config, Fate, HTTP};
use crate::gateway::{BindError, GatewayBuilder, ListenerOptions, bind};
use crate::http::Http;
use crate::hub::Hub;

/// What speaks HTTP, the same from when it is first listened for to the end of the gateway.
pub(super) type Speaker = Arc<OnceLock<Arc<Http>>>;

/// Adds the listener of HTTP, where there is to be one.
pub(super) fn listen(
    builder: GatewayBuilder,
    hub: &Hub,
    config: &Config,
    program: Option<&dyn Program>,
    (fate, speaker): &(Fate, Speaker),
) -> Result<GatewayBuilder, BindError> {
    let Some(door) = config.doors().find(|door| door.name == HTTP) else {
        return Ok(builder);
    };
    let options = ListenerOptions::default()
        .tls(door.tls)
        .proxy(config.http.proxy.clone());
    if let Fate::Kept { running, .. } = fate {
        return Ok(builder.keep(running, HTTP, None, options));
    }
    let new = || Arc::new(Http::new(hub.clone(), config));
    let speaks = speaker.get_or_init(new).clone();
    if let Some(socket) = passed(program, HTTP)? {
        return Ok(builder.listen_on(HTTP, socket, speaks, options));
    }
    // A socket to try it is let go at once.
    let taken = bind(door.address)
        .err()
        .filter(|error| config.does_without(door, error));
    match taken {
        Some(error) => {
            tell(config, &error);
            Ok(builder)
        }
        None => Ok(builder.listen_with(HTTP, door.address, speaks, options)),
    }
}

fn tell(config: &Config, error: &io::Error) {
    let address = config.http.address.map(tracing::field::display);
    tracing::warn!(
        address,
        %error,
        "HTTP is left out: set http.address to another address, or to \"\" to say that there is none"
    );
}
