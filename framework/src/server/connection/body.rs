//! Taking in the body of a request: whole, as it comes, or as a form in parts, by what its target wants.

use std::sync::Arc;

use super::Connection;
use crate::app::{BodyPlan, BodyWay, Exchange, Target};
use crate::http::{FormKind, Request};
use crate::io::{Inbox, Pipe};
use crate::proto::Refusal;
use crate::proto::h1::{Framing, Progress};
use crate::server::arrived::{Arrived, Unfinished, Uploading};
use crate::server::pump::Incoming;
use crate::server::receiver::Receiver;
use crate::server::wire::Gone;

impl<'c> Connection<'c> {
    /// Finds the target of a request with a body, and takes as much of the body as has come, if the target wants it
    /// whole. What nobody wants is left for later.
    pub(super) fn body_at_hand(&mut self, exchange: &mut Exchange, framing: Framing) -> Arrived<'c> {
        let app = self.app();
        let Exchange { request, inbox, .. } = exchange;
        let BodyPlan { target, way, limits, bound, .. } = app.plan_body(request);
        if way == BodyWay::Left {
            self.skip_at_hand(inbox, framing);
            return Arrived::At(target.unwrap_or(Target::NOT_FOUND));
        }
        let mut receiver = Receiver::new(limits, bound);
        if let Err(refusal) = receiver.check_declared(framing) {
            return Arrived::Malformed(refusal);
        }
        if let Err(error) = app.check_codings(request, target.as_ref()) {
            return Arrived::Rejected(error);
        }
        match way {
            BodyWay::Streamed => {
                let pipe = Arc::new(Pipe::default());
                match receiver.reader(app, request, target.as_ref(), Arc::clone(&pipe)) {
                    Ok(reader) => request.set_reader(reader),
                    Err(refusal) => return Arrived::Malformed(refusal),
                }
                let target = target.unwrap_or(Target::NOT_FOUND);
                Arrived::Streaming(target, Box::new(Incoming { pipe, receiver }))
            }
            BodyWay::InParts => Arrived::Uploading(Box::new(Uploading { target, receiver })),
            BodyWay::Whole | BodyWay::Left => {
                let body = &mut request.body;
                let received = receiver.receive_now(self.wire, inbox, |data| {
                    body.extend_from_slice(data);
                    Ok(())
                });
                // What is here whole and answered at once is not counted; it came in one piece.
                let counted = match received {
                    Ok(true) => {
                        if let Some(trailers) = receiver.take_trailers() {
                            request.set_trailers(trailers);
                        }
                        return self.at_target(request, target);
                    }
                    Ok(false) => request.hold_body(),
                    Err(refusal) => Err(refusal),
                };
                match counted {
                    Ok(()) => Arrived::Unfinished(Box::new(Unfinished { target, receiver })),
                    Err(refusal) => self.refuse_body(request, refusal),
                }
            }
        }
    }

    /// Throws a small body away that has come already, so that the next request is at hand.
    fn skip_at_hand(&mut self, inbox: &mut Inbox, framing: Framing) {
        let limits = &self.app().limits;
        if let Framing::Length(length) = framing
            && length <= limits.drain_size
            && length <= inbox.bytes().len() as u64
            && let Ok(Progress::Data { consumed, .. }) = self.wire.h1.receive_body(inbox.bytes(), limits)
        {
            inbox.consume(consumed);
        }
    }

    /// Waits for the rest of a body.
    pub(super) async fn rest_of_body(
        &mut self,
        exchange: &mut Exchange,
        unfinished: Box<Unfinished<'c>>,
    ) -> Result<Arrived<'c>, Gone> {
        let Unfinished { target, mut receiver } = *unfinished;
        let Exchange { request, inbox, outbox, .. } = exchange;
        match receiver.receive(self.wire, inbox, outbox, request).await? {
            Ok(()) => Ok(self.at_target(request, target)),
            Err(refusal) => Ok(self.refuse_body(request, refusal)),
        }
    }

    /// Gives a body up of which more is to come.
    fn refuse_body(&mut self, request: &mut Request, refusal: Refusal) -> Arrived<'c> {
        request.drop_body();
        self.wire.h1.refuse();
        Arrived::Malformed(refusal)
    }

    /// A request whose handler has to be waited for: its body is counted meanwhile.
    pub(super) fn held(request: &mut Request, target: Target<'c>) -> Arrived<'c> {
        if request.body.is_empty() {
            return Arrived::At(target);
        }
        match request.hold_body() {
            Ok(()) => Arrived::At(target),
            Err(refusal) => {
                request.drop_body();
                Arrived::Malformed(refusal)
            }
        }
    }

    /// A request whose body is there: decodes a form, and finds the target if that had to wait for it.
    fn at_target(&mut self, request: &mut Request, target: Option<Target<'c>>) -> Arrived<'c> {
        let decoded = self.app().decode_body(request, target.as_ref());
        if let Err(refusal) = decoded.and_then(|()| request.decode_form()) {
            request.drop_body();
            return Arrived::Malformed(refusal);
        }
        if (request.is_held() || request.body.capacity() > UNCOUNTED)
            && let Err(refusal) = request.hold_body()
        {
            request.drop_body();
            return Arrived::Malformed(refusal);
        }
        let size = request.body.len() as u64;
        match target.map_or_else(|| self.app().target_by_form(request, FormKind::UrlEncoded, size), Ok) {
            Ok(target) => Arrived::At(target),
            Err(error) => Arrived::Rejected(error),
        }
    }
}

/// A body of this size may be answered without having been counted, if its handler need not be waited for.
const UNCOUNTED: usize = 64 << 10;
