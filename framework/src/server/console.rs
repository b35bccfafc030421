//! What a server says on the console when nobody else listens: a line on standard error for each event.
//!
//! Installed by `server::start()` only if no `tracing` subscriber is set. `VERNAL_LOG`, else `RUST_LOG`, chooses the level,
//! `off`, `error`, `warn`, `info` (the default), `debug` or `trace`, and others by target: `info,vernal::access=debug`. The
//! line of each request comes with `debug`, since writing it costs more than answering.
//!
//! While a server serves, nothing that is said waits for whoever reads: see [`Queue`]. Before and after, each line waits to be
//! written, so that the last one before the end of the process is there too.

mod line;
mod panics;

use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use self::line::Line;
use crate::base::{say, sorted};
use crate::io::queue::{PATIENCE, Queue};

/// Prints events up to the level of their target.
struct Console {
    levels: Levels,
    queue: Arc<Queue>,
}

/// Where the lines of this process's console wait, if it has one.
static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// Whether errors of servers are shown by this process's console.
static SHOWS_ERRORS: AtomicBool = AtomicBool::new(false);

/// How many servers serve.
static SERVING: AtomicUsize = AtomicUsize::new(0);

/// As long as this is there, what is said does not wait to be written. Dropped when a server has stopped: its last lines
/// are out then.
pub(super) struct Serving(());

impl Serving {
    pub(super) fn begin() -> Serving {
        SERVING.fetch_add(1, Ordering::Relaxed);
        Serving(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        SERVING.fetch_sub(1, Ordering::Relaxed);
        if let Some(queue) = QUEUE.get() {
            queue.flush(PATIENCE, true);
        }
    }
}

/// A level that somebody has set, and where.
#[derive(Default)]
pub(super) struct SetLevel {
    pub(super) text: String,
    /// `None` for that of settings, which tell what is wrong with it themselves.
    pub(super) place: Option<String>,
    /// Not in a file, so that no variable says more.
    pub(super) is_of_run: bool,
}

/// A level for all, and others for targets and what is below them.
#[derive(Debug, PartialEq, Eq)]
struct Levels {
    all: LevelFilter,
    /// The longest first.
    targets: Vec<(String, LevelFilter)>,
}

/// Makes the console listen, unless somebody does.
pub(super) fn install(set: Option<SetLevel>) {
    if tracing::dispatcher::has_been_set() {
        return;
    }
    let of_variable = |name: &str| {
        Some(SetLevel { text: std::env::var(name).ok()?, place: Some(name.to_owned()), is_of_run: true })
    };
    let (of_run, of_file) = match set {
        Some(set) if set.is_of_run => (Some(set), None),
        set => (None, set),
    };
    let variables = ["VERNAL_LOG", "RUST_LOG"];
    let set = of_run.or_else(|| variables.into_iter().find_map(of_variable)).or(of_file);
    let SetLevel { text, place, .. } = set.unwrap_or_default();
    let (levels, unknown) = Levels::read(&text);
    let Ok(queue) = Queue::start("vernal-console", io::stderr(), missing, Duration::ZERO) else { return };
    let shows_errors = levels.shows("vernal", Level::ERROR);
    let console = Console { levels, queue: Arc::clone(&queue) };
    if tracing::dispatcher::set_global_default(console.into()).is_err() {
        return;
    }
    SHOWS_ERRORS.store(shows_errors, Ordering::Relaxed);
    panics::say_on(Arc::clone(QUEUE.get_or_init(|| queue)));
    for word in unknown {
        let Some(place) = &place else { break };
        say!(
            warn,
            "{place}: {word:?} says nothing. Write a level (off, error, warn, info, debug, trace), or one for a target: \
             my_app=debug"
        );
    }
}

/// Whether what a server says of its errors is on the console.
pub(super) fn shows_errors() -> bool {
    SHOWS_ERRORS.load(Ordering::Relaxed)
}

impl Levels {
    /// Reads a list with commas; also tells what in it says nothing.
    fn read(text: &str) -> (Levels, Vec<&str>) {
        let mut levels = Levels { all: LevelFilter::INFO, targets: Vec::new() };
        let mut unknown = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word.split_once('=') {
                None => match level(word) {
                    Some(level) => levels.all = level,
                    None => unknown.push(word),
                },
                Some((target, text)) => match level(text.trim()) {
                    Some(level) => levels.targets.push((target.trim().to_owned(), level)),
                    None => unknown.push(word),
                },
            }
        }
        sorted::sort_by_key(&mut levels.targets, |(target, _)| std::cmp::Reverse(target.len()));
        (levels, unknown)
    }

