//! Clients that talk in rooms, what they said and heard, and what must hold of it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use vernal::websocket::connect;

/// What became of a message, as its sender was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Taken,
    Unknown,
    Refused,
}

struct Said {
    room: usize,
    at: Instant,
    answered: Option<(Instant, Fate)>,
}

/// A session of a client, from when it was in the room.
struct Stay {
    room: usize,
    since: Instant,
    until: Option<Instant>,
    heard: HashSet<(usize, u64)>,
    gaps: Vec<Instant>,
}

/// All that happens in the rooms.
#[derive(Default)]
pub struct Talk {
    said: Mutex<HashMap<(usize, u64), Said>>,
    stays: Mutex<Vec<Stay>>,
    wrong: Mutex<Vec<String>>,
    pub inside: AtomicUsize,
    /// How many messages in a row were taken.
    pub taken: AtomicUsize,
    heard: AtomicUsize,
}

/// What was found at the end.
#[derive(Debug, Default)]
#[allow(dead_code, reason = "it is printed as a whole")]
pub struct Found {
    pub said: usize,
    pub taken: usize,
    pub unknown: usize,
    pub refused: usize,
    pub unanswered: usize,
    pub heard: usize,
    pub stays: usize,
    /// Missing at members whose node had told of a gap.
    pub told_as_gaps: usize,
    pub gaps: usize,
    pub wrong: Vec<String>,
}

impl Talk {
    fn wrong(&self, what: String) {
        self.wrong.lock().expect("no panic").push(what);
    }

    /// Talks, over one connection after the other, until the end.
    pub async fn client(self: Arc<Self>, client: usize, room: usize, port: u16, ends: Arc<super::Ends>) {
        let mut chance = super::chance(client);
        let mut number = 0;
        for stay in 0.. {
            if ends.talking() {
                return;
            }
            let url = format!("ws://127.0.0.1:{port}/chat/{room}");
            if let Ok(Ok(mut ws)) = timeout(Duration::from_secs(20), connect(url)).await
                && let Ok(Some(message)) = timeout(Duration::from_secs(20), ws.next()).await
                && message.as_text() == Some("in")
            {
                self.stay((client, room, stay), &mut number, &mut ws, &mut chance, &ends).await;
            }
            sleep(Duration::from_millis(50 + chance() % 400)).await;
        }
    }

    async fn stay(
        &self,
        (client, room, stay): (usize, usize, usize),
        number: &mut u64,
        ws: &mut vernal::websocket::WebSocket,
        chance: &mut impl FnMut() -> u64,
        ends: &super::Ends,
    ) {
        self.inside.fetch_add(1, Ordering::SeqCst);
        let mut own =
            Stay { room, since: Instant::now(), until: None, heard: HashSet::new(), gaps: Vec::new() };
        let mut last: HashMap<(usize, usize), u64> = HashMap::new();
        let mut waits = None;
        let mut next = Instant::now() + Duration::from_millis(chance() % 3000);
        loop {
            if ends.listening() {
                break;
            }
            if waits.is_none() && Instant::now() >= next && !ends.talking() {
                *number += 1;
                let said = Said { room, at: Instant::now(), answered: None };
                self.said.lock().expect("no panic").insert((client, *number), said);
                waits = Some(*number);
                if ws.send(format!("m {client} {stay} {number}")).await.is_err() {
                    break;
                }
                next = Instant::now() + Duration::from_millis(2000 + chance() % 2000);
            }
            let message = match timeout(Duration::from_millis(100), ws.next()).await {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(_) => continue,
            };
            let words: Vec<_> = message.as_text().unwrap_or_default().split(' ').collect();
            let numbers: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
            match (words[0], &numbers[..]) {
                ("gap", []) => own.gaps.push(Instant::now()),
                ("m", [sender, way, number]) => {
                    let (sender, way) = (*sender as usize, *way as usize);
                    self.heard.fetch_add(1, Ordering::Relaxed);
                    if !own.heard.insert((sender, *number)) {
                        self.wrong(format!("{client} heard {sender}'s {number} twice"));
                    }
                    if last.insert((sender, way), *number).is_some_and(|last| last >= *number) {
                        self.wrong(format!("{client} heard {sender}'s {number} out of order"));
                    }
                }
                (fate @ ("ok" | "unknown" | "refused"), [_, _, number]) => {
                    let fate = match fate {
                        "ok" => Fate::Taken,
                        "unknown" => Fate::Unknown,
                        _ => Fate::Refused,
                    };
                    if fate == Fate::Taken {
                        self.taken.fetch_add(1, Ordering::SeqCst);
                    } else {
                        self.taken.store(0, Ordering::SeqCst);
                    }
                    if let Some(said) = self.said.lock().expect("no panic").get_mut(&(client, *number)) {
                        said.answered = Some((Instant::now(), fate));
                    }
                    waits = None;
                }
                _ => self.wrong(format!("{client} heard {message:?}")),
            }
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
        if !ends.listening() {
            own.until = Some(Instant::now());
        }
        self.stays.lock().expect("no panic").push(own);
    }

    /// What holds, and what does not. A message that was taken must have been heard by all who were in its room from before it was said
    /// until long after it was taken.
    pub fn found(&self) -> Found {
        let said = self.said.lock().expect("no panic");
        let stays = self.stays.lock().expect("no panic");
        let count = |fate| said.values().filter(|said| said.answered.map(|(_, told)| told) == fate).count();
        let mut found = Found {
            said: said.len(),
            taken: count(Some(Fate::Taken)),
            unknown: count(Some(Fate::Unknown)),
            refused: count(Some(Fate::Refused)),
            unanswered: count(None),
            heard: self.heard.load(Ordering::Relaxed),
            stays: stays.len(),
            gaps: stays.iter().map(|stay| stay.gaps.len()).sum(),
            wrong: std::mem::take(&mut *self.wrong.lock().expect("no panic")),
            ..Found::default()
        };
        for ((sender, number), said) in said.iter() {
            let Some((answered, Fate::Taken)) = said.answered else { continue };
            for stay in stays.iter().filter(|stay| stay.room == said.room && stay.since <= said.at) {
                let is_long = stay.until.is_none_or(|until| until >= answered + LONG);
                if !is_long || stay.heard.contains(&(*sender, *number)) {
                    continue;
                }
                if stay.gaps.iter().any(|gap| *gap + LONG >= said.at) {
                    found.told_as_gaps += 1;
                } else {
                    found.wrong.push(format!("{sender}'s {number} is missing in room {}", said.room));
                }
            }
        }
        found
    }
}

/// No message takes longer while its nodes and Redis live.
const LONG: Duration = Duration::from_secs(15);
