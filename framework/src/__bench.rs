//! The doors of the benchmarks in `benches/`. Not a part of the public interface: it changes without notice.
//!
//! A whole request costs ten times what is looked at here, so the public interface would show little of it. The
//! doors are always compiled, so that they go with what is behind them; a program that does not call them does not
//! hold them either.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::StatusCode;

use crate::app::{App, Config, Target};
use crate::base::Headers;
use crate::http::path::PathValues;
use crate::http::{Params, Request, Response, Result};
use crate::proto::Limits;
use crate::proto::h1::{Answer, H1};
use crate::proto::multipart::{self, Boundary, MultipartDecoder};
use crate::proto::ws::{Bounds, OpCode, Protocol, Received as Event, Role, Rsv, Utf8, mask, write_frame};
use crate::route::{Handler, Route};
use crate::routing::{Facts, Found, Router};
use crate::session::{MemoryStore, SessionId, SessionRecord};

/// Routing by itself: no request is read, no handler is called.
pub struct Routing {
    router: Router,
    headers: Headers,
    none: Params,
    values: PathValues,
}

impl Routing {
    /// Builds it as an application does.
    ///
    /// # Errors
    /// What is wrong with the routes.
    pub fn build(routes: &[&'static Route]) -> std::result::Result<Routing, Vec<String>> {
        let router = Router::build(routes, &[])?;
        let (headers, none, values) = (Headers::new(), Params::default(), PathValues::default());
        Ok(Routing { router, headers, none, values })
    }

    /// Finds the mapping of a request and the filters around it. Gives the number of path variables.
    pub fn find(&mut self, method: &http::Method, path: &str) -> Option<usize> {
        let Routing { router, headers, none, values } = self;
        let facts = Facts { method, path, headers, query: none, form: none, form_pending: false };
        let Found::Route(entry) = router.find(&facts, values) else {
            return None;
        };
        let filters = router.filters_for(entry, path);
        Some(values.named.len() + filters.len())
    }
}

/// The head of a request by itself: no socket, no decoding of path and query.
#[derive(Default)]
pub struct Heads {
    headers: Headers,
    target: String,
}

impl Heads {
    /// Parses a head, the first of its connection, into buffers that know its size. `None` if it is not whole and good.
    pub fn receive(&mut self, bytes: &[u8]) -> Option<Received> {
        let Heads { headers, target } = self;
        let mut h1 = H1::new();
        h1.receive_head(bytes, &LIMITS, headers, target).ok()??;
        Some(Received { h1, field_count: headers.len() })
    }
}

/// A connection whose request waits for its answer.
pub struct Received {
    h1: H1,
    /// Fields of the request.
    pub field_count: usize,
}

impl Received {
    /// Writes the head of an answer, once. The lines of every answer are ready, as they are in the server.
    pub fn send(&mut self, out: &mut Vec<u8>, headers: &Headers, length: u64) {
        // The server does not know them while compiling either.
        let answer = black_box(Answer {
            status: StatusCode::OK,
            reason: None,
            headers,
            content_type: None,
            length: Some(length),
            fixed: READY_LINES,
            is_last: false,
        });
        self.h1.send_head(out, &answer, &LIMITS);
    }
}

/// A request that has been read and routed, for binding by itself.
pub struct Routed {
    /// Binding reads it.
    pub request: Request,
    /// The last answer.
    pub response: Response,
    adapter: for<'r> fn(&'r Request, &'r mut Response) -> Result,
}

impl Routed {
    /// Reads and routes it as the application of this program does. `None` unless a plain `fn` is mapped to it.
    pub fn read(head: &str, body: &str) -> Option<Routed> {
        let App(app) = App::from_registry(Config::new()).ok()?;
        let mut request = Request::new(Arc::clone(&app.answers.context));
        let Request { headers, path, .. } = &mut request;
        let received = H1::new().receive_head(head.as_bytes(), &app.limits, headers, &mut path.target);
        request.take_head(&mut received.ok()??).ok()?;
        request.body.extend_from_slice(body.as_bytes());
        let Target::Entry(entry) = app.target(&mut request, false)? else { return None };
        let Handler::Now(adapter) = entry.route.handler else { return None };
        Some(Routed { request, response: Response::default(), adapter })
    }

