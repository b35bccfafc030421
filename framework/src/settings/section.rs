//! A table of which every name is taken by somebody; what is left is a mistake.

use std::cell::RefCell;

use super::kinds::{Kind, Text};
use super::origin::Origin;
use super::value::{Node, Table, Value};
use super::{loose, value};
use crate::base::did_you_mean;

/// What is found while sections are read.
#[derive(Default)]
pub(crate) struct Report {
    problems: RefCell<Vec<String>>,
    keys: RefCell<Vec<Key>>,
}

/// A name that can be set.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// With the names of its sections, and dots between them.
    pub(crate) path: String,
    /// What its values are.
    pub(crate) kind: String,
    /// The value it has by itself, or words for that in parentheses.
    pub(crate) default: &'static str,
}

impl Report {
    pub(crate) fn add(&self, problem: String) {
        self.problems.borrow_mut().push(problem);
    }

    /// What is wrong, and what could be set.
    pub(crate) fn finish(self) -> (Vec<String>, Vec<Key>) {
        (self.problems.into_inner(), self.keys.into_inner())
    }
}

/// See the head of this file. Must be finished, lest nobody hears of what is left.
pub(crate) struct Section<'t> {
    path: String,
    table: Option<&'t Table>,
    origin: Option<&'t Origin>,
    /// Names asked for so far.
    known: Vec<&'static str>,
    report: &'t Report,
}

