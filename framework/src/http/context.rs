//! What an application lends to each of its requests: states, controller instances, the default binding.
//!
//! Frozen when the application is built, so reading needs no lock.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use ::http::StatusCode;

use super::tracer::Traces;
use super::{Error, Result};
use crate::base::say;
use crate::io::BodyMemory;
use crate::proto::forwarded::ProxyFields;
use crate::proto::networks::Networks;

/// States and shared controllers of one application.
#[derive(Default)]
pub struct Context {
    states: States,
    instances: Vec<OnceLock<Box<dyn Any + Send + Sync>>>,
    /// What binds through serde in place of the parameters, if something does. The floors above know more of it.
    pub(crate) default_binding: Option<Box<dyn Any + Send + Sync>>,
    pub(crate) show_errors: bool,
    /// Whether the lines of requests are written somewhere.
    pub(crate) has_access_log: bool,
    /// The status of failed bindings that is told in place of 400.
    pub(crate) invalid_status: Option<StatusCode>,
    pub(crate) parameters: usize,
    /// What the bodies of all requests hold.
    pub(crate) bodies: Arc<BodyMemory>,
    /// Where uploads are kept that are too large for memory.
    pub(crate) upload_directory: PathBuf,
    /// Whom to believe what it says of the clients of others.
    pub(crate) trusted_proxies: Networks,
    /// Which fields these set.
    pub(crate) proxy_fields: ProxyFields,
    /// The cookie that keeps sessions alive, once there may be sessions.
    pub(crate) session_cookie: OnceLock<Box<str>>,
    /// What is counted of WebSockets, if it is.
    #[cfg(feature = "metrics")]
    pub(crate) tally: Option<Arc<super::Tally>>,
    /// The patterns of the mappings, by number: those of requests, then those of WebSockets.
    pub(crate) patterns: Box<[&'static str]>,
    /// How it takes part in traces.
    pub(crate) traces: Traces,
}

/// One value of each type.
#[derive(Default)]
struct States {
    values: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    /// Those that were made of others, in the order they were made in.
    made: Vec<TypeId>,
}

/// What was made of others goes before them.
impl Drop for States {
    fn drop(&mut self) {
        let drop_one = |state: Option<Box<dyn Any + Send + Sync>>| {
            if catch_unwind(AssertUnwindSafe(|| drop(state))).is_err() {
                say!(error, "a state panicked while it was dropped; the others are dropped all the same");
            }
        };
        for type_id in self.made.drain(..).rev() {
            drop_one(self.values.remove(&type_id));
        }
        self.values.drain().for_each(|(_, state)| drop_one(Some(state)));
    }
}

impl Context {
    /// Adds a state; one of each type.
    ///
    /// # Errors
    /// There is one of that type already; the old one stays.
    pub(crate) fn add_state(&mut self, type_id: TypeId, state: Box<dyn Any + Send + Sync>) -> Result {
        match self.states.values.entry(type_id) {
            std::collections::hash_map::Entry::Occupied(_) => {
                Err(Error::internal("a state of this type was given twice"))
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(state);
                Ok(())
            }
        }
    }

    /// Adds a state that was made of those that are there; there is none of its type.
    pub(crate) fn add_made_state(&mut self, type_id: TypeId, state: Box<dyn Any + Send + Sync>) {
        self.states.values.insert(type_id, state);
        self.states.made.push(type_id);
    }

    /// Whether a state of that type was given.
    pub(crate) fn has_state(&self, type_id: TypeId) -> bool {
        self.states.values.contains_key(&type_id)
    }

    /// The state of type `T`, if one was given to the server.
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.states.values.get(&TypeId::of::<T>()).and_then(|state| (**state).downcast_ref())
    }

    /// Puts a controller in its place; called once for each while the application is built.
    pub(crate) fn set_instance(&mut self, place: &'static Instance, object: Box<dyn Any + Send + Sync>) {
        let index = place.index();
        if self.instances.len() <= index {
            self.instances.resize_with(index + 1, OnceLock::new);
        }
        let _ = self.instances[index].set(object);
    }

    /// The shared controller kept under `place`.
    ///
    /// # Panics
    /// The controller belongs to another application; the macro gives both the same one.
    #[inline]
    pub fn instance<T: Any>(&self, place: &'static Instance) -> &T {
        self.instances
            .get(place.index())
            .and_then(OnceLock::get)
            .and_then(|object| (**object).downcast_ref())
            .expect("controllers are built before the first request")
    }
}

/// The place of one shared controller in every application's table. Written by `#[controller]`.
pub struct Instance(AtomicUsize);

impl Instance {
    /// A place not yet taken.
    #[allow(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Instance {
        Instance(AtomicUsize::new(UNPLACED))
    }

    #[inline]
    fn index(&self) -> usize {
        match self.0.load(Ordering::Relaxed) {
            UNPLACED => self.place(),
            index => index,
        }
    }

    #[cold]
    fn place(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        match self.0.compare_exchange(UNPLACED, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(other) => other,
        }
    }
}

const UNPLACED: usize = usize::MAX;
