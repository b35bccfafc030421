//! Schemas of types: each direction has its own, since what is sent back may hold more than what must come.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use schemars::transform::{RemoveRefSiblings, Transform};
use serde_json::{Map, Value, json};

use super::nodes::{Nodes, name_references, refer, references};
use crate::bind::FLOAT;
use crate::contract::{Form, Found, Schema, Source, within};

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    /// It comes in a request.
    In,
    /// It goes out in an answer.
    Out,
}

/// The schemas of a document.
#[derive(Default)]
pub(super) struct Schemas {
    sources: BTreeMap<&'static str, Source>,
    made: BTreeMap<(Direction, String), Value>,
    nodes: Nodes,
    used: BTreeSet<usize>,
    /// Types without a schema, with what asks for them.
    missing: BTreeMap<&'static str, String>,
    /// Only what is missing is wanted.
    is_trial: bool,
}

impl Schemas {
    /// Finds out which types have no schema, and makes none.
    pub(super) fn trial() -> Schemas {
        Schemas { is_trial: true, ..Schemas::default() }
    }

    /// What is said of types without a schema. `remedy` is what to do beside deriving one.
    pub(super) fn warnings(&self, remedy: &str) -> Vec<String> {
        // What is around such a type has none for its sake.
        let is_around = |name: &str| self.missing.keys().any(|other| name.contains(&format!("<{other}>")));
        let warning = |(type_name, place): (&&'static str, &String)| {
            format!(
                "`{}`, {place}, has no schema, so the description of the API says nothing of it: derive \
                 `schemars::JsonSchema` for it; {remedy}",
                crate::base::written(type_name)
            )
        };
        self.missing.iter().filter(|(name, _)| !is_around(name)).map(warning).collect()
    }

    /// Takes in what the compiler has found.
    pub(super) fn know(&mut self, schemas: fn(&mut Found)) {
        let mut found = Found::default();
        schemas(&mut found);
        for source in found.0 {
            self.sources.entry(source.type_name).or_insert(source);
        }
    }

    /// The schema for a document; its references have numbers. `place` is what asks for it.
    pub(super) fn resolve(&mut self, Schema(form): &Schema, direction: Direction, place: &str) -> Value {
        match form {
            Form::Json(schema) => written(schema.clone()),
            Form::Text(inner) => {
                let inner = self.resolve(inner, direction, place);
                json!({ "type": "string", "contentMediaType": "application/json", "contentSchema": inner })
            }
            Form::List(item) => {
                let item = self.resolve(item, direction, place);
                json!({ "type": "array", "items": item })
            }
            Form::Derived(source) => self.make(*source, direction),
            Form::Type(name, otherwise) => match (self.sources.get(name), otherwise) {
                (Some(source), _) => self.make(*source, direction),
                (None, Some(otherwise)) => otherwise.clone(),
                (None, None) => {
                    self.missing.entry(name).or_insert_with(|| place.to_owned());
                    json!({})
                }
            },
        }
    }

    /// Whether the type of this schema has none.
    pub(super) fn is_missing(&self, Schema(form): &Schema) -> bool {
        matches!(form, Form::Type(name, None) if !self.sources.contains_key(name))
    }

    /// The schema itself where this is a reference to it.
    pub(super) fn behind<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        // A reference to a reference is rare, one to itself a mistake of somebody's own schema.
        for _ in 0..8 {
            match schema["$ref"].as_str().and_then(|reference| self.nodes.get(reference)) {
                Some(behind) => schema = behind,
                None => break,
            }
        }
        schema
    }

    fn make(&mut self, source: Source, direction: Direction) -> Value {
        if self.is_trial {
            return json!({});
        }
        let id = (source.id)().into_owned();
        if let Some(made) = self.made.get(&(direction, id.clone())) {
            return made.clone();
        }
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        // Tools drop what stands beside a reference.
        let settings = settings.with_transform(RemoveRefSiblings::default());
        let settings = match direction {
            Direction::In => settings.for_deserialize(),
            Direction::Out => settings.for_serialize(),
        };
        let mut generator: SchemaGenerator = settings.into_generator();
        let mut schema = (source.schema)(&mut generator);
        RemoveRefSiblings::default().transform(&mut schema);
        let mut schema = written(schema.to_value());
        let mut definitions = generator.take_definitions(true);
        for schema in definitions.values_mut().chain([&mut schema]) {
            bounded(schema);
            without_bad_defaults(schema);
        }
        let root = schema["$ref"].as_str().and_then(|text| text.rsplit('/').next()).map(str::to_owned);
        let root = root.as_deref().map(|name| (name, &*id));
        let numbers = self.nodes.add(definitions, root, direction == Direction::Out);
        refer(&mut schema, &|name| numbers.get(name).copied());
        self.made.insert((direction, id), schema.clone());
        schema
    }

    /// Names all that the document refers to; gives the schemas by their names.
    pub(super) fn finish(mut self, document: &mut Value) -> BTreeMap<String, Value> {
        references(document, &mut |number| {
            self.used.insert(number);
        });
        // Only those whose types are known tell two of one name apart.
        for source in self.sources.values().copied().collect::<Vec<_>>() {
            for direction in [Direction::In, Direction::Out] {
                let _ = self.make(source, direction);
            }
        }
        let (schemas, names) = self.nodes.named(&self.used);
        name_references(document, &names);
        schemas
    }
}

