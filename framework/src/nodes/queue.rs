//! What a node has to tell the others: messages in order, and who came and went.
//!
//! A message waits, then it flies: it has a number and may be in Redis already, so that it is repeated until there is an answer.
//! Those that were taken are kept until all have read them, to be repeated should Redis forget them.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::local::MemberId;
use super::script::fate;
use super::undelivered::Undelivered;

/// See the head of this file.
pub(super) struct Queue {
    waiting: VecDeque<Post>,
    flying: VecDeque<Post>,
    kept: VecDeque<Post>,
    /// Bytes that wait or fly, and those that are kept.
    size: usize,
    kept_size: usize,
    /// How much each of both may be.
    limit: usize,
    next_ticket: u64,
    next_number: u64,
    pub(super) news: News,
}

/// A message to a room.
#[derive(Debug)]
pub(super) struct Post {
    ticket: u64,
    /// 0 before it flies.
    pub(super) number: u64,
    pub(super) room: Arc<str>,
    pub(super) is_text: bool,
    pub(super) payload: Bytes,
    deadline: Instant,
    answer: Option<oneshot::Sender<Fate>>,
}

/// What became of a message; how many members on other nodes it is on its way to.
pub(super) type Fate = Result<usize, Undelivered>;

/// Where a message is whose sender waits no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// It has not been sent, and will not be.
    Unsent,
    /// It has been sent at least once.
    Sent,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Queue {
        Queue {
            waiting: VecDeque::new(),
            flying: VecDeque::new(),
            kept: VecDeque::new(),
            size: 0,
            kept_size: 0,
            limit,
            next_ticket: 0,
            next_number: 1,
            news: News::default(),
        }
    }

    /// Takes a message; `None` if there is no room.
    pub(super) fn push(
        &mut self,
        room: &str,
        (is_text, payload): (bool, Bytes),
        deadline: Instant,
    ) -> Option<(u64, oneshot::Receiver<Fate>)> {
        let (sender, receiver) = oneshot::channel();
        let ticket = self.next_ticket;
        let post =
            Post { ticket, number: 0, room: room.into(), is_text, payload, deadline, answer: Some(sender) };
        if self.size > 0 && self.size + post.size() > self.limit {
            return None;
        }
        self.next_ticket += 1;
        self.size += post.size();
        self.waiting.push_back(post);
        Some((ticket, receiver))
    }

    /// The sender of a message waits no longer.
    pub(super) fn give_up(&mut self, ticket: u64) -> GivenUp {
        let Ok(index) = self.waiting.binary_search_by_key(&ticket, |post| post.ticket) else {
            return GivenUp::Sent;
        };
        self.size -= self.waiting.remove(index).map_or(0, |post| post.size());
        GivenUp::Unsent
    }

    /// Whether there is something to send.
    pub(super) fn has_posts(&self) -> bool {
        !self.waiting.is_empty() || !self.flying.is_empty()
    }

    /// The next messages to send: those that fly already, else some of those that wait. What has waited too long is refused.
    pub(super) fn batch(&mut self, now: Instant) -> Vec<(u64, Arc<str>, bool, Bytes)> {
        let mut size = 0;
        while self.flying.is_empty() || size > 0 && size < BATCH_SIZE && self.flying.len() < BATCH {
            let Some(mut post) = self.waiting.pop_front() else { break };
            if post.deadline <= now {
                self.size -= post.size();
                post.answer(Err(Undelivered::refused("Redis was away for too long (wait)")));
                continue;
            }
            post.number = self.next_number;
            self.next_number += 1;
            size += post.size();
            self.flying.push_back(post);
        }
        let mut size = 0;
        let flying = self.flying.iter().take(BATCH).take_while(|post| {
            let is_in = size < BATCH_SIZE;
            size += post.size();
            is_in
        });
        flying.map(|post| (post.number, Arc::clone(&post.room), post.is_text, post.payload.clone())).collect()
    }

    /// Redis has answered for the first of those that fly.
    pub(super) fn answered(&mut self, fates: &[i64]) {
        for fate in fates {
            let Some(mut post) = self.flying.pop_front() else { return };
            self.size -= post.size();
            post.answer(told(*fate));
            self.kept_size += post.size();
            self.kept.push_back(post);
        }
        while self.kept_size > self.limit {
            self.drop_kept();
        }
    }

    /// The last number that was taken.
    pub(super) fn last_taken(&self) -> u64 {
        self.first_number() - 1
    }

    /// All have read what was sent up to this number.
    pub(super) fn confirm(&mut self, number: u64) {
        while self.kept.front().is_some_and(|post| post.number <= number) {
            self.drop_kept();
        }
    }

    pub(super) fn has_kept(&self) -> bool {
        !self.kept.is_empty()
    }

    fn drop_kept(&mut self) {
        self.kept_size -= self.kept.pop_front().map_or(0, |post| post.size());
    }

    /// Redis has forgotten what it took: all that is kept is to be sent again.
    pub(super) fn repeat_kept(&mut self) {
        self.size += std::mem::take(&mut self.kept_size);
        self.kept.append(&mut self.flying);
        std::mem::swap(&mut self.kept, &mut self.flying);
    }

    /// The number of the first message that is kept, or of what is to be sent next.
    pub(super) fn oldest_number(&self) -> u64 {
        self.kept.front().map_or_else(|| self.first_number(), |post| post.number)
    }

    /// The number of what is to be sent next.
    pub(super) fn first_number(&self) -> u64 {
        self.flying.front().map_or(self.next_number, |post| post.number)
    }
}

