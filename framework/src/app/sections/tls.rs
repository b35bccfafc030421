//! `[tls]`. The files are read when the server is bound.

use std::time::Duration;

use super::given::Given;
use crate::http::Result;
use crate::settings::{Choice, Either, Off, Or, Pem, Section, number, some_time};
use crate::tls::{self, Tls, TlsVersion};

/// See the head of this file.
pub(crate) struct TlsSection {
    identity: (String, String, Option<String>),
    named: Vec<(String, String, String)>,
    oldest: Option<TlsVersion>,
    newest: Option<TlsVersion>,
    /// Who signs the certificates of clients, and whether they must have one.
    clients: Option<(String, bool)>,
    watch: Option<Option<Duration>>,
    redirects_from: Option<u16>,
    place: String,
}

impl TlsSection {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be used, in words that begin with the place of the section.
    pub(crate) fn build(self) -> std::result::Result<Tls, String> {
        let place = self.place.clone();
        self.read_files().map_err(|error| format!("{place}: `tls`: {}", error.words()))
    }

    fn read_files(self) -> Result<Tls> {
        let (certificate, key, password) = self.identity;
        let mut tls = Tls::from_pem(pem(certificate), with_password(pem(key), password))?;
        for (name, certificate, key) in self.named {
            tls = tls.certificate_for(name, pem(certificate), pem(key))?;
        }
        if let Some(version) = self.oldest {
            tls = tls.min_version(version);
        }
        if let Some(version) = self.newest {
            tls = tls.max_version(version);
        }
        tls = match self.clients {
            Some((authorities, true)) => tls.require_client_certificate(pem(authorities))?,
            Some((authorities, false)) => tls.accept_client_certificate(pem(authorities))?,
            None => tls,
        };
        if let Some(every) = self.watch {
            tls = tls.watch_files(every);
        }
        Ok(match self.redirects_from {
            Some(port) => tls.redirect_http(port),
            None => tls,
        })
    }
}

pub(super) fn read(root: &mut Section<'_>) -> Given<TlsSection> {
    let mut section = root.section("tls");
    let identity = identity(&mut section);
    #[cfg(feature = "encrypted-keys")]
    let password = section.take("key_password", crate::settings::SecretText, "(none)");
    #[cfg(not(feature = "encrypted-keys"))]
    let password = None;
    let mut named = Vec::new();
    for (name, below) in section.named("certificate_for", |_| false) {
        match below {
            Ok(mut below) => {
                let own = self::identity(&mut below);
                below.finish();
                named.extend(own.map(|(certificate, key)| (name, certificate, key)));
            }
            Err(node) => {
                let words = "expected a section with `certificate` and `key`";
                section.problem(&node.origin, &format!("certificate_for.{name}"), words);
            }
        }
    }
    let oldest = section.take("min_version", Choice(VERSIONS), "1.2");
    let newest = section.take("max_version", Choice(VERSIONS), "1.3");
    let required = section.take("require_client_certificate", Pem, "(clients are not asked)");
    let accepted = section.take_placed("accept_client_certificate", Pem, "(clients are not asked)");
    if let (Some(_), Some((_, origin))) = (&required, &accepted) {
        let words = "`require_client_certificate` is set too: keep one of them";
        section.problem(origin, "accept_client_certificate", words);
    }
    let watch = section.take("watch_files", Or(Off, some_time()), "60s").map(|every| match every {
        Either::One(()) => None,
        Either::Other(every) => Some(every),
    });
    let redirects_from = section.take("redirect_http", number(0), "(no second port)");
    let place = section.origin().map(ToString::to_string).unwrap_or_default();
    let clients = required.map(|file| (file, true)).or_else(|| accepted.map(|(file, _)| (file, false)));
    let tls = identity.map(|(certificate, key)| TlsSection {
        identity: (certificate, key, password),
        named,
        oldest,
        newest,
        clients,
        watch,
        redirects_from,
        place,
    });
    let given = match tls {
        Some(tls) => Given::of(&section, tls),
        None => Given::default(),
    };
    section.finish();
    given
}

/// A certificate and its key. Where a section has one of them, it needs both.
fn identity(section: &mut Section<'_>) -> Option<(String, String)> {
    let certificate = section.take("certificate", Pem, "(must be given)");
    let key = section.take("key", Pem, "(must be given)");
    if let Some(origin) = section.origin() {
        for (name, value) in [("certificate", &certificate), ("key", &key)] {
            if value.is_none() && !section.has(name) {
                section.problem(origin, name, "is missing: TLS needs a certificate and its key, both in PEM");
            }
        }
    }
    certificate.zip(key)
}

fn pem(text: String) -> tls::Pem {
    // What has lines is no name of a file, and may be a key that no message should show.
    if text.contains("-----BEGIN") || text.contains('\n') {
        tls::Pem::from(text.into_bytes())
    } else {
        tls::Pem::from(text)
    }
}

#[cfg(feature = "encrypted-keys")]
fn with_password(key: tls::Pem, password: Option<String>) -> tls::Pem {
    match password {
        Some(password) => key.password(password),
        None => key,
    }
}

#[cfg(not(feature = "encrypted-keys"))]
fn with_password(key: tls::Pem, _: Option<String>) -> tls::Pem {
    key
}

const VERSIONS: &[(&str, TlsVersion)] = &[("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];
