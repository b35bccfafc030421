//! Sessions in the memory of this process: the store of servers that are given no other.
//!
//! Parts with a lock each, so that requests for different sessions hardly ever wait for each other. What has expired
//! goes when it is looked at, and part after part is swept while sessions are used; no thread and no task does it.

use std::collections::hash_map;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::id::SessionId;
use super::record::{Saved, SessionChanges, SessionRecord};

/// Keeps sessions in memory: they are lost when the process ends, and other processes do not know them.
///
/// Servers have one by default; give one to choose how many sessions are kept. Where there is no room for another
/// session, the one that has not been used for the longest time goes.
///
/// ```
/// use vernal::{MemoryStore, server};
///
/// let server = server::new().sessions(MemoryStore::new().capacity(10_000));
/// # let _ = server;
/// ```
pub struct MemoryStore {
    parts: Box<[Mutex<Part>]>,
    capacity: usize,
    count: AtomicUsize,
    begun: Instant,
    /// Milliseconds after `begun` at which the next part is swept.
    next_sweep: AtomicU64,
    next_part: AtomicUsize,
    moved: Mutex<Moved>,
}

/// Ids that became others not long ago, oldest first: whoever looked at a session before may end it after.
type Moved = VecDeque<(SessionId, SessionId, Instant)>;

type Part = HashMap<SessionId, Entry>;

struct Entry {
    record: SessionRecord,
    used: Instant,
}

impl MemoryStore {
    /// A store for 100,000 sessions.
    pub fn new() -> MemoryStore {
        MemoryStore::of(CAPACITY)
    }

    /// Keeps at most this many sessions; at least one. Forgets those it has.
    #[must_use]
    pub fn capacity(self, sessions: usize) -> MemoryStore {
        MemoryStore::of(sessions.max(1))
    }

    /// How many sessions there are. Some may have expired.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn of(capacity: usize) -> MemoryStore {
        // Few sessions lie in one part, so that the one that goes is really the one unused for longest.
        let parts = (capacity / PART).next_power_of_two().clamp(1, PARTS);
        MemoryStore {
            parts: (0..parts).map(|_| Mutex::default()).collect(),
            capacity,
            count: AtomicUsize::new(0),
            begun: Instant::now(),
            next_sweep: AtomicU64::new(SWEEP),
            next_part: AtomicUsize::new(0),
            moved: Mutex::default(),
        }
    }

    fn part(&self, id: &SessionId) -> MutexGuard<'_, Part> {
        lock(&self.parts[id.spread() & (self.parts.len() - 1)])
    }

    /// Finds a session and begins its time without use anew.
    pub(crate) fn find(&self, id: &SessionId) -> Option<SessionRecord> {
        let now = Instant::now();
        self.sweep_if_due(now);
        let mut part = self.part(id);
        let entry = self.live(&mut part, id, now)?;
        entry.used = now;
        Some(entry.record.clone())
    }

    /// Puts a session in, and sets a value of one: for benchmarks.
    pub(crate) fn insert(&self, id: &SessionId, record: &SessionRecord) {
        self.change(id, &SessionChanges::whole(record));
    }

    pub(crate) fn insert_value(&self, id: &SessionId, name: &str, json: &str) -> bool {
        let mut changes = SessionChanges::touch(SystemTime::now());
        changes.values.insert(name.into(), Some(json.into()));
        matches!(self.change(id, &changes), Saved::Kept(_))
    }

    pub(super) fn change(&self, id: &SessionId, changes: &SessionChanges) -> Saved {
        let now = Instant::now();
        self.sweep_if_due(now);
        let mut part = self.part(id);
        if let Some(entry) = self.live(&mut part, id, now) {
            let saved = entry.record.apply(changes);
            if saved != Saved::Conflict {
                entry.used = now;
            }
            return saved;
        }
        if !changes.is_new() {
            return Saved::Gone;
        }
        let mut record = SessionRecord::begun(changes);
        let saved = record.apply(changes);
        if saved != Saved::Conflict {
            self.add(part, *id, Entry { record, used: now });
        }
        saved
    }

    /// Ends a session, also one that has got another id meanwhile.
    pub(super) fn forget(&self, id: &SessionId) {
        let mut id = *id;
        for _ in 0..MOVES {
            if self.part(&id).remove(&id).is_some() {
                self.count.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            // Held by whoever is moving one: it has come where it goes then.
            let moved = lock(&self.moved);
            let Some((_, to, _)) = moved.iter().rev().find(|(from, _, _)| *from == id) else { return };
            id = *to;
        }
    }

    pub(super) fn move_to(&self, from: &SessionId, to: &SessionId) -> bool {
        let now = Instant::now();
        let mut moved = lock(&self.moved);
        let mut part = self.part(from);
        if self.live(&mut part, from, now).is_none() {
            return false;
        }
        let Some(entry) = part.remove(from) else { return false };
        drop(part);
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.add(self.part(to), *to, Entry { used: now, ..entry });
        while moved.len() >= MOST_MOVED
            || moved.front().is_some_and(|(_, _, at)| now.saturating_duration_since(*at) > MOVED)
        {
            moved.pop_front();
        }
        moved.push_back((*from, *to, now));
        true
    }

    /// A session that has not expired; one that has goes.
    fn live<'p>(&self, part: &'p mut Part, id: &SessionId, now: Instant) -> Option<&'p mut Entry> {
        match part.entry(*id) {
            hash_map::Entry::Occupied(entry) if entry.get().is_expired(now) => {
                entry.remove();
                self.count.fetch_sub(1, Ordering::Relaxed);
                None
            }
            hash_map::Entry::Occupied(entry) => Some(entry.into_mut()),
            hash_map::Entry::Vacant(_) => None,
        }
    }

    fn add(&self, mut part: MutexGuard<'_, Part>, id: SessionId, entry: Entry) {
        if part.insert(id, entry).is_some() {
            return;
        }
        if self.count.fetch_add(1, Ordering::Relaxed) < self.capacity {
            return;
        }
        if self.evict(&mut part, &id) {
            return;
        }
        drop(part);
        for part in &self.parts {
            if self.evict(&mut lock(part), &id) {
                return;
            }
        }
    }

    /// Lets the session of this part go that has not been used for the longest time. Not the one that needs the room.
    fn evict(&self, part: &mut Part, newest: &SessionId) -> bool {
        let oldest = part.iter().filter(|(id, _)| *id != newest).min_by_key(|(_, entry)| entry.used);
        let Some(oldest) = oldest.map(|(id, _)| *id) else { return false };
        part.remove(&oldest);
        self.count.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// Drops what has expired in the next part, if it is time: every part has its turn within two minutes.
    fn sweep_if_due(&self, now: Instant) {
        let millis = u64::try_from(now.saturating_duration_since(self.begun).as_millis()).unwrap_or(u64::MAX);
        let due = self.next_sweep.load(Ordering::Relaxed);
        if millis < due {
            return;
        }
        let next = millis.saturating_add(SWEEP / self.parts.len() as u64);
        if self.next_sweep.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let index = self.next_part.fetch_add(1, Ordering::Relaxed) & (self.parts.len() - 1);
        let mut part = lock(&self.parts[index]);
        let before = part.len();
        part.retain(|_, entry| !entry.is_expired(now));
        self.count.fetch_sub(before - part.len(), Ordering::Relaxed);
        if part.capacity() > part.len().saturating_mul(4) {
            part.shrink_to_fit();
        }
    }
}

