//! What is said in the log of what peers do, and of what we do. Alone in its process, since a subscriber is for all of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use vernal::test::Client;
use vernal::{Text, request_map};

#[request_map("/echo", method = "POST")]
fn echo(body: Text<&str>) -> String {
    body.to_string()
}

#[request_map("/panic")]
fn panics() -> &'static str {
    panic!("as it should")
}

/// Counts what is said of warnings and errors.
struct Complaints;

static COUNT: AtomicUsize = AtomicUsize::new(0);

impl tracing::Subscriber for Complaints {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn event(&self, _: &tracing::Event<'_>) {
        COUNT.fetch_add(1, Ordering::SeqCst);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_peer_cannot_fill_the_log() {
    tracing::subscriber::set_global_default(Complaints).expect("the only one");
    let client = Client::new();
    let table = [
        ("GET\r\n\r\n", 0),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n", 0),
        ("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 0),
        ("GET /nobody HTTP/1.1\r\nHost: h\r\n\r\n", 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\nabc", 0),
        // Our own mistakes are told.
        ("GET /panic HTTP/1.1\r\nHost: h\r\n\r\n", 1),
    ];
    for (request, expected) in table {
        COUNT.store(0, Ordering::SeqCst);
        let answer = client.raw(request).await;
        assert_eq!(COUNT.load(Ordering::SeqCst), expected, "{request}: {answer}");
    }
}
