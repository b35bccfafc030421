//! The certificate of a peer, as an argument of handlers.

use std::fmt::Write as _;
use std::sync::Arc;

use ::http::StatusCode;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::bind::{Arg, FromRequest, Profile};
use crate::http::{Error, Request, Result};

/// The certificate with which the peer has shown who it is (mTLS): checked, signed by one of the authorities that were given to
/// [`Tls::require_client_certificate`](super::Tls::require_client_certificate) or
/// [`Tls::accept_client_certificate`](super::Tls::accept_client_certificate).
///
/// An argument of handlers and of WebSocket events. Without a certificate it is a 403, `Option<ClientCertificate>` is `None`.
///
/// ```
/// use vernal::{request_map, tls::ClientCertificate};
///
/// #[request_map("/whoami")]
/// fn whoami(peer: ClientCertificate) -> String {
///     format!("{} ({})", peer.subject(), peer.fingerprint())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(Arc<Vec<Vec<u8>>>);

impl ClientCertificate {
    /// The certificate itself, as DER.
    pub fn der(&self) -> &[u8] {
        self.0.first().map_or(&[], Vec::as_slice)
    }

    /// The certificates the peer has sent, as DER: its own, then those of its issuers.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// The SHA-256 of [`ClientCertificate::der`], as 64 lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(self.der()) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The subject in the form of RFC 4514, such as `CN=ann,O=Tea`; empty if the certificate names none.
    pub fn subject(&self) -> String {
        self.parsed().map_or_else(String::new, |it| it.tbs_certificate().subject().to_string())
    }

    /// The issuer in the form of RFC 4514.
    pub fn issuer(&self) -> String {
        self.parsed().map_or_else(String::new, |it| it.tbs_certificate().issuer().to_string())
    }

    /// The subject's common name, if it has one.
    pub fn common_name(&self) -> Option<String> {
        let name = self.parsed()?.tbs_certificate().subject().common_name().ok()??;
        Some(name.value().into_owned())
    }

    /// The alternative names that are text: DNS names, mail addresses and URIs, in the order of the certificate.
    pub fn names(&self) -> Vec<String> {
        let Some(certificate) = self.parsed() else { return Vec::new() };
        let Ok(Some((_, names))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
            return Vec::new();
        };
        let names = names.0.iter().filter_map(|name| match name {
            GeneralName::DnsName(name) | GeneralName::Rfc822Name(name) => Some(name.to_string()),
            GeneralName::UniformResourceIdentifier(name) => Some(name.to_string()),
            _ => None,
        });
        names.collect()
    }

    fn parsed(&self) -> Option<Certificate> {
        Certificate::from_der(self.der()).ok()
    }
}

impl<'r> FromRequest<'r> for ClientCertificate {
    const PROFILE: Profile = Profile::PART;

    fn from_request(req: &'r Request, arg: &Arg) -> Result<ClientCertificate> {
        ClientCertificate::optional(req, arg)?.ok_or_else(|| {
            Error::status_only(StatusCode::FORBIDDEN)
                .explain("This needs a client certificate, and the connection came without one.")
        })
    }

    fn optional(req: &'r Request, _: &Arg) -> Result<Option<ClientCertificate>> {
        Ok(req.client_certificates.as_ref().map(|chain| ClientCertificate(Arc::clone(chain))))
    }
}
