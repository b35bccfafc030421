//! A message that is sent while it is made.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::http::Result;
use crate::proto::ws::{CloseCode, CloseReason, OpCode};
use crate::websocket::core::Core;

/// A message in pieces, begun with [`WebSocketSession::begin_text`](super::WebSocketSession::begin_text) or
/// [`WebSocketSession::begin_binary`](super::WebSocketSession::begin_binary). It must be
/// finished: one that is dropped before closes the session with 1011, since nobody may take a part for the whole.
///
/// ```
/// use vernal::websocket::WebSocket;
/// use vernal::{Result, websocket_handler};
///
/// #[websocket_handler("/count")]
/// async fn count(ws: WebSocket) -> Result {
///     let mut text = ws.begin_text().await?;
///     for number in 0..1_000 {
///         text.write(&format!("{number} ")).await?;
///     }
///     text.finish().await
/// }
/// ```
#[must_use = "a message that is begun must be finished"]
pub struct MessageWriter {
    core: Arc<Core>,
    /// Of the next frame.
    opcode: OpCode,
    is_finished: bool,
}

impl MessageWriter {
    pub(crate) async fn begin(core: Arc<Core>, opcode: OpCode) -> Result<MessageWriter> {
        poll_fn(|cx| core.poll_begin_stream(cx)).await?;
        Ok(MessageWriter { core, opcode, is_finished: false })
    }

    /// Sends a piece as a frame; waits for room. Pieces of a text may cut a character.
    ///
    /// # Errors
    /// The session is closed.
    pub async fn write(&mut self, piece: impl AsRef<[u8]>) -> Result {
        self.send(false, piece.as_ref()).await
    }

    /// Sends the last piece, and ends the message with its frame: what [`MessageWriter::finish`] does with an empty one.
    ///
    /// # Errors
    /// The session is closed.
    pub async fn finish_with(mut self, piece: impl AsRef<[u8]>) -> Result {
        self.send(true, piece.as_ref()).await
    }

    /// Ends the message.
    ///
    /// # Errors
    /// The session is closed.
    pub async fn finish(mut self) -> Result {
        self.send(true, &[]).await
    }

    async fn send(&mut self, is_final: bool, piece: &[u8]) -> Result {
        let opcode = self.opcode;
        poll_fn(|cx| self.core.poll_stream(opcode, is_final, piece, cx)).await?;
        self.opcode = OpCode::Continuation;
        self.is_finished = is_final;
        Ok(())
    }

    /// Sends all that a reader gives in frames of `size` bytes, and ends the message with the last of them.
    pub(crate) async fn write_all_of(mut self, mut from: impl AsyncRead + Unpin, size: usize) -> Result {
        let mut piece = Vec::new();
        fill(&mut from, &mut piece, size).await?;
        loop {
            // Only a byte more tells that a piece is not the last.
            let mut next = Vec::new();
            if piece.len() == size {
                fill(&mut from, &mut next, size).await?;
            }
            if next.is_empty() {
                return self.finish_with(&piece).await;
            }
            self.write(&piece).await?;
            piece = next;
        }
    }
}

/// Reads until there are `size` bytes, or no more come.
async fn fill(from: &mut (impl AsyncRead + Unpin), piece: &mut Vec<u8>, size: usize) -> Result {
    let mut from = from.take(size as u64);
    while from.read_buf(piece).await? > 0 {}
    Ok(())
}

impl Drop for MessageWriter {
    fn drop(&mut self) {
        if !self.is_finished {
            self.core
                .close(CloseReason::shortened(CloseCode::INTERNAL_ERROR, "A message was left unfinished"));
        }
    }
}
