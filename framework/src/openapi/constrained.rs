//! What `#[arg(…)]` demands of a value, as members of a schema.

use std::fmt::Display;

use serde_json::{Map, Value, json};

use super::operation::Constraints;
use crate::bind::constraint::Numbers;

impl Constraints {
    /// `range = low..=high` of an argument of type `T`.
    pub fn range<T: Numbers<Number = N>, N: Display>(&mut self, low: Option<N>, high: Option<N>) {
        bound(&mut self.value, ["minimum", "maximum"], low, high);
    }

    /// `length = low..=high`
    pub fn length(&mut self, low: Option<usize>, high: Option<usize>) {
        bound(&mut self.value, ["minLength", "maxLength"], low, high);
    }

    /// `pattern = "…"`
    pub fn pattern(&mut self, pattern: &str) {
        self.value.insert("pattern".to_owned(), pattern.into());
    }

    /// `items = low..=high`
    pub fn items(&mut self, low: Option<usize>, high: Option<usize>) {
        bound(&mut self.list, ["minItems", "maxItems"], low, high);
    }

    /// Adds them to the schema of a value, which may be a list.
    pub(super) fn add_to(&self, schema: &mut Value) {
        if schema["type"] == "array" {
            add(schema, &self.list);
            if let Some(items) = schema.get_mut("items") {
                add(items, &self.value);
            }
        } else {
            add(schema, &self.value);
        }
    }
}

/// A number is told as JSON tells numbers.
fn bound<N: Display>(members: &mut Map<String, Value>, names: [&str; 2], low: Option<N>, high: Option<N>) {
    for (name, end) in names.into_iter().zip([low, high]) {
        let number = end.and_then(|end| serde_json::from_str(&end.to_string()).ok());
        if let Some(number) = number.filter(Value::is_number) {
            members.insert(name.to_owned(), number);
        }
    }
}

/// Members beside a reference are no part of what it refers to, for some who read documents.
fn add(schema: &mut Value, members: &Map<String, Value>) {
    if members.is_empty() {
        return;
    }
    if schema["$ref"].is_string() {
        *schema = json!({ "allOf": [schema.take(), members] });
    } else if let Some(known) = schema.as_object_mut() {
        known.extend(members.clone());
    }
}