impl Entry {
    fn is_expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) >= self.record.max_inactive
    }
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.len())
            .field("capacity", &self.capacity)
            .finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many sessions are kept unless that is said.
const CAPACITY: usize = 100_000;

/// From how many sessions on there is a part more.
const PART: usize = 512;

/// The most parts.
const PARTS: usize = 64;

/// For how long, and of how many, it is known what they became.
const MOVED: Duration = Duration::from_secs(300);
const MOST_MOVED: usize = 4_096;

/// How often a session may have got another id since somebody looked at it.
const MOVES: usize = 8;

/// Within how many milliseconds all parts are swept, if sessions are used meanwhile.
const SWEEP: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(store: &MemoryStore, seconds: u64) -> SessionId {
        let id = SessionId::random().expect("random bytes");
        let record = SessionRecord::new(SystemTime::now(), SystemTime::now(), Duration::from_secs(seconds));
        assert!(matches!(store.change(&id, &SessionChanges::whole(&record)), Saved::Kept(_)));
        id
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_lasts_while_it_is_used() {
        let store = MemoryStore::new();
        let id = begin(&store, 60);
        for _ in 0..5 {
            tokio::time::advance(Duration::from_secs(59)).await;
            assert!(store.find(&id).is_some());
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(store.find(&id).is_none());
        assert_eq!(store.len(), 0);
        let touch = SessionChanges::touch(SystemTime::now());
        assert_eq!(store.change(&id, &touch), Saved::Gone);
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_unused_for_longest_goes() {
        let store = MemoryStore::new().capacity(3);
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(begin(&store, 60));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(store.find(&ids[0]).is_some());
        tokio::time::advance(Duration::from_secs(1)).await;
        ids.push(begin(&store, 60));
        let known: Vec<_> = ids.iter().map(|id| store.find(id).is_some()).collect();
        assert_eq!(known, [true, false, true, true]);
        assert_eq!(store.len(), 3);
    }

    #[test]
    fn the_number_kept_is_bounded_whatever_comes() {
        for capacity in [0, 1, 2, 511, 512, 1_024, 5_000] {
            let store = MemoryStore::new().capacity(capacity);
            for _ in 0..capacity * 2 + 10 {
                let id = begin(&store, 60);
                assert!(store.find(&id).is_some(), "the newest stays");
                assert!(store.len() <= capacity.max(1), "{} of {capacity}", store.len());
            }
            assert_eq!(store.len(), store.parts.iter().map(|part| lock(part).len()).sum::<usize>());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_expires_unseen_is_swept_while_others_are_used() {
        let store = MemoryStore::new().capacity(10_000);
        for _ in 0..1_000 {
            begin(&store, 30);
        }
        let kept = begin(&store, 3_600);
        assert_eq!(store.len(), 1_001);
        for _ in 0..130 {
            tokio::time::advance(Duration::from_secs(1)).await;
            for _ in 0..store.parts.len() {
                assert!(store.find(&kept).is_some());
            }
        }
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn a_session_is_found_under_its_new_id_only() {
        let store = MemoryStore::new();
        let (id, other) = (begin(&store, 60), SessionId::random().expect("random bytes"));
        assert!(store.move_to(&id, &other));
        assert!(store.find(&id).is_none() && store.find(&other).is_some());
        assert!(!store.move_to(&id, &other));
        store.forget(&other);
        store.forget(&other);
        assert_eq!(store.len(), 0);
    }

    #[test]
    fn threads_do_not_lose_count() {
        let store = MemoryStore::new().capacity(1_000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..2_000 {
                        let id = begin(&store, 60);
                        if round % 3 == 0 {
                            store.forget(&id);
                        }
                    }
                });
            }
        });
        assert!(store.len() <= 1_000, "{}", store.len());
        assert_eq!(store.len(), store.parts.iter().map(|part| lock(part).len()).sum::<usize>());
    }
}
