//! The session of a request: found by the cookie when first asked for, written and announced before the answer goes out.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::config::SessionConfig;
use super::live::Standing;
use super::record::{Saved, SessionChanges};
use super::sessions::{Sessions, watch};
use super::{Session, SessionId};
use crate::base::{Headers, say};
use crate::http::{BoxFuture, Error, Kept, Request, Result, SetCookie, add_private_cookie};

/// See the head of this file. Lies in the request.
struct Slot {
    sessions: Arc<Sessions>,
    is_secure: bool,
    /// Held while the session is looked up or begun, so that a request has but one.
    finding: tokio::sync::Mutex<()>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    is_looked_up: bool,
    /// Its id came with the request, so that the browser has its cookie.
    came: bool,
    session: Option<Session>,
    /// The head of the answer is out.
    is_announced: bool,
}

impl Request {
    /// The session: the one whose cookie came, else a new one. The cookie is set on the answer.
    ///
    /// ```
    /// use vernal::{FilterContext, Next, Result, request_filter};
    ///
    /// #[request_filter("/admin/**")]
    /// async fn signed_in(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    ///     if cx.request.session().await?.get::<u64>("user").is_none() {
    ///         cx.response.redirect("/login");
    ///         return Ok(());
    ///     }
    ///     next.run(cx).await;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The store fails: 503 for those of this crate. Or a new session is asked for after the head of the answer went
    /// out: 500.
    pub async fn session(&self) -> Result<Session> {
        let slot = slot_of(self)?;
        let _finding = slot.finding.lock().await;
        if let Some(session) = slot.look_up(self).await? {
            return Ok(session);
        }
        if slot.found().is_announced || self.head_is_out() {
            return Err(Error::internal(
                "a session cannot begin after the head of the answer went out: ask for it earlier, for WebSockets \
                 in the handshake",
            ));
        }
        let session = Session::begin(&slot.sessions)?;
        watch(self.context(), &slot.sessions.config);
        slot.found().session = Some(session.clone());
        Ok(session)
    }

    /// The session whose cookie came, if it is known and lasts; nothing begins.
    ///
    /// # Errors
    /// The store fails: 503 for those of this crate.
    pub async fn existing_session(&self) -> Result<Option<Session>> {
        let slot = slot_of(self)?;
        let _finding = slot.finding.lock().await;
        slot.look_up(self).await
    }
}

