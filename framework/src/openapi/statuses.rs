//! The statuses that an operation is described with, to hold those that are sent against them.

use std::collections::BTreeSet;

use super::operation::Operation;
use super::responses::Responses;

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct DescribedStatuses {
    /// `200`, `4XX`, or `default` where any may come.
    said: BTreeSet<String>,
    /// Any error may come, and its attribute lists none.
    fails: bool,
    /// Any error of the server may come.
    breaks: bool,
}

impl DescribedStatuses {
    /// Adds those of one of the operations that share a place and a pattern.
    pub(super) fn add(&mut self, operation: &Operation, responses: Responses) {
        let lists_errors = operation.responses.iter().any(|response| response.status >= 400);
        self.fails |= responses.fails && !lists_errors;
        self.breaks |= responses.fails;
        self.said.extend(responses.said.into_keys());
    }

    /// Whether this one is among them.
    pub(crate) fn has(&self, status: u16) -> bool {
        let class = status / 100;
        self.fails && class >= 4
            || self.breaks && class == 5
            || ["default", &status.to_string(), &format!("{class}XX")]
                .iter()
                .any(|key| self.said.contains(*key))
    }
}
