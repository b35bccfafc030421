//! What generated code calls to describe an operation: see `openapi`.

use std::marker::PhantomData;

pub use crate::contract::{Alone, Answers, Found, Messages};
pub use crate::openapi::{
    Channel, Constraints, DefaultValue, DescribedArgument, DescribedAs, DescribedEvent, DescribedFilter,
    DescribedFrame, DescribedMessage, DescribedOwner, DescribedPage, DescribedResponse, Operation, probe_of,
    probe_of_future, unreached,
};
use crate::websocket::{FromMessage, IntoMessage};
pub use crate::{__probe_answer as probe_answer, __probe_argument as probe_argument};

/// What the description of the API needs in scope: `use ::vernal::__private::describing::*;`.
pub mod describing {
    pub use crate::openapi::{
        DefaultKnown as _, DefaultUnknown as _, DefaultWithin as _, DescribeEither as _,
        DescribeNothing as _, DescribePlain as _, DescribeWords as _,
    };
}

/// How a type tells of itself as a message. One that is none tells nothing: that is an error elsewhere, and told once.
pub struct Told<T>(PhantomData<fn(&T)>);

impl<T> Told<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "only ever written by macros")]
    pub const fn new() -> Told<T> {
        Told(PhantomData)
    }
}

/// One that messages are taken as.
pub trait TellsReceived {
    /// What it holds.
    fn received(&self, messages: &mut Messages);
}

impl<'m, T: FromMessage<'m>> TellsReceived for &Told<T> {
    fn received(&self, messages: &mut Messages) {
        T::describe(messages);
    }
}

/// One that is sent.
pub trait TellsSent {
    /// What it holds.
    fn sent(&self, messages: &mut Messages);
}

impl<'m, T: IntoMessage<'m>> TellsSent for &Told<T> {
    fn sent(&self, messages: &mut Messages) {
        T::describe(messages);
    }
}

/// One that is not.
pub trait TellsNothing {
    /// Nothing.
    fn received(&self, _: &mut Messages) {}

    /// Nothing.
    fn sent(&self, _: &mut Messages) {}
}

impl<T> TellsNothing for Told<T> {}

/// What describes messages needs in scope.
pub mod telling {
    pub use super::{TellsNothing as _, TellsReceived as _, TellsSent as _};
}

/// What asks for schemas needs in scope.
pub mod probing {
    pub use crate::contract::{ProbeBehind as _, ProbeInside as _, ProbeNothing as _, ProbeSchema as _};
}

/// Adds the types with schemas of a list, as many steps down as there are marks.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe_list {
    ($probe:expr, $found:ident,) => {};
    ($probe:expr, $found:ident, * $($more:tt)*) => {{
        (&&$probe).add($found);
        let next = (&&$probe).next();
        $crate::__probe_list!(next, $found, $($more)*);
    }};
}

/// Adds the types with schemas that the type of an argument consists of: of a `Result<Option<Json<T>>>`.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe_argument {
    ($ty:ty, $found:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::description::probing::*;
        let whole = $crate::__private::Alone::<$ty>::new();
        $crate::__probe_list!(whole, $found, * * * * *);
    }};
}

/// Adds the types with schemas that an answer consists of: of a `Result` of two tuples of eight parts.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe_answer {
    ($probe:expr, $found:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::description::probing::*;
        let whole = $probe;
        $crate::__probe_list!(whole, $found, * * * * * * * * * * * * * * * * * * * * * * * *);
    }};
}
