//! What the adapter makes of a frame or of its time, and what is done with that.

use bytes::Bytes;
use tokio_util::codec::Decoder;

use super::reading::Wait;
use super::{Closed, Connection, End, now};
use crate::gateway::dialect::{Adapter, RequestContext, Response};
use crate::gateway::writer::Slot;
use crate::hub::Sink;

impl<A: Adapter> Connection<A> {
    /// Has a frame handled, and writes what comes of that.
    pub(super) async fn handle(&mut self, frame: <A::Codec as Decoder>::Item) -> Option<End> {
        self.keep_pace().await;
        let slot = self.writer.reserve();
        self.capture.tell(Some(slot.number()));
        let was_somebody = !self.adapter.owes_login(&self.session);
        let mut cx = RequestContext {
            now: now(),
            at: self.session.time(),
            session: &mut self.session,
            slot: Some(slot),
            writer: &self.writer,
            message_paces: self.permit.message_paces(),
            hits: self.permit.hits(),
            shutdown: &mut self.shutdown,
            was_held: &mut self.was_held,
        };
        let response = self.adapter.frame(frame, &mut cx).await;
        let slot = cx.slot;
        if was_somebody && self.adapter.owes_login(&self.session) {
            self.nobody_since = now();
        }
        let answer = match response {
            Response::Posted => return None,
            Response::Continue => Bytes::new(),
            Response::Answer(bytes) => bytes,
            Response::Ask(bytes) => {
                self.ask(bytes);
                Bytes::new()
            }
            Response::Farewell(last) => {
                self.answer(slot, Bytes::new());
                return Some(End::Farewell(last));
            }
            Response::Close(last) => {
                self.answer(slot, Bytes::new());
                return Some(End::Expelled(last, Closed::LastAnswer));
            }
            Response::Send(content) => {
                self.answer(slot, Bytes::new());
                return Some(Box::pin(self.send(content)).await);
            }
            Response::End(reason) => {
                self.answer(slot, Bytes::new());
                return Some(End::Reason(reason));
            }
        };
        self.answer(slot, answer);
        None
    }

    /// Does what the adapter has due.
    pub(super) fn on_timer(&mut self) -> Wait {
        match self
            .adapter
            .timer(now(), self.session.time(), &self.session)
        {
            Response::Continue | Response::Posted => Wait::Timer,
            Response::Answer(bytes) => {
                let slot = self.writer.reserve();
                self.answer(Some(slot), bytes);
                Wait::Timer
            }
            Response::Ask(bytes) => {
                self.ask(bytes);
                Wait::Timer
            }
            Response::Farewell(last) => Wait::End(End::Farewell(last)),
            // Contents are asked for, never due.
            Response::Send(_) => Wait::End(End::Expelled(Bytes::new(), Closed::Unreadable)),
            Response::Close(last) => Wait::End(End::Expelled(last, Closed::LastAnswer)),
            Response::End(reason) => Wait::End(End::Reason(reason)),
        }
    }

    pub(super) fn answer(&self, slot: Option<Slot>, bytes: Bytes) {
        if let Some(slot) = slot {
            self.writer.fill(&slot, bytes);
            self.writer.flush();
        }
    }

    fn ask(&self, bytes: Bytes) {
        self.writer.ask(bytes);
        self.writer.flush();
    }
}
