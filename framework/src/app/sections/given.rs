//! What a section makes, unless the program has made it.

use crate::base::say;
use crate::settings::Section;

/// What a section makes, and where its values were written.
pub(crate) struct Given<T> {
    pub(super) value: Option<T>,
    places: Vec<String>,
}

impl<T> Default for Given<T> {
    fn default() -> Given<T> {
        Given { value: None, places: Vec::new() }
    }
}

impl<T> Given<T> {
    pub(super) fn of(section: &Section<'_>, value: T) -> Given<T> {
        let value = section.is_given().then_some(value);
        Given { value, places: section.places() }
    }

    /// What it makes, for those who fill it in key by key.
    pub(crate) fn into_value(self) -> Option<T> {
        self.value
    }

    /// Fills what the program has not set; says so where it has.
    pub(crate) fn fill(self, set: &mut Option<T>, setter: &str) {
        self.fill_by(set, setter, |value| value);
    }

    /// The same, of what has to be made first.
    pub(crate) fn fill_by<M>(self, set: &mut Option<M>, setter: &str, make: impl FnOnce(T) -> M) {
        match self.value {
            Some(_) if set.is_some() && !self.places.is_empty() => say!(
                warn,
                "{} not looked at, since the program calls `{setter}(…)`, which sets all of them",
                listed(&self.places)
            ),
            Some(value) if set.is_none() => *set = Some(make(value)),
            _ => {}
        }
    }
}

fn listed(places: &[String]) -> String {
    let are = if places.len() == 1 { "is" } else { "are" };
    format!("{} {are}", places.join(", "))
}
