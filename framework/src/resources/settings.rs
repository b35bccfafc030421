//! What resources are told before they are frozen.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Embedded;

/// Files to be served, and how. Given to [`Config::resources`](crate::Config::resources) with the pattern of their paths;
/// where nothing is to be said of them, the name of a directory will do.
///
/// ```no_run
/// use vernal::{Resources, server};
///
/// fn main() -> vernal::Result {
///     server::new()
///         .resources("/public/**", "static")
///         .resources("/app/**", Resources::dir("dist").fallback("index.html").cache_control("no-cache"))
///         .resources("**.css", "themes")
///         .start()
/// }
/// ```
///
/// Only GET and HEAD are answered (405 else). Every answer has a content type by the file's extension (`mime_guess`; text
/// with `charset=utf-8`), a strong `ETag` and, for files on a disk, `Last-Modified`. Where a file's time says nothing of its content
/// (before 1990, in the future, and some that tools give to all files: package stores and reproducible images do so), there is no
/// `Last-Modified`, and the tag is a sum of the content; files of more than 64 MiB have none then, and those of more than 1 MiB
/// none before they are two seconds old. Conditions, `If-Range` and ranges are
/// obeyed (RFC 9110, sections 13 and 14): 304, 412, 206 and 416. Of at most 64 ranges, all are sent; a request for more, or
/// for more bytes than the file has, gets the whole file.
///
/// What is not there is a 404, so is whatever is no regular file or directory, and whatever lies outside: paths with an
/// encoded slash, a backslash or a NUL, and symbolic links that leave the directory. A file that may not be read is a 403.
///
/// Files are read off the server's threads, in pieces of 256 KiB, so that memory stays flat whatever their size. With the feature
/// `sendfile` on Linux, those of local file systems are opened, and small ones read, without such a detour where the system has
/// them in memory, and larger ones are sent by the system itself over connections without TLS. What is overwritten in place while it is
/// sent may reach the peer as old and new mixed: put new files in the place of old ones by renaming. An overlay counts as local, whatever
/// lies below it; behind FUSE and networks nothing is done without the detour.
#[derive(Clone, Debug)]
pub struct Resources {
    pub(super) origin: Origin,
    pub(super) index: Option<String>,
    pub(super) listing: bool,
    pub(super) fallback: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) precompressed: bool,
    pub(super) follow_symlinks: bool,
    pub(super) hidden_files: bool,
    /// Extensions and their content types.
    pub(super) types: Vec<(String, String)>,
    pub(super) cache: bool,
    pub(super) cache_size: usize,
    pub(super) check_every: Duration,
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(super) by_name: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Origin {
    Directory(PathBuf),
    Embedded(Embedded),
}

impl Resources {
    /// The files of a directory. A relative path is taken from where the process was started; a directory that is not there
    /// is an error at start.
    pub fn dir(path: impl Into<PathBuf>) -> Resources {
        Resources::of(Origin::Directory(path.into()))
    }

    /// Files of the binary, named by [`embed!`](macro@crate::embed).
    pub fn embedded(files: Embedded) -> Resources {
        Resources::of(Origin::Embedded(files))
    }

    /// Where the files are, if not in the binary.
    pub(super) fn directory(&self) -> Option<&PathBuf> {
        match &self.origin {
            Origin::Directory(path) => Some(path),
            Origin::Embedded(_) => None,
        }
    }

    fn of(origin: Origin) -> Resources {
        Resources {
            origin,
            index: Some("index.html".to_owned()),
            listing: false,
            fallback: None,
            cache_control: None,
            precompressed: false,
            follow_symlinks: false,
            hidden_files: false,
            types: Vec::new(),
            cache: !cfg!(debug_assertions),
            cache_size: 16 << 20,
            check_every: Duration::from_secs(1),
            #[cfg(all(feature = "sendfile", target_os = "linux"))]
            by_name: false,
        }
    }

    /// The file that is sent for the path of a directory; `None` if there is no such file. Default `index.html`. A directory
    /// that has one, and was asked for without the slash at its end, is a redirect to the path with it.
    #[must_use]
    pub fn index<'n>(mut self, name: impl Into<Option<&'n str>>) -> Resources {
        self.index = name.into().map(str::to_owned);
        self
    }

    /// Whether a directory without an index file is answered with a page that lists what is in it, 10,000 names at most.
    /// Default: no.
    #[must_use]
    pub fn listing(mut self, lists: bool) -> Resources {
        self.listing = lists;
        self
    }

    /// The file that is sent with a 200 for every path that names no other: for applications that do their own routing in the
    /// browser. Its path is one below the directory. Default: none, which is a 404.
    #[must_use]
    pub fn fallback(mut self, path: impl Into<String>) -> Resources {
        self.fallback = Some(path.into());
        self
    }

    /// The `Cache-Control` field of every answer, such as `public, max-age=3600`. Default: none.
    #[must_use]
    pub fn cache_control(mut self, value: impl Into<String>) -> Resources {
        self.cache_control = Some(value.into());
        self
    }

    /// Whether `a.css.br`, `a.css.zst` or `a.css.gz`, where they lie beside `a.css`, are sent in its place to those whose
    /// `Accept-Encoding` likes them best. Default: no.
    #[must_use]
    pub fn precompressed(mut self, looks: bool) -> Resources {
        self.precompressed = looks;
        self
    }

    /// Whether symbolic links are followed out of the directory. Default: no; those that stay inside are always followed.
    #[must_use]
    pub fn follow_symlinks(mut self, follows: bool) -> Resources {
        self.follow_symlinks = follows;
        self
    }

    /// Whether files and directories whose names begin with a dot are served. Default: no, but for `.well-known`.
    #[must_use]
    pub fn hidden_files(mut self, serves: bool) -> Resources {
        self.hidden_files = serves;
        self
    }

    /// The content type of files with this extension (without its dot, in any case), in place of the one it is known by.
    #[must_use]
    pub fn content_type(
        mut self,
        extension: impl Into<String>,
        content_type: impl Into<String>,
    ) -> Resources {
        self.types.push((extension.into(), content_type.into()));
        self
    }

    /// Whether files of up to 64 KiB are kept in memory. Default: yes, but not in debug builds, where what is edited should
    /// be seen at once.
    #[must_use]
    pub fn cache(mut self, keeps: bool) -> Resources {
        self.cache = keeps;
        self
    }

    /// How many bytes are kept in memory at most. Default 16 MiB.
    #[must_use]
    pub fn cache_size(mut self, bytes: usize) -> Resources {
        self.cache_size = bytes;
        self
    }

    /// How long a file in memory is taken to be what it is on the disk, before its time of change, length and inode are
    /// looked at again; and how long the directory to be what has its name, where it is kept open (feature `sendfile`). Default 1 s.
    #[must_use]
    pub fn check_every(mut self, time: Duration) -> Resources {
        self.check_every = time;
        self
    }
}

macro_rules! directories {
    ($($kind:ty)*) => { $(
        /// The directory of that name.
        impl From<$kind> for Resources {
            fn from(path: $kind) -> Resources {
                Resources::dir(path)
            }
        }
    )* };
}
directories! { &str String &String &Path PathBuf &PathBuf }

impl From<Embedded> for Resources {
    fn from(files: Embedded) -> Resources {
        Resources::embedded(files)
    }
}
