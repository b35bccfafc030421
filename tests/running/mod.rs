//! A server that serves in the runtime of its test, over real sockets.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vernal::server::{self, Handle, Server};

/// Long enough for a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server of one thread on a free port.
pub fn builder() -> Server {
    server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false)
}

/// See the head of this file.
pub struct Running {
    /// The first of TCP.
    pub address: SocketAddr,
    /// The last of TCP: the actuator's, if that has one of its own.
    pub last: SocketAddr,
    pub handle: Handle,
    pub serving: JoinHandle<vernal::Result>,
}

impl Running {
    pub async fn start(server: Server) -> Running {
        let bound = server.bind().expect("it binds");
        let (address, handle) = (bound.local_addr(), bound.handle());
        let last = bound.local_addrs().filter_map(|address| address.tcp()).last().unwrap_or(address);
        let serving = tokio::spawn(bound.serve());
        handle.ready().await;
        Running { address, last, handle, serving }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// Stops it, and waits until it is over.
    pub async fn stop(self) {
        self.handle.stop();
        self.stopped().await;
    }

    /// Waits until it is over.
    pub async fn stopped(self) {
        timeout(PATIENCE, self.serving).await.expect("it stops").expect("no panic").expect("a good end");
        timeout(PATIENCE, self.handle.wait()).await.expect("its handle knows");
        assert!(!self.handle.is_ready());
    }
}

/// The status and the body of an answer over a connection of its own. `None`: nobody listens.
pub async fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let status = answer.get(9..12)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}
