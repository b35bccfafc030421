//! What a server says on the console when nobody else listens: a line on standard error for each event.
//!
//! Installed by `server::start()` only if no `tracing` subscriber is set. `VERNAL_LOG` chooses the level: `off`, `error`,
//! `warn`, `info` (the default), `debug` or `trace`. The line of each request comes with `debug`, since writing it costs
//! more than answering.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

/// Prints events up to a level.
struct Console(LevelFilter);

/// Makes the console listen, unless somebody does.
pub(super) fn install() {
    if tracing::dispatcher::has_been_set() {
        return;
    }
    let level =
        std::env::var("VERNAL_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let _ = tracing::dispatcher::set_global_default(Console(level).into());
}

impl Console {
    fn shows(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && is_shown(self.0, metadata.target(), *metadata.level())
    }
}

fn is_shown(most: LevelFilter, target: &str, level: Level) -> bool {
    let level = if target == "vernal::access" { Level::DEBUG } else { level };
    level <= most
}

impl Subscriber for Console {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.shows(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.shows(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { text: String::with_capacity(128) };
        let seconds = crate::base::date::seconds();
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let metadata = event.metadata();
        let _ = write!(
            line.text,
            "[{hour:02}:{minute:02}:{second:02}Z] {:5} {}: ",
            metadata.level(),
            metadata.target()
        );
        event.record(&mut line);
        line.text.push('\n');
        // Standard error may be closed; there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(line.text.as_bytes());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// One line being put together. Control characters become escapes, so that no event can forge a second line.
struct Line {
    text: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() != "message" {
            let _ = write!(self.text, " {}=", field.name());
        }
        for char in text.chars() {
            match char {
                char if char.is_control() => self.text.extend(char.escape_debug()),
                char => self.text.push(char),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_and_the_target_choose() {
        let table = [
            (LevelFilter::OFF, "vernal", Level::ERROR, false),
            (LevelFilter::WARN, "vernal", Level::INFO, false),
            (LevelFilter::INFO, "vernal", Level::INFO, true),
            (LevelFilter::INFO, "vernal::access", Level::INFO, false),
            (LevelFilter::DEBUG, "vernal::access", Level::INFO, true),
        ];
        for (most, target, level, expected) in table {
            assert_eq!(is_shown(most, target, level), expected, "{most} {target} {level}");
        }
    }
}
