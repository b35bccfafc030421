//! One connection to a Redis for all who ask it something, made anew when it fails.
//!
//! Nothing waits longer than the link's timeout, and a connection that failed is made anew by the next question.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::connection::{Connection, is_worn};
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ScriptInvocation, ServerErrorKind};

use super::address::RedisAddress;

/// See the head of this file.
pub(crate) struct Link {
    pub(crate) server: RedisAddress,
    pub(crate) timeout: Duration,
    connection: Mutex<Option<Known>>,
    /// Held while a connection is made, so that there is one for all.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Known {
    connection: Connection,
    number: u64,
}

/// The same Redis by a connection of its own.
impl Clone for Link {
    fn clone(&self) -> Link {
        Link::new(self.server.clone(), self.timeout)
    }
}

/// What Redis is asked.
pub(crate) enum Question<'s> {
    Command(Cmd),
    Script(ScriptInvocation<'s>),
}

/// Why there is no answer.
enum Failure {
    Refused(RedisError),
    Silent,
}

impl Question<'_> {
    async fn ask<T: FromRedisValue>(&self, mut connection: Connection) -> RedisResult<T> {
        match self {
            Question::Command(command) => command.query_async(&mut connection).await,
            Question::Script(script) => script.invoke_async(&mut connection).await,
        }
    }
}

impl Link {
    /// Not yet connected.
    pub(crate) fn new(server: RedisAddress, timeout: Duration) -> Link {
        Link { server, timeout, connection: Mutex::default(), connecting: tokio::sync::Mutex::const_new(()) }
    }

    /// Finds out whether there is a Redis that lets us in and takes what is written; else tells why not, and what to do.
    ///
    /// A PING would not do: a Sentinel and a replica answer it, too. So a key that nobody has is removed, of those that begin with `prefix`.
    pub(crate) async fn check(&self, prefix: &str) -> Result<(), String> {
        let mut trial = redis::cmd("DEL");
        trial.arg(format!("{prefix}check"));
        match self.answer::<()>(true, &Question::Command(trial)).await {
            // It knows us. What is used may be allowed all the same: other commands, keys of another prefix.
            Err(Failure::Refused(error)) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => {
                Ok(())
            }
            Err(Failure::Refused(error)) => {
                Err(format!("{} cannot be used: {error}{}", self.server.name(), self.server.advice(&error)))
            }
            Err(Failure::Silent) => Err(self.silent()),
            Ok(()) => Ok(()),
        }
    }

    /// Asks Redis, within the timeout; tells what is wrong with it. A connection that turns out to be dead is made anew; the question is
    /// repeated then if it may be.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        is_repeatable: bool,
        question: &Question<'_>,
    ) -> Result<T, String> {
        self.answer(is_repeatable, question).await.map_err(|failure| match failure {
            Failure::Refused(error) => format!("{} failed: {error}", self.server.name()),
            Failure::Silent => self.silent(),
        })
    }

    async fn answer<T: FromRedisValue>(
        &self,
        is_repeatable: bool,
        question: &Question<'_>,
    ) -> Result<T, Failure> {
        let work = async {
            let known = self.connection(None).await?;
            let number = known.number;
            match question.ask::<T>(known.connection).await {
                Err(error) if is_worn(&error) => {
                    self.forget(number);
                    if !is_repeatable {
                        return Err(error);
                    }
                    let known = self.connection(Some(number)).await?;
                    question.ask(known.connection).await
                }
                answer => answer,
            }
        };
        let before = self.known().map(|known| known.number);
        match tokio::time::timeout(self.timeout, work).await {
            Ok(answer) => answer.map_err(Failure::Refused),
            Err(_) => {
                // It may be a peer that vanished without a word.
                before.into_iter().for_each(|number| self.forget(number));
                Err(Failure::Silent)
            }
        }
    }

    fn silent(&self) -> String {
        format!("{} does not answer within {:?} (timeout)", self.server.name(), self.timeout)
    }

    /// The connection; made if there is none, or only the one that failed.
    async fn connection(&self, failed: Option<u64>) -> RedisResult<Known> {
        let usable = || self.known().filter(|known| Some(known.number) != failed);
        if let Some(known) = usable() {
            return Ok(known);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(known) = usable() {
            return Ok(known);
        }
        let connection = self.server.connect(self.timeout, Some(self.timeout)).await?;
        let known = Known { connection, number: fresh_number() };
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    fn known(&self) -> Option<Known> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn forget(&self, number: u64) {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.as_ref().is_some_and(|known| known.number == number) {
            *connection = None;
        }
    }
}

fn fresh_number() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
