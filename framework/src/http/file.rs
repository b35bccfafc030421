//! Files as bodies: read off the runtime's threads, a piece at a time, the next one while the one before is being sent.
//!
//! Whatever the size of the file, no more than two pieces of it are in memory. A file that has become shorter than what
//! was promised of it is an error, so that nobody takes a part of it for the whole.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::{Error, Result};
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use crate::io::Medium;
use crate::io::{Blocking, blocking};

/// What is left to send of an opened file, with what stands between its parts.
pub(crate) struct FileBody {
    parts: VecDeque<Stretch>,
    /// At home unless a piece is being read.
    file: Option<File>,
    reading: Option<Blocking<io::Result<Loan>>>,
    /// A buffer to read into again.
    spare: Vec<u8>,
    /// What it lies on, if that is known.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    medium: Option<Medium>,
}

/// A part of a body that is made of a file.
pub(crate) enum Stretch {
    Bytes(Bytes),
    /// From one place of the file to another; never backwards.
    File(Range<u64>),
}

/// What is sent next.
pub(crate) enum Piece {
    Bytes(Bytes),
    /// Read from the file. Give the buffer back with [`FileBody::give_back`].
    Read(Vec<u8>),
}

/// A file, what it lies on, and what of it is sent.
#[cfg(all(feature = "sendfile", target_os = "linux"))]
type Parts = (File, Option<Medium>, VecDeque<Stretch>);

/// A file that comes home, and what has been read of it.
struct Loan {
    file: File,
    bytes: Vec<u8>,
}

/// Bodies up to this size are read in one piece, whoever sends them.
const SMALL: u64 = 64 << 10;

/// How much is read at a time.
pub(crate) const PIECE: u64 = 256 << 10;

impl Stretch {
    fn len(&self) -> u64 {
        match self {
            Stretch::Bytes(bytes) => bytes.len() as u64,
            Stretch::File(range) => range.end.saturating_sub(range.start),
        }
    }
}

impl FileBody {
    /// A body of these parts, of which nothing is read yet.
    pub(crate) fn new(file: File, parts: impl IntoIterator<Item = Stretch>) -> FileBody {
        let parts: Vec<_> = parts.into_iter().filter(|part| part.len() > 0).collect();
        FileBody {
            parts: parts.into(),
            file: Some(file),
            reading: None,
            spare: Vec::new(),
            #[cfg(all(feature = "sendfile", target_os = "linux"))]
            medium: None,
        }
    }

    /// Reads all of a small one at once, and the first piece of others, unless the system is to send them. Blocks.
    ///
    /// # Errors
    /// As [`FileBody::read_first`].
    pub(crate) fn begin(self) -> io::Result<FileBody> {
        let is_sent = cfg!(all(feature = "sendfile", target_os = "linux")) && self.is_large();
        if is_sent { Ok(self) } else { self.read_first() }
    }

    /// Whether the system is to send it, where it can.
    pub(crate) fn is_large(&self) -> bool {
        self.size() > SMALL
    }

