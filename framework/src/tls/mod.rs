//! TLS: HTTPS and WSS for servers, WSS for clients. By rustls, with the feature `tls`.
//!
//! ```no_run
//! use vernal::{server, tls::Tls};
//!
//! fn main() -> vernal::Result {
//!     server::new().port(443).tls(Tls::from_pem("cert.pem", "key.pem")?.redirect_http(80)).start()
//! }
//! ```
//!
//! # Telling browsers to stay
//!
//! A redirect from `http://` can be suppressed by whoever sits between. A browser that has once seen the field
//! `Strict-Transport-Security: max-age=31536000` over TLS asks by `https://` from then on (HSTS, RFC 6797). Set it when everything
//! works, since it cannot be taken back before its time is over:
//!
//! ```
//! use vernal::{FilterContext, Next, Result, request_filter};
//!
//! #[request_filter("/**", unmatched)]
//! async fn stay_on_https(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
//!     next.run(cx).await;
//!     if cx.request.is_secure() {
//!         cx.response.headers.insert("strict-transport-security", "max-age=31536000");
//!     }
//!     Ok(())
//! }
//! ```

mod acceptor;
mod certificates;
pub(crate) mod client;
mod client_certificate;
pub(crate) mod handshake;
mod pem;
pub(crate) mod redirect;
mod settings;
mod version;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// The TLS library, for what is named in its own words here: `ServerConfig`, `ClientConfig`, `CryptoProvider`.
pub use tokio_rustls::rustls;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::CryptoProvider;

pub(crate) use self::acceptor::Acceptor;
use self::certificates::Identity;
pub use self::client_certificate::ClientCertificate;
pub use self::pem::Pem;
use self::settings::{Clients, Settings};
pub use self::version::TlsVersion;
use crate::http::{Error, Result};

/// How a server speaks TLS. Given to [`Server::tls`](crate::server::Server::tls).
///
/// TLS 1.2 and 1.3, HTTP/1.1 by ALPN, and HTTP/2 with the feature `http2`; resumption by tickets. Certificates and keys are read at start, and again when their files
/// have changed; new ones are for new connections, and those that are open stay so. A new file that is broken or not of this time is
/// an error in the log, and the certificate of before stays.
///
/// How long a handshake may take is [`Limits::handshake_timeout`](crate::Limits#structfield.handshake_timeout).
///
/// ```no_run
/// use vernal::tls::{Tls, TlsVersion};
/// use vernal::server;
///
/// # fn main() -> vernal::Result {
/// let tls = Tls::from_pem("cert.pem", "key.pem")?
///     .certificate_for("*.example.org", "wild.pem", "wild.key")?
///     .min_version(TlsVersion::Tls13);
/// let handle = tls.handle();
/// let bound = server::new().port(8443).tls(tls).bind()?;
/// handle.reload()?;
/// # drop(bound);
/// # Ok(())
/// # }
/// ```
///
/// A clone is for one more server; the handle of either reloads both.
#[derive(Clone)]
pub struct Tls {
    kind: Kind,
    redirects_from: Option<u16>,
    handle: TlsHandle,
}

#[derive(Clone)]
enum Kind {
    Files(Box<Settings>),
    Own {
        config: Arc<ServerConfig>,
        /// A setting that was called and has no sense beside it.
        misused: Option<&'static str>,
    },
}

impl Tls {
    /// Uses a certificate and its private key: files, or bytes, in PEM. The first holds the server's own certificate and then those
    /// of its issuers, as `fullchain.pem` does.
    ///
    /// # Errors
    /// A file is missing, holds something else, or is damaged; the key is encrypted, or is not that of the certificate. The text names the
    /// file and says what to do.
    pub fn from_pem(chain: impl Into<Pem>, key: impl Into<Pem>) -> Result<Tls> {
        let identity = Identity { name: None, chain: chain.into(), key: key.into() };
        let settings = Settings::new(identity)?;
        Ok(Tls::of(Kind::Files(Box::new(settings))))
    }

    /// Uses a configuration of one's own, as it is. Its ALPN list, if it has one, must hold `http/1.1` (and `http/1.0`, and with the
    /// feature `http2` also `h2`) alone.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use vernal::tls::{Tls, rustls};
    ///
    /// # fn example(resolver: Arc<dyn rustls::server::ResolvesServerCert>) -> Result<Tls, rustls::Error> {
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = rustls::ServerConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_no_client_auth()
    ///     .with_cert_resolver(resolver);
    /// let tls = Tls::from_config(Arc::new(config));
    /// # Ok(tls)
    /// # }
    /// ```
    pub fn from_config(config: Arc<ServerConfig>) -> Tls {
        Tls::of(Kind::Own { config, misused: None })
    }

    fn of(kind: Kind) -> Tls {
        Tls { kind, redirects_from: None, handle: TlsHandle(Arc::default()) }
    }

    /// Adds a certificate for clients that ask for this name (SNI): `example.org`, or `*.example.org` for all names one label
    /// longer. Clients that ask for another name, or for none, get the certificate of [`Tls::from_pem`].
    ///
    /// # Errors
    /// As [`Tls::from_pem`].
    pub fn certificate_for(
        mut self,
        name: impl Into<String>,
        chain: impl Into<Pem>,
        key: impl Into<Pem>,
    ) -> Result<Tls> {
        if let Some(settings) = self.settings("certificate_for") {
            let name = name.into();
            settings.add(Identity { name: Some(name), chain: chain.into(), key: key.into() })?;
        }
        Ok(self)
    }

