//! TLS of a WebSocket client: whom it trusts, and the handshake.

use std::sync::{Arc, OnceLock};

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore};

use super::Pem;
use super::settings::{HTTP_1_1, roots};
use crate::base::shown;
use crate::http::{Error, Result};
use crate::io::{Stream, blocking};

/// Whom a client trusts.
#[derive(Default)]
pub(crate) enum Trust {
    /// The authorities that the system trusts.
    #[default]
    System,
    /// These authorities alone.
    Authorities(Pem),
    /// As a configuration of the caller says.
    Config(Arc<ClientConfig>),
}

impl Trust {
    /// Speaks TLS with the host.
    ///
    /// # Errors
    /// It is not to be trusted, or does not speak TLS.
    pub(crate) async fn secure(&self, stream: TcpStream, host: &str) -> Result<Stream> {
        let name = host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|_| {
            Error::internal(format!("`{}` is no host that TLS can be spoken with", shown(host)))
        })?;
        let connector = TlsConnector::from(self.config().await?);
        match connector.connect(name, stream).await {
            Ok(stream) => Ok(Stream::over(stream)),
            Err(error) => {
                let hint = error.get_ref().and_then(|source| source.downcast_ref()).map_or("", hint);
                Err(Error::internal(format!("no TLS with {}: {error}{hint}", shown(host))).with_status(503))
            }
        }
    }

    async fn config(&self) -> Result<Arc<ClientConfig>> {
        match self {
            Trust::Config(config) => Ok(Arc::clone(config)),
            Trust::Authorities(authorities) => {
                let authorities = authorities.clone();
                blocking(move || config_of(roots(&authorities)?)).await?
            }
            Trust::System => blocking(config_of_system).await?,
        }
    }
}

/// The system's authorities are read once.
fn config_of_system() -> Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems carry some that are malformed.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(Error::internal(format!(
            "the system has no certificates of authorities, so no server can be trusted: install the package \
             `ca-certificates`, or name an authority with `.root_certificate(\"ca.pem\")`. {}",
            errors.join("; ")
        )));
    }
    let config = config_of(roots)?;
    Ok(Arc::clone(CONFIG.get_or_init(|| config)))
}

fn config_of(roots: RootCertStore) -> Result<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal(format!("TLS cannot be set up: {error}")))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // A WebSocket begins as HTTP/1.1; a server with more to offer must not choose the other.
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

/// What to do about an error of the handshake.
fn hint(error: &TlsError) -> &'static str {
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            ". If the authority is one of your own, name it with `.root_certificate(\"ca.pem\")`"
        }
        // What `openssl req -x509` makes says that it may sign others, and is none of a server.
        TlsError::InvalidCertificate(CertificateError::Other(other))
            if other.to_string().contains("CaUsedAsEndEntity") =>
        {
            ". The server shows the certificate of an authority, as `openssl req -x509` makes it: make one for a server with \
             `-addext basicConstraints=critical,CA:FALSE`, or sign a second one with it and name the first with \
             `.root_certificate(\"ca.pem\")`"
        }
        TlsError::InvalidMessage(_) => ". Does the server speak TLS on this port? `ws://` is without",
        _ => "",
    }
}
