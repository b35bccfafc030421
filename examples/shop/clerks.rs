//! Those who may change what is sold, known by a token.

use schemars::JsonSchema;
use serde::Serialize;
use vernal::security::{Identity, constant_time_eq};
use vernal::{Json, request_map};

#[derive(Clone, Serialize, JsonSchema)]
pub struct Clerk {
    name: &'static str,
}

/// Whose token it is; a real shop would ask whoever gave it out.
pub async fn clerk_of(token: String) -> Option<Clerk> {
    constant_time_eq(token, "t0ken").then_some(Clerk { name: "ann" })
}

/// Tells who one is.
#[request_map("/clerk", method = "GET")]
fn who(Identity(clerk): Identity<&Clerk>) -> Json<Clerk> {
    Json(clerk.clone())
}
