//! A proxy by the configuration that the book has for it.

use std::net::{Ipv4Addr, SocketAddr};

use crate::proxy::Proxy;
use crate::running::{self, PATIENCE};

/// What is known of a proxy beside its configuration.
pub struct Kind {
    /// What its part of the chapter is called, without the version.
    pub name: &'static str,
    pub program: &'static str,
    /// `{folder}`, `{file}` and `{port}` stand for what it gets.
    pub arguments: &'static [&'static str],
    /// What the rest of its configuration is, where `{book}` stands for that of the book.
    pub around: &'static str,
    /// What the book writes for port 80, and what is written here.
    pub port: (&'static str, &'static str),
    /// Requests go on to the server while they come.
    pub streams_uploads: bool,
    /// A client that goes before there is an answer is told of.
    pub tells_of_the_gone: bool,
    /// What clients write into fields of proxies does not get through.
    pub clears_all: bool,
}

/// See the head of this file.
pub struct Front {
    proxy: Proxy,
    pub address: SocketAddr,
}

impl Front {
    pub async fn start(kind: &Kind, server: SocketAddr) -> Front {
        let configuration = kind.around.replace("{book}", &written(kind, server));
        let mut proxy = Proxy::spawn(kind.program, kind.arguments, &configuration);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, proxy.port));
        // Apache listens, and goes back, before it listens for good.
        while running::get(address, "/health").await.is_none_or(|(status, _)| status != 200) {
            proxy.check(PATIENCE);
            tokio::task::yield_now().await;
        }
        Front { proxy, address }
    }

    /// What it said.
    pub fn log(&self) -> String {
        self.proxy.log()
    }
}

/// The configuration of the book, for this server behind a proxy at `{port}`.
fn written(kind: &Kind, server: SocketAddr) -> String {
    let book = include_str!("../../docs/proxies.md");
    let (_, part) = book.split_once(&format!("\n### {} ", kind.name)).expect("the book has a part for it");
    let (_, block) = part.split_once("\n```").expect("with a configuration");
    let (_, block) = block.split_once('\n').expect("of some lines");
    let (text, _) = block.split_once("\n```").expect("which ends");
    let (listening, own) = kind.port;
    assert!(text.contains(listening) || listening.is_empty(), "{}: `{listening}` is in {text}", kind.name);
    assert_eq!(text.matches("9090").count(), 1, "{}: the server is named once in {text}", kind.name);
    text.replace("9090", &server.port().to_string()).replacen(listening, own, 1)
}
