//! What follows a body, from whoever sends the body on: known before it, or made at its end.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tracing::{Instrument, Span};

use super::guard::poll_guarded;
use super::{BoxFuture, Result, Trailers};
use crate::base::Headers;
use crate::proto::may_trail;

/// See the head of this file.
pub(crate) struct Trailing {
    /// Names of fields, as a `Trailer` field says them.
    announced: String,
    source: Source,
}

enum Source {
    Known(Trailers),
    Later(BoxFuture<'static, Result<Trailers>>),
    Slot(Slot, Option<Arc<dyn Way>>),
}

/// The way that bytes take which others take too.
pub(crate) trait Way: Send + Sync {
    /// Whether others hold all of it, so that a peer could not send.
    fn is_blocked(&self) -> bool;
}

/// Where a stream leaves what came after its bytes.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Headers>>>);

impl Trailing {
    pub(super) fn known(trailers: Trailers) -> Trailing {
        Trailing { announced: trailers.names(), source: Source::Known(trailers) }
    }

    pub(super) fn later(announced: &[&str], trailers: BoxFuture<'static, Result<Trailers>>) -> Trailing {
        Trailing { announced: announced.join(", "), source: Source::Later(trailers) }
    }

    /// The names to announce; empty if they are not known.
    pub(crate) fn announced(&self) -> &str {
        &self.announced
    }

    /// Whether nobody has said that anything follows.
    pub(crate) fn is_doubtful(&self) -> bool {
        matches!(self.source, Source::Slot(..))
    }

    /// What is known already.
    pub(super) fn into_known(self) -> Option<Trailers> {
        match self.source {
            Source::Known(trailers) => Some(trailers),
            Source::Later(_) | Source::Slot(..) => None,
        }
    }

    /// The fields, once.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Headers>> {
        let trailers = match &mut self.source {
            Source::Known(trailers) => Ok(std::mem::take(trailers)),
            Source::Later(later) => ready!(poll_guarded(later.as_mut(), cx)),
            Source::Slot(slot, _) => Ok(slot.take()),
        };
        self.source = Source::Known(Trailers::new());
        Poll::Ready(trailers.and_then(Trailers::sound))
    }

    /// Whether what comes before it could not come, since others hold the way.
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(&self.source, Source::Slot(_, Some(way)) if way.is_blocked())
    }

    /// Makes what is still to come run in a span.
    pub(crate) fn run_in(&mut self, span: &Span) {
        if let Source::Later(later) = &mut self.source {
            let inner = std::mem::replace(later, Box::pin(async { Ok(Trailers::new()) }));
            *later = Box::pin(inner.instrument(span.clone()));
        }
    }
}

impl fmt::Debug for Trailing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trailing({})", self.announced)
    }
}

impl Slot {
    /// Leaves fields here, but not those that may not follow a body.
    pub(crate) fn put(&self, fields: &Headers) {
        let fields = fields.iter().filter(|(name, _)| may_trail(name)).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fields);
    }

    fn take(&self) -> Trailers {
        let fields = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        fields.map(Trailers::received).unwrap_or_default()
    }

    /// What follows the body whose stream puts its trailers here.
    pub(crate) fn trailing(&self) -> Box<Trailing> {
        Box::new(Trailing { announced: String::new(), source: Source::Slot(self.clone(), None) })
    }

    /// The same for one whose bytes share their way with others.
    #[cfg(feature = "http2")]
    pub(crate) fn trailing_by(&self, way: Arc<dyn Way>) -> Box<Trailing> {
        Box::new(Trailing { announced: String::new(), source: Source::Slot(self.clone(), Some(way)) })
    }
}
