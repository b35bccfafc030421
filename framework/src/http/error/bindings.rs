//! Errors that say what is wrong with a request: failed bindings, one or several.

use std::borrow::Cow;

use ::http::StatusCode;

use super::Error;
use crate::http::binding_error::{BindingError, Source};

impl Error {
    /// A failed binding: 400 when it is missing or bad, 404 when the source is the path or a group of it.
    pub fn of_binding(binding: BindingError) -> Error {
        let is_path = matches!(binding.source, Source::Path | Source::RegGroup);
        let status = if is_path { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
        let missing = binding.got.is_none();
        let mut error = Error::of(status).explain(binding.to_string());
        error.0.message = match binding.source {
            Source::Parameter if missing => Some("Missing Parameter".into()),
            Source::Header if missing => Some("Missing Header".into()),
            Source::Cookie if missing => Some("Missing Cookie".into()),
            _ => None,
        };
        error.0.bindings.push(binding);
        error
    }

    /// Several of them, and how many there are beside those that are told. It is a 404 where all are about the path.
    #[cfg(feature = "validation")]
    pub(crate) fn of_bindings(mut bindings: Vec<BindingError>, untold: usize) -> Error {
        bindings.sort_by_key(|binding| matches!(binding.source, Source::Path | Source::RegGroup));
        let mut bindings = bindings.into_iter();
        let first = bindings.next();
        let mut error = first.map_or_else(|| Error::of(StatusCode::BAD_REQUEST), Error::of_binding);
        error.0.message = None;
        error.0.bindings.extend(bindings);
        error.0.untold = untold;
        error
    }

    /// Nothing of that name came. Defaults and `Option` turn exactly this into a value.
    pub fn missing(
        parameter: impl Into<String>,
        source: Source,
        expected: impl Into<Cow<'static, str>>,
    ) -> Error {
        Error::of_binding(BindingError::new(parameter, source, expected, None))
    }

    /// Says which argument a value's own conversion failed for. A status and a text that somebody chose stay; an
    /// error nobody gave a status to is a bad value, so it becomes the failed binding.
    #[must_use]
    pub(crate) fn at_binding(mut self, binding: BindingError) -> Error {
        let is_unknown =
            self.0.private && self.0.source.is_some() && self.0.status == StatusCode::INTERNAL_SERVER_ERROR;
        if !is_unknown && self.0.bindings.is_empty() {
            self.0.bindings.push(binding);
            return self;
        }
        let mut error = Error::of_binding(binding);
        error.0.source = self.0.source.take();
        error
    }

    /// The failed binding, if this is one; the first, if several arguments are wrong.
    pub fn binding(&self) -> Option<&BindingError> {
        self.0.bindings.first()
    }

    /// Everything that is wrong with the request, as far as it could be found out: one for each argument, and one for each place
    /// in a body that breaks a rule. Empty if this is no failed binding.
    pub fn bindings(&self) -> &[BindingError] {
        &self.0.bindings
    }

    /// How many mistakes there were beside those that [`Error::bindings`] tells: a body may hold any number of them.
    pub fn untold_bindings(&self) -> usize {
        self.0.untold
    }

    /// Whether this says that nothing came for an argument, so that a default applies.
    pub fn is_missing(&self) -> bool {
        self.binding().is_some_and(|binding| binding.got.is_none())
    }

    /// Adds what else is wrong with the request. The status stays; message and explanation are of all.
    pub(crate) fn add_bindings(&mut self, other: Error) {
        let other = *other.0;
        let known = self.0.bindings.len();
        for binding in other.bindings {
            if !self.0.bindings.contains(&binding) {
                self.0.bindings.push(binding);
            }
        }
        if self.0.bindings.len() == known {
            return;
        }
        self.0.untold += other.untold;
        if self.0.message != other.message {
            self.0.message = None;
        }
        let words: Vec<_> = [self.0.explain.take(), other.explain].into_iter().flatten().collect();
        self.0.explain = Some(words.join(" ").into());
        self.0.headers.extend(&other.headers);
    }

    /// Gives a failed binding the status that was chosen for it, in place of 400; another status stays.
    pub(crate) fn with_invalid_status(mut self, status: StatusCode) -> Error {
        let is_plain = self.0.status == StatusCode::BAD_REQUEST && !self.0.is_status_chosen;
        if is_plain && !self.0.bindings.is_empty() {
            self.0.status = status;
            self.0.is_status_chosen = true;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_binding_says_what_was_expected() {
        let error = Error::missing("age", Source::Parameter, "an integer");
        assert!(error.is_missing());
        assert_eq!(error.message_text(), "Missing Parameter");
        assert_eq!(error.explain_text(), "Parameter[age] is required: an integer.");
        assert_eq!(Error::missing("id", Source::Path, "an integer").status(), 404);
    }
}
