//! HTTPS: a certificate and its key are all it takes.
//!
//! Make a certificate for this machine, serve with it, and ask:
//!
//! ```sh
//! openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem
//! cargo run --example tls --features tls -- cert.pem key.pem
//! curl --cacert cert.pem https://localhost:9090/
//! ```
//!
//! With a third argument, the certificate of an authority, it also asks clients for a certificate of theirs:
//!
//! ```sh
//! cargo run --example tls --features tls -- cert.pem key.pem cert.pem
//! curl --cacert cert.pem --cert cert.pem --key key.pem https://localhost:9090/whoami
//! ```
//!
//! When the files are replaced, new connections get the new certificate within a minute.

use vernal::tls::{ClientCertificate, Tls};
use vernal::websocket::WebSocket;
use vernal::{Request, Result, request_map, server, websocket_handler};

#[request_map("/")]
fn index(req: &Request) -> &'static str {
    if req.is_secure() { "Nobody has read this on its way.\n" } else { "Anybody may have read this.\n" }
}

/// Without `Option`, a peer that has shown no certificate gets a 403.
#[request_map("/whoami")]
fn whoami(peer: Option<ClientCertificate>) -> String {
    match peer {
        Some(peer) => format!("You are {} ({}).\n", peer.subject(), peer.fingerprint()),
        None => "You are welcome, whoever you are.\n".to_owned(),
    }
}

/// Over TLS it is `wss://localhost:9090/echo`, and nothing is to be done for it.
#[websocket_handler("/echo")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

fn main() -> Result {
    let mut files = std::env::args().skip(1);
    let cert = files.next().unwrap_or_else(|| "cert.pem".to_owned());
    let key = files.next().unwrap_or_else(|| "key.pem".to_owned());
    let mut tls = Tls::from_pem(cert, key)?;
    if let Some(authority) = files.next() {
        tls = tls.accept_client_certificate(authority)?;
    }
    server::new().tls(tls).start()
}
