//! Sessions whose handler is a set of event functions: the one loop that calls them, whether they are the methods of
//! an impl block or functions that share a path.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;

use bytes::Bytes;

use super::bind::EventContext;
use super::core::{self, Incoming};
use super::message::Message;
use super::request::Accept;
use super::rooms::leave_all;
use super::session::WebSocketSession;
use super::socket::WebSocket;
use crate::http::{Error, Result};
use crate::proto::ws::{CloseCode, CloseReason};
use crate::registry::{BoxFuture, EventFunction, On, Route, WebSocketEvent};

/// A session before its handshake is through. For generated code.
pub struct Upgrade {
    session: WebSocketSession,
    route: &'static Route,
}

impl Upgrade {
    pub(crate) fn new(session: WebSocketSession, route: &'static Route) -> Upgrade {
        Upgrade { session, route }
    }

    /// The session's handle.
    pub fn session(&self) -> &WebSocketSession {
        &self.session
    }

    /// The receiving end, for the one argument that takes it.
    pub fn socket(&self) -> Mutex<Option<WebSocket>> {
        Mutex::new(Some(WebSocket::new(self.session.0.clone())))
    }

    /// Accepts at once, and waits until the 101 is sent.
    ///
    /// # Errors
    /// The connection was lost.
    pub async fn accept(&self) -> Result {
        self.accept_with(Accept::new(), Wants::NONE).await
    }

    async fn accept_with(&self, accept: Accept, wants: Wants) -> Result {
        let events = core::Events { pings: wants.pings, pongs: wants.pongs };
        self.session.0.accept(accept, wants.fragments, events);
        self.session.0.opened().await
    }
}

/// Which events a handler has functions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// Messages of any kind.
    pub messages: bool,
    /// The frames of binary messages in pieces.
    pub fragments: bool,
    /// Pings, which are not answered by themselves then.
    pub pings: bool,
    /// Pongs.
    pub pongs: bool,
}

impl Wants {
    /// None of them.
    pub const NONE: Wants = Wants { messages: false, fragments: false, pings: false, pongs: false };
}

/// The event functions of a handler. Written by `#[websocket_handler]` on an impl block.
pub trait Events: Send + Sync {
    /// Which events there are functions for.
    fn wants(&self) -> Wants;

    /// Binds the arguments of all events once, so that what is wrong with the request is told before the 101.
    ///
    /// # Errors
    /// An argument cannot be bound.
    fn check<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result> + Send;

    /// Answers the handshake.
    ///
    /// # Errors
    /// It is refused.
    fn handshake<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result<Accept>> + Send {
        let _ = cx;
        std::future::ready(Ok(Accept::new()))
    }

    /// The session is open.
    ///
    /// # Errors
    /// The function failed.
    fn open<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result> + Send {
        let _ = cx;
        std::future::ready(Ok(()))
    }

    /// A message, ping or pong.
    ///
    /// # Errors
    /// The function failed, or the message is none that it takes.
    fn message<'e>(
        &'e mut self,
        cx: EventContext<'e>,
        on: On,
        message: &'e Message,
    ) -> impl Future<Output = Result> + Send;

    /// A frame of a binary message in pieces; tells whether it is to be kept for the whole message.
    ///
    /// # Errors
    /// The function failed.
    fn fragment<'e>(
        &'e mut self,
        cx: EventContext<'e>,
        is_final: bool,
        message: &'e Message,
    ) -> impl Future<Output = Result<bool>> + Send {
        let _ = (cx, is_final, message);
        std::future::ready(Ok(true))
    }

    /// The session has ended.
    ///
    /// # Errors
    /// The function failed.
    fn close<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result> + Send {
        let _ = cx;
        std::future::ready(Ok(()))
    }
}

/// What is said to a message that no function takes: nothing if there is none for messages at all, else 1003.
///
/// # Errors
/// There are functions for messages, but not for this kind.
pub fn unhandled(on: On, wants: Wants) -> Result {
    let text = match on {
        On::Text => "Text is not taken here",
        On::Binary => "Bytes are not taken here",
        On::Ping | On::Pong => return Ok(()),
    };
    if wants.messages || wants.fragments {
        return Err(Error::bad_request(text).with_close_code(CloseCode::UNACCEPTABLE));
    }
    Ok(())
}

/// Runs a session from its handshake to its end. For generated code.
///
/// # Errors
/// The handshake is refused. What fails later closes the session.
pub async fn serve<E: Events>(upgrade: Upgrade, mut events: E) -> Result {
    let session = &upgrade.session;
    let cx = EventContext::of(session);
    let probe = CloseReason::normal();
    events.check(cx.closing(&probe)).await?;
    let accept = events.handshake(cx).await?;
    upgrade.accept_with(accept, events.wants()).await?;
    let mut socket = WebSocket::new(session.0.clone());
    let ended = guarded(run(&mut events, cx, &mut socket)).await;
    let core = &session.0;
    core.close(match &ended {
        Ok(()) => CloseReason::normal(),
        Err(error) => core.reason_of(error),
    });
    let reason = core.closed().await;
    leave_all(core);
    if let Err(error) = guarded(events.close(cx.closing(reason))).await {
        let _ = core.reason_of(&error);
    }
    Ok(())
}