impl Post {
    fn size(&self) -> usize {
        self.payload.len() + self.room.len() + OVERHEAD
    }

    fn answer(&mut self, fate: Fate) {
        let Some(answer) = self.answer.take() else { return };
        if let Err(Err(undelivered)) = answer.send(fate) {
            crate::base::say!(warn, "of a message whose sender waits no longer: {undelivered}");
        }
    }
}

/// What the script says of a message.
fn told(fate: i64) -> Fate {
    match fate {
        fate::KNOWN => Ok(0),
        fate::DOUBTFUL => Err(Undelivered::unknown("Redis has lost its answer")),
        fate::FULL => {
            Err(Undelivered::refused("a node with members in the room does not keep up (inbox_size)"))
        }
        fate::SPOILED => {
            Err(Undelivered::unknown("keys of Redis that rooms need are used otherwise (prefix)"))
        }
        members => Ok(usize::try_from(members).unwrap_or(0)),
    }
}

/// Who came into rooms, and who went, in order.
#[derive(Default)]
pub(super) struct News {
    changes: VecDeque<Change>,
    /// How many there have ever been, and how many of those all nodes may know of.
    pub(super) told: u64,
    pub(super) known: u64,
    /// There were more than are kept: all is to be told anew.
    pub(super) is_lost: bool,
}

/// A member that came or went.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) room: Arc<str>,
    pub(super) member: MemberId,
    pub(super) is_in: bool,
}

impl News {
    pub(super) fn push(&mut self, change: Change) {
        self.told += 1;
        if self.changes.len() < MOST_NEWS {
            self.changes.push_back(change);
        } else {
            self.is_lost = true;
        }
    }

    /// The next to be told.
    pub(super) fn batch(&self) -> Vec<Change> {
        self.changes.iter().take(BATCH).cloned().collect()
    }

    /// So many have been told.
    pub(super) fn done(&mut self, count: usize) {
        self.changes.drain(..count);
        self.known += count as u64;
    }

    /// All is about to be told anew. Gives how many that will make known.
    pub(super) fn restart(&mut self) -> u64 {
        self.changes = VecDeque::new();
        self.is_lost = false;
        self.told
    }
}

/// How much goes into one script: it holds Redis up.
pub(super) const BATCH: usize = 256;
const BATCH_SIZE: usize = 1 << 20;

