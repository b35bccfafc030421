//! Bodies that come and go in pieces: server-sent events, an answer written as it is made, an upload that is not held.
//!
//! Open <http://localhost:9090/> in a browser to see the counter run.
//!
//! ```console
//! $ cargo run --example streaming
//! $ curl -N 'localhost:9090/events?to=2'
//! data: 1
//! id: 1
//!
//! data: 2
//! id: 2
//!
//! $ curl -N 'localhost:9090/squares?to=4'
//! 1 4 9 16
//! $ curl -T LICENSE localhost:9090/upload
//! 1079 bytes, 21 lines
//! ```

use std::time::Duration;

use vernal::{BodyReader, Event, Header, Limits, Response, Result, Sse, request_map, server};

#[request_map("/")]
fn page() -> &'static str {
    r#"<!doctype html>
<html lang="en">
  <title>Counter</title>
  <h1 id="count">0</h1>
  <script>
    new EventSource("/events").onmessage = event => count.textContent = event.data;
  </script>
</html>"#
}

/// A browser that lost its connection says which event it saw last, and the counter goes on from there.
#[request_map("/events", method = "GET")]
async fn events(last_event_id: Option<Header<u64>>, #[arg(default = u64::MAX)] to: u64) -> Sse {
    let seen = last_event_id.map_or(0, Header::into_inner);
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        for number in seen.saturating_add(1)..=to {
            ticks.tick().await;
            let event = Event::new(number.to_string()).id(number.to_string());
            if sender.send(event).await.is_err() {
                break; // The browser has gone.
            }
        }
    });
    events
}

/// The head goes out with the first piece. Writing waits while the peer is slow, and ends when it goes away.
#[request_map("/squares", method = "GET")]
async fn squares(res: &mut Response, to: u64) -> Result {
    res.headers.insert("content-type", "text/plain; charset=utf-8");
    for number in 1..=to {
        let space = if number == 1 { "" } else { " " };
        res.write_bytes(format!("{space}{}", number * number)).await?;
    }
    Ok(())
}

/// The body is read as it comes; the limit of this mapping is larger than the server's.
#[request_map("/upload", method = ["POST", "PUT"], limits = Limits::new().body_size(1 << 30))]
async fn upload(mut body: BodyReader) -> Result<String> {
    let (mut bytes, mut lines) = (0, 0);
    while let Some(piece) = body.read().await? {
        bytes += piece.len();
        lines += piece.iter().filter(|byte| **byte == b'\n').count();
    }
    Ok(format!("{bytes} bytes, {lines} lines"))
}

fn main() -> Result {
    server::start()
}
