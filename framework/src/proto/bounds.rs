//! What limits come to: how large a body may be and how fast it has to move, and what is answered where it does not.

use std::time::Duration;

use ::http::StatusCode;

use super::limits::{Limit, Limits};
use super::refusal::Refusal;

/// The most bytes of a body, and the limit that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SizeBound {
    size: u64,
    limit: Limit,
}

impl SizeBound {
    /// Judges the size of a body.
    ///
    /// # Errors
    /// It is too large: 413.
    pub(crate) fn check(self, size: u64) -> Result<(), Refusal> {
        if size <= self.size {
            return Ok(());
        }
        let SizeBound { size, limit } = self;
        let what = format_args!("the body is larger than {size} bytes");
        Err(Refusal::beyond(limit, StatusCode::PAYLOAD_TOO_LARGE, what))
    }
}

/// How fast bytes have to move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tempo {
    /// Time to wait in all, however few there are.
    grace: Duration,
    /// Bytes a second that give more.
    rate: u32,
    /// Time to wait at a stretch.
    pub(crate) idle: Duration,
}

impl Tempo {
    /// How long to wait in all for so many bytes.
    pub(crate) fn time_for(self, count: u64) -> Duration {
        self.grace.saturating_add(Duration::from_secs(count / u64::from(self.rate.max(1))))
    }
}

impl Limits {
    /// How large a body may be.
    pub(crate) fn body_bound(&self) -> SizeBound {
        SizeBound { size: self.body_size, limit: Limit::body_size }
    }

    /// How large a form in parts may be.
    pub(crate) fn upload_bound(&self) -> SizeBound {
        SizeBound { size: self.upload_size, limit: Limit::upload_size }
    }

    /// How long a fresh connection may stay silent.
    pub(crate) fn first_byte(&self) -> Duration {
        self.header_timeout.min(self.idle_time)
    }

    /// How fast a body has to come.
    pub(crate) fn body_tempo(&self) -> Tempo {
        Tempo { grace: self.body_grace, rate: self.body_rate, idle: self.body_idle }
    }

    /// How fast an answer has to be taken.
    pub(crate) fn answer_tempo(&self) -> Tempo {
        Tempo { grace: self.write_timeout, rate: self.answer_rate, idle: self.write_timeout }
    }

    /// What a body is answered with that came too slowly on average, or was silent for too long.
    pub(crate) fn body_is_late(&self, is_slow: bool) -> Refusal {
        let Limits { body_rate, body_grace, body_idle, .. } = self;
        let (limit, what) = match is_slow {
            true => (
                Limit::body_rate,
                format!(
                    "the body came slower than {body_rate} bytes a second after the {body_grace:?} of {}",
                    Limit::body_grace
                ),
            ),
            false => (Limit::body_idle, format!("no byte of the body came for {body_idle:?}")),
        };
        Refusal::beyond(limit, StatusCode::REQUEST_TIMEOUT, what)
    }
}