    /// Reads all of a small one into `into`, without a wait; what is left of it, if that cannot be done.
    ///
    /// # Errors
    /// It has become shorter.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn read_at_hand(mut self, medium: Medium, into: &mut Vec<u8>) -> io::Result<Option<FileBody>> {
        self.medium = Some(medium);
        into.clear();
        if self.is_large() {
            return Ok(Some(self));
        }
        while let (Some(part), Some(file)) = (self.parts.front_mut(), &self.file) {
            match part {
                Stretch::Bytes(bytes) => into.extend_from_slice(bytes),
                Stretch::File(range) => {
                    let held = into.len();
                    into.resize(held + (range.end - range.start) as usize, 0);
                    let room = into.get_mut(held..).unwrap_or_default();
                    let read = medium.read_at_hand(file, room, range.start);
                    let count = *read.as_ref().unwrap_or(&0);
                    into.truncate(held + count);
                    range.start += count as u64;
                    match read {
                        Ok(0) => return Err(shorter()),
                        Ok(_) if range.is_empty() => {}
                        Ok(_) => continue,
                        Err(_) => {
                            if !into.is_empty() {
                                self.parts.push_front(Stretch::Bytes(std::mem::take(into).into()));
                            }
                            return Ok(Some(self));
                        }
                    }
                }
            }
            self.parts.pop_front();
        }
        Ok(None)
    }

    /// What it is made of, unless a part is being read.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn into_parts(mut self: Box<Self>) -> std::result::Result<Parts, Box<FileBody>> {
        match self.file.take() {
            Some(file) => Ok((file, self.medium, self.parts)),
            None => Err(self),
        }
    }

    /// Reads the first piece at once; all of a body that is no longer than one is then in memory. Blocks.
    ///
    /// # Errors
    /// The file cannot be read, or has fewer bytes than it should.
    pub(crate) fn read_first(mut self) -> io::Result<FileBody> {
        let Some(file) = &mut self.file else { return Ok(self) };
        let mut first =
            Vec::with_capacity(self.parts.iter().map(Stretch::len).sum::<u64>().min(PIECE) as usize);
        while let Some(part) = self.parts.front_mut() {
            let room = PIECE.saturating_sub(first.len() as u64);
            match part {
                Stretch::Bytes(bytes) if bytes.len() as u64 <= room => first.extend_from_slice(bytes),
                Stretch::File(range) if room > 0 => {
                    let end = range.end.min(range.start + room);
                    read_range(file, range.start..end, &mut first)?;
                    range.start = end;
                    if end < range.end {
                        break;
                    }
                }
                Stretch::Bytes(_) | Stretch::File(_) => break,
            }
            self.parts.pop_front();
        }
        self.parts.push_front(Stretch::Bytes(first.into()));
        Ok(self)
    }

    /// All of it, if that is in memory.
    pub(super) fn whole(mut self) -> Result<Bytes, FileBody> {
        match self.parts.make_contiguous() {
            [Stretch::Bytes(bytes)] => Ok(std::mem::take(bytes)),
            _ => Err(self),
        }
    }

    /// How many bytes are left.
    pub(crate) fn size(&self) -> u64 {
        self.parts.iter().map(Stretch::len).sum()
    }

    /// The next piece; `None` at the end. What comes after it is read meanwhile.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Piece>>> {
        match self.parts.front_mut() {
            None => Poll::Ready(Ok(None)),
            Some(Stretch::Bytes(bytes)) => {
                let bytes = std::mem::take(bytes);
                self.parts.pop_front();
                self.read_ahead();
                Poll::Ready(Ok(Some(Piece::Bytes(bytes))))
            }
            Some(Stretch::File(_)) => {
                self.read_ahead();
                let Some(reading) = &mut self.reading else {
                    return Poll::Ready(Err(io::Error::other("the file was lost when reading it failed")));
                };
                let read = ready!(Pin::new(reading).poll(cx));
                self.reading = None;
                let Loan { file, bytes } = read.map_err(io::Error::other)??;
                self.file = Some(file);
                if let Some(Stretch::File(range)) = self.parts.front_mut() {
                    range.start += bytes.len() as u64;
                    if range.is_empty() {
                        self.parts.pop_front();
                    }
                }
                self.read_ahead();
                Poll::Ready(Ok(Some(Piece::Read(bytes))))
            }
        }
    }

    /// Gives the buffer of a piece back when it has been sent.
    pub(crate) fn give_back(&mut self, buffer: Vec<u8>) {
        self.spare = buffer;
    }

    /// Begins to read what comes next of the file, unless that is done already.
    fn read_ahead(&mut self) {
        let next = self.parts.iter().find_map(|part| match part {
            Stretch::File(range) => Some(range.start..range.end.min(range.start + PIECE)),
            Stretch::Bytes(_) => None,
        });
        let Some(range) = next else { return };
        let Some(mut file) = self.file.take() else { return };
        let mut bytes = std::mem::take(&mut self.spare);
        bytes.clear();
        self.reading = Some(blocking(move || {
            bytes.reserve_exact((range.end - range.start) as usize);
            read_range(&mut file, range, &mut bytes)?;
            Ok(Loan { file, bytes })
        }));
    }
}

/// The same pieces for those that change them on their way.
impl Stream for FileBody {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let piece = ready!(self.get_mut().poll_piece(cx));
        Poll::Ready(match piece {
            Ok(None) => None,
            Ok(Some(Piece::Bytes(bytes))) => Some(Ok(bytes)),
            Ok(Some(Piece::Read(bytes))) => Some(Ok(bytes.into())),
            Err(error) => Some(Err(Error::from(error))),
        })
    }
}

/// Appends a part of a file, all of it or an error.
pub(crate) fn read_range(file: &mut File, range: Range<u64>, into: &mut Vec<u8>) -> io::Result<()> {
    let wanted = range.end.saturating_sub(range.start);
    file.seek(SeekFrom::Start(range.start))?;
    let count = file.take(wanted).read_to_end(into)? as u64;
    if count < wanted { Err(shorter()) } else { Ok(()) }
}

