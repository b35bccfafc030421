//! Floods of HTTP/2 over real sockets: what they cost stays flat, and others are served. Alone in its process, for that is what is measured.
//!
//! A second for each; `tests/floods/run` takes thirty, or as many as it is told (`FLOOD_SECONDS`).

mod frames;
mod measuring;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use vernal::{BodyReader, Result, request_map, server};

use crate::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS,
    WINDOW_UPDATE, fields, frame, get, head,
};

#[request_map("/text")]
fn text() -> &'static str {
    "Hello, World!"
}

#[request_map("/waits")]
async fn waits() {
    std::future::pending::<()>().await;
}

#[request_map("/reads", method = "POST")]
async fn reads(mut body: BodyReader) -> Result {
    while body.read().await?.is_some() {}
    Ok(())
}

/// What is sent again and again: first what begins a connection, then what each number makes.
struct Flood {
    name: &'static str,
    begin: fn() -> Vec<u8>,
    each: fn(u32) -> Vec<u8>,
}

const NOTHING: fn() -> Vec<u8> = Vec::new;

const FLOODS: [Flood; 8] = [
    Flood {
        name: "rapid resets",
        begin: NOTHING,
        each: |at| {
            let stream = 2 * at + 1;
            [get(stream, "/waits"), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
        },
    },
    Flood { name: "settings", begin: NOTHING, each: |_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]) },
    Flood { name: "pings", begin: NOTHING, each: |_| frame(PING, 0, 0, b"pingpong") },
    Flood {
        name: "continuations",
        begin: || frame(HEADERS, END_STREAM, 1, &head("GET", "/text")),
        each: |_| frame(CONTINUATION, 0, 1, &fields(&[("x", "y")])),
    },
    Flood {
        name: "header lists",
        begin: || {
            // One that goes into the table, where it is the first.
            let mut block = head("GET", "/text");
            let mut large = fields(&[("x", &"y".repeat(3_900))]);
            large[0] = 0x40;
            block.extend(large);
            frame(HEADERS, END_STREAM | END_HEADERS, 1, &block)
        },
        each: |at| {
            let block = [head("GET", "/text"), vec![0x80 | 62; 256]].concat();
            frame(HEADERS, END_STREAM | END_HEADERS, 2 * at + 3, &block)
        },
    },
    Flood { name: "windows", begin: NOTHING, each: |_| frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]) },
    Flood {
        name: "empty data",
        begin: || frame(HEADERS, END_HEADERS, 1, &head("POST", "/reads")),
        each: |_| frame(DATA, 0, 1, &[]),
    },
    Flood {
        name: "faults",
        begin: NOTHING,
        each: |at| {
            let block = [head("GET", "/text"), fields(&[("connection", "close")])].concat();
            frame(HEADERS, END_STREAM | END_HEADERS, 2 * at + 1, &block)
        },
    },
];

/// How long one lasts, and whether it is over.
struct Time {
    begin: Instant,
    length: Duration,
    is_over: AtomicBool,
    /// Bytes that the attackers got rid of, and connections they began.
    sent: AtomicU64,
    opened: AtomicU64,
}

