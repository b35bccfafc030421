//! Certificates and keys in files: what stops a server from starting, and how changed files come into use. Alone in its process,
//! since the log is looked at.

mod authority;
mod said;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio_rustls::rustls::{DEFAULT_VERSIONS, ServerConfig, server::ResolvesServerCertUsingSni};
use tracing::Level;
use vernal::tls::{Pem, Tls, TlsHandle, TlsVersion};
use vernal::{Result, request_map};

use crate::authority::{Authority, Running, TLS_13, Time, builder, connect, keep};
use crate::said::Said;

#[request_map("/", app = "tls_files")]
fn index() -> &'static str {
    "index"
}

static SAID: LazyLock<Said> = LazyLock::new(|| Said::up_to(Level::WARN));

fn listen_to_the_log() {
    let _ = tracing::subscriber::set_global_default(SAID.clone());
}

/// What the log has said of files in this folder, since the last look.
fn said_of(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let said = SAID.take_if(|line| line.text.contains(&folder));
    said.iter().map(|line| format!("{} {}", line.level, line.text)).collect()
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().expect("it is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_cannot_be_used_stops_the_start() {
    let authority = Authority::new();
    let (cert, key) = authority.write("good");
    let (other, _) = authority.write("other");
    let path = |name: &str| authority.path(name);
    let text = |name: &str| path(name).display().to_string();
    let write = |name: &str, text: &str| authority.write_text(name, text);
    let made = |arguments: &[&str], name: &str| {
        openssl(&[arguments, &["-out", &text(name)]].concat());
        path(name)
    };
    let chain = fs::read_to_string(&cert).expect("written");
    let broken = chain.replacen("MII", "!!!", 1);
    let crossed = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let encrypted =
        made(&["pkey", "-in", &text("good.key"), "-aes256", "-passout", "pass:tea"], "encrypted.key");
    let old = made(&["ec", "-in", &text("good.key"), "-aes256", "-passout", "pass:tea"], "old.key");
    let der_cert = made(&["x509", "-in", &text("good.pem"), "-outform", "der"], "good.der");
    let der_key = made(&["pkey", "-in", &text("good.key"), "-outform", "der"], "good.key.der");
    let short = made(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "short.key");
    let mut reversed: Vec<_> = chain.split_inclusive("-----END CERTIFICATE-----\n").collect();
    reversed.reverse();
    let table: Vec<(&str, PathBuf, Pem, &[&str])> = vec![
        (
            "no certificate",
            path("none.pem"),
            key.clone().into(),
            &["none.pem", "cannot be read", "TLS needs a certificate and its private key"],
        ),
        ("no key", cert.clone(), path("none.key").into(), &["private key", "none.key", "cannot be read"]),
        ("relative", "none.pem".into(), key.clone().into(), &["`none.pem`", "relative to"]),
        ("a folder", authority.folder.clone(), key.clone().into(), &["cannot be read"]),
        ("an empty file", write("empty", ""), key.clone().into(), &["empty", "holds no certificate"]),
        (
            "the other way round",
            key.clone(),
            cert.clone().into(),
            &["good.key", "only PRIVATE KEY", "The certificate comes first"],
        ),
        (
            "two certificates",
            cert.clone(),
            cert.clone().into(),
            &["holds no private key", "only CERTIFICATE, CERTIFICATE"],
        ),
        ("DER", der_cert, key.clone().into(), &["good.der", "openssl x509 -inform der"]),
        ("a key as DER", cert.clone(), der_key.into(), &["good.key.der", "openssl pkey -inform der"]),
        ("broken base64", write("broken", &broken), key.clone().into(), &["broken", "damaged"]),
        ("no X.509", write("crossed", crossed), key.clone().into(), &["crossed", "malformed"]),
        (
            "of another",
            other,
            key.clone().into(),
            &["good.key", "is not that of the certificate", "other.pem"],
        ),
        (
            "issuers first",
            write("reversed", &reversed.concat()),
            key.clone().into(),
            &["server's own certificate before"],
        ),
        (
            "encrypted",
            cert.clone(),
            encrypted.clone().into(),
            &["encrypted.key", "Pem::from", "openssl pkey -in"],
        ),
        (
            "a wrong password",
            cert.clone(),
            Pem::from(encrypted.clone()).password("coffee"),
            &["encrypted.key", "does not decrypt"],
        ),
        (
            "encrypted as of old",
            cert.clone(),
            Pem::from(old).password("tea"),
            &["old.key", "form of old", "openssl pkey -in"],
        ),
        ("too short", cert.clone(), short.into(), &["short.key", "2048"]),
    ];
    for (name, chain, key, expected) in table {
        let error = Tls::from_pem(chain, key).expect_err(name).to_string();
        for words in expected {
            assert!(error.contains(words), "{name}: {words} is not in: {error}");
        }
    }
    // And with the right one it can be used.
    Tls::from_pem(&*cert, Pem::from(encrypted).password("tea")).expect("the password is right");
}

#[test]
fn settings_without_sense_stop_the_start() {
    let authority = Authority::new();
    let (cert, key) = authority.write("good");
    let tls = || Tls::from_pem(&*cert, &*key).expect("a certificate");
    let own = |alpn: &[&[u8]]| {
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Tls::from_config(Arc::new(config))
    };
    let named = |name: &str| tls().certificate_for(name, &*cert, &*key).expect("a certificate");
    let twice = named("a.example").certificate_for("A.example", &*cert, &*key).expect("a certificate");
    let table: Vec<(&str, Tls, &[&str])> = vec![
        (
            "no versions",
            tls().min_version(TlsVersion::Tls13).max_version(TlsVersion::Tls12),
            &["min_version", "max_version"],
        ),
        ("a protocol that is not spoken", own(&[b"h3", b"http/1.1"]), &["`h3`", "ALPN", "http/1.1"]),
        ("a setting of files", own(&[]).min_version(TlsVersion::Tls13), &["`min_version`", "from_config"]),
        ("a name twice", twice, &["two certificates", "`A.example`"]),
        ("an address as a name", named("127.0.0.1"), &["`127.0.0.1`", "example.org"]),
        ("a star for everything", named("*"), &["`*`"]),
    ];
    for (name, tls, expected) in table {
        let error = builder("tls_files").tls(tls).bind().map(drop).expect_err(name).to_string();
        for words in expected {
            assert!(error.contains(words), "{name}: {words} is not in: {error}");
        }
    }
    for (name, result) in [
        ("no authorities", tls().require_client_certificate(authority.path("none.pem"))),
        ("a key for authorities", tls().accept_client_certificate(&*key)),
        ("no file for a name", tls().certificate_for("a.example", authority.path("none.pem"), &*key)),
    ] {
        assert!(result.is_err(), "{name}");
    }
    let error = tls().handle().reload().expect_err("there is no server yet").to_string();
    assert!(error.contains("no server"), "{error}");
}

#[test]
fn doubts_are_told_at_start() {
    listen_to_the_log();
    let authority = Authority::new();
    for (name, time, names, given, expected) in [
        ("past", Time::Past, "localhost", None, "expired on 2021-01-01"),
        ("future", Time::Future, "localhost", None, "only good from 2100-01-01"),
        ("other", Time::Now, "a.example", Some("b.example"), "is not for the name `b.example`"),
        ("wild", Time::Now, "a.example", Some("*.example.org"), "is not for the name `*.example.org`"),
        ("good", Time::Now, "a.example", Some("a.example"), ""),
    ] {
        let (cert, key) = authority.write_signed(name, &authority.sign(name, &[names], time));
        let tls = match given {
            None => Tls::from_pem(cert, key),
            Some(given) => {
                let (good, its_key) = authority.write("default");
                Tls::from_pem(good, its_key).and_then(|tls| tls.certificate_for(given, cert, key))
            }
        };
        let bound = builder("tls_files").tls(tls.expect(name)).bind().map(drop);
        bound.expect("it starts all the same");
        let said = said_of(&authority.folder).concat();
        assert_eq!(said.starts_with("WARN"), !expected.is_empty(), "{name}: {said}");
        assert!(said.contains(expected), "{name}: {said}");
    }
}

/// Whose certificate a new connection gets.
async fn subject(running: &Running, authority: &Authority) -> String {
    let stream =
        connect(running.address, "localhost", authority.client(DEFAULT_VERSIONS, None)).await.expect("TLS");
    let certificate = stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec();
    let text = String::from_utf8_lossy(&certificate).into_owned();
    ["first", "second", "third"].into_iter().find(|name| text.contains(name)).unwrap_or("unknown").to_owned()
}

fn replace(authority: &Authority, name: &str, time: Time) {
    authority.write_signed("server", &authority.sign(name, &["localhost"], time));
}

#[tokio::test]
async fn certificates_are_reloaded_when_they_are_told_to() {
    listen_to_the_log();
    let authority = Authority::new();
    replace(&authority, "first", Time::Now);
    let tls =
        Tls::from_pem(authority.path("server.pem"), authority.path("server.key")).expect("a certificate");
    let handle = tls.handle();
    // A clone is for one more server, and reloaded with it.
    let beside = Running::start(builder("tls_files").tls(tls.clone())).await;
    let running = Running::start(builder("tls_files").tls(tls)).await;
    let mut open = connect(running.address, "localhost", authority.client(TLS_13, None)).await.expect("TLS");
    keep(&mut open, "/", "\r\n\r\nindex").await;
    // Nothing is read before that.
    replace(&authority, "second", Time::Now);
    assert_eq!(subject(&running, &authority).await, "first");
    assert_eq!(subject(&beside, &authority).await, "first");
    handle.reload().expect("they are good");
    assert_eq!(subject(&beside, &authority).await, "second");
    assert_eq!(subject(&running, &authority).await, "second");
    // Those that are open go on.
    keep(&mut open, "/", "\r\n\r\nindex").await;

    type Damage = (&'static str, fn(&Authority), &'static str);
    let table: [Damage; 6] = [
        ("expired", |it| replace(it, "third", Time::Past), "has expired"),
        ("not yet good", |it| replace(it, "third", Time::Future), "only good from"),
        ("broken", |it| drop(it.write_text("server.pem", "-----BEGIN CERTIFICATE-----\n!\n")), "damaged"),
        ("empty", |it| drop(it.write_text("server.pem", "")), "holds no certificate"),
        ("gone", |it| fs::remove_file(it.path("server.pem")).expect("removed"), "cannot be read"),
        (
            "half",
            |it| drop(it.write_text("server.pem", &it.sign("third", &["localhost"], Time::Now).chain)),
            "is not that of",
        ),
    ];
    for (name, damage, expected) in table {
        damage(&authority);
        let error = handle.reload().expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
        let said = said_of(&authority.folder).concat();
        assert!(said.starts_with("ERROR") && said.contains(expected), "{name}: {said}");
        assert_eq!(subject(&running, &authority).await, "second", "{name}");
    }
    replace(&authority, "third", Time::Now);
    handle.reload().expect("they are good again");
    assert_eq!(subject(&running, &authority).await, "third");
    keep(&mut open, "/", "\r\n\r\nindex").await;
}

#[tokio::test]
async fn changed_files_are_seen() {
    listen_to_the_log();
    let authority = Authority::new();
    replace(&authority, "first", Time::Now);
    let tls =
        Tls::from_pem(authority.path("server.pem"), authority.path("server.key")).expect("a certificate");
    let running = Running::start(builder("tls_files").tls(tls.watch_files(Some(Duration::ZERO)))).await;
    assert_eq!(subject(&running, &authority).await, "first");
    replace(&authority, "second", Time::Now);
    assert_eq!(subject(&running, &authority).await, "second");
    replace(&authority, "third", Time::Past);
    assert_eq!(subject(&running, &authority).await, "second");
    let said = said_of(&authority.folder).concat();
    assert!(said.starts_with("ERROR") && said.contains("has expired"), "{said}");
    // First the certificate, then the key, with connections between: what does not fit is not taken.
    let signed = authority.sign("third", &["localhost"], Time::Now);
    authority.write_text("server.pem", &signed.chain);
    assert_eq!(subject(&running, &authority).await, "second");
    authority.write_text("server.key", &signed.key);
    assert_eq!(subject(&running, &authority).await, "third");
}

#[tokio::test]
async fn files_are_not_looked_at_before_their_time() {
    for every in [Some(Duration::from_secs(3600)), None] {
        let authority = Authority::new();
        replace(&authority, "first", Time::Now);
        let tls =
            Tls::from_pem(authority.path("server.pem"), authority.path("server.key")).expect("a certificate");
        let running = Running::start(builder("tls_files").tls(tls.watch_files(every))).await;
        replace(&authority, "second", Time::Now);
        for _ in 0..3 {
            assert_eq!(subject(&running, &authority).await, "first", "{every:?}");
        }
    }
}

/// A handle is for any thread, while the server runs.
const _: fn() = || {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<TlsHandle>();
};

#[test]
fn nothing_secret_is_shown() -> Result {
    let authority = Authority::new();
    let signed = authority.sign("first", &["localhost"], Time::Now);
    let shown = format!("{:?}", Tls::from_pem(signed.chain.as_bytes(), signed.key.as_bytes())?);
    let line = signed.key.lines().nth(1).expect("a line of the key");
    assert!(shown.contains("given as bytes") && !shown.contains(line), "{shown}");
    let shown = format!("{:?}", Pem::from("key.pem").password("tea"));
    assert_eq!(shown, "Pem(`key.pem`)");
    Ok(())
}
