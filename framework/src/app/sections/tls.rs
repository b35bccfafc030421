//! `[tls]`. The files are read when the server is bound.

use std::time::Duration;

use super::given::Given;
use crate::http::Result;
use crate::settings::{Choice, Either, Off, Or, Pem, Section, number, some_time};
use crate::tls::{self, Tls, TlsVersion};

/// See the head of this file.
pub(crate) struct TlsSection {
    identity: (File, File),
    named: Vec<(String, File, File)>,
    oldest: Option<TlsVersion>,
    newest: Option<TlsVersion>,
    /// Who signs the certificates of clients, and whether they must have one.
    clients: Option<(File, bool)>,
    watch: Option<Option<Duration>>,
    redirects_from: Option<u16>,
}

/// A file, or what would stand in it, and where that was said.
struct File {
    pem: tls::Pem,
    /// With the key.
    place: String,
}

impl File {
    /// What went wrong with it, in its place.
    fn told<T>(&self, result: Result<T>) -> std::result::Result<T, String> {
        result.map_err(|error| format!("{}: {}", self.place, error.words()))
    }
}

/// What was made of both, or what is wrong with one of them: looked at by itself, since each has its place.
fn made_of<T>(certificate: &File, key: &File, made: Result<T>) -> std::result::Result<T, String> {
    let error = match made {
        Ok(made) => return Ok(made),
        Err(error) => error,
    };
    certificate.told(certificate.pem.check_certificates())?;
    key.told(key.pem.check_private_key())?;
    key.told(Err(error))
}

impl TlsSection {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be used, in words that begin with its place.
    pub(crate) fn build(self) -> std::result::Result<Tls, String> {
        let (certificate, key) = self.identity;
        let tls = Tls::from_pem(certificate.pem.clone(), key.pem.clone());
        let mut tls = made_of(&certificate, &key, tls)?;
        for (name, certificate, key) in self.named {
            let more = tls.certificate_for(name, certificate.pem.clone(), key.pem.clone());
            tls = made_of(&certificate, &key, more)?;
        }
        if let Some(version) = self.oldest {
            tls = tls.min_version(version);
        }
        if let Some(version) = self.newest {
            tls = tls.max_version(version);
        }
        tls = match self.clients {
            Some((file, true)) => file.told(tls.require_client_certificate(file.pem.clone()))?,
            Some((file, false)) => file.told(tls.accept_client_certificate(file.pem.clone()))?,
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
    let mut identity = identity(&mut section);
    #[cfg(feature = "encrypted-keys")]
    if let Some(password) = section.take("key_password", crate::settings::SecretText, "(none)") {
        identity = identity.map(|(certificate, key)| {
            (certificate, File { pem: key.pem.password(password), place: key.place })
        });
    }
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
    let oldest = section.take_placed("min_version", Choice(VERSIONS), "1.2");
    let newest = section.take("max_version", Choice(VERSIONS), "1.3");
    if let (Some((TlsVersion::Tls13, origin)), Some(TlsVersion::Tls12)) = (&oldest, newest) {
        section.problem(origin, "min_version", "no version is left: `max_version` is 1.2");
        // Nobody hears of files that would not help.
        identity = None;
    }
    let oldest = oldest.map(|(version, _)| version);
    let required = file(&mut section, "require_client_certificate", "(clients are not asked)");
    let accepted = file(&mut section, "accept_client_certificate", "(clients are not asked)");
    if let (Some(_), (key, origin)) =
        (required.as_ref().zip(accepted.as_ref()), section.first_of(&["accept_client_certificate"]))
    {
        section.problem(&origin, key, "`require_client_certificate` is set too: keep one of them");
    }
    let watch = section.take("watch_files", Or(Off, some_time()), "60s").map(|every| match every {
        Either::One(()) => None,
        Either::Other(every) => Some(every),
    });
    let redirects_from = section.take("redirect_http", number(0), "(no second port)");
    let clients = required.map(|file| (file, true)).or_else(|| accepted.map(|file| (file, false)));
    let tls = identity.map(|identity| TlsSection {
        identity,
        named,
        oldest,
        newest,
        clients,
        watch,
        redirects_from,
    });
    let given = match tls {
        Some(tls) => Given::of(&section, tls),
        None => Given::default(),
    };
    section.finish();
    given
}

/// A certificate and its key. Where a section has one of them, it needs both.
fn identity(section: &mut Section<'_>) -> Option<(File, File)> {
    let certificate = file(section, "certificate", "(must be given)");
    let key = file(section, "key", "(must be given)");
    if let Some(origin) = section.origin() {
        for (name, value) in [("certificate", &certificate), ("key", &key)] {
            if value.is_none() && !section.has(name) {
                section.problem(origin, name, "is missing: TLS needs a certificate and its key, both in PEM");
            }
        }
    }
    certificate.zip(key)
}

fn file(section: &mut Section<'_>, name: &'static str, default: &'static str) -> Option<File> {
    let (text, origin) = section.take_placed(name, Pem, default)?;
    let place = format!("{origin}: `{}`", section.path_of(name));
    // What has lines is no name of a file, and may be a key that no message should show.
    let is_text = text.contains("-----BEGIN") || text.contains('\n');
    let pem = if is_text { tls::Pem::from(text.into_bytes()) } else { tls::Pem::from(text) };
    Some(File { pem, place })
}

const VERSIONS: &[(&str, TlsVersion)] = &[("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];
