//! A form in parts while it comes: each part's head, then its bytes, and nothing of it is kept.

#[cfg(test)]
mod oracle;

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use super::beginnings::{Beginning, Beginnings};
use super::files::{content_type, unsaved};
use super::safe_name::safe_name;
use super::{BodyReader, Error, Request, Result, Trailers};
use crate::base::{Headers, shown};
use crate::io::spool::{self, FileWriter};
use crate::proto::multipart::{Boundary, Event, MultipartDecoder, PartHead, charset};

/// A form in parts (`multipart/form-data`), read while it comes. For files of any size: nothing is kept in memory but the
/// piece at hand. As an argument it keeps the body from being read before the handler runs, so its text fields are no
/// parameters; they come in their turn. [`MultipartFile`](crate::MultipartFile) is easier where files may be stored first.
///
/// The whole is bounded by [`Limits::upload_size`](crate::Limits), one part by `Limits::part_size`. The former is often
/// raised for one mapping, as here.
///
/// ```
/// use vernal::{Limits, Multipart, Result, request_map};
///
/// #[request_map("/videos", method = "POST", limits = Limits::new().upload_size(8 << 30))]
/// async fn videos(mut form: Multipart) -> Result<String> {
///     let mut told = String::new();
///     while let Some(mut part) = form.next().await? {
///         if part.is_file() {
///             let size = part.save_to(format!("videos/{}", part.safe_name())).await?;
///             told += &format!("{}: {size} bytes\n", part.safe_name());
///         }
///     }
///     Ok(told)
/// }
/// ```
pub struct Multipart {
    body: BodyReader,
    decoder: MultipartDecoder,
    /// What has come and is not decoded yet.
    piece: Bytes,
    progress: Progress,
    is_in_part: bool,
    has_ended: bool,
    /// The end of what has come of the part at hand.
    beginning: Beginning,
    beginnings: Arc<Beginnings>,
}

/// How much of a form has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of the body that have been read.
    pub received: u64,
    /// Bytes of the body in all; `None` if the peer did not say so before.
    pub total: Option<u64>,
}

impl Progress {
    /// The part of the body that has come, from 0 to 1, if the whole is known.
    pub fn fraction(self) -> Option<f64> {
        self.total.map(|total| if total == 0 { 1.0 } else { self.received as f64 / total as f64 })
    }
}

/// What is next in a form.
enum Step {
    Part(PartHead),
    Data(Bytes),
    PartEnd,
    End,
}

impl Multipart {
    /// Reads the form in a request's body from `reader`.
    ///
    /// # Errors
    /// It is not in parts, or names no boundary: 400.
    pub(crate) fn new(request: &Request, reader: BodyReader) -> Result<Multipart> {
        let content_type = request.headers.get_bytes("content-type").unwrap_or_default();
        let boundary = Boundary::of(content_type).map_err(Error::from_refusal)?;
        Ok(Multipart {
            decoder: MultipartDecoder::new(&boundary, reader.bounds),
            body: reader,
            piece: Bytes::new(),
            progress: Progress { received: 0, total: request.content_length() },
            is_in_part: false,
            has_ended: false,
            beginning: Beginning::default(),
            beginnings: request.note_beginnings(),
        })
    }