/// What a schema is made of, values that stand in it aside.
fn schemas_in(members: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    members.iter_mut().filter(|(key, _)| !VALUES.contains(&&***key)).map(|(_, member)| member)
}

/// Members that hold values, not schemas.
pub(super) const VALUES: [&str; 4] = ["const", "default", "enum", "examples"];

/// Not all tools know that a schema may be a mere word, and what is neither says nothing.
fn written(schema: Value) -> Value {
    match schema {
        Value::Object(_) => schema,
        Value::Bool(false) => json!({ "not": {} }),
        _ => json!({}),
    }
}

/// Bounds numbers by their types, which schemars does for the smallest ones only: what is larger is refused.
fn bounded(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            match members.get("format").and_then(Value::as_str) {
                Some("int32") => within(members, i32::MIN.into(), i32::MAX as u128),
                Some("int64") => within(members, i64::MIN.into(), i64::MAX as u128),
                Some("int128") => within(members, i128::MIN, i128::MAX as u128),
                Some("int") => within(members, isize::MIN as i128, isize::MAX as u128),
                Some("uint32") => within(members, 0, u32::MAX.into()),
                Some("uint64") => within(members, 0, u64::MAX.into()),
                Some("uint128") => within(members, 0, u128::MAX),
                Some("uint") => within(members, 0, usize::MAX as u128),
                Some("float") => {
                    members.entry("minimum").or_insert_with(|| (-FLOAT).into());
                    members.entry("maximum").or_insert_with(|| FLOAT.into());
                }
                _ => {}
            }
            schemas_in(members).for_each(bounded);
        }
        Value::Array(items) => items.iter_mut().for_each(bounded),
        _ => {}
    }
}

/// Leaves out defaults that break the schema they stand in, which validators refuse.
fn without_bad_defaults(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_bad = members.get("default").is_some_and(|default| {
                let number = default.as_f64();
                let at_most = |key: &str, value: f64| {
                    members.get(key).and_then(Value::as_f64).is_none_or(|most| value <= most)
                };
                let at_least = |key: &str, value: f64| {
                    members.get(key).and_then(Value::as_f64).is_none_or(|least| value >= least)
                };
                let fits =
                    |value: f64, least: &str, most: &str| at_least(least, value) && at_most(most, value);
                let length = match default {
                    Value::String(text) => Some((text.chars().count(), "minLength", "maxLength")),
                    Value::Array(items) => Some((items.len(), "minItems", "maxItems")),
                    _ => None,
                };
                number.is_some_and(|number| !fits(number, "minimum", "maximum"))
                    || length.is_some_and(|(length, least, most)| !fits(length as f64, least, most))
            });
            if is_bad {
                members.remove("default");
            }
            schemas_in(members).for_each(without_bad_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(without_bad_defaults),
        _ => {}
    }
}

/// Whether a value may be null, which is how one that may be missing is described.
pub(super) fn takes_null(schema: &Value) -> bool {
    let is_null = |kind: &Value| *kind == "null" || kind["type"] == "null";
    ["type", "anyOf"].iter().any(|key| schema[*key].as_array().is_some_and(|kinds| kinds.iter().any(is_null)))
}

/// The same schema for one text, which cannot be null.
pub(super) fn without_null(mut schema: Value) -> Value {
    let Some(members) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = &choices[..] {
            let only = only.clone();
            members.remove("anyOf");
            // What was said of the whole stands.
            for (key, value) in only {
                members.entry(key).or_insert(value);
            }
        }
    }
    schema
}
