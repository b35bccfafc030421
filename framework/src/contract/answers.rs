//! What an answer may be.

use std::borrow::Cow;

use super::Schema;

/// What a type that is answered with may become, for the description of the API. The parts of a tuple describe one answer.
///
/// ```
/// use vernal::contract::Answers;
/// use vernal::{Responder, Response, Result};
///
/// struct Created<T>(T);
///
/// impl<T: Responder> Responder for Created<T> {
///     fn respond(self, res: &mut Response) -> Result {
///         (201, self.0).respond(res)
///     }
///
///     fn describe(answers: &mut Answers) {
///         answers.status(201);
///         T::describe(answers);
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Answers {
    pub(crate) answer: Answer,
    /// Those that come instead.
    pub(crate) others: Vec<Answer>,
    /// Errors by their statuses, each with what it means.
    pub(crate) errors: Vec<(u16, Cow<'static, str>)>,
    /// Any error may come.
    pub(crate) fails: bool,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) statuses: Statuses,
    pub(crate) content: Vec<(&'static str, Schema)>,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    /// A stream of items of the schema, for documents that know streams.
    pub(crate) is_stream: bool,
}

/// The statuses of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Statuses {
    /// Nothing says one: 200.
    #[default]
    Usual,
    /// These.
    Of(Vec<u16>),
    /// One that is known at run time, beginning with this digit.
    Class(u8),
    /// One of an error that is known at run time.
    Error,
    /// Any.
    Any,
}

impl Answers {
    #[cfg(feature = "openapi")]
    pub(crate) fn new() -> Answers {
        Answers { answer: Answer::default(), others: Vec::new(), errors: Vec::new(), fails: false }
    }

    /// It has this status, unless another part has said one.
    pub fn status(&mut self, status: u16) {
        self.statuses(Statuses::Of(vec![status]));
    }

    /// It has a body of this media type, unless another part has brought one.
    pub fn body(&mut self, media_type: &'static str, schema: Schema) {
        self.bodies(&[media_type], schema);
    }

    /// It has this header field, for that purpose.
    pub fn header(&mut self, name: &'static str, purpose: &'static str) {
        self.answer.headers.push((name, purpose));
    }

    /// It may be an error of this status instead.
    pub fn error(&mut self, status: u16, meaning: impl Into<Cow<'static, str>>) {
        self.errors.push((status, meaning.into()));
    }

    /// It may be any error instead.
    pub fn fails(&mut self) {
        self.fails = true;
    }

    /// It may be what `describe` says instead.
    pub fn instead(&mut self, describe: impl FnOnce(&mut Answers)) {
        let before = std::mem::take(&mut self.answer);
        describe(self);
        let other = std::mem::replace(&mut self.answer, before);
        self.others.push(other);
    }

    pub(crate) fn statuses(&mut self, statuses: Statuses) {
        if self.answer.statuses == Statuses::Usual {
            self.answer.statuses = statuses;
        }
    }

    /// It is that of an error, which says its status at run time, if at all.
    #[cfg(feature = "openapi")]
    pub(crate) fn is_of_error(&mut self) {
        match self.answer.statuses {
            Statuses::Usual => self.status(500),
            Statuses::Class(2) => self.answer.statuses = Statuses::Error,
            _ => {}
        }
    }

    pub(crate) fn bodies(&mut self, media_types: &[&'static str], schema: Schema) {
        if self.answer.content.is_empty() {
            self.answer.content.extend(media_types.iter().map(|media_type| (*media_type, schema.clone())));
        }
    }

    pub(crate) fn stream(&mut self) {
        self.answer.is_stream = true;
    }
}
