//! What `#[component]`, `#[on_start]` and `#[on_stop]` submit.

use std::any::Any;

use crate::base::Location;
use crate::bind::StateNeed;
use crate::http::{BoxFuture, Context, Result};

/// A function that makes a state of others.
pub struct Component {
    /// The state it makes.
    pub made: fn() -> StateNeed,
    /// Those it takes.
    pub states: &'static [StateNeed],
    /// Makes it.
    pub build: Work<Box<dyn Any + Send + Sync>>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// A function that is called when an application begins or ends.
pub struct LifeFunction {
    /// When it is called.
    pub on: Moment,
    /// The states it takes.
    pub states: &'static [StateNeed],
    /// Calls it.
    pub call: Work<()>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// When a [`LifeFunction`] is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// All components are there, and no request has come.
    Start,
    /// The last request has been answered.
    Stop,
}

/// An adapter of a function whose arguments are states.
pub enum Work<T> {
    /// Of a plain one, which may wait or compute for long.
    Now(fn(&Context) -> Result<T>),
    /// Of one that is `async`.
    Async(for<'c> fn(&'c Context) -> BoxFuture<'c, Result<T>>),
}

impl<T> Clone for Work<T> {
    fn clone(&self) -> Work<T> {
        *self
    }
}

impl<T> Copy for Work<T> {}
