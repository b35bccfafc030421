//! The body of a request: by content type, or a form in parts that several arguments share.

use serde_json::{Map, Value, json};

use super::operation::Constraints;
use super::schemas::{Direction, Schemas, without_null};
use crate::contract::Body;

/// What the arguments of an operation take of the body.
#[derive(Default)]
pub(super) struct Bodies {
    content: Vec<(&'static str, Value)>,
    /// Fields of a form in parts.
    fields: Map<String, Value>,
    required: Vec<String>,
    is_required: bool,
    is_strict: bool,
    docs: String,
}

impl Bodies {
    pub(super) fn is_empty(&self) -> bool {
        self.content.is_empty() && self.fields.is_empty()
    }

    /// Whether bodies of other content types, or that do not fit, are refused.
    pub(super) fn is_strict(&self) -> bool {
        self.is_strict || !self.fields.is_empty()
    }

    /// Whether a request without it is refused.
    pub(super) fn is_required(&self) -> bool {
        self.is_required || !self.required.is_empty()
    }

    /// Adds what an argument takes.
    pub(super) fn add(
        &mut self,
        body: Body,
        constraints: &Constraints,
        (docs, place): (&str, &str),
        schemas: &mut Schemas,
    ) {
        let mut schema = schemas.resolve(&body.schema, Direction::In, place);
        constraints.add_to(&mut schema);
        if body.media_types.iter().any(|kind| FORMS.contains(kind)) {
            schema = of_form(&schema, schemas);
        }
        for media_type in body.media_types {
            match self.content.iter_mut().find(|(known, _)| known == media_type) {
                Some((_, known)) => *known = json!({ "allOf": [known.take(), schema.clone()] }),
                None => self.content.push((media_type, schema.clone())),
            }
        }
        self.is_required |= body.is_required;
        self.is_strict |= body.is_strict;
        self.say(docs);
    }

    /// Adds a field of a form in parts.
    pub(super) fn field(&mut self, name: &str, mut schema: Value, is_required: bool, docs: &str) {
        if !docs.is_empty() {
            schema["description"] = docs.into();
        }
        self.fields.insert(name.to_owned(), schema);
        if is_required {
            self.required.push(name.to_owned());
        }
    }

    fn say(&mut self, docs: &str) {
        if self.docs.is_empty() {
            docs.clone_into(&mut self.docs);
        }
    }

    /// The request body of a document; `None` if none is taken.
    pub(super) fn request_body(mut self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        let is_required = self.is_required();
        if !self.fields.is_empty() {
            let mut fields = json!({ "type": "object", "properties": self.fields });
            if !self.required.is_empty() {
                fields["required"] = self.required.into();
            }
            // A file comes in parts only.
            self.content.retain(|(kind, _)| *kind != FORMS[0]);
            match self.content.iter_mut().find(|(kind, _)| *kind == FORMS[1]) {
                Some((_, known)) => *known = json!({ "allOf": [known.take(), fields] }),
                None => self.content.push((FORMS[1], fields)),
            }
        }
        let content: Map<String, Value> = self
            .content
            .into_iter()
            .map(|(media_type, schema)| (media_type.to_owned(), json!({ "schema": schema })))
            .collect();
        let mut body = json!({ "content": content });
        if is_required {
            body["required"] = true.into();
        }
        if !self.docs.is_empty() {
            body["description"] = self.docs.into();
        }
        Some(body)
    }
}

/// Fields of a form are texts, which cannot be null.
fn of_form(schema: &Value, schemas: &Schemas) -> Value {
    let mut shown = schemas.behind(schema).clone();
    let Some(properties) = shown["properties"].as_object_mut() else { return schema.clone() };
    for property in properties.values_mut() {
        *property = without_null(property.take());
    }
    shown
}

const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];
