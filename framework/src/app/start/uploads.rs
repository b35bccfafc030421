//! Where uploads are kept that are too large for memory.

use std::path::PathBuf;

use crate::http::default_directory;
use crate::io::spool::create_temporary_now;

/// The directory to use, and what is wrong with it.
pub(super) fn directory(given: Option<PathBuf>) -> (PathBuf, Option<String>) {
    let Some(directory) = given else { return (default_directory(), None) };
    let problem = match create_temporary_now(&directory) {
        Ok((file, _)) => {
            file.remove_now();
            None
        }
        Err(error) => Some(format!(
            "uploads cannot be kept in {}: {error}; make it a directory that this process may write, or name another by \
             `server::new().upload_directory(…)`",
            directory.display()
        )),
    };
    (directory, problem)
}
