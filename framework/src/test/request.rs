//! A request of a test: what is sent, and sending it.

use std::fmt::Display;
use std::future::IntoFuture;
use std::pin::Pin;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::io::AsyncWriteExt;

#[cfg(feature = "http2")]
use super::http2::{self, Asked};
use super::target::{self, HOST};
use super::{Answer, Client};
use crate::base::{Headers, IntoHeaderValue};
use crate::http::SetCookie;
use crate::proto::h1::encode;

/// A request being made. Await it to send it.
#[must_use = "a request is sent when it is awaited"]
pub struct RequestBuilder {
    pub(super) client: Client,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) cookies: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) has_body: bool,
    pub(super) trailers: Headers,
}

/// Requests of the client.
impl Client {
    /// A GET request.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request("GET", path)
    }

    /// A HEAD request.
    pub fn head(&self, path: &str) -> RequestBuilder {
        self.request("HEAD", path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request("POST", path)
    }

    /// A PUT request.
    pub fn put(&self, path: &str) -> RequestBuilder {
        self.request("PUT", path)
    }

    /// A PATCH request.
    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.request("PATCH", path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.request("DELETE", path)
    }

    /// An OPTIONS request.
    pub fn options(&self, path: &str) -> RequestBuilder {
        self.request("OPTIONS", path)
    }

    /// A request of any method. The path may have a query. It is encoded as browsers do it, so `/a b/ü?q=<` is sent as `/a%20b/%C3%BC?q=%3C`; what
    /// is encoded stays, and a `%` of the path that begins no escape is one to send: `/100%` is `/100%25`. What follows a `#` is not sent. The values
    /// of a query are encoded by [`RequestBuilder::query`], and [`Client::raw`] encodes nothing.
    ///
    /// ```
    /// # use vernal::{request_map, test};
    /// #[request_map("/hello/{name}")]
    /// fn hello(name: &str) -> String {
    ///     format!("Hello, {name}!")
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::new();
    /// client.get("/hello/100%").await.assert_text("Hello, 100%!");
    /// client.get("/hello/Zo%C3%AB").await.assert_text("Hello, Zoë!");
    /// # }
    /// ```
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        RequestBuilder {
            client: self.clone(),
            method: method.to_owned(),
            target: target::encoded(path),
            headers: Headers::new(),
            cookies: Vec::new(),
            body: Vec::new(),
            has_body: false,
            trailers: Headers::new(),
        }
    }
}

impl RequestBuilder {
    /// Adds a field to the query.
    pub fn query(mut self, name: &str, value: impl Display) -> RequestBuilder {
        let separator = if self.target.contains('?') { '&' } else { '?' };
        self.target.push(separator);
        push_field(&mut self.target, name, &value.to_string());
        self
    }

    /// Adds a header field.
    ///
    /// # Panics
    /// Name or value cannot stand in a head.
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> RequestBuilder {
        if let Err(error) = self.headers.try_append(name, value) {
            panic!("{error}");
        }
        self
    }

    /// Adds a cookie; it stands for one of that name that the client keeps.
    ///
    /// # Panics
    /// It is none that a browser could send: the name is no token, or the value holds a space, quote, comma, semicolon, backslash, control
    /// character or what is not ASCII, or both are longer than 4096 bytes. To send such bytes all the same write `.header("cookie", …)`.
    #[track_caller]
    pub fn cookie(mut self, name: &str, value: &str) -> RequestBuilder {
        // A value may be in quotes, which are then part of it.
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        if let Err(error) = SetCookie::new(name, bare).checked_pair() {
            panic!("{}", error.explain_text());
        }
        self.cookies.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> RequestBuilder {
        self.body = body.into();
        self.has_body = true;
        self
    }

    /// Adds a field to come after the body, which is then sent in chunks.
    ///
    /// # Panics
    /// Name or value cannot stand in a field.
    #[track_caller]
    pub fn trailer(mut self, name: &str, value: impl IntoHeaderValue) -> RequestBuilder {
        if let Err(error) = self.trailers.try_append(name, value) {
            panic!("{error}");
        }
        self.has_body = true;
        self
    }

    /// Sets a JSON body and its content type.
    ///
    /// # Panics
    /// The value cannot be written as JSON.
    #[track_caller]
    pub fn json(self, value: &impl Serialize) -> RequestBuilder {
        match serde_json::to_vec(value) {
            Ok(body) => self.header("content-type", "application/json").body(body),
            Err(error) => panic!("the body of the request cannot be written as JSON: {error}"),
        }
    }

    /// Adds a field to a form body, and sets its content type.
    pub fn form(mut self, name: &str, value: impl Display) -> RequestBuilder {
        if !self.headers.contains("content-type") {
            self.headers.insert("content-type", "application/x-www-form-urlencoded");
        }
        let mut text = String::from(if self.body.is_empty() { "" } else { "&" });
        push_field(&mut text, name, &value.to_string());
        self.body.extend_from_slice(text.as_bytes());
        self.has_body = true;
        self
    }

    /// Sends it, and what redirects ask for.
    async fn send(mut self) -> Answer {
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.send_once().await;
            self.keep_cookies(&answer);
            if !self.client.follows || !self.follow(&answer) {
                return answer;
            }
        }
        panic!("more than {MOST_REDIRECTS} redirects, the last to {}", self.target);
    }

