//! Whether an application is well, as it is told.

use serde_json::{Map, Value, json};

use super::indicators::Component;

/// Whether all is well, and what is told of it.
pub(crate) struct Report {
    pub(crate) is_well: bool,
    pub(crate) body: Value,
}

impl Report {
    /// It answers, so it lives.
    pub(crate) fn alive() -> Report {
        Report { is_well: true, body: json!({"status": UP}) }
    }

    /// It is not to be given requests any more, or not yet.
    pub(crate) fn out_of_service() -> Report {
        Report { is_well: false, body: json!({"status": "OUT_OF_SERVICE"}) }
    }

    /// What the indicators say.
    pub(crate) fn of(components: &[Component]) -> Report {
        let is_well = components.iter().all(|component| component.problem.is_none());
        let shown = components.iter().map(|Component { name, problem }| {
            let shown = match problem {
                None => json!({"status": UP}),
                Some(problem) => json!({"status": DOWN, "details": {"error": problem}}),
            };
            ((*name).to_owned(), shown)
        });
        let shown: Map<String, Value> = shown.collect();
        Report { is_well, body: json!({"status": if is_well { UP } else { DOWN }, "components": shown}) }
    }
}

const UP: &str = "UP";
const DOWN: &str = "DOWN";
