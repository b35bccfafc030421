//! Where uploads are kept that are too large for memory.

use std::path::PathBuf;

use crate::base::Places;
use crate::http::default_directory;
use crate::io::spool::create_temporary_now;

/// The directory to use, and what is wrong with it.
pub(super) fn directory(given: Option<PathBuf>, places: &Places) -> (PathBuf, Option<String>) {
    let Some(directory) = given else { return (default_directory(), None) };
    let problem = match create_temporary_now(&directory) {
        Ok((file, _)) => {
            file.remove_now();
            None
        }
        Err(error) => {
            let words = format!(
                "uploads cannot be kept in {}: {error}: make it a directory that this process may write, or name another",
                directory.display()
            );
            Some(places.tell("server.upload_directory", "Config::upload_directory", &words))
        }
    };
    (directory, problem)
}