/// Some 16 MB.
const MOST_NEWS: usize = 1 << 18;

/// What a message takes beside its bytes.
const OVERHEAD: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &mut Queue, text: &str) -> Option<oneshot::Receiver<Fate>> {
        let deadline = Instant::now() + std::time::Duration::from_secs(60);
        queue.push("tea", (true, text.to_owned().into()), deadline).map(|(_, receiver)| receiver)
    }

    fn flying(queue: &mut Queue) -> String {
        let batch = queue.batch(Instant::now());
        let shown = batch
            .iter()
            .map(|(number, _, _, payload)| format!("{number}{}", String::from_utf8_lossy(payload)));
        shown.collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn what_was_sent_is_repeated_as_it_was() {
        let mut queue = Queue::new(1 << 20);
        let mut answers: Vec<_> = ["a", "b", "c"].iter().filter_map(|text| push(&mut queue, text)).collect();
        assert_eq!(flying(&mut queue), "1a 2b 3c");
        answers.extend(push(&mut queue, "d"));
        assert_eq!(flying(&mut queue), "1a 2b 3c", "nothing joins those that fly");
        queue.answered(&[2, 0]);
        assert_eq!(flying(&mut queue), "3c");
        assert_eq!((queue.last_taken(), queue.first_number()), (2, 3));
        queue.confirm(1);
        queue.repeat_kept();
        assert_eq!((queue.last_taken(), queue.first_number()), (1, 2));
        assert_eq!(flying(&mut queue), "2b 3c");
        queue.answered(&[fate::KNOWN, fate::FULL]);
        assert_eq!(flying(&mut queue), "4d");
        queue.answered(&[fate::DOUBTFUL]);
        let mut fates = Vec::new();
        for answer in answers {
            fates.push(answer.await.expect("an answer").map_err(|undelivered| undelivered.is_unknown()));
        }
        assert_eq!(fates, [Ok(2), Ok(0), Err(false), Err(true)]);
        queue.confirm(4);
        assert!(!queue.has_posts() && !queue.has_kept());
        assert_eq!((queue.size, queue.kept_size, queue.first_number()), (0, 0, 5));
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_can_be_given_up() {
        let mut queue = Queue::new(1000);
        let large = "x".repeat(5000);
        let only = push(&mut queue, &large).expect("the first is taken, whatever its size");
        assert!(push(&mut queue, "y").is_none());
        assert_eq!(queue.give_up(0), GivenUp::Unsent);
        assert!(only.await.is_err());
        for _ in 0..7 {
            drop(push(&mut queue, "y"));
        }
        assert!(push(&mut queue, "y").is_none(), "7 times 1 and 3 and 128 bytes");
        assert_eq!(queue.give_up(3), GivenUp::Unsent);
        assert_eq!(queue.give_up(3), GivenUp::Sent, "it is not there any more");
        assert_eq!(flying(&mut queue), "1y 2y 3y 4y 5y 6y");
        assert_eq!(queue.give_up(1), GivenUp::Sent);
        queue.answered(&[0; 6]);
        assert_eq!(queue.size, 0);
        let late = queue.push("tea", (true, "z".into()), Instant::now()).expect("there is room").1;
        assert_eq!(flying(&mut queue), "");
        assert_eq!(
            late.await.expect("an answer"),
            Err(Undelivered::refused("Redis was away for too long (wait)"))
        );
    }

    #[test]
    fn news_are_bounded() {
        let mut news = News::default();
        let change = Change { room: "tea".into(), member: [0; 16], is_in: true };
        for _ in 0..=MOST_NEWS {
            news.push(change.clone());
        }
        assert!(news.is_lost);
        assert_eq!(news.batch().len(), BATCH);
        news.done(BATCH);
        assert_eq!((news.known, news.changes.len()), (BATCH as u64, MOST_NEWS - BATCH));
        assert_eq!(news.restart(), MOST_NEWS as u64 + 1);
        assert!(!news.is_lost && news.batch().is_empty());
    }
}
