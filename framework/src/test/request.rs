//! A request of a test: what is sent, and sending it.

use std::fmt::{Display, Write};
use std::future::IntoFuture;
use std::pin::Pin;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::io::AsyncWriteExt;

use super::{Answer, Client};
use crate::base::{Headers, IntoHeaderValue};

/// A request being made. Await it to send it.
#[must_use = "a request is sent when it is awaited"]
pub struct RequestBuilder {
    pub(super) client: Client,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) cookies: String,
    pub(super) body: Vec<u8>,
    pub(super) has_body: bool,
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

    /// Adds a cookie.
    pub fn cookie(mut self, name: &str, value: &str) -> RequestBuilder {
        let separator = if self.cookies.is_empty() { "" } else { "; " };
        let _ = write!(self.cookies, "{separator}{name}={value}");
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> RequestBuilder {
        self.body = body.into();
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

    async fn send(self) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.headers.contains("host") {
            head.extend_from_slice(b"host: localhost\r\n");
        }
        for (name, value) in self.headers.iter() {
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if !self.cookies.is_empty() {
            head.extend_from_slice(format!("cookie: {}\r\n", self.cookies).as_bytes());
        }
        let declares_length =
            self.headers.contains("content-length") || self.headers.contains("transfer-encoding");
        if self.has_body && !declares_length {
            head.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        let (reading, mut writing) = tokio::io::split(self.client.connect());
        let body = self.body;
        let writer = tokio::spawn(async move {
            // The server may answer and close before it has read everything.
            let _ = writing.write_all(&head).await;
            let _ = writing.write_all(&body).await;
            writing
        });
        let answer = Answer::read(reading, self.method == "HEAD").await;
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

fn push_field(text: &mut String, name: &str, value: &str) {
    let _ = write!(
        text,
        "{}={}",
        utf8_percent_encode(name, NON_ALPHANUMERIC),
        utf8_percent_encode(value, NON_ALPHANUMERIC)
    );
}
