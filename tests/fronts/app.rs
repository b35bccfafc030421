//! The application behind the proxies: what it tells the test of what happens to it, and what it lets it do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use vernal::server::Server;
use vernal::websocket::{CloseReason, Message, WebSocketSession};
use vernal::{
    BodyReader, Event, Limits, Request, Response, Result, Sse, State, request_map, websocket_handler,
};

use crate::running::{self, PATIENCE};

/// What handlers tell, and how many events they may send.
#[derive(Clone)]
struct Stage {
    told: UnboundedSender<String>,
    events: Arc<Semaphore>,
}

impl Stage {
    fn tell(&self, what: impl Into<String>) {
        let _ = self.told.send(what.into());
    }

    /// Tells when it is dropped that this was left.
    fn leaving(&self, what: &'static str) -> Leaving {
        Leaving { stage: self.clone(), what }
    }
}

struct Leaving {
    stage: Stage,
    what: &'static str,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.stage.tell(format!("left {}", self.what));
    }
}

/// The test's end of it.
pub struct House {
    told: UnboundedReceiver<String>,
    events: Arc<Semaphore>,
}

impl House {
    /// Waits until this is told, whatever else is.
    pub async fn hear(&mut self, what: &str) {
        let mut others = Vec::new();
        loop {
            match timeout(PATIENCE, self.told.recv()).await {
                Ok(Some(told)) if told == what => return,
                Ok(told) => others.extend(told),
                Err(_) => panic!("it hears `{what}`, not only {others:?}"),
            }
        }
    }

    /// Lets one more event go out.
    pub fn send_event(&self) {
        self.events.add_permits(1);
    }
}

/// A server, and what it tells.
pub fn server() -> (Server, House) {
    let (sender, told) = unbounded_channel();
    let events = Arc::new(Semaphore::new(0));
    let stage = Stage { told: sender, events: Arc::clone(&events) };
    (running::builder().app("fronts").state(stage), House { told, events })
}

/// Who asks, and on further lines which fields of proxies have come.
#[request_map("/who", app = "fronts")]
fn who(req: &Request) -> String {
    let address = req.peer().map_or_else(|| "?".to_owned(), |peer| peer.ip().to_string());
    let scheme = if req.is_secure() { "https" } else { "http" };
    let mut said = format!("{address} {scheme} {}", req.host().unwrap_or("?"));
    let are_of_proxies =
        |name: &str| name.eq_ignore_ascii_case("forwarded") || name.to_lowercase().starts_with("x-forwarded");
    for (name, value) in req.headers.iter().filter(|(name, _)| are_of_proxies(name)) {
        said += &format!("\n{name}: {}", String::from_utf8_lossy(value));
    }
    said
}

/// The path as it has come.
#[request_map("/path/**", app = "fronts")]
fn path(req: &Request) -> String {
    req.target().to_owned()
}

/// What looks after the server asks for.
#[request_map("/health", app = "fronts")]
fn health() -> &'static str {
    "well"
}

#[request_map("/small", app = "fronts", method = "PUT", limits = Limits::new().body_size(1 << 10))]
fn small(body: &[u8]) -> String {
    format!("{} bytes", body.len())
}

/// How many bytes have come, and their sum.
#[request_map("/take", app = "fronts", method = "PUT", limits = Limits::new().body_size(64 << 20))]
async fn take(mut body: BodyReader, State(stage): State<&Stage>) -> Result<String> {
    let _leaving = stage.leaving("an upload");
    let (mut count, mut sum) = (0, 0);
    while let Some(piece) = body.read().await? {
        if count == 0 {
            stage.tell("an upload has begun");
        }
        count += piece.len();
        sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    }
    Ok(format!("{count} bytes, {sum}"))
}

/// Events that go out when the test says so. The comments between them are what finds clients that are gone.
#[request_map("/events", app = "fronts")]
fn events(State(stage): State<&Stage>) -> Sse {
    let (sender, events) = Sse::channel(1);
    let stage = stage.clone();
    tokio::spawn(async move {
        let _leaving = stage.leaving("the events");
        for number in 1.. {
            tokio::select! {
                permit = stage.events.acquire() => permit.expect("it stays open").forget(),
                () = sender.closed() => return,
            }
            if sender.send(Event::new(format!("number {number}"))).await.is_err() {
                return;
            }
        }
    });
    events.keep_alive(Duration::from_millis(50))
}

#[request_map("/written", app = "fronts")]
async fn written(res: &mut Response, State(stage): State<&Stage>) -> Result {
    let _leaving = stage.leaving("an answer");
    loop {
        res.write_bytes([b'w'; 1024]).await?;
    }
}

/// Answers nobody, and goes when the client does.
#[request_map("/wait", app = "fronts")]
async fn wait(req: &Request, State(stage): State<&Stage>) {
    let _leaving = stage.leaving("a wait");
    stage.tell("waits");
    req.gone().await;
}

#[derive(Default)]
struct Echo;

#[websocket_handler("/echo", app = "fronts")]
impl Echo {
    async fn on_message(&self, session: &WebSocketSession, message: Message) -> Result {
        session.send(message).await
    }

    fn on_close(&self, State(stage): State<&Stage>, reason: &CloseReason) {
        stage.tell(format!("closed with {}", reason.code()));
    }
}
