//! Reads the inbox of a node, from where it stopped, and gives members what is theirs.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{ErrorKind, FromRedisValue, Pipeline, RedisResult, Value};
use tokio::time::{Instant, timeout};

use super::backoff::Backoff;
use super::connection::Connection;
use super::envelope::{Entry, Foreign, entries};
use super::local::Delivered;
use super::script::{READ, status};
use super::seen::Seen;
use super::shared::{Shared, Standing, Suspicion};
use crate::base::say;

/// Reads until the task ends.
pub(super) async fn read(shared: Arc<Shared>) {
    let mut reader = Reader { shared, seen: Seen::default(), warned: Warned::default() };
    let mut standings = reader.shared.standing.subscribe();
    let mut place = Place::default();
    let mut backoff = Backoff::default();
    loop {
        let known = standings.wait_for(Option::is_some).await.map(|standing| standing.clone());
        let Ok(Some(standing)) = known else { return };
        // A new standing ends what waits for news of an old one.
        let reading = reader.follow(&standing, &mut place, &mut backoff);
        let changing = standings.wait_for(|now| now.as_ref().is_some_and(|now| now.node != standing.node));
        match first(reading, changing).await {
            Some(Ended::Failed(why)) => {
                say!(debug, "the inbox cannot be read: {why}");
                backoff.wait().await;
            }
            Some(Ended::Suspect(suspicion)) => {
                reader.shared.suspect(&standing.node, suspicion);
                backoff.wait().await;
            }
            None => {}
        }
    }
}

struct Reader {
    shared: Arc<Shared>,
    seen: Seen,
    warned: Warned,
}

/// What has been warned of.
#[derive(Default)]
struct Warned {
    version: bool,
    unknown: bool,
}

/// How far an inbox has been read.
#[derive(Default)]
struct Place {
    node: Option<Arc<str>>,
    number: u64,
    bytes: u64,
    id: Option<Vec<u8>>,
    said: Option<Saying>,
}

/// What Redis was told of it last.
struct Saying {
    at: Instant,
    number: u64,
    bytes: u64,
}

impl Place {
    fn id(&self) -> &[u8] {
        self.id.as_deref().unwrap_or(b"0-0")
    }

    /// How long Redis need not be told of what has been read since; nothing if it is to be told now.
    fn leisure(&self, inbox_size: usize) -> Option<Duration> {
        let said = self.said.as_ref()?;
        let most = (inbox_size as u64 / 8).min(1 << 20);
        let is_little = self.number - said.number < 256 && self.bytes - said.bytes < most;
        PAUSE.checked_sub(said.at.elapsed()).filter(|left| is_little && *left >= Duration::from_millis(1))
    }
}

/// Why reading has ended.
enum Ended {
    /// The connection is no good.
    Failed(String),
    /// It is not what it was.
    Suspect(Suspicion),
}

impl Reader {
    /// Reads over a connection of its own until something is wrong.
    async fn follow(&mut self, standing: &Standing, place: &mut Place, backoff: &mut Backoff) -> Ended {
        let within = self.shared.settings.timeout;
        let mut connection = match self.shared.settings.server.connect(within, None).await {
            Ok(connection) => connection,
            Err(error) => return Ended::Failed(error.to_string()),
        };
        if place.node.as_ref() != Some(&standing.node) {
            if let Err(error) = self.finish(place, &mut connection).await {
                return Ended::Failed(error.to_string());
            }
            *place = Place { node: Some(Arc::clone(&standing.node)), ..Place::default() };
        }
        place.said = None;
        loop {
            match self.round(standing, place, &mut connection).await {
                Ok(()) => *backoff = Backoff::default(),
                Err(ended) => return ended,
            }
        }
    }

