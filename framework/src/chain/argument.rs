//! What functions with `#[request_filter]` take beside the context. For generated code.

use super::context::FilterContext;
use super::filter::Next;
use crate::bind::{FromContext, State, StateNeed, StateReference};
use crate::http::{Context, Error, Result};

/// An argument of a filter besides its context: the rest of the chain, or a state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a filter",
    label = "vernal does not know how to fill this argument",
    note = "a filter takes `cx: &mut FilterContext<'_>`, `next: Next<'_>` and `State<&T>`; read everything else from `cx.request`"
)]
pub trait FilterArgument<'c>: Sized {
    /// Whether this takes the rest of the chain.
    const TAKES_NEXT: bool;
    /// The state this needs.
    const STATE: Option<StateNeed>;

    /// Makes the argument.
    ///
    /// # Errors
    /// There is no such state, or two arguments take the rest of the chain.
    fn take(next: &mut Option<Next<'c>>, context: &'c Context) -> Result<Self>;
}

impl<'c> FilterArgument<'c> for Next<'c> {
    const TAKES_NEXT: bool = true;
    const STATE: Option<StateNeed> = None;

    fn take(next: &mut Option<Next<'c>>, _: &'c Context) -> Result<Next<'c>> {
        next.take().ok_or_else(|| Error::internal("two arguments of a filter take `Next`"))
    }
}

impl<'c, T: StateReference<'c>> FilterArgument<'c> for State<T> {
    const TAKES_NEXT: bool = false;
    const STATE: Option<StateNeed> = Some(T::NEED);

    fn take(_: &mut Option<Next<'c>>, context: &'c Context) -> Result<State<T>> {
        State::from_context(context)
    }
}

/// The states and controllers behind a chain. For generated code.
pub fn context_of<'c>(next: &Next<'c>) -> &'c Context {
    next.context()
}

/// Goes on after a filter that takes no `next`, unless it has answered. For generated code.
pub async fn go_on(cx: &mut FilterContext<'_>, next: Next<'_>) {
    if !cx.response.is_answered() {
        next.run(cx).await;
    }
}