impl Time {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Floods the server until the time is over; who is cut begins again.
    fn attack(&self, address: SocketAddr, flood: &Flood, reads: bool) {
        while !self.is_over() {
            let mut stream = connect(address);
            self.opened.fetch_add(1, Ordering::Relaxed);
            let sending = stream.try_clone().expect("a socket");
            let is_cut = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _ = self.send(sending, flood, &is_cut);
                });
                if reads {
                    let _ = io::copy(&mut stream, &mut io::sink());
                    is_cut.store(true, Ordering::Relaxed);
                }
            });
            // Not faster than ports come back.
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn send(&self, mut stream: TcpStream, flood: &Flood, is_cut: &AtomicBool) -> io::Result<()> {
        stream.set_write_timeout(Some(Duration::from_millis(200)))?;
        stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &(flood.begin)()].concat())?;
        let mut numbers = 0..u32::MAX >> 2;
        let mut piece = Vec::with_capacity(64 << 10);
        while !self.is_over() && !is_cut.load(Ordering::Relaxed) {
            piece.clear();
            while piece.len() < 32 << 10 {
                piece.extend((flood.each)(numbers.next().unwrap_or_default()));
            }
            let written = stream.write_all(&piece);
            self.sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
            if written.is_err() {
                break;
            }
        }
        stream.shutdown(Shutdown::Both)
    }

    /// Asks for a page until the time is over; gives how often.
    fn ask(&self, address: SocketAddr, mut asking: Asking) -> u64 {
        let mut stream = connect(address);
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        stream.write_all(&asking.begin).expect("it reads");
        for number in 0.. {
            stream.write_all(&(asking.each)(number)).expect("it is open");
            let mut held = Vec::new();
            while !held.windows(TEXT.len()).any(|window| window == TEXT) {
                let mut piece = [0; 1 << 10];
                let count = stream.read(&mut piece).expect("an answer in time");
                assert!(count > 0, "{} was closed", asking.name);
                held.extend_from_slice(&piece[..count]);
            }
            asking.count += 1;
            if self.is_over() {
                break;
            }
        }
        asking.count
    }
}

/// One that is no attacker.
struct Asking {
    name: &'static str,
    begin: Vec<u8>,
    each: fn(u32) -> Vec<u8>,
    count: u64,
}

fn others() -> [Asking; 2] {
    let begin = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, ACK, 0, &[])].concat();
    // Windows for as many answers as there may be.
    let begin = [begin, frame(WINDOW_UPDATE, 0, 0, &[0x3f, 0, 0, 0])].concat();
    [
        Asking {
            name: "HTTP/1.1",
            begin: Vec::new(),
            each: |_| b"GET /text HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            count: 0,
        },
        Asking { name: "HTTP/2", begin, each: |at| get(2 * at + 1, "/text"), count: 0 },
    ]
}

fn connect(address: SocketAddr) -> TcpStream {
    let begin = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return stream,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
        }
    }
}

#[test]
fn floods_cost_little_and_others_are_served() {
    let seconds = env::var("FLOOD_SECONDS").map_or(1, |text| text.parse().expect("a number of seconds"));
    let bound =
        server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false).bind().expect("a port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = measuring::serve(bound);
    let mut problems = Vec::new();
    // What is made once is made by the first, which does not count.
    for flood in FLOODS.iter().take(1).chain(&FLOODS) {
        let time = Time {
            begin: Instant::now(),
            length: Duration::from_secs(seconds),
            is_over: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            opened: AtomicU64::new(0),
        };
        let (before, at) = (measuring::begin(), &time);
        let (halves, served) = thread::scope(|scope| {
            for reads in [true, true, false, false] {
                scope.spawn(move || at.attack(address, flood, reads));
            }
            let asking = others().map(|one| scope.spawn(move || at.ask(address, one)));
            let halves = [1, 2].map(|half| {
                thread::sleep((time.length / 2 * half).saturating_sub(time.begin.elapsed()));
                let most = measuring::peak();
                measuring::begin();
                most.saturating_sub(before)
            });
            time.is_over.store(true, Ordering::Relaxed);
            (halves, asking.map(|asking| asking.join().expect("no panic")))
        });
        let (sent, opened) = (time.sent.into_inner() >> 20, time.opened.into_inner());
        let name = flood.name;
        println!(
            "{name}: {sent} MiB over {opened} connections cost {} KiB, then {} KiB; others got {served:?} answers",
            halves[0] >> 10,
            halves[1] >> 10
        );
        if halves[0].max(halves[1]) > FLOODED || halves[1] > halves[0] + STEADY {
            problems.push(format!("{name} cost {halves:?} bytes"));
        }
        let end = Instant::now();
        while measuring::begin() > before + STEADY {
            assert!(end.elapsed() < PATIENCE, "{name} leave {} bytes", measuring::begin() - before);
            thread::sleep(Duration::from_millis(10));
        }
    }
    handle.stop();
    serving.join().expect("no panic");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

const TEXT: &[u8] = b"Hello, World!";

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// What four attackers and their server may hold, and how much more later than before.
const FLOODED: usize = 4 << 20;
const STEADY: usize = 512 << 10;
