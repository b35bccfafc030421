//! Lines on their way to standard error or to a file: a bounded queue, and the thread that writes it.
//!
//! Whoever says something never waits for whoever reads: what finds no room is counted, and the count is said at its place
//! once there is room again. The thread is woken only if it waits, and may gather lines for a while, since to wake it costs
//! more than to write a line.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Lines that wait to be written.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Something has come.
    came: Condvar,
    /// What was taken has been written.
    went: Condvar,
    /// How long the first line waits for others, to be written with them.
    gathers: Duration,
}

#[derive(Default)]
struct State {
    /// What the thread waits for.
    awaited: Awaited,
    /// Whole lines.
    text: Vec<u8>,
    /// How many lines found no room after those.
    dropped: u64,
    /// How often the queue has been emptied, and how often what was taken then has been written.
    taken: u64,
    written: u64,
    /// How often a piece of that has been written.
    pieces: u64,
    /// Somebody waits for what has come.
    is_wanted: bool,
    /// Nothing more will come.
    is_closed: bool,
    /// The value of `pieces` for which somebody has waited in vain: nobody else needs to.
    stuck_at: Option<u64>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Awaited {
    /// It is at work.
    #[default]
    Nothing,
    /// Anything to write.
    Line,
    /// More than it has, for a while.
    More,
}

impl Queue {
    /// A queue whose lines a thread of their own writes, the first of them so much later. `told` makes the line of a count.
    ///
    /// # Errors
    /// There can be no thread.
    pub(crate) fn start(
        name: &str,
        mut to: impl Write + Send + 'static,
        told: fn(u64) -> String,
        gathers: Duration,
    ) -> io::Result<Arc<Queue>> {
        let queue = Arc::new(Queue { gathers, ..Queue::default() });
        let written = Arc::clone(&queue);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || written.write_all(&mut to, told))?;
        Ok(queue)
    }

    /// Adds a line, which ends with its line feed, or counts it.
    pub(crate) fn add(&self, line: &[u8]) {
        let mut state = self.state();
        // A count stands where its lines would, so none overtakes it.
        if state.dropped > 0 || !state.text.is_empty() && state.text.len() + line.len() > MOST {
            state.dropped += 1;
            return;
        }
        state.text.extend_from_slice(line);
        let wakes = match state.awaited {
            Awaited::Nothing => false,
            Awaited::Line => true,
            Awaited::More => state.text.len() >= ENOUGH,
        };
        if wakes {
            self.wake(state);
        }
    }

