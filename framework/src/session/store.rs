//! What keeps sessions between requests.

use super::id::SessionId;
use super::memory::MemoryStore;
use super::record::{Saved, SessionChanges, SessionRecord};
use crate::http::{BoxFuture, Result};

/// Keeps sessions: in memory ([`MemoryStore`], the default), in Redis (`RedisStore`, with the feature `redis`), or
/// where you like.
///
/// A store must be as good as its word: what [`SessionStore::save`] said was saved, the next
/// [`SessionStore::load`] finds, whichever server asks. An error becomes the answer of the request that needs the
/// session; make it an [`Error::unavailable`](crate::Error::unavailable) where trying again later helps.
///
/// [`SessionRecord`] does most of the work; its text form suits files and tables:
///
/// ```
/// use std::path::PathBuf;
/// use std::time::SystemTime;
/// use tokio::sync::Mutex;
/// use vernal::{BoxFuture, Error, Result, Saved, SessionChanges, SessionId, SessionRecord, SessionStore, server};
///
/// /// One file for each session. The lock makes each change whole.
/// struct Files(Mutex<PathBuf>);
///
/// fn read(path: PathBuf) -> Result<Option<SessionRecord>> {
///     match std::fs::read_to_string(path) {
///         Ok(text) => Ok(SessionRecord::from_json(&text).filter(|record| !record.is_expired(SystemTime::now()))),
///         Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
///         Err(error) => Err(Error::unavailable("sessions cannot be read at the moment").explain(error.to_string())),
///     }
/// }
///
/// impl SessionStore for Files {
///     fn load<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result<Option<SessionRecord>>> {
///         Box::pin(async { read(self.0.lock().await.join(id.as_str())) })
///     }
///
///     fn save<'s>(&'s self, id: &'s SessionId, changes: &'s SessionChanges) -> BoxFuture<'s, Result<Saved>> {
///         Box::pin(async {
///             let folder = self.0.lock().await;
///             let path = folder.join(id.as_str());
///             let mut record = read(path.clone())?;
///             let saved = SessionRecord::save(&mut record, changes);
///             if let (Saved::Kept(_), Some(record)) = (saved, record) {
///                 std::fs::write(path, record.to_json())?;
///             }
///             Ok(saved)
///         })
///     }
///
///     fn remove<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result> {
///         Box::pin(async {
///             let _ = std::fs::remove_file(self.0.lock().await.join(id.as_str()));
///             Ok(())
///         })
///     }
/// }
///
/// let server = server::new().sessions(Files(Mutex::new("/var/lib/shop/sessions".into())));
/// # let _ = server;
/// ```
pub trait SessionStore: Send + Sync + 'static {
    /// Finds a session; `None` if there is none, or it has not been used for longer than it is kept.
    ///
    /// # Errors
    /// The store cannot tell.
    fn load<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result<Option<SessionRecord>>>;

    /// Applies changes to a session and begins its time without use anew, all at once or not at all:
    /// [`SessionRecord::save`] says how. One that is gone must not come back, or a late request would undo a logout.
    ///
    /// # Errors
    /// The store cannot keep them.
    fn save<'s>(&'s self, id: &'s SessionId, changes: &'s SessionChanges) -> BoxFuture<'s, Result<Saved>>;

    /// Forgets a session; that there is none is fine.
    ///
    /// # Errors
    /// The store cannot.
    fn remove<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result>;

    /// Gives a session another id; the old one is unknown from then on. Tells whether there was such a session.
    ///
    /// Unless a store does it better, the session is read, removed under its old id, and written under the new one. If that last
    /// step fails the session is lost, rather than known by both ids.
    ///
    /// # Errors
    /// The store cannot.
    fn rename<'s>(&'s self, from: &'s SessionId, to: &'s SessionId) -> BoxFuture<'s, Result<bool>> {
        Box::pin(async move {
            let Some(record) = self.load(from).await? else { return Ok(false) };
            self.remove(from).await?;
            self.save(to, &SessionChanges::whole(&record)).await?;
            Ok(true)
        })
    }

    /// Whether the store is well, for the feature `actuator`: `None` where there is nothing to ask. Default: none.
    fn health(&self) -> Option<BoxFuture<'_, Result>> {
        None
    }

    /// How many sessions it holds, where it knows without asking around. Default: unknown.
    fn count(&self) -> Option<usize> {
        None
    }

    /// The store in memory, which needs no wait. Not for users.
    #[doc(hidden)]
    fn in_memory(&self) -> Option<&MemoryStore> {
        None
    }
}

impl SessionStore for MemoryStore {
    fn load<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result<Option<SessionRecord>>> {
        Box::pin(async { Ok(self.find(id)) })
    }

    fn save<'s>(&'s self, id: &'s SessionId, changes: &'s SessionChanges) -> BoxFuture<'s, Result<Saved>> {
        Box::pin(async { Ok(self.change(id, changes)) })
    }

    fn remove<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result> {
        Box::pin(async {
            self.forget(id);
            Ok(())
        })
    }

    fn rename<'s>(&'s self, from: &'s SessionId, to: &'s SessionId) -> BoxFuture<'s, Result<bool>> {
        Box::pin(async { Ok(self.move_to(from, to)) })
    }

    fn count(&self) -> Option<usize> {
        Some(self.len())
    }

    fn in_memory(&self) -> Option<&MemoryStore> {
        Some(self)
    }
}
