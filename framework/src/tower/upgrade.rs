//! A request to another server that becomes a WebSocket of ours: the 101 goes out through that server, which then hands
//! the connection over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::http::StatusCode;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::app::Run;
use crate::base::{Headers, say};
use crate::http::ConnectionInfo;
use crate::http::{Response, Result};
use crate::io::{Deadline, Stream};
use crate::proto::ws::handshake;
use crate::server::{Counted, Shared, drive};
use crate::websocket::core::Core;
use crate::websocket::handshake::{Handover, Opening};

/// A connection that a handler may ask for. Dropped when the request is answered otherwise.
pub(super) struct Upgrade {
    on_upgrade: Option<OnUpgrade>,
    handover: Arc<Handover>,
    shared: Arc<Shared>,
}

impl Upgrade {
    /// Offers the connection of a request with these fields, if it asks for WebSocket.
    pub(super) fn offer(on_upgrade: OnUpgrade, headers: &Headers, shared: &Arc<Shared>) -> Option<Upgrade> {
        handshake::is_wanted(headers).then(|| Upgrade {
            on_upgrade: Some(on_upgrade),
            handover: Handover::new(shared.lifecycle.is_stopping()),
            shared: Arc::clone(shared),
        })
    }

    pub(super) fn handover(&self) -> Arc<Handover> {
        Arc::clone(&self.handover)
    }

    /// After an answer: a 101 is that of a session which was accepted.
    pub(super) fn conclude(mut self, response: &Response) {
        if response.status == StatusCode::SWITCHING_PROTOCOLS
            && let Some(session) = self.handover.take_session()
        {
            self.drive(session.core, session.handler);
        }
    }

    /// Opens a session for a handler that accepts by hand and goes on running in `run`; returns the 101.
    pub(super) fn open(mut self, opening: Opening, run: Run) -> Response {
        let Opening { core, headers } = opening;
        self.drive(core, ByHand(run));
        let mut response = Response::new(StatusCode::SWITCHING_PROTOCOLS);
        response.headers = headers;
        response.headers.insert("connection", "upgrade");
        response
    }

    /// Drives a session in a task of its own, once the server has handed the connection over.
    fn drive<H: Future<Output = Result> + Unpin + Send + 'static>(&mut self, core: Arc<Core>, handler: H) {
        let Some(on_upgrade) = self.on_upgrade.take() else { return core.abort() };
        let info = ConnectionInfo::new(None, core.request().is_secure());
        let counted = Counted::given(Arc::clone(&self.shared), info);
        tokio::spawn(async move {
            match on_upgrade.await {
                Ok(upgraded) => {
                    let stream = Stream::over(TokioIo::new(upgraded));
                    core.open(stream, Deadline::new(Instant::now()), &[]);
                    drive(core, handler, counted).await;
                }
                Err(error) => {
                    say!(debug, "the server around did not hand a connection over: {error}");
                    core.abort();
                }
            }
        });
    }
}

impl Drop for Upgrade {
    fn drop(&mut self) {
        self.handover.end();
    }
}

/// The rest of a handler that accepted by hand, as the handler of its session.
struct ByHand(Run);

impl Future for ByHand {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        // Its session has been told already what it failed with.
        ready!(self.0.poll_end(cx));
        Poll::Ready(Ok(()))
    }
}
