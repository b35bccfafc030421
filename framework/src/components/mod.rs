//! Components: states that functions make of other states, once for each application, and what is called when an application
//! begins and ends.
//!
//! They are made on threads of their own, which last as long as the application: connections and tasks that a component begins
//! belong to no request and to no thread of the server. Whoever waits for one does so with a limit, and says whose it was.

mod life;
mod making;
mod plan;
mod returned;
mod workers;

pub use life::MAKING;
pub(crate) use making::Living;
pub use making::{Component, LifeFunction, Making, Moment, Work};
pub use returned::{FallibleKind, PlainKind, component, life_done, returned, returned_by};
