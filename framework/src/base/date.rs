//! The lines that most answers have in common, put together once a second: `Date` (RFC 9110, section 6.6.1; httpdate
//! does the formatting), `Server` and the content type. And days of the calendar.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;

thread_local! {
    static CACHE: RefCell<Cache> = const { RefCell::new(Cache { second: 0, source: 0, content_type: "", lines: Vec::new() }) };
}

struct Cache {
    second: u64,
    source: u64,
    content_type: &'static str,
    lines: Vec<u8>,
}

/// A `Server` line, and a number that no other line of this process has: comparing it is cheaper than the bytes.
#[derive(Clone)]
pub(crate) struct ServerLine {
    id: u64,
    line: Vec<u8>,
    /// What stands in it.
    #[cfg(feature = "http2")]
    value: Option<http::HeaderValue>,
}

impl ServerLine {
    /// A line with its line end, or nothing.
    pub(crate) fn new(line: Vec<u8>) -> ServerLine {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        ServerLine {
            id: NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            #[cfg(feature = "http2")]
            value: line
                .iter()
                .position(|byte| *byte == b':')
                .and_then(|colon| http::HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()),
            line,
        }
    }

    /// The value of the `Server` field, if there is to be one.
    #[cfg(feature = "http2")]
    pub(crate) fn value(&self) -> Option<&http::HeaderValue> {
        self.value.as_ref()
    }

    /// Lends `date: …\r\n` for the second `now` (seconds since 1970), the server's line, and `content-type: …\r\n`
    /// unless the type is empty.
    #[inline]
    pub(crate) fn with_lines<R>(
        &self,
        now: u64,
        content_type: &'static str,
        use_lines: impl FnOnce(&[u8]) -> R,
    ) -> R {
        CACHE.with_borrow_mut(|cache| {
            let is_same_type = std::ptr::eq(cache.content_type.as_ptr(), content_type.as_ptr())
                && cache.content_type.len() == content_type.len();
            if cache.second != now || cache.source != self.id || !is_same_type {
                self.format(now, content_type, cache);
            }
            use_lines(&cache.lines)
        })
    }

    #[cold]
    fn format(&self, now: u64, content_type: &'static str, cache: &mut Cache) {
        (cache.second, cache.source, cache.content_type) = (now, self.id, content_type);
        let date = HttpDate::from(UNIX_EPOCH + Duration::from_secs(now));
        cache.lines.clear();
        write!(cache.lines, "date: {date}\r\n").expect("a Vec takes everything");
        cache.lines.extend_from_slice(&self.line);
        if !content_type.is_empty() {
            for part in [b"content-type: ", content_type.as_bytes(), b"\r\n"] {
                cache.lines.extend_from_slice(part);
            }
        }
    }
}

#[cfg(feature = "http2")]
thread_local! {
    static DATE: RefCell<Option<(u64, http::HeaderValue)>> = const { RefCell::new(None) };
}

/// The value of a `Date` field for a second since 1970, made once for each.
#[cfg(feature = "http2")]
pub(crate) fn value(now: u64) -> http::HeaderValue {
    DATE.with_borrow_mut(|known| match known {
        Some((second, value)) if *second == now => value.clone(),
        _ => {
            let date = HttpDate::from(UNIX_EPOCH + Duration::from_secs(now)).to_string();
            let value = http::HeaderValue::try_from(date).expect("a date is a value");
            *known = Some((now, value.clone()));
            value
        }
    })
}

/// Seconds since 1970.
pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Year, month and day of the Gregorian calendar, from days since 1970-01-01. Years begin with March here, so that the leap
/// day is the last.
pub(crate) fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// A moment in parts: days, hours, minutes, seconds and milliseconds of UTC.
pub(crate) fn parts(at: SystemTime) -> (u64, u64, u64, u64, u32) {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let second = since.as_secs();
    (second / 86_400, second / 3600 % 24, second / 60 % 60, second % 60, since.subsec_millis())
}

/// A moment as RFC 3339 has it.
pub(crate) struct Rfc3339(pub(crate) SystemTime);

impl Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hour, minute, second, milli) = parts(self.0);
        let (year, month, day) = civil(days);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_follow_second_server_and_type() {
        let (one, none) = (ServerLine::new(b"server: a\r\n".to_vec()), ServerLine::new(Vec::new()));
        let table = [
            (&none, 784_111_777, "", "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
            (&none, 784_111_778, "", "date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"),
            (&one, 784_111_778, "", "date: Sun, 06 Nov 1994 08:49:38 GMT\r\nserver: a\r\n"),
            (
                &one,
                784_111_778,
                "a/b",
                "date: Sun, 06 Nov 1994 08:49:38 GMT\r\nserver: a\r\ncontent-type: a/b\r\n",
            ),
            (&none, 784_111_778, "", "date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"),
        ];
        for (server, second, content_type, text) in table {
            server.with_lines(second, content_type, |lines| assert_eq!(std::str::from_utf8(lines), Ok(text)));
        }
    }

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
}
