//! An extension of one's own: it logs the frames of each session, on both sides of the compression.
//!
//! Frames go out through extensions in the order they are installed in, and come in in the reverse order. So what is installed before
//! permessage-deflate sees messages as the handler does, and what is installed after it sees what is on the wire.
//!
//! Connect with a client that compresses, as browsers do, and send a long text to see both in the log.
//!
//! ```console
//! $ cargo run --example frame_log
//! $ echo hi | websocat -n1 ws://localhost:9090/echo
//! hi
//! $ echo count | websocat -n1 ws://localhost:9090/echo
//! 1 frame so far
//! ```

use vernal::websocket::{
    CloseReason, Deflate, Extension, ExtensionOffer, ExtensionResponse, Frame, WebSocket,
};
use vernal::{Result, server, websocket_handler};

/// One is made for each session, so it may count.
struct FrameLog {
    place: &'static str,
    count: u64,
}

impl FrameLog {
    fn new(place: &'static str) -> FrameLog {
        FrameLog { place, count: 0 }
    }

    fn log(&mut self, direction: &str, frame: &Frame) {
        self.count += 1;
        let Frame { opcode, payload, .. } = frame;
        tracing::info!(target: "frames", "{} {direction}: {opcode:?}, {} bytes", self.place, payload.len());
    }
}

impl Extension for FrameLog {
    fn name(&self) -> &str {
        "x-frame-log"
    }

    /// It changes nothing, so clients need not know of it. One that does is answered with `ExtensionResponse::new`, and claims
    /// the bits that it sets with `rsv`.
    fn negotiate(&mut self, offers: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
        let offers: Vec<_> = offers.iter().map(ToString::to_string).collect();
        tracing::info!(target: "frames", "{}: the client offers {offers:?}", self.place);
        Some(ExtensionResponse::silent())
    }

    fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        self.log("out", frame);
        Ok(())
    }

    fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        self.log("in", frame);
        Ok(())
    }
}

#[websocket_handler("/echo")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        if message.as_text() == Some("count") {
            let count = ws.with_extension(|log: &mut FrameLog| log.count).unwrap_or(0);
            let plural = if count == 1 { "" } else { "s" };
            ws.send(format!("{count} frame{plural} so far")).await?;
        } else {
            ws.send(message).await?;
        }
    }
    Ok(())
}

fn main() -> Result {
    server::new()
        .websocket_extension(|| FrameLog::new("plain"))
        .websocket_deflate(Deflate::default())
        .websocket_extension(|| FrameLog::new("wire"))
        .start()
}
