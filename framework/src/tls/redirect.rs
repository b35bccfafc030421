//! The second port of a TLS server: it sends everybody to the first.

use std::sync::Arc;

use ::http::{StatusCode, Uri};

use super::Acceptor;
use crate::base::{shown, uri_reference};
use crate::chain::{Filter, FilterContext, Next};
use crate::http::{BoxFuture, Error, Request, Result};

/// Answers all requests with the same one by `https://`.
pub(crate) struct ToHttps {
    acceptor: Arc<Acceptor>,
    /// Where HTTPS is spoken.
    port: u16,
}

impl ToHttps {
    pub(crate) fn new(acceptor: Arc<Acceptor>, port: u16) -> ToHttps {
        ToHttps { acceptor, port }
    }

    /// Where a request is to go. The host was checked to be one by the parser; whether it is ours, the certificates tell, so that nobody
    /// is sent where the connection must fail, or by a forged `Host` elsewhere.
    fn location(&self, request: &Request) -> Result<String> {
        let authority = request.host().ok_or_else(|| {
            Error::bad_request("The request names no host, so there is no `https://` address to send it to.")
        })?;
        let host = without_port(authority);
        if !self.acceptor.covers(host.trim_matches(['[', ']'])) {
            return Err(Error::status_only(StatusCode::MISDIRECTED_REQUEST)
                .explain(format!("This server has no certificate for the host {}.", shown(host))));
        }
        let target = match request.target().parse::<Uri>() {
            Ok(uri) if uri.path().starts_with('/') => match uri.query() {
                Some(query) => format!("{}?{query}", uri.path()),
                None => uri.path().to_owned(),
            },
            _ => "/".to_owned(),
        };
        Ok(match self.port {
            443 => format!("https://{host}{target}"),
            port => format!("https://{host}:{port}{target}"),
        })
    }
}

impl Filter for ToHttps {
    fn reads_body(&self) -> bool {
        false
    }

    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let location = self.location(cx.request)?;
            cx.response.set_status(StatusCode::PERMANENT_REDIRECT);
            cx.response.headers.insert("location", &*uri_reference(&location));
            Ok(())
        })
    }

    fn unmatched(&self) -> bool {
        true
    }
}

/// The host of `host:port`; that of an IPv6 address is in brackets.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_cut_off() {
        let table = [
            ("example.org", "example.org"),
            ("example.org:8080", "example.org"),
            ("example.org:", "example.org"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
            ("127.0.0.1:80", "127.0.0.1"),
        ];
        for (authority, expected) in table {
            assert_eq!(without_port(authority), expected, "{authority}");
        }
    }
}
