//! What a text of the environment or of an argument is, once it is known what it should be.

use super::document;
use super::value::{Node, Value};

/// The elements of a list: TOML in brackets, or texts with commas between them.
pub(super) fn list(node: &Node) -> Option<Vec<Node>> {
    match &node.value {
        Value::List(list) => Some(list.clone()),
        Value::Loose(text) if text.trim_start().starts_with('[') => {
            match document::value(text.trim(), &node.origin)? {
                Value::List(list) => Some(list),
                _ => None,
            }
        }
        Value::Loose(text) => {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            let node =
                |word: &str| Node { value: Value::Loose(word.to_owned()), origin: node.origin.clone() };
            Some(words.map(node).collect())
        }
        _ => None,
    }
}

/// The value in the words of a message, which say why it is no list or table where it begins as one.
pub(super) fn found(node: &Node) -> String {
    let found = node.value.found();
    match unread(node) {
        Some(why) => format!("{found}, {why}"),
        None => found,
    }
}

/// Why a text that begins as a list or a table is none.
pub(super) fn unread(node: &Node) -> Option<String> {
    let Value::Loose(text) = &node.value else { return None };
    let text = text.trim();
    let (kind, like) = match text.chars().next()? {
        '[' => ("list", "[\"one\", \"other\"]` or `one, other"),
        '{' => ("table", "{ name = \"value\" }"),
        _ => return None,
    };
    let why = document::fault(text)?;
    Some(format!("which begins as a {kind} of TOML and is none, since {why}: write `{like}`"))
}

/// A number, whatever its type.
pub(super) fn integer(node: &Node) -> Option<i128> {
    match &node.value {
        Value::Integer(number) => Some(*number),
        Value::Loose(text) => match document::value(text.trim(), &node.origin)? {
            Value::Integer(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// True or false.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Flag(flag) => Some(*flag),
        Value::Loose(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A text.
pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) | Value::Loose(text) => Some(text),
        _ => None,
    }
}

/// The value where nothing says what it should be: what TOML would take it for, else a text.
pub(super) fn guessed(node: &Node) -> Value {
    match &node.value {
        Value::Loose(text) => {
            document::value(text.trim(), &node.origin).unwrap_or_else(|| Value::Text(text.clone()))
        }
        value => table(node).unwrap_or_else(|| value.clone()),
    }
}

/// A table, which the environment writes as TOML in braces.
pub(super) fn table(node: &Node) -> Option<Value> {
    match &node.value {
        Value::Table(over) => match over.beneath.as_deref().and_then(|beneath| table(&beneath.node)) {
            Some(Value::Table(mut below)) => {
                below.merge(over.clone());
                Some(Value::Table(below))
            }
            _ => Some(node.value.clone()),
        },
        Value::Loose(text) if text.trim_start().starts_with('{') => {
            document::value(text.trim(), &node.origin)
        }
        _ => None,
    }
}
