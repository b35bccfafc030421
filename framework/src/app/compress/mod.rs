//! Compressing answers: the last step before an answer is sent, when its head is final and its body still whole.
//!
//! Whether an answer is compressed is decided in one place, [`Compression::decide`], for bodies in memory, files,
//! streams and those written piece by piece alike.

mod engine;
mod settings;
mod stream;

use ::http::{Method, StatusCode};

pub use self::settings::Compression;
pub(crate) use self::stream::Pieces;
use super::application::Inner;
use crate::base::{Headers, say};
use crate::http::{BodyKind, Request, Response, SentHead};
use crate::proto::coding::{Failed, Form};
use crate::proto::{AcceptEncoding, Coding};

/// What a request says of the answer it wants.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// The best of the codings that we have.
    coding: Coding,
    /// There will be no body.
    is_head: bool,
    /// The peer may hold a compressed answer, for it names a weak entity tag.
    has_weak_tag: bool,
}

/// The parts of an answer that say whether it is compressed.
struct Facts<'a> {
    status: StatusCode,
    headers: &'a Headers,
    /// The guessed one.
    content_type: Option<&'static str>,
    /// Bytes of the body, if they are known.
    size: Option<u64>,
}

/// What the decision is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// It stays as it is, whoever asks.
    Never,
    /// This peer gets it as it is, others compressed.
    NotHere,
    /// It answers a condition, so there is no body; the compressed one is what the peer has.
    StillValid,
    Compress(Form),
}

impl Inner {
    /// The last step of an answer that is not written piece by piece: compresses its body, or makes it one that is
    /// compressed while it is sent. Once for each answer; nothing may change the answer after it.
    #[inline]
    pub(crate) fn finish(&self, request: &Request, response: &mut Response) {
        if response.marks.is_sniffed {
            self.answers.judge_sniffed(request, response);
        }
        if let Some(compression) = &self.compression
            && !compression.is_too_small(response)
        {
            compression.finish(|| compression.asked(&request.method, &request.headers), response);
        }
    }

    /// What to keep of a request whose handler may write its answer piece by piece, for [`Inner::begin_written`].
    #[inline]
    pub(crate) fn asked(&self, method: &Method, headers: &Headers) -> Option<Asked> {
        self.compression.as_ref().map(|compression| compression.asked(method, headers))
    }

    /// The same as [`Inner::finish`] for an answer that stands for itself while its handler still has the request.
    pub(crate) fn finish_written(&self, asked: Option<Asked>, response: &mut Response) {
        if let (Some(compression), Some(asked)) = (&self.compression, asked) {
            compression.finish(|| asked, response);
        }
    }

    /// The same as [`Inner::finish`] for an answer that is written piece by piece: changes its head, and returns what its
    /// pieces go through.
    pub(crate) fn begin_written(&self, asked: Option<Asked>, head: &mut SentHead) -> Option<Box<dyn Pieces>> {
        let (compression, asked) = (self.compression.as_ref()?, asked?);
        let SentHead { status, headers, content_type, .. } = head;
        let facts = Facts { status: *status, headers, content_type: *content_type, size: None };
        let decision = compression.decide(&facts, || asked);
        let compressing = match decision {
            Decision::Compress(form) if !asked.is_head => Some((compression.engine().begin)(form)?),
            _ => None,
        };
        announce(decision, headers);
        compressing
    }
}

impl Compression {
    /// Whether a look at the body is enough to leave the answer alone, as most small ones are.
    #[inline]
    fn is_too_small(&self, response: &Response) -> bool {
        matches!(response.body.0, BodyKind::Buffer)
            && (response.buffer.len() as u64) < self.least()
            && response.status != StatusCode::NOT_MODIFIED
    }

    fn asked(&self, method: &Method, headers: &Headers) -> Asked {
        let accepted = AcceptEncoding::parse(headers.get_all_bytes("accept-encoding"));
        Asked {
            // Who accepts nothing that we have gets what there is: better than a 406 (RFC 9110, section 12.4.1).
            coding: accepted.best(self.offered()).unwrap_or(Coding::Identity),
            is_head: method == Method::HEAD,
            has_weak_tag: headers
                .get_all_bytes("if-none-match")
                .any(|tags| tags.windows(2).any(|part| part == b"W/")),
        }
    }

