//! The whole document.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use ::http::Method;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::failures::{DescribedPages, Failures};
use super::joined::join;
use super::names::{self, Place};
use super::negotiated::name_forms;
use super::operation::{DescribedResponse, Operation};
use super::parameters::{self, Taken};
use super::problem;
use super::responses::{Responses, Said};
use super::schemas::Schemas;
use super::security;
use super::settings::{OpenApi, OpenApiVersion};
#[cfg(debug_assertions)]
use super::statuses::DescribedStatuses;
use super::template::Template;
use crate::base::Location;
use crate::contract::Guards;
use crate::matching::shape;

/// A description of an application, by OpenAPI or AsyncAPI, as JSON. The same application always gives the same text.
///
/// ```
/// use vernal::{App, Config, request_map};
///
/// /// Says hello.
/// #[request_map("/hello/{name}", method = "GET")]
/// fn hello(name: &str) -> String {
///     format!("Hello, {name}!")
/// }
///
/// let document = App::from_registry(Config::new())?.openapi();
/// assert_eq!(document["paths"]["/hello/{name}"]["get"]["summary"], "Says hello");
/// # Ok::<(), vernal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Document(pub(super) Value);

impl Document {
    /// The JSON.
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl Deref for Document {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

/// Indented JSON.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Ordered(&self.0).serialize(serializer)
    }
}

/// JSON whose best known members come first, as people write such documents.
struct Ordered<'v>(&'v Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let rank = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(key, _)| rank(key));
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, &Ordered(value))?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
            other => other.serialize(serializer),
        }
    }
}

/// Members of documents in the order in which they are read.
const FIRST: [&str; 30] = [
    "openapi",
    "asyncapi",
    "info",
    "title",
    "name",
    "in",
    "version",
    "$ref",
    "summary",
    "operationId",
    "tags",
    "description",
    "servers",
    "security",
    "paths",
    "channels",
    "operations",
    "address",
    "action",
    "channel",
    "deprecated",
    "parameters",
    "requestBody",
    "responses",
    "type",
    "properties",
    "required",
    "components",
    "content",
    "schema",
];

/// What a document has to know of the application beside its operations.
pub(crate) struct Surroundings<'a> {
    /// What the filters of an operation's path ask for.
    pub(crate) guards: &'a dyn Fn(&Location, &str) -> Guards,
    /// What filters that are functions may answer to an operation by themselves.
    pub(crate) of_filters: &'a dyn Fn(&Location, &str) -> Vec<&'static DescribedResponse>,
    /// The name of the cookie that keeps sessions.
    pub(crate) session_cookie: &'a str,
    /// What errors are answered with.
    pub(crate) pages: &'a DescribedPages,
    /// The status of what is invalid, if it is not 400.
    pub(crate) invalid: Option<u16>,
    /// The media types of content that is negotiated.
    pub(crate) forms: &'a [&'static str],
}