    /// The next part; `None` after the last. What was not read of the part before is passed over.
    ///
    /// # Errors
    /// The form is malformed or cut off (400), larger than [`Limits::upload_size`](crate::Limits) or one part than
    /// `Limits::part_size` (413), too slow (408), or has more parts or longer heads than allowed (400).
    pub async fn next(&mut self) -> Result<Option<Part<'_>>> {
        loop {
            match poll_fn(|cx| self.poll_step(cx)).await? {
                Step::Part(head) => {
                    self.is_in_part = true;
                    return Ok(Some(Part { form: self, head, rest: Bytes::new() }));
                }
                Step::End => return Ok(None),
                Step::Data(_) | Step::PartEnd => {}
            }
        }
    }

    /// How much of the form has come.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The fields that come after the form: none if none came. Parts that have not been read are passed over.
    ///
    /// # Errors
    /// As [`Multipart::next`] and [`BodyReader::trailers`](crate::BodyReader::trailers).
    pub async fn trailers(&mut self) -> Result<&Trailers> {
        while self.next().await?.is_some() {}
        self.body.trailers().await
    }

    /// Reads what follows the last part, so that the body is known to be whole, and the fields after that.
    pub(super) async fn finish(&mut self) -> Result<Headers> {
        while let Some(piece) = self.body.next().await? {
            self.progress.received += piece.len() as u64;
        }
        poll_fn(|cx| self.body.poll_trailers(cx)).await
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<Step>> {
        loop {
            if self.has_ended {
                return Poll::Ready(Ok(Step::End));
            }
            if self.piece.is_empty() {
                match ready!(self.body.poll_next(cx)) {
                    Ok(Some(piece)) => {
                        self.progress.received += piece.len() as u64;
                        self.piece = piece;
                    }
                    Ok(None) => {
                        self.has_ended = true;
                        let finished = self.decoder.finish().map(|()| Step::End);
                        return Poll::Ready(finished.map_err(Error::from_refusal));
                    }
                    Err(error) => return self.fail(error),
                }
            }
            let (consumed, event) = match self.decoder.decode(&self.piece) {
                Ok(decoded) => decoded,
                Err(refusal) => return self.fail(Error::from_refusal(refusal)),
            };
            let step = match event {
                None => None,
                Some(Event::Part(head)) => {
                    self.beginning = Beginning::default();
                    self.beginnings.look(head.name.as_bytes());
                    self.beginnings.look(head.filename.as_deref().unwrap_or_default().as_bytes());
                    Some(Step::Part(head))
                }
                Some(Event::Data(held)) if consumed == 0 => {
                    self.beginning.watch(held, &self.beginnings);
                    Some(Step::Data(Bytes::copy_from_slice(held)))
                }
                Some(Event::Data(_)) => {
                    let data = self.piece.split_to(consumed);
                    self.beginning.watch(&data, &self.beginnings);
                    return Poll::Ready(Ok(Step::Data(data)));
                }
                Some(Event::PartEnd) => {
                    self.is_in_part = false;
                    Some(Step::PartEnd)
                }
                Some(Event::End) => {
                    self.has_ended = true;
                    Some(Step::End)
                }
            };
            let _ = self.piece.split_to(consumed);
            if let Some(step) = step {
                return Poll::Ready(Ok(step));
            }
        }
    }

    fn fail(&mut self, error: Error) -> Poll<Result<Step>> {
        self.has_ended = true;
        self.is_in_part = false;
        Poll::Ready(Err(error))
    }
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("progress", &self.progress).finish_non_exhaustive()
    }
}

/// A part of a form whose bytes are still coming; a [`tokio::io::AsyncRead`] too. Lent by [`Multipart::next`].
pub struct Part<'m> {
    form: &'m mut Multipart,
    head: PartHead,
    /// What an `AsyncRead` has not taken yet.
    rest: Bytes,
}

