//! The whole document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::channel::{Channel, DescribedEvent, DescribedFrame};
use super::draft::as_draft_07;
use super::handler::Handler;
use super::handshake;
use super::messages::{self, Messages};
use super::settings::AsyncApi;
use crate::base::Location;
use crate::contract::Guards;
use crate::openapi::document::Document;
use crate::openapi::names::{self, Place, sanitized};
use crate::openapi::operation::Operation;
use crate::openapi::parameters::{self, Taken};
use crate::openapi::schemas::{Direction, Schemas};
use crate::openapi::security::{self, Way};
use crate::openapi::settings::OpenApi;
use crate::openapi::template::Template;

/// What an application asks of those who open its sessions.
pub(crate) struct Handshakes<'a> {
    /// What the filters of a handler's path ask for.
    pub(crate) guards: &'a dyn Fn(&Location, &str) -> Guards,
    /// The name of the cookie that keeps sessions.
    pub(crate) session_cookie: &'a str,
}

/// The document of the handlers that these describe, and what could not be described, with what asks for it.
pub(crate) fn asyncapi(
    (settings, openapi): (&AsyncApi, Option<&OpenApi>),
    (channels, operations): (&[&'static Channel], &[&'static Operation]),
    handshakes: &Handshakes<'_>,
) -> (Document, Vec<String>) {
    let handlers = Handler::all(channels, operations);
    let mut draft = Draft::new(handshakes, Schemas::default());
    draft.add(&handlers);
    draft.finish(settings.head(openapi))
}

/// What cannot be described, found without making any schema.
pub(crate) fn unknown_of_channels(
    (channels, operations): (&[&'static Channel], &[&'static Operation]),
    handshakes: &Handshakes<'_>,
) -> Vec<String> {
    let handlers = Handler::all(channels, operations);
    let mut draft = Draft::new(handshakes, Schemas::trial());
    draft.add(&handlers);
    draft.schemas.warnings(REMEDY)
}

const REMEDY: &str = "or say what it holds by `describe` of `FromMessage` or `IntoMessage`";

/// A handler under one of its paths.
struct Planned<'h> {
    handler: &'h Handler,
    /// The pattern that the template was made of.
    source: &'static str,
    template: Template,
    id: String,
}

/// What is done in a channel.
enum Action<'h> {
    Receive(&'h DescribedEvent),
    Send,
}

struct Draft<'a> {
    handshakes: &'a Handshakes<'a>,
    schemas: Schemas,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    schemes: BTreeMap<String, Value>,
}

