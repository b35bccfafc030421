//! What can tell whether a part of an application is well: a type of the user's, or a function of states.

use std::error::Error as StdError;

use crate::bind::{FromContext, State, StateNeed, StateValue};
use crate::http::{BoxFuture, Context, Error, Result};

/// A part that an application needs, and that may fail by itself: a database, a disk, another service. Given to
/// [`Actuator::indicator`](crate::Actuator::indicator), which also takes `async` functions and closures of states.
///
/// ```
/// use vernal::{Actuator, BoxFuture, HealthIndicator, Result};
///
/// struct Warehouse { url: String }
///
/// impl HealthIndicator for Warehouse {
///     fn check(&self) -> BoxFuture<'_, Result> {
///         Box::pin(async {
///             tokio::net::TcpStream::connect(&self.url).await?;
///             Ok(())
///         })
///     }
/// }
///
/// let actuator = Actuator::new().indicator("warehouse", Warehouse { url: "warehouse:80".to_owned() });
/// # let _ = actuator;
/// ```
pub trait HealthIndicator: Send + Sync + 'static {
    /// Finds out whether it is well. One that takes longer than [`Actuator::timeout`](crate::Actuator::timeout), or panics, is not: its future is
    /// dropped, and it is asked again with the next probe. What it has begun on another thread goes on, so see to it that there is only one.
    ///
    /// # Errors
    /// What is wrong; the text is shown to whoever asks the actuator, causes included.
    fn check(&self) -> BoxFuture<'_, Result>;
}

/// What [`Actuator::indicator`](crate::Actuator::indicator) takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` tells nobody whether it is well",
    label = "neither an async function of states nor a `HealthIndicator`",
    note = "give an async function or closure of up to six states that returns a `Result<()>`: `async |pool: State<&Pool>| pool.ping().await`",
    note = "or implement `vernal::HealthIndicator` for a type of yours"
)]
pub trait Indicator<Arguments>: Send + Sync + 'static {
    /// The states it takes.
    fn states() -> Vec<StateNeed>;

    /// Finds out whether it is well.
    ///
    /// # Errors
    /// What is wrong.
    fn check_with<'c>(&'c self, context: &'c Context) -> BoxFuture<'c, Result>;
}

/// Marks that an indicator is a [`HealthIndicator`], and no function.
pub struct Itself;

#[diagnostic::do_not_recommend]
impl<H: HealthIndicator> Indicator<Itself> for H {
    fn states() -> Vec<StateNeed> {
        Vec::new()
    }

    fn check_with<'c>(&'c self, _: &'c Context) -> BoxFuture<'c, Result> {
        self.check()
    }
}

/// A function whose arguments live for so long. What it answers cannot be named for all lifetimes at once.
pub trait Asked<'c, Arguments> {
    /// What it answers.
    type Answer: Future<Output = Result<(), Self::Error>> + Send + 'c;

    /// What may be wrong.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// Calls it.
    fn ask(&'c self, arguments: Arguments) -> Self::Answer;
}

macro_rules! functions {
    ($( ($($state:ident)*) )*) => { $(
        #[allow(non_snake_case, reason = "an argument is called as its type")]
        impl<'c, F, Answer, E, $($state),*> Asked<'c, ($($state,)*)> for F
        where
            F: Fn($($state),*) -> Answer + 'c,
            Answer: Future<Output = Result<(), E>> + Send + 'c,
            E: Into<Box<dyn StdError + Send + Sync>>,
        {
            type Answer = Answer;
            type Error = E;

            fn ask(&'c self, ($($state,)*): ($($state,)*)) -> Answer {
                self($($state),*)
            }
        }

        impl<F, $($state: StateValue),*> Indicator<($($state,)*)> for F
        where
            F: for<'c> Asked<'c, ($(State<&'c $state>,)*)> + Send + Sync + 'static,
        {
            fn states() -> Vec<StateNeed> {
                vec![$( StateNeed::of::<$state>() ),*]
            }

            fn check_with<'c>(&'c self, _context: &'c Context) -> BoxFuture<'c, Result> {
                Box::pin(async move {
                    let asking = self.ask(($( State::<&$state>::from_context(_context)?, )*));
                    asking.await.map_err(|error| Error::from_boxed(error.into()))
                })
            }
        }
    )* };
}
functions! { () (A) (A B) (A B C) (A B C D) (A B C D G) (A B C D G H) }
