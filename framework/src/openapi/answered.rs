//! What a function returns, asked of the compiler as generated code asks how to answer with it: see `http::answered`. A type that
//! cannot be answered with is told of there, so here it describes nothing.

use crate::contract::{Alone, Answers};
use crate::http::{Responder, Words};

/// A `Result` whose error is a mere text.
pub trait DescribeWords {
    /// Describes it.
    fn describe(&self, answers: &mut Answers);
}

impl<T: Responder, E: Words> DescribeWords for &&&Alone<Result<T, E>> {
    fn describe(&self, answers: &mut Answers) {
        T::describe(answers);
        answers.fails();
    }
}

/// A `Result` whose error answers for itself.
pub trait DescribeEither {
    /// Describes it.
    fn describe(&self, answers: &mut Answers);
}

impl<T: Responder, E: Responder> DescribeEither for &&Alone<Result<T, E>> {
    fn describe(&self, answers: &mut Answers) {
        T::describe(answers);
        answers.instead(|answers| {
            E::describe(answers);
            answers.is_of_error();
        });
    }
}

/// An answer.
pub trait DescribePlain {
    /// Describes it.
    fn describe(&self, answers: &mut Answers);
}

impl<R: Responder> DescribePlain for &Alone<R> {
    fn describe(&self, answers: &mut Answers) {
        R::describe(answers);
    }
}

/// What is no answer.
pub trait DescribeNothing {
    /// Describes nothing.
    fn describe(&self, _: &mut Answers) {}
}

impl<R: ?Sized> DescribeNothing for Alone<R> {}

/// What a function returns that is not called.
pub fn probe_of<R>(_: impl FnOnce() -> R) -> Alone<R> {
    Alone::new()
}

/// The same for an `async fn`.
pub fn probe_of_future<F: Future>(_: impl FnOnce() -> F) -> Alone<F::Output> {
    Alone::new()
}

/// An argument of a function that is not called.
///
/// # Panics
/// It is called.
pub fn unreached<T>() -> T {
    unreachable!("nobody calls what is only asked for its type")
}
