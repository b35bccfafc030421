//! How a body is a form, by its content type.

/// How a body is a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormKind {
    UrlEncoded,
    /// In parts.
    Multipart,
}

impl FormKind {
    /// What a body of this content type is.
    #[inline]
    pub(super) fn of(content_type: &[u8]) -> Option<FormKind> {
        match content_type.first()?.to_ascii_lowercase() {
            b'a' if is_type(content_type, b"application/x-www-form-urlencoded") => Some(FormKind::UrlEncoded),
            b'm' if is_type(content_type, b"multipart/form-data") => Some(FormKind::Multipart),
            _ => None,
        }
    }
}

/// Whether a content type, whatever its parameters, is this one.
fn is_type(content_type: &[u8], wanted: &[u8]) -> bool {
    let (word, parameters) = content_type.split_at_checked(wanted.len()).unwrap_or_default();
    word.eq_ignore_ascii_case(wanted) && matches!(parameters.trim_ascii_start().first(), None | Some(b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_known_by_their_type() {
        let table = [
            ("multipart/form-data; boundary=b", Some(FormKind::Multipart)),
            ("Multipart/Form-Data ;boundary=b", Some(FormKind::Multipart)),
            ("multipart/form-data", Some(FormKind::Multipart)),
            ("application/x-www-form-urlencoded", Some(FormKind::UrlEncoded)),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", Some(FormKind::UrlEncoded)),
            ("multipart/form-datax", None),
            ("multipart/mixed; boundary=b", None),
            ("application/json", None),
            ("multipart", None),
            ("", None),
        ];
        for (content_type, expected) in table {
            assert_eq!(FormKind::of(content_type.as_bytes()), expected, "{content_type}");
        }
    }
}
