//! `#[arg(valid)]` without the feature `validation`: words for the compiler to say.

use std::marker::PhantomData;

use super::constraint::Origin;
use super::dispatch::Profiled;
use crate::http::{Arg, Result};

/// Asks how a `T` is validated.
pub struct Rules<T>(PhantomData<fn() -> T>);

impl<T> Rules<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "only ever written by macros")]
    pub const fn new() -> Rules<T> {
        Rules(PhantomData)
    }

    /// The only answer.
    pub const fn kind(&self) {}
}

/// What the question needs in scope.
pub mod asking {}

/// A type that can be valid. Implemented by nothing; its message tells what to write.
#[diagnostic::on_unimplemented(
    message = "`#[arg(valid)]` needs the feature `validation` of vernal",
    label = "write `vernal = {{ version = \"…\", features = [\"validation\"] }}` into Cargo.toml"
)]
pub trait Ruled {}

/// Nothing is asked.
pub fn asked<T, K, B: Profiled<T>>(_: K, _: B) {}

/// Nothing is asked.
pub fn asked_of_message<K>(_: K) {}

/// Never called.
///
/// # Errors
/// Nothing was bound.
pub fn valid<T: Ruled, K>(_: K, bound: Result<T>, _: impl Origin, _: &'static Arg) -> Result<T> {
    bound
}