    /// Ends what the thread waits for.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let waits = std::mem::take(&mut state.awaited) != Awaited::Nothing;
        drop(state);
        if waits {
            self.came.notify_one();
        }
    }

    /// Waits until what has been added is written, as long as some of it is written from time to time. Where somebody has
    /// waited in vain and nothing was written since, it waits only if it `insists`.
    pub(crate) fn flush(&self, patience: Duration, insists: bool) {
        let mut state = self.state();
        // What waits goes with the next that is taken.
        let goal = state.taken + u64::from(!state.is_empty());
        if insists {
            state.stuck_at = None;
        }
        if !state.is_empty() {
            state.is_wanted = true;
            self.wake(state);
            state = self.state();
        }
        let mut seen = (state.pieces, Instant::now());
        while state.written < goal && state.stuck_at != Some(state.pieces) {
            if seen.0 != state.pieces {
                seen = (state.pieces, Instant::now());
            }
            let left = patience.saturating_sub(seen.1.elapsed());
            if left.is_zero() {
                state.stuck_at = Some(state.pieces);
                return;
            }
            state = self.went.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Nothing more will come: the thread ends when all is written.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        self.wake(state);
    }

    /// Writes what comes until it is closed.
    fn write_all(&self, to: &mut impl Write, told: fn(u64) -> String) {
        let mut text = Vec::new();
        loop {
            let mut state = self.state();
            while state.is_empty() {
                if state.is_closed {
                    return;
                }
                state.awaited = Awaited::Line;
                state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state = self.gather(state);
            std::mem::swap(&mut state.text, &mut text);
            let dropped = std::mem::take(&mut state.dropped);
            state.is_wanted = false;
            state.taken += 1;
            drop(state);
            if dropped > 0 {
                text.extend_from_slice(told(dropped).as_bytes());
            }
            for piece in text.chunks(PIECE) {
                write_patiently(to, piece);
                self.state().pieces += 1;
                self.went.notify_all();
            }
            text.clear();
            text.shrink_to(KEPT);
            let mut state = self.state();
            state.written = state.taken;
            drop(state);
            self.went.notify_all();
        }
    }

    /// Waits for more lines, unless somebody waits for those that have come.
    fn gather<'q>(&'q self, mut state: MutexGuard<'q, State>) -> MutexGuard<'q, State> {
        if self.gathers.is_zero() || state.is_wanted || state.is_closed || state.text.len() >= ENOUGH {
            return state;
        }
        state.awaited = Awaited::More;
        let gathers = |state: &mut State| state.awaited == Awaited::More;
        let waited = self.came.wait_timeout_while(state, self.gathers, gathers);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.awaited = Awaited::Nothing;
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.dropped == 0
    }
}

/// Writes all of it, also to a pipe that some other process has made one that does not block.
fn write_patiently(to: &mut impl Write, mut text: &[u8]) {
    while !text.is_empty() {
        match to.write(text) {
            // It is closed; there is nobody to tell.
            Ok(0) => return,
            Ok(count) => text = text.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(_) => return,
        }
    }
}

/// So many bytes wait at most, or one line that is longer.
const MOST: usize = 1 << 20;

/// Nobody gathers more than that.
const ENOUGH: usize = MOST / 4;

/// So much is written at once. A pipe takes it whole or makes its writer wait, and then nothing tells whether somebody reads.
const PIECE: usize = 16 << 10;

/// Buffers above this size are let go.
const KEPT: usize = 64 << 10;

/// Between two attempts to write what does not block.
const PAUSE: Duration = Duration::from_millis(10);

/// How long the end of a server, or of the process, waits for whoever reads standard error and does not.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A reader that takes what it is told to.
    struct Slow {
        taken: mpsc::Sender<Vec<u8>>,
        may: mpsc::Receiver<io::Result<usize>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self.may.recv().expect("the test goes on")?.min(bytes.len());
            self.taken.send(bytes[..count].to_vec()).expect("the test goes on");
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start() -> (Arc<Queue>, mpsc::Sender<io::Result<usize>>, mpsc::Receiver<Vec<u8>>) {
        gathering(Duration::ZERO)
    }

    fn gathering(time: Duration) -> (Arc<Queue>, mpsc::Sender<io::Result<usize>>, mpsc::Receiver<Vec<u8>>) {
        let (taken, takes) = mpsc::channel();
        let (lets, may) = mpsc::channel();
        let told = |count| format!("{count} lines are missing\n");
        let queue = Queue::start("slow", Slow { taken, may }, told, time);
        (queue.expect("a thread"), lets, takes)
    }

    /// Lets so many bytes be written.
    fn take_all(
        lets: &mpsc::Sender<io::Result<usize>>,
        takes: &mpsc::Receiver<Vec<u8>>,
        length: usize,
    ) -> Vec<u8> {
        let mut taken = Vec::new();
        while taken.len() < length {
            lets.send(Ok(usize::MAX)).expect("a thread");
            taken.extend(takes.recv().expect("a thread"));
        }
        assert_eq!(taken.len(), length);
        taken
    }

    /// Longer than any test.
    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn what_finds_no_room_is_counted_where_it_would_stand() {
        let (queue, lets, takes) = start();
        queue.add(b"first\n");
        lets.send(Ok(2)).expect("a thread");
        // It is being written, and no room is taken.
        assert_eq!(takes.recv().expect("a thread"), b"fi");
        let line = vec![b'x'; MOST / 2];
        for _ in 0..5 {
            queue.add(&line);
        }
        queue.add(b"short, and late\n");
        for may in [3, 9] {
            lets.send(Ok(may)).expect("a thread");
        }
        assert_eq!([takes.recv(), takes.recv()].map(Result::unwrap), [b"rst".to_vec(), b"\n".to_vec()]);
        let rest = take_all(&lets, &takes, MOST + "4 lines are missing\n".len());
        assert!(rest.ends_with(b"x4 lines are missing\n"));
        queue.flush(LONG, false);
        queue.add(b"last\n");
        lets.send(Ok(usize::MAX)).expect("a thread");
        assert_eq!(takes.recv().expect("a thread"), b"last\n");
        queue.flush(LONG, false);
    }

    #[test]
    fn lines_are_gathered_until_there_are_enough_or_somebody_waits_for_them() {
        let (queue, lets, takes) = gathering(LONG);
        for line in [&b"one\n"[..], b"two\n"] {
            queue.add(line);
        }
        lets.send(Ok(usize::MAX)).expect("a thread");
        queue.flush(LONG, false);
        assert_eq!(takes.recv().expect("a thread"), b"one\ntwo\n");
        queue.add(b"more\n");
        queue.add(&vec![b'x'; ENOUGH]);
        take_all(&lets, &takes, 5 + ENOUGH);
        queue.flush(LONG, false);
        queue.add(b"last\n");
        lets.send(Ok(usize::MAX)).expect("a thread");
        queue.close();
        assert_eq!(takes.recv().expect("a thread"), b"last\n");
    }

    #[test]
    fn nobody_waits_longer_than_that_for_more_lines() {
        let (queue, lets, takes) = gathering(Duration::from_millis(1));
        queue.add(b"alone\n");
        assert_eq!(take_all(&lets, &takes, 6), b"alone\n");
    }

    #[test]
    fn a_line_longer_than_the_queue_is_kept_if_it_comes_alone() {
        let (queue, lets, takes) = start();
        queue.add(&vec![b'x'; 3 * MOST]);
        take_all(&lets, &takes, 3 * MOST);
        queue.flush(LONG, false);
    }

    #[test]
    fn what_cannot_be_written_now_is_written_later() {
        let (queue, lets, takes) = start();
        queue.add(b"line\n");
        let kinds = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock];
        for kind in kinds {
            lets.send(Err(kind.into())).expect("a thread");
        }
        lets.send(Ok(usize::MAX)).expect("a thread");
        assert_eq!(takes.recv().expect("a thread"), b"line\n");
        // What is closed keeps nobody waiting.
        queue.add(b"lost\n");
        lets.send(Err(io::ErrorKind::BrokenPipe.into())).expect("a thread");
        queue.flush(LONG, false);
    }

    #[test]
    fn one_waits_in_vain_and_the_others_not_at_all() {
        let (queue, lets, takes) = start();
        queue.add(b"line\n");
        queue.flush(Duration::ZERO, false);
        queue.add(b"more\n");
        queue.flush(LONG, false);
        assert_eq!(take_all(&lets, &takes, 10), b"line\nmore\n");
        queue.flush(LONG, true);
        assert_eq!(queue.state().stuck_at, None);
    }
}
