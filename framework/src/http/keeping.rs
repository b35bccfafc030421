//! A request and its answer: what is kept until the head goes out, and whether it is out.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::beginnings::Beginnings;
use super::rare::Rare;
use super::{Kept, Outgoing, Request};

impl Request {
    #[inline]
    pub(crate) fn kept(&self) -> Option<&Arc<dyn Kept>> {
        self.rare.get()?.kept.get()
    }

    /// Which beginnings of pages were in a body that is read as it comes, if it is.
    pub(super) fn beginnings(&self) -> Option<&Beginnings> {
        self.rare.get()?.beginnings.get().map(|beginnings| &**beginnings)
    }

    /// Where to note which beginnings of pages are in a body.
    pub(super) fn note_beginnings(&self) -> Arc<Beginnings> {
        Arc::clone(self.rare().beginnings.get_or_init(Arc::default))
    }

    /// Whether the other end of the answer is this request's alone: what is kept or waited for there is nobody else's.
    #[inline]
    pub(crate) fn owns_outgoing(&self) -> bool {
        let is_watched = |rare: &Rare| rare.kept.get().is_some() || rare.is_watched.load(Ordering::Relaxed);
        self.rare.get().is_some_and(|rare| is_watched(rare))
    }

    /// Somebody waits for the peer to be gone.
    pub(super) fn set_watched(&self) {
        self.rare().is_watched.store(true, Ordering::Relaxed);
    }

    /// Keeps something, unless something is kept already.
    pub(crate) fn set_kept(&self, kept: Arc<dyn Kept>) {
        if let Some(outgoing) = &self.outgoing {
            let _ = outgoing.kept.set(Arc::clone(&kept));
        }
        let _ = self.rare().kept.set(kept);
    }

    /// Whether there is something to do for a session when the answer is made: one was looked at, or its cookie came.
    #[inline]
    pub(crate) fn is_in_session(&self) -> bool {
        self.kept().is_some() || self.context.session_cookie.get().is_some_and(|name| self.brings(name))
    }

    /// Whether a cookie of that name may have come; the session is looked up by the cookies themselves.
    fn brings(&self, name: &str) -> bool {
        let name = name.as_bytes();
        self.headers
            .get_all_bytes("cookie")
            .any(|field| !name.is_empty() && field.windows(name.len()).any(|part| part == name))
    }

    /// Whether it is too late to add a field to the answer.
    pub(crate) fn head_is_out(&self) -> bool {
        let is_written = |outgoing: &Arc<Outgoing>| outgoing.is_committed.load(Ordering::Acquire);
        self.head_is_out.load(Ordering::Acquire) || self.outgoing.as_ref().is_some_and(is_written)
    }

    /// Says that the head of the answer goes out now.
    pub(crate) fn set_head_is_out(&self) {
        self.head_is_out.store(true, Ordering::Release);
    }
}
