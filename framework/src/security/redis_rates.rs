//! How often somebody may ask, counted by all nodes together: the same algorithm as `meter.rs`, as a script in Redis, by Redis's clock.

use std::fmt;
use std::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::Script;
use sha1::{Digest, Sha1};
use tokio::time::Instant;

use super::meter::{Allowance, Metered};
use crate::base::say;
use crate::http::{Error, Result};
use crate::io::clock;
use crate::nodes::{Link, Question, RedisAddress};

/// Counts of a [`RateLimit`](super::RateLimit) in Redis 5 or newer, or in Valkey, for all nodes that share it. Needs the feature `redis`.
///
/// Each request is one question. What is kept of a key is one number under a hash of it (SHA-1), until all is earned back.
///
/// ```
/// use std::time::Duration;
/// use vernal::security::{Away, RateLimit, RedisRates};
/// use vernal::server;
///
/// # fn main() -> vernal::Result {
/// let rates = RedisRates::new("redis://localhost:6379/")?.away(Away::Closed);
/// let login = RateLimit::new(5, Duration::from_secs(60)).name("login").shared(rates);
/// let server = server::new().filter("/login", login);
/// # let _ = server;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisRates(Arc<Inner>);

struct Inner {
    link: Link,
    prefix: String,
    away: Away,
    count: Script,
    /// Nobody is asked before, since Redis was away.
    asked_again: Mutex<Option<Instant>>,
}

/// What a [`RateLimit`](super::RateLimit) does while the Redis that counts is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Away {
    /// Each node counts for itself, by the same rule: with three nodes somebody may ask three times as often. The default.
    #[default]
    Local,
    /// All pass.
    Open,
    /// Nobody passes: 503.
    Closed,
}

/// How a request fared.
pub(super) enum Shared {
    Counted(Metered),
    Away(Away),
}

impl RedisRates {
    /// Counts in the Redis behind the URL of a [`RedisAddress`].
    ///
    /// # Errors
    /// 500: the URL is malformed, there is no Redis, or it refuses: better to know at start.
    pub async fn connect(url: &str) -> Result<RedisRates> {
        let rates = RedisRates::new(url)?;
        rates.0.link.check(&rates.0.prefix).await.map_err(Error::internal)?;
        Ok(rates)
    }

    /// The same without asking whether there is a Redis yet.
    ///
    /// # Errors
    /// 500: the URL is malformed.
    pub fn new(url: &str) -> Result<RedisRates> {
        Ok(RedisRates::at(RedisAddress::new(url)?))
    }

    /// Counts behind an address, or a client of one's own: with certificates, say, that no URL holds. Nobody asks whether there is a Redis
    /// yet.
    pub fn of(address: impl Into<RedisAddress>) -> RedisRates {
        RedisRates::at(address.into())
    }

    fn at(server: RedisAddress) -> RedisRates {
        let link = Link::new(server, Duration::from_millis(250));
        RedisRates(Arc::new(Inner::new(link, "vernal:rate:".to_owned(), Away::default())))
    }

    /// Begins the names of all keys with this. Default `vernal:rate:`. The name and the numbers of the limit follow, so that limits that
    /// differ in one of them do not meet.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> RedisRates {
        self.with(|inner| inner.prefix = prefix.into())
    }

    /// How long a request waits for Redis at most. Default 250 milliseconds. Redis is away then, and is asked again after a second.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> RedisRates {
        self.with(|inner| inner.link.timeout = timeout)
    }

    /// What is done while Redis is away. Default [`Away::Local`].
    #[must_use]
    pub fn away(self, away: Away) -> RedisRates {
        self.with(|inner| inner.away = away)
    }

    /// Changes a setting: of these alone, if there are clones.
    fn with(mut self, change: impl FnOnce(&mut Inner)) -> RedisRates {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Counts a request of a key, which is told from all others by a hash.
    pub(super) async fn count(&self, name: &str, key: &Digested, allowance: Allowance) -> Shared {
        let inner = &*self.0;
        if inner.is_away() {
            return Shared::Away(inner.away);
        }
        let (cost, burst) = allowance.micros();
        let mut script = inner.count.prepare_invoke();
        script.key(format!("{}{name}:{cost}:{burst}:{}", inner.prefix, key.shown()));
        script.arg(cost).arg(burst);
        // Counted once at most: a question whose answer is lost may have been counted.
        match inner.link.run::<(f64, f64)>(false, &Question::Script(script)).await {
            Ok(answer) => {
                inner.set_away(None);
                Shared::Counted(metered(answer))
            }
            Err(why) => {
                inner.set_away(Some(&why));
                Shared::Away(inner.away)
            }
        }
    }
}

impl Clone for Inner {
    fn clone(&self) -> Inner {
        Inner::new(self.link.clone(), self.prefix.clone(), self.away)
    }
}

impl Inner {
    fn new(link: Link, prefix: String, away: Away) -> Inner {
        Inner { link, prefix, away, count: Script::new(COUNT), asked_again: Mutex::default() }
    }

    /// Whether Redis is away, and is not to be asked yet. Of those who may ask again one does.
    fn is_away(&self) -> bool {
        let mut asked_again = self.asked_again.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(time) = *asked_again else { return false };
        if Instant::now() < time {
            return true;
        }
        *asked_again = Some(clock::after(PAUSE));
        false
    }

    fn set_away(&self, why: Option<&str>) {
        let mut asked_again = self.asked_again.lock().unwrap_or_else(PoisonError::into_inner);
        match (why, asked_again.is_some()) {
            (Some(why), false) => say!(error, "rates are not counted together: {why}"),
            (None, true) => say!(info, "rates are counted together again"),
            _ => {}
        }
        *asked_again = why.map(|_| clock::after(PAUSE));
    }
}

impl fmt::Debug for RedisRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { link, prefix, away, .. } = &*self.0;
        let mut shown = f.debug_struct("RedisRates");
        shown.field("server", &link.server.name()).field("prefix", prefix).field("away", away).finish()
    }
}

/// A key as all nodes know it: what it hashes, hashed so that nobody finds another that does the same.
#[derive(Default)]
pub(super) struct Digested(Sha1);

impl Digested {
    fn shown(&self) -> String {
        self.0.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Hasher for Digested {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks for it.
    fn finish(&self) -> u64 {
        0
    }
}

/// What the script says: how many more may pass, or less than nothing; and the microseconds until all is earned back, or one may pass.
fn metered((remaining, micros): (f64, f64)) -> Metered {
    let time = Duration::try_from_secs_f64(micros / 1e6).unwrap_or_default();
    if remaining < 0.0 {
        return Metered::Waits(time);
    }
    Metered::Passes { remaining: remaining as u64, whole_in: time }
}

/// How long nobody asks a Redis that is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Microseconds in which one request is earned, and that may be used ahead. A clock that was set back costs no more than the whole
/// allowance.
const COUNT: &str = r"
local cost, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local whole = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local used = math.min(math.max(whole - now, 0), burst) + cost
if used > burst * 1.000000001 then return {'-1', string.format('%.3f', used - burst)} end
redis.call('SET', KEYS[1], string.format('%.3f', used + now), 'PX', math.ceil(used / 1000))
return {string.format('%.0f', math.floor((burst - used) / cost + 0.000001)), string.format('%.3f', used)}
";
