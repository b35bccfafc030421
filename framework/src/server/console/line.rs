//! One line on the console, being put together.

use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::Level;
use tracing::field::{Field, Visit};

use crate::base::Logged;

/// One line being put together. Control characters become escapes, so that no event can forge a second line.
pub(super) struct Line {
    pub(super) text: String,
}

impl Line {
    /// Time, thread, target and line, level.
    pub(super) fn begin(target: &str, line: Option<u32>, level: Level) -> Line {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (year, month, day) = civil(now.as_secs() / 86_400);
        let (hour, minute, second) = (now.as_secs() / 3600 % 24, now.as_secs() / 60 % 60, now.as_secs() % 60);
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        let milli = now.subsec_millis();
        let mut text = String::with_capacity(160);
        let _ = write!(
            text,
            "[{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milli:03}Z]-[{name}]-[{target}"
        );
        if let Some(line) = line {
            let _ = write!(text, ":{line}");
        }
        let _ = write!(text, "] {level:5}: ");
        Line { text }
    }

    pub(super) fn end(mut self) -> String {
        self.text.push('\n');
        self.text
    }
}

/// Year, month and day of the Gregorian calendar, from days since 1970-01-01. Years begin with March here, so that the leap
/// day is the last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "message" {
            let _ = write!(self.text, " {}=", field.name());
        }
        let _ = write!(self.text, "{}", Logged(format_args!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let table = [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (19_782, (2024, 2, 29)),
            (20_088, (2024, 12, 31)),
            (20_089, (2025, 1, 1)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ];
        for (days, expected) in table {
            assert_eq!(civil(days), expected, "{days}");
        }
    }

    #[test]
    fn a_line_begins_with_when_who_and_where() {
        let line = Line::begin("vernal::access", Some(7), Level::INFO);
        let test = "server::console::line::tests::a_line_begins_with_when_who_and_where";
        assert!(line.text.ends_with(&format!("Z]-[{test}]-[vernal::access:7] INFO : ")), "{}", line.text);
    }
}