    /// Whether an answer is compressed. The request is only asked when it matters.
    fn decide(&self, facts: &Facts<'_>, asked: impl FnOnce() -> Asked) -> Decision {
        if facts.status == StatusCode::NOT_MODIFIED {
            // Nothing tells the type of the body that it stands for, which may well be one that is compressed.
            return if asked().has_weak_tag { Decision::StillValid } else { Decision::NotHere };
        }
        // It is worth nothing to compress what is small.
        if facts.size.is_some_and(|size| size < self.least()) || is_without_whole_body(facts.status) {
            return Decision::Never;
        }
        let mut content_type = facts.content_type.unwrap_or_default().as_bytes();
        for (name, value) in facts.headers.fields() {
            match name.len() {
                12 if name.eq_ignore_ascii_case(b"content-type") => content_type = value,
                13 if name.eq_ignore_ascii_case(b"cache-control") && has_token(value, b"no-transform") => {
                    return Decision::Never;
                }
                7 if name.eq_ignore_ascii_case(b"trailer")
                    && BODY_IS_FINAL.iter().any(|it| has_token(value, it.as_bytes())) =>
                {
                    return Decision::Never;
                }
                6..=16 if BODY_IS_FINAL.iter().any(|it| it.as_bytes().eq_ignore_ascii_case(name)) => {
                    return Decision::Never;
                }
                _ => {}
            }
        }
        if !self.is_for(content_type) {
            return Decision::Never;
        }
        self.form(asked().coding).map_or(Decision::NotHere, Decision::Compress)
    }

    #[inline(never)]
    fn finish(&self, ask: impl FnOnce() -> Asked, response: &mut Response) {
        let size = match &response.body.0 {
            BodyKind::Buffer => Some(response.buffer.len() as u64),
            BodyKind::Empty if response.status != StatusCode::NOT_MODIFIED => return,
            BodyKind::Written => return,
            _ => response.body.size(),
        };
        let mut is_head = false;
        let ask = || {
            let asked = ask();
            is_head = asked.is_head;
            asked
        };
        let Response { status, headers, content_type, .. } = &*response;
        let facts = Facts { status: *status, headers, content_type: *content_type, size };
        let decision = self.decide(&facts, ask);
        if let Decision::Compress(form) = decision
            && let Err(Failed) = (self.engine().compress)(form, is_head, size, response)
        {
            let coding = form.coding.token();
            say!(error, "an answer cannot be compressed as {coding}, and is sent as it is");
            return;
        }
        announce(decision, &mut response.headers);
    }
}

/// Whether an answer of this status has no body, or a part of one, which stays a part of what it was.
fn is_without_whole_body(status: StatusCode) -> bool {
    const SOME: [StatusCode; 3] =
        [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::PARTIAL_CONTENT];
    status.is_informational() || SOME.contains(&status)
}

/// Says in the head what was decided: `Vary` for all that could have been compressed, so that no cache gives one peer
/// what another asked for.
fn announce(decision: Decision, headers: &mut Headers) {
    if decision == Decision::Never {
        return;
    }
    vary(headers);
    if decision == Decision::NotHere {
        return;
    }
    // Bytes differ from those that the tag was made for (RFC 9110, section 8.8.3.3).
    if let Some(tag) = headers.get_bytes("etag").filter(|tag| tag.starts_with(b"\"")) {
        let weak = [b"W/", tag].concat();
        headers.insert("etag", &weak[..]);
    }
    if let Decision::Compress(form) = decision {
        headers.insert("content-encoding", form.coding.token());
        // Ranges are of the plain body.
        headers.remove("accept-ranges");
    }
}

/// Adds `Accept-Encoding` to what the answer varies by.
fn vary(headers: &mut Headers) {
    if headers.varies_by("accept-encoding") {
        return;
    }
    if !headers.contains("vary") {
        return headers.append("vary", "accept-encoding");
    }
    let known = headers.get_all_bytes("vary");
    let all = known.chain(std::iter::once(&b"accept-encoding"[..])).collect::<Vec<_>>().join(&b", "[..]);
    headers.insert("vary", &all[..]);
}

/// Whether a list of tokens has this one.
fn has_token(list: &[u8], token: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|element| element.trim_ascii().eq_ignore_ascii_case(token))
}

/// Fields that only hold for the very bytes of the body: a coding it has already, a part of it, its sum.
const BODY_IS_FINAL: &[&str] =
    &["content-encoding", "content-range", "content-digest", "repr-digest", "content-md5", "digest"];
