//! The directory of files as the system has it open: names are looked up from there, so that no path leads out of it whatever
//! links do, and without a wait where the system has all of it in memory.
//!
//! "Again" is an answer that says nothing: whoever gets it asks once more off the runtime's threads. Mounts inside are never
//! asked without a wait, as anything may be mounted there.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use tokio::time::Instant;

use super::failure::is_missing;
use super::stamp::Stamp;
use crate::io::{Medium, clock};

impl super::Resources {
    /// Opens files by their names, as where the system cannot look from an opened directory. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn by_name(mut self) -> super::Resources {
        self.by_name = true;
        self
    }
}

/// What was opened.
pub(super) enum Opened {
    File(File, Stamp),
    Directory,
    /// Something else.
    Other,
}

/// A directory that has been opened.
pub(super) struct Root {
    directory: File,
    /// Its device and inode.
    id: (u64, u64),
    medium: Medium,
    follows_symlinks: bool,
}

impl Root {
    /// # Errors
    /// It cannot be opened, or the system does not know how to stay inside: old kernels, and filters of system calls.
    fn open(path: &Path, follows_symlinks: bool) -> io::Result<Root> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        openat2(&directory, ".", flags, Mode::empty(), ResolveFlags::BENEATH)?;
        let metadata = directory.metadata()?;
        let id = (metadata.dev(), metadata.ino());
        Ok(Root { medium: Medium::of(&directory), directory, id, follows_symlinks })
    }

    /// Opens what is there; `None` if only its name tells whether it is inside. Blocks.
    ///
    /// # Errors
    /// It is not there, or may not be read.
    fn look(&self, path: &str) -> io::Result<Option<Opened>> {
        if self.follows_symlinks {
            return Ok(None);
        }
        match openat2(&self.directory, named(path), FILE, Mode::empty(), ResolveFlags::BENEATH) {
            Ok(file) => opened(file.into()).map(Some),
            // A socket.
            Err(Errno::NXIO) => Ok(Some(Opened::Other)),
            // Links that lead out at first may lead in again; a directory has been moved meanwhile; the call is refused.
            Err(
                Errno::XDEV | Errno::AGAIN | Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::OPNOTSUPP,
            ) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What lies there, if the system has that in memory: `None` says nothing.
    pub(super) fn look_at_hand(&self, path: &str) -> Option<io::Result<Opened>> {
        let mut resolve = match self.follows_symlinks {
            true => ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS,
            false => ResolveFlags::NO_XDEV | ResolveFlags::BENEATH,
        };
        if !self.medium.is_memory() {
            resolve |= ResolveFlags::CACHED;
        }
        match openat2(&self.directory, named(path), FILE, Mode::empty(), resolve) {
            Ok(file) => Some(opened(file.into())),
            // Memory says that nothing is in a directory which has been removed, where another may have its name by now.
            Err(Errno::NOENT) if self.medium.is_memory() && self.is_removed() => None,
            Err(
                error @ (Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::ACCESS),
            ) => Some(Err(error.into())),
            Err(Errno::NXIO) => Some(Ok(Opened::Other)),
            Err(_) => None,
        }
    }

    /// What a file here lies on.
    pub(super) fn medium_of(&self, stamp: &Stamp) -> Medium {
        self.medium.with_device(stamp.device())
    }

    fn is_removed(&self) -> bool {
        self.directory.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }
}

/// Without a wait for who writes into a pipe, or for who has leased a file.
const FILE: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

fn named(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

fn opened(file: File) -> io::Result<Opened> {
    let metadata = file.metadata()?;
    Ok(match metadata.is_file() {
        true => Opened::File(file, Stamp::of(&metadata)),
        false if metadata.is_dir() => Opened::Directory,
        false => Opened::Other,
    })
}

/// The root of a name: another directory may be put in its place, by itself or by a link.
pub(super) struct NamedRoot {
    path: PathBuf,
    follows_symlinks: bool,
    now: RwLock<Arc<Root>>,
    check_every: Duration,
    begun: Instant,
    /// Milliseconds since then.
    checked: AtomicU64,
}

impl NamedRoot {
    /// `None` where the system cannot do it. Blocks.
    pub(super) fn open(path: &Path, follows_symlinks: bool, check_every: Duration) -> Option<NamedRoot> {
        let now = Root::open(path, follows_symlinks).ok()?;
        Some(NamedRoot {
            path: path.to_owned(),
            follows_symlinks,
            now: RwLock::new(Arc::new(now)),
            check_every,
            begun: clock::now().instant,
            checked: AtomicU64::new(0),
        })
    }

    /// The root for looks without a wait: `None` where it is to be looked at again, by one of those who ask, or may keep them waiting.
    pub(super) fn at_hand(&self) -> Option<Arc<Root>> {
        let (now, checked) = (self.time(), self.checked.load(Ordering::Relaxed));
        let is_old = u128::from(now.saturating_sub(checked)) >= self.check_every.as_millis();
        if is_old && self.checked.compare_exchange(checked, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            return None;
        }
        Some(self.now()).filter(|root| root.medium.is_local())
    }

    /// Opens what is there; `None` if only its name tells whether it is inside. Blocks.
    ///
    /// # Errors
    /// It is not there, or may not be read.
    pub(super) fn look(&self, path: &str) -> io::Result<Option<Opened>> {
        self.renew()?;
        match self.now().look(path) {
            Err(error) if is_missing(&error) && self.renew()? => self.now().look(path),
            looked => looked,
        }
    }

    /// Opens what has the name now, if that is another directory.
    ///
    /// # Errors
    /// There is none, or it may not be looked at.
    fn renew(&self) -> io::Result<bool> {
        let metadata = fs::metadata(&self.path)?;
        if (metadata.dev(), metadata.ino()) == self.now().id {
            return Ok(false);
        }
        let root = Root::open(&self.path, self.follows_symlinks)?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(root);
        Ok(true)
    }

    fn now(&self) -> Arc<Root> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn time(&self) -> u64 {
        (clock::now().instant - self.begun).as_millis() as u64
    }
}
