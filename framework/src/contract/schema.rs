//! The schema of a value, as far as its type says.

use serde_json::{Map, Value, json};

#[cfg(feature = "openapi")]
use super::Source;

/// A JSON Schema (draft 2020-12), written out or that of a type.
///
/// ```
/// use vernal::contract::Schema;
///
/// let colour = Schema::from_json(serde_json::json!({ "type": "string", "enum": ["red", "blue"] }));
/// let colours = colour.list();
/// # let _ = colours;
/// ```
#[derive(Clone, Debug)]
pub struct Schema(pub(crate) Form);

/// How a schema is known.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// It is written out.
    Json(Value),
    /// It is that of the type of this name, if the type has one; else what stands beside it.
    Type(&'static str, Option<Value>),
    /// A list of these.
    List(Box<Schema>),
    /// JSON of this, as a text.
    Text(Box<Schema>),
    /// It is that of a type, by its own function.
    #[cfg(feature = "openapi")]
    Derived(Source),
}

impl Schema {
    /// What takes every value: `{}`.
    pub fn any() -> Schema {
        Schema::from_json(json!({}))
    }

    /// Any text.
    pub fn text() -> Schema {
        Schema::from_json(json!({ "type": "string" }))
    }

    /// Bytes, as they are sent in a body or in a part of one.
    pub fn binary() -> Schema {
        Schema::from_json(json!({ "type": "string", "format": "binary" }))
    }

    /// One that is written out.
    pub fn from_json(schema: Value) -> Schema {
        Schema(Form::Json(schema))
    }

    /// The schema of a type that stands in an argument or in the answer of a handler, `Order` in `Json<Order>`. A type that does not
    /// derive `schemars::JsonSchema` takes every value, and a warning at start names it and the handler.
    pub fn of<T: ?Sized>() -> Schema {
        Schema(Form::Type(std::any::type_name::<T>(), None))
    }

    /// The same for a type that is made from one text: one that does not derive `JsonSchema` is any text.
    pub fn of_text<T: ?Sized>() -> Schema {
        Schema(Form::Type(std::any::type_name::<T>(), Some(json!({ "type": "string" }))))
    }

    /// The schema of a type, wherever it stands.
    #[cfg(feature = "openapi")]
    pub fn derived<T: schemars::JsonSchema + ?Sized>() -> Schema {
        Schema(Form::Derived(Source::of::<T>()))
    }

    /// An integer within the bounds of a type.
    pub(crate) fn integer(kind: &str, least: i128, most: u128) -> Schema {
        let mut schema = json!({ "type": "integer" });
        match kind {
            "i32" | "i64" | "u32" | "u64" => {
                schema["format"] = kind.replace('i', "int").replace('u', "uint").into()
            }
            _ => {}
        }
        if let Some(members) = schema.as_object_mut() {
            within(members, least, most);
        }
        Schema::from_json(schema)
    }

    /// The same without 0.
    pub(crate) fn other_than_zero(self) -> Schema {
        let Form::Json(mut schema) = self.0 else { return self };
        schema["not"] = json!({ "const": 0 });
        Schema::from_json(schema)
    }

    /// A text that is the JSON of such a value.
    #[must_use]
    pub fn as_json_text(self) -> Schema {
        Schema(Form::Text(Box::new(self)))
    }

    /// A list of such values.
    #[must_use]
    pub fn list(self) -> Schema {
        Schema(Form::List(Box::new(self)))
    }
}

/// Bounds a number by its type, where nothing bounds it yet.
pub(crate) fn within(schema: &mut Map<String, Value>, least: i128, most: u128) {
    let least = i64::try_from(least).map_or_else(|_| Value::from(least as f64), Value::from);
    // The nearest floating point number may be larger.
    let most = u64::try_from(most).map_or_else(|_| Value::from((most as f64).next_down()), Value::from);
    schema.entry("minimum").or_insert(least);
    schema.entry("maximum").or_insert(most);
}
