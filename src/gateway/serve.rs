//! A dialect as a listener serves it.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::sync::watch;

use super::connection;
use super::dialect::Dialect;
use super::limits::Limits;
use super::listener::Permit;
use super::transport::Transport;
use crate::hub::Hub;
use crate::hub::tap::TapDialect;
use crate::model::EndReason;

/// A dialect of whatever type, ready to serve connections; made by [`serving`].
pub trait Serve: Send + Sync + 'static {
    /// Serves one connection until its end, on a task of its own.
    fn serve(
        &self,
        transport: Transport,
        hub: &Hub,
        limits: Limits,
        shutdown: watch::Receiver<Option<EndReason>>,
        permit: Permit,
    );

    /// The dialect's name, by which it is counted.
    fn name(&self) -> &'static str;

    /// The dialect's name, with its revision where it has several.
    fn label(&self) -> &str;

    /// What a connection is told that is turned away.
    fn refusal(&self, reason: EndReason) -> BytesMut;

    /// The bytes of an idle connection: its task's future, and its writer.
    #[cfg(test)]
    fn idle_bytes(&self) -> [usize; 2];
}

struct Served<D> {
    dialect: Arc<D>,
    tapped: Arc<TapDialect>,
}

impl<D: Dialect> Serve for Served<D> {
    fn serve(
        &self,
        transport: Transport,
        hub: &Hub,
        limits: Limits,
        shutdown: watch::Receiver<Option<EndReason>>,
        permit: Permit,
    ) {
        let (dialect, tapped) = (&*self.dialect, &self.tapped);
        tokio::spawn(connection::serve(
            dialect, tapped, transport, hub, limits, shutdown, permit,
        ));
    }

    fn name(&self) -> &'static str {
        self.dialect.name()
    }

    fn label(&self) -> &str {
        &self.tapped.label
    }

    fn refusal(&self, reason: EndReason) -> BytesMut {
        let mut last = BytesMut::new();
        self.dialect
            .session_options()
            .encoder
            .0
            .encode_end(reason, &mut last);
        last
    }

    #[cfg(test)]
    fn idle_bytes(&self) -> [usize; 2] {
        connection::idle_bytes::<D>()
    }
}

/// Makes any dialect servable.
pub fn serving<D: Dialect>(dialect: D) -> Arc<dyn Serve> {
    let dialect = Arc::new(dialect);
    let shown = dialect.clone();
    let tapped = TapDialect {
        label: dialect.label(),
        show: Box::new(move || shown.show()),
    };
    Arc::new(Served {
        dialect,
        tapped: Arc::new(tapped),
    })
}
