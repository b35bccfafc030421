//! What `#[component]`, `#[on_start]` and `#[on_stop]` submit, and what becomes of it.

use std::any::{Any, TypeId};
use std::sync::Arc;
use std::time::Duration;

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
    /// The code for all of them.
    pub making: &'static Making,
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
    /// The code for all of them.
    pub making: &'static Making,
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

/// The code that orders and makes components. What is registered hands it over, so that a program without components, and without
/// functions that wait for its start or end, has none of it.
pub struct Making {
    pub(super) order: Order,
    pub(super) build: Build,
}

type Order = fn(Vec<&'static Component>, Vec<&'static LifeFunction>, &Context, &mut Vec<String>) -> Plan;

type Build = fn(Plan, Context, Duration) -> Result<(Box<dyn Started>, Context), String>;

impl Making {
    /// Orders what stands in the order of the source; `problems` gets what cannot be. What the context has already is not made.
    pub(crate) fn order(
        components: Vec<&'static Component>,
        functions: Vec<&'static LifeFunction>,
        context: &Context,
        problems: &mut Vec<String>,
    ) -> Plan {
        let of_functions = functions.first().map(|function| function.making);
        match components.first().map(|component| component.making).or(of_functions) {
            Some(making) => {
                Plan { making: Some(making), ..(making.order)(components, functions, context, problems) }
            }
            None => Plan::default(),
        }
    }

    /// Makes the components, each within the limit; `None` if nothing has to be made or called.
    ///
    /// # Errors
    /// One of them fails, panics or is not done in time.
    pub(crate) fn build(
        plan: Plan,
        context: Context,
        limit: Duration,
    ) -> Result<(Option<Box<dyn Started>>, Context), String> {
        match plan.making {
            Some(making) if !plan.is_empty() => {
                let (started, context) = (making.build)(plan, context, limit)?;
                Ok((Some(started), context))
            }
            _ => Ok((None, context)),
        }
    }
}

/// An application whose components were made, and that waits for all else.
pub(crate) trait Started {
    /// Ends it before it has begun.
    fn give_up(self: Box<Self>, context: Context);

    /// Calls those who wait for this.
    ///
    /// # Errors
    /// One of them fails, panics or is not done in time. Those that wait for the end have been called then.
    fn begin(self: Box<Self>, context: &Arc<Context>) -> Result<Arc<dyn Living>, String>;
}

/// An application whose components are there.
pub(crate) trait Living: Send + Sync {
    /// Calls those who wait for the end, once, and waits so long at most.
    fn stop(self: Arc<Self>, limit: Duration) -> BoxFuture<'static, ()>;

    /// The same where a thread may wait.
    fn stop_now(&self, limit: Duration);

    /// Waits no longer for those who are called at the end, and calls no more of them; tells whether nobody has said so before.
    fn hurry(&self) -> bool;
}

/// What is made and called, in order.
#[derive(Default)]
pub(crate) struct Plan {
    pub(super) making: Option<&'static Making>,
    pub(super) components: Vec<&'static Component>,
    pub(super) starts: Vec<&'static LifeFunction>,
    pub(super) stops: Vec<&'static LifeFunction>,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.components.is_empty() && self.starts.is_empty() && self.stops.is_empty()
    }

    /// The states that there will be.
    pub(crate) fn made(&self) -> impl Iterator<Item = TypeId> + '_ {
        self.components.iter().map(|component| made(component))
    }

    /// The states that are taken, by whom.
    pub(crate) fn needs(&self) -> impl Iterator<Item = (&'static [StateNeed], &'static Location)> + '_ {
        let components = self.components.iter().map(|it| (it.states, &it.at));
        components.chain(self.starts.iter().chain(&self.stops).map(|it| (it.states, &it.at)))
    }
}

pub(super) fn made(component: &Component) -> TypeId {
    ((component.made)().type_id)()
}