/// How much is missing of the whole is known to who sends it.
fn shorter() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it has become shorter than it was")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Body, BodyKind};
    use super::*;

    /// A file of `size` bytes that tell their places, removed with the test.
    struct Scratch(std::path::PathBuf);

    impl Scratch {
        fn new(name: &str, size: usize) -> Scratch {
            let path = std::env::temp_dir().join(format!("vernal-{}-{name}", std::process::id()));
            fs::write(&path, content(size)).expect("a place for a file");
            Scratch(path)
        }

        fn open(&self) -> File {
            File::open(&self.0).expect("it was written")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn content(size: usize) -> Vec<u8> {
        (0..size).map(|place| (place / 7 % 251) as u8).collect()
    }

    /// All of a body, and the sizes of its pieces.
    async fn pieces(body: Body) -> io::Result<(Vec<u8>, Vec<usize>)> {
        let mut file = match body.0 {
            BodyKind::OpenFile(file) => file,
            BodyKind::Bytes(bytes) => return Ok((bytes.to_vec(), vec![bytes.len()])),
            _ => panic!("a file's body"),
        };
        let (mut all, mut sizes) = (Vec::new(), Vec::new());
        while let Some(piece) = std::future::poll_fn(|cx| file.poll_piece(cx)).await? {
            let bytes = match piece {
                Piece::Bytes(bytes) => bytes.to_vec(),
                Piece::Read(bytes) => bytes,
            };
            sizes.push(bytes.len());
            all.extend_from_slice(&bytes);
            file.give_back(bytes);
        }
        Ok((all, sizes))
    }

    #[tokio::test]
    async fn files_come_in_pieces() {
        const P: usize = PIECE as usize;
        let table: [(usize, bool, &[usize]); 7] = [
            (0, true, &[0]),
            (10, true, &[10]),
            (P, true, &[P]),
            (P + 1, true, &[P, 1]),
            (3 * P, true, &[P, P, P]),
            (10, false, &[10]),
            (2 * P + 5, false, &[P, P, 5]),
        ];
        for (size, first, expected) in table {
            let scratch = Scratch::new("pieces", size);
            let body = FileBody::new(scratch.open(), [Stretch::File(0..size as u64)]);
            assert_eq!(body.size(), size as u64);
            let body: Body = if first { body.read_first().expect("it is there").into() } else { body.into() };
            assert_eq!(body.size(), Some(size as u64));
            let (all, sizes) = pieces(body).await.expect("it is there");
            assert!(all == content(size), "{size}");
            assert_eq!(sizes, expected, "{size}");
        }
    }

    #[tokio::test]
    async fn parts_come_in_their_order() {
        const P: u64 = PIECE;
        let scratch = Scratch::new("parts", 3 * P as usize);
        let whole = content(3 * P as usize);
        let text = |text: &'static str| Stretch::Bytes(Bytes::from_static(text.as_bytes()));
        let parts = || {
            [text("a"), Stretch::File(2 * P..3 * P), text(""), text("b"), Stretch::File(5..P + 10), text("c")]
        };
        let mut expected = b"a".to_vec();
        expected.extend_from_slice(&whole[2 * P as usize..]);
        expected.push(b'b');
        expected.extend_from_slice(&whole[5..P as usize + 10]);
        expected.push(b'c');
        for first in [false, true] {
            let body = FileBody::new(scratch.open(), parts());
            assert_eq!(body.size(), expected.len() as u64);
            let body: Body = if first { body.read_first().expect("it is there").into() } else { body.into() };
            let (all, _) = pieces(body).await.expect("it is there");
            assert!(all == expected, "{first}");
        }
    }

    #[tokio::test]
    async fn a_file_that_shrinks_is_an_error() {
        for (kept, first) in [(0, false), (PIECE, false), (0, true), (PIECE, true)] {
            let scratch = Scratch::new("shrinks", 3 * PIECE as usize);
            let body = FileBody::new(scratch.open(), [Stretch::File(0..3 * PIECE)]);
            let shrink = || File::options().write(true).open(&scratch.0).expect("ours").set_len(kept);
            let body = if first {
                let body: Body = body.read_first().expect("it is there still").into();
                shrink().expect("ours");
                body
            } else {
                shrink().expect("ours");
                body.into()
            };
            let error = pieces(body).await.expect_err("it is too short");
            assert!(error.to_string().contains("shorter"), "{error}");
        }
    }
}
