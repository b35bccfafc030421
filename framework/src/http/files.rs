//! Files that came with a form: small ones in memory, others in temporary files which go with the request.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::safe_name::safe_name;
use super::{Error, Result};
use crate::base::{Headers, shown};
use crate::io::spool::{self, Spooled};
use crate::proto::multipart::PartHead;
use crate::proto::multipart::charset::{self, NotText};

/// A file of a form, as the request keeps it.
#[derive(Debug)]
pub(crate) struct FilePart {
    pub(crate) name: String,
    filename: String,
    headers: Headers,
    content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Memory(Bytes),
    Spooled(Spooled),
}

impl FilePart {
    pub(crate) fn new(head: PartHead, content: Content) -> FilePart {
        let PartHead { headers, name, filename } = head;
        FilePart { name, filename: filename.unwrap_or_default(), headers, content }
    }

    /// Whether this is what a browser sends for a file field in which no file was chosen.
    pub(crate) fn is_unchosen(&self) -> bool {
        self.filename.is_empty() && matches!(&self.content, Content::Memory(bytes) if bytes.is_empty())
    }
}

/// A file that was uploaded with a form (`multipart/form-data`), found by the name of its field.
///
/// The form has been received when the handler runs: small files are in memory, others
/// ([`Limits::upload_memory`](crate::Limits)) in temporary files, which are removed with the request. As an argument it is
/// required, and its absence is a 400; so is a text field of its name. A body of another type, of a page whose form lacks
/// `enctype="multipart/form-data"` for instance, is a 415. `Option<MultipartFile<'_>>` is `None` when no file
/// came, or none was chosen: a browser then sends an empty file without a name, others an empty text. `Vec<MultipartFile<'_>>`
/// takes all files of the name, at least one: a list that may be empty is `Option<Vec<MultipartFile<'_>>>`, or has
/// `#[arg(default)]`. Text fields of the form are parameters.
///
/// To look at a form while it comes, and to keep nothing of it, take [`Multipart`](crate::Multipart).
///
/// ```
/// use vernal::{MultipartFile, Result, request_map};
///
/// #[request_map("/upload", method = "POST")]
/// async fn upload(img: MultipartFile<'_>, #[arg(default = "untitled")] title: String) -> Result<String> {
///     img.save_to(format!("uploads/{}", img.safe_name())).await?;
///     Ok(format!("{title}: {}, {} bytes", img.content_type(), img.size()))
/// }
/// ```
#[derive(Clone, Copy)]
pub struct MultipartFile<'r>(pub(crate) &'r FilePart);

impl<'r> MultipartFile<'r> {
    /// The name of the field.
    pub fn name(&self) -> &'r str {
        &self.0.name
    }

    /// The name of the file as it was sent: of any form, and no path to trust. Some clients send `größe.txt` as
    /// `gr%C3%B6%C3%9Fe.txt`, or double backslashes, which nobody can tell from names that are spelled so. See
    /// [`MultipartFile::safe_name`].
    pub fn filename(&self) -> &'r str {
        &self.0.filename
    }

    /// The name of the file as it may stand in a path: its last component, without control characters and those that some
    /// system gives a meaning, not hidden, not the name of a device, of at most 200 bytes. `unnamed` if nothing is left.
    /// Two files may have the same.
    pub fn safe_name(&self) -> String {
        safe_name(&self.0.filename)
    }

    /// The content type the peer gave, unchecked; `application/octet-stream` if it gave none.
    pub fn content_type(&self) -> &'r str {
        content_type(&self.0.headers).unwrap_or("application/octet-stream")
    }

    /// The header fields of its part.
    pub fn headers(&self) -> &'r Headers {
        &self.0.headers
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        match &self.0.content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::Spooled(spooled) => spooled.size,
        }
    }

    /// Whether it has no content.
    pub fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// Its content if it is in memory; `None` if it was too large and is in a temporary file.
    pub fn content(&self) -> Option<&'r [u8]> {
        match &self.0.content {
            Content::Memory(bytes) => Some(bytes),
            Content::Spooled(_) => None,
        }
    }

    /// Its content, wherever it is, in one piece: up to [`Limits::upload_size`](crate::Limits) bytes of memory.
    ///
    /// # Errors
    /// The temporary file cannot be read: 500.
    pub async fn bytes(&self) -> Result<Bytes> {
        match &self.0.content {
            Content::Memory(bytes) => Ok(bytes.clone()),
            Content::Spooled(spooled) => {
                let path = spooled.path().to_owned();
                let read = spool::blocking(move || std::fs::read(path)).await;
                read.map(Bytes::from).map_err(unreadable)
            }
        }
    }

    /// Its content as text: UTF-8, else ISO-8859-1 or windows-1252 if its content type declares that charset (RFC 7578,
    /// section 4.4).
    ///
    /// # Errors
    /// It is no such text: 400. The temporary file cannot be read: 500.
    pub async fn text(&self) -> Result<String> {
        let error = match String::from_utf8(self.bytes().await?.into()) {
            Ok(text) => return Ok(text),
            Err(error) => error,
        };
        let valid = error.utf8_error().valid_up_to();
        let decoded = charset::decode(error.as_bytes(), self.0.headers.get_bytes("content-type"));
        decoded.map(Cow::into_owned).map_err(|why| {
            let place = if why == NotText::Utf8 { format!(" from byte {valid} on") } else { String::new() };
            Error::bad_request(format!("The file in Parameter[{}] {why}{place}.", shown(self.name())))
        })
    }

    /// A reader of its content from the begin, a [`tokio::io::AsyncRead`].
    ///
    /// # Errors
    /// The temporary file cannot be opened: 500.
    pub async fn open(&self) -> Result<FileReader> {
        match &self.0.content {
            Content::Memory(bytes) => Ok(FileReader(Origin::Memory(bytes.clone()))),
            Content::Spooled(spooled) => {
                let file = tokio::fs::File::open(spooled.path()).await.map_err(unreadable)?;
                Ok(FileReader(Origin::File(file)))
            }
        }
    }

    /// Makes a file of it. One that is there already is left alone: choose another name then, or call
    /// [`MultipartFile::save_over`]. On one file system, a temporary file is not copied but moved; the content
    /// can still be read here.
    ///
    /// # Errors
    /// There is such a file: 409. The disk is full: 507. It cannot be written otherwise: 500. Nothing is left of it then.
    pub async fn save_to(&self, path: impl AsRef<Path>) -> Result {
        self.save(path.as_ref(), false).await
    }

    /// The same, in place of a file that is there already: readers see the old one or the whole new one.
    ///
    /// # Errors
    /// The disk is full: 507. It cannot be written otherwise: 500.
    pub async fn save_over(&self, path: impl AsRef<Path>) -> Result {
        self.save(path.as_ref(), true).await
    }

    async fn save(&self, path: &Path, replaces: bool) -> Result {
        let content = match &self.0.content {
            Content::Memory(bytes) => spool::Content::Memory(bytes),
            Content::Spooled(spooled) => spool::Content::Spooled(spooled),
        };
        spool::save(content, path.to_owned(), replaces).await.map_err(|error| unsaved(&error, path))
    }
}

