//! Files that are written while their bytes come, off the runtime's threads: temporary ones and those that stay.
//!
//! One write is under way while the next bytes are gathered, and no more, so that memory is bounded and a slow disk slows
//! the peer down.

use crate::base::say;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::blocking::{self, Blocking, blocking_on};

/// A file that is being written.
pub(crate) struct FileWriter {
    buffer: Vec<u8>,
    /// `None` while a write is under way.
    idle: Option<(File, Vec<u8>)>,
    writing: Option<Blocking<Written>>,
    /// Room of the buffer that is being written.
    lent: usize,
}

/// A write that has ended: the file, the emptied buffer, and how it went.
type Written = (File, Vec<u8>, io::Result<()>);

impl FileWriter {
    pub(crate) fn new(file: File) -> FileWriter {
        FileWriter { buffer: Vec::new(), idle: Some((file, Vec::new())), writing: None, lent: 0 }
    }

    /// Adds bytes; waits only when a disk does not follow.
    ///
    /// # Errors
    /// An earlier write failed.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= WRITTEN_AT_ONCE { self.begin_write().await } else { Ok(()) }
    }

    /// Bytes that its buffers hold.
    pub(crate) fn held(&self) -> usize {
        let other = self.idle.as_ref().map_or(self.lent, |(_, empty)| empty.capacity());
        self.buffer.capacity() + other
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// A write failed.
    pub(crate) async fn finish(mut self) -> io::Result<()> {
        self.begin_write().await?;
        self.end_write().await
    }

    async fn begin_write(&mut self) -> io::Result<()> {
        self.end_write().await?;
        if let Some((mut file, empty)) = self.idle.take() {
            let mut bytes = std::mem::replace(&mut self.buffer, empty);
            self.lent = bytes.capacity();
            self.writing = Some(blocking::blocking(move || {
                let written = file.write_all(&bytes);
                bytes.clear();
                (file, bytes, written)
            }));
        }
        Ok(())
    }

    async fn end_write(&mut self) -> io::Result<()> {
        let Some(writing) = &mut self.writing else { return Ok(()) };
        let ended = writing.await;
        self.writing = None;
        let (file, buffer, written) = ended?;
        self.idle = Some((file, buffer));
        written
    }
}

/// Enough that a write costs more than the trip to another thread.
const WRITTEN_AT_ONCE: usize = 256 << 10;

/// A path that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Temporary(Option<PathBuf>);

impl Temporary {
    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Removes it at once, on this thread.
    pub(crate) fn remove_now(mut self) {
        drop(self.0.take().map(Removal));
    }

    /// Lets it stay.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let Some(path) = self.0.take() else { return };
        let remove = Removal(path);
        // To free the blocks of a large file takes long. A task that is never run removes its file as well.
        if let Ok(runtime) = Handle::try_current() {
            drop(blocking_on(&runtime, move || drop(remove)));
        }
    }
}

struct Removal(PathBuf);

impl Drop for Removal {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            say!(warn, "the temporary file {} stays behind: {error}", self.0.display());
        }
    }
}

/// A temporary file that has been written.
#[derive(Debug)]
pub(crate) struct Spooled {
    file: Temporary,
    pub(crate) size: u64,
    /// It is somebody's file now, who may change it.
    is_given_away: AtomicBool,
}

