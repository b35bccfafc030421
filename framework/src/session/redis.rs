//! Sessions in Redis, for several servers: a hash for each session, which Redis lets go when its time is over.
//!
//! Each change is one script, so that it is made whole or not at all. Nothing waits longer than the store's timeout, and a
//! connection that failed is made anew by the next request.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{FromRedisValue, Script, ScriptInvocation};

use super::SessionId;
use super::record::{Saved, SessionChanges, SessionRecord, Values, millis, millis_of, time};
use super::store::SessionStore;
use crate::base::say;
use crate::http::{BoxFuture, Error, Result};
use crate::nodes::{Link, Question, RedisAddress};

/// Keeps sessions in Redis 5 or newer, or in Valkey: servers that share it share their sessions. Needs the feature `redis`.
///
/// A session is a hash named by a prefix and the id: the fields `created`, `accessed` and `max_inactive` in milliseconds, and
/// `v:` with the name for each value, as JSON. Its time to live is the session's time without use. A hash with the field `moved` alone is
/// what [`Session::rotate`](crate::Session::rotate) leaves for five minutes.
///
/// When Redis is away, slow, or has no room for more (`maxmemory` with `noeviction`), requests that need their session
/// are answered with 503 within the [timeout](RedisStore::timeout), all others as always. It is asked anew by each
/// request, so that nothing is to be done when it is back.
///
/// One server, a primary with replicas that Sentinels watch, and a cluster are told apart by the URL: see [`RedisAddress`]. What a primary had not
/// passed on to its replica when it was lost is lost.
///
/// ```no_run
/// use vernal::{RedisStore, server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> vernal::Result {
/// let sessions = RedisStore::connect("redis://localhost:6379/").await?;
/// server::new().sessions(sessions).start_async().await
/// # }
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    link: Link,
    prefix: String,
    save: Script,
    rename: Script,
    remove: Script,
    copy: Script,
    leave: Script,
}

impl RedisStore {
    /// A store behind the URL of a [`RedisAddress`].
    ///
    /// # Errors
    /// 500: the URL is malformed, there is no Redis, or it refuses: better to know at start.
    pub async fn connect(url: &str) -> Result<RedisStore> {
        let store = RedisStore::new(url)?;
        store.0.link.check(&store.0.prefix).await.map_err(Error::internal)?;
        Ok(store)
    }

    /// The same without asking whether there is a Redis yet.
    ///
    /// # Errors
    /// 500: the URL is malformed.
    pub fn new(url: &str) -> Result<RedisStore> {
        Ok(RedisStore::at(RedisAddress::new(url)?))
    }

    /// A store behind an address, or a client of one's own: with certificates, say, that no URL holds. Nobody asks whether there is a Redis
    /// yet.
    ///
    /// ```no_run
    /// use vernal::redis::Client;
    /// use vernal::{RedisStore, server};
    ///
    /// # fn main() -> vernal::Result {
    /// let client = Client::open("redis://localhost:6379/")?;
    /// let server = server::new().sessions(RedisStore::of(client));
    /// # let _ = server;
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(address: impl Into<RedisAddress>) -> RedisStore {
        RedisStore::at(address.into())
    }

    fn at(server: RedisAddress) -> RedisStore {
        let link = Link::new(server, Duration::from_secs(2));
        RedisStore(Arc::new(Inner::new(link, "vernal:session:".to_owned())))
    }

    /// Begins the names of all keys with this. Default `vernal:session:`.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> RedisStore {
        self.with(|inner| inner.prefix = prefix.into())
    }

    /// How long a request waits for Redis at most, each time it asks. Default 2 seconds.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> RedisStore {
        self.with(|inner| inner.link.timeout = timeout)
    }

    /// Changes a setting: of this store alone, if it has clones.
    fn with(mut self, change: impl FnOnce(&mut Inner)) -> RedisStore {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", &self.0.link.server.name())
            .field("prefix", &self.0.prefix)
            .finish()
    }
}

impl SessionStore for RedisStore {
    fn load<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result<Option<SessionRecord>>> {
        Box::pin(async move {
            let mut command = redis::cmd("HGETALL");
            command.arg(self.0.key(id));
            let fields: HashMap<String, String> = self.0.run(true, &Question::Command(command)).await?;
            Ok(record_of(&fields))
        })
    }

