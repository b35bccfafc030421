//! `[access_log]`.

use super::given::Given;
use crate::operations::AccessLog;
use crate::settings::{Choice, Section, Switch, Text, flag};

pub(super) fn read(root: &mut Section<'_>) -> Given<AccessLog> {
    let mut section = match root.switch("access_log") {
        Switch::Off => return Given::default(),
        Switch::On(section) | Switch::Unsaid(section) => section,
    };
    let form = section.take("form", Choice(FORMS), "combined");
    let mut log = form.unwrap_or(AccessLog::combined)();
    let stdout = section.take_placed("stdout", flag(), "false");
    let is_to_stdout = matches!(stdout, Some((true, _)));
    match section.take("file", Text, "(standard error)") {
        // Nothing is opened, for a server that does not start leaves no file behind.
        Some(_) if is_to_stdout => {
            if let Some((_, origin)) = stdout {
                section.problem(
                    origin,
                    "stdout",
                    "lines go to standard output or to `file`: keep one of them",
                );
            }
        }
        Some(path) => log = log.file(path),
        None if is_to_stdout => log = log.stdout(),
        None => {}
    }
    let given = Given::of(&section, log);
    section.finish();
    given
}

type Form = fn() -> AccessLog;

const FORMS: &[(&str, Form)] =
    &[("common", AccessLog::common), ("combined", AccessLog::combined), ("json", AccessLog::json)];
