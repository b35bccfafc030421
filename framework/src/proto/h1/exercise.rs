//! A server in memory that shows what it makes of some bytes: the one used by the tables and by the fuzz targets.

use ::http::StatusCode;

use super::super::{Limits, Refusal, trailer_fields};
use super::{Answer, H1, Head, Next, Progress};
use crate::base::{Headers, Span};

/// What a server sees of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Head(String),
    /// All of a body.
    Body(Vec<u8>),
    /// What came after it.
    Trailers(String),
    Refused(Refusal),
}

/// A server that answers every request with 200 once it has read its body.
pub(crate) struct Server {
    limits: Limits,
    h1: H1,
    pub(crate) headers: Headers,
    pub(crate) target: String,
    pub(crate) inbox: Vec<u8>,
    body: Option<Vec<u8>>,
    trailers: Vec<u8>,
    pub(crate) events: Vec<Event>,
    pub(crate) out: Vec<u8>,
    is_open: bool,
}

impl Server {
    pub(crate) fn new(limits: &Limits) -> Server {
        Server {
            limits: limits.clone(),
            h1: H1::new(),
            headers: Headers::new(),
            target: String::new(),
            inbox: Vec::new(),
            body: None,
            trailers: Vec::new(),
            events: Vec::new(),
            out: Vec::new(),
            is_open: true,
        }
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.inbox.extend_from_slice(bytes);
        while self.is_open && self.step() {}
    }

    /// One event; `false` when more bytes are needed.
    fn step(&mut self) -> bool {
        let Some(body) = &mut self.body else { return self.step_in_head() };
        match self.h1.receive_body(&self.inbox, &self.limits) {
            Ok(Progress::NeedMore { consumed }) => {
                self.inbox.drain(..consumed);
                return false;
            }
            Ok(Progress::Data { consumed, data }) => {
                assert!(!data.is_empty() && consumed >= data.len());
                body.extend_from_slice(data);
                self.inbox.drain(..consumed);
            }
            Ok(Progress::Trailers { consumed, lines }) => {
                assert!(!lines.is_empty() && consumed >= lines.len());
                self.trailers.extend_from_slice(lines);
                self.inbox.drain(..consumed);
            }
            Ok(Progress::End { consumed }) => {
                assert!(self.h1.body_is_complete());
                self.inbox.drain(..consumed);
                self.events.push(Event::Body(self.body.take().unwrap_or_default()));
                if !self.trailers.is_empty() {
                    let fields = trailer_fields(&std::mem::take(&mut self.trailers));
                    self.events.push(Event::Trailers(format!("{fields:?}")));
                }
                self.answer(200);
            }
            Err(refusal) => self.refuse(refusal),
        }
        true
    }

    fn step_in_head(&mut self) -> bool {
        match self.h1.receive_head(&self.inbox, &self.limits, &mut self.headers, &mut self.target) {
            Ok(None) => return false,
            Ok(Some(head)) => {
                self.events.push(Event::Head(summary(&head, &self.headers, &self.target)));
                self.inbox.drain(..head.length);
                self.body = Some(Vec::new());
            }
            Err(refusal) => self.refuse(refusal),
        }
        true
    }

    fn refuse(&mut self, refusal: Refusal) {
        let status = refusal.status.as_u16();
        self.events.push(Event::Refused(refusal));
        self.answer(status);
        assert!(!self.is_open, "a refusal closes");
    }

    fn answer(&mut self, status: u16) {
        self.h1.send_head(&mut self.out, &answer(status, Some(0)), &self.limits);
        self.is_open = self.h1.finish() == Next::Keep;
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self.events.last() {
            Some(Event::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }
}

pub(crate) fn answer(status: u16, length: Option<u64>) -> Answer<'static> {
    static NONE: Headers = Headers::new();
    let status = StatusCode::from_u16(status).expect("a status");
    Answer { status, reason: None, headers: &NONE, content_type: None, length, fixed: b"", is_last: false }
}

/// `GET /path ?query @host Origin None 1.1 keep`, then `continue`, `upgrade` and the fields.
pub(crate) fn summary(head: &Head, headers: &Headers, target: &str) -> String {
    let text = |span: Span| std::str::from_utf8(span.bytes(headers.bytes())).expect("text").to_owned();
    let mut words = vec![head.method.to_string(), head.path.text(target).to_owned()];
    if head.query.len() > 0 {
        words.push(format!("?{}", head.query.text(target)));
    }
    words.push(format!("@{} {:?} {:?} {:?}", text(head.authority), head.form, head.framing, head.version));
    words.push(if head.keep_alive { "keep" } else { "close" }.into());
    words.extend(head.expects_continue.then(|| "continue".into()));
    words.extend(head.upgrade.then(|| "upgrade".into()));
    words.join(" ").replace("HTTP/", "")
}

/// Feeds all at once.
pub(crate) fn whole(input: &[u8], limits: &Limits) -> Server {
    let mut server = Server::new(limits);
    server.receive(input);
    server
}

/// Feeds `length` bytes at a time.
pub(crate) fn in_pieces(input: &[u8], length: usize, limits: &Limits) -> Server {
    let mut server = Server::new(limits);
    input.chunks(length).for_each(|piece| server.receive(piece));
    server
}
