//! What an operation answers, by status.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::failures::Failures;
use super::operation::{DescribedAs, DescribedResponse, Operation};
use super::problem;
use super::schemas::{Direction, Schemas};
use super::settings::OpenApiVersion;
use crate::contract::{Answer, Answers, Statuses};

/// The responses of an operation.
pub(super) struct Responses {
    pub(super) said: BTreeMap<String, Value>,
    /// Whether any error may come.
    pub(super) fails: bool,
}

/// Where they are known from.
pub(super) struct Said<'a> {
    /// The function's type, and its attributes.
    pub(super) operation: &'static Operation,
    /// The attributes of filters that are functions.
    pub(super) of_filters: &'a [&'static DescribedResponse],
    /// What arguments and other filters refuse requests with.
    pub(super) refusals: &'a [u16],
    /// Whether a WebSocket session may begin.
    pub(super) upgrades: bool,
}

impl Responses {
    /// All that is said.
    pub(super) fn of(
        Said { operation, of_filters, refusals, upgrades }: Said<'_>,
        format: OpenApiVersion,
        schemas: &mut Schemas,
        failures: &mut Failures<'_>,
    ) -> Responses {
        schemas.know(operation.schemas);
        let place = format!("the answer of {}", operation.at);
        let mut answers = Answers::new();
        (operation.answers)(&mut answers);
        let Answers { answer, others, errors, fails } = answers;
        let mut responses = Responses { said: BTreeMap::new(), fails };
        if !(upgrades && answer.content.is_empty()) {
            responses.answer(answer, operation.status, &place, format, schemas);
        }
        for other in others {
            responses.answer(other, None, &place, format, schemas);
        }
        if upgrades {
            let entry = responses.said.entry("101".to_owned());
            entry.or_insert_with(|| json!({ "description": "A WebSocket session begins." }));
        }
        let is_unsaid = |response: &&&DescribedResponse| {
            operation.responses.iter().all(|own| own.status != response.status)
        };
        for response in operation.responses.iter().chain(of_filters.iter().filter(is_unsaid).copied()) {
            match &response.what {
                DescribedAs::Meaning(meaning) => {
                    let status = response.status.to_string();
                    let mut said = json!({ "description": meaning });
                    if response.status >= 400 {
                        said["content"] = failures.content(&status, schemas);
                    }
                    responses.said.insert(status, said);
                }
                DescribedAs::Type(describe, found) => {
                    schemas.know(*found);
                    let mut answers = Answers::new();
                    describe(&mut answers);
                    let answer = Answer { statuses: Statuses::Of(vec![response.status]), ..answers.answer };
                    responses.answer(answer, None, &place, format, schemas);
                }
            }
        }
        for (status, meaning) in errors {
            let status = status.to_string();
            if meaning == problem::meaning(&status) {
                responses.error(&status, failures, schemas);
            } else {
                let content = failures.content(&status, schemas);
                let said = json!({ "description": meaning, "content": content });
                responses.said.entry(status).or_insert(said);
            }
        }
        for status in refusals {
            responses.error(&status.to_string(), failures, schemas);
        }
        responses
    }

    /// All of it, as it stands in the document.
    pub(super) fn complete(mut self, failures: &mut Failures<'_>, schemas: &mut Schemas) -> Value {
        if self.fails {
            self.error("default", failures, schemas);
        }
        if !self.said.keys().any(|status| status.starts_with('4')) {
            self.client_error(failures, schemas);
        }
        self.said.into_iter().collect::<serde_json::Map<_, _>>().into()
    }

    /// Some tools want to see one: what is said of any status, if there is something, else what errors are answered with.
    fn client_error(&mut self, failures: &mut Failures<'_>, schemas: &mut Schemas) {
        match self.said.get("default").and_then(|any| any.get("content")) {
            Some(content) => {
                let said = json!({ "description": problem::meaning("4XX"), "content": content });
                self.said.insert("4XX".to_owned(), said);
            }
            None => self.error("4XX", failures, schemas),
        }
    }

    fn error(&mut self, status: &str, failures: &mut Failures<'_>, schemas: &mut Schemas) {
        if !self.said.contains_key(status) {
            self.said.insert(status.to_owned(), failures.reference(status, schemas));
        }
    }

    fn answer(
        &mut self,
        answer: Answer,
        status: Option<u16>,
        place: &str,
        format: OpenApiVersion,
        schemas: &mut Schemas,
    ) {
        let keys: Vec<String> = match (answer.statuses, status) {
            (Statuses::Of(statuses), _) => statuses.iter().map(u16::to_string).collect(),
            (Statuses::Usual | Statuses::Class(2) | Statuses::Any, Some(status)) => vec![status.to_string()],
            (Statuses::Usual, None) => vec!["200".to_owned()],
            (Statuses::Class(class), _) => vec![format!("{class}XX")],
            (Statuses::Error, _) => vec!["4XX".to_owned(), "5XX".to_owned()],
            (Statuses::Any, None) => vec!["default".to_owned()],
        };
        let contents: Vec<(&str, Value)> = answer
            .content
            .iter()
            .map(|(media_type, schema)| {
                let schema = schemas.resolve(schema, Direction::Out, place);
                let value = match (answer.is_stream, format) {
                    (false, _) => json!({ "schema": schema }),
                    // Some take a schema here as that of the whole, others as that of an event.
                    (true, OpenApiVersion::V3_1) => json!({}),
                    (true, OpenApiVersion::V3_2) => json!({ "itemSchema": event() }),
                };
                (*media_type, value)
            })
            .collect();
        for key in keys {
            let said = self
                .said
                .entry(key.clone())
                .or_insert_with(|| json!({ "description": problem::meaning(&key) }));
            // 204 and 304 have no body, whatever comes with them.
            if key != "204" && key != "304" {
                for (media_type, content) in &contents {
                    let known = &mut said["content"][*media_type];
                    match known["schema"].take() {
                        Value::Null => *known = content.clone(),
                        schema if schema == content["schema"] || content["schema"].is_null() => {
                            known["schema"] = schema;
                        }
                        schema => known["schema"] = json!({ "anyOf": [schema, content["schema"]] }),
                    }
                }
            }
            for (name, purpose) in &answer.headers {
                said["headers"][*name] = json!({ "description": purpose, "schema": { "type": "string" } });
            }
        }
    }
}

/// One server-sent event, as documents that know streams have it.
fn event() -> Value {
    json!({
        "type": "object",
        "properties": {
            "data": { "type": "string" },
            "event": { "type": "string" },
            "id": { "type": "string" },
            "retry": { "type": "integer", "minimum": 0 },
        },
    })
}
