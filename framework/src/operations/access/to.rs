//! Where access lines go.

use std::path::PathBuf;

use super::answered::Answered;
use super::form::Form;

/// See the head of this file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum To {
    StandardError,
    StandardOutput,
    File(PathBuf),
}

/// A log that is open.
pub(crate) trait Lines: Send + Sync {
    /// Adds the line of a request.
    fn add(&self, answered: &Answered<'_>);

    /// Waits until what was added is written.
    fn flush(&self);
}

/// What opens a log. The settings hand it over, so that a program without a log has no code for it. There is one, so all are equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open(pub(super) fn(Form, &To) -> Opened);

/// The open log, or why there is none.
pub(super) type Opened = Result<Box<dyn Lines>, String>;

impl PartialEq for Open {
    fn eq(&self, _: &Open) -> bool {
        true
    }
}

impl Eq for Open {}
