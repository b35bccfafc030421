//! From a path to what is sent for it: a file, an index, a list, a fallback. The same for directories and for the binary.

use std::time::SystemTime;

use super::place::Takes;
use super::settings::Resources;
use crate::http::is_inside;

/// Files by their paths, which have slashes between their names and none at their ends; the root's is empty.
pub(super) trait Tree {
    type File;

    /// Why nobody can say what is there.
    type Failure;

    /// What is there. Never anything outside.
    fn look(&self, path: &str) -> Result<Node<Self::File>, Self::Failure>;

    /// What is in a directory, in no order.
    fn list(&self, path: &str) -> Result<Vec<Item>, Self::Failure>;
}

pub(super) enum Node<F> {
    File(F),
    Directory,
    Nothing,
}

/// A line of a listing.
pub(super) struct Item {
    pub(super) name: String,
    /// `None` for a directory.
    pub(super) size: Option<u64>,
    pub(super) modified: Option<SystemTime>,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'p> {
    /// In the matched form, in which an encoded slash is NUL.
    pub(super) path: &'p str,
    /// Whether the path of the request ends with a slash.
    pub(super) has_slash: bool,
    pub(super) takes: Takes,
}

/// What is sent.
pub(super) enum Resolved<F> {
    File(F),
    /// In place of what is not there.
    Fallback(F),
    /// To the same path with a slash at its end.
    Redirect,
    Listing(Vec<Item>),
    Nothing,
}

impl Wanted<'_> {
    fn takes_directory(&self) -> bool {
        match self.takes {
            Takes::Anything => true,
            Takes::FilesOfRoot => self.path.is_empty(),
            Takes::Files => false,
        }
    }
}

/// Finds what is sent.
pub(super) fn resolve<T: Tree>(
    tree: &T,
    settings: &Resources,
    wanted: Wanted<'_>,
) -> Result<Resolved<T::File>, T::Failure> {
    if !is_inside(wanted.path, settings.hidden_files) {
        return Ok(Resolved::Nothing);
    }
    match tree.look(wanted.path)? {
        Node::File(file) if !wanted.has_slash => return Ok(Resolved::File(file)),
        Node::Directory if wanted.takes_directory() => {
            let index = match &settings.index {
                Some(name) if wanted.path.is_empty() => tree.look(name)?,
                Some(name) => tree.look(&format!("{}/{name}", wanted.path))?,
                None => Node::Nothing,
            };
            match index {
                Node::File(_) if !wanted.has_slash => return Ok(Resolved::Redirect),
                Node::File(file) => return Ok(Resolved::File(file)),
                Node::Directory | Node::Nothing if !settings.listing => {}
                _ if !wanted.has_slash => return Ok(Resolved::Redirect),
                _ => return tree.list(wanted.path).map(Resolved::Listing),
            }
        }
        _ => {}
    }
    match &settings.fallback {
        Some(path) if wanted.takes != Takes::Files => Ok(match tree.look(path)? {
            Node::File(file) => Resolved::Fallback(file),
            Node::Directory | Node::Nothing => Resolved::Nothing,
        }),
        _ => Ok(Resolved::Nothing),
    }
}
