//! Certificates and private keys as they lie in files: PEM (RFC 7468), or given as bytes.
//!
//! Every text names the file and says what to do, since this is what stops a server from starting.

use std::fmt;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::http::{Error, Result};

/// Where certificates or a private key are: in a file, or in memory.
///
/// A path (`&str`, `String`, `&Path`, `PathBuf`) is a file that is read when the server starts, and again when it has
/// changed. Bytes (`Vec<u8>`, `&[u8]`, what `include_bytes!` gives) are the PEM text itself.
///
/// ```
/// use vernal::tls::Pem;
///
/// let file = Pem::from("/etc/site/cert.pem");
/// let text = Pem::from(b"-----BEGIN CERTIFICATE-----\n...".as_slice());
/// # let _ = (file, text);
/// ```
#[derive(Clone)]
pub struct Pem {
    place: Place,
    #[cfg(feature = "encrypted-keys")]
    password: Option<String>,
}

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// What tells that a file is another one than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Pem {
    fn at(place: Place) -> Pem {
        Pem {
            place,
            #[cfg(feature = "encrypted-keys")]
            password: None,
        }
    }

    /// Decrypts the private key with a password (PKCS #8, `-----BEGIN ENCRYPTED PRIVATE KEY-----`).
    ///
    /// ```
    /// use vernal::tls::Pem;
    ///
    /// let key = Pem::from("key.pem").password(std::env::var("KEY_PASSWORD").unwrap_or_default());
    /// # let _ = key;
    /// ```
    #[cfg(feature = "encrypted-keys")]
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Pem {
        self.password = Some(password.into());
        self
    }

    /// How the file looks from outside; `None` if there is none, or it is bytes.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let Place::File(path) = &self.place else { return None };
        fs::metadata(path).ok().map(|metadata| Stamp {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            inode: inode(&metadata),
        })
    }

    /// The certificates, in their order.
    ///
    /// # Errors
    /// There is no such file, or no certificate in it, or one of them is damaged.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>> {
        let text = self.read("certificate")?;
        let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let found =
            found.map_err(|error| Error::internal(format!("{self}: a certificate is damaged: {error}")))?;
        if !found.is_empty() {
            return Ok(found);
        }
        Err(Error::internal(format!("{self} holds no certificate: {}", what_else(&text, "CERTIFICATE"))))
    }

    /// Looks whether there are certificates.
    ///
    /// # Errors
    /// As [`Pem::certificates`].
    #[cfg(feature = "config")]
    pub(crate) fn check_certificates(&self) -> Result {
        self.certificates().map(drop)
    }

    /// Looks whether there is a key.
    ///
    /// # Errors
    /// As [`Pem::private_key`].
    #[cfg(feature = "config")]
    pub(crate) fn check_private_key(&self) -> Result {
        self.private_key().map(drop)
    }

    /// The private key.
    ///
    /// # Errors
    /// There is no such file, or no key in it, or it is encrypted and there is no password that fits.
    pub(super) fn private_key(&self) -> Result<PrivateKeyDer<'static>> {
        let text = self.read("private key")?;
        let has = |words: &str| text.windows(words.len()).any(|window| window == words.as_bytes());
        if has("Proc-Type: 4,ENCRYPTED") {
            return Err(Error::internal(format!(
                "{self}: the private key is encrypted in a form of old. {}",
                self.how_to_decrypt()
            )));
        }
        if has("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            return self.decrypted(&text);
        }
        match PrivateKeyDer::from_pem_slice(&text) {
            Ok(key) => Ok(key),
            Err(rustls_pki_types::pem::Error::NoItemsFound) => Err(Error::internal(format!(
                "{self} holds no private key: {}",
                what_else(&text, "PRIVATE KEY")
            ))),
            Err(error) => Err(Error::internal(format!("{self}: the private key is damaged: {error}"))),
        }
    }

    #[cfg(feature = "encrypted-keys")]
    fn decrypted(&self, text: &[u8]) -> Result<PrivateKeyDer<'static>> {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        use pkcs8::EncryptedPrivateKeyInfoRef;
        use rustls_pki_types::PrivatePkcs8KeyDer;

        let Some(password) = &self.password else {
            return Err(Error::internal(format!(
                "{self}: the private key is encrypted, and no password was given: write \
                 `Pem::from(\"key.pem\").password(…)`. {}",
                self.how_to_decrypt()
            )));
        };
        let damaged = || Error::internal(format!("{self}: the encrypted private key is damaged"));
        let text = String::from_utf8_lossy(text);
        let body = text
            .split_once("-----BEGIN ENCRYPTED PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END ENCRYPTED PRIVATE KEY-----"))
            .map(|(body, _)| body.split_ascii_whitespace().collect::<String>());
        let der = body.and_then(|body| STANDARD.decode(body).ok()).ok_or_else(damaged)?;
        let info = EncryptedPrivateKeyInfoRef::try_from(&*der).map_err(|_| damaged())?;
        let key = info.decrypt(password).map_err(|error| {
            Error::internal(format!("{self}: the password does not decrypt the private key ({error})"))
        })?;
        Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
    }

    #[cfg(not(feature = "encrypted-keys"))]
    fn decrypted(&self, _: &[u8]) -> Result<PrivateKeyDer<'static>> {
        Err(Error::internal(format!(
            "{self}: the private key is encrypted, and this build cannot decrypt it: turn vernal's feature \
             `encrypted-keys` on and give the password. {}",
            self.how_to_decrypt()
        )))
    }

    fn how_to_decrypt(&self) -> String {
        let name = match &self.place {
            Place::File(path) => path.display().to_string(),
            Place::Bytes(_) => "key.pem".to_owned(),
        };
        format!("Or decrypt it: `openssl pkey -in {name} -out decrypted.pem`, readable by the server alone.")
    }

    fn read(&self, what: &str) -> Result<Vec<u8>> {
        match &self.place {
            Place::Bytes(bytes) => Ok(bytes.clone()),
            Place::File(path) => fs::read(path).map_err(|error| {
                let hint = if path.is_absolute() {
                    String::new()
                } else {
                    let folder = std::env::current_dir().unwrap_or_default();
                    format!(" The path is relative to {}.", folder.display())
                };
                Error::internal(format!(
                    "the {what} {self} cannot be read: {error}.{hint} TLS needs a certificate and its private key, both in PEM"
                ))
            }),
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// What a text without the wanted section may be.
fn what_else(text: &[u8], wanted: &str) -> String {
    let labels: Vec<_> = String::from_utf8_lossy(text)
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?.to_owned()))
        .collect();
    if labels.is_empty() {
        // The first byte of DER is that of a sequence.
        let how = if text.first() == Some(&0x30) {
            " It looks like DER: `openssl x509 -inform der -in …` or `openssl pkey -inform der -in …` makes PEM of it."
        } else {
            ""
        };
        return format!("a line `-----BEGIN {wanted}-----` is expected.{how}");
    }
    format!(
        "a line `-----BEGIN {wanted}-----` is expected, and there is only {}. The certificate comes first, then the key",
        labels.join(", ")
    )
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => write!(f, "`{}`", path.display()),
            Place::Bytes(_) => f.write_str("(given as bytes)"),
        }
    }
}

/// Never the bytes, which may be a key.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({self})")
    }
}

macro_rules! from {
    ($place:ident: $($kind:ty),*) => { $(
        impl From<$kind> for Pem {
            fn from(value: $kind) -> Pem {
                Pem::at(Place::$place(value.into()))
            }
        }
    )* };
}
from!(File: &str, String, &Path, PathBuf);
from!(Bytes: &[u8], Vec<u8>);

impl<const LENGTH: usize> From<&[u8; LENGTH]> for Pem {
    fn from(bytes: &[u8; LENGTH]) -> Pem {
        Pem::from(bytes.as_slice())
    }
}