    /// Binds all arguments, calls the function and lets it answer.
    ///
    /// # Errors
    /// An argument cannot be bound.
    pub fn handle(&mut self) -> Result {
        self.response.clear();
        (self.adapter)(&self.request, &mut self.response)
    }
}

/// Masks or unmasks a payload.
pub fn apply_mask(payload: &mut [u8], key: [u8; 4]) {
    mask::apply(payload, key, 0);
}

/// Whether pieces of this size are the text of a message.
pub fn is_utf8(text: &[u8], size: usize) -> bool {
    let mut utf8 = Utf8::default();
    text.chunks(size).all(|piece| utf8.push(piece).is_ok()) && utf8.finish().is_ok()
}

/// The server's side of a WebSocket connection without a socket: frames in and out.
pub struct Frames {
    protocol: Protocol,
    bounds: Bounds,
    inbox: BytesMut,
}

impl Default for Frames {
    fn default() -> Frames {
        let bounds = Bounds { message_size: 1 << 20, frame_size: 1 << 20, fragments: 4096 };
        Frames { protocol: Protocol::new(Role::Server), bounds, inbox: BytesMut::with_capacity(16 << 10) }
    }
}

impl Frames {
    /// Receives a frame that is a whole message: its bytes go into the inbox first, as a read puts them there.
    pub fn receive(&mut self, frame: &[u8]) -> Option<Bytes> {
        self.inbox.extend_from_slice(frame);
        match self.protocol.receive(&mut self.inbox, self.bounds, None) {
            Ok(Some(Event::Message { payload, .. })) => Some(payload),
            _ => None,
        }
    }

    /// Writes a message of text as one frame, masked if there is a key.
    pub fn write(out: &mut Vec<u8>, payload: &[u8], key: Option<[u8; 4]>) {
        write_frame(out, (true, Rsv::NONE, OpCode::Text), payload, key);
    }
}

/// Takes a form in parts apart, in pieces as they come from a socket. Gives the number of parts and of bytes in them.
pub fn decode_form(content_type: &str, body: &[u8], piece: usize) -> Option<(usize, usize)> {
    let mut decoder =
        MultipartDecoder::new(&Boundary::of(content_type.as_bytes()).ok()?, multipart::Bounds::of(&LIMITS));
    let (mut parts, mut size) = (0, 0);
    for mut rest in body.chunks(piece) {
        while !rest.is_empty() {
            let (consumed, event) = decoder.decode(rest).ok()?;
            match event {
                Some(multipart::Event::Part(_)) => parts += 1,
                Some(multipart::Event::Data(data)) => size += black_box(data).len(),
                _ => {}
            }
            rest = rest.get(consumed..)?;
        }
    }
    decoder.finish().ok()?;
    Some((parts, size))
}

/// The store of sessions in memory by itself.
pub struct Sessions {
    store: MemoryStore,
    ids: Vec<SessionId>,
}

impl Sessions {
    /// A store with this many sessions of one value each.
    ///
    /// # Panics
    /// The system has no random bytes.
    pub fn with(count: usize) -> Sessions {
        let store = MemoryStore::new().capacity(count);
        let now = SystemTime::now();
        let mut record = SessionRecord::new(now, now, Duration::from_secs(1_800));
        record.insert("n", "1");
        let ids: Vec<_> = (0..count).map(|_| SessionId::random().expect("random bytes")).collect();
        for id in &ids {
            store.insert(id, &record);
        }
        Sessions { store, ids }
    }

    /// Finds a session; tells whether it is there.
    pub fn find(&self, number: usize) -> bool {
        self.store.find(&self.ids[number % self.ids.len()]).is_some()
    }

    /// Sets a value of a session; tells whether it is there.
    pub fn set(&self, number: usize) -> bool {
        self.store.insert_value(&self.ids[number % self.ids.len()], "n", "2")
    }
}

const LIMITS: Limits = Limits::new();
const READY_LINES: &[u8] = b"date: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: vernal\r\n\
    content-type: text/plain; charset=utf-8\r\n";
