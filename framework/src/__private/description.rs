//! What generated code calls to describe an operation: see `openapi`.

pub use crate::contract::{Answers, Found, Messages, Probe};
pub use crate::openapi::{
    Constraints, DefaultValue, DescribedArgument, DescribedAs, DescribedOwner, DescribedResponse, Operation,
    probe_of, probe_of_future, unreached,
};
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

/// Adds the types with schemas that the type of an argument consists of.
#[doc(hidden)]
#[macro_export]
macro_rules! __probe_argument {
    ($ty:ty, $found:ident) => {{
        #[allow(unused_imports)]
        use $crate::__private::description::probing::*;
        let whole = $crate::__private::Probe::<$ty>::new();
        (&&whole).add($found);
        let inner = (&&whole).peel();
        (&&inner).add($found);
        let inner = (&&inner).peel();
        (&&inner).add($found);
        let inner = (&&inner).peel();
        (&&inner).add($found);
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
        let error = (&&error).peel();
        (&&error).add($found);
        let inner = (&&whole).peel();
        (&&inner).add($found);
        let inner = (&&inner).peel();
        (&&inner).add($found);
        let inner = (&&inner).peel();
        (&&inner).add($found);
        let unwrapped = (&&whole).unwrapped();
        let unwrapped = (&&unwrapped).unwrapped();
        let part = (&&unwrapped).first();
        let part = (&&part).peel();
        (&&part).add($found);
        let part = (&&part).peel();
        (&&part).add($found);
        let part = (&&unwrapped).second();
        let part = (&&part).peel();
        (&&part).add($found);
        let part = (&&part).peel();
        (&&part).add($found);
        let part = (&&unwrapped).third();
        let part = (&&part).peel();
        (&&part).add($found);
        let part = (&&part).peel();
        (&&part).add($found);
    }};
}
