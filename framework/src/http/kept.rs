//! What a request keeps for its answer: a cookie that must be in the head, and changes to write before the head goes out.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{BoxFuture, Cookies, Request, Result, SetCookie};

/// See the head of this file. It is a session; the floors above know more of it.
pub(crate) trait Kept: Any + Send + Sync {
    /// Writes what has changed.
    fn keep(&self) -> BoxFuture<'_, Result>;

    /// The cookie to send, once: the head goes out.
    fn announce(&self) -> Option<SetCookie>;
}

/// What is made when it is first asked for; few requests have any of it.
#[derive(Default)]
pub(super) struct Rare {
    pub(super) cookies: OnceLock<Cookies>,
    pub(super) json: OnceLock<Option<Value>>,
    kept: OnceLock<Arc<dyn Kept>>,
}

impl Request {
    #[inline]
    pub(crate) fn kept(&self) -> Option<&Arc<dyn Kept>> {
        self.rare.get()?.kept.get()
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
        self.headers.get_all("cookie").any(|field| field.contains(name))
    }

    /// Whether it is too late to add a field to the answer.
    pub(crate) fn head_is_out(&self) -> bool {
        let is_written = |outgoing: &Arc<super::Outgoing>| outgoing.is_committed.load(Ordering::Acquire);
        self.head_is_out.load(Ordering::Acquire) || self.outgoing.as_ref().is_some_and(is_written)
    }

    /// Says that the head of the answer goes out now.
    pub(crate) fn set_head_is_out(&self) {
        self.head_is_out.store(true, Ordering::Release);
    }
}