    fn shows(&self, target: &str, level: Level) -> bool {
        let is_in =
            |of: &str| target.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let own = self.targets.iter().find(|(of, _)| is_in(of));
        match own {
            Some((of, most)) if of == ACCESS || target != ACCESS => level <= *most,
            _ if target == ACCESS => Level::DEBUG <= own.map_or(self.all, |(_, most)| *most),
            _ => level <= self.all,
        }
    }

    fn most(&self) -> LevelFilter {
        self.targets.iter().map(|(_, level)| *level).fold(self.all, LevelFilter::max)
    }
}

/// What of a list of levels says nothing.
#[cfg(feature = "config")]
pub(super) fn unknown_levels(text: &str) -> Vec<&str> {
    Levels::read(text).1
}

/// A level by name; numbers, which `tracing` takes too, are none.
fn level(text: &str) -> Option<LevelFilter> {
    text.parse().ok().filter(|_| text.starts_with(|first: char| first.is_ascii_alphabetic()))
}

/// The target of the lines of requests. They count as `debug` unless it is named.
const ACCESS: &str = "vernal::access";

impl Subscriber for Console {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.levels.shows(metadata.target(), *metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.levels.most())
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line::begin(metadata.target(), metadata.line(), *metadata.level());
        event.record(&mut line);
        self.queue.add(line.end().as_bytes());
        if SERVING.load(Ordering::Relaxed) == 0 {
            self.queue.flush(PATIENCE, false);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The line of lines that nobody read in time.
fn missing(count: u64) -> String {
    let mut line = Line::begin("vernal", None, Level::WARN);
    let (lines, were) = if count == 1 { ("line", "was") } else { ("lines", "were") };
    let _ = write!(line.text, "{count} {lines} {were} dropped here, since nobody read standard error");
    line.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_and_the_target_choose() {
        let table = [
            ("off", "vernal", Level::ERROR, false),
            ("warn", "vernal", Level::INFO, false),
            ("", "vernal", Level::INFO, true),
            ("", "vernal", Level::DEBUG, false),
            ("", ACCESS, Level::INFO, false),
            ("info", ACCESS, Level::INFO, false),
            ("debug", ACCESS, Level::INFO, true),
            ("INFO,vernal::access=debug", ACCESS, Level::INFO, true),
            ("vernal::access=info", ACCESS, Level::INFO, true),
            ("vernal=info", ACCESS, Level::INFO, false),
            ("vernal=debug", ACCESS, Level::INFO, true),
            ("debug,vernal::access=off", ACCESS, Level::INFO, false),
            ("off, my_app = trace ,", "my_app", Level::TRACE, true),
            ("off,my_app=trace", "my_app::orders", Level::TRACE, true),
            ("off,my_app=trace", "my_apparatus", Level::ERROR, false),
            ("my_app=warn,my_app::orders=debug", "my_app::orders", Level::DEBUG, true),
            ("my_app::orders=debug,my_app=warn", "my_app::orders::new", Level::DEBUG, true),
            ("my_app=warn,my_app::orders=debug", "my_app::users", Level::INFO, false),
            ("my_app=trace", "other", Level::INFO, true),
        ];
        for (text, target, level, expected) in table {
            let (levels, unknown) = Levels::read(text);
            assert_eq!(levels.shows(target, level), expected, "{text} {target} {level}");
            assert!(!expected || level <= levels.most(), "{text}: the hint hides nothing");
            assert_eq!(unknown, Vec::<&str>::new(), "{text}");
        }
        let (levels, unknown) = Levels::read("loud,my_app=very,3,warn");
        assert_eq!(
            (levels, unknown),
            (Levels { all: LevelFilter::WARN, targets: Vec::new() }, vec!["loud", "my_app=very", "3"])
        );
    }
}
