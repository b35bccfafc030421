//! What an operation takes: parameters of path, query, header and cookie, and what of its arguments goes into the body.

use serde_json::{Value, json};

use super::bodies::Bodies;
use super::operation::{Constraints, DescribedArgument};
use super::schemas::{Direction, Schemas, takes_null, without_null};
use super::template::{Kind, Template};
use crate::base::Location;
use crate::contract::{Inputs, Parameter, Place};
use crate::matching::Mapping;

/// What an operation takes of a request.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) parameters: Vec<Value>,
    pub(super) bodies: Bodies,
    /// Statuses by which what came is refused.
    pub(super) refusals: Vec<u16>,
    pub(super) takes_session: bool,
    pub(super) needs_identity: bool,
    pub(super) upgrades: bool,
}

/// What arguments take, as their types say it.
pub(super) fn inputs(arguments: &'static [DescribedArgument]) -> Vec<(&'static DescribedArgument, Inputs)> {
    let describe = |argument: &'static DescribedArgument| {
        let mut inputs = Inputs::of(argument.name, argument.is_renamed, argument.group);
        if argument.has_default {
            inputs.optional(argument.describe);
        } else {
            (argument.describe)(&mut inputs);
        }
        (argument, inputs)
    };
    arguments.iter().map(describe).collect()
}

