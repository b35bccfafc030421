//! Who answers a request, as routing decided.

use crate::bind::BodyUse;
use crate::chain::Unmapped;
use crate::resources::Found;
use crate::routing::Entry;

/// What routing decided about a request.
pub(crate) enum Target<'a> {
    /// A mapping answers.
    Entry(&'a Entry),
    /// Resources may have it.
    Resource(Found),
    /// Nobody does but the application itself.
    Unmapped(Unmapped),
}

impl From<Unmapped> for Target<'_> {
    #[inline]
    fn from(unmapped: Unmapped) -> Self {
        Target::Unmapped(unmapped)
    }
}

impl Target<'_> {
    /// Nothing is mapped to this path.
    pub(crate) const NOT_FOUND: Target<'static> = Target::Unmapped(Unmapped::NotFound);

    /// How the handler uses the body.
    pub(super) fn body_use(&self) -> BodyUse {
        match self {
            Target::Entry(entry) => entry.route.needs.body,
            _ => BodyUse::None,
        }
    }
}
