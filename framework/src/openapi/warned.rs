//! Types without a schema are told of once, however often a description is made.

use std::sync::OnceLock;

use crate::base::say;

/// Whether somebody was told.
#[derive(Default)]
pub(crate) struct Warned(OnceLock<()>);

impl Warned {
    /// Tells of what cannot be described, unless that was told.
    pub(crate) fn of(&self, unknown: &[String]) {
        self.0.get_or_init(|| {
            for warning in unknown {
                say!(warn, "{warning}");
            }
        });
    }
}