impl fmt::Debug for MultipartFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultipartFile")
            .field("name", &self.name())
            .field("filename", &self.filename())
            .field("content_type", &self.content_type())
            .field("size", &self.size())
            .finish()
    }
}

/// Reads an uploaded file. Made by [`MultipartFile::open`].
#[derive(Debug)]
pub struct FileReader(Origin);

#[derive(Debug)]
enum Origin {
    Memory(Bytes),
    File(tokio::fs::File),
}

impl FileReader {
    /// The next piece, of at most 64 KiB; `None` at the end.
    ///
    /// # Errors
    /// The temporary file cannot be read: 500.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut piece = bytes::BytesMut::with_capacity(64 << 10);
        let count = self.read_buf(&mut piece).await.map_err(unreadable)?;
        Ok((count > 0).then(|| piece.freeze()))
    }
}

impl AsyncRead for FileReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Origin::Memory(bytes) => {
                let count = bytes.len().min(buffer.remaining());
                buffer.put_slice(&bytes.split_to(count));
                Poll::Ready(Ok(()))
            }
            Origin::File(file) => Pin::new(file).poll_read(cx, buffer),
        }
    }
}

/// The content type that stands in the head of a part.
pub(super) fn content_type(headers: &Headers) -> Option<&str> {
    headers.get("content-type").filter(|kind| !kind.is_empty())
}

fn unreadable(error: io::Error) -> Error {
    Error::internal(format!("the temporary file of an upload cannot be read: {error}"))
}

/// Why a file cannot be made. Only the log hears of the path.
pub(super) fn unsaved(error: &io::Error, path: &Path) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Error::conflict(format!("There is a file `{}` already.", shown(&name)));
    }
    unwritten(error, format!("an upload cannot be saved as {}: {error}", path.display()))
}

/// Why a temporary file cannot be written.
pub(super) fn unspooled(error: &io::Error, directory: &Path) -> Error {
    unwritten(
        error,
        format!(
            "a temporary file for an upload cannot be written in {}: {error} (Config::upload_directory)",
            directory.display()
        ),
    )
}

fn unwritten(error: &io::Error, text: String) -> Error {
    let is_full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    );
    let error = Error::internal(text);
    if is_full { error.with_status(507) } else { error }
}

/// Where temporary files go unless the application says otherwise.
pub(crate) fn default_directory() -> PathBuf {
    std::env::temp_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_not_our_mistake() {
        let table = [
            (io::ErrorKind::StorageFull, 507),
            (io::ErrorKind::QuotaExceeded, 507),
            (io::ErrorKind::FileTooLarge, 507),
            (io::ErrorKind::PermissionDenied, 500),
            (io::ErrorKind::NotFound, 500),
        ];
        for (kind, status) in table {
            for error in
                [unspooled(&kind.into(), Path::new("/dir")), unsaved(&kind.into(), Path::new("/dir/a"))]
            {
                assert_eq!(error.status(), status, "{kind}");
                assert!(error.is_private() && error.explain_text().contains("/dir"), "{error}");
            }
        }
        let error = unsaved(&io::ErrorKind::AlreadyExists.into(), Path::new("/dir/<a>"));
        assert_eq!((error.status().as_u16(), error.is_private()), (409, false));
        assert!(!error.explain_text().contains("/dir"), "{error}");
    }
}
