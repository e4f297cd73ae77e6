//! How a running gateway becomes another one, without anybody noticing whom it does not concern.

use std::collections::HashSet;
use std::io;

use super::builder::{Openings, Pending, Prepared, PreparedSocket};
use super::listening::{Listening, Reception};
use super::{BindError, Gateway, GatewayBuilder};
use crate::model::EndReason;
use crate::runtime;

/// Listeners that let their address go for a new one, each with its place among all.
type Paused = Vec<(usize, Listening)>;

impl Gateway {
    /// Becomes what a builder describes, but for its hub, its threads and its peer timeout, which stay. Listeners that it
    /// [keeps](GatewayBuilder::keep) keep their socket and their connections; the others are closed, and their connections end
    /// by [`EndReason::ListenerClosed`]. Limits of one connection and what a listener takes hold for connections that come from now on, the
    /// other limits for all; nobody is turned out for a limit. Must be called in a tokio runtime with I/O and timers, before the gateway
    /// is closed and its hub stopped.
    ///
    /// # Errors
    /// The first listener that cannot be had, or that cannot be told from another by its name. Then nothing has changed; where a new listener was to take the port of one that
    /// goes, that one was not listened on for a moment.
    pub async fn change(&self, to: GatewayBuilder) -> Result<(), BindError> {
        let _changing = self.inner.changing.lock().await;
        self.check(&to)?;
        let openings = self.openings(&to);
        let kept = to.listeners.iter().filter_map(Pending::kept);
        let kept: HashSet<_> = kept.map(str::to_owned).collect();
        let mut paused = Paused::new();
        let mut prepared = Vec::new();
        for pending in to.listeners {
            if let Some(port) = pending.port() {
                self.pause_all_on(port, &kept, &mut paused).await;
            }
            match pending
                .prepare(&openings, self.inner.limiter.hits())
                .and_then(|one| self.known(one))
            {
                Ok(one) => prepared.push(one),
                Err(error) => {
                    // What was bound may stand where one was paused.
                    drop(prepared);
                    self.resume(paused);
                    return Err(error);
                }
            }
        }
        self.inner.limiter.set_limits(to.limits);
        let mut state = self.state();
        state.grace = to.grace;
        #[cfg(feature = "tls")]
        if let Some((_, turns)) = openings.tls {
            state.turns = (to.limits.handshakes, turns);
        }
        let mut former = std::mem::take(&mut state.listening);
        let listening = prepared.into_iter();
        state.listening = listening
            .filter_map(|one| self.begin(one, &mut former))
            .collect();
        drop(state);
        let gone = former
            .into_iter()
            .chain(paused.into_iter().map(|(_, one)| one));
        gone.for_each(|one| one.end(EndReason::ListenerClosed));
        Ok(())
    }

    /// Whether it can become that at all.
    fn check(&self, to: &GatewayBuilder) -> Result<(), BindError> {
        runtime::current().map_err(BindError::of_all)?;
        if self.hub().is_stopped() {
            return Err(BindError::of_all("its hub was stopped"));
        }
        if self.state().is_closed {
            return Err(BindError::of_all("it was closed"));
        }
        to.check_names()
    }

    #[cfg_attr(not(feature = "tls"), expect(unused_variables))]
    fn openings(&self, to: &GatewayBuilder) -> Openings {
        Openings {
            #[cfg(feature = "tls")]
            tls: to.tls.clone().map(|tls| {
                let (count, turns) = self.state().turns.clone();
                let is_same = count == to.limits.handshakes;
                (tls, if is_same { turns } else { to.limits.turns() })
            }),
        }
    }

    /// A listener that is to be kept must be there.
    fn known(&self, one: Prepared) -> Result<Prepared, BindError> {
        if let PreparedSocket::Running(running, _) = &one.socket
            && !self
                .state()
                .listening
                .iter()
                .any(|here| here.name == *running)
        {
            let reason = format!("no listener {running} runs");
            return Err(BindError {
                name: one.name,
                address: "the socket that it has".to_owned(),
                error: io::Error::new(io::ErrorKind::NotFound, reason),
            });
        }
        Ok(one)
    }

    fn begin(&self, prepared: Prepared, former: &mut Vec<Listening>) -> Option<Listening> {
        let Prepared {
            name,
            socket,
            opening,
        } = prepared;
        match socket {
            PreparedSocket::Bound(socket, dialect) => {
                let reception = Reception { dialect, opening };
                let limiter = self.inner.limiter.clone();
                Some(Listening::start(limiter, name, socket, reception))
            }
            PreparedSocket::Running(running, dialect) => {
                let place = former.iter().position(|here| here.name == running)?;
                let mut listening = former.remove(place);
                listening.set(dialect, opening);
                listening.name = name;
                Some(listening)
            }
        }
    }

    /// Has listeners that go let a port go, on whatever address: another one is about to bind it.
    async fn pause_all_on(&self, port: u16, kept: &HashSet<String>, paused: &mut Paused) {
        loop {
            let found = {
                let mut state = self.state();
                let goes = |one: &Listening| one.stands_on(port) && !kept.contains(&one.name);
                let place = state.listening.iter().position(goes);
                place.map(|place| (place, state.listening.remove(place)))
            };
            let Some((place, mut listening)) = found else {
                return;
            };
            listening.pause().await;
            paused.push((place, listening));
        }
    }

    fn resume(&self, paused: Paused) {
        for (place, mut listening) in paused.into_iter().rev() {
            if let Err(error) = listening.resume() {
                let (listener, address) = (&listening.name, listening.address);
                tracing::error!(listener, %address, %error, "cannot be listened on again");
            }
            self.state().listening.insert(place, listening);
        }
    }
}
