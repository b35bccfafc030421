//! A request: one buffer with its head, spans into it, and the decoded pieces routing and binding read.
//!
//! `Request` is `Sync`: a handler's future may hold it over an await while the connection pumps its body. It is
//! recycled: `clear` keeps the memory. Decoding happens while dispatch still holds it mutably, so that every
//! accessor lends from it.

use std::any::Any;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ::http::{Extensions, Method, Version};
use serde_json::Value;

use super::flaw::flawed;
use super::path::{Path, PathValues};
use super::rare::Rare;
use super::via::Peer;
use super::{
    BodyReader, Context, Cookies, Error, FilePart, Flaw, FormKind, Instance, MultipartFile, Outgoing, Params,
    Result, Source,
};
use crate::base::{Headers, Location, Span, Zeros, integral, trim};
use crate::io::Share;
use crate::proto::Refusal;
use crate::proto::h1::{Head, TargetForm};
use crate::proto::ws::handshake;

/// What came in: method, path, header fields, parameters, cookies, body.
///
/// Handlers rarely need it, since arguments are bound by name; filters and model bindings do.
///
/// ```
/// use vernal::{Request, request_map};
///
/// #[request_map("/agent")]
/// fn agent(req: &Request) -> String {
///     format!("{} by {}", req.path(), req.header("user-agent").unwrap_or("somebody"))
/// }
/// ```
pub struct Request {
    /// The method. HEAD stays HEAD where a GET mapping answers it.
    pub method: Method,
    /// The header fields. Filters may change them.
    pub headers: Headers,
    /// Values that filters leave for those after them, one of each type.
    pub extensions: Extensions,
    pub(crate) version: Version,
    /// The raw query, inside the target.
    pub(super) raw_query: Span,
    /// Inside `headers`' buffer.
    pub(super) authority: Span,
    pub(crate) form_of_target: TargetForm,
    pub(crate) path: Path,
    pub(crate) path_values: PathValues,
    pub(crate) query: Params,
    pub(crate) form: Params,
    pub(crate) body: Vec<u8>,
    /// What it holds in memory of body and form, if that is counted.
    pub(super) share: Option<Share>,
    /// The files of a form in parts.
    #[expect(clippy::box_collection, reason = "few requests have it")]
    pub(crate) files: Option<Box<Vec<FilePart>>>,
    // What few requests have is boxed: a WebSocket session keeps its request as long as it lasts.
    pub(super) rare: OnceLock<Box<Rare>>,
    pub(crate) reader: Mutex<Option<Box<BodyReader>>>,
    /// The answer's other end, which must know what is kept before a head goes out.
    pub(crate) outgoing: Option<Arc<Outgoing>>,
    pub(crate) peer: Peer,
    pub(crate) is_secure: bool,
    /// The number of the mapping that is to answer, from one; 0 if none is known.
    pub(crate) mapping: u32,
    /// Where the handler stands that is to answer.
    pub(crate) handler: Option<&'static Location>,
    /// The peer's own certificate and those of its issuers, as DER.
    #[cfg(feature = "tls")]
    pub(crate) client_certificates: Option<Arc<Vec<Vec<u8>>>>,
    pub(super) head_is_out: AtomicBool,
    pub(crate) context: Arc<Context>,
}

impl Request {
    pub(crate) fn new(context: Arc<Context>) -> Request {
        Request {
            method: Method::GET,
            headers: Headers::new(),
            extensions: Extensions::new(),
            version: Version::HTTP_11,
            raw_query: Span::default(),
            authority: Span::default(),
            form_of_target: TargetForm::Origin,
            path: Path::default(),
            path_values: PathValues::default(),
            query: Params::default(),
            form: Params::default(),
            body: Vec::new(),
            share: None,
            files: None,
            rare: OnceLock::new(),
            reader: Mutex::new(None),
            outgoing: None,
            peer: Peer::Unknown,
            is_secure: false,
            mapping: 0,
            handler: None,
            #[cfg(feature = "tls")]
            client_certificates: None,
            head_is_out: AtomicBool::new(false),
            context,
        }
    }

    /// The path, decoded and normalised, with its leading slash and without the query.
    #[inline]
    #[doc(alias = "uri", alias = "url")]
    pub fn path(&self) -> &str {
        self.path.lent()
    }

