//! Sessions: what a server remembers of a browser between its requests, under an id that a cookie brings back.
//!
//! A request reads its session once, works on its own view of it, and writes back what it changed before its answer is
//! sent. `slot.rs` ties a session to its request, `record.rs` is what is kept of it, `store.rs` says what keeps it, `memory.rs` and
//! `redis.rs` do.

mod config;
mod id;
mod live;
mod memory;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod sessions;
mod slot;
mod store;
mod writing;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::{say, type_name};
use crate::bind::{Arg, BodyUse, ModelBinding, Profile};
use crate::contract::Inputs;
use crate::http::{Error, Request, Result};

pub use self::config::SessionConfig;
pub use self::id::SessionId;
use self::live::{Live, Standing, State};
pub use self::memory::MemoryStore;
use self::record::gone;
pub use self::record::{Saved, SessionChanges, SessionRecord};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
pub(crate) use self::sessions::Sessions;
pub(crate) use self::slot::{announce, conclude, join};
pub use self::store::SessionStore;

/// The session of a request, as an argument of an `async fn`: the one whose cookie came, else a new one.
/// `Option<Session>` is only the one that came; filters have [`Request::session`] and [`Request::existing_session`].
///
/// Values are anything that serde can write and read; they are kept as JSON. Cloning gives another handle to the same
/// session.
///
/// ```
/// use vernal::{Redirect, Result, Session, request_map};
///
/// #[request_map("/count")]
/// async fn count(session: Session) -> Result<String> {
///     let n: u64 = session.get("n").unwrap_or(0) + 1;
///     session.set("n", n)?;
///     Ok(n.to_string())
/// }
///
/// #[request_map("/login", method = "POST")]
/// async fn login(session: Session, user: String) -> Result<Redirect> {
///     session.rotate()?; // Whoever knew the old id does not know the new one.
///     session.set("user", user)?;
///     Ok(Redirect::see_other("/"))
/// }
///
/// #[request_map("/logout", method = "POST")]
/// async fn logout(session: Option<Session>) -> Result<Redirect> {
///     if let Some(session) = session {
///         session.invalidate().await?;
///     }
///     Ok(Redirect::see_other("/"))
/// }
/// ```
///
/// # The cookie
///
/// It holds a random id of 192 bits and nothing else, and is `HttpOnly`; [`SessionConfig`] says the rest. It is set, with
/// its time begun anew, on the answer to every request that looked at its session or brought a valid one; never
/// without use. An id that the server does not know is never taken over: a new session gets a fresh one. Where a cookie comes
/// several times, the first known id counts.
///
/// An answer with the cookie is `Cache-Control: private`, unless it is `no-store`: a cache that others share would give them the
/// session. `public` and `s-maxage` are taken out of what a handler says. With answers for all, such as files, the cookie is not
/// sent again.
///
/// # Requests at the same time
///
/// A request sees the session as it was when it first looked, with its own changes. What it
/// [`set`](Session::set) and [`remove`](Session::remove)d is written when filters and handler are done and before the
/// answer is sent, whatever the status; an answer written piece by piece begins after it. Only those values are written, so
/// requests at the same time do not lose each other's changes to different values. Of several changes to the same value the last one written
/// stays; [`Session::update`] changes a value by what it is in the store, in one step, so counters count right.
/// A session that ended meanwhile, by [`Session::invalidate`], [`Session::rotate`] or for want of use, stays ended.
/// All this is the same for every store and for any number of servers behind one.
///
/// A store that fails is the error of the binding, or becomes the answer in place of the handler's: 503 for the stores
/// here.
///
/// # Where the answer has begun already
///
/// A body that is streamed by a task, and a WebSocket session once it is open, outlive the end of the handler: write
/// changes with [`Session::save`] there, and see those of others with [`Session::reload`]. A session must have begun
/// before the head of the answer goes out, in the handshake for WebSockets.
#[derive(Clone)]
pub struct Session(Arc<Live>);

impl Session {
    fn begin(sessions: &Arc<Sessions>) -> Result<Session> {
        let now = SystemTime::now();
        let record = SessionRecord::new(now, now, sessions.config.max_inactive);
        Ok(Session::of(sessions, SessionId::random()?, record, true))
    }