/// The templates of a mapping whose arguments take these, each with the pattern it was made of.
pub(super) fn templates(
    mapping: &Mapping,
    inputs: &[(&'static DescribedArgument, Inputs)],
) -> Vec<(&'static str, Template)> {
    if let Some(regexp) = mapping.regexp {
        let name = |group| {
            let is_it = |parameter: &Parameter| parameter.place == Place::Group(group);
            let takes_it = inputs.iter().find(|(_, inputs)| inputs.parameters.iter().any(is_it));
            takes_it.map(|(argument, _)| argument.name.to_owned())
        };
        return vec![(regexp.source(), Template::of_regexp(regexp.source(), name))];
    }
    let of_pattern =
        |pattern: &&'static str| (*pattern, Template::of_pattern(pattern, &star(inputs, pattern)));
    mapping.paths.iter().map(of_pattern).collect()
}

/// The name that the star of a path has as a variable: that of the argument which takes it.
fn star(inputs: &[(&DescribedArgument, Inputs)], pattern: &str) -> String {
    let takes_star = |parameter: &&Parameter| {
        parameter.place == Place::Path && !pattern.contains(&format!("{{{}}}", parameter.name))
    };
    let mut all = inputs.iter().flat_map(|(_, inputs)| &inputs.parameters);
    all.find(takes_star).map_or_else(|| "path".to_owned(), |parameter| parameter.name.clone())
}

impl Taken {
    pub(super) fn of(
        at: &Location,
        inputs: Vec<(&'static DescribedArgument, Inputs)>,
        template: &Template,
        schemas: &mut Schemas,
    ) -> Taken {
        let mut taken = Taken::default();
        let in_parts = inputs
            .iter()
            .flat_map(|(_, inputs)| &inputs.parameters)
            .any(|parameter| parameter.place == Place::File);
        for (argument, inputs) in inputs {
            schemas.know(argument.schemas);
            let place = format!("the argument `{}` of {at}", argument.name);
            let mut constraints = Constraints::default();
            (argument.constrain)(&mut constraints);
            let one = One { argument, constraints, place, in_parts };
            for parameter in &inputs.parameters {
                taken.parameter(&one, parameter, template, schemas);
            }
            for body in inputs.bodies {
                taken.bodies.add(body, &one.constraints, (argument.docs, &one.place), schemas);
            }
            taken.refusals.extend(inputs.refusals);
            taken.takes_session |= inputs.takes_session;
            taken.needs_identity |= inputs.needs_identity;
            taken.upgrades |= inputs.upgrades;
        }
        taken.variables_left(template);
        if taken.bodies.is_strict() {
            taken.refusals.extend([400, 415]);
        }
        if !taken.bodies.is_empty() {
            taken.refusals.push(413);
        }
        // Texts of the query come percent-encoded, and the encoding may be broken.
        if taken.parameters.iter().any(|parameter| parameter["in"] != "path") {
            taken.refusals.push(400);
        }
        let not_any_text =
            |parameter: &Value| parameter["in"] == "path" && !is_any_text(&parameter["schema"]);
        if taken.parameters.iter().any(not_any_text) {
            taken.refusals.push(404);
        }
        taken
    }

    fn parameter(&mut self, one: &One, parameter: &Parameter, template: &Template, schemas: &mut Schemas) {
        let schema = &parameter.schema;
        match parameter.place {
            Place::Members => return self.members(one, parameter, template, schemas),
            Place::Header if UNSAID.iter().any(|name| parameter.name.eq_ignore_ascii_case(name)) => return,
            _ => {}
        }
        let mut schema = without_null(schemas.resolve(schema, Direction::In, &one.place));
        if let Some(items) = schema.get_mut("items") {
            *items = without_null(items.take());
        }
        // Fields of headers and cookies are not split at commas.
        if matches!(parameter.place, Place::Header | Place::Cookie) && schema["type"] == "array" {
            schema = schema["items"].take();
        }
        one.constrain(&mut schema, parameter.is_required);
        let is_bare_path = parameter.place == Place::Bare && template.has(&parameter.name);
        let location = match parameter.place {
            Place::Path | Place::Group(_) => "path",
            Place::Bare if is_bare_path => "path",
            Place::Bare | Place::Query if one.in_parts => {
                return self.bodies.field(&parameter.name, schema, parameter.is_required, one.argument.docs);
            }
            Place::File => {
                return self.bodies.field(&parameter.name, schema, parameter.is_required, one.argument.docs);
            }
            Place::Bare | Place::Query | Place::Members => "query",
            Place::Header => "header",
            Place::Cookie => "cookie",
        };
        let mut name = parameter.name.clone();
        let mut is_required = parameter.is_required;
        if location == "path" {
            let wanted = |kind: Kind| match parameter.place {
                Place::Group(group) => kind == Kind::Group(group),
                _ => matches!(kind, Kind::Star { .. }),
            };
            if !template.has(&name) || matches!(parameter.place, Place::Group(_)) {
                let Some(variable) = template.variables.iter().find(|variable| wanted(variable.kind)) else {
                    return;
                };
                name.clone_from(&variable.name);
            }
            is_required = true;
        }
        self.add(location, &name, schema, is_required, one.argument.docs);
    }

    /// Each member of a struct is a parameter.
    fn members(&mut self, one: &One, parameter: &Parameter, template: &Template, schemas: &mut Schemas) {
        let is_missing = schemas.is_missing(&parameter.schema);
        let mut schema = schemas.resolve(&parameter.schema, Direction::In, &one.place);
        let mut parameter = parameter.clone();
        if takes_null(&schema) {
            schema = without_null(schema);
            parameter.is_required = false;
        }
        let shown = schemas.behind(&schema).clone();
        let Some(properties) = shown["properties"].as_object() else {
            let is_object =
                shown["type"] == "object" || shown.get("oneOf").is_some() || shown.get("anyOf").is_some();
            if !is_missing && !is_object {
                // One value, by the name of the argument.
                let bare = Parameter { place: Place::Bare, ..parameter };
                return self.parameter(one, &bare, template, schemas);
            }
            if is_missing && template.has(&parameter.name) {
                return self.add(
                    "path",
                    &parameter.name,
                    json!({ "type": "string" }),
                    true,
                    one.argument.docs,
                );
            }
            return self.add_object(&parameter.name, schema, one.argument.docs);
        };
        let required: Vec<&str> =
            shown["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, schema) in properties {
            let mut schema = without_null(schema.clone());
            let docs = match schema.as_object_mut().and_then(|schema| schema.remove("description")) {
                Some(Value::String(docs)) => docs,
                _ => String::new(),
            };
            let is_required = parameter.is_required && required.contains(&&**name);
            if is_required && schema["type"] == "array" && schema.get("minItems").is_none() {
                schema["minItems"] = 1.into();
            }
            if template.has(name) {
                self.add("path", name, schema, true, &docs);
            } else if one.in_parts {
                self.bodies.field(name, schema, is_required, &docs);
            } else {
                self.add("query", name, schema, is_required, &docs);
            }
        }
    }

    fn add_object(&mut self, name: &str, schema: Value, docs: &str) {
        let mut parameter =
            json!({ "name": name, "in": "query", "style": "form", "explode": true, "schema": schema });
        if !docs.is_empty() {
            parameter["description"] = docs.into();
        }
        self.parameters.push(parameter);
    }

    fn add(&mut self, location: &str, name: &str, schema: Value, is_required: bool, docs: &str) {
        let is_same = |known: &&mut Value| {
            known["in"] == location
                && known["name"].as_str().is_some_and(|known| match location {
                    "header" => known.eq_ignore_ascii_case(name),
                    _ => known == name,
                })
        };
        if let Some(known) = self.parameters.iter_mut().find(is_same) {
            if is_required {
                known["required"] = true.into();
            }
            if !docs.is_empty() && known["description"].is_null() {
                known["description"] = docs.into();
            }
            return;
        }
        let mut parameter = json!({ "name": name, "in": location, "schema": schema });
        if is_required {
            parameter["required"] = true.into();
        }
        if !docs.is_empty() {
            parameter["description"] = docs.into();
        }
        self.parameters.push(parameter);
    }

    /// Variables that no argument takes are there all the same.
    fn variables_left(&mut self, template: &Template) {
        for variable in &template.variables {
            let mut schema = json!({ "type": "string" });
            let docs = match variable.kind {
                Kind::Star { is_double: true } => "Whatever is left of the path, slashes too.",
                _ => {
                    schema["minLength"] = 1.into();
                    ""
                }
            };
            self.add("path", &variable.name, schema, true, docs);
        }
        for parameter in &mut self.parameters {
            let of_parameter = |name: &str| template.variables.iter().find(|variable| variable.name == name);
            let Some(variable) = parameter["name"].as_str().and_then(of_parameter) else { continue };
            if parameter["in"] != "path" {
                continue;
            }
            if let Kind::Star { is_double: true } = variable.kind {
                parameter["x-vernal-star"] = "**".into();
            } else if parameter["schema"]["type"] == "string"
                && let Some(schema) = parameter["schema"].as_object_mut()
            {
                schema.entry("minLength").or_insert_with(|| 1.into());
            }
        }
    }
}

/// An argument whose parameters are told.
struct One {
    argument: &'static DescribedArgument,
    constraints: Constraints,
    /// For warnings.
    place: String,
    /// Whether the form has files, so that everything else of it comes in its parts.
    in_parts: bool,
}

impl One {
    /// Adds what `#[arg(…)]` says.
    fn constrain(&self, schema: &mut Value, is_required: bool) {
        let is_list = schema["type"] == "array";
        if is_list && is_required {
            schema["minItems"] = 1.into();
        }
        let default = self.argument.default.and_then(|default| default());
        if let Some(default) = default.filter(|default| !default.is_null()) {
            schema["default"] = default;
        }
        self.constraints.add_to(schema);
    }
}

/// JSON in one value has a content type in place of a schema (OpenAPI 3.1, section 4.8.12.4).
pub(super) fn as_content(parameter: &mut Value) {
    let Some(members) = parameter.as_object_mut() else { return };
    let Some(inner) = members.get_mut("schema").and_then(|schema| schema.get_mut("contentSchema")) else {
        return;
    };
    let content = json!({ "application/json": { "schema": inner.take() } });
    members.remove("schema");
    members.insert("content".to_owned(), content);
}

fn is_any_text(schema: &Value) -> bool {
    let known = ["type", "minLength", "default", "description"];
    schema["type"] == "string"
        && schema.as_object().is_some_and(|members| members.keys().all(|key| known.contains(&&**key)))
}

/// Fields that a document does not speak of (OpenAPI 3.1, section 4.8.12.1), or that clients set by themselves.
const UNSAID: [&str; 9] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "transfer-encoding",
    "user-agent",
];
