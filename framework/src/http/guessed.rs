//! The content type that an answer is sent with where its handler has set none.

use ::http::StatusCode;

/// The guessed content type of an answer, if there is a body for it to be about (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
#[inline]
pub(crate) fn guessed_type(status: StatusCode, guessed: Option<&'static str>) -> Option<&'static str> {
    match status {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => None,
        _ => guessed,
    }
}
