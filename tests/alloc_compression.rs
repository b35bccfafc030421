//! What compressing an answer allocates on a warm connection: nothing, since compressor and buffers are the thread's.

mod counting;

use std::io::{Read, Write};
use std::net::TcpStream;

use vernal::{Compression, State, request_map, server};

#[request_map("/text")]
fn text(State(text): State<&String>) -> &str {
    text
}

#[request_map("/owned")]
fn owned(State(text): State<&String>) -> String {
    text.clone()
}

#[test]
fn a_warm_thread_compresses_without_allocating() {
    let bound = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false);
    let bound = bound.state("a line of text\n".repeat(1_000)).compression(Compression::gzip(6));
    let bound = bound.bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = counting::serve(bound);
    let mut stream = TcpStream::connect(address).expect("a listener");
    // Path, allocations of each request.
    let mut found = Vec::new();
    for path in ["/text", "/owned"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip\r\n\r\n");
        let mut ask = || {
            stream.write_all(request.as_bytes()).expect("the server reads");
            let mut received = vec![0; 64 << 10];
            let count = stream.read(&mut received).expect("the server answers");
            let head = String::from_utf8_lossy(&received[..count]).into_owned();
            assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
        };
        (0..50).for_each(|_| ask());
        let before = counting::so_far();
        (0..200).for_each(|_| ask());
        found.push((path, (counting::so_far() - before) as f64 / 200.0));
    }
    handle.stop();
    drop(stream);
    serving.join().expect("no panic");
    assert_eq!(found, [("/text", 0.0), ("/owned", 1.0)]);
}