    fn save<'s>(&'s self, id: &'s SessionId, changes: &'s SessionChanges) -> BoxFuture<'s, Result<Saved>> {
        Box::pin(async move {
            let script = Question::Script(self.0.save_script(id, changes));
            // What depends on a value must not be tried twice: the first time may have changed it.
            let is_repeatable = changes.expected().is_none();
            let kept: i64 = self.0.run(is_repeatable, &script).await?;
            Ok(match kept {
                -1 => Saved::Gone,
                -2 => Saved::Conflict,
                millis => Saved::Kept(Duration::from_millis(millis.unsigned_abs())),
            })
        })
    }

    fn remove<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result> {
        Box::pin(self.0.remove(self.0.key(id)))
    }

    fn rename<'s>(&'s self, from: &'s SessionId, to: &'s SessionId) -> BoxFuture<'s, Result<bool>> {
        Box::pin(async move {
            let (from, to) = (self.0.key(from), self.0.key(to));
            if self.0.link.server.is_cluster() {
                return self.0.carry(&from, &to).await;
            }
            let mut script = self.0.rename.prepare_invoke();
            script.key(from).key(to);
            self.0.run(true, &Question::Script(script)).await
        })
    }

    fn health(&self) -> Option<BoxFuture<'_, Result>> {
        Some(Box::pin(async { self.0.link.check(&self.0.prefix).await.map_err(told) }))
    }
}

impl Inner {
    fn new(link: Link, prefix: String) -> Inner {
        Inner {
            link,
            prefix,
            save: Script::new(SAVE),
            rename: Script::new(RENAME),
            remove: Script::new(REMOVE),
            copy: Script::new(COPY),
            leave: Script::new(LEAVE),
        }
    }

    fn key(&self, id: &SessionId) -> String {
        format!("{}{id}", self.prefix)
    }

    fn save_script<'s>(&'s self, id: &SessionId, changes: &SessionChanges) -> ScriptInvocation<'s> {
        let mut script = self.save.prepare_invoke();
        script.key(self.key(id));
        script.arg(i32::from(changes.is_new())).arg(millis(changes.created())).arg(millis(changes.now()));
        script.arg(
            changes.max_inactive().map_or(-1, |time| i64::try_from(millis_of(time)).unwrap_or(i64::MAX)),
        );
        match changes.expected() {
            None => script.arg(0).arg("").arg(""),
            Some((name, None)) => script.arg(1).arg(field_of(name)).arg(""),
            Some((name, Some(value))) => script.arg(2).arg(field_of(name)).arg(value),
        };
        for (name, value) in changes.values() {
            match value {
                Some(value) => script.arg(field_of(name)).arg(1).arg(value),
                None => script.arg(field_of(name)).arg(0).arg(""),
            };
        }
        script
    }

    /// Ends a session, and before that what it has become by another id: one key after the other, as each may lie in a server of its own.
    async fn remove(&self, key: String) -> Result {
        let mut ways = vec![(key, String::new())];
        for _ in 0..16 {
            let Some((key, followed)) = ways.pop() else { break };
            let mut script = self.remove.prepare_invoke();
            script.key(&key).arg(&followed);
            let to: String = self.run(true, &Question::Script(script)).await?;
            if !to.is_empty() {
                ways.extend([(key, to.clone()), (to, String::new())]);
            }
        }
        Ok(())
    }

    /// Gives a session another key, which may lie in another server: a copy is made, and counts if it still is one when the old key is
    /// left.
    async fn carry(&self, from: &str, to: &str) -> Result<bool> {
        for _ in 0..8 {
            let mut command = redis::cmd("HGETALL");
            command.arg(from);
            let fields: Vec<(String, String)> = self.run(true, &Question::Command(command)).await?;
            let known: HashMap<String, String> = fields.iter().cloned().collect();
            let moved = known.get("moved");
            if known.is_empty() || moved.is_some() {
                // If it was carried before, the answer was lost; else it has ended, and the copy must not outlive it.
                let mut command =
                    redis::cmd(if moved.is_some_and(|key| key == to) { "EXISTS" } else { "DEL" });
                command.arg(to);
                let is_there: bool = self.run(true, &Question::Command(command)).await?;
                return Ok(is_there && moved.is_some_and(|key| key == to));
            }
            let mut script = self.copy.prepare_invoke();
            script.key(to).arg(known.get("max_inactive").map_or("0", |time| time));
            for (name, value) in &fields {
                script.arg(name).arg(value);
            }
            self.run::<i64>(true, &Question::Script(script)).await?;
            let mut script = self.leave.prepare_invoke();
            script.key(from).arg(to);
            for (name, value) in &fields {
                script.arg(name).arg(value);
            }
            let is_left: bool = self.run(true, &Question::Script(script)).await?;
            if is_left {
                return Ok(true);
            }
        }
        say!(error, "a session changes faster than it can be given another id");
        Err(unavailable())
    }

    async fn run<T: FromRedisValue>(&self, is_repeatable: bool, question: &Question<'_>) -> Result<T> {
        self.link.run(is_repeatable, question).await.map_err(told)
    }
}

