//! The head of a request that came in parts instead of bytes: from a caller in the same process, or through another
//! server. It keeps the same law and the same limits.

use ::http::{Method, Version};

use super::super::{Limits, Refusal};
use super::head::{Framing, Head};
use super::malformed;
use super::target::{check_host, parse_target};
use crate::base::{Headers, Span};

impl Head {
    /// Judges the parts of a head. The fields are tokens and values already, and say nothing about framing. A host is not
    /// needed; where the target has one, a `Host` field must say the same.
    ///
    /// # Errors
    /// The target is of none of the four forms, the host is malformed or stands twice, or a limit is passed.
    pub(crate) fn of_parts(
        method: Method,
        version: Version,
        (target, headers): (&str, &Headers),
        limits: &Limits,
    ) -> Result<Head, Refusal> {
        if target.len() > limits.uri_length {
            return Err(malformed::long_target(limits));
        }
        if headers.len() > limits.header_count {
            return Err(malformed::too_many_fields(limits));
        }
        // Each field has a colon, a blank and a line end on the wire; the request line its two blanks, version and end.
        let fields: usize = headers.fields().map(|(name, value)| name.len() + value.len() + 4).sum();
        if method.as_str().len() + target.len() + 12 + fields + 2 > limits.head_size {
            return Err(malformed::long_head(limits));
        }
        let mut hosts = headers.values_of("host");
        let authority = hosts.next().unwrap_or_default();
        if hosts.next().is_some() {
            return Err(Refusal::bad_request("there is more than one Host field"));
        }
        if authority != Span::default() {
            check_host(Some(authority.bytes(headers.bytes())))?;
        }
        let parts = parse_target(target.as_bytes(), &method)?;
        Ok(Head {
            method,
            version,
            path: parts.path,
            path_is_plain: parts.path_is_plain,
            query: parts.query,
            authority,
            form: parts.form,
            framing: Framing::None,
            keep_alive: false,
            expects_continue: false,
            upgrade: false,
            takes_trailers: false,
            has_many_types: headers.values_of("content-type").nth(1).is_some(),
            length: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(target: &str, fields: &[(&str, &str)], limits: &Limits) -> Result<Head, u16> {
        let headers: Headers = fields.iter().copied().collect();
        Head::of_parts(Method::GET, Version::HTTP_11, (target, &headers), limits)
            .map_err(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn parts_keep_the_law_of_heads() {
        let limits = Limits::new().uri_length(8).header_count(2);
        type Fields = &'static [(&'static str, &'static str)];
        let table: [(&str, Fields, Option<u16>); 10] = [
            ("/a?b=c", &[], None),
            ("/a?b=c", &[("host", "h:1")], None),
            ("/1234567", &[], None),
            ("/12345678", &[], Some(414)),
            ("/", &[("x", ""), ("x", "")], None),
            ("/", &[("x", ""), ("x", ""), ("x", "")], Some(431)),
            ("/", &[("host", "a b")], Some(400)),
            ("/", &[("host", "a"), ("Host", "a")], Some(400)),
            ("a", &[], Some(400)),
            ("/#a", &[], Some(400)),
        ];
        for (target, fields, status) in table {
            assert_eq!(judge(target, fields, &limits).err(), status, "{target} {fields:?}");
        }
    }

    #[test]
    fn the_head_is_measured_as_on_the_wire() {
        let fields = [("x-a", "b")];
        let size = "GET / HTTP/1.1\r\nx-a: b\r\n\r\n".len();
        assert!(judge("/", &fields, &Limits::new().head_size(size)).is_ok());
        assert_eq!(judge("/", &fields, &Limits::new().head_size(size - 1)).err(), Some(431));
    }
}