/// The document of these operations, and what could not be described, with what asks for it.
pub(crate) fn openapi(
    settings: &OpenApi,
    operations: &[&'static Operation],
    surroundings: &Surroundings<'_>,
) -> (Document, Vec<String>) {
    let mut draft = Draft::new(settings, surroundings);
    draft.add(operations);
    draft.finish()
}

/// What cannot be described, found without making any schema.
pub(crate) fn unknown(
    settings: &OpenApi,
    operations: &[&'static Operation],
    surroundings: &Surroundings<'_>,
) -> Vec<String> {
    let mut draft = Draft { schemas: Schemas::trial(), ..Draft::new(settings, surroundings) };
    draft.add(operations);
    draft.schemas.warnings(REMEDY)
}

/// What each operation may answer, by its place and its pattern.
#[cfg(debug_assertions)]
pub(crate) fn statuses(
    operations: &[&'static Operation],
    surroundings: &Surroundings<'_>,
) -> BTreeMap<(Location, &'static str), DescribedStatuses> {
    let settings = OpenApi::default();
    let mut draft = Draft { schemas: Schemas::trial(), ..Draft::new(&settings, surroundings) };
    let mut all = BTreeMap::<_, DescribedStatuses>::new();
    for operation in operations {
        let inputs = parameters::inputs(operation.arguments);
        for (source, template) in parameters::templates(&operation.mapping, &inputs) {
            let inputs = parameters::inputs(operation.arguments);
            let mut taken = Taken::of(&operation.at, inputs, &template, &mut draft.schemas);
            let is_safe = methods(operation).iter().all(|method| is_safe(method));
            let (_, responses) = draft.answered(operation, (source, is_safe), &mut taken);
            all.entry((operation.at, source)).or_default().add(operation, responses);
        }
    }
    all
}

const REMEDY: &str = "where it hides behind an `impl Trait`, write `responses(200 = Json<…>)`";

struct Draft<'a> {
    settings: &'a OpenApi,
    surroundings: &'a Surroundings<'a>,
    schemas: Schemas,
    paths: BTreeMap<String, Map<String, Value>>,
    failures: Failures<'a>,
    schemes: BTreeMap<String, Value>,
    tags: BTreeMap<String, &'static str>,
}

impl<'a> Draft<'a> {
    fn new(settings: &'a OpenApi, surroundings: &'a Surroundings<'a>) -> Draft<'a> {
        Draft {
            settings,
            surroundings,
            schemas: Schemas::default(),
            paths: BTreeMap::new(),
            failures: Failures::new(surroundings.pages),
            schemes: BTreeMap::new(),
            tags: BTreeMap::new(),
        }
    }

    fn add(&mut self, operations: &[&'static Operation]) {
        let mut places = Vec::new();
        let mut templates = Vec::new();
        // The first template of a shape gives all others their names.
        let mut shapes: BTreeMap<String, Template> = BTreeMap::new();
        for operation in operations {
            let inputs = parameters::inputs(operation.arguments);
            for (source, template) in parameters::templates(&operation.mapping, &inputs) {
                let shape = shapes.entry(shape(&template.path)).or_insert_with(|| template.clone());
                for method in methods(operation) {
                    places.push((operation, Place::of(&operation.at, shape.path.clone(), method)));
                    templates.push((source, template.clone(), shape.clone()));
                }
            }
        }
        let (operations, places): (Vec<_>, Vec<_>) = places.into_iter().unzip();
        let ids = names::operation_ids(&places);
        let named = operations.into_iter().zip(&places).zip(ids);
        for (((operation, place), id), (source, template, shape)) in named.zip(templates) {
            self.operation(operation, (source, &template, &shape), &place.method, id);
        }
    }

    fn operation(
        &mut self,
        operation: &'static Operation,
        (source, template, shape): (&'static str, &Template, &Template),
        method: &str,
        id: String,
    ) {
        let inputs = parameters::inputs(operation.arguments);
        let mut taken = Taken::of(&operation.at, inputs, template, &mut self.schemas);
        if operation.mapping.methods.is_empty() && BODILESS.contains(&method) && taken.bodies.is_required() {
            return;
        }
        rename(&mut taken.parameters, template, shape);
        let conditions = conditions(operation);
        let (guards, responses) = self.answered(operation, (source, is_safe(method)), &mut taken);
        let (summary, description) = names::summary(operation.docs, operation.at.name);
        let mut said = json!({ "operationId": id, "summary": summary, "responses": responses.complete(&mut self.failures, &mut self.schemas) });
        if let Some(description) = description {
            said["description"] = description.into();
        }
        if operation.is_deprecated {
            said["deprecated"] = true.into();
        }
        if let Some(tag) = names::tag(operation.tag, operation.owner.as_ref(), &operation.at) {
            let docs = operation.owner.filter(|_| operation.tag.is_none()).map_or("", |owner| owner.docs);
            let known = self.tags.entry(tag.clone()).or_insert(docs);
            if known.is_empty() {
                *known = docs;
            }
            said["tags"] = json!([tag]);
        }
        if !taken.parameters.is_empty() {
            taken.parameters.iter_mut().for_each(parameters::as_content);
            said["parameters"] = taken.parameters.into();
        }
        if let Some(body) = taken.bodies.request_body() {
            said["requestBody"] = body;
        }
        if let Some(regexp) = operation.mapping.regexp {
            said["x-vernal-regexp"] = regexp.source().into();
        }
        if !conditions.is_empty() {
            said["x-vernal-conditions"] = conditions.into();
        }
        if let Some(security) = self.security(&guards, taken.needs_identity, taken.takes_session) {
            said["security"] = security;
        }
        self.place(&shape.path, method, said);
    }

    /// What filters ask for, and what is answered.
    fn answered(
        &mut self,
        operation: &'static Operation,
        (source, is_safe): (&'static str, bool),
        taken: &mut Taken,
    ) -> (Guards, Responses) {
        let guards = (self.surroundings.guards)(&operation.at, source);
        let mut refusals = std::mem::take(&mut taken.refusals);
        if let Some(invalid) = operation.invalid.or(self.surroundings.invalid) {
            refusals.iter_mut().filter(|status| **status == 400).for_each(|status| *status = invalid);
        }
        refusals.extend(&guards.refusals);
        if !is_safe {
            refusals.extend(&guards.unsafe_refusals);
        }
        if !conditions(operation).is_empty() {
            // Requests that fit no mapping of the path.
            refusals.push(404);
        }
        if taken.needs_identity {
            refusals.push(401);
        }
        if taken.upgrades {
            // No handshake, one from another origin's page, or one of another version.
            refusals.extend([400, 403, 426]);
        }
        let of_filters = &(self.surroundings.of_filters)(&operation.at, source);
        let said = Said { operation, of_filters, refusals: &refusals, upgrades: taken.upgrades };
        (guards, Responses::of(said, self.settings.format, &mut self.schemas, &mut self.failures))
    }

    /// Puts an operation under its method, or beside the one that is there.
    fn place(&mut self, path: &str, method: &str, said: Value) {
        let item = self.paths.entry(path.to_owned()).or_default();
        let key = method.to_ascii_lowercase();
        let is_new_method = key == "query" && self.settings.format == OpenApiVersion::V3_2;
        if !KNOWN.contains(&&*key) && !is_new_method {
            let others = match self.settings.format {
                OpenApiVersion::V3_1 => "x-vernal-operations",
                OpenApiVersion::V3_2 => "additionalOperations",
            };
            let others = item.entry(others).or_insert_with(|| json!({}));
            others[method] = said;
            return;
        }
        match item.get_mut(&key) {
            Some(known) => join(known, said),
            None => drop(item.insert(key, said)),
        }
    }

    /// How an operation wants to know who asks.
    fn security(&mut self, guards: &Guards, needs_identity: bool, takes_session: bool) -> Option<Value> {
        let mut required = Map::new();
        let mut optional = Map::new();
        for way in security::ways(guards, needs_identity, takes_session, self.surroundings.session_cookie) {
            self.schemes.insert(way.name.clone(), way.scheme("apiKey"));
            let list = if way.is_optional { &mut optional } else { &mut required };
            list.insert(way.name, json!([]));
        }
        if required.is_empty() && optional.is_empty() {
            return None;
        }
        let mut ways = vec![Value::Object(required.clone())];
        if !optional.is_empty() {
            let mut all = required;
            all.extend(optional);
            ways.insert(0, Value::Object(all));
        }
        Some(ways.into())
    }

    fn finish(self) -> (Document, Vec<String>) {
        let settings = self.settings;
        let mut info = json!({ "title": settings.title, "version": settings.version });
        if let Some(description) = &settings.description {
            info["description"] = (**description).into();
        }
        if let Some((name, identifier)) = &settings.license {
            info["license"] = json!({ "name": name, "identifier": identifier });
        }
        let servers: Vec<Value> = match &settings.servers[..] {
            [] => vec![json!({ "url": "/" })],
            servers => servers.iter().map(|url| json!({ "url": url })).collect(),
        };
        // A tag that says no more than its name needs no entry.
        let tags: Vec<Value> = self
            .tags
            .iter()
            .filter(|(_, docs)| !docs.is_empty())
            .map(|(name, docs)| json!({ "name": name, "description": docs }))
            .collect();
        let paths: Map<String, Value> =
            self.paths.into_iter().map(|(path, item)| (path, item.into())).collect();
        let mut document = json!({
            "openapi": settings.format.as_str(),
            "info": info,
            "servers": servers,
            "security": [],
            "paths": paths,
        });
        if !tags.is_empty() {
            document["tags"] = tags.into();
        }
        let responses = self.failures.into_named();
        if !responses.is_empty() {
            document["components"]["responses"] = Map::from_iter(responses).into();
        }
        name_forms(&mut document, self.surroundings.forms);
        let warnings = self.schemas.warnings(REMEDY);
        let mut schemas = self.schemas.finish(&mut document);
        problem::add_schemas(&mut document, &mut schemas);
        let mut components = match document.get_mut("components").map(Value::take) {
            Some(Value::Object(known)) => known,
            _ => Map::new(),
        };
        if !schemas.is_empty() {
            components.insert("schemas".to_owned(), Map::from_iter(schemas).into());
        }
        if !self.schemes.is_empty() {
            components.insert("securitySchemes".to_owned(), Map::from_iter(self.schemes).into());
        }
        if !components.is_empty() {
            document["components"] = components.into();
        }
        (Document(document), warnings)
    }
}

/// What tells an operation from others at its path.
fn conditions(operation: &Operation) -> Vec<&'static str> {
    operation.mapping.params.list.iter().chain(operation.mapping.headers.list).copied().collect()
}

/// RFC 9110, section 9.2.1.
fn is_safe(method: &str) -> bool {
    Method::from_bytes(method.as_bytes()).is_ok_and(|method| method.is_safe())
}

/// The methods of an operation. A mapping without any takes all that a document knows, HEAD and TRACE aside.
fn methods(operation: &Operation) -> Vec<String> {
    match operation.mapping.methods {
        [] => ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"].map(str::to_owned).to_vec(),
        methods => methods.iter().map(|method| (*method).to_owned()).collect(),
    }
}

/// Gives the variables of the path the names that they have in the document.
fn rename(parameters: &mut [Value], template: &Template, shape: &Template) {
    for (own, shown) in template.variables.iter().zip(&shape.variables) {
        for parameter in parameters.iter_mut() {
            if parameter["in"] == "path" && parameter["name"] == *own.name && own.name != shown.name {
                parameter["name"] = format!("\0{}", shown.name).into();
            }
        }
    }
    for parameter in parameters {
        if let Some(name) = parameter["name"].as_str().and_then(|name| name.strip_prefix('\0')) {
            parameter["name"] = name.to_owned().into();
        }
    }
}

/// Methods whose requests have no body by custom.
const BODILESS: [&str; 4] = ["GET", "DELETE", "OPTIONS", "HEAD"];

/// Methods that every document knows.
const KNOWN: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
