//! A client of the proxies, with an address of its own, so that it is none of a proxy.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::running::PATIENCE;

/// A connection from this address.
pub async fn connect(to: SocketAddr, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(from.parse().expect("an address"), 0)).expect("an address of this machine");
    timeout(PATIENCE, socket.connect(to)).await.expect("it accepts").expect("it listens")
}

/// The answer to these bytes, which end its connection. It is read while they are sent.
pub async fn ask(to: SocketAddr, from: &str, bytes: impl AsRef<[u8]>) -> Answer {
    let (mut read, mut write) = connect(to, from).await.into_split();
    let mut answer = Vec::new();
    let reading = async {
        // What a proxy has not read when it closes may reset the connection; the answer is what came before.
        let _ = read.read_to_end(&mut answer).await;
    };
    let writing = async {
        // It may have answered before it has everything.
        let _ = write.write_all(bytes.as_ref()).await;
        std::future::pending::<()>().await;
    };
    let asking = async {
        tokio::select! {
            () = reading => {}
            () = writing => {}
        }
    };
    timeout(PATIENCE, asking).await.expect("it closes");
    Answer::read(&answer)
}

/// The answer to a GET with these fields.
pub async fn get(to: SocketAddr, from: &str, path: &str, fields: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: own.example\r\n{fields}\r\n");
    let request = match fields.contains("Connection: ") {
        true => request,
        false => request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
    };
    ask(to, from, request).await
}

/// Reads until these words have come.
pub async fn read_until(stream: &mut TcpStream, gathered: &mut String, words: &str) {
    while !gathered.contains(words) {
        let mut piece = [0; 4096];
        let count = timeout(PATIENCE, stream.read(&mut piece)).await;
        let count = count.unwrap_or_else(|_| panic!("`{words}` comes after {gathered}")).expect("no reset");
        assert_ne!(count, 0, "`{words}` comes before the end of {gathered}");
        gathered.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
}

/// Ends a connection as a process does that is killed in the middle of reading.
pub fn vanish(stream: TcpStream) {
    stream.set_zero_linger().expect("a socket");
}

/// See [`ask`].
#[derive(Debug)]
pub struct Answer {
    /// 0: there was none.
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The last answer among these bytes: those before it are interim ones.
    fn read(bytes: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(bytes);
        let mut rest = &*text;
        while let Some((head, body)) = rest.split_once("\r\n\r\n") {
            let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
            if (100..200).contains(&status) {
                rest = body;
                continue;
            }
            let is_chunked = head.to_lowercase().contains("\r\ntransfer-encoding: chunked");
            return Answer { status, body: if is_chunked { dechunked(body) } else { body.to_owned() } };
        }
        Answer { status: 0, body: text.into_owned() }
    }
}

fn dechunked(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, chunk)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).expect("a size");
        let Some(piece) = chunk.get(..size).filter(|piece| !piece.is_empty()) else { break };
        whole += piece;
        rest = chunk[size..].trim_start_matches("\r\n");
    }
    whole
}
