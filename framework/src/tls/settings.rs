//! What a server's TLS is made of, kept so that it can be made again from changed files.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

use super::certificates::{Certificates, Doubt, Identity};
use super::pem::{Pem, Stamp};
use super::version::TlsVersion;
use crate::http::{Error, Result};

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    identities: Vec<Identity>,
    pub(super) clients: Option<Clients>,
    pub(super) oldest: TlsVersion,
    pub(super) newest: TlsVersion,
    pub(super) watch: Option<Duration>,
    pub(super) provider: Arc<CryptoProvider>,
}

/// Who signs the certificates of clients.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) authorities: Pem,
    pub(super) is_required: bool,
}

/// What was made of the files.
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) doubts: Vec<Doubt>,
}

impl Settings {
    /// # Errors
    /// Certificate and key cannot be used.
    pub(super) fn new(identity: Identity) -> Result<Settings> {
        let provider = Arc::new(ring::default_provider());
        let mut settings = Settings {
            identities: Vec::new(),
            clients: None,
            oldest: TlsVersion::Tls12,
            newest: TlsVersion::Tls13,
            watch: Some(WATCH),
            provider,
        };
        settings.add(identity)?;
        Ok(settings)
    }

    /// Adds a certificate that can be used.
    pub(super) fn add(&mut self, identity: Identity) -> Result {
        identity.load(&self.provider)?;
        self.identities.push(identity);
        Ok(())
    }

    /// How all files look from outside.
    pub(super) fn stamps(&self) -> Vec<Option<Stamp>> {
        let files = self.identities.iter().flat_map(|identity| [&identity.chain, &identity.key]);
        files.chain(self.clients.iter().map(|clients| &clients.authorities)).map(Pem::stamp).collect()
    }

    /// Reads all files.
    ///
    /// # Errors
    /// One of them cannot be used, or there is no version left to speak.
    pub(super) fn load(&self, now: SystemTime) -> Result<Loaded> {
        let (certificates, doubts) = Certificates::load(&self.identities, &self.provider, now)?;
        let certificates = Arc::new(certificates);
        let unusable =
            |error: &dyn std::fmt::Display| Error::internal(format!("TLS cannot be set up: {error}"));
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&self.versions()?)
            .map_err(|error| unusable(&error))?;
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let roots = Arc::new(roots(&clients.authorities)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&self.provider));
                let verifier = if clients.is_required { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| unusable(&error))?)
            }
        };
        let resolver = Arc::clone(&certificates);
        let mut config = builder.with_cert_resolver(resolver);
        config.alpn_protocols = SPOKEN.iter().map(|name| name.to_vec()).collect();
        // Tickets hold the session on the client's side, whichever thread or node it comes back to in this process.
        config.ticketer = ring::Ticketer::new().map_err(|error| unusable(&error))?;
        Ok(Loaded { config: Arc::new(config), certificates, doubts })
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>> {
        let all = [(TlsVersion::Tls13, &version::TLS13), (TlsVersion::Tls12, &version::TLS12)];
        let spoken = self.oldest..=self.newest;
        let versions: Vec<_> =
            all.into_iter().filter(|(version, _)| spoken.contains(version)).map(|(_, it)| it).collect();
        if versions.is_empty() {
            return Err(Error::internal(format!(
                "Tls::min_version ({:?}) is newer than Tls::max_version ({:?})",
                self.oldest, self.newest
            )));
        }
        Ok(versions)
    }
}

/// The certificates of authorities.
///
/// # Errors
/// The file cannot be used.
pub(super) fn roots(authorities: &Pem) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in authorities.certificates()? {
        roots.add(certificate).map_err(|error| {
            Error::internal(format!("{authorities}: an authority's certificate is malformed: {error}"))
        })?;
    }
    Ok(roots)
}

/// The names of what is spoken inside (RFC 7301), most wanted first. Some clients of old offer the last alone.
pub(super) const SPOKEN: &[&[u8]] = &[
    #[cfg(feature = "http2")]
    b"h2",
    HTTP_1_1,
    b"http/1.0",
];
pub(super) const HTTP_1_1: &[u8] = b"http/1.1";

/// How often files are looked at.
const WATCH: Duration = Duration::from_secs(60);