    /// The oldest version to speak. Default TLS 1.2.
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Tls {
        if let Some(settings) = self.settings("min_version") {
            settings.oldest = version;
        }
        self
    }

    /// The newest version to speak. Default TLS 1.3.
    #[must_use]
    pub fn max_version(mut self, version: TlsVersion) -> Tls {
        if let Some(settings) = self.settings("max_version") {
            settings.newest = version;
        }
        self
    }

    /// Speaks only with clients that have a certificate signed by one of these authorities (mTLS); others do not get through the
    /// handshake. [`ClientCertificate`] is who it is.
    ///
    /// # Errors
    /// There is no such file, or it holds no certificate.
    pub fn require_client_certificate(self, authorities: impl Into<Pem>) -> Result<Tls> {
        self.clients(authorities.into(), true, "require_client_certificate")
    }

    /// Asks clients for a certificate signed by one of these authorities, and speaks also with those that have none. One that is
    /// not signed so ends the handshake.
    ///
    /// # Errors
    /// There is no such file, or it holds no certificate.
    pub fn accept_client_certificate(self, authorities: impl Into<Pem>) -> Result<Tls> {
        self.clients(authorities.into(), false, "accept_client_certificate")
    }

    fn clients(mut self, authorities: Pem, is_required: bool, what: &'static str) -> Result<Tls> {
        if let Some(settings) = self.settings(what) {
            authorities.certificates()?;
            settings.clients = Some(Clients { authorities, is_required });
        }
        Ok(self)
    }

    /// How often it is seen whether the files have changed, at most: a new connection looks when this time has passed since the last
    /// look. Default 60 s; `None` is never, but for [`TlsHandle::reload`].
    #[must_use]
    pub fn watch_files(mut self, every: Option<Duration>) -> Tls {
        if let Some(settings) = self.settings("watch_files") {
            settings.watch = every;
        }
        self
    }

    /// Does the cryptography by another provider than ring.
    #[must_use]
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Tls {
        if let Some(settings) = self.settings("provider") {
            settings.provider = provider;
        }
        self
    }

    /// Listens on a second port of the same host, and sends those who come by `http://` to the same path and query by
    /// `https://`, with a 308 that keeps method and body. Hosts that none of the certificates is for are
    /// answered 421; with [`Tls::from_config`], whose certificates are not known, all are sent on.
    #[must_use]
    pub fn redirect_http(mut self, port: u16) -> Tls {
        self.redirects_from = Some(port);
        self
    }

    /// A handle to reload certificates with, while the server runs.
    pub fn handle(&self) -> TlsHandle {
        self.handle.clone()
    }

    fn settings(&mut self, what: &'static str) -> Option<&mut Settings> {
        match &mut self.kind {
            Kind::Files(settings) => Some(settings),
            Kind::Own { misused, .. } => {
                *misused = Some(what);
                None
            }
        }
    }

    /// Makes what speaks TLS, and the port to redirect from.
    ///
    /// # Errors
    /// What is set cannot be used.
    pub(crate) fn build(self) -> Result<(Arc<Acceptor>, Option<u16>)> {
        let acceptor = match self.kind {
            Kind::Files(settings) => Acceptor::of_files(*settings)?,
            Kind::Own { misused: Some(setting), .. } => {
                return Err(Error::internal(format!(
                    "Tls::from_config takes the configuration as it is, so `{setting}` has no effect: set that in the \
                     `ServerConfig`, or begin with `Tls::from_pem`"
                )));
            }
            Kind::Own { config, .. } => Acceptor::of_config(config)?,
        };
        let acceptor = Arc::new(acceptor);
        let mut made = self.handle.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|acceptor| acceptor.strong_count() > 0);
        made.push(Arc::downgrade(&acceptor));
        drop(made);
        Ok((acceptor, self.redirects_from))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Tls");
        match &self.kind {
            Kind::Files(settings) => debug.field("settings", settings),
            Kind::Own { .. } => debug.field("config", &"ServerConfig"),
        };
        debug.field("redirects_from", &self.redirects_from).finish()
    }
}

/// Reloads the certificates of a running server: cheap to clone, usable from any thread. From [`Tls::handle`].
///
/// A reload also makes new ticket keys, so that clients make a full handshake with their next connection.
#[derive(Clone)]
pub struct TlsHandle(Arc<Mutex<Vec<Weak<Acceptor>>>>);

impl TlsHandle {
    /// Reads all files again, for the connections to come. Reads on the caller's thread: in an `async fn`, call it by
    /// `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    /// No server with this [`Tls`] is bound, one of the files cannot be used, or a certificate is not of this time. All stays as it was then; the
    /// log says so too.
    pub fn reload(&self) -> Result {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let acceptors: Vec<_> = made.iter().filter_map(Weak::upgrade).collect();
        if acceptors.is_empty() {
            return Err(Error::internal("no server runs with this Tls, so there is nothing to reload"));
        }
        acceptors.iter().map(|acceptor| acceptor.reload()).fold(Ok(()), Result::and)
    }
}

impl fmt::Debug for TlsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsHandle").finish()
    }
}
