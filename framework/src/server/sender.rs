//! Sending an answer: its head with the server's own lines, and its body wherever that lies.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use ::http::StatusCode;

use super::Shared;
use super::wire::{Gone, Wire};
use crate::base::{Headers, counted, say};
use crate::http::{
    BodyKind, BoxStream, Error, FileBody, Piece, Request, Response, SentHead, Trailing, guessed_type, held,
};
use crate::io::{Inbox, Outbox};
use crate::proto::Limits;
use crate::proto::h1::{Answer, BodyMode, H1, encode};
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use crate::{http::Stretch, io::Transfer, io::can_transfer, io::is_of_peer};

/// What the server adds to every head.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'s> {
    /// Seconds since 1970.
    pub(crate) second: u64,
    pub(crate) shared: &'s Shared,
}

/// The buffer of a body above this size goes with it instead of being copied: it would not be kept anyway.
const MOVED: usize = 64 << 10;

/// The part of a body that is not in memory.
pub(crate) enum Rest {
    File(Box<FileBody>),
    Stream(BoxStream, BodyMode),
    /// A stream in chunks, and what follows it.
    Trailed(Box<(BoxStream, Box<Trailing>)>),
}

impl Sender<'_> {
    /// Puts head and body into the outbox; returns what of the body is still to be sent.
    #[inline]
    pub(crate) fn put(&self, response: &mut Response, h1: &mut H1, outbox: &mut Outbox) -> Option<Rest> {
        if response.trailing.is_some() {
            return self.put_trailed(response, h1, outbox);
        }
        let length = match &response.body.0 {
            BodyKind::Empty | BodyKind::File(_) | BodyKind::Written => Some(0),
            BodyKind::Buffer => Some(response.buffer.len() as u64),
            BodyKind::Bytes(bytes) => Some(bytes.len() as u64),
            BodyKind::OpenFile(file) => Some(file.size()),
            BodyKind::Sized(_, size) => Some(*size),
            BodyKind::Stream(_) | BodyKind::Trailed(_) => None,
            #[cfg(feature = "templates")]
            BodyKind::View(_) => Some(0),
            #[cfg(feature = "negotiation")]
            BodyKind::Content(_) => Some(0),
        };
        let Response { status, reason, headers, content_type, .. } = &*response;
        let mode = self.head(h1, outbox, *status, reason.as_deref(), headers, *content_type, length);
        if mode == BodyMode::Skip {
            return None;
        }
        outbox.body_size = length.unwrap_or(0);
        match std::mem::take(&mut response.body).0 {
            BodyKind::Empty | BodyKind::File(_) | BodyKind::Written => None,
            BodyKind::Buffer if response.buffer.len() > MOVED => {
                outbox.push(held(std::mem::take(&mut response.buffer)));
                None
            }
            BodyKind::Buffer => {
                outbox.bytes.extend_from_slice(&response.buffer);
                None
            }
            BodyKind::Bytes(bytes) => {
                outbox.push(bytes);
                None
            }
            // What is sent piece by piece is counted so.
            BodyKind::OpenFile(file) => {
                outbox.body_size = 0;
                Some(Rest::File(file))
            }
            BodyKind::Stream(stream) | BodyKind::Sized(stream, _) => {
                outbox.body_size = 0;
                Some(Rest::Stream(stream, mode))
            }
            BodyKind::Trailed(trailed) => {
                outbox.body_size = 0;
                Some(Rest::Stream(Box::pin(trailed.0), mode))
            }
            #[cfg(feature = "templates")]
            BodyKind::View(_) => None,
            #[cfg(feature = "negotiation")]
            BodyKind::Content(_) => None,
        }
    }

    /// The same for an answer with fields after its body: one that takes them has been [asked](Sender::settle_trailers).
    #[cold]
    fn put_trailed(&self, response: &mut Response, h1: &mut H1, outbox: &mut Outbox) -> Option<Rest> {
        let trailing = response.trailing.take()?;
        let body = response.take_content();
        let Response { status, reason, headers, content_type, .. } = &*response;
        let mode = self.head(h1, outbox, *status, reason.as_deref(), headers, *content_type, None);
        (mode == BodyMode::Chunked).then(|| Rest::Trailed(Box::new((Box::pin(body), trailing))))
    }

    /// Leaves out what is to follow the body where that cannot be sent; announces it where it can. Before the answer is finished,
    /// since what is announced may forbid to compress it.
    #[inline]
    pub(crate) fn settle_trailers(response: &mut Response, h1: &H1) {
        if response.trailing.is_some() {
            Sender::settle_known_trailers(response, h1);
        }
    }

    #[cold]
    fn settle_known_trailers(response: &mut Response, h1: &H1) {
        // A length is worth more than what may follow.
        let is_doubtful = response.trailing.as_ref().is_some_and(|trailing| trailing.is_doubtful());
        let is_left_out =
            is_doubtful && response.body.size().is_some() && !response.headers.contains("trailer");
        if h1.takes_trailers(response.status) && !is_left_out {
            return response.announce_trailers();
        }
        response.trailing = None;
        response.headers.remove("trailer");
    }

    /// Puts the head of an answer that its handler writes piece by piece.
    pub(crate) fn put_written(&self, head: &SentHead, h1: &mut H1, outbox: &mut Outbox) -> BodyMode {
        self.head(h1, outbox, head.status, head.reason.as_deref(), &head.headers, head.content_type, None)
    }

    #[inline]
    #[expect(clippy::too_many_arguments, reason = "the parts of one head, from two kinds of answer")]
    fn head(
        &self,
        h1: &mut H1,
        outbox: &mut Outbox,
        status: StatusCode,
        reason: Option<&str>,
        headers: &Headers,
        content_type: Option<&'static str>,
        length: Option<u64>,
    ) -> BodyMode {
        // Fields named Connection are the server's to write, but a handler that wants the end is obeyed.
        let is_last = self.shared.lifecycle.is_stopping()
            || headers.get("connection").is_some_and(|option| option.eq_ignore_ascii_case("close"));
        let content_type = guessed_type(status, content_type);
        // Without fields of the answer's own there is no content type that could beat the guessed one.
        let (cached, content_type) =
            if headers.is_empty() { (content_type.unwrap_or(""), None) } else { ("", content_type) };
        self.shared.app.0.server_line.with_lines(self.second, cached, |fixed| {
            let answer = Answer { status, reason, headers, content_type, length, fixed, is_last };
            h1.send_head(&mut outbox.bytes, &answer, &self.shared.app.0.limits)
        })
    }
}

