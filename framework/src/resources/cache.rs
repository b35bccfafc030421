//! Small files in memory. A hit opens nothing, reads nothing and waits for nobody.
//!
//! Bounded by bytes; what was not asked for since it was last looked at goes first. An entry is taken for true for a time, then
//! one request looks at the disk again while the others are still answered from memory.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::representation::{SIBLINGS, Stored};
use super::stamp::Stamp;

/// Files by the part of the path that was asked for.
pub(super) struct Cache {
    shards: [Mutex<Shard>; SHARDS],
    /// Bytes that a shard may hold.
    room: usize,
    check_every: Duration,
    begun: Instant,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Box<str>, Arc<Entry>>,
    /// All entries, the one that is judged next at the front.
    order: VecDeque<Arc<Entry>>,
    held: usize,
}

/// A file in memory, and what it was on the disk.
pub(super) struct Entry {
    key: Box<str>,
    pub(super) stored: Stored,
    stamps: Stamps,
    /// Milliseconds since the cache began.
    checked: AtomicU64,
    was_used: AtomicBool,
}

/// What a file and those beside it were when they were read.
#[derive(PartialEq, Eq)]
pub(super) struct Stamps {
    path: PathBuf,
    file: Option<Stamp>,
    siblings: [Option<Stamp>; SIBLINGS.len()],
}

impl Stamps {
    /// Looks at a file, and at its siblings if those count. Blocks.
    pub(super) fn look(path: &Path, with_siblings: bool) -> Stamps {
        let mut siblings = [None; SIBLINGS.len()];
        if with_siblings {
            for ((_, ending), sibling) in SIBLINGS.iter().zip(&mut siblings) {
                *sibling = Stamp::at(&beside(path, ending));
            }
        }
        Stamps { path: path.to_owned(), file: Stamp::at(path), siblings }
    }

    /// The codings that there are, each with its stamp.
    pub(super) fn siblings(&self) -> impl Iterator<Item = (usize, Stamp)> {
        self.siblings.iter().enumerate().filter_map(|(index, stamp)| stamp.map(|stamp| (index, stamp)))
    }

    fn are_current(&self, with_siblings: bool) -> bool {
        *self == Stamps::look(&self.path, with_siblings)
    }
}

/// The path of a sibling.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl Entry {
    pub(super) fn new(key: &str, stored: Stored, stamps: Stamps) -> Entry {
        Entry {
            key: key.into(),
            stored,
            stamps,
            checked: AtomicU64::new(0),
            was_used: AtomicBool::new(false),
        }
    }

    fn weight(&self) -> usize {
        self.stored.weight() + 2 * self.key.len()
    }
}

impl Cache {
    pub(super) fn new(size: usize, check_every: Duration) -> Cache {
        Cache { shards: Default::default(), room: size / SHARDS, check_every, begun: Instant::now() }
    }

    /// An entry that need not be looked at again. Whoever is told that there is none looks at the disk.
    pub(super) fn fresh(&self, key: &str) -> Option<Arc<Entry>> {
        let entry = Arc::clone(self.shard(key).entries.get(key)?);
        let (now, checked) = (self.now(), entry.checked.load(Ordering::Relaxed));
        let is_old = u128::from(now.saturating_sub(checked)) >= self.check_every.as_millis();
        if is_old
            && entry.checked.compare_exchange(checked, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            return None;
        }
        entry.was_used.store(true, Ordering::Relaxed);
        Some(entry)
    }

    /// An entry that is what the disk has now; one that is not any more is dropped. Blocks.
    pub(super) fn checked(&self, key: &str, with_siblings: bool) -> Option<Arc<Entry>> {
        let entry = Arc::clone(self.shard(key).entries.get(key)?);
        let now = self.now();
        if entry.stamps.are_current(with_siblings) {
            entry.checked.store(now, Ordering::Relaxed);
            entry.was_used.store(true, Ordering::Relaxed);
            return Some(entry);
        }
        let mut shard = self.shard(key);
        if shard.entries.get(key).is_some_and(|now| Arc::ptr_eq(now, &entry)) {
            shard.drop_entry(key);
        }
        None
    }

