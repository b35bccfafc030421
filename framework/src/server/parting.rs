//! How a server takes leave of those it serves.

use std::time::Duration;

use crate::http::{Error, Result};
use crate::io::clock::FOR_EVER;
use crate::proto::ws::CloseCode;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parting {
    /// How long it goes on after a stop has begun.
    pub(crate) delay: Duration,
    /// How WebSocket sessions are closed, and over what time.
    pub(crate) websocket_code: CloseCode,
    pub(crate) websocket_spread: Duration,
    /// After what time the rest is cut.
    #[cfg(feature = "http2")]
    pub(crate) grace: Duration,
}

impl Default for Parting {
    fn default() -> Parting {
        Parting {
            delay: Duration::ZERO,
            websocket_code: CloseCode::GOING_AWAY,
            websocket_spread: Duration::ZERO,
            #[cfg(feature = "http2")]
            grace: Duration::from_secs(30),
        }
    }
}

impl Parting {
    /// As a builder was told, with the time after which the rest is cut.
    ///
    /// # Errors
    /// It makes no sense; the text says what does.
    pub(super) fn new(
        delay: Option<Duration>,
        code: Option<u16>,
        spread: Option<Duration>,
        grace: Duration,
    ) -> Result<Parting> {
        let usual = Parting::default();
        let parting = Parting {
            delay: delay.unwrap_or(usual.delay),
            websocket_code: code.map_or(usual.websocket_code, CloseCode::new),
            websocket_spread: spread.unwrap_or(usual.websocket_spread),
            #[cfg(feature = "http2")]
            grace,
        };
        let code = parting.websocket_code.value();
        if !matches!(code, 1001 | 1012 | 3000..=4999) {
            return Err(Error::internal(format!(
                "{code} is no close code of a server that stops: use 1001, 1012, or one of your own from 3000 to 4999 \
                 (Server::websocket_stop_code)"
            )));
        }
        let spread = parting.websocket_spread;
        if spread > grace {
            return Err(Error::internal(format!(
                "WebSocket sessions would be told of a stop over {spread:?} (Server::websocket_stop_spread), and cut after {grace:?} \
                 (Server::grace): let the second be longer"
            )));
        }
        Ok(parting)
    }

    /// When the next session is told, from now on: all have the same chance at any moment of the time, so that they do not all come back
    /// at once.
    pub(crate) fn websocket_moment(&self) -> Duration {
        let part = getrandom::u32().expect("the system has random bytes");
        self.websocket_spread.min(FOR_EVER).mul_f64(f64::from(part) / f64::from(u32::MAX))
    }
}
