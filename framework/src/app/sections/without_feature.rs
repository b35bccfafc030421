//! What a feature that is off would take.

use crate::settings::{Kind, Node, Section};

/// A section or key that this build knows nothing of.
pub(super) fn refuse(section: &mut Section<'_>, name: &'static str, feature: &'static str) {
    section.take(name, WithoutFeature(feature), "");
}

/// Nothing that can be written.
struct WithoutFeature(&'static str);

impl Kind for WithoutFeature {
    type Value = ();

    fn name(&self) -> String {
        format!("needs the feature `{}`", self.0)
    }

    fn expected(&self) -> String {
        format!("nothing, since vernal's feature `{}` is off", self.0)
    }

    fn read(&self, _: &Node) -> Option<()> {
        None
    }
}
