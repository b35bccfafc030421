//! The spans of an application and what is said in them, for suites that look at them.

#![allow(dead_code, reason = "each suite takes what it needs")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// A span of vernal's or of the suite.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub target: String,
    pub name: String,
    pub fields: BTreeMap<&'static str, String>,
    /// The number of the span that it was made in.
    pub parent: Option<usize>,
    /// The number of the span that it comes after.
    pub follows: Option<usize>,
    pub is_over: bool,
}

impl Seen {
    /// What a field says; empty if nothing.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// What was said, and in which span.
#[derive(Clone, Debug)]
pub struct SaidIn {
    pub target: String,
    pub text: String,
    pub fields: BTreeMap<&'static str, String>,
    /// The number of the span.
    pub span: Option<usize>,
}

/// All that was seen. A layer for a registry.
#[derive(Clone, Default)]
pub struct Traced(Arc<Mutex<(Vec<Seen>, Vec<SaidIn>)>>);

impl Traced {
    fn with<R>(&self, look: impl FnOnce(&mut Vec<Seen>, &mut Vec<SaidIn>) -> R) -> R {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (spans, lines) = &mut *all;
        look(spans, lines)
    }

    /// The spans, in the order they were made in.
    pub fn spans(&self) -> Vec<Seen> {
        self.with(|spans, _| spans.clone())
    }

    /// What was said.
    pub fn lines(&self) -> Vec<SaidIn> {
        self.with(|_, lines| lines.clone())
    }

    /// Forgets all spans that are over, which must be all.
    pub fn forget(&self) {
        self.with(|spans, lines| {
            let open: Vec<_> = spans.iter().filter(|span| !span.is_over).collect();
            assert!(open.is_empty(), "{open:?}");
            spans.clear();
            lines.clear();
        });
    }
}

/// The number of a span.
struct Number(usize);

fn number_of<S: Subscriber + for<'l> LookupSpan<'l>>(id: &Id, cx: &Context<'_, S>) -> Option<usize> {
    cx.span(id)?.extensions().get::<Number>().map(|number| number.0)
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Traced {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let metadata = attributes.metadata();
        let span = cx.span(id).expect("it was made");
        let parent = span.parent().and_then(|parent| parent.extensions().get::<Number>().map(|it| it.0));
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let (target, name) = (metadata.target().to_owned(), metadata.name().to_owned());
        let seen = Seen { target, name, fields: fields.0, parent, ..Seen::default() };
        let number = self.with(|spans, _| {
            spans.push(seen);
            spans.len() - 1
        });
        span.extensions_mut().insert(Number(number));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(number) = number_of(id, &cx) {
            self.with(|spans, _| spans[number].fields.extend(fields.0));
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, cx: Context<'_, S>) {
        if let Some(number) = number_of(id, &cx) {
            let follows = number_of(follows, &cx);
            self.with(|spans, _| spans[number].follows = follows);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let text = fields.0.remove("message").unwrap_or_default();
        let span = cx.event_span(event).and_then(|span| span.extensions().get::<Number>().map(|it| it.0));
        let line = SaidIn { target: event.metadata().target().to_owned(), text, fields: fields.0, span };
        self.with(|_, lines| lines.push(line));
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        if let Some(number) = number_of(&id, &cx) {
            self.with(|spans, _| spans[number].is_over = true);
        }
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}