/// Why is for the log.
fn told(why: String) -> Error {
    say!(error, "{why}");
    unavailable()
}

fn unavailable() -> Error {
    Error::unavailable("Sessions cannot be reached at the moment; try again later.")
        .header("retry-after", "1")
}

fn field_of(name: &str) -> String {
    format!("{VALUE}{name}")
}

/// A hash as a session; `None` if there is none, or it is something else.
fn record_of(fields: &HashMap<String, String>) -> Option<SessionRecord> {
    let number = |name: &str| fields.get(name).and_then(|text| text.parse().ok());
    let record = SessionRecord::new(
        time(number("created")?),
        time(number("accessed")?),
        Duration::from_millis(number("max_inactive")?),
    );
    let values = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(VALUE)?.into(), value.as_str().into())));
    Some(SessionRecord { values: Arc::new(values.collect::<Values>()), ..record })
}

/// What the names of value fields begin with.
const VALUE: &str = "v:";

/// -1: gone. -2: conflict. Else the milliseconds that the session is kept without use.
const SAVE: &str = r"
local key = KEYS[1]
local is_there = redis.call('EXISTS', key) == 1 and redis.call('HEXISTS', key, 'moved') == 0
if not is_there and ARGV[1] == '0' then return -1 end
if ARGV[5] ~= '0' then
  local value = redis.call('HGET', key, ARGV[6])
  if ARGV[5] == '1' and value or ARGV[5] == '2' and value ~= ARGV[7] then return -2 end
end
if not is_there then redis.call('HSET', key, 'created', ARGV[2]) end
redis.call('HSET', key, 'accessed', ARGV[3])
if ARGV[4] ~= '-1' then redis.call('HSET', key, 'max_inactive', ARGV[4]) end
for i = 8, #ARGV, 3 do
  if ARGV[i + 1] == '1' then redis.call('HSET', key, ARGV[i], ARGV[i + 2]) else redis.call('HDEL', key, ARGV[i]) end
end
local kept = redis.call('HGET', key, 'max_inactive')
redis.call('PEXPIRE', key, kept)
return tonumber(kept)
";

/// What is left under the old id tells for some minutes where the session went: whoever looked at it before may end it after.
const RENAME: &str = r"
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'moved') == 1 then
  return redis.call('EXISTS', KEYS[2])
end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'moved', KEYS[2])
redis.call('PEXPIRE', KEYS[1], 300000)
return 1
";

/// Gives where the session went, unless that was followed already: then it is taken away.
const REMOVE: &str = r"
local to = redis.pcall('HGET', KEYS[1], 'moved')
if type(to) == 'string' and to ~= ARGV[1] then return to end
redis.call('DEL', KEYS[1])
return ''
";

const COPY: &str = r"
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
";

/// Leaves what `RENAME` leaves, if all is as it was copied.
const LEAVE: &str = r"
if redis.call('HGET', KEYS[1], 'moved') == ARGV[1] then return 1 end
if redis.call('HLEN', KEYS[1]) ~= (#ARGV - 1) / 2 then return 0 end
for i = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'moved', ARGV[1])
redis.call('PEXPIRE', KEYS[1], 300000)
return 1
";