    /// Keeps an entry, unless it alone is too large.
    pub(super) fn keep(&self, entry: Arc<Entry>) {
        let weight = entry.weight();
        if weight > self.room {
            return;
        }
        entry.checked.store(self.now(), Ordering::Relaxed);
        let mut shard = self.shard(&entry.key);
        shard.drop_entry(&entry.key);
        shard.make_room(self.room - weight);
        shard.held += weight;
        shard.entries.insert(entry.key.clone(), Arc::clone(&entry));
        shard.order.push_back(entry);
    }

    fn now(&self) -> u64 {
        (crate::io::clock::now().instant - self.begun).as_millis() as u64
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        // Names differ at their ends.
        let hash =
            key.bytes().rev().take(12).fold(0_u32, |hash, byte| hash.wrapping_mul(31) ^ u32::from(byte));
        let index = (hash ^ hash >> 8) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn drop_entry(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.held -= entry.weight();
            self.order.retain(|other| !Arc::ptr_eq(other, &entry));
        }
    }

    /// Drops entries until no more than `most` bytes are held; those used since their last turn get another one.
    fn make_room(&mut self, most: usize) {
        while self.held > most {
            let Some(entry) = self.order.pop_front() else { return };
            if entry.was_used.swap(false, Ordering::Relaxed) {
                self.order.push_back(entry);
            } else {
                self.held -= entry.weight();
                self.entries.remove(&entry.key);
            }
        }
    }
}

/// Threads that ask for different files seldom wait for each other.
const SHARDS: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::representation::{Common, Representation};
    use super::*;
    use crate::proto::Coding;

    fn entry(key: &str, size: usize) -> Arc<Entry> {
        let common = Common { content_type: "text/plain".into(), cache_control: None, varies: false };
        let representation = Representation::of_content(size, 0, Coding::Identity, &common);
        let stored = Stored::new(vec![(representation, vec![b'x'; size].into())]);
        Arc::new(Entry::new(key, stored, Stamps::look(Path::new("/nowhere"), false)))
    }

    #[tokio::test(start_paused = true)]
    async fn entries_are_looked_at_again_by_one() {
        let cache = Cache::new(1 << 20, Duration::from_secs(1));
        assert!(cache.fresh("a").is_none());
        cache.keep(entry("a", 10));
        tokio::time::advance(Duration::from_millis(999)).await;
        assert!(cache.fresh("a").is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(cache.fresh("a").is_none(), "whoever comes first looks");
        assert!(cache.fresh("a").is_some(), "the others do not wait for that");
        assert!(cache.checked("a", false).is_some(), "still nowhere");
    }

    #[tokio::test]
    async fn no_more_is_held_than_there_is_room_for() {
        let cache = Cache::new(SHARDS * 64 * 1024, Duration::from_secs(1));
        cache.keep(entry("too large", 64 * 1024));
        assert!(cache.fresh("too large").is_none());
        cache.keep(entry("loved", 1000));
        for number in 0..5000 {
            assert!(cache.fresh("loved").is_some(), "{number}");
            cache.keep(entry(&format!("file {number}"), 1000));
        }
        for shard in &cache.shards {
            let shard = shard.lock().expect("nobody panicked");
            let held: usize = shard.entries.values().map(|entry| entry.weight()).sum();
            assert_eq!((shard.held, shard.order.len()), (held, shard.entries.len()));
            assert!(held <= 64 * 1024 && held > 32 * 1024, "{held}");
        }
        assert!(cache.fresh("file 4999").is_some());
        assert!(cache.fresh("file 0").is_none());
    }

    #[tokio::test]
    async fn what_has_changed_is_dropped() {
        let path = std::env::temp_dir().join(format!("vernal-{}-stamps", std::process::id()));
        std::fs::write(&path, "one").expect("a place for a file");
        let cache = Cache::new(1 << 20, Duration::ZERO);
        let stamped = || {
            let entry = Arc::into_inner(entry("a", 3)).expect("ours");
            Arc::new(Entry { stamps: Stamps::look(&path, true), ..entry })
        };
        cache.keep(stamped());
        assert!(cache.checked("a", true).is_some());
        std::fs::write(&path, "longer").expect("ours");
        assert!(cache.checked("a", true).is_none());
        assert!(cache.checked("a", true).is_none());
        cache.keep(stamped());
        std::fs::write(beside(&path, ".gz"), "new").expect("ours");
        assert!(cache.checked("a", true).is_none());
        std::fs::remove_file(beside(&path, ".gz")).expect("ours");
        cache.keep(stamped());
        std::fs::remove_file(&path).expect("ours");
        assert!(cache.checked("a", true).is_none());
    }
}
