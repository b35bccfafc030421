//! What the code of components calls.

pub use crate::components::{
    Component, FallibleKind, LifeFunction, MAKING, Moment, PlainKind, Work, component, life_done, returned,
    returned_by,
};
pub use crate::http::{BoxFuture, Context, Result};
