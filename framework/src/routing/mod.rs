//! From a request's method, path and narrowing values to the one mapping that answers it.
//!
//! Built once from the registry and frozen. Paths without variables cost one hash lookup; the others go
//! through a tree of segments; regular expressions come last, in order. Nothing here knows requests or
//! answers as such, only the [`Facts`] that mappings speak of.

mod condition;
mod draft;
mod entry;
mod facts;
mod filters;
mod methods;
mod narrowing;
mod protocols;
mod router;
mod search;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use entry::Entry;
pub(crate) use facts::Facts;
pub(crate) use router::{Contents, Found, Router};
