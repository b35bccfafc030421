//! A body of a content type that nobody takes.

use ::http::StatusCode;

use crate::http::{Arg, BindingError, Error, Request, Source};

/// 415 with the content types that are taken, in words and in `Accept` (RFC 9110, section 15.5.16). 400 where there is no
/// content type.
#[cold]
pub(crate) fn wrong_content_type(req: &Request, arg: &Arg, taken: &[&str]) -> Error {
    let got =
        req.headers.get_bytes("content-type").map(|kind| format!("`{}`", crate::base::shown_bytes(kind)));
    let right = taken.iter().map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(" or ");
    let error = match &got {
        None => {
            let fields: Vec<_> = taken
                .iter()
                .filter(|kind| !kind.contains('*'))
                .map(|kind| format!("`Content-Type: {kind}`"))
                .collect();
            let fields = fields.join(" or ");
            Error::bad_request(format!("This request does not say what its body is: send it with {fields}."))
        }
        Some(got) => Error::status_only(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .explain(format!("The content type of this request must be {right}, not {got}."))
            .header("accept", taken.join(", ")),
    };
    error.at_binding(BindingError::new(
        arg.name,
        Source::Body,
        format!("a body of the content type {}", taken.join(" or ")),
        Some(got.unwrap_or_else(|| "none".to_owned())),
    ))
}
