//! What an application logs, for suites that read it.

#![allow(dead_code, reason = "each suite takes what it needs")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Level;

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Line {
    pub level: Level,
    pub target: &'static str,
    pub text: String,
    /// What it says besides, by name.
    pub fields: BTreeMap<&'static str, String>,
}

/// Keeps what is said. Give a clone of it to `tracing::subscriber::set_default`, or to `set_global_default` in a suite that is
/// alone in its process.
#[derive(Clone)]
pub struct Said {
    lines: Arc<Mutex<Vec<Line>>>,
    most: Level,
}

/// From information on.
impl Default for Said {
    fn default() -> Said {
        Said::up_to(Level::INFO)
    }
}

impl Said {
    pub fn up_to(most: Level) -> Said {
        Said { lines: Arc::default(), most }
    }

    /// The lines that have this part, each with its level before its text.
    pub fn with(&self, part: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lines.iter().map(|line| format!("{} {}", line.level, line.text));
        lines.filter(|line| line.contains(part)).collect()
    }

    /// All lines of vernal's since the last look.
    pub fn take(&self) -> Vec<Line> {
        self.take_if(|_| true)
    }

    /// Those of them that are like this; the others stay.
    pub fn take_if(&self, is_it: impl Fn(&Line) -> bool) -> Vec<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extract_if(.., |line| line.target.starts_with("vernal") && is_it(line)).collect()
    }
}

impl tracing::Subscriber for Said {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.most
    }

    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(BTreeMap<&'static str, String>);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.insert(field.name(), format!("{value:?}"));
            }
            fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
                self.0.insert(field.name(), value.to_owned());
            }
        }
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        let text = fields.0.remove("message").unwrap_or_default();
        let metadata = event.metadata();
        let line = Line { level: *metadata.level(), target: metadata.target(), text, fields: fields.0 };
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}
