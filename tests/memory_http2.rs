//! What connections of HTTP/2 hold: little when they are idle, and nothing of streams that are over. Alone in its process, for that is what is
//! measured.

mod measuring;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use vernal::{request_map, server};

#[request_map("/text")]
fn text() -> &'static str {
    "Hello, World!"
}

#[request_map("/async")]
async fn later() -> &'static str {
    tokio::task::yield_now().await;
    "Hello, World!"
}

/// With empty settings, those of the server acknowledged, and room for all answers.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0\
    \0\0\x04\x08\0\0\0\0\0\x3f\0\0\0";

/// GET, http, and `a` as the host, all but the path by index.
fn get(stream: u32, path: &str) -> Vec<u8> {
    let block = [&[0x82, 0x86, 0x04, path.len() as u8], path.as_bytes(), &[0x01, 1, b'a']].concat();
    let head = [0, 0, block.len() as u8, 1, 5];
    [&head[..], &stream.to_be_bytes(), &block].concat()
}

/// Reads until so many answers have come.
fn answers(stream: &mut TcpStream, mut count: usize) {
    let mut came = [0; 16 << 10];
    let mut held = 0;
    while count > 0 {
        let more = stream.read(&mut came[held..]).expect("an answer");
        assert!(more > 0, "closed");
        held += more;
        let found = came[..held].windows(TEXT.len()).filter(|window| *window == TEXT).count();
        count = count.checked_sub(found).expect("no more than were asked for");
        // One may have come in part.
        let kept = held.min(TEXT.len() - 1);
        came.copy_within(held - kept..held, 0);
        held = kept;
    }
}

const TEXT: &[u8] = b"Hello, World!";

fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(&[PREFACE, &get(1, "/text")].concat()).expect("it reads");
    answers(&mut stream, 1);
    stream
}

#[test]
fn idle_connections_are_small_and_streams_leave_nothing() {
    let bound =
        server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false).bind().expect("a port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = measuring::serve(bound);
    // What is made once is made by these.
    let warm: Vec<_> = (0..4).map(|_| open(address)).collect();

    let mut open_ones = Vec::with_capacity(64);
    let before = measuring::begin();
    for _ in 0..64 {
        open_ones.push(open(address));
    }
    let each = measuring::begin().saturating_sub(before) / open_ones.len();
    println!("an idle connection holds {each} bytes");
    assert!(each <= IDLE, "an idle connection holds {each} bytes");

    let stream = &mut open_ones[0];
    // A hundred at once.
    let mut ask = |round: u32| {
        let path = |number: u32| if number.is_multiple_of(2) { "/text" } else { "/async" };
        let many: Vec<u8> = (0..100).flat_map(|at| get(3 + 200 * round + 2 * at, path(at))).collect();
        stream.write_all(&many).expect("it reads");
        answers(stream, 100);
    };
    ask(0);
    let before = measuring::begin();
    (1..101).for_each(&mut ask);
    let more = measuring::begin().saturating_sub(before);
    println!("10,000 streams leave {more} bytes");
    assert!(more <= 8 << 10, "10,000 streams leave {more} bytes");

    let frame = |kind: u8, stream: u8, payload: &[u8]| {
        [&[0, 0, payload.len() as u8, kind, 0, 0, 0, 0, stream], payload].concat()
    };
    let table = [
        ("pings", frame(6, 0, b"pingpong")),
        ("settings", frame(4, 0, &[0, 3, 0, 0, 0, 100])),
        ("windows", frame(8, 0, &[0, 0, 0, 1])),
        ("priorities", frame(2, 5, &[0, 0, 0, 0, 1])),
        ("unknown frames", frame(0x2a, 0, b"tea")),
    ];
    for (name, one) in table {
        let before = measuring::begin();
        let mut stream = open(address);
        stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a time");
        let many = one.repeat(4_096);
        // Until the server takes no more, since nobody reads what it answers, or ends it.
        let sent = (0..200).take_while(|_| stream.write_all(&many).is_ok()).count();
        let more = measuring::peak().saturating_sub(before + many.len());
        println!("{sent} times 4,096 {name} cost {more} bytes");
        assert!(more <= FLOODED, "{name} cost {more} bytes");
    }
    drop((warm, open_ones));
    handle.stop();
    serving.join().expect("no panic");
}

/// Bytes of an idle connection, beside its socket. Of these, 28 KiB are buffers that `h2` has from its beginning to its end: 16 to write, 8 to read, 4
/// for fields.
const IDLE: usize = 38 << 10;

/// What a peer that sends on and reads nothing may cost.
const FLOODED: usize = 512 << 10;
