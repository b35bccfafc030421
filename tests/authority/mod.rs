//! An authority that signs certificates for tests, a folder to put them in, and a client of rustls that trusts it.

#![allow(dead_code, unused_imports, reason = "each suite uses a part of it")]

#[path = "../running/mod.rs"]
mod running;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, DEFAULT_VERSIONS, RootCertStore, SupportedProtocolVersion, version,
};
use vernal::server::Server;

pub use running::{PATIENCE, Running};

/// See the head of this file.
pub struct Authority {
    pub folder: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Signed {
    pub chain: String,
    pub key: String,
}

/// When a certificate is good.
#[derive(Clone, Copy)]
pub enum Time {
    Now,
    Past,
    Future,
}

impl Authority {
    pub fn new() -> Authority {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("authority-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Tea Authority");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        fs::write(folder.join("ca.pem"), issuer.pem()).expect("written");
        Authority { folder, issuer }
    }

    pub fn sign(&self, common_name: &str, names: &[&str], time: Time) -> Signed {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.distinguished_name.push(DnType::OrganizationName, "Tea");
        params.subject_alt_names.push(SanType::URI("spiffe://tea/pot".try_into().expect("ASCII")));
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let (from, to) = match time {
            Time::Now => (2020, 2100),
            Time::Past => (2020, 2021),
            Time::Future => (2100, 2101),
        };
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        Signed { chain: signed.pem() + &self.issuer.pem(), key: key.serialize_pem() }
    }

    /// Writes `NAME.pem` and `NAME.key`, for localhost.
    pub fn write(&self, name: &str) -> (PathBuf, PathBuf) {
        self.write_signed(name, &self.sign(name, &["localhost", "127.0.0.1"], Time::Now))
    }

    pub fn write_signed(&self, name: &str, signed: &Signed) -> (PathBuf, PathBuf) {
        (
            self.write_text(&format!("{name}.pem"), &signed.chain),
            self.write_text(&format!("{name}.key"), &signed.key),
        )
    }

    /// Puts a file in place of another, as those who renew certificates do.
    pub fn write_text(&self, name: &str, text: &str) -> PathBuf {
        let (path, fresh) = (self.path(name), self.path(&format!("{name}.new")));
        fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &path)).expect("written");
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("an authority");
        roots
    }

    /// A client that trusts this authority, and may have a certificate.
    pub fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        own: Option<&Signed>,
    ) -> Arc<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(self.roots());
        Arc::new(match own {
            None => builder.with_no_client_auth(),
            Some(Signed { chain, key }) => {
                let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
                builder.with_client_auth_cert(chain.expect("a chain"), key).expect("a certificate")
            }
        })
    }

    pub fn plain_client(&self) -> Arc<ClientConfig> {
        self.client(DEFAULT_VERSIONS, None)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub const TLS_12: &[&SupportedProtocolVersion] = &[&version::TLS12];
pub const TLS_13: &[&SupportedProtocolVersion] = &[&version::TLS13];

pub async fn connect(
    address: SocketAddr,
    name: &str,
    config: Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let stream = TcpStream::connect(address).await?;
    timeout(PATIENCE, TlsConnector::from(config).connect(name, stream))
        .await
        .expect("a handshake or an error")
}

/// Sends a request and reads all that comes until the peer says goodbye; without that it is an error.
pub async fn get(stream: &mut TlsStream<TcpStream>, path: &str) -> io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it answers and closes")?;
    Ok(answer)
}

/// Sends a request on a connection that is kept, and reads until this has come.
pub async fn keep(stream: &mut TlsStream<TcpStream>, path: &str, end: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    while !answer.ends_with(end.as_bytes()) {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await.expect("it answers");
        assert!(read.expect("no error") > 0, "closed after {:?}", String::from_utf8_lossy(&answer));
    }
}

pub fn builder(app: &str) -> Server {
    running::builder().app(app)
}
