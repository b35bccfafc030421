//! What is answered for a representation: the whole, parts of it, or that the peer has it already.

use std::fs::File;
use std::path::Path;

use ::http::{Method, StatusCode};
use bytes::Bytes;

use super::content_type;
use super::failure::{error_of, is_missing};
use super::mark::Mark;
use super::representation::{Common, Representation};
use super::stamp::Stamp;
use crate::base::{Headers, counted, date, say};
use crate::http::{Body, BodyKind, Error, FileBody, FilePath, Request, Response, Result, Stretch};
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use crate::io::Medium;
use crate::io::blocking;
use crate::proto::conditions::{self, Verdict};
use crate::proto::{ByteRange, Coding, Ranges};

/// Where the bytes of a representation are.
pub(super) enum Content<'b> {
    Memory(&'b Bytes),
    File(File),
    /// A file of which nothing is read but what the system has in memory.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    AtHand(File, Medium),
}

/// What a request says about representations.
#[derive(Clone, Copy)]
pub(super) struct Ask<'h> {
    pub(super) headers: &'h Headers,
    pub(super) is_head: bool,
}

/// Answers with a representation. Blocks if it is a file, unless that is at hand.
///
/// # Errors
/// 412 and 416 of the conditions and ranges that were asked for; the file cannot be read.
pub(super) fn answer(
    representation: &Representation,
    content: Content<'_>,
    ask: Ask<'_>,
    response: &mut Response,
) -> Result {
    let range_counts = match conditions::judge(ask.headers, representation.validators(), date::seconds) {
        Verdict::NotModified => {
            response.set_status(StatusCode::NOT_MODIFIED);
            add(response, representation, |name| {
                matches!(name, "etag" | "last-modified" | "vary" | "cache-control")
            });
            return Ok(());
        }
        Verdict::Fails => {
            return Err(Error::status_only(StatusCode::PRECONDITION_FAILED)
                .explain("The resource is not the one that the request is meant for."));
        }
        Verdict::Holds { range_counts } => range_counts && !ask.is_head,
    };
    let size = representation.size;
    // Two fields would be a list of which the second element has no unit.
    let mut fields = ask.headers.get_all_bytes("range");
    let ranges = match fields.next().filter(|_| range_counts && fields.next().is_none()) {
        Some(value) => Ranges::parse(value, size),
        None => Ranges::Whole,
    };
    response.body = match ranges {
        Ranges::Unsatisfiable => {
            return Err(Error::status_only(StatusCode::RANGE_NOT_SATISFIABLE)
                .explain(format!("The resource has {}.", counted(size, "byte")))
                .header("content-range", format!("bytes */{size}")));
        }
        Ranges::Whole => {
            let body = match content {
                Content::Memory(bytes) => Body(BodyKind::Bytes(bytes.clone())),
                content => body(content, vec![Stretch::File(0..size)], ask, &mut response.buffer)?,
            };
            add(response, representation, |_| true);
            body
        }
        Ranges::Parts(parts) => {
            let (parts, content_type) = match parts[..] {
                [part] => {
                    response.headers.insert("content-range", range_of(part, size));
                    (vec![Stretch::File(part.start..part.end)], None)
                }
                _ => {
                    let boundary = boundary()?;
                    let content_type = format!("multipart/byteranges; boundary={boundary}");
                    (in_multipart(&parts, representation, &boundary), Some(content_type))
                }
            };
            let body = body(content, parts, ask, &mut response.buffer)?;
            response.set_status(StatusCode::PARTIAL_CONTENT);
            if let Some(content_type) = content_type {
                response.headers.insert("content-type", content_type);
            }
            add(response, representation, |_| true);
            body
        }
    };
    response.is_answered = true;
    Ok(())
}

/// Adds the fields of a representation beside those that filters have set.
fn add(response: &mut Response, representation: &Representation, takes: impl Fn(&str) -> bool) {
    let headers = &mut response.headers;
    if headers.is_empty() && representation.headers.iter().all(|(name, _)| takes(name)) {
        return headers.extend(&representation.headers);
    }
    for (name, value) in representation.headers.iter() {
        if takes(name) && (name == "vary" || !headers.contains(name)) {
            headers.append(name, value);
        }
    }
}

