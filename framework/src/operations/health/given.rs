//! An indicator as it was given, whatever it is made of.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::panic;
use std::sync::Arc;

use super::indicator::{HealthIndicator, Indicator, Itself};
use crate::base::Location;
use crate::bind::StateNeed;
use crate::http::{BoxFuture, Context, Result};
use crate::matching::kept;

/// See the head of this file.
#[derive(Clone)]
pub(crate) struct GivenIndicator {
    /// By what it is known, and where it was given.
    pub(crate) at: Location,
    /// The states it takes.
    pub(crate) states: Vec<StateNeed>,
    check: Arc<dyn Check>,
}

/// Any of them.
trait Check: Send + Sync {
    fn check<'c>(&'c self, context: &'c Context) -> BoxFuture<'c, Result>;
}

struct Of<I, Arguments>(I, PhantomData<fn(Arguments)>);

impl<I: Indicator<Arguments>, Arguments> Check for Of<I, Arguments> {
    fn check<'c>(&'c self, context: &'c Context) -> BoxFuture<'c, Result> {
        self.0.check_with(context)
    }
}

impl GivenIndicator {
    /// One that a program has given.
    #[track_caller]
    pub(crate) fn new<Arguments: 'static, I: Indicator<Arguments>>(
        name: Cow<'static, str>,
        indicator: I,
    ) -> GivenIndicator {
        let at = panic::Location::caller();
        let name = match name {
            Cow::Borrowed(name) => name,
            Cow::Owned(name) => kept(name),
        };
        let at = Location { file: at.file(), line: at.line(), column: at.column(), module: "", name };
        GivenIndicator { at, states: I::states(), check: Arc::new(Of(indicator, PhantomData)) }
    }

    /// One that is there by itself.
    pub(crate) fn built_in(name: &'static str, indicator: impl HealthIndicator) -> GivenIndicator {
        GivenIndicator::new::<Itself, _>(Cow::Borrowed(name), indicator)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.at.name
    }

    /// Asks it, with the states of an application.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check<'c>(&'c self, context: &'c Context) -> BoxFuture<'c, Result> {
        self.check.check(context)
    }
}
