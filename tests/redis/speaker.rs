//! Who speaks to rooms of several nodes without an end, and what was heard of it.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;
use vernal::test::TestSocket;
use vernal::websocket::{Rooms, Undelivered};

use super::nodes::{heard, until};

/// What became of each number: to how many it is on its way, or whether it is unknown.
pub type Fates = Vec<(usize, Result<usize, bool>)>;

/// Says numbers to a room until it is told to end.
pub struct Speaker {
    task: JoinHandle<Fates>,
    said: Arc<AtomicUsize>,
    end: tokio::sync::oneshot::Sender<()>,
}

impl Speaker {
    pub fn start(rooms: &Rooms, name: &'static str) -> Speaker {
        let (end, mut ended) = tokio::sync::oneshot::channel();
        let (rooms, said) = (rooms.clone(), Arc::new(AtomicUsize::new(0)));
        let saying = Arc::clone(&said);
        let task = tokio::spawn(async move {
            let mut fates = Vec::new();
            for number in 0.. {
                let fate = rooms.to("tea").send(format!("{name} {number}")).await;
                fates.push((number, fate.map_err(|error| is_unknown(&error))));
                saying.store(number + 1, Ordering::Release);
                if ended.try_recv().is_ok() {
                    break;
                }
                sleep(Duration::from_millis(1)).await;
            }
            rooms.to("tea").send(format!("{name} end")).await.expect("all is well again");
            fates
        });
        Speaker { task, said, end }
    }

    /// Waits until so many more have been said.
    pub async fn goes_on(&self, count: usize) {
        let before = self.said.load(Ordering::Acquire);
        until("the speaker", async || self.said.load(Ordering::Acquire) >= before + count).await;
    }

    pub async fn end(self) -> Fates {
        let _ = self.end.send(());
        self.task.await.expect("it ran")
    }
}

pub fn is_unknown(error: &vernal::Error) -> bool {
    let undelivered = error.source().and_then(|source| source.downcast_ref::<Undelivered>());
    undelivered.expect("that is what may happen").is_unknown()
}

/// What a member has heard of a speaker, up to its end: numbers that only grow.
pub async fn numbers(ws: &mut TestSocket, name: &str) -> Vec<usize> {
    let mut numbers = Vec::new();
    loop {
        let text = heard(ws).await;
        let Some(rest) = text.strip_prefix(name).map(str::trim) else { continue };
        if rest == "end" {
            return numbers;
        }
        let number = rest.parse().expect("a number");
        assert!(
            numbers.last().is_none_or(|last| *last < number),
            "{name}: {number} after {:?}",
            numbers.last()
        );
        numbers.push(number);
    }
}

/// What was said well was heard, and what was refused was not.
pub fn agree(name: &str, fates: &[(usize, Result<usize, bool>)], numbers: &[usize]) {
    for (number, fate) in fates {
        let is_heard = numbers.binary_search(number).is_ok();
        match fate {
            Ok(_) => assert!(is_heard, "{name}: {number} was handed over, and not heard"),
            Err(false) => assert!(!is_heard, "{name}: {number} was refused, and heard"),
            Err(true) => {}
        }
    }
}
