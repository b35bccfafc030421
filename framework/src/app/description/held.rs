//! Answers are held against the description, in debug builds: a status that it does not have is told of, once for each handler.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::base::{Location, say};
use crate::openapi::DescribedStatuses;
use crate::operations::Answered;

/// What each mapping is described with, by its place and its pattern.
pub(crate) type Statuses = BTreeMap<(Location, &'static str), DescribedStatuses>;

/// See the head of this file.
#[derive(Default)]
pub(crate) struct Held {
    /// Made for the first answer.
    statuses: OnceLock<Statuses>,
    /// Mappings with statuses that were told of.
    told: Mutex<HashSet<(u32, u16)>>,
}

impl Held {
    /// Looks at an answer; `make` is asked once.
    pub(crate) fn look(&self, answered: &Answered<'_>, make: impl FnOnce() -> Statuses) {
        let Some((request, status)) = answered.understood().zip(of_application(answered.status)) else {
            return;
        };
        let Some((at, pattern)) = request.handler.zip(request.pattern()) else { return };
        let statuses = self.statuses.get_or_init(make);
        if statuses.get(&(*at, pattern)).is_none_or(|described| described.has(status)) {
            return;
        }
        let is_new =
            self.told.lock().unwrap_or_else(PoisonError::into_inner).insert((request.mapping, status));
        if is_new {
            say!(
                warn,
                "{} {pattern} has answered {status}, which the description of {at} does not have: write `responses({status} = \"…\")` into \
                 its attribute, or into that of the filter that answers so; a type or a filter of your own says it in `describe`. (In \
                 debug builds; said once.)",
                request.method
            );
        }
    }
}

/// Leaves out what the framework answers for the application, wherever it comes to that.
fn of_application(status: u16) -> Option<u16> {
    (status >= 200 && !OF_FRAMEWORK.contains(&status)).then_some(status)
}

/// Conditions and ranges, bodies that are too slow or too large, panics, and what is out of reach.
const OF_FRAMEWORK: [u16; 9] = [206, 304, 408, 412, 413, 416, 431, 500, 503];
