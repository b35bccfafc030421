//! When a silent peer is asked whether it lives, and when it is given up.
//!
//! Nothing here is done for each message but to set a flag: the one timer of a session looks once a ping period.

use std::time::Duration;

use tokio::time::Instant;

use super::config::WebSocketConfig;
use crate::io::clock::{self, Moment};
use crate::proto::ws::{CloseCode, CloseReason};

/// The times of one session.
pub(crate) struct Keepalive {
    ping_at: Option<Moment>,
    /// A ping has left, and a sign of life must have come by then.
    pong_due: Option<Moment>,
    idle_at: Option<Moment>,
    /// A message has come since the timer last looked.
    pub(crate) is_active: bool,
    /// The peer has taken bytes that its socket had refused before, or sent a whole frame, since the timer last looked.
    pub(crate) is_alive: bool,
    /// How many times all that is written must be out before the last ping is; 0: it is.
    rounds: u8,
    /// Bytes have come since the timer last looked.
    pub(crate) received: u32,
    /// The number of the last ping; its payload, in decimal digits: not all clients send other bytes back as they came.
    pings: u32,
    /// The number of the last one that was answered.
    answered: u32,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// A ping with this number.
    Ping(u32),
    Close(CloseReason),
}

impl Keepalive {
    pub(crate) fn new(config: &WebSocketConfig, now: Instant) -> Keepalive {
        Keepalive {
            ping_at: unless_zero(config.ping_period).map(|period| clock::later(now, period).into()),
            pong_due: None,
            idle_at: unless_zero(config.idle_time).map(|time| clock::later(now, time).into()),
            is_active: false,
            is_alive: false,
            rounds: 0,
            received: 0,
            pings: 0,
            answered: 0,
        }
    }

    /// Nothing is to be looked at any more.
    pub(crate) fn stop(&mut self) {
        (self.ping_at, self.pong_due, self.idle_at) = (None, None, None);
    }

    /// When to look again.
    pub(crate) fn next(&self) -> Option<Instant> {
        [self.pong_due, self.ping_at, self.idle_at].into_iter().flatten().map(Instant::from).min()
    }

    /// A ping has been queued. It goes out with what is in the outbox, behind what is being written.
    pub(crate) fn queued(&mut self) {
        self.rounds = 2;
    }

    /// All that was being written is out. `true`: the times have changed.
    #[inline]
    pub(crate) fn written(&mut self, config: &WebSocketConfig) -> bool {
        if self.rounds == 0 {
            return false;
        }
        self.written_at(config, Instant::now())
    }

    fn written_at(&mut self, config: &WebSocketConfig, now: Instant) -> bool {
        self.rounds -= 1;
        let has_left = self.rounds == 0 && self.pong_due.is_none();
        if has_left {
            self.wait_for_pong(clock::later(now, config.pong_timeout));
        }
        has_left
    }

    fn wait_for_pong(&mut self, due: Instant) {
        self.pong_due = Some(due.into());
        self.received = 0;
        self.is_alive = false;
    }

    /// A pong has come. One that answers no ping says nothing beyond that something has come.
    pub(crate) fn pong(&mut self, payload: &[u8]) {
        let number = std::str::from_utf8(payload).ok().and_then(|digits| digits.parse().ok());
        let waiting = self.pings.wrapping_sub(self.answered);
        let Some(number) =
            number.filter(|number: &u32| (1..=waiting).contains(&number.wrapping_sub(self.answered)))
        else {
            return;
        };
        self.answered = number;
        if number == self.pings {
            self.pong_due = None;
        } else {
            // Those behind it have waited less.
            self.is_alive = true;
        }
    }

