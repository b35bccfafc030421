//! Files of a directory. Nothing outside is opened, and nothing here waits for a peer.
//!
//! Where the system can, names are looked up from the opened directory. Else the file that was opened is asked where it lies, not its
//! name, so that no link can be changed between the look and the opening. All functions block.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use std::sync::Arc;
use std::sync::{PoisonError, RwLock};

use super::failure::{error_of, is_missing};
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use super::root::{NamedRoot, Opened, Root};
use super::settings::Resources;
use super::stamp::Stamp;
use super::tree::{Item, Node, Tree};
use crate::http::{Error, Result, below, is_name, open_below};

/// A directory to serve.
pub(super) struct Directory {
    /// As it was named, from the file system's root: where it leads may change while the server runs.
    root: PathBuf,
    /// Where it leads.
    real: RwLock<PathBuf>,
    follows_symlinks: bool,
    shows_hidden: bool,
    /// The same, opened, where the system can look for names from there.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    opened: Option<NamedRoot>,
}

/// A regular file below.
pub(super) struct Below {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
    /// If it was opened to be found.
    pub(super) file: Option<File>,
}

impl Directory {
    /// # Errors
    /// It is not there, or is no directory.
    pub(super) fn new(path: &Path, settings: &Resources) -> io::Result<Directory> {
        let root = std::path::absolute(path)?;
        let (follows_symlinks, shows_hidden) = (settings.follow_symlinks, settings.hidden_files);
        let real = fs::canonicalize(&root)?;
        if !fs::metadata(&real)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a directory"));
        }
        Ok(Directory {
            #[cfg(all(feature = "sendfile", target_os = "linux"))]
            opened: match settings.by_name {
                true => None,
                false => NamedRoot::open(&root, follows_symlinks, settings.check_every),
            },
            root,
            real: RwLock::new(real),
            follows_symlinks,
            shows_hidden,
        })
    }

    /// The directory for looks without a wait, if there can be any now.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(super) fn at_hand(&self) -> Option<Arc<Root>> {
        self.opened.as_ref()?.at_hand()
    }

    /// Opens what is there, from the directory as it was opened; `None` where only names can be asked. Blocks.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    fn open_from_root(&self, path: &str) -> io::Result<Option<Opened>> {
        match &self.opened {
            Some(root) => root.look(path),
            None => Ok(None),
        }
    }

    /// Opens a regular file below.
    ///
    /// # Errors
    /// It is not there, is something else, lies outside, or may not be read.
    pub(super) fn open(&self, path: &Path) -> io::Result<(File, Stamp)> {
        let (file, metadata) = open_below(path, |real| self.follows_symlinks || self.contains(real))?;
        Ok((file, Stamp::of(&metadata)))
    }

    fn contains(&self, real: &Path) -> bool {
        if real.starts_with(&*self.real.read().unwrap_or_else(PoisonError::into_inner)) {
            return true;
        }
        // The directory itself may be a link, by which a new version is put in place of the old one.
        let Ok(now) = fs::canonicalize(&self.root) else { return false };
        let is_inside = real.starts_with(&now);
        *self.real.write().unwrap_or_else(PoisonError::into_inner) = now;
        is_inside
    }

    /// Whether what has this name may be shown.
    fn holds(&self, path: &Path) -> bool {
        self.follows_symlinks || fs::canonicalize(path).is_ok_and(|real| self.contains(&real))
    }

    fn path_of(&self, path: &str) -> PathBuf {
        below(&self.root, path)
    }
}

impl Directory {
    /// Looks for what has a name, and opens nothing.
    fn look_by_name(&self, path: &str) -> Result<Node<Below>> {
        let full = self.path_of(path);
        match fs::metadata(&full) {
            Ok(metadata) if metadata.is_file() => {
                Ok(Node::File(Below { path: full, stamp: Stamp::of(&metadata), file: None }))
            }
            Ok(metadata) if metadata.is_dir() => {
                let is_ours = path.is_empty() || self.holds(&full);
                Ok(if is_ours { Node::Directory } else { Node::Nothing })
            }
            Ok(_) => Ok(Node::Nothing),
            Err(error) if is_missing(&error) => Ok(Node::Nothing),
            Err(error) => Err(error_of(error)),
        }
    }
}

impl Tree for Directory {
    type File = Below;
    type Failure = Error;

    fn look(&self, path: &str) -> Result<Node<Below>> {
        #[cfg(all(feature = "sendfile", target_os = "linux"))]
        match self.open_from_root(path) {
            Ok(Some(Opened::File(file, stamp))) => {
                return Ok(Node::File(Below { path: self.path_of(path), stamp, file: Some(file) }));
            }
            Ok(Some(Opened::Directory)) => return Ok(Node::Directory),
            Ok(Some(Opened::Other)) => return Ok(Node::Nothing),
            Ok(None) => {}
            Err(error) if is_missing(&error) => return Ok(Node::Nothing),
            Err(error) => return Err(error_of(error)),
        }
        self.look_by_name(path)
    }

    fn list(&self, path: &str) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        for entry in fs::read_dir(self.path_of(path)).map_err(error_of)?.take(MOST) {
            let entry = entry.map_err(error_of)?;
            // What has no name in UTF-8 can be asked for by nobody, and what leads out is answered to nobody.
            let Ok(name) = entry.file_name().into_string() else { continue };
            if !is_name(&name, self.shows_hidden) {
                continue;
            }
            if entry.file_type().map_err(error_of)?.is_symlink() && !self.holds(&entry.path()) {
                continue;
            }
            let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let (size, modified) = match self.look_by_name(&below) {
                Ok(Node::Directory) => (None, None),
                Ok(Node::File(Below { stamp, .. })) => (Some(stamp.size), stamp.time()),
                Ok(Node::Nothing) | Err(_) => continue,
            };
            items.push(Item { name, size, modified });
        }
        Ok(items)
    }
}

/// What a directory could not be served for, as a problem of the application.
pub(super) fn problem(path: &Path, error: &io::Error) -> String {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("the directory `{}` cannot be served: {error} (looked for at {})", path.display(), full.display())
}

/// A listing of more than this is cut.
const MOST: usize = 10_000;
