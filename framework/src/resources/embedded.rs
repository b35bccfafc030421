//! Files of the binary, put there while compiling.

/// The files of a directory, in the binary. Made by [`embed!`](macro@crate::embed), given to
/// [`Config::resources`](crate::Config::resources).
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    pub(super) files: &'static [EmbeddedFile],
}

/// One file. For generated code.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct EmbeddedFile {
    /// Below the directory, with slashes between its names.
    pub path: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// A hash of these.
    pub hash: u64,
}

impl std::fmt::Debug for EmbeddedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.bytes.len())
    }
}

impl Embedded {
    /// Files in any order. For generated code.
    #[doc(hidden)]
    pub const fn new(files: &'static [EmbeddedFile]) -> Embedded {
        Embedded { files }
    }

    /// The paths of all files below the directory, with slashes between their names.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.files.iter().map(|file| file.path)
    }
}
