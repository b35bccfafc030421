//! Why parameters do not make a type: serde's complaints, with the name of the parameter they are about.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Expected, Unexpected};

use super::noted::note;
use crate::base::SECRET;
use crate::http::{BindingError, Error, Source, flawed, shortened};

/// Why the parameters do not make the type, and which of them.
#[derive(Debug)]
pub(super) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    problem: Problem,
    field: Option<String>,
    got: Option<String>,
    source: Source,
}

#[derive(Debug)]
pub(super) enum Problem {
    Missing,
    /// A list has no element, and needs one.
    NoElement,
    /// What came is of another type.
    Mismatched(String),
    Unfit(String),
    Flawed(Cow<'static, str>),
    /// The type holds a structure there.
    Nested,
    Unknown(&'static [&'static str]),
    Other(String),
}

impl Failure {
    pub(super) fn of(problem: Problem) -> Failure {
        Failure(Box::new(Inner { problem, field: None, got: None, source: Source::Parameter }))
    }

    /// A value that is no such number or boolean.
    pub(super) fn of_conversion(error: &Error) -> Failure {
        let expected = error.binding().map_or("a valid value", |binding| &binding.expected);
        Failure::of(Problem::Unfit(expected.to_owned()))
    }

    /// Whether a list has no element.
    pub(super) fn is_of_list(&self) -> bool {
        matches!(self.0.problem, Problem::NoElement)
    }

    /// Whether a type complained about the type that it was given.
    pub(super) fn is_of_type(&self) -> bool {
        matches!(self.0.problem, Problem::Mismatched(_))
    }

    /// Whether a type complained about the value that it was given.
    pub(super) fn is_of_value(&self) -> bool {
        matches!(self.0.problem, Problem::Unfit(_))
    }

    /// Says where it happened, unless that is known already.
    pub(super) fn named(mut self, field: &str, got: Option<&str>, source: Source) -> Failure {
        if self.0.field.is_none() {
            self.0.field = Some(field.to_owned());
            let is_secret = matches!(&self.0.problem, Problem::Other(text) if text.starts_with(SECRET));
            self.0.got = got.filter(|_| !is_secret).map(str::to_owned);
            self.0.source = source;
        }
        self
    }

    /// The error to answer with; `name` is the argument's.
    pub(super) fn into_error(self, name: &str) -> Error {
        let Inner { problem, field, got, source } = *self.0;
        let parameter = field.unwrap_or_else(|| name.to_owned());
        let raw = got.unwrap_or_default();
        let binding = |expected: Cow<'static, str>| {
            BindingError::new(parameter.clone(), source, expected, Some(shortened(&raw)))
        };
        let shown = crate::base::shown(&parameter);
        match problem {
            Problem::Missing | Problem::NoElement => Error::missing(parameter, source, "a value"),
            Problem::Mismatched(expected) | Problem::Unfit(expected) => {
                Error::of_binding(binding(expected.into()))
            }
            Problem::Flawed(flaw) => flawed(&parameter, &raw, &flaw),
            Problem::Nested => Error::internal(format!(
                "the field `{shown}` is a structure, but parameters are flat: take the value as JSON with \
                 `vernal::Json`, or as text"
            ))
            .at_binding(binding("one flat value".into())),
            Problem::Unknown(known) => Error::bad_request(format!(
                "{source}[{shown}] is not known here; known are: {}.",
                known.join(", ")
            ))
            .at_binding(binding("left out".into())),
            Problem::Other(text) => Error::bad_request(format!("{source}[{shown}]: {text}."))
                .at_binding(binding(text.clone().into())),
        }
    }
}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(text: T) -> Failure {
        Failure::of(Problem::Other(text.to_string()))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        note(&unexpected, expected);
        Failure::of(Problem::Mismatched(expected.to_string()))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        note(&unexpected, expected);
        Failure::of(Problem::Unfit(expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Failure {
        Failure::of(Problem::Unfit(expected.to_string()))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Failure {
        let expected = if known.len() > 1 { "one of " } else { "" };
        Failure::of(Problem::Unfit(format!("{expected}{}", known.join(", "))))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Failure {
        Failure::of(Problem::Unknown(known))
    }

    fn missing_field(field: &'static str) -> Failure {
        Failure::of(Problem::Missing).named(field, None, Source::Parameter)
    }

    fn duplicate_field(field: &'static str) -> Failure {
        Failure::custom("came twice").named(field, None, Source::Parameter)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.problem)
    }
}

impl std::error::Error for Failure {}
