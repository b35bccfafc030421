//! What the clients of the table are served, by a server in the test's process: its defaults, and compression on all paths
//! but `/plain`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vernal::websocket::{
    Accept, CloseReason, Compressed, Deflate, Message, WebSocketConfig, WebSocketSession,
};
use vernal::{Response, Result, State, server, websocket_handler};

/// How the sessions ended, by the number of their case.
#[derive(Clone, Default)]
pub struct Ends(Arc<Told>);

#[derive(Default)]
struct Told {
    /// Code and reason, by the number of the case.
    ends: Mutex<HashMap<u32, (u16, String)>>,
    news: Notify,
}

impl Ends {
    fn add(&self, case: u32, reason: &CloseReason) {
        let end = (reason.code().value(), reason.text().to_owned());
        self.0.ends.lock().expect("no panic").insert(case, end);
        self.0.news.notify_waiters();
    }

    /// That of one case, once it is there.
    pub async fn of(&self, case: u32) -> Option<(u16, String)> {
        let told = async {
            loop {
                let news = self.0.news.notified();
                if let Some(end) = self.0.ends.lock().expect("no panic").remove(&case) {
                    return end;
                }
                news.await;
            }
        };
        timeout(Duration::from_secs(30), told).await.ok()
    }
}

async fn answer(session: &WebSocketSession, message: Message) -> Result {
    let words: Vec<_> = message.as_text().unwrap_or_default().splitn(3, ' ').collect();
    match words[..] {
        ["agreed"] => session.send(session.extensions().join(" ")).await,
        ["pieces"] => session.send_chunked("in three pieces", 5).await,
        ["ping"] => session.ping("are you there?"),
        ["close", code, text] => session.close(code.parse::<u16>().expect("a code of the table"), text),
        _ => session.send(message).await,
    }
}

/// Echoes, and does as it is told.
macro_rules! echo {
    ($name:ident, $($options:tt)*) => {
        #[derive(Default)]
        struct $name;

        #[websocket_handler($($options)*)]
        impl $name {
            fn on_handshake(&self) -> Accept {
                Accept::new().subprotocols(["chat.v1"])
            }

            async fn on_message(&self, session: &WebSocketSession, message: Message) -> Result {
                answer(session, message).await
            }

            async fn on_pong(&self, session: &WebSocketSession, payload: &[u8]) -> Result {
                session.send(format!("pong {}", String::from_utf8_lossy(payload))).await
            }

            fn on_close(&self, case: u32, State(ends): State<&Ends>, reason: &CloseReason) {
                ends.add(case, reason);
            }
        }
    };
}

echo!(Deflated, "/deflate/{case}");
echo!(Plain, "/plain/{case}", config = WebSocketConfig::new().deflate(Compressed::Never));

#[derive(Default)]
struct Greeting;

#[websocket_handler("/greeting/{_case}")]
impl Greeting {
    fn on_handshake(&self) -> Accept {
        Accept::new().subprotocols(["chat.v1"])
    }

    async fn on_open(&self, session: &WebSocketSession) -> Result {
        session.send("welcome").await
    }
}

#[derive(Default)]
struct Closed;

#[websocket_handler("/refused/{status}/{_case}")]
impl Closed {
    fn on_handshake(&self, status: u16) -> Accept {
        Accept::refuse(Response::new(status).body("this room is closed"))
    }
}

pub struct Server {
    address: SocketAddr,
    pub ends: Ends,
    handle: server::Handle,
    serving: JoinHandle<Result>,
}

impl Server {
    pub async fn start(deflate: Deflate) -> Server {
        let ends = Ends::default();
        let bound = server::new().host("127.0.0.1").port(0).handle_signals(false).state(ends.clone());
        let bound = bound.websocket_deflate(deflate).bind().expect("a free port");
        let (address, handle) = (bound.local_addr(), bound.handle());
        let serving = tokio::spawn(bound.serve());
        handle.ready().await;
        Server { address, ends, handle, serving }
    }

    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    pub async fn stop(self) {
        self.handle.stop();
        self.serving.await.expect("no panic").expect("served to its end");
    }
}
