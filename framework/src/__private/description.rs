//! What generated code calls to describe an operation: see `openapi`.

pub use crate::contract::{Answers, Found, Messages, Probe};
pub use crate::openapi::{
    Channel, Constraints, DefaultValue, DescribedArgument, DescribedAs, DescribedEvent, DescribedFilter,
    DescribedFrame, DescribedMessage, DescribedOwner, DescribedPage, DescribedResponse, Operation, probe_of,
    probe_of_future, unreached,
};
pub use crate::websocket::{FromMessage, IntoMessage};
pub use crate::{__probe_answer as probe_answer, __probe_argument as probe_argument};

/// What the description of the API needs in scope: `use ::vernal::__private::describing::*;`.
pub mod describing {
    pub use crate::openapi::{
        DefaultKnown as _, DefaultUnknown as _, DefaultWithin as _, DescribeEither as _,
        DescribeNothing as _, DescribePlain as _, DescribeWords as _,
    };
}

/// What asks for schemas needs in scope.
pub mod probing {
    pub use crate::contract::{
        ProbeBare as _, ProbeError as _, ProbeFirst as _, ProbeNoError as _, ProbeNoFirst as _,
        ProbeNoSecond as _, ProbeNoThird as _, ProbeNothing as _, ProbePeel as _, ProbeSchema as _,
        ProbeSecond as _, ProbeThird as _, ProbeUnwrap as _, ProbeWhole as _,
    };
}

/// Adds the types with schemas inside what is asked, as many levels down as there are marks.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe_inside {
    ($probe:expr, $found:ident,) => {};
    ($probe:expr, $found:ident, * $($more:tt)*) => {{
        let inner = (&&$probe).peel();
        (&&inner).add($found);
        $crate::__probe_inside!(inner, $found, $($more)*);
    }};
}

/// Adds the types with schemas that the type of an argument consists of.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe_argument {
    ($ty:ty, $found:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::description::probing::*;
        let whole = $crate::__private::Probe::<$ty>::new();
        (&&whole).add($found);
        $crate::__probe_inside!(whole, $found, * * *);
    }};
}

/// Adds the types with schemas that an answer consists of.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe_answer {
    ($probe:expr, $found:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::description::probing::*;
        let whole = $probe;
        let error = (&&whole).error();
        $crate::__probe_inside!(error, $found, *);
        $crate::__probe_inside!(whole, $found, * * *);
        let unwrapped = (&&whole).unwrapped();
        let unwrapped = (&&unwrapped).unwrapped();
        let part = (&&unwrapped).first();
        $crate::__probe_inside!(part, $found, * *);
        let part = (&&unwrapped).second();
        $crate::__probe_inside!(part, $found, * *);
        let part = (&&unwrapped).third();
        $crate::__probe_inside!(part, $found, * *);
    }};
}
