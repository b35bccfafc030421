//! The certificates of a server, by the names that clients ask for (SNI, RFC 6066 section 3).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rustls_pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error as TlsError, InconsistentKeys};
use x509_cert::der::Decode;

use super::Pem;
use crate::base::shown;
use crate::http::{Error, Result};

/// A certificate chain, its key, and the name it is for; the one without a name is for all others.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) name: Option<String>,
    pub(super) chain: Pem,
    pub(super) key: Pem,
}

impl Identity {
    /// Reads chain and key and sees that they belong together.
    ///
    /// # Errors
    /// A file is missing or wrong, or the key is that of another certificate.
    pub(super) fn load(&self, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>> {
        let chain = self.chain.certificates()?;
        let key = self.key.private_key()?;
        let key = provider.key_provider.load_private_key(key).map_err(|error| {
            Error::internal(format!(
                "{}: this kind of private key cannot be used: {error}. RSA of 2048 bits or more, ECDSA (P-256, P-384) and \
                 Ed25519 can",
                self.key
            ))
        })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            // A key that cannot tell its public half is trusted to be the right one.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Arc::new(certified)),
            Err(TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(Error::internal(format!(
                "the private key {} is not that of the certificate {}, the first in its file: give both from the same \
                 issue, and the server's own certificate before those of its issuers",
                self.key, self.chain
            ))),
            Err(error) => {
                Err(Error::internal(format!("the certificate {} is malformed: {error}", self.chain)))
            }
        }
    }
}

/// The certificates that were read, as rustls asks for them.
#[derive(Debug)]
pub(super) struct Certificates {
    default: Arc<CertifiedKey>,
    /// By name in lower case; `*.` stands for one label.
    by_name: HashMap<String, Arc<CertifiedKey>>,
}

/// Something that is wrong with a certificate and does not stop the server from starting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) text: String,
    /// It is outside its time, so that no client will take it.
    pub(super) is_of_time: bool,
}

impl Certificates {
    /// Reads all certificates. Also tells what is doubtful about them at this time.
    ///
    /// # Errors
    /// One of them cannot be used, or two are for one name.
    pub(super) fn load(
        identities: &[Identity],
        provider: &CryptoProvider,
        now: SystemTime,
    ) -> Result<(Certificates, Vec<Doubt>)> {
        let mut default = None;
        let mut by_name = HashMap::new();
        let mut doubts = Vec::new();
        for identity in identities {
            let certified = identity.load(provider)?;
            doubts.extend(doubt(identity, &certified, now)?);
            match &identity.name {
                None => default = Some(certified),
                Some(name) => {
                    if by_name.insert(checked(name)?, certified).is_some() {
                        return Err(Error::internal(format!("two certificates are for the name `{name}`")));
                    }
                }
            }
        }
        let default = default.ok_or_else(|| Error::internal("no certificate was given"))?;
        Ok((Certificates { default, by_name }, doubts))
    }

    /// Whether one of the certificates is for this host, a name or an address.
    pub(super) fn cover(&self, host: &str) -> bool {
        let Ok(name) = ServerName::try_from(host) else { return false };
        let certified = match &name {
            ServerName::DnsName(name) => self.of_name(name.as_ref()).unwrap_or(&self.default),
            _ => &self.default,
        };
        certified.end_entity_cert().is_ok_and(|certificate| is_for(certificate, &name))
    }

    fn of_name(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        self.by_name.get(name).or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.by_name.get(&format!("*.{parent}"))
        })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = match hello.server_name() {
            Some(name) if !self.by_name.is_empty() => self.of_name(name),
            _ => None,
        };
        Some(Arc::clone(named.unwrap_or(&self.default)))
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A name that a client may ask for, in lower case.
fn checked(name: &str) -> Result<String> {
    let host = name.strip_prefix("*.").unwrap_or(name);
    match ServerName::try_from(host) {
        Ok(ServerName::DnsName(_)) if !name.starts_with("*.") || host.contains('.') => {
            Ok(name.trim_end_matches('.').to_ascii_lowercase())
        }
        _ => Err(Error::internal(format!(
            "`{}` is no name that clients ask for a certificate by: write `example.org` or `*.example.org`",
            shown(name)
        ))),
    }
}

/// What is doubtful about a certificate: its time, or the name it is given for.
fn doubt(identity: &Identity, certified: &CertifiedKey, now: SystemTime) -> Result<Option<Doubt>> {
    let malformed = |error: &dyn fmt::Display| {
        Error::internal(format!("the certificate {} is malformed: {error}", identity.chain))
    };
    let der = certified.end_entity_cert().map_err(|error| malformed(&error))?;
    let certificate = x509_cert::Certificate::from_der(der).map_err(|error| malformed(&error))?;
    let validity = certificate.tbs_certificate().validity();
    if validity.not_after.to_system_time() < now {
        let text = format!(
            "the certificate {} has expired on {}: renew it",
            identity.chain,
            validity.not_after.to_date_time()
        );
        return Ok(Some(Doubt { text, is_of_time: true }));
    }
    if validity.not_before.to_system_time() > now {
        let text = format!(
            "the certificate {} is only good from {} on: is the clock right?",
            identity.chain,
            validity.not_before.to_date_time()
        );
        return Ok(Some(Doubt { text, is_of_time: true }));
    }
    let Some(name) = &identity.name else { return Ok(None) };
    let probe = name.strip_prefix("*.").map_or_else(|| name.clone(), |parent| format!("any.{parent}"));
    if ServerName::try_from(&*probe).is_ok_and(|name| !is_for(der, &name)) {
        let text =
            format!("the certificate {} is not for the name `{name}` it was given for", identity.chain);
        return Ok(Some(Doubt { text, is_of_time: false }));
    }
    Ok(None)
}

fn is_for(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    ParsedCertificate::try_from(certificate).is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let table = [
            ("example.org", Some("example.org")),
            ("Example.ORG.", Some("example.org")),
            ("*.example.org", Some("*.example.org")),
            ("localhost", Some("localhost")),
            ("*.org", None),
            ("*", None),
            ("a.*.org", None),
            ("", None),
            ("127.0.0.1", None),
            ("example.org:443", None),
        ];
        for (name, expected) in table {
            assert_eq!(checked(name).ok().as_deref(), expected, "{name}");
        }
    }
}
