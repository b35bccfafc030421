//! The messages of a channel, each under a name of its own.

use serde_json::{Map, Value, json};

use super::channel::DescribedFrame;
use crate::contract::{self, Form, Schema};
use crate::openapi::names::{self, sanitized};
use crate::openapi::operation::{Constraints, DescribedMessage};
use crate::openapi::schemas::{Direction, Schemas};

/// Those of one channel.
#[derive(Default)]
pub(super) struct Messages(Map<String, Value>);

/// Where a message is spoken of.
pub(super) struct Place<'p> {
    /// What comes in; nothing where it is sent.
    pub(super) frames: &'p [DescribedFrame],
    pub(super) direction: Direction,
    /// For warnings.
    pub(super) asked_by: String,
}

impl Messages {
    /// Adds what a type holds; gives the names.
    pub(super) fn add(
        &mut self,
        message: &DescribedMessage,
        place: &Place<'_>,
        schemas: &mut Schemas,
    ) -> Vec<String> {
        schemas.know(message.schemas);
        let mut said = contract::Messages::default();
        (message.describe)(&mut said);
        if said.payloads.is_empty() {
            return vec![self.any(place.frames, message.docs)];
        }
        let mut constraints = Constraints::default();
        (message.constrain)(&mut constraints);
        let add = |(media_type, schema): (&'static str, Schema)| {
            let mut payload = schemas.resolve(&schema, place.direction, &place.asked_by);
            let usual = if media_type == BYTES { DescribedFrame::Binary } else { DescribedFrame::Text };
            let names = match (place.frames, type_of(&schema, &payload)) {
                ([frame @ (DescribedFrame::Ping | DescribedFrame::Pong)], _) => vec![word(*frame).to_owned()],
                (_, Some(type_name)) => [1, 2].map(|count| named(&schema, type_name, count)).to_vec(),
                (_, None) => vec![plain_name(media_type).to_owned()],
            };
            constraints.add_to(&mut payload);
            let mut said = json!({ "contentType": media_type, "payload": payload });
            if !place.frames.is_empty() && !place.frames.contains(&usual) {
                said[FRAMES] = words(place.frames);
            }
            self.keep(&names, place.direction, said, message.docs)
        };
        said.payloads.into_iter().map(add).collect()
    }

    /// Adds what nothing is said of but how it comes.
    pub(super) fn any(&mut self, frames: &[DescribedFrame], docs: &str) -> String {
        let (name, said) = match frames {
            [DescribedFrame::Text] => {
                ("text", json!({ "contentType": TEXT, "payload": { "type": "string" } }))
            }
            [DescribedFrame::Binary] => ("bytes", json!({ "contentType": BYTES, "payload": binary() })),
            [DescribedFrame::Close] => ("close", json!({ "payload": close(), FRAMES: words(frames) })),
            [frame @ (DescribedFrame::Ping | DescribedFrame::Pong)] => {
                let said = json!({ "contentType": BYTES, "payload": binary(), FRAMES: words(frames) });
                (word(*frame), said)
            }
            _ => ("message", json!({ "payload": {} })),
        };
        self.keep(&[name.to_owned()], Direction::In, said, docs)
    }

    /// Gives a message the first of these names that no other has, unless it has one.
    fn keep(&mut self, names: &[String], direction: Direction, mut said: Value, docs: &str) -> String {
        let is_same =
            |known: &Value| ["contentType", "payload", FRAMES].iter().all(|key| known[*key] == said[*key]);
        if let Some((name, known)) = self.0.iter_mut().find(|(_, known)| is_same(known)) {
            if !docs.is_empty() && known["description"].is_null() {
                known["description"] = docs.into();
            }
            return name.clone();
        }
        // As the schema is called, where both directions have one.
        let answer = (direction == Direction::Out).then(|| format!("{}Answer", names[0]));
        let numbered = (2..).map(|number| format!("{}.{number}", names[0]));
        let mut names =
            names[..1].iter().cloned().chain(answer).chain(names[1..].iter().cloned()).chain(numbered);
        let name = names.find(|name| !self.0.contains_key(name)).expect("there is no last number");
        said["name"] = (&*name).into();
        if !docs.is_empty() {
            said["description"] = docs.into();
        }
        self.0.insert(name.clone(), said);
        name
    }

    pub(super) fn into_value(self) -> Value {
        self.0.into()
    }
}

/// The type whose schema has a name in the document, be it that of the elements of a list.
fn type_of(Schema(form): &Schema, payload: &Value) -> Option<&'static str> {
    match form {
        Form::List(item) => type_of(item, &payload["items"]),
        Form::Type(name, _) if payload["$ref"].is_string() => Some(name),
        Form::Derived(source) if payload["$ref"].is_string() => Some(source.type_name),
        _ => None,
    }
}

/// `Page.Order` of `shop::Page<shop::Order<'_>>`, with so many parts of each path.
fn named(Schema(form): &Schema, type_name: &str, count: usize) -> String {
    let parts =
        type_name.split(['<', '>', ',', ' ']).filter(|part| !part.is_empty() && !part.starts_with('\''));
    let parts: Vec<String> = parts.map(|part| names::last_parts(part, count)).collect();
    let list = if matches!(form, Form::List(_)) { "List" } else { "" };
    sanitized(&(parts.join(".") + list))
}

fn plain_name(media_type: &str) -> &'static str {
    match media_type {
        TEXT => "text",
        BYTES => "bytes",
        _ => "json",
    }
}

fn word(frame: DescribedFrame) -> &'static str {
    match frame {
        DescribedFrame::Text => "text",
        DescribedFrame::Binary => "binary",
        DescribedFrame::Ping => "ping",
        DescribedFrame::Pong => "pong",
        DescribedFrame::Close => "close",
    }
}

fn words(frames: &[DescribedFrame]) -> Value {
    frames.iter().map(|frame| word(*frame)).collect()
}

fn binary() -> Value {
    json!({ "type": "string", "format": "binary" })
}

/// A close frame (RFC 6455, section 5.5.1), which may be empty.
fn close() -> Value {
    json!({
        "type": "object",
        "properties": {
            "code": { "type": "integer", "minimum": 1000, "maximum": 4999 },
            "reason": { "type": "string", "description": "At most 123 bytes." },
        },
    })
}

const TEXT: &str = "text/plain";
const BYTES: &str = "application/octet-stream";

/// In which frames a message comes, where that is not what its content type suggests.
const FRAMES: &str = "x-vernal-frames";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_named_after_types() {
        let table = [
            ("shop::Order", "Order"),
            ("shop::Page<shop::Order>", "Page.Order"),
            ("chat::Event<'_>", "Event"),
            ("u8", "u8"),
            ("a::Map<alloc::string::String, b::C<d::E>>", "Map.String.C.E"),
        ];
        for (name, expected) in table {
            assert_eq!(named(&Schema::any(), name, 1), expected);
        }
        assert_eq!(
            named(&Schema::any().list(), "a::shop::Page<a::shop::Order>", 2),
            "shop.Page.shop.OrderList"
        );
    }
}