impl<'a> Draft<'a> {
    fn new(handshakes: &'a Handshakes<'a>, schemas: Schemas) -> Draft<'a> {
        Draft { handshakes, schemas, channels: Map::new(), operations: Map::new(), schemes: BTreeMap::new() }
    }
    fn add(&mut self, handlers: &[Handler]) {
        let planned = planned(handlers);
        let mut places = Vec::new();
        let mut actions = Vec::new();
        for (index, Planned { handler, template, .. }) in planned.iter().enumerate() {
            let path = || template.path.clone();
            for event in handler.receiving() {
                places.push(Place::of(&event.at, path(), "receive".to_owned()));
                actions.push((index, Action::Receive(event)));
            }
            if handler.is_sending() {
                let mut place = Place::of(&handler.sender, path(), "send".to_owned());
                place.name.push_str("::send");
                places.push(place);
                actions.push((index, Action::Send));
            }
        }
        let mut actions = actions.into_iter().zip(names::operation_ids(&places)).peekable();
        for (index, planned) in planned.iter().enumerate() {
            let mut own = Vec::new();
            while let Some(((_, action), id)) = actions.next_if(|((of, _), _)| *of == index) {
                own.push((action, id));
            }
            self.channel(planned, own);
        }
    }

    fn channel(&mut self, planned: &Planned<'_>, actions: Vec<(Action<'_>, String)>) {
        let Planned { handler, source, template, id } = planned;
        let taken = Taken::of(&handler.places[0], handler.inputs(), template, &mut self.schemas);
        let guards = handler.places.iter().map(|at| (self.handshakes.guards)(at, source));
        let guards = guards.max_by_key(|guards| guards.schemes.len()).unwrap_or_default();
        let cookie = self.handshakes.session_cookie;
        let ways = security::ways(&guards, taken.needs_identity, taken.takes_session, cookie);
        let mut messages = Messages::default();
        for (action, name) in actions {
            let mut said = self.operation(handler, &action, id, &mut messages);
            self.secure(&mut said, &ways);
            if let Some(tag) = &handler.tag {
                said["tags"] = json!([{ "name": tag }]);
            }
            self.operations.insert(name, said);
        }
        let mut said = json!({ "address": template.path, "messages": messages.into_value() });
        if !handler.docs.is_empty() {
            describe(&mut said, handler.docs, "");
        }
        if handler.is_deprecated {
            said[DEPRECATED] = true.into();
        }
        if let Some(tag) = &handler.tag {
            said["tags"] = json!([{ "name": tag }]);
        }
        let keys: Vec<&str> = ways.iter().filter(|way| !way.is_optional).filter_map(Way::key).collect();
        handshake::describe(&mut said, handler.mapping, &taken, &keys, &self.schemas);
        self.channels.insert(id.clone(), said);
    }

    fn operation(
        &mut self,
        handler: &Handler,
        action: &Action<'_>,
        channel: &str,
        messages: &mut Messages,
    ) -> Value {
        let (word, names, event) = match action {
            Action::Receive(event) => ("receive", self.received(handler, event, messages), Some(event)),
            Action::Send => ("send", self.sent(handler, messages), None),
        };
        let reference = |name: &String| json!({ "$ref": format!("#/channels/{channel}/messages/{name}") });
        let listed: Vec<Value> = names.iter().map(reference).collect();
        let mut said = json!({
            "action": word,
            "channel": { "$ref": format!("#/channels/{channel}") },
            "messages": listed,
        });
        let is_deprecated = event.map_or(handler.is_deprecated, |event| event.is_deprecated);
        if is_deprecated {
            said[DEPRECATED] = true.into();
        }
        if let Some(event) = event {
            describe(&mut said, event.docs, event.at.name);
        }
        said
    }

    fn received(
        &mut self,
        handler: &Handler,
        event: &DescribedEvent,
        messages: &mut Messages,
    ) -> Vec<String> {
        let place = |what: &str| messages::Place {
            frames: event.frames,
            direction: Direction::In,
            asked_by: format!("{what} {}", event.at),
        };
        if let Some(message) = &event.message {
            return messages.add(message, &place("the message of"), &mut self.schemas);
        }
        if event.frames == [DescribedFrame::Close] || handler.receives.is_empty() {
            return vec![messages.any(event.frames, "")];
        }
        let all = handler.receives.iter();
        let names = all.flat_map(|message| messages.add(message, &place("received by"), &mut self.schemas));
        each_once(names.collect())
    }

    fn sent(&mut self, handler: &Handler, messages: &mut Messages) -> Vec<String> {
        if handler.sends.is_empty() {
            return vec![messages.any(&[], "")];
        }
        let asked_by = format!("sent by {}", handler.sender);
        let place = messages::Place { frames: &[], direction: Direction::Out, asked_by };
        let all = handler.sends.iter();
        each_once(all.flat_map(|message| messages.add(message, &place, &mut self.schemas)).collect())
    }

    /// Says how a session is opened. One way is enough for AsyncAPI; where several are needed, that is told beside.
    fn secure(&mut self, said: &mut Value, ways: &[Way<'_>]) {
        let (mut required, mut optional) = (Vec::new(), Vec::new());
        for way in ways {
            self.schemes.insert(way.name.clone(), way.scheme("httpApiKey"));
            let list = if way.is_optional { &mut optional } else { &mut required };
            let reference = json!({ "$ref": format!("#/components/securitySchemes/{}", way.name) });
            if !list.contains(&reference) {
                list.push(reference);
            }
        }
        if required.len() > 1 {
            said["x-vernal-security"] = "all".into();
        }
        for (key, list) in [("security", required), ("x-vernal-optional-security", optional)] {
            if !list.is_empty() {
                said[key] = list.into();
            }
        }
    }

    fn finish(self, mut document: Value) -> (Document, Vec<String>) {
        document["channels"] = self.channels.into();
        document["operations"] = self.operations.into();
        let warnings = self.schemas.warnings(REMEDY);
        let schemas = self.schemas.finish(&mut document);
        let mut components = Map::new();
        if !schemas.is_empty() {
            components.insert("schemas".to_owned(), Map::from_iter(schemas).into());
        }
        if !self.schemes.is_empty() {
            components.insert("securitySchemes".to_owned(), Map::from_iter(self.schemes).into());
        }
        if !components.is_empty() {
            document["components"] = components.into();
        }
        as_draft_07(&mut document);
        (Document(document), warnings)
    }
}

/// All handlers under all their paths, each with a name: that of the path, and of the handler where another has the path.
fn planned(handlers: &[Handler]) -> Vec<Planned<'_>> {
    let mut planned: Vec<Planned<'_>> = Vec::new();
    for handler in handlers {
        let inputs = handler.inputs();
        for (source, template) in parameters::templates(handler.mapping, &inputs) {
            let path = template.path.trim_matches('/').replace(['{', '}'], "").replace('/', ".");
            let by_path = if path.is_empty() { "root".to_owned() } else { sanitized(&path) };
            let by_both = format!("{by_path}.{}", sanitized(&handler.places[0].name.replace("::", ".")));
            let numbered = (2..).map(|number| format!("{by_both}.{number}"));
            let mut names = [by_path, by_both.clone()].into_iter().chain(numbered);
            let is_new = |id: &String| planned.iter().all(|planned| planned.id != *id);
            let id = names.find(is_new).expect("there is no last number");
            planned.push(Planned { handler, source, template, id });
        }
    }
    planned
}

/// Adds summary and description.
fn describe(said: &mut Value, docs: &str, name: &str) {
    let (summary, description) = names::summary(docs, name);
    said["summary"] = summary.into();
    if let Some(description) = description {
        said["description"] = description.into();
    }
}

fn each_once(mut names: Vec<String>) -> Vec<String> {
    let mut known = Vec::new();
    names.retain(|name| {
        !known.contains(name) && {
            known.push(name.clone());
            true
        }
    });
    names
}

/// AsyncAPI knows schemas that are deprecated, but neither channels nor operations.
const DEPRECATED: &str = "x-deprecated";