impl Spooled {
    pub(crate) fn new(file: Temporary, size: u64) -> Spooled {
        Spooled { file, size, is_given_away: AtomicBool::new(false) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }
}

/// Makes an empty file of a name that nobody knows before, for us alone.
///
/// # Errors
/// The directory cannot be written.
pub(crate) async fn create_temporary(directory: PathBuf) -> io::Result<(Temporary, File)> {
    blocking(move || create_temporary_now(&directory)).await
}

/// The same on this thread.
///
/// # Errors
/// As [`create_temporary`].
pub(crate) fn create_temporary_now(directory: &Path) -> io::Result<(Temporary, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let path = unknown_name(directory)?;
    let file = options.open(&path)?;
    Ok((Temporary(Some(path)), file))
}

/// Makes a file that was not there.
///
/// # Errors
/// It is there, or cannot be made.
pub(crate) async fn create(path: PathBuf) -> io::Result<(Temporary, File)> {
    blocking(move || {
        let file = File::create_new(&path)?;
        Ok((Temporary(Some(path)), file))
    })
    .await
}

/// Makes a file that takes the place of `target` when it is whole: see [`replace`].
///
/// # Errors
/// The directory cannot be written.
pub(crate) async fn create_beside(target: &Path) -> io::Result<(Temporary, File)> {
    create(unknown_name(folder_of(target))?).await
}

/// Puts a file that is whole in the place of `target`.
///
/// # Errors
/// It cannot be put there; nothing is left of it then.
pub(crate) async fn replace(file: Temporary, target: PathBuf) -> io::Result<()> {
    blocking(move || {
        fs::rename(file.path(), target)?;
        file.keep();
        Ok(())
    })
    .await
}

/// What a file is made of.
pub(crate) enum Content<'c> {
    Memory(&'c Bytes),
    Spooled(&'c Spooled),
}

/// Makes a file of this content. With `replaces`, one that is there is replaced by the whole of it, or not at all.
///
/// # Errors
/// The file is there and not to be replaced, or it cannot be written; nothing is left of it then.
pub(crate) async fn save(content: Content<'_>, target: PathBuf, replaces: bool) -> io::Result<()> {
    let written = if replaces { unknown_name(folder_of(&target))? } else { target.clone() };
    let source = match content {
        Content::Memory(bytes) => Source::Memory(bytes.clone()),
        Content::Spooled(spooled) => {
            let may_move = !spooled.is_given_away.swap(true, Ordering::Relaxed);
            Source::Spooled(spooled.path().to_owned(), may_move)
        }
    };
    blocking(move || {
        let file = File::create_new(&written)?;
        let unfinished = Temporary(Some(written));
        source.fill(file, unfinished.path())?;
        if replaces {
            fs::rename(unfinished.path(), target)?;
        }
        unfinished.keep();
        Ok(())
    })
    .await
}

enum Source {
    Memory(Bytes),
    Spooled(PathBuf, bool),
}

impl Source {
    fn fill(self, mut file: File, path: &Path) -> io::Result<()> {
        match self {
            Source::Memory(bytes) => file.write_all(&bytes),
            Source::Spooled(spooled, may_move) => {
                if may_move && give_away(&spooled, &file, path).is_ok() {
                    return Ok(());
                }
                io::copy(&mut File::open(spooled)?, &mut file).map(drop)
            }
        }
    }
}

/// Lets the temporary file itself take the place of the empty one, with the rights that one was made with. It keeps its old
/// name too, by which it can still be read.
fn give_away(spooled: &Path, file: &File, path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let link = unknown_name(folder_of(path))?;
    fs::hard_link(spooled, &link)?;
    let link = Temporary(Some(link));
    fs::set_permissions(link.path(), file.metadata()?.permissions())?;
    fs::rename(link.path(), path)?;
    link.keep();
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn unknown_name(directory: &Path) -> io::Result<PathBuf> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(io::Error::other)?;
    Ok(directory.join(format!(".vernal-upload-{:032x}", u128::from_ne_bytes(bits))))
}

/// Runs what blocks on the blocking pool.
///
/// # Errors
/// It fails, or panics.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    blocking::blocking(work).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempdir::Folder, PathBuf) {
        let folder = tempdir::Folder::new();
        let path = folder.0.clone();
        (folder, path)
    }

    mod tempdir {
        use super::*;

        pub(super) struct Folder(pub(super) PathBuf);

        impl Folder {
            pub(super) fn new() -> Folder {
                let path = unknown_name(&std::env::temp_dir()).expect("random bits");
                fs::create_dir(&path).expect("a new folder");
                Folder(path)
            }
        }

        impl Drop for Folder {
            fn drop(&mut self) {
                let _ = fs::remove_dir_all(&self.0);
            }
        }
    }

    async fn spooled(directory: &Path, bytes: &[u8]) -> Spooled {
        let (file, writing) = create_temporary(directory.to_owned()).await.expect("writable");
        let mut writer = FileWriter::new(writing);
        for piece in bytes.chunks(100_000) {
            writer.write(piece).await.expect("writable");
        }
        writer.finish().await.expect("writable");
        Spooled::new(file, bytes.len() as u64)
    }

    fn names(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> =
            files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn what_is_written_in_pieces_is_whole() {
        let (_folder, path) = folder();
        let bytes: Vec<u8> =
            (0..3_000_000_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[2]).collect();
        let spooled = spooled(&path, &bytes).await;
        assert!(fs::read(spooled.path()).expect("readable") == bytes);
        #[cfg(unix)]
        {
            let mode = fs::metadata(spooled.path()).expect("it is there").permissions();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn files_are_saved_once_and_copied_then() {
        let (_folder, path) = folder();
        let spooled = spooled(&path, b"abc").await;
        let target = |name: &str| path.join(name);
        save(Content::Spooled(&spooled), target("a"), false).await.expect("new");
        save(Content::Spooled(&spooled), target("b"), false).await.expect("new");
        // The first is the temporary file itself; who changes it does not change the second.
        fs::write(target("a"), "changed").expect("writable");
        assert_eq!(fs::read_to_string(target("b")).expect("there"), "abc");
        // Rights are those of any new file.
        let fresh = File::create_new(target("c")).expect("new").metadata().expect("there").permissions();
        assert_eq!(fs::metadata(target("a")).expect("there").permissions(), fresh);
        let error = save(Content::Memory(&Bytes::from_static(b"x")), target("b"), false).await;
        assert_eq!(error.expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        save(Content::Memory(&Bytes::from_static(b"x")), target("b"), true).await.expect("replaced");
        assert_eq!(fs::read_to_string(target("b")).expect("there"), "x");
        let missing = save(Content::Spooled(&spooled), target("no/d"), true).await;
        assert_eq!(missing.expect_err("no such folder").kind(), io::ErrorKind::NotFound);
        fs::remove_file(spooled.path()).expect("there");
        assert_eq!(names(&path), ["a", "b", "c"]);
    }

    #[test]
    fn a_temporary_file_goes_with_its_owner() {
        let (_folder, path) = folder();
        let (file, _) = create_temporary_now(&path).expect("writable");
        assert_eq!(names(&path).len(), 1);
        drop(file);
        assert_eq!(names(&path).len(), 0);
        // Within a runtime, and though that ends before the task is run.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            drop(create_temporary(path.clone()).await.expect("writable"));
        });
        drop(runtime);
        assert_eq!(names(&path).len(), 0);
    }
}
