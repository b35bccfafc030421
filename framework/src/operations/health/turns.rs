//! Looks at what may never answer, as a disk that hangs: one at a time, so that those who ask again and again do not take all threads.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::io::blocking;

use crate::http::Result;

/// See the head of this file. Clones take turns with each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<()>>);

impl Turns {
    /// Does it on a thread of its own, once what was begun before has ended. Whoever gives up while it waits for that leaves nothing behind.
    ///
    /// # Errors
    /// It panicked, or the runtime is at its end.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.0).lock_owned().await;
        let looking = move || {
            let _turn = turn;
            look()
        };
        Ok(blocking(looking).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_asks_again_while_a_look_hangs_begins_no_other() {
        static BEGUN: AtomicUsize = AtomicUsize::new(0);
        let turns = Turns::default();
        let (goes_on, hangs) = mpsc::channel::<()>();
        let look = |hangs: Option<mpsc::Receiver<()>>| {
            move || {
                BEGUN.fetch_add(1, Ordering::SeqCst);
                hangs.is_some_and(|hangs| hangs.recv().is_ok())
            }
        };
        let first = tokio::spawn({
            let turns = turns.clone();
            async move { turns.run(look(Some(hangs))).await }
        });
        while BEGUN.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..600 {
            let given_up = tokio::time::timeout(Duration::ZERO, turns.run(look(None))).await;
            assert!(given_up.is_err());
        }
        assert_eq!(BEGUN.load(Ordering::SeqCst), 1);
        goes_on.send(()).expect("it hangs");
        assert!(first.await.expect("no panic").expect("it looked"));
        assert!(!turns.run(look(None)).await.expect("it looks again"));
        assert_eq!(BEGUN.load(Ordering::SeqCst), 2);
        let panics = turns.run(|| -> bool { panic!("of the test") }).await;
        assert!(panics.is_err());
        assert!(!turns.run(look(None)).await.expect("it looks after a panic"));
    }
}
