//! Paths that stay below a directory, whatever a peer writes: the one judgement of resources, files and arguments.
//!
//! A path of a request comes decoded, so it may hold whatever file systems give a meaning. What counts is made of names only,
//! and the file that was opened is asked where it lies, so that no link leads out either. What opens blocks.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A path made of safe segments only: joined to a directory, it cannot lead out of it. An argument takes a variable of the
/// path, or what a star stands for, by this type.
///
/// What a peer sends comes decoded: on a mapping of `/files/**` the path `/files/..%2Fsecret.txt` hands a `PathValue<&str>` the text
/// `../secret.txt`, and a plain `join` opens what lies outside. The same goes for a `{name}`. Here that is a 404, and so is every path
/// with an encoded slash, which filters on the directories below would not have seen, with a backslash or a NUL (on
/// Windows a colon, and dots and blanks at the end of a name), and with a name that begins with a dot, but for `.well-known`.
/// Symbolic links are not looked at: to send a file, use [`StaticFile::within`](crate::StaticFile::within), which does.
///
/// ```
/// use vernal::{SafePath, StaticFile, request_map};
///
/// #[request_map("/notes/**")]
/// fn note(path: SafePath<'_>) -> StaticFile {
///     StaticFile::within("notes", path)
/// }
///
/// #[request_map("/notes/sizes/**")]
/// async fn size(path: SafePath<'_>) -> vernal::Result<String> {
///     let file = std::path::Path::new("notes").join(path);
///     Ok(tokio::fs::metadata(file).await?.len().to_string())
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let client = vernal::test::Client::new();
/// # client.get("/notes/..%2FCargo.toml").await.assert_status(404);
/// # client.get("/notes/sizes/..%2FCargo.toml").await.assert_status(404);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafePath<'p>(&'p str);

impl<'p> SafePath<'p> {
    /// The path, if it is safe: segments with one slash between them, and perhaps one at the end; empty is the directory
    /// itself. A slash is a slash here: what `%2F` stood for in a request cannot be told any more.
    ///
    /// ```
    /// use vernal::SafePath;
    ///
    /// assert_eq!(SafePath::new("a/b.txt").map(|path| path.segments().count()), Some(2));
    /// for path in ["../secret.txt", "/etc/passwd", "a//b", "a/./b", ".git/config", r"..\secret.txt"] {
    ///     assert!(SafePath::new(path).is_none());
    /// }
    /// ```
    pub fn new(path: &'p str) -> Option<SafePath<'p>> {
        is_inside(path.strip_suffix('/').unwrap_or(path), false)
            .then_some(SafePath(path))
            .filter(|_| path != "/")
    }

    /// The text.
    pub fn as_str(&self) -> &'p str {
        self.0
    }

    /// The segments.
    pub fn segments(&self) -> impl Iterator<Item = &'p str> + use<'p> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether it is the directory itself.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for SafePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AsRef<str> for SafePath<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl AsRef<Path> for SafePath<'_> {
    fn as_ref(&self) -> &Path {
        self.0.as_ref()
    }
}

/// Where a file is that is to be sent.
#[derive(Clone, Debug)]
pub(crate) enum FilePath {
    /// Wherever this leads.
    Anywhere(PathBuf),
    /// Below a directory, if the path stays there.
    Below(Box<(PathBuf, String)>),
}

impl FilePath {
    /// Opens it, if it is a regular file.
    ///
    /// # Errors
    /// It is not there, is something else, lies outside, or may not be read.
    pub(crate) fn open(&self) -> io::Result<(File, Metadata)> {
        let (root, path) = match self {
            FilePath::Anywhere(path) => return open_regular(path),
            FilePath::Below(below) => &**below,
        };
        if path.is_empty() || !is_inside(path, false) {
            return Err(outside());
        }
        let root = std::path::absolute(root)?;
        let real = fs::canonicalize(&root)?;
        open_below(&below(&root, path), |file| file.starts_with(&real))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilePath::Anywhere(path) => path.display().fmt(f),
            FilePath::Below(below) => below.0.join(&below.1).display().fmt(f),
        }
    }
}

/// Opens a regular file whose real place is asked for.
///
/// # Errors
/// It is not there, is something else, lies outside, or may not be read.
pub(crate) fn open_below(path: &Path, is_ours: impl FnOnce(&Path) -> bool) -> io::Result<(File, Metadata)> {
    let (file, metadata) = open_regular(path)?;
    if is_ours(&real_path(&file, path)?) { Ok((file, metadata)) } else { Err(outside()) }
}

fn outside() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "it lies outside of the directory")
}

/// The path below a directory, which [`is_inside`] has judged.
pub(crate) fn below(root: &Path, path: &str) -> PathBuf {
    let mut full = root.to_owned();
    full.extend(path.split('/').filter(|name| !name.is_empty()));
    full
}

/// Whether every name of a path can only be one of a file below, and is to be shown.
pub(crate) fn is_inside(path: &str, shows_hidden: bool) -> bool {
    path.is_empty() || path.split('/').all(|name| is_name(name, shows_hidden))
}

/// The same for one name. In the form that is matched an encoded slash is NUL.
pub(crate) fn is_name(name: &str, shows_hidden: bool) -> bool {
    let is_foreign = |char: char| matches!(char, '\0' | '\\') || cfg!(windows) && char == ':';
    let is_hidden = name.starts_with('.') && name != ".well-known";
    !name.is_empty()
        && name != "."
        && name != ".."
        && !name.contains(is_foreign)
        // These are dropped there, so that the name is another one.
        && !(cfg!(windows) && name.ends_with(['.', ' ']))
        && (shows_hidden || !is_hidden)
}

/// Where an opened file lies.
fn real_path(file: &File, path: &Path) -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        if let Ok(real) = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) {
            return Ok(real);
        }
    }
    let _ = file;
    fs::canonicalize(path)
}

/// Opens a regular file, and says what it is.
///
/// # Errors
/// It is not there, is something else, or may not be read.
fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let not_regular = || io::Error::new(io::ErrorKind::NotFound, "it is no regular file");
    // To open a device may already do something.
    if !std::fs::metadata(path)?.is_file() {
        return Err(not_regular());
    }
    let mut options = OpenOptions::new();
    options.read(true);
    // Should a pipe lie there by now, opening it would wait for whoever writes into it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(not_regular()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lead_out() {
        let table = [
            ("a", true),
            ("a.b", true),
            ("a..b", true),
            ("a b+~,", true),
            ("中", true),
            ("", false),
            (".", false),
            ("..", false),
            ("a\\b", false),
            ("..\\..", false),
            ("..\0..", false),
            ("a\0", false),
        ];
        for (name, expected) in table {
            assert_eq!(is_name(name, true), expected, "{name:?}");
        }
        let is_shown_with_dot = !cfg!(windows);
        for (name, expected) in
            [(".git", false), (".well-known", true), ("...", false), ("a.", is_shown_with_dot)]
        {
            assert_eq!(is_name(name, false), expected, "{name:?}");
        }
    }

    #[test]
    fn safe_paths_are_made_of_names() {
        let table = [
            ("", true),
            ("a", true),
            ("a/", true),
            ("a/b.txt", true),
            (".well-known/x", true),
            ("/", false),
            ("/a", false),
            ("a//", false),
            ("a//b", false),
            ("..", false),
            ("../a", false),
            ("a/..", false),
            ("a/../b", false),
            ("./a", false),
            ("a/.env", false),
            ("a\\..\\b", false),
            ("a\0b", false),
        ];
        for (path, expected) in table {
            assert_eq!(SafePath::new(path).is_some(), expected, "{path:?}");
        }
    }
}
