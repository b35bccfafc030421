//! Receiving a form in parts: the body goes through a pipe to what takes it apart, which waits for disks while more
//! comes.

use std::future::poll_fn;
use std::sync::Arc;

use super::arrived::Arrived;
use super::pump::{Incoming, Pump};
use super::receiver::Receiver;
use super::sender::Sender;
use super::wire::{Gone, Wire};
use crate::app::{Exchange, Target};
use crate::bind::BodyUse;
use crate::http::{BodyReader, Error, Result};
use crate::io::{Pipe, clock};

/// A request whose body is a form in parts. Without a target, one is found when the form is there.
pub(super) struct Uploading<'c> {
    pub(super) target: Option<Target<'c>>,
    pub(super) receiver: Receiver<'c>,
}

impl<'c> Uploading<'c> {
    /// Receives the form.
    ///
    /// # Errors
    /// The peer is gone. What else is wrong is the request's answer.
    pub(super) async fn receive(
        self: Box<Self>,
        wire: &mut Wire,
        exchange: &mut Exchange,
        sender: Sender<'c>,
    ) -> std::result::Result<Arrived<'c>, Gone> {
        let Uploading { target, receiver } = *self;
        let limits = receiver.limits();
        let Exchange { request, inbox, outbox, outgoing, .. } = exchange;
        let pipe = Arc::new(Pipe::default());
        let incoming = Box::new(Incoming { pipe: Arc::clone(&pipe), receiver });
        let mut pump = Pump::new(wire, inbox, outbox, sender, outgoing, Some(incoming));
        let mut form = Box::pin(request.receive_form(BodyReader::piped(pipe, limits), limits));
        let received = poll_fn(|cx| pump.poll_drive(&mut form, cx)).await?;
        drop((form, pump));
        let size = match received {
            Ok(size) => size,
            Err(error) => return Ok(Arrived::Ran(Err(error))),
        };
        if let Some(target) = target {
            return Ok(Arrived::At(target));
        }
        let app = &sender.shared.app.0;
        let target = app.target(request, false).unwrap_or(Target::NotFound);
        if let Err(error) = check_late(&target) {
            return Ok(Arrived::Ran(Err(error)));
        }
        // Its limits were not known while the form came; they hold all the same.
        let late = Receiver::new(app.limits_of(&target), clock::now().instant).for_upload();
        Ok(match late.check_size(size) {
            Ok(()) => Arrived::At(target),
            Err(refusal) => Arrived::Malformed(refusal),
        })
    }
}

/// A mapping that was chosen by a parameter of the form cannot have the body that it came in.
fn check_late(target: &Target<'_>) -> Result {
    if matches!(target.body_use(), BodyUse::None | BodyUse::Form) {
        return Ok(());
    }
    let Target::Entry(entry) = target else { return Ok(()) };
    Err(Error::internal(format!(
        "the mapping {} takes the body itself, but mappings of its path are chosen by parameters, so that a form in \
         parts was taken apart before: give it another path, or choose by `headers`",
        entry.route.at
    )))
}
