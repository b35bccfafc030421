//! What a failure of the file system is to whoever asked for the file.

use std::io;

use crate::base::say;
use crate::http::Error;

/// Whether it says that there is no such file.
pub(super) fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    #[cfg(unix)]
    let is_loop = error.raw_os_error() == Some(libc::ELOOP);
    #[cfg(not(unix))]
    let is_loop = false;
    is_loop || matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput)
}

/// A file that is there, and cannot be read: 403 if that is forbidden, 503 if nothing can be opened now, else 500.
pub(super) fn error_of(error: io::Error) -> Error {
    #[cfg(unix)]
    let is_exhausted = matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM));
    #[cfg(not(unix))]
    let is_exhausted = error.kind() == io::ErrorKind::OutOfMemory;
    if is_missing(&error) {
        return missing();
    }
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Error::forbidden("This file may not be read.");
    }
    if is_exhausted {
        say!(error, "a static file cannot be opened: {error}");
        return Error::unavailable("Too many files are open. Try again later.");
    }
    Error::from(error)
}

/// The 404 of files.
pub(super) fn missing() -> Error {
    Error::not_found("Cannot find file for this url.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn failures_have_statuses() {
        let table = [
            (libc::ENOENT, 404),
            (libc::ENOTDIR, 404),
            (libc::ENAMETOOLONG, 404),
            (libc::ELOOP, 404),
            (libc::EACCES, 403),
            (libc::EPERM, 403),
            (libc::EMFILE, 503),
            (libc::ENFILE, 503),
            (libc::EIO, 500),
        ];
        for (code, status) in table {
            assert_eq!(error_of(io::Error::from_raw_os_error(code)).status(), status, "{code}");
        }
        assert_eq!(error_of(io::ErrorKind::InvalidInput.into()).status(), 404);
    }
}
