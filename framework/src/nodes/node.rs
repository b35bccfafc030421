//! One node, as the rooms of its process use it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use redis::{FromRedisValue, Value};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::local::{Local, MemberId};
use super::queue::{Change, Fate, GivenUp};
use super::script::{COUNT, MEMBERS, Script, status};
use super::settings::Settings;
use super::shared::{Shared, Standing, Suspicion, unreachable};
use super::undelivered::Undelivered;
use super::writer;
use crate::http::Result;
use crate::io::clock;

/// A node: it speaks with the others from the first use on, until it is dropped.
pub(crate) struct Nodes(Arc<Shared>);

impl Nodes {
    /// A node that does nothing yet.
    pub(crate) fn new(settings: Settings, local: Weak<dyn Local>) -> Nodes {
        Nodes(Arc::new(Shared::new(settings, local)))
    }

    /// What tells the node of a member that came or went. In the order in which it happens.
    pub(crate) fn listener(&self) -> impl Fn(&Arc<str>, MemberId, bool) + Send + Sync + use<> {
        let shared = Arc::clone(&self.0);
        move |room, member, is_in| {
            shared.queue().news.push(Change { room: Arc::clone(room), member, is_in });
            run(&shared);
            shared.bell.notify_one();
        }
    }

    /// Hands a message over to the other nodes, or begins to: all that follows comes after it.
    pub(crate) fn hand_over(&self, room: &str, is_text: bool, payload: Bytes) -> Handing<'_> {
        let shared = &self.0;
        run(shared);
        if payload.len() > LARGEST {
            let why = format!("Redis takes at most {LARGEST} bytes at once; these are {}", payload.len());
            return Handing::refused(why);
        }
        let deadline = clock::after(shared.settings.wait);
        let Some((ticket, answer)) = shared.queue().push(room, (is_text, payload), deadline) else {
            let size = shared.settings.queue_size;
            let why = format!("more than {size} bytes wait already (queue_size){}", shared.trouble_told());
            return Handing::refused(why);
        };
        shared.bell.notify_one();
        Handing(Ok(Waiting { shared, deadline, ticket, answer }))
    }

    /// Waits until the other nodes may know of all who have come and gone so far.
    pub(crate) async fn settled(&self) -> Result {
        let shared = &self.0;
        run(shared);
        let told = shared.queue().news.told;
        let mut known = shared.known.subscribe();
        let waiting = known.wait_for(|known| *known >= told);
        match timeout_at(clock::after(shared.settings.wait), waiting).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(shared.unavailable()),
        }
    }

    /// How many are in a room on other nodes.
    pub(crate) async fn count(&self, room: &str) -> Result<usize> {
        let answer = ask(&self.0, &COUNT, room).await?;
        Ok(answer.first().and_then(|count| usize::from_redis_value_ref(count).ok()).unwrap_or(0))
    }

    /// Who is in a room on other nodes.
    pub(crate) async fn members(&self, room: &str) -> Result<Vec<MemberId>> {
        let answer = ask(&self.0, &MEMBERS, room).await?;
        let member = |value: Value| match value {
            Value::BulkString(bytes) => MemberId::try_from(bytes).ok(),
            _ => None,
        };
        Ok(answer.into_iter().filter_map(member).collect())
    }

    /// Whether Redis is there.
    pub(crate) async fn check(&self) -> Result {
        standing(&self.0).await.map(drop)
    }

    /// How often messages of other nodes may have been missed.
    pub(crate) fn gaps(&self) -> u64 {
        self.0.gaps.load(Ordering::Relaxed)
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        self.0.is_closed.store(true, Ordering::Release);
        self.0.bell.notify_one();
    }
}

/// A message on its way to Redis.
pub(crate) struct Handing<'n>(Result<Waiting<'n>, Undelivered>);

struct Waiting<'n> {
    shared: &'n Shared,
    deadline: Instant,
    ticket: u64,
    answer: oneshot::Receiver<Fate>,
}

impl Handing<'_> {
    fn refused(why: String) -> Self {
        Handing(Err(Undelivered::refused(why)))
    }

    /// Waits until Redis has it; tells how many members on other nodes it is on its way to.
    pub(crate) async fn done(self) -> Fate {
        let Waiting { shared, deadline, ticket, answer } = self.0?;
        if let Ok(Ok(fate)) = timeout_at(deadline, answer).await {
            return fate;
        }
        let given_up = shared.queue().give_up(ticket);
        let why = format!("it was not taken within {:?}{}", shared.settings.wait, shared.trouble_told());
        Err(match given_up {
            GivenUp::Unsent => Undelivered::refused(why),
            GivenUp::Sent => Undelivered::unknown(why),
        })
    }
}

/// Starts what works in the background, unless it runs. Without a runtime the next use does.
fn run(shared: &Arc<Shared>) {
    if shared.is_running.load(Ordering::Acquire) {
        return;
    }
    let Ok(runtime) = Handle::try_current() else { return };
    if !shared.is_running.swap(true, Ordering::AcqRel) {
        runtime.spawn(writer::write(Arc::clone(shared)));
    }
}

/// As Redis knows this node; waits for it for a bounded time.
async fn standing(shared: &Arc<Shared>) -> Result<Standing> {
    run(shared);
    let mut standing = shared.standing.subscribe();
    let waiting = standing.wait_for(Option::is_some);
    match timeout_at(clock::after(shared.settings.timeout), waiting).await {
        Ok(Ok(standing)) => standing.clone().ok_or_else(|| shared.unavailable()),
        _ => Err(shared.unavailable()),
    }
}

async fn ask(shared: &Arc<Shared>, script: &Script, room: &str) -> Result<Vec<Value>> {
    // Once more where the node has to register anew.
    for _ in 0..2 {
        let standing = standing(shared).await?;
        let asking = shared.call(&standing, script, |command| {
            command.arg(room);
        });
        match asking.await {
            Ok((status::DONE, answer)) => return Ok(answer),
            Ok(_) => {
                shared.standing.send_replace(None);
                shared.suspect(&standing.node, Suspicion::Unknown);
            }
            Err(why) => return Err(unreachable(why)),
        }
    }
    Err(shared.unavailable())
}

/// Redis takes 512 MiB in one piece by default.
const LARGEST: usize = 500 << 20;
