//! Rooms by name, and who is in them. Nothing here knows what a member is: it remembers its rooms as [`Membership`]s.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Rooms by name. A room is there while somebody is in it.
pub(crate) struct All<T> {
    rooms: Mutex<HashMap<Arc<str>, Arc<Room<T>>>>,
    listener: Option<Listener<T>>,
}

/// Told of each member that comes or goes, in the order in which that happens.
pub(crate) type Listener<T> = Box<dyn Fn(&Arc<str>, &T, bool) + Send + Sync>;

/// One room.
pub(crate) struct Room<T> {
    name: Arc<str>,
    members: Mutex<Vec<Arc<T>>>,
}

/// A room that a member is in, as the member remembers it.
pub(crate) struct Membership<T> {
    all: Weak<All<T>>,
    room: Weak<Room<T>>,
}

/// The rooms of a member. Most are in few, which take little; some are in very many, and each is found at once.
pub(crate) struct Memberships<T> {
    few: Vec<Membership<T>>,
    /// By the place of the room, which is no other's while it is remembered. Boxed, since every idle session has this.
    #[expect(clippy::box_collection, reason = "nearly all are in few rooms")]
    many: Option<Box<BTreeMap<usize, Membership<T>>>>,
}

impl<T> Default for Memberships<T> {
    fn default() -> Memberships<T> {
        Memberships { few: Vec::new(), many: None }
    }
}

impl<T> Memberships<T> {
    pub(crate) fn add(&mut self, membership: Membership<T>) {
        if self.few.len() < FEW {
            self.few.push(membership);
        } else {
            self.many.get_or_insert_default().insert(membership.room.as_ptr().addr(), membership);
        }
    }

    pub(crate) fn remove(&mut self, room: &Arc<Room<T>>) {
        match self.few.iter().position(|membership| membership.is_of(room)) {
            Some(place) => drop(self.few.swap_remove(place)),
            None => drop(self.many.as_mut().and_then(|many| many.remove(&Arc::as_ptr(room).addr()))),
        }
    }

    /// Lets the member out of all.
    pub(crate) fn end(self, member: &Arc<T>) {
        let many = self.many.into_iter().flat_map(|many| many.into_values());
        self.few.into_iter().chain(many).for_each(|membership| membership.end(member));
    }
}

impl<T> Default for All<T> {
    fn default() -> All<T> {
        All { rooms: Mutex::default(), listener: None }
    }
}

impl<T> All<T> {
    /// No rooms yet; tells who comes and goes.
    #[cfg(feature = "redis")]
    pub(crate) fn told_to(listener: Listener<T>) -> All<T> {
        All { rooms: Mutex::default(), listener: Some(listener) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Room<T>>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A room by its name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Room<T>>> {
        self.lock().get(name).cloned()
    }

    /// Takes a member into a room, which is made if there is none; `None` if it is in already.
    pub(crate) fn join(self: &Arc<All<T>>, name: &str, member: &Arc<T>) -> Option<Membership<T>> {
        let mut all = self.lock();
        let room = match all.get(name) {
            Some(room) => Arc::clone(room),
            None => {
                let name: Arc<str> = name.into();
                let room = Arc::new(Room { name: Arc::clone(&name), members: Mutex::default() });
                all.insert(name, Arc::clone(&room));
                room
            }
        };
        let mut members = room.members();
        if members.iter().any(|known| Arc::ptr_eq(known, member)) {
            return None;
        }
        members.push(Arc::clone(member));
        if let Some(listener) = &self.listener {
            listener(&room.name, member, true);
        }
        Some(Membership { all: Arc::downgrade(self), room: Arc::downgrade(&room) })
    }

    /// Takes a member out, and the room away if it was the last.
    pub(crate) fn remove(&self, room: &Arc<Room<T>>, member: &Arc<T>) -> bool {
        let mut all = self.lock();
        let mut members = room.members();
        let before = members.len();
        members.retain(|known| !Arc::ptr_eq(known, member));
        let was_in = members.len() < before;
        if members.is_empty() && all.get(&room.name).is_some_and(|known| Arc::ptr_eq(known, room)) {
            all.remove(&room.name);
        }
        if let (true, Some(listener)) = (was_in, &self.listener) {
            listener(&room.name, member, false);
        }
        was_in
    }
}

impl<T> Room<T> {
    pub(crate) fn members(&self) -> MutexGuard<'_, Vec<Arc<T>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Membership<T> {
    fn is_of(&self, room: &Arc<Room<T>>) -> bool {
        self.room.as_ptr() == Arc::as_ptr(room)
    }

    /// Lets the member out.
    fn end(self, member: &Arc<T>) {
        if let (Some(all), Some(room)) = (self.all.upgrade(), self.room.upgrade()) {
            all.remove(&room, member);
        }
    }
}

/// How many are looked through one by one.
const FEW: usize = 32;
