//! Values that know where they were written, and tables of them that lie over one another.

use super::origin::Origin;
use crate::base::shown;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

impl Node {
    /// What is no table and lies beneath one.
    pub(crate) fn beneath(&self) -> Option<&Node> {
        match &self.value {
            Value::Table(table) => table.beneath.as_deref().map(|entry| &entry.node),
            _ => None,
        }
    }
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// A text of the environment or of an argument, which is whatever is asked for.
    Loose(String),
    Integer(i128),
    Float(f64),
    Flag(bool),
    /// A date, a time, or both (RFC 3339).
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// Whether it turns something on.
    fn is_true(&self) -> bool {
        matches!(self, Value::Flag(true)) || matches!(self, Value::Loose(text) if text.trim() == "true")
    }

    /// What it is, without the value itself.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) | Value::Loose(_) => "a text",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Flag(_) => "`true` or `false`",
            Value::Date(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The value in the words of a message.
    pub(crate) fn found(&self) -> String {
        match self {
            Value::Text(text) => format!("the text \"{}\"", shown(text)),
            Value::Loose(text) => format!("\"{}\"", shown(text)),
            Value::Integer(number) => format!("the number {number}"),
            Value::Float(number) => format!("the number {number}"),
            Value::Flag(flag) => format!("`{flag}`"),
            Value::Date(date) => format!("the date {date}"),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }
}

/// Names and their values, in the order they were written in.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub(crate) entries: Vec<Entry>,
    /// What is no table and was written where this one lies over it. Only who reads it knows whether that may be replaced.
    pub(crate) beneath: Option<Box<Entry>>,
}

/// A name and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Where the name was written.
    pub(crate) origin: Origin,
    pub(crate) node: Node,
    /// The table that the value lies over, if it is none. Only who reads it knows whether that is gone.
    pub(crate) covered: Option<Table>,
}

impl Entry {
    pub(crate) fn new(name: String, origin: Origin, node: Node) -> Entry {
        Entry { name, origin, node, covered: None }
    }

    fn lie_beneath(&mut self, over: Entry) {
        let Entry { origin, node, .. } = over;
        let value = match (&mut self.node.value, node.value) {
            (Value::Table(below), Value::Table(above)) => return below.merge(above),
            (_, value) => value,
        };
        let node = Node { value, origin: node.origin };
        let fresh = Entry::new(self.name.clone(), origin, node);
        let mut below = std::mem::replace(self, fresh);
        let covered = below.covered.take();
        match (&mut self.node.value, below.node.value) {
            (Value::Table(above), value) => {
                // What turns a section on leaves what was said of it before.
                if let Some(covered) = covered.filter(|_| value.is_true()) {
                    let own = std::mem::replace(above, covered);
                    above.merge(own);
                }
                let below = Entry { node: Node { value, origin: below.node.origin }, ..below };
                above.beneath = Some(Box::new(below));
            }
            (_, Value::Table(table)) => self.covered = Some(table),
            _ => self.covered = covered,
        }
    }
}

impl Table {
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Lays another table over this one. Tables of the same name become one; of all else the other's wins, and a table keeps in
    /// mind what it replaces.
    pub(crate) fn merge(&mut self, over: Table) {
        for entry in over.entries {
            let is_of_run = entry.origin.is_of_run();
            let exact = self.entries.iter().position(|own| own.name == entry.name);
            let alike = || self.entries.iter().position(|own| is_of_run && is_alike(&own.name, &entry.name));
            match exact.or_else(alike).and_then(|at| self.entries.get_mut(at)) {
                None => self.entries.push(entry),
                Some(own) => own.lie_beneath(entry),
            }
        }
    }

    /// Puts a value at the end of a path, with the tables on the way to it.
    ///
    /// # Errors
    /// There is a value already, or one in the way: where it was written.
    pub(crate) fn put(&mut self, path: &[&str], node: Node) -> Result<(), Origin> {
        let Some((first, rest)) = path.split_first() else { return Ok(()) };
        let at = self.entries.iter().position(|entry| entry.name == *first);
        let (origin, name) = (node.origin.clone(), (*first).to_owned());
        match (at.and_then(|at| self.entries.get_mut(at)), rest) {
            (Some(entry), []) => Err(entry.node.origin.clone()),
            (Some(Entry { node: Node { value: Value::Table(table), .. }, .. }), rest) => {
                table.put(rest, node)
            }
            (Some(entry), _) => Err(entry.node.origin.clone()),
            (None, rest) => {
                let node = if rest.is_empty() {
                    node
                } else {
                    let mut table = Table::default();
                    table.put(rest, node)?;
                    Node { value: Value::Table(table), origin: origin.clone() }
                };
                self.entries.push(Entry::new(name, origin, node));
                Ok(())
            }
        }
    }

    /// The paths and places of all values.
    pub(crate) fn places(&self, path: &str) -> Vec<String> {
        let of_entry = |entry: &Entry| {
            let path = format!("{path}.{}", entry.name);
            match &entry.node.value {
                Value::Table(table) => table.places(&path),
                _ => vec![format!("`{path}` ({})", entry.node.origin)],
            }
        };
        self.entries.iter().flat_map(of_entry).collect()
    }
}

/// Whether a variable's name, which has one case and no hyphens, may stand for another.
pub(crate) fn is_alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| -> Vec<char> {
        name.chars().filter(|char| !matches!(char, '-' | '_')).flat_map(char::to_lowercase).collect()
    };
    letters(one) == letters(other)
}
