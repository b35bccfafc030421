//! A table of which every name is taken by somebody; what is left is a mistake.

use std::cell::RefCell;

use super::failure::one_of;
use super::kinds::{Fault, Kind, Text};
use super::origin::Origin;
use super::value::{Node, Table, Value};
use super::{loose, value};
use crate::base::{Places, did_you_mean};

/// What is found while sections are read.
#[derive(Default)]
pub(crate) struct Report {
    problems: RefCell<Vec<String>>,
    keys: RefCell<Vec<Key>>,
    places: RefCell<Places>,
    strays: RefCell<Vec<Stray>>,
}

/// A name that nobody takes.
struct Stray {
    origin: Origin,
    path: String,
    name: String,
    what: &'static str,
    /// What to do about it, whatever other sections have.
    hint: Option<String>,
    /// The same where no section has a key of its name.
    meant: Option<String>,
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

    /// What is wrong, what could be set, and where that was which is.
    pub(crate) fn finish(self) -> (Vec<String>, Vec<Key>, Places) {
        let (mut problems, keys) = (self.problems.into_inner(), self.keys.into_inner());
        // Only now all keys are known.
        for Stray { origin, path, name, what, hint, meant } in self.strays.into_inner() {
            let of_others = || {
                let written = keys.iter().filter(|key| key.is_called(&name)).map(|key| key.written(&origin));
                let written: Vec<_> = written.collect();
                let written: Vec<_> = written.iter().map(String::as_str).collect();
                (!written.is_empty()).then(|| format!("write {}", one_of(&written, "")))
            };
            let hint = hint
                .or_else(of_others)
                .or(meant)
                .unwrap_or_else(|| "a section of your own needs a struct with `#[config(\"…\")]`".to_owned());
            problems.push(format!("{origin}: there is no {what} `{path}`: {hint}"));
        }
        (problems, keys, self.places.into_inner())
    }
}

impl Key {
    /// Whether its own name is this one, in whatever section.
    fn is_called(&self, name: &str) -> bool {
        self.path.rsplit('.').next() == Some(name)
            && !self.path.contains(|char: char| char.is_ascii_uppercase())
    }

    /// How it is written where another was.
    fn written(&self, like: &Origin) -> String {
        let (section, name) = self.path.rsplit_once('.').unwrap_or(("", &self.path));
        match like {
            Origin::Variable(_) => format!("`{}`", Origin::variable_of(&self.path)),
            Origin::Argument(_) => format!("`--{}=…`", self.path),
            Origin::File { .. } | Origin::Nowhere => format!("`{name}` below `[{section}]`"),
        }
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
        let Some(value) = kind.read(node) else {
            let whole = || Fault { within: String::new(), node: node.clone(), expected: kind.expected() };
            let Fault { within, node, expected } = kind.fault(node).unwrap_or_else(whole);
            let found = if kind.is_secret() { "something else".to_owned() } else { loose::found(&node) };
            let words = format!("expected {expected}, found {found}");
            self.problem(&node.origin, &format!("{name}{within}"), &words);
            return None;
        };
        self.report.places.borrow_mut().keep(self.path_of(name), node.origin.to_string());
        Some((value, &node.origin))
    }

    /// Takes a value that is judged by itself, in words that say what to write.
    pub(crate) fn take_judged<K: Kind>(
        &mut self,
        name: &'static str,
        kind: K,
        default: &'static str,
        judge: impl FnOnce(&K::Value) -> Option<String>,
    ) -> Option<K::Value> {
        let (value, origin) = self.take_placed(name, kind, default)?;
        let Some(problem) = judge(&value) else { return Some(value) };
        self.problem(origin, name, &problem);
        None
    }

    /// Judges each text of a list, and tells of those that are none of what is wanted. Whether all are.
    pub(crate) fn judge_each(
        &self,
        name: &str,
        list: &[(String, Origin)],
        mut judge: impl FnMut(&str) -> Result<(), String>,
    ) -> bool {
        let mut are_good = true;
        for (index, (text, origin)) in list.iter().enumerate() {
            if let Err(problem) = judge(text) {
                self.problem(origin, &format!("{name}[{index}]"), &problem);
                are_good = false;
            }
        }
        are_good
    }

