//! What is told of the streams of HTTP/2 at their ends. Alone in its process: who listens to spans and events is asked once for each place
//! that says something, for all threads.

mod frames;
mod prior;
mod said;
mod waiting;

use std::sync::Arc;

use tokio::time::timeout;
use vernal::test::Client;
use vernal::{BodyReader, Result, State, request_map};

use crate::frames::{
    DATA, END_HEADERS, END_STREAM, Frames, HEADERS, PING, RST_STREAM, fields, frame, get, head,
};
use crate::prior::PATIENCE;
use crate::said::Said;
use crate::waiting::{Seen, wait};

#[request_map("/", app = "http2_access")]
fn index() -> &'static str {
    "Hello"
}

#[request_map("/reads", app = "http2_access", method = "POST")]
async fn reads(mut body: BodyReader) -> Result<String> {
    Ok(body.read_to_end(1 << 20).await?.len().to_string())
}

#[request_map("/waits", app = "http2_access")]
async fn waits(State(seen): State<&Arc<Seen>>) {
    wait(seen).await;
}

#[tokio::test]
async fn streams_are_told_of_as_requests_are() {
    let said = Said::default();
    tracing::subscriber::set_global_default(said.clone()).expect("nobody else listens");
    let seen = Arc::<Seen>::default();
    let client = Client::builder().app("http2_access").state(Arc::clone(&seen)).build();
    let mut frames = Frames::open(&client).await;
    let mut all = Vec::new();
    for (name, sent) in [
        ("at once", get(1, "/?a=b")),
        (
            "waited for",
            [frame(HEADERS, END_HEADERS, 3, &head("POST", "/reads")), frame(DATA, END_STREAM, 3, b"tea")]
                .concat(),
        ),
        ("none", get(5, "/nowhere")),
        (
            "refused",
            frame(
                HEADERS,
                END_STREAM | END_HEADERS,
                7,
                &[head("GET", "/"), fields(&[("host", "b")])].concat(),
            ),
        ),
    ] {
        frames.send(&[sent, frame(PING, 0, 0, b"pingpong")].concat()).await;
        while frames.outcome().await != "pong pingpong" {}
        all.extend(said.take_if(|line| line.target == "vernal::access").into_iter().map(|line| (name, line)));
    }
    frames.send(&get(9, "/waits")).await;
    timeout(PATIENCE, seen.began.notified()).await.expect("it begins");
    frames.send(&frame(RST_STREAM, 0, 9, &[0, 0, 0, 8])).await;
    timeout(PATIENCE, seen.dropped.notified()).await.expect("it is dropped");
    tokio::task::yield_now().await;
    all.extend(said.take_if(|line| line.target == "vernal::access").into_iter().map(|line| ("reset", line)));
    let texts: Vec<_> = all.iter().map(|(name, line)| format!("{name}: {}", line.text)).collect();
    assert_eq!(
        texts,
        [
            "at once: \"GET /?a=b HTTP/2.0\" 200 5",
            "waited for: \"POST /reads HTTP/2.0\" 200 1",
            "none: \"GET /nowhere HTTP/2.0\" 404 81",
            "refused: \"GET / HTTP/2.0\" 400 112",
            "reset: \"GET /waits HTTP/2.0\" 499 0",
        ]
    );
    assert_eq!(all[4].1.fields.get("error.type").map(String::as_str), Some("aborted"));
}
