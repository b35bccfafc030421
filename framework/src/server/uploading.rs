//! Receiving a form in parts: the body goes through a pipe to what takes it apart, which waits for disks while more
//! comes.

use std::future::poll_fn;
use std::sync::Arc;

use super::Shared;
use super::arrived::{Arrived, Uploading};
use super::pump::{Incoming, Pump};
use super::wire::{Gone, Wire};
use crate::app::Exchange;
use crate::http::FormKind;
use crate::io::Pipe;

impl<'c> Uploading<'c> {
    /// Receives the form.
    ///
    /// # Errors
    /// The peer is gone. What else is wrong is the request's answer.
    pub(super) async fn receive(
        self: Box<Self>,
        wire: &mut Wire,
        exchange: &mut Exchange,
        shared: &'c Shared,
    ) -> Result<Arrived<'c>, Gone> {
        let Uploading { target, receiver } = *self;
        let limits = receiver.limits();
        let Exchange { request, inbox, outbox, outgoing, .. } = exchange;
        let pipe = Arc::new(Pipe::default());
        let reader = match receiver.reader(&shared.app.0, request, target.as_ref(), Arc::clone(&pipe)) {
            Ok(reader) => reader,
            Err(refusal) => return Ok(Arrived::Malformed(refusal)),
        };
        let incoming = Box::new(Incoming { pipe, receiver });
        let mut pump = Pump::new(wire, inbox, outbox, shared, outgoing, Some(incoming));
        let mut form = Box::pin(request.receive_form(reader, limits));
        let received = poll_fn(|cx| pump.poll_drive(&mut form, cx)).await?;
        drop((form, pump));
        let size = match received {
            Ok(size) => size,
            Err(error) => return Ok(Arrived::Rejected(error)),
        };
        if let Some(target) = target {
            return Ok(Arrived::At(target));
        }
        Ok(match shared.app.0.target_by_form(request, FormKind::Multipart, size) {
            Ok(target) => Arrived::At(target),
            Err(error) => Arrived::Rejected(error),
        })
    }
}