impl Part<'_> {
    /// The name of the field.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// Whether it is a file: one has a file name, be it empty.
    pub fn is_file(&self) -> bool {
        self.head.filename.is_some()
    }

    /// The name of the file as it was sent, if it is one: of any form, and no path to trust.
    pub fn filename(&self) -> Option<&str> {
        self.head.filename.as_deref()
    }

    /// The name of the file as it may stand in a path: see [`MultipartFile::safe_name`](crate::MultipartFile::safe_name).
    pub fn safe_name(&self) -> String {
        safe_name(self.filename().unwrap_or_default())
    }

    /// The content type the peer gave, unchecked, if it gave one.
    pub fn content_type(&self) -> Option<&str> {
        content_type(&self.head.headers)
    }

    /// The header fields of the part.
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// How much of the form has come, parts before this one included.
    pub fn progress(&self) -> Progress {
        self.form.progress
    }

    /// The next bytes of the part, as many as are there; `None` at its end.
    ///
    /// # Errors
    /// As [`Multipart::next`].
    pub async fn read(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_data(cx)).await
    }

    /// All bytes that are left of the part, at most `limit`.
    ///
    /// # Errors
    /// As [`Multipart::next`], and 413 when there are more.
    pub async fn read_to_end(&mut self, limit: usize) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.read().await? {
            if all.len() + piece.len() > limit {
                return Err(Error::status_only(413).explain(format!(
                    "the part `{}` is larger than the {limit} bytes that this handler reads",
                    shown(self.name())
                )));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    /// What is left of the part as text of at most `limit` bytes: UTF-8, else ISO-8859-1 or windows-1252 if the part's content
    /// type declares that charset (RFC 7578, section 4.4).
    ///
    /// # Errors
    /// As [`Part::read_to_end`], and 400 when it is no such text.
    pub async fn text(&mut self, limit: usize) -> Result<String> {
        let bytes = self.read_to_end(limit).await?;
        match charset::decode(&bytes, self.content_type_bytes()) {
            Ok(Cow::Owned(text)) => Ok(text),
            // It has been looked at: this does not fail, and copies nothing.
            Ok(Cow::Borrowed(_)) => Ok(String::from_utf8(bytes).unwrap_or_default()),
            Err(why) => Err(Error::bad_request(format!("the part `{}` {why}", shown(self.name())))),
        }
    }

    pub(super) fn content_type_bytes(&self) -> Option<&[u8]> {
        self.head.headers.get_bytes("content-type")
    }

    /// Makes a file of what is left of the part, and gives its size. A file that is there already is left alone.
    ///
    /// # Errors
    /// As [`Multipart::next`]. There is such a file: 409; see [`Part::save_over`]. The disk is full: 507. It cannot be written otherwise: 500. Nothing
    /// is left of it then.
    pub async fn save_to(&mut self, path: impl AsRef<Path>) -> Result<u64> {
        let path = path.as_ref();
        let (unfinished, file) =
            spool::create(path.to_owned()).await.map_err(|error| unsaved(&error, path))?;
        let size = self.write_to(FileWriter::new(file), path).await?;
        unfinished.keep();
        Ok(size)
    }

    /// The same, in place of a file that is there already: readers see the old one or the whole new one.
    ///
    /// # Errors
    /// As [`Part::save_to`], but for the 409.
    pub async fn save_over(&mut self, path: impl AsRef<Path>) -> Result<u64> {
        let path = path.as_ref();
        let (unfinished, file) = spool::create_beside(path).await.map_err(|error| unsaved(&error, path))?;
        let size = self.write_to(FileWriter::new(file), path).await?;
        spool::replace(unfinished, path.to_owned()).await.map_err(|error| unsaved(&error, path))?;
        Ok(size)
    }

    async fn write_to(&mut self, mut writer: FileWriter, path: &Path) -> Result<u64> {
        let mut size = 0;
        while let Some(piece) = self.read().await? {
            writer.write(&piece).await.map_err(|error| unsaved(&error, path))?;
            size += piece.len() as u64;
        }
        writer.finish().await.map_err(|error| unsaved(&error, path))?;
        Ok(size)
    }

    pub(super) fn into_head(self) -> PartHead {
        self.head
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.rest))));
        }
        if !self.form.is_in_part {
            return Poll::Ready(Ok(None));
        }
        match ready!(self.form.poll_step(cx))? {
            Step::Data(bytes) => Poll::Ready(Ok(Some(bytes))),
            Step::PartEnd | Step::End | Step::Part(_) => Poll::Ready(Ok(None)),
        }
    }
}

impl AsyncRead for Part<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let next = ready!(self.poll_data(cx))
            .map_err(|error| io::Error::other(Box::<dyn std::error::Error + Send + Sync>::from(error)))?;
        let Some(mut piece) = next else { return Poll::Ready(Ok(())) };
        let count = piece.len().min(buffer.remaining());
        buffer.put_slice(&piece.split_to(count));
        self.rest = piece;
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name())
            .field("filename", &self.filename())
            .field("content_type", &self.content_type())
            .finish_non_exhaustive()
    }
}
