//! Which version a connection speaks: what cannot be read as a head of HTTP/1.1 may be the preface of HTTP/2.
//!
//! Nobody looks for it where a head can be read, so HTTP/1.1 pays nothing.

use super::{Connection, Step};
use crate::http::BoxFuture;
use crate::io::Inbox;
#[cfg(feature = "http2")]
use crate::io::Stream;
use crate::proto::Refusal;
use crate::server::Counted;
use crate::server::arrived::Arrived;
use crate::server::connection::SessionTask;
#[cfg(feature = "http2")]
use crate::server::http2;

/// A connection that goes on as one of HTTP/2.
#[cfg(feature = "http2")]
pub(super) struct Begun {
    stream: Stream,
    /// What has been read of it.
    leftover: Vec<u8>,
}

/// There is none.
#[cfg(not(feature = "http2"))]
pub(super) enum Begun {}

impl Connection<'_> {
    /// What follows a head that cannot be read.
    #[cold]
    pub(super) fn waits_refused(&mut self, inbox: &Inbox, refusal: Refusal) -> Step {
        #[cfg(feature = "http2")]
        // On a port of TLS both sides have agreed already, and not on that (RFC 9113, section 3.2).
        if self.wire.h1.served() == 0
            && http2::is_preface(inbox.bytes())
            && !self.counted.shared().is_secured()
        {
            return self.waits(Arrived::Preface(inbox.bytes().to_vec()));
        }
        let _ = inbox;
        self.waits(Arrived::Refused(refusal))
    }

    /// Takes the connection over if it is one of HTTP/2.
    #[cfg(feature = "http2")]
    #[cold]
    pub(super) fn take_preface(&mut self) -> Option<Box<Begun>> {
        let Arrived::Preface(leftover) = &mut self.arrived else { return None };
        let leftover = std::mem::take(leftover);
        let stream = std::mem::replace(&mut self.wire.stream, Stream::handed_over());
        Some(Box::new(Begun { stream, leftover }))
    }

    #[cfg(not(feature = "http2"))]
    pub(super) fn take_preface(&self) -> Option<Box<Begun>> {
        None
    }
}

impl Begun {
    /// Serves it to its end, or in a task of its own.
    #[cfg(feature = "http2")]
    pub(super) fn go_on(self, counted: Counted, task: SessionTask) -> BoxFuture<'static, ()> {
        counted.unwatch();
        let serving = http2::serve(self.stream, self.leftover, counted);
        match task {
            SessionTask::Own => {
                drop(tokio::spawn(serving));
                Box::pin(std::future::ready(()))
            }
            SessionTask::Same => serving,
        }
    }

    #[cfg(not(feature = "http2"))]
    pub(super) fn go_on(self, _counted: Counted, _task: SessionTask) -> BoxFuture<'static, ()> {
        match self {}
    }
}
