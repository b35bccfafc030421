//! An application inside an axum router, and tower's layers and services inside the application.
//!
//! `VERNAL_PORT` chooses the port.
//!
//! ```console
//! $ cargo run --example embed --features tower
//! $ curl localhost:9090/health
//! axum is fine
//! $ curl -i localhost:9090/hello/ann
//! HTTP/1.1 200 OK
//! ...
//! x-layer: seen
//! ...
//! Hello, ann, from 127.0.0.1!
//! $ curl localhost:9090/hello/ann -X DELETE
//! {"code":405,"message":"Method Not Allowed","explain":"This path does not take DELETE; it takes GET, HEAD, OPTIONS."}
//! $ curl localhost:9090/legacy/books/7
//! book 7 of the old service
//! $ echo hi | websocat -n1 ws://localhost:9090/echo
//! hi
//! $ curl localhost:9090/upper -d text=tea
//! TEA
//! ```

use std::env;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Path};
use axum::routing::get;
use http::{HeaderName, HeaderValue};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower_http::set_header::SetResponseHeaderLayer;
use vernal::tower::{Layered, Mounted};
use vernal::websocket::WebSocket;
use vernal::{App, Config, ConnectionInfo, Result, request_map, websocket_handler};

#[request_map("/hello/{name}", method = "GET")]
fn hello(name: &str, from: ConnectionInfo) -> String {
    let from = from.peer().map_or("nowhere".to_owned(), |peer| peer.ip().to_string());
    format!("Hello, {name}, from {from}!")
}

#[request_map("/upper", method = "POST")]
fn upper(text: &str) -> String {
    text.to_uppercase()
}

#[websocket_handler("/echo")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

/// What was there before and stays as it is.
fn legacy() -> Router {
    Router::new().route(
        "/books/{id}",
        get(|Path(id): Path<u32>| async move { format!("book {id} of the old service\n") }),
    )
}

#[tokio::main]
async fn main() -> Result {
    // Inside the application: a layer around everything, and a service that answers a part of the paths.
    let layer = SetResponseHeaderLayer::overriding(
        HeaderName::from_static("x-layer"),
        HeaderValue::from_static("seen"),
    );
    let config = Config::new()
        .filter("/**", Layered::new(layer))
        .filter("/legacy/**", Mounted::new(legacy()).strip_prefix("/legacy"));

    // The application inside axum: it answers what the router does not. axum knows the peer, and is asked for it.
    let service = App::from_registry(config)?.service().connection_by(|extensions| {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(ConnectionInfo::new(Some(*peer), false))
    });
    let router = Router::new().route("/health", get(|| async { "axum is fine\n" })).fallback_service(service);

    let port = env::var("VERNAL_PORT").map_or(Ok(9090), |text| text.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let mut stop = signal(SignalKind::terminate())?;
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move { stop.recv().await.unwrap_or_default() })
        .await?;
    Ok(())
}
