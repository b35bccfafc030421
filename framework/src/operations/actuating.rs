//! What is behind an [`Actuator`] while its application runs.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::actuator::Actuator;
use super::health::{GivenIndicator, Indicators, StoreHealth};
use super::life::Lives;
use crate::chain::AnyFilter;
use crate::contract::Guards;
use crate::http::Context;
use crate::routing::Router;
use crate::session::Sessions;

/// See the head of this file.
pub(crate) struct Actuating {
    pub(crate) base: String,
    /// Whether it stands on a port of its own.
    has_own_port: bool,
    pub(crate) indicators: Indicators,
    pub(crate) info: Vec<(String, Value)>,
    /// When the application began.
    pub(crate) began: SystemTime,
    /// The servers that serve the application.
    pub(crate) lives: Arc<Lives>,
}

impl Actuating {
    pub(crate) fn new(actuator: Actuator, context: &Context) -> Actuating {
        let (base, timeout) = (actuator.base().to_owned(), actuator.timeout_or_usual());
        let mut all = actuator.indicators;
        if let Some(store) = Sessions::of(context).and_then(StoreHealth::of) {
            all.push(GivenIndicator::built_in("sessions", store));
        }
        Actuating {
            base,
            has_own_port: actuator.port.is_some(),
            indicators: Indicators::new(all, timeout),
            info: actuator.info,
            began: SystemTime::now(),
            lives: Arc::default(),
        }
    }

    /// What is wrong if strangers may ask.
    pub(crate) fn unguarded(&self, router: &Router) -> Option<String> {
        if self.has_own_port {
            return None;
        }
        let base = &self.base;
        let always = router.filters_always_run_for(&format!("{base}/**"));
        if always.iter().any(authenticates) {
            return None;
        }
        Some(format!(
            "the actuator stands on the port of the application, and anybody may ask it: put a filter that authenticates over all of it, \
             `.filter(\"{base}/**\", BasicAuth::new(…))`, or give it a port of its own, `Actuator::new().port(9091)`. (A filter of yours \
             says that it authenticates by `Filter::describe`.)"
        ))
    }
}

/// Whether a filter lets nobody through who does not say who it is.
fn authenticates(filter: &AnyFilter) -> bool {
    let AnyFilter::Given(given) = filter else { return false };
    let mut guards = Guards::default();
    given.filter.describe(&mut guards);
    guards.schemes.iter().any(|(_, is_optional)| !is_optional)
}
