//! A client of WebSocket sessions that knows of them what an AsyncAPI document says: how they are opened, and what can be sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::{Request, generate_key};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::running::{PATIENCE, Running};

/// An open session, by tungstenite.
pub struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    /// Opens a session of a channel: nothing is sent but what the document demands.
    pub async fn open(running: &Running, document: &Value, channel: &Value) -> Peer {
        let samples = Samples { document, id: "the handshake" };
        let mut path = channel["address"].as_str().expect("an address").to_owned();
        for (name, parameter) in channel["parameters"].as_object().into_iter().flatten() {
            let value = match (parameter["enum"].get(0), parameter.get("x-vernal-schema")) {
                (Some(choice), _) => choice.clone(),
                (None, Some(schema)) => samples.of(schema),
                (None, None) => "tea".into(),
            };
            path = path.replace(&format!("{{{name}}}"), &text(&value));
        }
        let binding = &channel["bindings"]["ws"];
        let mut query: Vec<String> = required(&binding["query"])
            .map(|(name, schema)| format!("{name}={}", text(&samples.of(schema))))
            .collect();
        let conditions = channel["x-vernal-conditions"].as_array().into_iter().flatten();
        query.extend(conditions.filter_map(Value::as_str).map(str::to_owned));
        let url = format!("ws://{}{path}?{}", running.address, query.join("&"));
        let mut request = Request::builder()
            .uri(&url)
            .header("host", running.address.to_string())
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", generate_key());
        for (name, schema) in required(&binding["headers"]) {
            request = request.header(name, text(&samples.of(schema)));
        }
        let request = request.body(()).expect("a request");
        let opened = client_async(request, running.connect().await).await;
        Peer(opened.unwrap_or_else(|error| panic!("{url}: {error}")).0)
    }

    /// Sends a message, then closes; the code that the server closes with.
    pub async fn end_after(&mut self, message: Message) -> u16 {
        self.0.send(message).await.expect("it can be sent");
        let good_bye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        // The server may have had enough by now.
        let _ = self.0.send(Message::Close(Some(good_bye))).await;
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("the server closes") {
                Some(Ok(Message::Close(frame))) => return frame.map_or(1005, |frame| frame.code.into()),
                Some(Ok(_)) => {}
                other => panic!("the session ended without a close frame: {other:?}"),
            }
        }
    }
}

/// Members without which an object is none.
fn required(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(|name| (name, &schema["properties"][name]))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Makes messages of their descriptions.
pub struct Samples<'d> {
    pub document: &'d Value,
    /// For whom.
    pub id: &'d str,
}

impl Samples<'_> {
    /// A message as it is described.
    pub fn allowed(&self, message: &Value) -> Message {
        let payload = self.of(&message["payload"]);
        match (frame(message), message["contentType"].as_str()) {
            ("close", _) => Message::Close(None),
            ("ping", _) => Message::Ping(vec![1, 2].into()),
            ("binary", Some("application/json")) => Message::binary(payload.to_string()),
            ("binary", _) => Message::binary(STANDARD.decode("AQI=").expect("two bytes")),
            (_, Some("application/json")) => Message::text(payload.to_string()),
            _ => Message::text(text(&payload)),
        }
    }

    /// One that is described otherwise, if anything is.
    pub fn forbidden(&self, message: &Value) -> Option<Message> {
        let wrong = match message["contentType"].as_str()? {
            "application/json" => self.not(&message["payload"])?.to_string(),
            "text/plain" => "x".repeat(message["payload"]["maxLength"].as_u64()? as usize + 1),
            _ => return None,
        };
        Some(if frame(message) == "binary" { Message::binary(wrong) } else { Message::text(wrong) })
    }

    /// A value of a schema.
    pub fn of(&self, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let behind = self.document.pointer(&reference[1..]);
            return self.of(behind.unwrap_or_else(|| panic!("{}: {reference} is nowhere", self.id)));
        }
        if let Some(value) = schema.get("const").or(schema["enum"].get(0)) {
            return value.clone();
        }
        for choices in ["oneOf", "anyOf"] {
            if let Some(choice) = schema[choices].get(0) {
                return self.of(choice);
            }
        }
        match schema["type"].as_str() {
            Some("object") => {
                let members = required(schema).map(|(name, schema)| (name.to_owned(), self.of(schema)));
                members.collect::<Map<_, _>>().into()
            }
            Some("array") => {
                let elements = schema["items"].as_array().into_iter().flatten();
                elements.map(|schema| self.of(schema)).collect()
            }
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(7)),
            Some("boolean") => true.into(),
            _ => "tea".into(),
        }
    }

    /// A value that a schema forbids.
    fn not(&self, schema: &Value) -> Option<Value> {
        match self.of(schema) {
            Value::Object(mut members) => {
                let name = members.keys().next()?.clone();
                members.remove(&name);
                Some(members.into())
            }
            Value::String(_) => Some(json!(7)),
            _ => Some("tea".into()),
        }
    }
}

/// In which frame a message comes.
fn frame(message: &Value) -> &str {
    match (message["x-vernal-frames"][0].as_str(), message["contentType"].as_str()) {
        (Some(frame), _) => frame,
        (None, Some("application/octet-stream")) => "binary",
        _ => "text",
    }
}
