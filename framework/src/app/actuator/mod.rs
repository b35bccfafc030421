//! What an application tells those who run it, when they ask.

mod routes;
mod served;
mod told;

pub(super) use self::served::filter;