    fn of(sessions: &Arc<Sessions>, id: SessionId, record: SessionRecord, is_new: bool) -> Session {
        Session(Arc::new(Live {
            sessions: Arc::clone(sessions),
            is_new,
            created: record.created,
            accessed: record.accessed,
            state: Mutex::new(State {
                id,
                old_id: None,
                values: record.values,
                changes: Default::default(),
                max_inactive: record.max_inactive,
                has_new_time: false,
                standing: Standing::Valid,
                is_stored: !is_new,
                is_written: false,
                is_concluded: false,
            }),
            writing: tokio::sync::Mutex::const_new(()),
        }))
    }

    /// A value; `None` if there is none, or if it is no `T`, which the log tells as a warning.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let text = self.state().values.get(name).cloned()?;
        match serde_json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                let expected = type_name::<T>();
                say!(warn, "the session's value `{name}` is no `{expected}`: {error}");
                None
            }
        }
    }

    /// Sets a value.
    ///
    /// # Errors
    /// 500: serde cannot write it as JSON, the session would become larger than [`SessionConfig::max_size`], or it was
    /// invalidated.
    pub fn set(&self, name: &str, value: impl Serialize) -> Result {
        let text = json_of(name, &value)?;
        let mut state = self.state();
        state.check_standing()?;
        self.check_size(&state, name, &text)?;
        state.put(name.into(), Some(text));
        Ok(())
    }

    /// Removes a value. Tells whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        let mut state = self.state();
        if !state.values.contains_key(name) {
            return false;
        }
        state.put(name.into(), None);
        true
    }

    /// The names of all values, in order.
    pub fn names(&self) -> Vec<String> {
        self.state().values.keys().map(|name| name.to_string()).collect()
    }

    /// Changes a value by what it is in the store, in one step, and writes it at once: requests at the same time, on any
    /// server, lose nothing. An absent value begins as the default of its type. Changes that were not written yet are
    /// written with it.
    ///
    /// `change` runs again if another request was faster, so it should do nothing but to change the value.
    ///
    /// ```
    /// # use vernal::{Result, Session, request_map};
    /// #[request_map("/hit")]
    /// async fn hit(session: Session) -> Result<String> {
    ///     let hits = session.update("hits", |hits: &mut u64| { *hits += 1; *hits }).await?;
    ///     Ok(hits.to_string())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Session::set`]; 500 if the value is no `T`; 409 if the session has ended; 503 if the store does not answer or
    /// others are always faster.
    pub async fn update<T, R>(&self, name: &str, mut change: impl FnMut(&mut T) -> R) -> Result<R>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        let _order = self.0.writing.lock().await;
        for _ in 0..ATTEMPTS {
            let old = self.state().values.get(name).cloned();
            let is_pending = self.state().changes.contains_key(name);
            if is_pending || self.state().old_id.is_some() || !self.state().is_stored {
                // What this request set itself is written first: then the store's value is the one to change.
                self.write(None).await.and_then(must_be_kept)?;
                continue;
            }
            let mut value: T = match &old {
                Some(text) => serde_json::from_str(text).map_err(|error| {
                    let expected = type_name::<T>();
                    Error::internal(format!("the session's value `{name}` is no `{expected}`: {error}"))
                })?,
                None => T::default(),
            };
            let result = change(&mut value);
            let text = json_of(name, &value)?;
            drop(value);
            let name: Arc<str> = name.into();
            {
                let mut state = self.state();
                state.check_standing()?;
                self.check_size(&state, &name, &text)?;
                state.put(Arc::clone(&name), Some(text));
            }
            match self.write(Some((Arc::clone(&name), old))).await {
                Ok(Saved::Conflict) => {
                    self.state().changes.remove(&name);
                    self.read().await?;
                }
                Ok(saved) => return must_be_kept(saved).map(|()| result),
                Err(error) => {
                    self.state().changes.remove(&name);
                    return Err(error);
                }
            }
        }
        Err(Error::unavailable(format!(
            "the session's value `{name}` is changed by too many requests at the same time"
        )))
    }

    /// The id. Whoever knows it has the session.
    pub fn id(&self) -> String {
        self.state().id.to_string()
    }

    /// When it began.
    pub fn created(&self) -> SystemTime {
        self.0.created
    }

    /// When a request used it last, before this one.
    pub fn last_accessed(&self) -> SystemTime {
        self.0.accessed
    }

    /// Whether this request began it.
    pub fn is_new(&self) -> bool {
        self.0.is_new
    }

    /// Whether it lasts: it was not invalidated, as far as this request knows.
    pub fn is_valid(&self) -> bool {
        self.state().standing == Standing::Valid
    }

    /// How long it is kept without use.
    pub fn max_inactive(&self) -> Duration {
        self.state().max_inactive
    }

    /// Says how long this session is kept without use, in place of [`SessionConfig::max_inactive`]. At most ten years
    /// count, in whole milliseconds.
    pub fn set_max_inactive(&self, time: Duration) {
        let mut state = self.state();
        let time = Duration::from_millis(record::millis_of(time.min(config::LONGEST)));
        (state.max_inactive, state.has_new_time, state.is_written) = (time, true, false);
    }

    /// Gives the session a new id; the old one is unknown once the session is written. Do this whenever rights change, at a
    /// login above all: an id that somebody planted or saw before is worth nothing then.
    ///
    /// # Errors
    /// 500: the system has no random bytes, or the session was invalidated.
    pub fn rotate(&self) -> Result {
        let fresh = SessionId::random()?;
        let mut state = self.state();
        state.check_standing()?;
        if state.is_stored && state.old_id.is_none() {
            state.old_id = Some(state.id);
        }
        (state.id, state.is_written) = (fresh, false);
        Ok(())
    }

    /// Ends the session: it is removed from the store at once, and the answer makes the browser forget its cookie.
    /// [`Request::session`] begins another one.
    ///
    /// # Errors
    /// The store fails: 503 for those here. The session is not ended then.
    pub async fn invalidate(&self) -> Result {
        let _order = self.0.writing.lock().await;
        let (id, is_stored) = {
            let state = self.state();
            (state.old_id.unwrap_or(state.id), state.is_stored)
        };
        if is_stored {
            self.0.sessions.remove(&id).await?;
        }
        let mut state = self.state();
        state.changes.clear();
        state.values = Arc::default();
        if state.standing == Standing::Valid {
            state.standing = Standing::Invalidated;
        }
        Ok(())
    }

    /// Writes the changes now, and begins its time without use anew. Only needed where the answer has begun already:
    /// in tasks that stream a body, and in open WebSocket sessions.
    ///
    /// # Errors
    /// 409: the session has ended. The store fails: 503 for those here; nothing is lost then, so try again.
    pub async fn save(&self) -> Result {
        let _order = self.0.writing.lock().await;
        self.write(None).await.and_then(must_be_kept)
    }

    /// Reads the values anew, to see what other requests have written; changes of one's own that were not written yet stay.
    ///
    /// # Errors
    /// 409: the session has ended. The store fails: 503 for those here.
    pub async fn reload(&self) -> Result {
        let _order = self.0.writing.lock().await;
        let is_stored = {
            let state = self.state();
            state.check_standing()?;
            state.is_stored
        };
        if is_stored { self.read().await } else { Ok(()) }
    }

    fn check_size(&self, state: &State, name: &str, text: &str) -> Result {
        let others = state.values.iter().filter(|(known, _)| &***known != name);
        let size =
            others.map(|(name, value)| name.len() + value.len()).sum::<usize>() + name.len() + text.len();
        let limit = self.0.sessions.config.max_size;
        if size <= limit {
            return Ok(());
        }
        Err(Error::internal(format!(
            "with `{name}` the session would have {size} bytes, {limit} at most (SessionConfig::max_size)"
        )))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows names, not values, which may be secrets.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let names: Vec<_> = state.values.keys().collect();
        f.debug_struct("Session").field("id", &state.id).field("names", &names).finish()
    }
}

impl<'r> ModelBinding<'r> for Session {
    const PROFILE: Profile = Profile { body: BodyUse::None, ..Profile::ANY };

    async fn bind(req: &'r Request, _: &Arg) -> Result<Session> {
        req.session().await
    }

    async fn optional(req: &'r Request, _: &Arg) -> Result<Option<Session>> {
        req.existing_session().await
    }

    /// What a store holds is not what the client sent.
    fn failed(error: Error, _: &Arg) -> Error {
        error
    }

    fn describe(inputs: &mut Inputs) {
        inputs.takes_session = true;
    }
}

fn json_of(name: &str, value: &impl Serialize) -> Result<Arc<str>> {
    match serde_json::to_string(value) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            Err(Error::internal(format!("the session's value `{name}` cannot be written as JSON: {error}")))
        }
    }
}

fn must_be_kept(saved: Saved) -> Result {
    match saved {
        Saved::Kept(_) => Ok(()),
        Saved::Gone => Err(gone()),
        Saved::Conflict => Err(Error::internal("a store saw a conflict where nothing was expected")),
    }
}

/// How often `update` lets others be faster. Each time one of them has got further.
const ATTEMPTS: usize = 1_000;