/// A section that may be just turned on or off.
pub(crate) enum Switch<'t> {
    /// Nobody says anything.
    Unsaid(Section<'t>),
    Off,
    On(Section<'t>),
}

impl<'t> Section<'t> {
    /// The table of all.
    pub(crate) fn root(table: &'t Table, report: &'t Report) -> Section<'t> {
        Section { path: String::new(), table: Some(table), origin: None, known: Vec::new(), report }
    }

    /// Takes a value. `default` is what it is by itself, as it would be written.
    pub(crate) fn take<K: Kind>(
        &mut self,
        name: &'static str,
        kind: K,
        default: &'static str,
    ) -> Option<K::Value> {
        self.take_placed(name, kind, default).map(|(value, _)| value)
    }

    /// Takes a value with its place.
    pub(crate) fn take_placed<K: Kind>(
        &mut self,
        name: &'static str,
        kind: K,
        default: &'static str,
    ) -> Option<(K::Value, &'t Origin)> {
        self.report.keys.borrow_mut().push(Key { path: self.path_of(name), kind: kind.name(), default });
        let node = self.node(name)?;
        let value = kind.read(node);
        if value.is_none() {
            let found = if kind.is_secret() { "something else".to_owned() } else { node.value.found() };
            self.problem(&node.origin, name, &format!("expected {}, found {found}", kind.expected()));
        }
        value.map(|value| (value, &node.origin))
    }

    /// Takes a section.
    pub(crate) fn section(&mut self, name: &'static str) -> Section<'t> {
        let node = self.node(name);
        match node.map(|node| node.beneath().unwrap_or(node)) {
            Some(Node { value: Value::Table(table), origin }) => self.below(name, Some(table), Some(origin)),
            Some(node) => {
                let found = node.value.found();
                self.problem(
                    &node.origin,
                    name,
                    &format!("expected a section [{}], found {found}", self.path_of(name)),
                );
                self.below(name, None, None)
            }
            None => self.below(name, None, None),
        }
    }

    /// Takes a section that may also be `true` or `false`.
    pub(crate) fn switch(&mut self, name: &'static str) -> Switch<'t> {
        match self.node(name) {
            None => Switch::Unsaid(self.below(name, None, None)),
            Some(node) => match loose::flag(&node.value) {
                Some(true) => Switch::On(self.below(name, None, Some(&node.origin))),
                Some(false) => Switch::Off,
                None => match (&node.value, node.beneath()) {
                    // What only turns it on or off may be replaced by more.
                    (Value::Table(table), Some(beneath)) if loose::flag(&beneath.value).is_some() => {
                        Switch::On(self.below(name, Some(table), Some(&node.origin)))
                    }
                    _ => Switch::On(self.section(name)),
                },
            },
        }
    }

    /// Takes a section whose names are anybody's choice: those of its values that are sections, and the others. `is_short` are those
    /// others that a section may replace.
    pub(crate) fn named(
        &mut self,
        name: &'static str,
        is_short: impl Fn(&Node) -> bool,
    ) -> Vec<(String, Result<Section<'t>, &'t Node>)> {
        let section = self.section(name);
        let entry = |entry: &'t value::Entry| {
            let path = section.path_of(&entry.name);
            let node = entry.node.beneath().filter(|beneath| !is_short(beneath)).unwrap_or(&entry.node);
            let below = match &node.value {
                Value::Table(table) => Ok(Section {
                    path,
                    table: Some(table),
                    origin: Some(&entry.origin),
                    known: Vec::new(),
                    report: self.report,
                }),
                _ => Err(node),
            };
            (entry.name.clone(), below)
        };
        section.table.into_iter().flat_map(|table| &table.entries).map(entry).collect()
    }

    /// Takes a section of texts whose names are anybody's choice.
    pub(crate) fn texts(&mut self, name: &'static str, default: &'static str) -> Vec<(String, String)> {
        let path = format!("{}.NAME", self.path_of(name));
        self.report.keys.borrow_mut().push(Key { path, kind: Text.name(), default });
        let section = self.section(name);
        let text = |entry: &value::Entry| {
            let text = Text.read(&entry.node);
            if text.is_none() {
                let words = format!("expected {}, found {}", Text.expected(), entry.node.value.found());
                section.problem(&entry.node.origin, &entry.name, &words);
            }
            Some((entry.name.clone(), text?))
        };
        section.table.into_iter().flat_map(|table| &table.entries).filter_map(text).collect()
    }

    /// Whether a name is there, be its value wrong.
    #[cfg(feature = "tls")]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.table.is_some_and(|table| table.get(name).is_some())
    }

    /// The names that were asked for so far.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.known.clone()
    }

    /// Leaves alone what is taken elsewhere.
    pub(crate) fn leave(&mut self, name: &'static str) {
        self.known.push(name);
    }

    /// Whether anything was said of it.
    pub(crate) fn is_given(&self) -> bool {
        self.table.is_some() || self.origin.is_some()
    }

    /// Where it was begun.
    pub(crate) fn origin(&self) -> Option<&'t Origin> {
        self.origin
    }

    /// Where all of it was written.
    pub(crate) fn places(&self) -> Vec<String> {
        self.table.map(|table| table.places(&self.path)).unwrap_or_default()
    }

    /// Tells of a mistake in a value of this section.
    pub(crate) fn problem(&self, origin: &Origin, name: &str, words: &str) {
        self.report.add(format!("{origin}: `{}`: {words}", self.path_of(name)));
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) {
        for entry in self.table.into_iter().flat_map(|table| &table.entries) {
            if self.known.contains(&entry.name.as_str()) {
                continue;
            }
            let path = self.path_of(&entry.name);
            let what = match entry.node.value {
                Value::Table(_) => "section",
                _ => "setting",
            };
            let meant = did_you_mean(&entry.name, self.known.iter().copied());
            let hint = match (meant, &self.known[..]) {
                (Some(meant), _) => format!("did you mean `{}`?", self.path_of(meant)),
                (None, _) if self.path.is_empty() => {
                    "a section of your own needs a struct with `#[config(\"…\")]`".to_owned()
                }
                (None, known) => format!("[{}] has {}", self.path, known.join(", ")),
            };
            self.report.add(format!("{}: there is no {what} `{path}`: {hint}", entry.origin));
        }
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn node(&mut self, name: &'static str) -> Option<&'t Node> {
        self.known.push(name);
        self.table?.get(name).map(|entry| &entry.node)
    }

    fn below(&self, name: &str, table: Option<&'t Table>, origin: Option<&'t Origin>) -> Section<'t> {
        Section { path: self.path_of(name), table, origin, known: Vec::new(), report: self.report }
    }
}
