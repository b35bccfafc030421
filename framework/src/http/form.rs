//! Receiving a form in parts as a whole: text fields become parameters, files lie in memory or in temporary files.

use std::mem;
use std::path::Path;

use ::http::StatusCode;
use bytes::Bytes;

use super::files::{Content, FilePart, unspooled};
use super::multipart::{Multipart, Part};
use super::{BodyReader, Error, Request, Result};
use crate::io::Share;
use crate::io::spool::{self, FileWriter, Spooled, Temporary};
use crate::proto::multipart::charset;
use crate::proto::{Limit, Limits, Refusal};

impl Request {
    /// Receives a form in parts from `reader`, and gives the size of the body.
    ///
    /// # Errors
    /// The form is malformed or over a limit (400, 413), too slow (408), or a file cannot be kept (500, 507).
    pub(crate) async fn receive_form(&mut self, reader: BodyReader, limits: &Limits) -> Result<u64> {
        let mut form = Multipart::new(self, reader)?;
        let mut files = Files {
            in_memory: limits.upload_memory,
            kept: Vec::new(),
            held: 0,
            share: Share::of(&self.context.bodies),
        };
        let mut text = Vec::new();
        let mut text_left = limits.body_size;
        while let Some(mut part) = form.next().await? {
            if part.is_file() {
                files.receive(part, &self.context.upload_directory).await?;
                continue;
            }
            text.clear();
            while let Some(piece) = part.read().await? {
                text_left = text_left.checked_sub(piece.len() as u64).ok_or_else(|| too_much_text(limits))?;
                files.hold(piece.len(), 0)?;
                text.extend_from_slice(&piece);
            }
            let (others, limit) = (self.query.len(), self.context.parameters);
            let decoded = charset::decode(&text, part.content_type_bytes());
            self.form.push_part(others, (part.name(), &text), decoded, limit).map_err(Error::from_refusal)?;
        }
        let trailers = form.finish().await?;
        self.set_share(files.share);
        if !trailers.is_empty() {
            self.set_trailers(trailers);
        }
        if !files.kept.is_empty() {
            self.files = Some(Box::new(files.kept));
        }
        Ok(form.progress().received)
    }
}

fn too_much_text(limits: &Limits) -> Error {
    let what = format_args!("the text fields of the form are larger than {} bytes", limits.body_size);
    Error::from_refusal(Refusal::beyond(Limit::body_size, StatusCode::PAYLOAD_TOO_LARGE, what))
}

/// The files of a form.
struct Files {
    /// How many more bytes may be kept in memory.
    in_memory: usize,
    kept: Vec<FilePart>,
    /// Bytes that have been kept in memory, text fields included, and what they are counted with.
    held: usize,
    share: Share,
}

impl Files {
    /// Counts so many bytes more for as long as the request lasts, and so many for the moment.
    fn hold(&mut self, more: usize, passing: usize) -> Result {
        self.held += more;
        self.share.set(self.held + passing).map_err(Error::from_refusal)
    }

    async fn receive(&mut self, mut part: Part<'_>, directory: &Path) -> Result {
        let mut memory = Vec::new();
        let mut spool: Option<Spool> = None;
        while let Some(piece) = part.read().await? {
            if let Some(spool) = &mut spool {
                spool.write(&piece, directory).await?;
                self.hold(0, spool.writer.held())?;
            } else if memory.len() + piece.len() <= self.in_memory {
                self.hold(0, memory.len() + piece.len())?;
                memory.extend_from_slice(&piece);
            } else {
                let begun = spool.insert(Spool::begin(directory).await?);
                begun.write(&mem::take(&mut memory), directory).await?;
                begun.write(&piece, directory).await?;
                self.hold(0, begun.writer.held())?;
            }
        }
        self.hold(memory.len(), 0)?;
        let content = match spool {
            Some(spool) => Content::Spooled(spool.finish(directory).await?),
            None => {
                self.in_memory -= memory.len();
                Content::Memory(Bytes::from(memory))
            }
        };
        self.kept.push(FilePart::new(part.into_head(), content));
        Ok(())
    }
}

/// A temporary file that is being written.
struct Spool {
    file: Temporary,
    writer: FileWriter,
    size: u64,
}

impl Spool {
    async fn begin(directory: &Path) -> Result<Spool> {
        let made = spool::create_temporary(directory.to_owned()).await;
        let (file, writing) = made.map_err(|error| unspooled(&error, directory))?;
        Ok(Spool { file, writer: FileWriter::new(writing), size: 0 })
    }

    async fn write(&mut self, bytes: &[u8], directory: &Path) -> Result {
        self.size += bytes.len() as u64;
        self.writer.write(bytes).await.map_err(|error| unspooled(&error, directory))
    }

    async fn finish(self, directory: &Path) -> Result<Spooled> {
        self.writer.finish().await.map_err(|error| unspooled(&error, directory))?;
        Ok(Spooled::new(self.file, self.size))
    }
}