    /// The query as it was sent, without its `?`; empty if there is none.
    pub fn query_string(&self) -> &str {
        self.raw_query.text(&self.path.target)
    }

    /// The request target as it was sent.
    pub fn target(&self) -> &str {
        &self.path.target
    }

    /// The host and port the client wants: what a trusted proxy says of it, in a field that [`Config::proxy_fields`] names, else the
    /// target's own in the absolute form, else the `Host` field.
    ///
    /// [`Config::proxy_fields`]: crate::Config::proxy_fields
    pub fn host(&self) -> Option<&str> {
        if let Some(host) = self.forwarded_host() {
            return Some(host);
        }
        let host = std::str::from_utf8(self.authority.bytes(self.headers.bytes())).unwrap_or_default();
        (!host.is_empty()).then_some(host)
    }

    /// Whether it asks to go on as a WebSocket: a GET whose Upgrade field names `websocket`, in any case. That it does so by the rules,
    /// and from where, is judged when a handler takes it.
    ///
    /// ```
    /// use vernal::{FilterContext, Next, Result, request_filter};
    ///
    /// #[request_filter("/live/**")]
    /// async fn live(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    ///     if !cx.request.is_websocket() {
    ///         cx.response.headers.insert("x-hint", "connect with ws://");
    ///     }
    ///     next.run(cx).await;
    ///     Ok(())
    /// }
    /// ```
    pub fn is_websocket(&self) -> bool {
        self.method == Method::GET && handshake::is_wanted(&self.headers)
    }

    /// HTTP/1.0, HTTP/1.1, or HTTP/2 with the feature `http2`; inside another server whatever that one speaks.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The first value of a header field, if there is one and it is UTF-8.
    #[inline]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The `Content-Type` without its parameters, as it was sent.
    pub fn content_type(&self) -> Option<&str> {
        // A parameter that is no text says nothing of the type.
        let essence = self.headers.get_bytes("content-type")?.split(|byte| *byte == b';').next()?;
        std::str::from_utf8(essence).ok().map(str::trim)
    }

    /// The declared length of the body, if it came with a `Content-Length`.
    pub fn content_length(&self) -> Option<u64> {
        self.headers.get("content-length").and_then(|value| value.trim().parse().ok())
    }

