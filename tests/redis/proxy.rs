//! A connection that can be cut: what stands between nodes and their Redis.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What happens to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// They pass.
    Open,
    /// They wait, and nobody is told.
    Held,
    /// All connections are closed, and none is taken.
    Cut,
}

pub struct Proxy {
    pub port: u16,
    line: Arc<watch::Sender<Line>>,
}

impl Proxy {
    pub async fn start(to: u16) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let line = Arc::new(watch::Sender::new(Line::Open));
        tokio::spawn(accept(listener, to, Arc::clone(&line)));
        Proxy { port, line }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// Closes all connections there are; new ones are taken.
    pub fn cut(&self) {
        self.set(Line::Cut);
        self.set(Line::Open);
    }
}

async fn accept(listener: TcpListener, to: u16, line: Arc<watch::Sender<Line>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if *line.borrow() == Line::Cut {
            continue;
        }
        let server = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, to))).await;
        let Ok(server) = server else { continue };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        connections.spawn(pass(from_client, to_server, line.subscribe()));
        connections.spawn(pass(from_server, to_client, line.subscribe()));
        while connections.try_join_next().is_some() {}
    }
}

/// Until one end closes, or a change of the line finds, or has been, a cut.
async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
) {
    let mut bytes = vec![0; 64 << 10];
    line.mark_unchanged();
    loop {
        let count = tokio::select! {
            changed = line.changed() => {
                let now = *line.borrow_and_update();
                if changed.is_err() || now == Line::Cut {
                    return;
                }
                if now == Line::Held {
                    // Until it is open again, or cut.
                    match line.wait_for(|line| *line != Line::Held).await.map(|line| *line) {
                        Ok(Line::Open) => continue,
                        _ => return,
                    }
                }
                // It was cut and opened at once.
                return;
            }
            count = from.read(&mut bytes) => count,
        };
        let Ok(count @ 1..) = count else { return };
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
