//! When a silent peer is asked whether it lives, and when it is given up.
//!
//! Nothing here is done for each message but to set a flag: the one timer of a session looks once a ping period.

use std::time::Duration;

use tokio::time::Instant;

use super::config::WebSocketConfig;
use crate::proto::ws::{CloseCode, CloseReason};

/// The times of one session.
pub(crate) struct Keepalive {
    ping_at: Option<Instant>,
    /// A ping is out, and must be answered by then.
    pong_due: Option<Instant>,
    idle_at: Option<Instant>,
    /// A message has come since the timer last looked.
    pub(crate) is_active: bool,
    /// Bytes have come since the ping went out.
    pub(crate) received: usize,
    /// The payload of the last ping.
    pings: u32,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Ping([u8; 4]),
    Close(CloseReason),
}

impl Keepalive {
    pub(crate) fn new(config: &WebSocketConfig, now: Instant) -> Keepalive {
        Keepalive {
            ping_at: unless_zero(config.ping_period).map(|period| now + period),
            pong_due: None,
            idle_at: unless_zero(config.idle_time).map(|time| now + time),
            is_active: false,
            received: 0,
            pings: 0,
        }
    }

    /// Nothing is to be looked at any more.
    pub(crate) fn stop(&mut self) {
        (self.ping_at, self.pong_due, self.idle_at) = (None, None, None);
    }

    /// When to look again.
    pub(crate) fn next(&self) -> Option<Instant> {
        [self.pong_due.or(self.ping_at), self.idle_at].into_iter().flatten().min()
    }

    /// A pong has come. One that answers an older ping, or none, says nothing.
    pub(crate) fn pong(&mut self, payload: &[u8]) {
        if self.pong_due.is_some() && payload == self.pings.to_be_bytes() {
            self.pong_due = None;
        }
    }

    /// What is to be done at `now`. `is_held_up`: what the peer sends is not being read, since its last message still waits, so
    /// that a missing pong is not its fault. `in_frame`: a frame has begun to come.
    pub(crate) fn look(
        &mut self,
        config: &WebSocketConfig,
        now: Instant,
        is_held_up: bool,
        in_frame: bool,
    ) -> Due {
        if let Some(idle_at) = self.idle_at
            && (now >= idle_at || self.is_active)
        {
            if !std::mem::take(&mut self.is_active) && !is_held_up {
                return Due::Close(CloseReason::shortened(CloseCode::GOING_AWAY, "Idle timeout"));
            }
            self.idle_at = Some(now + config.idle_time);
        }
        if let Some(due) = self.pong_due {
            if now < due {
                return Due::Nothing;
            }
            let enough = (config.pong_timeout.as_secs_f64() * RATE) as usize;
            let is_excused = is_held_up || in_frame && self.received >= enough.max(1);
            if !is_excused {
                return Due::Close(CloseReason::shortened(CloseCode::INTERNAL_ERROR, "Ping timeout"));
            }
            self.received = 0;
            self.pong_due = Some(now + config.pong_timeout);
            return Due::Nothing;
        }
        match self.ping_at {
            Some(ping_at) if now >= ping_at => {
                self.ping_at = Some(now + config.ping_period);
                self.pong_due = Some(now + config.pong_timeout);
                self.pings = self.pings.wrapping_add(1);
                self.received = 0;
                Due::Ping(self.pings.to_be_bytes())
            }
            _ => Due::Nothing,
        }
    }
}

fn unless_zero(time: Duration) -> Option<Duration> {
    (!time.is_zero()).then_some(time)
}

/// Bytes a second at which a frame must come to excuse a missing pong.
const RATE: f64 = 256.0;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn config() -> WebSocketConfig {
        WebSocketConfig::new().ping_period(10 * SECOND).pong_timeout(4 * SECOND).idle_time(60 * SECOND)
    }

    fn closes(due: Due, code: u16) -> bool {
        matches!(due, Due::Close(reason) if reason.code() == code)
    }

    #[test]
    fn a_ping_must_be_answered() {
        let (config, start) = (config(), Instant::now());
        let mut keepalive = Keepalive::new(&config, start);
        assert_eq!(keepalive.next(), Some(start + 10 * SECOND));
        assert_eq!(keepalive.look(&config, start + 9 * SECOND, false, false), Due::Nothing);
        let Due::Ping(payload) = keepalive.look(&config, start + 10 * SECOND, false, false) else {
            panic!("a ping")
        };
        assert_eq!(keepalive.next(), Some(start + 14 * SECOND));
        keepalive.pong(b"other");
        assert_eq!(keepalive.next(), Some(start + 14 * SECOND), "a wrong pong says nothing");
        keepalive.pong(&payload);
        assert_eq!(keepalive.next(), Some(start + 20 * SECOND));
        assert!(matches!(keepalive.look(&config, start + 20 * SECOND, false, false), Due::Ping(_)));
        assert!(closes(keepalive.look(&config, start + 24 * SECOND, false, false), 1011));
    }

    #[test]
    fn who_cannot_answer_is_excused() {
        let (config, start) = (config(), Instant::now());
        let mut keepalive = Keepalive::new(&config, start);
        assert!(matches!(keepalive.look(&config, start + 10 * SECOND, false, false), Due::Ping(_)));
        assert_eq!(keepalive.look(&config, start + 14 * SECOND, true, false), Due::Nothing, "held up by us");
        keepalive.received = 4 * 256;
        assert_eq!(keepalive.look(&config, start + 18 * SECOND, false, true), Due::Nothing, "in a frame");
        keepalive.received = 4 * 256 - 1;
        assert!(closes(keepalive.look(&config, start + 22 * SECOND, false, true), 1011), "too slow");
    }

    #[test]
    fn a_silent_peer_is_left() {
        let (config, start) = (config().ping_period(Duration::ZERO), Instant::now());
        let mut keepalive = Keepalive::new(&config, start);
        assert_eq!(keepalive.next(), Some(start + 60 * SECOND));
        keepalive.is_active = true;
        assert_eq!(keepalive.look(&config, start + 60 * SECOND, false, false), Due::Nothing);
        assert_eq!(keepalive.next(), Some(start + 120 * SECOND));
        assert!(closes(keepalive.look(&config, start + 120 * SECOND, false, false), 1001));
        let never = config.idle_time(Duration::ZERO);
        assert_eq!(Keepalive::new(&never, start).next(), None);
    }
}
