//! Files that can be answered with at once, on the runtime's threads: their names, and small ones whole, are in the system's memory.

use std::borrow::Cow;
use std::fs::File;
use std::io;

use super::content_type;
use super::failure::{error_of, is_missing};
use super::root::{Opened, Root};
use super::settings::Resources;
use super::stamp::Stamp;
use super::tree::{Item, Node, Tree};
use crate::http::Error;
use crate::io::Medium;

/// The part of a directory that is in memory.
pub(super) struct AtHand<'d> {
    pub(super) root: &'d Root,
    pub(super) settings: &'d Resources,
}

/// A file that has been opened.
pub(super) struct FileAtHand {
    pub(super) file: File,
    pub(super) stamp: Stamp,
    pub(super) medium: Medium,
    pub(super) content_type: Cow<'static, str>,
}

/// Why there is no answer.
pub(super) enum NotAtHand {
    /// Nobody knows before the disk has been asked.
    Waits,
    Fails(Error),
}

impl Tree for AtHand<'_> {
    type File = FileAtHand;
    type Failure = NotAtHand;

    fn look(&self, path: &str) -> Result<Node<FileAtHand>, NotAtHand> {
        match self.root.look_at_hand(path).ok_or(NotAtHand::Waits)? {
            Ok(Opened::File(file, stamp)) => {
                let name = path.rsplit('/').next().unwrap_or_default();
                let content_type = content_type::of(name, &self.settings.types);
                let medium = self.root.medium_of(&stamp);
                Ok(Node::File(FileAtHand { file, stamp, medium, content_type }))
            }
            Ok(Opened::Directory) => Ok(Node::Directory),
            Ok(Opened::Other) => Ok(Node::Nothing),
            Err(error) if is_missing(&error) => Ok(Node::Nothing),
            Err(error) => Err(failed(error)),
        }
    }

    fn list(&self, _path: &str) -> Result<Vec<Item>, NotAtHand> {
        Err(NotAtHand::Waits)
    }
}

#[cold]
fn failed(error: io::Error) -> NotAtHand {
    NotAtHand::Fails(error_of(error))
}
