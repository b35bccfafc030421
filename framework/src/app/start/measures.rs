//! What measures an application.

use std::sync::Arc;

use crate::http::Context;
use crate::operations::{Actuating, Measures, Metrics, Vitals};
use crate::session::Sessions;

/// The measures that were asked for, with what there is to be measured.
pub(super) fn build(
    metrics: Option<Metrics>,
    actuating: Option<&Actuating>,
    context: &mut Context,
    mappings: usize,
    problems: &mut Vec<String>,
) -> Option<Box<Measures>> {
    let metrics = metrics?;
    let Some(actuating) = actuating else {
        problems.push(
            "metrics are shown by an actuator: give one too, `.actuator(Actuator::new().port(9091))`"
                .to_owned(),
        );
        return None;
    };
    let tally = Arc::default();
    context.tally = Some(Arc::clone(&tally));
    let (sessions, lives) = (Sessions::of(context).cloned(), Arc::clone(&actuating.lives));
    let vitals = Vitals { tally, sessions, lives };
    match Measures::new(metrics, mappings, vitals) {
        Ok(measures) => Some(Box::new(measures)),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}
