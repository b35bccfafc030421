//! The request that opens a session: parameters of its path, and the rest in the binding of WebSockets
//! (version 0.1.0), which has a schema for the query and one for the header fields.

use serde_json::{Map, Value, json};

use crate::matching::Mapping;
use crate::openapi::parameters::Taken;
use crate::openapi::schemas::Schemas;

/// Adds what a channel says of its handshake. `keys` are header fields without which it is refused.
pub(super) fn describe(
    channel: &mut Value,
    mapping: &Mapping,
    taken: &Taken,
    keys: &[&str],
    schemas: &Schemas,
) {
    let mut path = Map::new();
    let (mut query, mut headers, mut cookies) = (Members::default(), Members::default(), Members::default());
    for parameter in &taken.parameters {
        let Some(name) = parameter["name"].as_str() else { continue };
        match parameter["in"].as_str() {
            Some("path") => drop(path.insert(name.to_owned(), of_path(parameter, schemas))),
            Some("query") => query.add(name, parameter),
            Some("header") => headers.add(name, parameter),
            _ => cookies.add(name, parameter),
        }
    }
    for key in keys {
        headers.require(key, json!({ "type": "string" }));
    }
    if let Some(protocol) = mapping.protocol {
        // Others may be offered beside it.
        headers.require("Sec-WebSocket-Protocol", json!({ "type": "string", "const": protocol }));
    }
    if !path.is_empty() {
        channel["parameters"] = path.into();
    }
    let mut binding = json!({ "method": "GET", "bindingVersion": "0.1.0" });
    for (key, members) in [("query", query), ("headers", headers)] {
        if let Some(schema) = members.into_schema() {
            binding[key] = schema;
        }
    }
    channel["bindings"] = json!({ "ws": binding });
    if let Some(schema) = cookies.into_schema() {
        channel["x-vernal-cookies"] = schema;
    }
    if let Some(regexp) = mapping.regexp {
        channel["x-vernal-regexp"] = regexp.source().into();
    }
    let conditions: Vec<&str> = mapping.params.list.iter().chain(mapping.headers.list).copied().collect();
    if !conditions.is_empty() {
        channel["x-vernal-conditions"] = conditions.into();
    }
}

/// Parameters of addresses are texts, of which AsyncAPI knows defaults and choices; what else is known is told beside.
fn of_path(parameter: &Value, schemas: &Schemas) -> Value {
    let mut said = Map::new();
    for key in ["description", "x-vernal-star"] {
        if let Some(value) = parameter.get(key) {
            said.insert(key.to_owned(), value.clone());
        }
    }
    let schema = &parameter["schema"];
    let behind = schemas.behind(schema);
    if let Some(default) = behind["default"].as_str() {
        said.insert("default".to_owned(), default.into());
    }
    if let Some(choices) = behind["enum"].as_array().filter(|choices| choices.iter().all(Value::is_string)) {
        said.insert("enum".to_owned(), choices.clone().into());
    } else if ![json!({ "type": "string" }), json!({ "type": "string", "minLength": 1 })].contains(schema) {
        said.insert("x-vernal-schema".to_owned(), schema.clone());
    }
    said.into()
}

/// The members of an object.
#[derive(Default)]
struct Members {
    properties: Map<String, Value>,
    required: Vec<String>,
    /// Whole objects whose members stand among the others.
    spread: Vec<Value>,
}

impl Members {
    fn add(&mut self, name: &str, parameter: &Value) {
        let mut schema = parameter["schema"].clone();
        if parameter["explode"] == true {
            return self.spread.push(schema);
        }
        if let Some(docs) = parameter.get("description") {
            // Tools drop what stands beside a reference.
            if schema.get("$ref").is_some() {
                schema = json!({ "allOf": [schema] });
            }
            schema["description"] = docs.clone();
        }
        if parameter["required"] == true {
            self.required.push(name.to_owned());
        }
        self.properties.insert(name.to_owned(), schema);
    }

    fn require(&mut self, name: &str, schema: Value) {
        if self.properties.keys().any(|known| known.eq_ignore_ascii_case(name)) {
            return;
        }
        self.required.push(name.to_owned());
        self.properties.insert(name.to_owned(), schema);
    }

    fn into_schema(self) -> Option<Value> {
        if self.properties.is_empty() && self.spread.is_empty() {
            return None;
        }
        let mut schema = json!({ "type": "object", "properties": self.properties });
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        if !self.spread.is_empty() {
            schema["allOf"] = self.spread.into();
        }
        Some(schema)
    }
}
