//! How often somebody may ask: 429 for those who ask more (RFC 6585, section 4), and fields that tell how much is left
//! (draft-ietf-httpapi-ratelimit-headers-11).

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use ::http::StatusCode;
use tokio::time::Instant;

use super::fields::quoted;
use super::meter::{Allowance, Meter, Metered};
#[cfg(feature = "redis")]
use super::redis_rates::{Away, Digested, RedisRates, Shared};
use crate::base::{Headers, is_token};
use crate::chain::{Filter, FilterContext, Next};
use crate::contract::Guards;
use crate::http::{BoxFuture, Error, Request, Result};

/// Lets each key pass so many requests in a time, earned back evenly; others get a 429 with `Retry-After`.
///
/// A key is the peer's address unless said otherwise; of an IPv6 address the first 64 bits, since a subscriber has all the
/// rest. Requests over no network, from a Unix socket for instance, share one key. Behind a proxy the address is the
/// proxy's, unless the server trusts it and reads who it speaks for.
///
/// Answers tell what is left: `RateLimit-Policy: "default";q=100;w=60` and `RateLimit: "default";r=99;t=1`, where `t` is
/// the seconds until all is earned back.
///
/// Memory is bounded whoever comes: [`RateLimit::keys`]. Each process counts for itself, unless it counts with others: `RateLimit::shared`,
/// with the feature `redis`.
///
/// ```
/// use std::time::Duration;
/// use vernal::security::RateLimit;
/// use vernal::server;
///
/// let minute = Duration::from_secs(60);
/// let server = server::new()
///     .filter("/**", RateLimit::new(600, minute).burst(50))
///     .filter("/login", RateLimit::new(5, minute).name("login"));
/// # let _ = server;
/// ```
pub struct RateLimit {
    name: String,
    requests: u64,
    time: Duration,
    burst: u64,
    keys: usize,
    key: Key,
    tells: bool,
    hasher: RandomState,
    clock: Instant,
    /// `None` where the settings are wrong.
    meter: Option<Meter>,
    #[cfg(feature = "redis")]
    shared: Option<RedisRates>,
}

enum Key {
    Peer,
    Header(&'static str),
    Of(Chosen),
}

/// Hashes what is counted together; `false`: it is not counted.
type Chosen = Box<dyn Fn(&Request, &mut dyn Hasher) -> bool + Send + Sync>;

impl RateLimit {
    /// So many requests in that time, for each peer. Zero of either is an error at start.
    pub fn new(requests: u32, time: Duration) -> RateLimit {
        let mut limit = RateLimit {
            name: "default".to_owned(),
            requests: requests.into(),
            time,
            burst: requests.into(),
            keys: 64 << 10,
            key: Key::Peer,
            tells: true,
            hasher: RandomState::new(),
            clock: Instant::now(),
            meter: None,
            #[cfg(feature = "redis")]
            shared: None,
        };
        limit.settle();
        limit
    }

    /// How many may come at once. Default: as many as in the whole time. With 1 they must be evenly apart.
    #[must_use]
    pub fn burst(mut self, requests: u32) -> RateLimit {
        self.burst = requests.into();
        self.settle();
        self
    }

    /// Counts by a field of the head, an API key for instance; by the peer's address where there is none. Give a filter
    /// that knows good values from bad before this one: else whoever makes them up is never counted twice.
    #[must_use]
    pub fn by_header(mut self, name: &'static str) -> RateLimit {
        self.key = Key::Header(name);
        self
    }

    /// Counts by what this says of a request: a user, a tenant, the path beside the address. `None` is not counted. Take what
    /// another filter has proved, not what a peer may make up.
    ///
    /// ```
    /// use std::time::Duration;
    /// use vernal::security::{RateLimit, UserName};
    ///
    /// let limit = RateLimit::new(100, Duration::from_secs(60))
    ///     .by(|request| request.extensions.get::<UserName>().cloned());
    /// # let _ = limit;
    /// ```
    #[must_use]
    pub fn by<K: Hash>(mut self, key: impl Fn(&Request) -> Option<K> + Send + Sync + 'static) -> RateLimit {
        self.key = Key::Of(Box::new(move |request, mut hasher| match key(request) {
            Some(key) => {
                key.hash(&mut hasher);
                true
            }
            None => false,
        }));
        self
    }

    /// How many keys are kept. Default 65,536, in 1.1 MB. When more are about at once, those who used least are forgotten
    /// first.
    #[must_use]
    pub fn keys(mut self, most: usize) -> RateLimit {
        self.keys = most;
        self.settle();
        self
    }

    /// What the fields call it. Default `default`; name each where several filters match.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> RateLimit {
        self.name = name.into();
        self
    }

    /// Sends no `RateLimit` fields. A 429 still has its `Retry-After`.
    #[must_use]
    pub fn silent(mut self) -> RateLimit {
        self.tells = false;
        self
    }

    fn settle(&mut self) {
        self.meter = Allowance::new(self.requests, self.time, self.burst)
            .filter(|_| (1..=MOST_KEYS).contains(&self.keys))
            .map(|allowance| Meter::new(allowance, self.keys));
    }