impl Rest {
    /// Sends it all, piece by piece; the next piece is asked for when the peer has taken the one before.
    ///
    /// # Errors
    /// The peer is gone, or the body ended before its time: the connection is cut, so that nobody takes a part for
    /// the whole.
    pub(crate) async fn send(
        self,
        request: &Request,
        wire: &mut Wire,
        inbox: &mut Inbox,
        outbox: &mut Outbox,
        limits: &Limits,
    ) -> Result<(), Gone> {
        match self {
            Rest::File(file) => send_file(file, request, wire, outbox, limits).await,
            Rest::Stream(stream, mode) => {
                send_stream(stream, (mode, None), request, wire, inbox, outbox, limits).await
            }
            Rest::Trailed(trailed) => {
                let (stream, trailing) = *trailed;
                let framing = (BodyMode::Chunked, Some(trailing));
                send_stream(stream, framing, request, wire, inbox, outbox, limits).await
            }
        }
    }
}

async fn send_file(
    mut file: Box<FileBody>,
    request: &Request,
    wire: &mut Wire,
    outbox: &mut Outbox,
    limits: &Limits,
) -> Result<(), Gone> {
    let size = file.size();
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    if file.is_large() && wire.stream.is_socket() && can_transfer() {
        match transfer_file(file, request, wire, outbox, limits).await? {
            Some(left) => file = left,
            None => return Ok(()),
        }
    }
    loop {
        match poll_fn(|cx| file.poll_piece(cx)).await {
            Ok(None) => return Ok(()),
            Ok(Some(Piece::Bytes(bytes))) => {
                outbox.body_size += bytes.len() as u64;
                outbox.push(bytes);
            }
            Ok(Some(Piece::Read(mut bytes))) => {
                outbox.body_size += bytes.len() as u64;
                // The buffer itself is sent; with the head, if that still waits in the outbox.
                if outbox.is_empty() {
                    std::mem::swap(&mut outbox.bytes, &mut bytes);
                    wire.flush(outbox, limits).await?;
                    std::mem::swap(&mut outbox.bytes, &mut bytes);
                    file.give_back(bytes);
                } else {
                    outbox.push(bytes.into());
                }
            }
            Err(error) => {
                say_cut(request, outbox, size, &error);
                return Err(Gone);
            }
        }
        if !outbox.is_empty() {
            wire.flush(outbox, limits).await?;
        }
    }
}

