//! What errors are answered with: the pages of the application's own where there are some, else what is said by default.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::operation::DescribedPage;
use super::problem;
use super::schemas::{Direction, Schemas};
use crate::contract::Answers;

/// The error pages of an application.
#[derive(Default)]
pub(crate) struct DescribedPages {
    /// By status.
    pub(crate) by_status: BTreeMap<u16, &'static DescribedPage>,
    /// Those for errors of a type, of whatever status.
    pub(crate) by_type: Vec<&'static DescribedPage>,
}

/// The errors of a document. Those that are alike are kept once, by a name.
pub(super) struct Failures<'p> {
    pages: &'p DescribedPages,
    named: BTreeMap<String, Value>,
}

impl<'p> Failures<'p> {
    pub(super) fn new(pages: &'p DescribedPages) -> Failures<'p> {
        Failures { pages, named: BTreeMap::new() }
    }

    /// A reference to the error of this status, of this range or of all.
    pub(super) fn reference(&mut self, status: &str, schemas: &mut Schemas) -> Value {
        let name = problem::name(status);
        if !self.named.contains_key(&name) {
            let response = problem::response(status, self.content(status, schemas));
            self.named.insert(name.clone(), response);
        }
        json!({ "$ref": format!("#/components/responses/{name}") })
    }

    /// The bodies of such an error.
    pub(super) fn content(&self, status: &str, schemas: &mut Schemas) -> Value {
        let statuses = match (status.parse::<u16>(), status.as_bytes().first()) {
            (Ok(status), _) => status..=status,
            (_, Some(b'4')) => 400..=499,
            (_, Some(b'5')) => 500..=599,
            _ => 400..=599,
        };
        let mut kinds = Kinds::default();
        let mut pages: Vec<&DescribedPage> = Vec::new();
        let of_status = |status| self.pages.by_status.get(&status).copied();
        let by_type = if status == "default" { &self.pages.by_type[..] } else { &[] };
        for page in statuses.clone().filter_map(of_status).chain(by_type.iter().copied()) {
            if !pages.iter().any(|known| known.at == page.at) {
                pages.push(page);
            }
        }
        if statuses.clone().any(|status| of_status(status).is_none()) {
            kinds.add(problem::content());
        }
        for page in pages {
            kinds.add(self::content(page, schemas));
        }
        kinds.into_value()
    }

    pub(super) fn into_named(self) -> BTreeMap<String, Value> {
        self.named
    }
}

/// What a page answers with.
fn content(page: &DescribedPage, schemas: &mut Schemas) -> Value {
    schemas.know(page.schemas);
    let mut answers = Answers::new();
    (page.answers)(&mut answers);
    let place = format!("the answer of {}", page.at);
    let mut kinds = Kinds::default();
    if answers.errors.iter().any(|(status, _)| *status == 404) {
        // It may have no answer of its own.
        kinds.add(problem::content());
    }
    for answer in [answers.answer].into_iter().chain(answers.others) {
        for (media_type, schema) in &answer.content {
            kinds.add(json!({ *media_type: { "schema": schemas.resolve(schema, Direction::Out, &place) } }));
        }
    }
    kinds.into_value()
}

/// Bodies by media types, each with the schemas that it may have.
#[derive(Default)]
struct Kinds(BTreeMap<String, Vec<Value>>);

impl Kinds {
    fn add(&mut self, content: Value) {
        let Value::Object(content) = content else { return };
        for (media_type, mut value) in content {
            let schemas = self.0.entry(media_type).or_default();
            let schema = value["schema"].take();
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
    }

    fn into_value(self) -> Value {
        let one = |mut schemas: Vec<Value>| match &mut schemas[..] {
            [only] => only.take(),
            _ => json!({ "anyOf": schemas }),
        };
        let content = self.0.into_iter().map(|(media_type, schemas)| {
            let schema = one(schemas);
            (media_type, json!({ "schema": schema }))
        });
        content.collect::<Map<_, _>>().into()
    }
}