fn body(content: Content<'_>, parts: Vec<Stretch>, ask: Ask<'_>, buffer: &mut Vec<u8>) -> Result<Body> {
    #[cfg(not(all(feature = "sendfile", target_os = "linux")))]
    let _ = buffer;
    match content {
        #[cfg(all(feature = "sendfile", target_os = "linux"))]
        Content::AtHand(file, medium) => {
            let file = FileBody::new(file, parts);
            if ask.is_head {
                return Ok(file.into());
            }
            Ok(match file.read_at_hand(medium, buffer).map_err(error_of)? {
                Some(file) => file.into(),
                None => Body(BodyKind::Buffer),
            })
        }
        Content::File(file) => {
            let file = FileBody::new(file, parts);
            // Of a body that is not sent only the length is of interest.
            if ask.is_head { Ok(file.into()) } else { file.begin().map(Body::from).map_err(error_of) }
        }
        Content::Memory(bytes) => {
            let piece = |part: &Stretch| match part {
                Stretch::Bytes(bytes) => bytes.clone(),
                Stretch::File(range) => bytes.slice(range.start as usize..range.end as usize),
            };
            if let [part] = &parts[..] {
                return Ok(Body(BodyKind::Bytes(piece(part))));
            }
            Ok(Body::from(parts.iter().map(piece).collect::<Vec<_>>().concat()))
        }
    }
}

/// Several ranges as one body (RFC 9110, section 14.6).
fn in_multipart(ranges: &[ByteRange], representation: &Representation, boundary: &str) -> Vec<Stretch> {
    let mut parts = Vec::with_capacity(ranges.len() * 2 + 1);
    for range in ranges {
        let head = format!(
            "\r\n--{boundary}\r\ncontent-type: {}\r\ncontent-range: {}\r\n\r\n",
            representation.content_type,
            range_of(*range, representation.size)
        );
        parts.push(Stretch::Bytes(head.into()));
        parts.push(Stretch::File(range.start..range.end));
    }
    parts.push(Stretch::Bytes(format!("\r\n--{boundary}--\r\n").into()));
    parts
}

fn range_of(range: ByteRange, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end - 1)
}

/// What stands in no content, since nobody can know it before.
fn boundary() -> Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| Error::internal(format!("there are no random bytes: {error}")))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(random)))
}

/// Opens the file that a handler answers with, off the runtime's threads. An answer that says nothing of its
/// validators gets those of the file, and then conditions and ranges of the request count.
///
/// # Errors
/// The file is not there or cannot be read; 412 and 416 of the request's conditions and ranges.
pub(crate) async fn open_file(path: FilePath, request: &Request, response: &mut Response) -> Result {
    let is_plain = matches!(request.method, Method::GET | Method::HEAD)
        && response.status == StatusCode::OK
        && !["etag", "last-modified", "content-encoding", "content-range"]
            .iter()
            .any(|name| response.headers.contains(name));
    let content_type = response.headers.get("content-type").map(str::to_owned);
    let ask = is_plain.then(|| (asked_fields(&request.headers), request.method == Method::HEAD));
    let answered = blocking(move || {
        let (mut file, metadata) = path.open().map_err(|error| {
            if is_missing(&error) {
                say!(debug, "a static file cannot be sent: {error}");
            }
            error_of(error)
        })?;
        let mut answer = Response::default();
        let name = path.to_string();
        let content_type = match content_type {
            Some(content_type) => content_type.into(),
            None => content_type::guess(&name),
        };
        let Some((headers, is_head)) = ask else {
            let file = FileBody::new(file, [Stretch::File(0..metadata.len())]);
            answer.headers.insert("content-type", &*content_type);
            answer.body = file.begin().map_err(error_of)?.into();
            return Ok(answer);
        };
        let common = Common { content_type, cache_control: None, varies: false };
        let stamp = Stamp::of(&metadata);
        let mark = Mark::of_file(Path::new(&name), &mut file, &stamp).map_err(error_of)?;
        let representation = Representation::of_file(stamp.size, mark, Coding::Identity, &common);
        self::answer(&representation, Content::File(file), Ask { headers: &headers, is_head }, &mut answer)?;
        Ok::<_, Error>(answer)
    });
    take_over(answered.await??, response);
    Ok(())
}

/// Takes what was answered elsewhere.
pub(super) fn take_over(answered: Response, response: &mut Response) {
    if answered.status != StatusCode::OK {
        response.status = answered.status;
    }
    for (name, value) in answered.headers.iter() {
        if name.eq_ignore_ascii_case("content-type") || name == "location" {
            response.headers.insert(name, value);
        } else if name == "vary" || !response.headers.contains(name) {
            response.headers.append(name, value);
        }
    }
    response.content_type = answered.content_type;
    response.body = answered.body;
    response.buffer = answered.buffer;
    response.is_answered = true;
}

/// A copy of the fields that count here.
pub(super) fn asked_fields(headers: &Headers) -> Headers {
    let mut asked = Headers::new();
    for (name, value) in headers.iter() {
        if conditions::FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name)) {
            asked.append(name, value);
        }
    }
    asked
}
