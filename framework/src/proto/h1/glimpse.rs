//! What a head that is refused says all the same: for which path, and for a page of which origin.
//!
//! Nothing is decided by it but which page of a browser may read the refusal.

use crate::base::is_value;

/// See the head of this file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Glimpse {
    /// As it came, without the query; a slash where none can be made out.
    pub(crate) path: Vec<u8>,
    /// The `Origin`, if there is one and only one.
    pub(crate) origin: Option<String>,
}

impl Glimpse {
    /// Looks at a head as far as it has come.
    #[cold]
    pub(crate) fn of(head: &[u8]) -> Glimpse {
        let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(head.len());
        let mut lines = head.get(start..).unwrap_or_default().split(|byte| *byte == b'\n');
        let path = lines.next().and_then(path_of).unwrap_or(b"/").to_vec();
        let mut fields = lines.map(<[u8]>::trim_ascii_end).collect::<Vec<_>>();
        // The last one may be cut off.
        fields.pop();
        let end = fields.iter().position(|line| line.is_empty()).unwrap_or(fields.len());
        let mut origins = fields.iter().take(end).filter_map(|line| origin_of(line));
        let origin = origins.next().filter(|_| origins.next().is_none());
        Glimpse { path, origin: origin.map(str::to_owned) }
    }
}

fn path_of(line: &[u8]) -> Option<&[u8]> {
    let target = line.split(|byte| *byte == b' ').nth(1)?.trim_ascii_end();
    let path = match target {
        [b'/', ..] => target,
        absolute => {
            let scheme = absolute.windows(3).position(|part| part == b"://")?;
            let rest = absolute.get(scheme + 3..)?;
            rest.get(memchr::memchr(b'/', rest)?..)?
        }
    };
    path.split(|byte| *byte == b'?').next()
}

fn origin_of(line: &[u8]) -> Option<&str> {
    let (name, value) = line.split_at_checked(b"origin:".len())?;
    let value = value.trim_ascii();
    let is_origin = name.eq_ignore_ascii_case(b"origin:") && is_value(value);
    is_origin.then_some(value).and_then(|value| std::str::from_utf8(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_origin_are_made_out_where_they_can_be() {
        let table: [(&[u8], &str, Option<&str>); 15] = [
            (b"", "/", None),
            (b"\r\n", "/", None),
            (b"GET", "/", None),
            (b"GET /api/x?y=1 HTTP/1.1\r\nOrigin: https://a\r\nCookie: ", "/api/x", Some("https://a")),
            (b"\r\nGET /api HTTP/1.1\r\nORIGIN:https://a \r\n\r\n", "/api", Some("https://a")),
            (b"GET /api/xxxx", "/api/xxxx", None),
            (b"GET http://h/api?x HTTP/1.1\r\n", "/api", None),
            (b"GET http://h HTTP/1.1\r\n", "/", None),
            (b"OPTIONS * HTTP/1.1\r\n", "/", None),
            // The last line may go on.
            (b"GET / HTTP/1.1\r\nOrigin: https://a", "/", None),
            (b"GET / HTTP/1.1\nOrigin: https://a\n", "/", Some("https://a")),
            (b"GET / HTTP/1.1\r\nOrigin: https://a\r\nOrigin: https://a\r\n", "/", None),
            (b"GET / HTTP/1.1\r\nOrigin: \xff\r\n", "/", None),
            (b"GET / HTTP/1.1\r\nX-Origin: https://a\r\n Origin: https://b\r\n", "/", None),
            // What follows the head is none of it.
            (b"GET / HTTP/1.1\r\nHost: h\r\n\r\nOrigin: https://a\r\n", "/", None),
        ];
        for (head, path, origin) in table {
            let glimpse = Glimpse { path: path.into(), origin: origin.map(str::to_owned) };
            assert_eq!(Glimpse::of(head), glimpse, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