/// The loop.
async fn run<E: Events>(events: &mut E, cx: EventContext<'_>, socket: &mut WebSocket) -> Result {
    events.open(cx).await?;
    let mut pieces = Pieces::default();
    while let Some(incoming) = socket.next_incoming().await {
        match incoming {
            Incoming::Message(message) => {
                let on = if message.is_text() { On::Text } else { On::Binary };
                events.message(cx, on, &message).await?;
            }
            Incoming::Ping(payload) => events.message(cx, On::Ping, &Message::binary(payload)).await?,
            Incoming::Pong(payload) => events.message(cx, On::Pong, &Message::binary(payload)).await?,
            Incoming::Fragment { is_final, payload } => {
                let piece = Message::binary(payload);
                let is_kept = events.fragment(cx, is_final, &piece).await?;
                let limit = socket.config().message_size;
                if let Some(message) = pieces.add(is_final, is_kept, piece.as_bytes(), limit)? {
                    events.message(cx, On::Binary, &Message::binary(message)).await?;
                }
            }
            Incoming::Frame(_) => {}
        }
    }
    Ok(())
}

/// The pieces of a binary message that its event function wants kept.
#[derive(Default)]
struct Pieces {
    bytes: Vec<u8>,
    /// A piece was taken by the function itself, so there is no whole message.
    is_broken: bool,
}

impl Pieces {
    fn add(&mut self, is_final: bool, is_kept: bool, piece: &[u8], limit: usize) -> Result<Option<Bytes>> {
        self.is_broken |= !is_kept;
        if self.is_broken {
            self.bytes = Vec::new();
        } else if self.bytes.len() + piece.len() > limit {
            let explain = format!("Message is too big. Max size is {limit}");
            return Err(Error::bad_request(explain).with_close_code(CloseCode::TOO_BIG));
        } else {
            self.bytes.extend_from_slice(piece);
        }
        if !is_final {
            return Ok(None);
        }
        let Pieces { bytes, is_broken } = std::mem::take(self);
        Ok((!is_broken).then(|| bytes.into()))
    }
}

/// Runs a future whose panics are errors.
async fn guarded<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        polled.unwrap_or_else(|payload| Poll::Ready(Err(Error::from_panic(&*payload))))
    })
    .await
}

/// Event functions that share a path.
#[derive(Default)]
pub(crate) struct Functions(Vec<&'static WebSocketEvent>);

impl Functions {
    /// Adds one.
    ///
    /// # Errors
    /// There is one for that event already; it is returned.
    pub(crate) fn add(&mut self, event: &'static WebSocketEvent) -> Result<(), &'static WebSocketEvent> {
        if let Some(other) = self.0.iter().find(|other| other.function.overlaps(&event.function)) {
            return Err(other);
        }
        self.0.push(event);
        Ok(())
    }

    fn find<T>(&self, choose: impl Fn(&EventFunction) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|event| choose(&event.function))
    }
}

/// Serves the functions that share the path of a route. For generated code.
pub fn serve_functions(upgrade: Upgrade) -> BoxFuture<'static, Result> {
    Box::pin(async move {
        let session = upgrade.session.clone();
        let settings = session.request().state::<super::config::Settings>();
        let functions =
            settings.and_then(|settings| settings.functions.get(&super::config::address(upgrade.route)));
        match functions {
            Some(functions) => serve(upgrade, functions).await,
            None => Err(Error::internal("the event functions of this path belong to another application")),
        }
    })
}

impl Events for &Functions {
    fn wants(&self) -> Wants {
        let has = |wanted: On| self.0.iter().any(|event| event.function.takes(wanted));
        Wants {
            messages: has(On::Text) || has(On::Binary),
            fragments: self.0.iter().any(|event| matches!(event.function, EventFunction::Fragment(_))),
            pings: has(On::Ping),
            pongs: has(On::Pong),
        }
    }

    async fn check<'e>(&'e mut self, cx: EventContext<'e>) -> Result {
        for event in &self.0 {
            (event.check)(cx).await?;
        }
        Ok(())
    }

    async fn handshake<'e>(&'e mut self, cx: EventContext<'e>) -> Result<Accept> {
        let call = self.find(|function| match function {
            EventFunction::Handshake(call) => Some(*call),
            _ => None,
        });
        match call {
            Some(call) => call(cx).await,
            None => Ok(Accept::new()),
        }
    }

    async fn open<'e>(&'e mut self, cx: EventContext<'e>) -> Result {
        let call = self.find(|function| match function {
            EventFunction::Open(call) => Some(*call),
            _ => None,
        });
        match call {
            Some(call) => call(cx).await,
            None => Ok(()),
        }
    }

    async fn message<'e>(&'e mut self, cx: EventContext<'e>, on: On, message: &'e Message) -> Result {
        let call = self.find(|function| match function {
            EventFunction::Message(_, call) if function.takes(on) => Some(*call),
            _ => None,
        });
        match call {
            Some(call) => call(cx, message).await,
            // A message in one piece is its own last piece.
            None if on == On::Binary && self.wants().fragments => {
                self.fragment(cx, true, message).await.map(drop)
            }
            None => unhandled(on, self.wants()),
        }
    }

    async fn fragment<'e>(
        &'e mut self,
        cx: EventContext<'e>,
        is_final: bool,
        message: &'e Message,
    ) -> Result<bool> {
        let call = self.find(|function| match function {
            EventFunction::Fragment(call) => Some(*call),
            _ => None,
        });
        match call {
            // Nobody wants the whole where there is no function for it.
            Some(call) => Ok(call(cx, is_final, message).await?
                && self.0.iter().any(|event| event.function.takes(On::Binary))),
            None => Ok(true),
        }
    }

    async fn close<'e>(&'e mut self, cx: EventContext<'e>) -> Result {
        let call = self.find(|function| match function {
            EventFunction::Close(call) => Some(*call),
            _ => None,
        });
        match call {
            Some(call) => call(cx).await,
            None => Ok(()),
        }
    }
}
