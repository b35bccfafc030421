//! `[tracing]`.

use super::given::Given;
use crate::operations::Tracing;
use crate::settings::{Section, flag};

pub(super) fn read(root: &mut Section<'_>) -> Given<Tracing> {
    let mut section = root.section("tracing");
    let mut tracing = Tracing::new();
    if let Some(makes) = section.take("spans", flag(), "false") {
        tracing = tracing.spans(makes);
    }
    if let Some(trusts) = section.take("trust_everyone", flag(), "false") {
        tracing = tracing.trust_everyone(trusts);
    }
    let given = Given::of(&section, tracing);
    section.finish();
    given
}