    /// Takes a section.
    pub(crate) fn section(&mut self, name: &'static str) -> Section<'t> {
        let node = self.node(name);
        match node.map(|node| node.beneath().unwrap_or(node)) {
            Some(Node { value: Value::Table(table), origin }) => self.below(name, Some(table), Some(origin)),
            Some(node) => {
                self.no_section(node, name, "");
                self.below(name, None, None)
            }
            None => self.below(name, None, None),
        }
    }

    /// Tells of what should be a section; `or` is what else it might be.
    fn no_section(&self, node: &Node, name: &str, or: &str) {
        let (path, found) = (self.path_of(name), node.value.found());
        let how = match &node.origin {
            Origin::Variable(_) => {
                format!(": its settings have variables of their own, `{}__…`", Origin::variable_of(&path))
            }
            Origin::Argument(_) => format!(": its settings are arguments of their own, `--{path}.…`"),
            Origin::File { .. } | Origin::Nowhere => String::new(),
        };
        self.problem(&node.origin, name, &format!("expected {or}a section [{path}], found {found}{how}"));
    }

    /// Takes a section that may also be `true` or `false`.
    pub(crate) fn switch(&mut self, name: &'static str) -> Switch<'t> {
        let Some(entry) = self.entry(name) else { return Switch::Unsaid(self.below(name, None, None)) };
        let node = &entry.node;
        match (loose::flag(&node.value), &node.value, node.beneath()) {
            // What turns it on leaves what was said of it before.
            (Some(true), ..) => Switch::On(self.below(name, entry.covered.as_ref(), Some(&node.origin))),
            (Some(false), ..) => Switch::Off,
            // What only turns it on or off may be replaced by more.
            (None, Value::Table(table), Some(beneath)) if loose::flag(&beneath.value).is_some() => {
                Switch::On(self.below(name, Some(table), Some(&node.origin)))
            }
            (None, Value::Table(_), None) => Switch::On(self.section(name)),
            (None, _, beneath) => {
                self.no_section(beneath.unwrap_or(node), name, "`true`, `false` or ");
                Switch::On(self.below(name, None, None))
            }
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

    /// Takes a section of texts whose names are anybody's choice; each is judged.
    pub(crate) fn texts(
        &mut self,
        name: &'static str,
        default: &'static str,
        judge: impl Fn(&str) -> Option<String>,
    ) -> Vec<(String, String)> {
        let path = format!("{}.NAME", self.path_of(name));
        self.report.keys.borrow_mut().push(Key { path, kind: Text.name(), default });
        let section = self.section(name);
        let text = |entry: &value::Entry| {
            let text = Text.read(&entry.node);
            if text.is_none() {
                let words = format!("expected {}, found {}", Text.expected(), entry.node.value.found());
                section.problem(&entry.node.origin, &entry.name, &words);
            }
            let text = text.filter(|text| match judge(text) {
                Some(problem) => {
                    section.problem(&entry.node.origin, &entry.name, &problem);
                    false
                }
                None => true,
            });
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

    /// The first of these keys that is written, and where; else the section itself.
    pub(crate) fn first_of(&self, names: &[&'static str]) -> (&'static str, Origin) {
        let written = |name: &&'static str| Some((*name, self.table?.get(name)?.node.origin.clone()));
        names.iter().find_map(written).unwrap_or_else(|| {
            let origin = self.origin.cloned().unwrap_or(Origin::Nowhere);
            (names.first().copied().unwrap_or_default(), origin)
        })
    }

    /// Where all of it was written.
    pub(crate) fn places(&self) -> Vec<String> {
        match (self.table, self.origin) {
            (Some(table), _) => table.places(&self.path),
            (None, Some(origin)) => vec![format!("`{}` ({origin})", self.path)],
            (None, None) => Vec::new(),
        }
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
            let is_section = matches!(entry.node.value, Value::Table(_));
            let meant = meant.map(|meant| format!("did you mean `{}`?", self.path_of(meant)));
            let has = || Some(format!("[{}] has {}", self.path, self.known.join(", ")));
            let (hint, meant) = match self.path.is_empty() {
                true if is_section => (meant, None),
                true => (None, meant),
                false => (meant.or_else(has), None),
            };
            let (origin, name) = (entry.origin.clone(), entry.name.clone());
            self.report.strays.borrow_mut().push(Stray { origin, path, name, what, hint, meant });
        }
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn node(&mut self, name: &'static str) -> Option<&'t Node> {
        self.entry(name).map(|entry| &entry.node)
    }

    fn entry(&mut self, name: &'static str) -> Option<&'t value::Entry> {
        self.known.push(name);
        self.table?.get(name)
    }

    fn below(&self, name: &str, table: Option<&'t Table>, origin: Option<&'t Origin>) -> Section<'t> {
        Section { path: self.path_of(name), table, origin, known: Vec::new(), report: self.report }
    }
}