    /// Becomes the request that an answer redirects to, if it does.
    fn follow(&mut self, answer: &Answer) -> bool {
        let status = answer.status().as_u16();
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return false;
        }
        let location = answer.header("location");
        let Some(target) = location.and_then(|to| target::resolved(to, self.host(), &self.target)) else {
            return false;
        };
        self.target = target;
        // Fetch, "HTTP-redirect fetch".
        let becomes_get = match status {
            301 | 302 => self.method == "POST",
            303 => self.method != "GET" && self.method != "HEAD",
            _ => false,
        };
        if becomes_get {
            "GET".clone_into(&mut self.method);
            (self.body, self.has_body, self.trailers) = Default::default();
            let of_body = |name: &str| {
                name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
                    || name.eq_ignore_ascii_case("transfer-encoding")
            };
            let kept = self.headers.iter().filter(|(name, _)| !of_body(name));
            self.headers = kept.collect();
        }
        true
    }

    fn host(&self) -> &str {
        self.headers.get("host").unwrap_or(HOST)
    }

    /// The `Cookie` field: what was added by hand, then what is kept.
    fn cookie_field(&self) -> String {
        let by_hand = self.cookies.iter().map(|(name, value)| (&**name, &**value));
        let kept = self.client.kept_cookies(self.host(), &self.target);
        let kept = kept.iter().map(|(name, value)| (&**name, &**value));
        let kept = kept.filter(|(name, _)| self.cookies.iter().all(|(other, _)| other != name));
        by_hand.chain(kept).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&self, answer: &Answer) {
        self.client.keep_cookies(self.host(), &self.target, answer.headers());
    }

    async fn send_once(&self) -> Answer {
        #[cfg(feature = "http2")]
        if self.client.speaks_http2 {
            let asked = Asked {
                method: &self.method,
                target: &self.target,
                headers: &self.headers,
                cookies: self.cookie_field(),
                body: self.has_body.then_some(&self.body),
                trailers: &self.trailers,
            };
            let mut answer = http2::send(&asked, self.client.connect()).await;
            self.target.clone_into(&mut answer.target);
            return answer;
        }
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.headers.contains("host") {
            head.extend_from_slice(format!("host: {HOST}\r\n").as_bytes());
        }
        for (name, value) in self.headers.iter() {
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let cookies = self.cookie_field();
        if !cookies.is_empty() {
            head.extend_from_slice(format!("cookie: {cookies}\r\n").as_bytes());
        }
        let declares_length =
            self.headers.contains("content-length") || self.headers.contains("transfer-encoding");
        let mut body = self.body.clone();
        if !self.trailers.is_empty() && !declares_length {
            head.extend_from_slice(b"transfer-encoding: chunked\r\n");
            body.clear();
            encode::chunk(&mut body, &self.body);
            encode::trailers(&mut body, &self.trailers);
        } else if self.has_body && !declares_length {
            head.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        let (reading, mut writing) = tokio::io::split(self.client.connect());
        let writer = tokio::spawn(async move {
            // The server may answer and close before it has read everything.
            let _ = writing.write_all(&head).await;
            let _ = writing.write_all(&body).await;
            writing
        });
        let mut answer = Answer::read(reading, self.method == "HEAD").await;
        self.target.clone_into(&mut answer.target);
        writer.abort();
        answer
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// As browsers write the fields of a form into a query or a body (WHATWG URL, "urlencoded serializing").
fn push_field(text: &mut String, name: &str, value: &str) {
    let encoded = |text: &str| utf8_percent_encode(text, NOT_IN_FORM).to_string().replace("%20", "+");
    text.push_str(&format!("{}={}", encoded(name), encoded(value)));
}

const NOT_IN_FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// As many as browsers follow.
const MOST_REDIRECTS: usize = 20;
