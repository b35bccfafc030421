//! A request that is kept for long and seldom asked for: its head lies in one block, of which the request is made when somebody
//! asks.
//!
//! Folded is only what comes back the same: a request of a plain path whose fields say its host. One with values in its path, a query, or
//! anything that filters left is kept as it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ::http::{Method, Version};

use super::rare::Rare;
use super::{Context, Peer, Request};
use crate::base::{Location, Span};
use crate::proto::h1::TargetForm;
use crate::proto::ws::Role;

/// See the head of this file.
pub(crate) struct Folded {
    pub(crate) context: Arc<Context>,
    /// Where the handler stands that answers it.
    pub(crate) handler: Option<&'static Location>,
    /// The method, the target, the fields and the id if it has one, a line each: none of them can hold the end of one. Nothing if it is kept as it is.
    head: Box<[u8]>,
    peer: Peer,
    mapping: u32,
    version: Version,
    is_secure: bool,
    /// Which side of the session is this one. It lies here since it takes no room beside the others.
    pub(crate) role: Role,
    head_is_out: AtomicBool,
    whole: OnceLock<Box<Request>>,
}

impl Folded {
    /// Keeps what is the same again when it is unfolded; `None`: the request has more.
    pub(crate) fn of(request: &Request) -> Option<Folded> {
        let folded = || Folded { head: fold(request), ..Folded::beside(request, request.peer.clone()) };
        is_foldable(request).then(folded)
    }

    /// Keeps a request as it is.
    pub(crate) fn whole(request: Box<Request>) -> Folded {
        let beside = Folded::beside(&request, Peer::Unknown);
        Folded { whole: OnceLock::from(request), ..beside }
    }

    /// What lies beside the head.
    fn beside(request: &Request, peer: Peer) -> Folded {
        Folded {
            context: Arc::clone(&request.context),
            handler: request.handler,
            head: Box::default(),
            peer,
            mapping: request.mapping,
            version: request.version,
            is_secure: request.is_secure,
            role: Role::Server,
            head_is_out: AtomicBool::new(request.head_is_out()),
            whole: OnceLock::new(),
        }
    }

    /// The request. Once made it stays.
    pub(crate) fn request(&self) -> &Request {
        let request = self.whole.get_or_init(|| Box::new(self.unfold()));
        if self.head_is_out() {
            request.set_head_is_out();
        }
        request
    }

    /// The request, if it was made before.
    pub(crate) fn made(&self) -> Option<&Request> {
        self.whole.get().map(|request| &**request)
    }

    /// Says that the head of the answer goes out now.
    pub(crate) fn set_head_is_out(&self) {
        self.head_is_out.store(true, Ordering::Release);
        if let Some(request) = self.made() {
            request.set_head_is_out();
        }
    }

    /// Whether it is too late to add a field to the answer.
    pub(crate) fn head_is_out(&self) -> bool {
        self.head_is_out.load(Ordering::Acquire)
    }

    fn unfold(&self) -> Request {
        let mut lines = self.head.split(|byte| *byte == b'\n');
        let mut request = Request::new(Arc::clone(&self.context));
        request.method = Method::from_bytes(lines.next().unwrap_or_default()).unwrap_or_default();
        let target = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        request.path.set_plain_target(target);
        for line in lines {
            if let Some(id) = line.strip_prefix(&[OF_ID]) {
                let _ = request.rare().id.set(String::from_utf8_lossy(id).into());
                continue;
            }
            let (name, value) = split_field(line);
            request.headers.push_judged(name, value);
        }
        request.headers = request.headers.compact(Span::default()).0;
        request.authority = request.headers.values_of("host").next().unwrap_or_default();
        request.version = self.version;
        request.peer = self.peer.clone();
        request.is_secure = self.is_secure;
        request.mapping = self.mapping;
        request.handler = self.handler;
        request
    }
}

/// Whether unfolding makes the same request.
fn is_foldable(request: &Request) -> bool {
    let has_more = |rare: &Rare| rare.kept.get().is_some() || rare.trace.get().is_some();
    #[cfg(feature = "tls")]
    if request.client_certificates.is_some() {
        return false;
    }
    let Request { headers, path, path_values, query, .. } = request;
    let host = headers.values_of("host").next().unwrap_or_default();
    request.form_of_target == TargetForm::Origin
        && path.is_plain_target()
        && path_values.is_empty()
        && query.is_empty()
        && host.bytes(headers.bytes()) == request.authority.bytes(headers.bytes())
        && !request.rare.get().is_some_and(|rare| has_more(rare))
}

/// The head in a block of its very size.
fn fold(request: &Request) -> Box<[u8]> {
    let mut head = Vec::with_capacity(1 << 10);
    head.extend_from_slice(request.method.as_str().as_bytes());
    head.push(b'\n');
    head.extend_from_slice(request.path.target.as_bytes());
    for (name, value) in request.headers.fields() {
        head.push(b'\n');
        match NAMES.iter().position(|known| known.as_bytes() == name) {
            Some(number) => head.push(FIRST_NUMBER + number as u8),
            None => {
                head.extend_from_slice(name);
                head.push(b':');
            }
        }
        head.extend_from_slice(value);
    }
    if let Some(id) = request.rare.get().and_then(|rare| rare.id.get()) {
        head.extend_from_slice(&[b'\n', OF_ID]);
        head.extend_from_slice(id.as_bytes());
    }
    Box::from(head.as_slice())
}