    /// What is to be done at `now`. `is_held_up`: what the peer sends is not being read, since its messages still wait, so
    /// that a missing pong is not its fault. `in_frame`: a frame has begun to come.
    pub(crate) fn look(
        &mut self,
        config: &WebSocketConfig,
        now: Instant,
        is_held_up: bool,
        in_frame: bool,
    ) -> Due {
        if let Some(idle_at) = self.idle_at
            && (now >= idle_at.into() || self.is_active)
        {
            if !std::mem::take(&mut self.is_active) && !is_held_up {
                return Due::Close(CloseReason::shortened(CloseCode::GOING_AWAY, "Idle timeout"));
            }
            self.idle_at = Some(clock::later(now, config.idle_time).into());
        }
        if let Some(due) = self.pong_due
            && now >= due.into()
        {
            let enough = (config.pong_timeout.as_secs_f64() * RATE) as u32;
            let is_excused = self.is_alive || is_held_up || in_frame && self.received >= enough.max(1);
            if !is_excused {
                return Due::Close(CloseReason::shortened(CloseCode::INTERNAL_ERROR, "Ping timeout"));
            }
            self.wait_for_pong(clock::later(now, config.pong_timeout));
        }
        match self.ping_at {
            Some(ping_at) if now >= ping_at.into() => {
                self.ping_at = Some(clock::later(now, config.ping_period).into());
                // One that has not left yet asks enough.
                if self.rounds > 0 {
                    return Due::Nothing;
                }
                self.pings = self.pings.wrapping_add(1);
                Due::Ping(self.pings)
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

    /// Sends the ping that is due.
    fn ping(keepalive: &mut Keepalive, config: &WebSocketConfig, now: Instant) -> u32 {
        let Due::Ping(number) = keepalive.look(config, now, false, false) else { panic!("a ping") };
        keepalive.queued();
        assert!(!keepalive.written(config), "what was before it");
        keepalive.written_at(config, now);
        number
    }

    #[test]
    fn a_ping_must_be_answered() {
        let (config, start) = (config(), Instant::now());
        let mut keepalive = Keepalive::new(&config, start);
        assert_eq!(keepalive.next(), Some(start + 10 * SECOND));
        assert_eq!(keepalive.look(&config, start + 9 * SECOND, false, false), Due::Nothing);
        assert_eq!(ping(&mut keepalive, &config, start + 10 * SECOND), 1);
        assert_eq!(keepalive.next(), Some(start + 14 * SECOND));
        for wrong in [&b"other"[..], b"", b"0", b"2", b"\xff\xff", b"99999999999"] {
            keepalive.pong(wrong);
            assert_eq!(keepalive.next(), Some(start + 14 * SECOND), "a wrong pong says nothing");
        }
        keepalive.pong(b"1");
        assert_eq!(keepalive.next(), Some(start + 20 * SECOND));
        assert_eq!(ping(&mut keepalive, &config, start + 20 * SECOND), 2);
        keepalive.pong(b"1");
        assert!(closes(keepalive.look(&config, start + 24 * SECOND, false, false), 1011));
    }

    #[test]
    fn the_clock_runs_from_when_the_ping_has_left() {
        let (config, start) = (config().idle_time(Duration::ZERO), Instant::now());
        let mut keepalive = Keepalive::new(&config, start);
        assert_eq!(keepalive.look(&config, start + 10 * SECOND, false, false), Due::Ping(1));
        keepalive.queued();
        for second in [14, 20, 30, 100] {
            let due = keepalive.look(&config, start + second * SECOND, false, false);
            assert_eq!(due, Due::Nothing, "{second} s: it waits behind others, and one is enough");
        }
        assert!(!keepalive.written(&config));
        keepalive.written_at(&config, start + 100 * SECOND);
        assert_eq!(keepalive.look(&config, start + 103 * SECOND, false, false), Due::Nothing);
        assert!(closes(keepalive.look(&config, start + 104 * SECOND, false, false), 1011));
    }

    #[test]
    fn the_period_is_the_period() {
        let (config, start) = (config().ping_period(SECOND), Instant::now());
        let mut keepalive = Keepalive::new(&config, start);
        for second in 1..=5 {
            let now = start + second * SECOND;
            if second == 5 {
                // The second of the pings before it: those behind it are newer.
                keepalive.pong(b"2");
                keepalive.pong(b"1");
            }
            assert_eq!(ping(&mut keepalive, &config, now), second, "pings do not wait for pongs");
        }
        assert_eq!(keepalive.look(&config, start + 5 * SECOND, false, false), Due::Nothing);
        keepalive.pong(b"5");
        assert_eq!(keepalive.next(), Some(start + 6 * SECOND));
    }

    #[test]
    fn who_cannot_answer_is_excused() {
        let (config, start) = (config().ping_period(100 * SECOND).idle_time(Duration::ZERO), Instant::now());
        type Sign = fn(&mut Keepalive);
        let table: [(&str, Sign, bool, bool, bool); 6] = [
            ("nothing", |_| {}, false, false, false),
            ("held up by us", |_| {}, true, false, true),
            ("in a frame", |keepalive| keepalive.received = 4 * 256, false, true, true),
            ("in a frame, too slow", |keepalive| keepalive.received = 4 * 256 - 1, false, true, false),
            (
                "a whole frame, or what was refused is taken",
                |keepalive| keepalive.is_alive = true,
                false,
                false,
                true,
            ),
            ("bytes of no frame", |keepalive| keepalive.received = 9_999, false, false, false),
        ];
        for (name, sign, is_held_up, in_frame, is_excused) in table {
            let mut keepalive = Keepalive::new(&config, start);
            // What was before the ping says nothing of later.
            sign(&mut keepalive);
            ping(&mut keepalive, &config, start + 100 * SECOND);
            sign(&mut keepalive);
            let due = keepalive.look(&config, start + 104 * SECOND, is_held_up, in_frame);
            assert_eq!(due == Due::Nothing, is_excused, "{name}: {due:?}");
            if is_excused {
                assert_eq!(keepalive.next(), Some(start + 108 * SECOND), "{name}");
                assert!(
                    closes(keepalive.look(&config, start + 108 * SECOND, false, false), 1011),
                    "{name}: once"
                );
            }
        }
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