    /// The first value of a parameter: of the form if it has one, else of the query.
    #[inline]
    #[doc(alias = "query_param", alias = "get_parameter")]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.form.get(name).or_else(|| self.query.get(name))
    }

    /// Every value of a parameter: those of the form, then those of the query.
    pub fn parameters<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.form.all(name).chain(self.query.all(name))
    }

    /// The first value of a parameter, or a 400 that names it. For model bindings.
    ///
    /// # Errors
    /// There is no such parameter, or it could not be decoded (see [`Params::flaw`]).
    pub fn param(&self, name: &str) -> Result<&str> {
        if let Some(flaw) = self.flaw_of(name) {
            return Err(flawed(name, flaw.raw, &flaw.text()));
        }
        self.parameter(name).ok_or_else(|| Error::missing(name, Source::Parameter, "a text"))
    }

    /// What is wrong with a parameter that could not be decoded: of the form if it has one, else of the query.
    pub(crate) fn flaw_of(&self, name: &str) -> Option<Flaw<'_>> {
        self.form.flaw_of(name).or_else(|| self.query.flaw_of(name))
    }

    /// Sets a parameter to one value, in place of all that the peer sent: for filters, so that those after them bind it.
    pub fn set_parameter(&mut self, name: &str, value: &str) {
        self.form.remove(name);
        self.query.remove(name);
        self.query.append(name, value);
    }

    /// The fields of the query.
    pub fn query(&self) -> &Params {
        &self.query
    }

    /// The fields of a form body, in parts or not; empty for other bodies.
    pub fn form(&self) -> &Params {
        &self.form
    }

    /// The first file of a field of a form in parts, unless none was chosen there. For filters and model bindings;
    /// handlers have an argument [`MultipartFile`].
    pub fn file(&self, name: &str) -> Option<MultipartFile<'_>> {
        self.files().find(|file| file.name() == name)
    }

    /// The files of a form in parts, in the order they came in. Fields in which no file was chosen are left out.
    pub fn files(&self) -> impl Iterator<Item = MultipartFile<'_>> {
        let parts = self.files.as_deref().map(Vec::as_slice).unwrap_or_default();
        parts.iter().filter(|part| !part.is_unchosen()).map(MultipartFile)
    }

    /// The decoded value of a variable of the mapping's path.
    #[inline]
    #[doc(alias = "path_param", alias = "match_info", alias = "path_variable")]
    pub fn path_value(&self, name: &str) -> Option<&str> {
        let span = self.path_values.named.iter().find(|(known, _)| *known == name)?.1;
        Some(span.text(self.path.lent()))
    }

    /// All variables of the mapping's path with their decoded values, in the order of the pattern.
    pub fn path_values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.path_values.named.iter().map(|(name, span)| (*name, span.text(self.path.lent())))
    }

    /// The pattern of the mapping that answers, of the resources, or of what else was given a part of the paths, as it is written there:
    /// `/orders/{id}`, `/public/**`, `/openapi.json`, and that of a [`Filter`](crate::Filter) that answers by itself, such as a mounted service. `None`
    /// where none of them has the path. For what is counted or logged by kind of request.
    #[doc(alias = "matched_path", alias = "match_pattern", alias = "route")]
    pub fn pattern(&self) -> Option<&'static str> {
        self.context.patterns.get((self.mapping as usize).checked_sub(1)?).copied()
    }

    /// The text that the star of the mapping's pattern stands for.
    pub fn wildcard(&self) -> Option<&str> {
        self.path_values.wildcard.map(|span| span.text(self.path.lent()))
    }

    /// A variable of the mapping's path, else what its star stands for, and whether a slash in it was encoded.
    pub(crate) fn path_part(&self, name: &str) -> Option<(&str, bool)> {
        let named = self.path_values.named.iter().find(|(known, _)| *known == name).map(|(_, span)| *span);
        let span = named.or(self.path_values.wildcard)?;
        Some((span.text(self.path.lent()), span.text(self.path.matched()).contains('\0')))
    }

    /// A group of the mapping's regular expression: 0 is the whole match. `None` when it took no part.
    pub fn reg_group(&self, group: usize) -> Option<&str> {
        self.path_values.groups.get(group).copied().flatten().map(|span| span.text(self.path.lent()))
    }

    /// How many groups the match has, the whole match included; 0 when the mapping has no regular expression.
    pub fn reg_group_count(&self) -> usize {
        self.path_values.groups.len()
    }

    /// The cookies, parsed when first asked for.
    pub fn cookies(&self) -> &Cookies {
        self.rare().cookies.get_or_init(|| Cookies::parse(self.headers.get_all_bytes("cookie")))
    }

    /// The body, read before the handler ran; empty if the handler takes a [`BodyReader`], and if the body was a form in
    /// parts (`multipart/form-data`) that became parameters and files.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON, if its `Content-Type` says so and it is well formed; parsed when first asked for.
    pub fn json(&self) -> Option<&Value> {
        let parse = || if self.is_json() { serde_json::from_slice(&self.body).ok() } else { None };
        self.rare().json.get_or_init(parse).as_ref()
    }

    /// The body with numbers that have no fraction written as integers; `None` if it has none that is written otherwise.
    pub(crate) fn integral_body(&self, zeros: Zeros) -> Option<&[u8]> {
        let rare = self.rare();
        let text = if zeros == Zeros::WithSign { &rare.integral } else { &rare.without_signs };
        text.get_or_init(|| integral(&self.body, zeros)).as_deref()
    }

    #[inline]
    pub(super) fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// Whether the `Content-Type` is `application/json` or another `+json` type.
    pub fn is_json(&self) -> bool {
        self.content_type().is_some_and(|kind| {
            let ends_json =
                kind.len() > 5 && kind.as_bytes()[kind.len() - 5..].eq_ignore_ascii_case(b"+json");
            kind.eq_ignore_ascii_case("application/json") || ends_json
        })
    }

    /// Whether the `Content-Type` is `application/x-www-form-urlencoded`.
    pub fn is_form(&self) -> bool {
        self.form_kind() == Some(FormKind::UrlEncoded)
    }

    /// Whether the `Content-Type` is `multipart/form-data`.
    pub fn is_multipart(&self) -> bool {
        self.form_kind() == Some(FormKind::Multipart)
    }

    /// How the body is a form, if its `Content-Type` says that it is one.
    #[inline]
    pub(crate) fn form_kind(&self) -> Option<FormKind> {
        FormKind::of(self.headers.get_bytes("content-type")?)
    }

    /// The state of type `T` that was given to the server, if any.
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.context.state()
    }

    /// The states and controllers of the application. For generated code.
    #[doc(hidden)]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The shared controller kept at `place`. For generated code.
    #[doc(hidden)]
    #[inline]
    pub fn instance<T: Any>(&self, place: &'static Instance) -> &T {
        self.context.instance(place)
    }

    /// Takes over a parsed head, whose fields are in `self.headers` already: decodes path and query.
    ///
    /// # Errors
    /// The path is malformed, there are too many parameters, or more than one content type.
    // Into what serves either version: neither shall pay for a call.
    #[inline(always)]
    pub(crate) fn take_head(&mut self, head: &mut Head) -> Result<(), Refusal> {
        self.method = std::mem::take(&mut head.method);
        self.version = head.version;
        self.raw_query = head.query;
        self.authority = head.authority;
        self.form_of_target = head.form;
        if head.has_many_types {
            return Err(many_types());
        }
        if head.path_is_plain {
            self.path.set_plain(head.path);
        } else {
            let raw = match head.form {
                TargetForm::Origin | TargetForm::Absolute => head.path.text(&self.path.target).to_owned(),
                TargetForm::Asterisk | TargetForm::Authority => "/".to_owned(),
            };
            self.path.set(raw.as_bytes())?;
        }
        if head.query.len() > 0 {
            self.query.parse(self.raw_query.text(&self.path.target).as_bytes(), self.context.parameters)?;
        }
        Ok(())
    }

    /// Decodes a form body that has been read.
    ///
    /// # Errors
    /// There are too many parameters.
    pub(crate) fn decode_form(&mut self) -> Result<(), Refusal> {
        if !self.body.is_empty() && self.form.is_empty() && self.is_form() {
            self.form.parse_beside(self.query.len(), &self.body, self.context.parameters)?;
        }
        Ok(())
    }

    /// Forgets what is known of the head: one that was refused is not shown to anybody.
    pub(crate) fn forget_head(&mut self) {
        self.headers.clear();
        self.method = Method::GET;
        self.version = Version::HTTP_11;
        (self.raw_query, self.authority) = Default::default();
        self.path = Path::default();
    }

    /// Whether the body is there to be read as it comes.
    #[cfg(feature = "tower")]
    pub(crate) fn is_streamed(&mut self) -> bool {
        self.reader.get_mut().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Puts other header fields in place of these. The host of a target in absolute form stays the one that counts.
    #[cfg(feature = "tower")]
    pub(crate) fn replace_headers(&mut self, mut headers: Headers) {
        if self.form_of_target == TargetForm::Absolute
            && let Some(host) = self.host()
        {
            headers.insert("host", host);
        }
        self.authority = headers.values_of("host").next().unwrap_or_default();
        self.headers = headers;
        if let Some(rare) = self.rare.get_mut() {
            (rare.cookies, rare.json) = Default::default();
        }
    }

    /// Forgets the request and keeps its memory.
    // Into what serves either version: neither shall pay for a call.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.path_values.clear();
        self.query.clear();
        self.form.clear();
        self.body.clear();
        if self.share.is_some() {
            self.drop_body();
        }
        if self.files.is_some() {
            self.files = None;
        }
        if self.rare.get().is_some() {
            self.rare = OnceLock::new();
        }
        if !self.extensions.is_empty() {
            self.extensions.clear();
        }
        self.mapping = 0;
        self.handler = None;
        self.peer.forget_request();
        *self.reader.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Gives back what its buffers hold beyond `keep` bytes each. For a cleared request.
    #[inline]
    pub(crate) fn trim(&mut self, keep: usize) {
        self.headers.trim(keep);
        self.path.trim(keep);
        self.query.trim(keep);
        self.form.trim(keep);
        trim(&mut self.body, keep);
        self.peer.set(Peer::Unknown);
        self.is_secure = false;
        #[cfg(feature = "tls")]
        {
            self.client_certificates = None;
        }
    }
}

#[cold]
fn many_types() -> crate::proto::Refusal {
    crate::proto::Refusal::bad_request("there is more than one Content-Type field")
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("query", &self.query_string())
            .field("headers", &self.headers)
            .field("body", &self.body.len())
            .finish()
    }
}
