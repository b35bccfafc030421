//! What new connections are spoken to with, and how it is made anew from changed files.
//!
//! Nobody watches in the background: a new connection that comes when the time for a look has passed takes the look, and waits for
//! it, so that it is spoken to with what it finds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use tokio_rustls::rustls::ServerConfig;

use super::certificates::{Certificates, Doubt};
use super::pem::Stamp;
use super::settings::{Loaded, SPOKEN, Settings};
use crate::base::say;
use crate::http::{Error, Result};
use crate::io::blocking;

/// See the head of this file.
pub(crate) struct Acceptor {
    current: RwLock<Current>,
    files: Option<Files>,
}

/// What is in use.
#[derive(Clone)]
struct Current {
    config: Arc<ServerConfig>,
    /// Unknown for a configuration that others made.
    certificates: Option<Arc<Certificates>>,
}

/// Where it came from.
struct Files {
    settings: Settings,
    /// How the files looked when they were last read with success. Held while they are read, so that one reads at a time.
    stamps: Mutex<Vec<Option<Stamp>>>,
    start: Instant,
    /// Milliseconds from the start to the next look.
    next_look: AtomicU64,
}

impl Acceptor {
    /// # Errors
    /// A file cannot be used.
    pub(super) fn of_files(settings: Settings) -> Result<Acceptor> {
        let stamps = settings.stamps();
        let Loaded { config, certificates, doubts } = settings.load(SystemTime::now())?;
        for doubt in doubts {
            say!(warn, "{doubt}");
        }
        let files = Files {
            next_look: AtomicU64::new(settings.watch.map_or(u64::MAX, milliseconds)),
            settings,
            stamps: Mutex::new(stamps),
            start: Instant::now(),
        };
        let current = Current { config, certificates: Some(certificates) };
        Ok(Acceptor { current: RwLock::new(current), files: Some(files) })
    }

    /// # Errors
    /// It offers a protocol that is not spoken here.
    pub(super) fn of_config(config: Arc<ServerConfig>) -> Result<Acceptor> {
        if let Some(other) = config.alpn_protocols.iter().find(|name| !SPOKEN.contains(&&***name)) {
            return Err(Error::internal(format!(
                "the configuration given to Tls::from_config offers `{}` by ALPN, which this server does not speak: set \
                 `alpn_protocols` to {}",
                String::from_utf8_lossy(other),
                if cfg!(feature = "http2") { "`h2` and `http/1.1`" } else { "`http/1.1` alone" }
            )));
        }
        let current = Current { config, certificates: None };
        Ok(Acceptor { current: RwLock::new(current), files: None })
    }

    /// What to speak to a new connection with.
    pub(crate) async fn config(self: &Arc<Acceptor>) -> Arc<ServerConfig> {
        if self.is_due() {
            let acceptor = Arc::clone(self);
            // A look that panics has changed nothing.
            drop(blocking(move || acceptor.look()).await);
        }
        self.current().config
    }

    /// Whether a host is one that the certificates are for; yes when they are unknown.
    pub(crate) fn covers(&self, host: &str) -> bool {
        self.current().certificates.is_none_or(|certificates| certificates.cover(host))
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// They cannot be used; all stays as it was.
    pub(super) fn reload(&self) -> Result {
        let Some(files) = &self.files else {
            return Err(Error::internal(
                "this server's TLS was made by Tls::from_config, so there is nothing to reload: give the `ServerConfig` a \
                 `cert_resolver` that changes",
            ));
        };
        let mut stamps = files.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(files, &mut stamps)
    }

    /// Reads the files again if they have changed.
    fn look(&self) {
        let Some(files) = &self.files else { return };
        let mut stamps = files.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        if *stamps != files.settings.stamps() {
            // The log has what went wrong; the next look tries again.
            let _ = self.read(files, &mut stamps);
        }
    }

    fn read(&self, files: &Files, stamps: &mut Vec<Option<Stamp>>) -> Result {
        // Before reading: a file that changes meanwhile is then seen to differ at the next look.
        let seen = files.settings.stamps();
        let loaded = files.settings.load(SystemTime::now()).and_then(in_time);
        match loaded {
            Ok(Loaded { config, certificates, doubts }) => {
                for doubt in doubts {
                    say!(warn, "{doubt}");
                }
                let current = Current { config, certificates: Some(certificates) };
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
                *stamps = seen;
                say!(info, "the certificates were reloaded");
                Ok(())
            }
            Err(error) => {
                say!(
                    error,
                    "the certificates were not reloaded, those of before stay in use: {}",
                    error.words()
                );
                Err(error)
            }
        }
    }

    fn is_due(&self) -> bool {
        let Some(files) = &self.files else { return false };
        let Some(every) = files.settings.watch else { return false };
        let now = milliseconds(files.start.elapsed());
        let next = files.next_look.load(Ordering::Relaxed);
        // One of those that come at once.
        now >= next
            && files
                .next_look
                .compare_exchange(
                    next,
                    now.saturating_add(milliseconds(every)),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Refuses certificates that no client would take: those of before may be better.
fn in_time(loaded: Loaded) -> Result<Loaded> {
    match loaded.doubts.iter().find(|doubt| doubt.is_of_time) {
        Some(Doubt { text, .. }) => Err(Error::internal(text.clone())),
        None => Ok(loaded),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