/// Name and value of a folded field.
fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let number = line.first().map_or(usize::MAX, |first| usize::from(first.wrapping_sub(FIRST_NUMBER)));
    if let Some(name) = NAMES.get(number) {
        return (name.as_bytes(), &line[1..]);
    }
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    (&line[..colon], line.get(colon + 1..).unwrap_or_default())
}

/// Stands for the first of [`NAMES`]; no name begins so.
const FIRST_NUMBER: u8 = 0x80;

/// What the line of the request's id begins with.
const OF_ID: u8 = 0xff;

/// What nearly all who open a WebSocket send, as they write it: a byte each.
const NAMES: [&str; 20] = [
    "Host",
    "Connection",
    "Upgrade",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "Origin",
    "User-Agent",
    "Cookie",
    "Authorization",
    "Pragma",
    "Cache-Control",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "X-Forwarded-For",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Limits;
    use crate::proto::h1::H1;

    /// The request of a head, as a connection makes it.
    fn received(head: &str) -> Request {
        let mut context = Arc::<Context>::default();
        Arc::get_mut(&mut context).expect("nobody else has it").parameters = 8;
        let mut request = Request::new(context);
        let Request { headers, path, .. } = &mut request;
        let taken = H1::new().receive_head(head.as_bytes(), &Limits::default(), headers, &mut path.target);
        let mut head = taken.expect("a head").expect("a whole one");
        request.take_head(&mut head).expect("a path");
        request
    }

    #[test]
    fn what_is_folded_is_the_same_again() {
        let table = [
            ("GET /ws HTTP/1.1\r\nHost: a:80\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhl\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nhost: a\r\nX-Own: a:b\r\nx-own:\r\nCookie: \u{e4}=1\r\n\r\n", true),
            ("GET /a/b HTTP/1.0\r\nUser-Agent: \"x\ty\"\r\nHost: first\r\n\r\n", true),
            ("GET /ws?name=x HTTP/1.1\r\nHost: a\r\n\r\n", false),
            ("GET /a%20b HTTP/1.1\r\nHost: a\r\n\r\n", false),
            ("GET /a//b HTTP/1.1\r\nHost: a\r\n\r\n", false),
            ("GET http://b/ws HTTP/1.1\r\nHost: a\r\n\r\n", false),
        ];
        for (head, folds) in table {
            let mut request = received(head);
            (request.peer, request.mapping) = (Some(([127, 0, 0, 1], 7).into()).into(), 3);
            request.is_secure = true;
            let folded = Folded::of(&request);
            assert_eq!(folded.is_some(), folds, "{head}");
            let folded = folded.unwrap_or_else(|| Folded::whole(Box::new(request.detached())));
            let again = folded.request();
            let shown = |request: &Request| {
                let fields: Vec<_> =
                    request.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                let of_target = (request.target().to_owned(), request.path().to_owned());
                let of_head = (request.method.clone(), request.version(), request.host().map(str::to_owned));
                let of_socket = (request.peer(), request.is_secure(), request.mapping);
                (of_head, of_target, request.query_string().to_owned(), fields, of_socket)
            };
            assert_eq!(shown(again), shown(&request), "{head}");
            assert!(std::ptr::eq(again, folded.request()), "made once");
        }
    }

    #[test]
    fn what_a_line_of_the_head_does_not_tell_is_kept_as_it_is() {
        let request = || received("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n");
        type Change = fn(&mut Request);
        let table: [(&str, Change); 3] = [
            ("a value of the path", |request| request.path_values.named.push(("name", Span::new(1, 3)))),
            ("the rest of the path", |request| request.path_values.wildcard = Some(Span::new(1, 3))),
            ("a parameter of a filter", |request| request.set_parameter("name", "x")),
        ];
        assert!(Folded::of(&request()).is_some());
        for (name, change) in table {
            let mut request = request();
            change(&mut request);
            assert!(Folded::of(&request).is_none(), "{name}");
        }
    }

    #[test]
    fn an_id_that_was_made_stays_the_same() {
        let request = received("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n");
        let id = request.id().to_owned();
        let folded = Folded::of(&request).expect("a plain one");
        assert_eq!(folded.request().id(), id);
        assert_eq!(folded.request().headers.iter().count(), 1);
    }

    #[test]
    fn a_head_that_is_out_stays_out() {
        let folded = Folded::of(&received("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n")).expect("a plain one");
        assert!(folded.made().is_none() && !folded.head_is_out());
        folded.set_head_is_out();
        assert!(folded.request().head_is_out() && folded.made().is_some());
    }
}
