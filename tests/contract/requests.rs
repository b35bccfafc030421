//! Requests made of nothing but the description of an operation.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

/// What an operation takes, made up.
#[derive(Clone, Debug)]
pub struct Made {
    pub parameters: Vec<(Value, Value)>,
    /// Media type and value.
    pub body: Option<(String, Value)>,
}

/// Makes up values for the schemas of a document.
pub struct Maker<'d> {
    document: &'d Value,
    runner: TestRunner,
}

impl<'d> Maker<'d> {
    pub fn new(document: &'d Value) -> Maker<'d> {
        Maker { document, runner: TestRunner::deterministic() }
    }

    /// A request for an operation, with what is required and some of what is not.
    pub fn request(&mut self, operation: &Value) -> Made {
        let mut parameters = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["required"] == true || self.maybe() {
                let value = match parameter.pointer("/content/application~1json/schema") {
                    Some(inner) => self.value(inner, 0).to_string().into(),
                    None => self.value(&parameter["schema"], 0),
                };
                parameters.push((parameter.clone(), value));
            }
        }
        let body = &operation["requestBody"];
        let is_sent = body["required"] == true || body.is_object() && self.maybe();
        let body = is_sent.then(|| {
            let content = body["content"].as_object().expect("bodies have media types");
            let kinds: Vec<String> = content.keys().cloned().collect();
            let kind = self.sample(prop::sample::select(kinds));
            let value = self.value(&content[&kind]["schema"], 0);
            (kind, value)
        });
        Made { parameters, body }
    }

    fn value(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let behind = self.document.pointer(&reference[1..]).expect("references are to something");
            return self.value(behind, depth);
        }
        if !schema["const"].is_null() {
            return schema["const"].clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return self.sample(prop::sample::select(values.clone()));
        }
        let mut value = self.value_of_type(schema, depth);
        for key in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[key].as_array() {
                // What ends comes first where it is deep.
                let choice =
                    if depth > 3 { &choices[0] } else { &self.sample(prop::sample::select(choices.clone())) };
                let mut choice = choice.clone();
                if choice["$ref"].is_null() && choice["type"].is_null() {
                    choice["type"] = schema["type"].clone();
                }
                value = joined(value, self.value(&choice, depth + 1));
            }
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            value = joined(value, self.value(part, depth));
        }
        value
    }

    fn value_of_type(&mut self, schema: &Value, depth: usize) -> Value {
        let kind = match &schema["type"] {
            Value::Array(kinds) => self.sample(prop::sample::select(kinds.clone())),
            kind => kind.clone(),
        };
        match kind.as_str() {
            Some("null") => Value::Null,
            Some("boolean") => self.sample(any::<bool>()).into(),
            Some("integer") => self.integer(schema),
            Some("number") => {
                let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
                self.sample(least.unwrap_or(-1e300)..=most.unwrap_or(1e300)).into()
            }
            Some("string") if schema["contentMediaType"] == "application/json" => {
                self.value(&schema["contentSchema"], depth + 1).to_string().into()
            }
            Some("string") => self.text(schema).into(),
            Some("array") => self.array(schema, depth),
            Some("object") => self.object(schema, depth),
            _ => Value::Null,
        }
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let end = |key: &str, default: i128| {
            let whole = schema[key].as_u64().map(i128::from).or(schema[key].as_i64().map(i128::from));
            whole.unwrap_or(default)
        };
        let (least, most) = (end("minimum", i64::MIN.into()), end("maximum", i64::MAX.into()));
        let edges = prop::sample::select(vec![least, most]);
        let number = self.sample(prop_oneof![least..=most, edges, least..=most.min(least.saturating_add(9))]);
        // `not` keeps 0 out.
        let number = if schema["not"]["const"] == 0 && number == 0 { 1 } else { number };
        u64::try_from(number)
            .map_or_else(|_| Value::from(i64::try_from(number).expect("64 bits")), Value::from)
    }

    fn text(&mut self, schema: &Value) -> String {
        let size = |key: &str, default: usize| schema[key].as_u64().map_or(default, |size| size as usize);
        if let Some(pattern) = schema["pattern"].as_str() {
            let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
            return self.sample(prop::string::string_regex(pattern).expect("a pattern"));
        }
        let format = schema["format"].as_str().or(schema["anyOf"][0]["format"].as_str());
        match format {
            Some("ipv4") => return self.sample(any::<std::net::Ipv4Addr>()).to_string(),
            Some("ipv6") => return self.sample(any::<std::net::Ipv6Addr>()).to_string(),
            _ => {}
        }
        let least = size("minLength", 0);
        let chars = prop::collection::vec(any::<char>(), least..=size("maxLength", least + 12));
        self.sample(chars).into_iter().collect()
    }

    fn array(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(items) = schema["prefixItems"].as_array() {
            return items.iter().map(|item| self.value(item, depth + 1)).collect();
        }
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(least + if depth > 3 { 0 } else { 3 });
        let count = self.sample(least..=most);
        (0..count).map(|_| self.value(&schema["items"], depth + 1)).collect()
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let mut members = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if is_required(schema, name) || self.maybe() {
                members.insert(name.clone(), self.value(property, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() && depth < 3 {
            let name = self.text(&json!({}));
            members.insert(name, self.value(&schema["additionalProperties"], depth + 1));
        }
        members.into()
    }

    fn maybe(&mut self) -> bool {
        self.sample(any::<bool>())
    }

    fn sample<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.runner).expect("values").current()
    }
}

impl Made {
    /// The same without what is required, each time without another part, and how that is called.
    pub fn without(&self, operation: &Value, document: &Value) -> Vec<(String, Made)> {
        let mut all = Vec::new();
        for (index, (parameter, _)) in self.parameters.iter().enumerate() {
            if parameter["required"] == true && parameter["in"] != "path" {
                let mut less = self.clone();
                less.parameters.remove(index);
                all.push((parameter["name"].to_string(), less));
            }
        }
        let Some((kind, Value::Object(members))) = &self.body else { return all };
        if operation["requestBody"]["required"] == true {
            all.push(("the body".to_owned(), Made { body: None, ..self.clone() }));
        }
        let mut schema = &operation["requestBody"]["content"][kind]["schema"];
        if let Some(reference) = schema["$ref"].as_str() {
            schema = document.pointer(&reference[1..]).expect("references are to something");
        }
        for name in members.keys().filter(|name| is_required(schema, name)) {
            let mut members = members.clone();
            members.remove(name);
            all.push((name.clone(), Made { body: Some((kind.clone(), members.into())), ..self.clone() }));
        }
        all
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
}

/// Two objects in one; else the one that says something.
fn joined(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            one.into()
        }
        (Value::Null, other) => other,
        (one, Value::Null) => one,
        (_, other) => other,
    }
}