    /// Reads what has come to a node before it registered anew.
    async fn finish(&mut self, place: &mut Place, connection: &mut Connection) -> RedisResult<()> {
        let Some(node) = place.node.clone() else { return Ok(()) };
        loop {
            let mut asking = redis::cmd("XREAD");
            asking.arg("COUNT").arg(1000).arg("STREAMS").arg(self.shared.key(&format!("inbox:{node}")));
            asking.arg(place.id());
            let answer = match timeout(self.shared.settings.timeout, asking.query_async(connection)).await {
                Ok(Ok(answer)) => answer,
                // It is no stream any more.
                Ok(Err(error)) if !error.is_unrecoverable_error() => return Ok(()),
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err((ErrorKind::Io, "Redis does not answer").into()),
            };
            let entries = entries(answer);
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                self.take(entry, place);
            }
        }
    }

    /// Says what has been read, waits for more, and delivers it.
    async fn round(
        &mut self,
        standing: &Standing,
        place: &mut Place,
        connection: &mut Connection,
    ) -> Result<(), Ended> {
        let shared = &self.shared;
        let id = place.id();
        // Under load each round would tell of a message or two, and wake everybody once more.
        let leisure = place.leisure(shared.settings.inbox_size);
        let block = leisure.unwrap_or(BLOCK);
        let mut asking = Pipeline::with_capacity(2);
        if leisure.is_none() {
            asking.cmd("EVAL").arg(READ.code).arg(1).arg(shared.key("epoch"));
            asking.arg(&*shared.base).arg(&*standing.node).arg(&*standing.epoch);
            asking.arg(place.number).arg(place.bytes).arg(id);
        }
        asking.cmd("XREAD").arg("COUNT").arg(1000).arg("BLOCK").arg(block.as_millis() as u64);
        asking.arg("STREAMS").arg(shared.key(&format!("inbox:{}", standing.node))).arg(id);
        let count = asking.len();
        let asked = Instant::now();
        let answering = connection.req_packed_commands(&asking, 0, count);
        let answers = match timeout(shared.settings.timeout.saturating_add(BLOCK), answering).await {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => return Err(Ended::Failed(error.to_string())),
            Err(_) => return Err(Ended::Failed(shared.silent())),
        };
        let mut answers = answers;
        let (Some(answer), known) = (answers.pop(), answers.pop()) else {
            return Err(Ended::Failed(shared.odd()));
        };
        match (&answer, &known) {
            // The inbox is something else by now.
            (Value::ServerError(error), _) if error.code() == "WRONGTYPE" => {
                return Err(Ended::Suspect(Suspicion::Unknown));
            }
            (Value::ServerError(error), _) | (_, Some(Value::ServerError(error))) => {
                return Err(Ended::Failed(error.to_string()));
            }
            _ => {}
        }
        let added = match known.map(Vec::<i64>::from_redis_value) {
            None => place.number,
            Some(Ok(known)) => match known[..] {
                [status::DONE, added] => u64::try_from(added).unwrap_or(0),
                _ => return Err(Ended::Suspect(Suspicion::Unknown)),
            },
            Some(Err(_)) => return Err(Ended::Failed(shared.odd())),
        };
        if added < place.number {
            return Err(Ended::Suspect(Suspicion::Forgotten));
        }
        if leisure.is_none() {
            place.said = Some(Saying { at: asked, number: place.number, bytes: place.bytes });
        }
        let entries = entries(answer);
        if entries.is_empty() && added > place.number {
            // They were put there, and are there no more.
            return Err(Ended::Suspect(Suspicion::Unknown));
        }
        for entry in entries {
            self.take(entry, place);
        }
        Ok(())
    }

    fn take(&mut self, entry: Entry, place: &mut Place) {
        place.id = Some(entry.id);
        if let Some((number, bytes)) = entry.at {
            if number != place.number + 1 {
                let missing = number.saturating_sub(place.number + 1);
                self.shared.gap(&format!("{missing} are missing in the inbox"));
            }
            (place.number, place.bytes) = (number.max(place.number), bytes.max(place.bytes));
        }
        match entry.said {
            Ok(said) => {
                if self.seen.is_new(said.head.sender, said.head.number)
                    && let Some(local) = self.shared.local.upgrade()
                {
                    let message = Delivered { is_text: said.head.is_text, payload: said.payload };
                    local.deliver(&said.room, message);
                }
            }
            Err(Foreign::Version(version)) if !std::mem::replace(&mut self.warned.version, true) => {
                say!(
                    warn,
                    "a node that speaks version {version} shares these rooms; its messages are not understood here: run one version, \
                     or give each a prefix of its own (RedisRooms::prefix)"
                );
            }
            Err(Foreign::Unknown) if !std::mem::replace(&mut self.warned.unknown, true) => {
                say!(
                    warn,
                    "something that is no message stands in the inbox of this node in Redis, and is passed over: is the prefix \
                     used by others (RedisRooms::prefix)?"
                );
            }
            Err(_) => {}
        }
    }
}

/// The first future's end, or `None` if the second ends before.
async fn first<T>(one: impl Future<Output = T>, other: impl Future) -> Option<T> {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    std::future::poll_fn(|cx| {
        if other.as_mut().poll(cx).is_ready() {
            return std::task::Poll::Ready(None);
        }
        one.as_mut().poll(cx).map(Some)
    })
    .await
}

/// How long Redis waits for a message before it says that there is none.
const BLOCK: Duration = Duration::from_secs(1);

/// How long what has been read may wait until Redis is told.
const PAUSE: Duration = Duration::from_millis(50);
