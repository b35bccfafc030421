//! TOML (version 1.1) with the place of each value.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::origin::Origin;
use super::value::{Entry, Node, Table, Value};

/// Reads the text of a file.
///
/// # Errors
/// What is wrong with it, each with its place.
pub(super) fn read(text: &str, name: &str) -> Result<Table, Vec<String>> {
    let lines = Lines { text, name: name.into() };
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(lines.table(table.into_inner()));
    }
    let mut problems: Vec<(usize, String)> = Vec::new();
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let Origin::File { line, .. } = lines.origin(at) else { continue };
        // What follows on a line from its first mistake says little.
        if problems.last().is_none_or(|(last, _)| *last != line) {
            problems.push((line, format!("{}: {}", lines.origin(at), lines.words(&error))));
        }
    }
    Err(problems.into_iter().map(|(_, problem)| problem).take(MOST).collect())
}

/// Reads one value, as it could stand behind a `=`.
pub(super) fn value(text: &str, origin: &Origin) -> Option<Value> {
    let value = DeValue::parse(text).ok()?.into_inner();
    let mut value = Lines { text, name: Arc::default() }.value(value);
    place(&mut value, origin);
    Some(value)
}

/// Why a text is no value, in words that hold nothing of it.
pub(super) fn fault(text: &str) -> Option<String> {
    DeValue::parse(text).err().map(|error| error.message().to_owned())
}

/// How many mistakes of a file are told.
const MOST: usize = 20;

/// All that is in a value of the environment was written there.
fn place(value: &mut Value, origin: &Origin) {
    let at = |node: &mut Node| {
        node.origin = origin.clone();
        place(&mut node.value, origin);
    };
    match value {
        Value::List(list) => list.iter_mut().for_each(at),
        Value::Table(table) => table.entries.iter_mut().for_each(|entry| {
            entry.origin = origin.clone();
            at(&mut entry.node);
        }),
        _ => {}
    }
}

/// A text, to find the lines of its bytes.
struct Lines<'t> {
    text: &'t str,
    name: Arc<str>,
}

impl Lines<'_> {
    fn origin(&self, at: usize) -> Origin {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Origin::File { name: Arc::clone(&self.name), line, column }
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let entry = |(name, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
            let origin = self.origin(name.span().start);
            Entry::new(String::from(name.into_inner()), origin, self.node(value))
        };
        Table { entries: entries.into_iter().map(entry).collect(), beneath: None }
    }

    fn node(&self, value: Spanned<DeValue<'_>>) -> Node {
        let origin = self.origin(value.span().start);
        Node { value: self.value(value.into_inner()), origin }
    }

    fn value(&self, value: DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.into_owned()),
            // What no number holds is one that is beyond every range.
            DeValue::Integer(number) => {
                Value::Integer(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX))
            }
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(list) => Value::List(list.into_iter().map(|value| self.node(value)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
        }
    }

    /// Never a part of the text but for names: the rest may be secret.
    fn words(&self, error: &Error) -> String {
        let message = error.message();
        let name = error.span().and_then(|span| self.text.get(span)).unwrap_or_default();
        if message == "duplicate key" {
            return format!("`{name}` is set here a second time: keep one of them");
        }
        format!("this is no TOML: {message}")
    }
}