/// Lets the system send a file; what is left where it cannot.
#[cfg(all(feature = "sendfile", target_os = "linux"))]
async fn transfer_file(
    file: Box<FileBody>,
    request: &Request,
    wire: &mut Wire,
    outbox: &mut Outbox,
    limits: &Limits,
) -> Result<Option<Box<FileBody>>, Gone> {
    let size = file.size();
    let (file, medium, mut parts) = match file.into_parts() {
        Ok(parts) => parts,
        Err(file) => return Ok(Some(file)),
    };
    let mut transfer = Transfer::new(file, medium);
    while let Some(part) = parts.pop_front() {
        match part {
            Stretch::Bytes(bytes) => {
                outbox.body_size += bytes.len() as u64;
                outbox.push(bytes);
            }
            Stretch::File(range) => transfer.begin(range),
        }
        wire.flush(outbox, limits).await?;
        match poll_fn(|cx| wire.poll_transfer(&mut transfer, outbox, limits, cx)).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                parts.push_front(Stretch::File(transfer.left()));
                let file = transfer.into_file().ok_or(Gone)?;
                return Ok(Some(Box::new(FileBody::new(file, parts))));
            }
            Err(error) => {
                if !is_of_peer(&error) {
                    say_cut(request, outbox, size, &error);
                }
                return Err(Gone);
            }
        }
    }
    wire.flush(outbox, limits).await?;
    Ok(None)
}

/// The body was to be of this size.
#[cold]
fn say_cut(request: &Request, outbox: &Outbox, size: u64, error: &io::Error) {
    let missing = size.saturating_sub(outbox.body_size);
    say!(
        error,
        "a file that is being sent was cut: {} {}, {missing} of {} missing: {error}",
        request.method,
        request.path(),
        counted(size, "byte")
    );
}

async fn send_stream(
    mut stream: BoxStream,
    (mode, mut trailing): (BodyMode, Option<Box<Trailing>>),
    request: &Request,
    wire: &mut Wire,
    inbox: &mut Inbox,
    outbox: &mut Outbox,
    limits: &Limits,
) -> Result<(), Gone> {
    let mut is_done = false;
    let mut has_ended = false;
    poll_fn(|cx| {
        loop {
            if !outbox.is_empty() {
                match wire.poll_flush(outbox, limits, cx) {
                    Poll::Ready(Ok(())) => {}
                    other => return other,
                }
            }
            if is_done {
                return Poll::Ready(Ok(()));
            }
            let next = if has_ended { Poll::Ready(None) } else { stream.as_mut().poll_next(cx) };
            match next {
                Poll::Ready(Some(Ok(piece))) if mode == BodyMode::Chunked => {
                    outbox.body_size += piece.len() as u64;
                    encode::chunk(&mut outbox.bytes, &piece);
                }
                Poll::Ready(Some(Ok(piece))) => {
                    outbox.body_size += piece.len() as u64;
                    outbox.push(piece);
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(say_failed(request, &error))),
                Poll::Ready(None) => {
                    has_ended = true;
                    match trailing.as_mut().map(|trailing| trailing.poll(cx)) {
                        Some(Poll::Pending) => return wire.poll_peer(inbox, outbox, limits, cx),
                        Some(Poll::Ready(Err(error))) => {
                            return Poll::Ready(Err(say_failed(request, &error)));
                        }
                        Some(Poll::Ready(Ok(fields))) => encode::trailers(&mut outbox.bytes, &fields),
                        None if mode == BodyMode::Chunked => encode::last_chunk(&mut outbox.bytes),
                        None => {}
                    }
                    is_done = true;
                }
                Poll::Pending => return wire.poll_peer(inbox, outbox, limits, cx),
            }
        }
    })
    .await
}

#[cold]
fn say_failed(request: &Request, error: &Error) -> Gone {
    say!(
        error,
        "a streamed answer failed and was cut: {} {}: {}",
        request.method,
        request.path(),
        error.with_causes()
    );
    Gone
}