impl Slot {
    /// The session as far as there is one. Whoever calls this holds `finding`.
    async fn look_up(&self, request: &Request) -> Result<Option<Session>> {
        {
            let found = self.found();
            if found.is_looked_up {
                return Ok(found.session.clone().filter(Session::is_valid));
            }
        }
        let mut session = None;
        for id in ids_of(request, &self.sessions.config) {
            if let Some(record) = self.sessions.load(&id).await? {
                session = Some(Session::of(&self.sessions, id, record, false));
                break;
            }
        }
        let mut found = self.found();
        (found.is_looked_up, found.came, found.session) = (true, session.is_some(), session.clone());
        Ok(session)
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept for Slot {
    fn keep(&self) -> BoxFuture<'_, Result> {
        Box::pin(async {
            let session = self.found().session.clone();
            let Some(session) = session else { return Ok(()) };
            let _order = session.0.writing.lock().await;
            if session.state().is_written {
                return Ok(());
            }
            session.write(None).await.map(drop)
        })
    }

    fn announce(&self) -> Option<SetCookie> {
        let mut found = self.found();
        if std::mem::replace(&mut found.is_announced, true) {
            return None;
        }
        let config = &self.sessions.config;
        let state = found.session.as_ref()?.state();
        match state.standing {
            Standing::Valid => {
                let times = (found.session.as_ref()?.0.created, state.max_inactive);
                Some(config.cookie(&state.id, times, self.is_secure))
            }
            Standing::Invalidated if found.came => Some(config.removal(self.is_secure)),
            // Whoever ended it has told the browser, perhaps another id.
            Standing::Invalidated | Standing::Gone => None,
        }
    }
}

/// What a request leaves to its answer: the cookie, and what went wrong. Called when the answer is made.
pub(crate) async fn conclude(request: &Request) -> (Option<SetCookie>, Result) {
    let Some(kept) = request.kept() else { return (refresh(request).await, Ok(())) };
    let kept = Arc::clone(kept);
    let Some(slot) = as_slot(&*kept) else { return (None, Ok(())) };
    let result = slot.keep().await;
    let session = slot.found().session.clone();
    let Some(session) = session else { return (None, Ok(())) };
    session.state().is_concluded = true;
    // A session that was never written is not announced; one that was is, lest its new id be lost.
    let is_known = session.state().is_stored || session.state().standing != Standing::Valid;
    (if is_known { slot.announce() } else { None }, result)
}

/// The same for an answer whose head is about to be written past the usual way: adds the cookie to its fields.
///
/// # Errors
/// The store fails.
pub(crate) async fn announce(request: &Request, headers: &mut Headers) -> Result {
    if request.kept().is_some() {
        let (cookie, result) = conclude(request).await;
        result?;
        if let Some(cookie) = cookie {
            add_private_cookie(headers, cookie);
        }
    }
    Ok(())
}

/// Lets two requests that are one have one session.
pub(crate) fn join(one: &Request, other: &Request) {
    match (one.kept(), other.kept()) {
        (Some(kept), None) => other.set_kept(Arc::clone(kept)),
        (None, Some(kept)) => one.set_kept(Arc::clone(kept)),
        _ => {}
    }
}

/// Keeps a session alive that nothing looked at, and returns its cookie.
async fn refresh(request: &Request) -> Option<SetCookie> {
    let sessions = request.state::<Arc<Sessions>>()?;
    if !sessions.config.refresh_unused {
        return None;
    }
    let touch = SessionChanges::touch(SystemTime::now());
    for id in ids_of(request, &sessions.config) {
        match keep_alive(sessions, &id, &touch).await {
            Ok(Some(times)) => return Some(sessions.config.cookie(&id, times, request.is_secure())),
            Ok(None) => {}
            Err(error) => {
                // Nobody asked for the session, so the answer is good without it.
                say!(debug, "a session was not kept alive: {error}");
                return None;
            }
        }
    }
    None
}

/// Keeps a session alive; tells when it began, and how long it is kept without use. When it began is only asked for where that counts.
async fn keep_alive(
    sessions: &Sessions,
    id: &SessionId,
    touch: &SessionChanges,
) -> Result<Option<(SystemTime, Duration)>> {
    let mut created = SystemTime::now();
    if sessions.config.max_lifetime.is_some() {
        let Some(record) = sessions.load(id).await? else { return Ok(None) };
        created = record.created;
    }
    Ok(match sessions.save(id, touch).await? {
        Saved::Kept(time) => Some((created, time)),
        Saved::Gone | Saved::Conflict => None,
    })
}

/// The ids that the cookies of a request may mean, a few at most: somebody may plant cookies of the same name.
fn ids_of(request: &Request, config: &SessionConfig) -> impl Iterator<Item = SessionId> {
    let cookies = request.cookies().iter().filter(|(name, _)| *name == config.cookie_name);
    cookies.filter_map(|(_, value)| SessionId::parse(value)).take(CANDIDATES)
}

fn slot_of(request: &Request) -> Result<&Slot> {
    if request.kept().is_none() {
        let sessions = request.state::<Arc<Sessions>>();
        let sessions =
            sessions.ok_or_else(|| Error::internal("a request that was not received has no session"))?;
        request.set_kept(Arc::new(Slot {
            sessions: Arc::clone(sessions),
            is_secure: request.is_secure(),
            finding: tokio::sync::Mutex::const_new(()),
            found: Mutex::default(),
        }));
    }
    let slot = request.kept().and_then(|kept| as_slot(&**kept));
    slot.ok_or_else(|| Error::internal("something else is kept where the session should be"))
}

fn as_slot(kept: &dyn Kept) -> Option<&Slot> {
    let any: &dyn Any = kept;
    any.downcast_ref()
}

/// How many ids a request may name.
const CANDIDATES: usize = 4;
