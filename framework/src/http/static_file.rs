//! One file as an answer: the one at a path of ours, or one that a peer has chosen below a directory.

use crate::base::say;
use std::collections::BTreeSet;
use std::fmt;
use std::panic::Location;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::body::Kind;
use super::sniff::OCTETS;
use super::{Body, FilePath, Responder, Response, Result};
use crate::contract::{Answers, Schema, Statuses};

/// A file as the body, with its length; opened and sent without being loaded whole.
///
/// A path that is missing, or no regular file, is a 404; one that may not be read is a 403. The path of [`StaticFile::new`] is
/// yours. Where a peer chooses any of it, use [`StaticFile::within`]: what a peer sends comes decoded, so that `..%2Fsecret.txt` is
/// `../secret.txt` in an argument. For whole directories there are [`Resources`](crate::Resources).
///
/// A GET or HEAD request that is answered with a file and nothing but a file (no other status, no validators of your own)
/// gets an `ETag` and `Last-Modified`, and its conditions and ranges are obeyed: 304, 412, 206 and 416. A time that says nothing of the
/// content is none, as with [`Resources`](crate::Resources).
///
/// ```
/// use vernal::{SafePath, StaticFile, request_map};
///
/// #[request_map("/report")]
/// fn report() -> StaticFile {
///     StaticFile::new("report.xml").content_type("application/xml")
/// }
///
/// #[request_map("/reports/**")]
/// fn reports(path: SafePath<'_>) -> StaticFile {
///     StaticFile::within("reports", path)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct StaticFile {
    path: FilePath,
    content_type: Option<String>,
}

impl StaticFile {
    /// The file at `path`, with the content type that its extension is known by. The path leads wherever it leads: a debug
    /// build warns where it has a `..`.
    #[track_caller]
    pub fn new(path: impl Into<PathBuf>) -> StaticFile {
        let path = path.into();
        if cfg!(debug_assertions) && path.components().any(|part| part == Component::ParentDir) {
            warn_of_parent(&path, Location::caller());
        }
        StaticFile { path: FilePath::Anywhere(path), content_type: None }
    }

    /// The file at `path` below the directory `root`, and nothing outside of it: a path that would leave is a 404, whatever is
    /// there. It is judged as those of [`Resources`](crate::Resources) are: no `..`, no empty segment, so that it is not
    /// absolute either, no backslash and no NUL, no name that begins with a dot but `.well-known`, no slash at the end, and no symbolic
    /// link that leads out. Take it by the type [`SafePath`](crate::SafePath), which refuses encoded slashes too.
    ///
    /// ```
    /// use vernal::{PathValue, StaticFile, request_map};
    ///
    /// #[request_map("/pictures/{name}")]
    /// fn picture(name: PathValue<&str>) -> StaticFile {
    ///     StaticFile::within("pictures", name)
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # vernal::test::Client::new().get("/pictures/..%2FCargo.toml").await.assert_status(404);
    /// # }
    /// ```
    pub fn within(root: impl Into<PathBuf>, path: impl fmt::Display) -> StaticFile {
        StaticFile { path: FilePath::Below(Box::new((root.into(), path.to_string()))), content_type: None }
    }

    /// Sets the content type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> StaticFile {
        self.content_type = Some(content_type.into());
        self
    }
}

impl Responder for StaticFile {
    fn respond(self, res: &mut Response) -> Result {
        if res.is_taken() {
            return Ok(());
        }
        if let Some(content_type) = &self.content_type {
            res.headers.insert("content-type", content_type);
        }
        res.offer_body(Body(Kind::File(self.path)), OCTETS);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.statuses(Statuses::Of(vec![200, 206]));
        answers.body("*/*", Schema::binary());
        answers.error(404, "There is no such file.");
        answers.instead(|answers| answers.status(304));
        answers.error(412, "The file is not as the conditions of the request want it.");
        answers.error(416, "The range is not in the file.");
    }
}

/// Says once for each place that a path should not have a `..`.
#[cold]
fn warn_of_parent(path: &Path, at: &Location<'static>) {
    static TOLD: Mutex<BTreeSet<(&str, u32, u32)>> = Mutex::new(BTreeSet::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.insert((at.file(), at.line(), at.column())) {
        say!(
            warn,
            "`StaticFile::new` at {at} was given {path:?}, which has a `..`: if a peer chooses any of it, every file can be \
             asked for. Write `StaticFile::within(directory, path)`, which sends nothing outside of the directory"
        );
    }
}
