//! One line on the console, being put together.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use tracing::Level;
use tracing::field::{Field, Visit};

use crate::app::MAPPED;
use crate::base::date::{civil, parts};
use crate::base::{Logged, LoggedLines};

/// One line being put together. Control characters become escapes, so that no event can forge a second line.
pub(super) struct Line {
    pub(super) text: String,
    /// What is said is a table, and its lines stay lines.
    is_table: bool,
}

impl Line {
    /// Time, thread, target and line, level.
    pub(super) fn begin(target: &str, line: Option<u32>, level: Level) -> Line {
        let (days, hour, minute, second, milli) = parts(SystemTime::now());
        let (year, month, day) = civil(days);
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let mut text = String::with_capacity(160);
        let _ = write!(
            text,
            "[{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milli:03}Z]-[{name}]-[{target}"
        );
        if let Some(line) = line {
            let _ = write!(text, ":{line}");
        }
        let _ = write!(text, "] {level:5}: ");
        Line { text, is_table: target == MAPPED }
    }

    pub(super) fn end(mut self) -> String {
        self.text.push('\n');
        self.text
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if ANSWERED.contains(&field.name()) {
            return;
        }
        if field.name() != "message" {
            let _ = write!(self.text, " {}=", field.name());
        }
        if self.is_table {
            let _ = write!(self.text, "{}", LoggedLines(&format!("{value:?}")));
            return;
        }
        let _ = write!(self.text, "{}", Logged(format_args!("{value:?}")));
    }
}

/// What the text of an access line tells already.
const ANSWERED: [&str; 5] =
    ["http.request.method", "url.path", "url.query", "http.response.status_code", "http.response.body.size"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_when_who_and_where() {
        let line = Line::begin("vernal::access", Some(7), Level::INFO);
        let test = "server::console::line::tests::a_line_begins_with_when_who_and_where";
        assert!(line.text.ends_with(&format!("Z]-[{test}]-[vernal::access:7] INFO : ")), "{}", line.text);
    }
}
