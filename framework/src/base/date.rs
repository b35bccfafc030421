//! The `Date` line, formatted once a second (RFC 9110, section 6.6.1); httpdate does the formatting.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

thread_local! {
    static LINES: RefCell<(u64, Vec<u8>)> = const { RefCell::new((0, Vec::new())) };
}

/// Lends `date: …\r\n` for the second `now` (seconds since 1970), followed by `more`, which is lines of the same kind.
#[inline]
pub(crate) fn with_lines<R>(now: u64, more: &[u8], use_lines: impl FnOnce(&[u8]) -> R) -> R {
    LINES.with_borrow_mut(|(second, lines)| {
        if *second != now || lines.get(DATE_LINE..) != Some(more) {
            *second = now;
            format_lines(now, more, lines);
        }
        use_lines(lines)
    })
}

#[cold]
fn format_lines(now: u64, more: &[u8], lines: &mut Vec<u8>) {
    lines.clear();
    lines.extend_from_slice(b"date: ");
    lines.extend_from_slice(httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now)).as_bytes());
    lines.extend_from_slice(b"\r\n");
    lines.extend_from_slice(more);
}

/// `date: Sat, 21 Nov 2026 00:00:00 GMT` with its line end.
const DATE_LINE: usize = 37;

/// Seconds since 1970.
pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_follows_the_second() {
        for (second, text) in [
            (784_111_777, "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
            (784_111_778, "date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"),
        ] {
            with_lines(second, b"", |lines| assert_eq!(std::str::from_utf8(lines), Ok(text)));
            with_lines(second, b"server: a\r\n", |lines| assert!(lines.ends_with(b"GMT\r\nserver: a\r\n")));
        }
    }
}
