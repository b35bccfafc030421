//! What few requests have.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::beginnings::Beginnings;
use super::{Cookies, Kept, Trailers};
use crate::proto::TraceContext;

/// What is made when it is first asked for; few requests have any of it.
#[derive(Default)]
pub(super) struct Rare {
    pub(super) cookies: OnceLock<Cookies>,
    pub(super) json: OnceLock<Option<Value>>,
    /// The body as [`integral`](crate::base::integral) writes it.
    pub(super) integral: OnceLock<Option<Vec<u8>>>,
    /// The same without the signs of zeros.
    pub(super) without_signs: OnceLock<Option<Vec<u8>>>,
    pub(super) beginnings: OnceLock<Arc<Beginnings>>,
    pub(super) kept: OnceLock<Arc<dyn Kept>>,
    pub(super) id: OnceLock<Box<str>>,
    pub(super) trailers: OnceLock<Trailers>,
    pub(super) trace: OnceLock<TraceContext>,
    pub(super) is_watched: AtomicBool,
}
