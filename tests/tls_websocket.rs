//! WebSockets over TLS, both sides against peers that others wrote: tokio-tungstenite over rustls.

mod authority;

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{DEFAULT_VERSIONS, ServerConfig};
use tokio_tungstenite::tungstenite::Message as Theirs;
use tokio_tungstenite::{accept_async, client_async};
use vernal::tls::{ClientCertificate, Tls};
use vernal::websocket::{Deflate, Message, WebSocketSession, connect};
use vernal::{Error, Result, request_map, websocket_handler};

use crate::authority::{self as tls, Authority, PATIENCE, Running, TLS_12, TLS_13, Time, builder};

#[request_map("/", app = "tls_websocket")]
fn index() -> &'static str {
    "index"
}

#[derive(Default)]
struct Echo;

#[websocket_handler("/echo", app = "tls_websocket")]
impl Echo {
    async fn on_open(&self, session: &WebSocketSession, peer: Option<ClientCertificate>) -> Result {
        let peer = peer.and_then(|peer| peer.common_name()).unwrap_or_else(|| "a guest".to_owned());
        session.send(&*format!("{} by {peer}", session.url())).await
    }

    async fn on_message(&self, session: &WebSocketSession, message: Message) -> Result {
        session.send(message).await
    }
}

async fn start(authority: &Authority) -> Running {
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).and_then(|tls| tls.accept_client_certificate(authority.ca()));
    let server = builder("tls_websocket").websocket_deflate(Deflate::default());
    Running::start(server.tls(tls.expect("a certificate"))).await
}

#[tokio::test]
async fn their_client_speaks_with_our_server() {
    let authority = Authority::new();
    let running = start(&authority).await;
    let ann = authority.sign("ann", &["ann.example"], Time::Now);
    let large = "tea ".repeat(200_000);
    for (versions, own, name) in [(TLS_12, None, "a guest"), (TLS_13, Some(&ann), "ann")] {
        let stream =
            tls::connect(running.address, "localhost", authority.client(versions, own)).await.expect("TLS");
        let url = format!("wss://localhost:{}/echo", running.address.port());
        let (mut ws, _) = client_async(&*url, stream).await.expect("a session");
        let mut next = async || timeout(PATIENCE, ws.next()).await.expect("in time");
        assert_eq!(
            next().await.expect("a greeting").expect("text"),
            Theirs::text(format!("{url} by {name}"))
        );
        for text in ["one", &large] {
            ws.send(Theirs::text(text)).await.expect("it is open");
            let echo = timeout(PATIENCE, ws.next()).await.expect("in time").expect("an echo").expect("text");
            assert!(echo.to_text().is_ok_and(|echo| echo == text), "{} bytes", echo.len());
        }
        ws.close(None).await.expect("it closes");
        while let Some(Ok(_)) = timeout(PATIENCE, ws.next()).await.expect("in time") {}
    }
}

#[tokio::test]
async fn a_session_ends_with_a_goodbye_when_the_server_stops() {
    let authority = Authority::new();
    let running = start(&authority).await;
    let url = format!("wss://localhost:{}/echo", running.address.port());
    let mut ws = connect(&*url).root_certificate(authority.ca()).await.expect("a session");
    ws.next().await.expect("a greeting");
    running.handle.stop();
    assert!(timeout(PATIENCE, ws.next()).await.expect("in time").is_none());
    assert!(ws.close_reason().is_some_and(|reason| reason.code() == 1001));
    running.stopped().await;
}

/// A server of theirs that sends back what comes.
async fn their_server(authority: &Authority) -> (SocketAddr, JoinHandle<()>) {
    let signed = authority.sign("theirs", &["localhost", "127.0.0.1"], Time::Now);
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(signed.chain.as_bytes()).collect::<Result<_, _>>().expect("a chain");
    let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    // One that would rather speak another protocol.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let Ok(mut ws) = accept_async(stream).await else { continue };
            while let Some(Ok(message)) = ws.next().await {
                if message.is_text() {
                    let _ = ws.send(message).await;
                }
            }
        }
    });
    (address, serving)
}

#[tokio::test]
async fn our_client_speaks_with_their_server() -> Result {
    let authority = Authority::new();
    let (address, serving) = their_server(&authority).await;
    let pem = std::fs::read(authority.ca())?;
    let by_name = format!("wss://localhost:{}/", address.port());
    let by_address = format!("wss://{address}/");
    for connecting in [
        connect(&*by_name).root_certificate(authority.ca()),
        connect(&*by_address).root_certificate(pem),
        connect(&*by_name).tls_config(authority.plain_client()),
        connect(&*by_name).tls_config(authority.client(TLS_12, None)),
    ] {
        let mut ws = connecting.await?;
        let large = "tea ".repeat(200_000);
        for text in ["one", &large] {
            ws.send(text).await?;
            let echo = timeout(PATIENCE, ws.next()).await?.expect("an echo");
            assert!(echo.as_text() == Some(text));
        }
        ws.close(1000, "enough")?;
    }
    serving.abort();
    Ok(())
}

#[tokio::test]
async fn our_client_shows_who_it_is() -> Result {
    let authority = Authority::new();
    let running = start(&authority).await;
    let url = format!("wss://localhost:{}/echo", running.address.port());
    let ann = authority.sign("ann", &["ann.example"], Time::Now);
    let mut ws = connect(&*url).tls_config(authority.client(DEFAULT_VERSIONS, Some(&ann))).await?;
    assert_eq!(ws.next().await.expect("a greeting").as_text(), Some(&*format!("{url} by ann")));
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_not_to_be_trusted_is_not_spoken_with() {
    let authority = Authority::new();
    let running = start(&authority).await;
    let plain = Running::start(builder("tls_websocket")).await;
    let elsewhere = authority.sign("elsewhere", &["elsewhere.example"], Time::Now);
    let elsewhere =
        Tls::from_pem(elsewhere.chain.into_bytes(), elsewhere.key.into_bytes()).expect("a certificate");
    let elsewhere = Running::start(builder("tls_websocket").tls(elsewhere)).await;
    let (ours, theirs) = (running.address.port(), plain.address.port());
    let stranger = Authority::new();
    let (trusted, unknown) = (authority.ca(), stranger.ca());
    let wss = |host: &str, port: u16| connect(format!("wss://{host}:{port}/echo"));
    let table = [
        (
            "another authority",
            wss("localhost", ours).root_certificate(unknown),
            &["invalid peer certificate", "root_certificate"][..],
        ),
        ("the system's", wss("localhost", ours), &["root_certificate"]),
        (
            "another name",
            wss("localhost", elsewhere.address.port()).root_certificate(trusted.clone()),
            &["no TLS with localhost", "not valid for name"],
        ),
        (
            "no TLS",
            wss("localhost", theirs).root_certificate(trusted.clone()),
            &["Does the server speak TLS"],
        ),
        (
            "no file",
            wss("localhost", ours).root_certificate(authority.path("none.pem")),
            &["none.pem", "cannot be read"],
        ),
        ("plain", connect(format!("ws://localhost:{ours}/echo")), &["400"]),
    ];
    for (name, connecting, expected) in table {
        let error: Error =
            timeout(PATIENCE, connecting.into_future()).await.expect(name).map(drop).expect_err(name);
        for words in expected {
            assert!(error.to_string().contains(words), "{name}: {words} is not in: {error}");
        }
    }
}