    /// Counts with all nodes that share a Redis. What is done while that is away says [`RedisRates::away`].
    ///
    /// Keys of [`RateLimit::by`] must hash alike on all nodes, as all types of the standard library do in one program.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn shared(mut self, rates: RedisRates) -> RateLimit {
        self.shared = Some(rates);
        self
    }

    /// Hashes what the request is counted by; `false`: it is not counted.
    fn hash(&self, request: &Request, mut hasher: &mut dyn Hasher) -> bool {
        match &self.key {
            Key::Of(key) => return key(request, hasher),
            Key::Header(name) => {
                if let Some(value) = request.headers.get_bytes(name) {
                    (1, value).hash(&mut hasher);
                    return true;
                }
            }
            Key::Peer => {}
        }
        (0, request.peer().map(|peer| network(peer.ip()))).hash(&mut hasher);
        true
    }

    /// Counts a request; `None`: it is not counted.
    fn count(&self, meter: &Meter, request: &Request) -> Option<Metered> {
        let mut hasher = self.hasher.build_hasher();
        if !self.hash(request, &mut hasher) {
            return None;
        }
        let now = u64::try_from(self.clock.elapsed().as_nanos()).unwrap_or(u64::MAX / 2);
        Some(meter.count(hasher.finish(), now))
    }

    /// Counts a request where all nodes do.
    #[cfg(feature = "redis")]
    async fn count_shared(
        &self,
        rates: &RedisRates,
        meter: &Meter,
        request: &Request,
    ) -> Result<Option<Metered>> {
        let mut digested = Digested::default();
        if !self.hash(request, &mut digested) {
            return Ok(None);
        }
        match rates.count(&self.name, &digested, meter.allowance()).await {
            Shared::Counted(metered) => Ok(Some(metered)),
            Shared::Away(Away::Local) => Ok(self.count(meter, request)),
            Shared::Away(Away::Open) => Ok(None),
            Shared::Away(Away::Closed) => {
                let why = "It cannot be counted at the moment how often you ask; try again later.";
                Err(Error::unavailable(why).header("retry-after", "1"))
            }
        }
    }

    fn tell(&self, headers: &mut Headers, remaining: u64, seconds: u64) {
        if !self.tells {
            return;
        }
        let name = quoted(&self.name).unwrap_or_default();
        let window = match self.time.subsec_nanos() {
            0 => format!(";w={}", self.time.as_secs()),
            _ => String::new(),
        };
        headers.append("ratelimit-policy", format!("{name};q={}{window}", self.requests));
        headers.append("ratelimit", format!("{name};r={remaining};t={seconds}"));
    }
}

impl Filter for RateLimit {
    /// Only what is counted by may look at it.
    fn reads_body(&self) -> bool {
        matches!(self.key, Key::Of(_))
    }

    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            if let Some(meter) = &self.meter {
                #[cfg(feature = "redis")]
                let counted = match &self.shared {
                    Some(rates) => self.count_shared(rates, meter, cx.request).await?,
                    None => self.count(meter, cx.request),
                };
                #[cfg(not(feature = "redis"))]
                let counted = self.count(meter, cx.request);
                match counted {
                    None => {}
                    Some(Metered::Passes { remaining, whole_in }) => {
                        self.tell(&mut cx.response.headers, remaining, whole_seconds(whole_in));
                    }
                    Some(Metered::Waits(time)) => {
                        let seconds = whole_seconds(time);
                        self.tell(&mut cx.response.headers, 0, seconds);
                        let unit = if seconds == 1 { "second" } else { "seconds" };
                        return Err(Error::status_only(StatusCode::TOO_MANY_REQUESTS)
                            .explain(format!("That was too often; ask again in {seconds} {unit}."))
                            .header("retry-after", seconds)
                            .beyond("rate_limit"));
                    }
                }
            }
            next.run(cx).await;
            Ok(())
        })
    }

    /// Those who look for what is not there are counted too.
    fn unmatched(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), String> {
        if let Err(why) = quoted(&self.name) {
            return Err(format!("the name {:?} {why}: write letters, `.name(\"login\")`", self.name));
        }
        if let Key::Header(name) = &self.key
            && !is_token(name.as_bytes())
        {
            return Err(format!("`.by_header({name:?})` names no field of a head"));
        }
        if !(1..=MOST_KEYS).contains(&self.keys) {
            return Err(format!("`.keys({})` cannot be kept: write 1 to {MOST_KEYS}", self.keys));
        }
        match self.meter {
            Some(_) => Ok(()),
            None => Err(format!(
                "{} requests in {:?} with a burst of {} let nobody pass, or cannot be counted: write one request at least, at \
                 most one in a nanosecond, and a time that is not zero: `RateLimit::new(100, Duration::from_secs(60))`",
                self.requests, self.time, self.burst
            )),
        }
    }

    fn describe(&self, guards: &mut Guards) {
        guards.refuses(429);
    }
}

/// Who an address stands for: a network of 64 bits, or one IPv4 address however it is written.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

/// Rounded up, so that whoever waits so long has waited long enough.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// A table of 2 GiB and more is a slip.
const MOST_KEYS: usize = 1 << 26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_subscriber_are_one() {
        let table = [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ];
        for (address, expected) in table {
            let parse = |text: &str| text.parse::<IpAddr>().expect("well formed");
            assert_eq!(network(parse(address)), parse(expected), "{address}");
        }
    }
}
