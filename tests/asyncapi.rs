//! The description of what is said in WebSocket sessions, as AsyncAPI: what the handlers of each style become in it.

#[path = "contract/client.rs"]
mod client;
mod installed;
#[path = "contract/parser.rs"]
mod parser;
mod running;
mod said;
mod scratch;

use std::sync::LazyLock;

use client::{Peer, Samples};
use running::Running;
use said::Said as Told;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vernal::contract::Messages;
use vernal::security::{BasicAuth, BearerAuth, Identity, UserName};
use vernal::test::Client;
use vernal::websocket::{
    Accept, CloseReason, FromMessage, IntoMessage, Message, Outgoing, Rooms, WebSocket, WebSocketRequest,
    WebSocketSession,
};
use vernal::{
    App, AsyncApi, AsyncApiVersion, Bytes, Config, Cookie, Document, Error, Header, Json, OpenApi, PathValue,
    RegGroup, Result, Session, controller, request_map, websocket_close, websocket_handler,
    websocket_handshake, websocket_message, websocket_open,
};

/// What somebody says.
#[derive(Deserialize, JsonSchema)]
struct Say {
    /// The words.
    text: String,
    #[serde(default)]
    loud: bool,
}

/// What all hear.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Said<'a> {
    /// Somebody came.
    Joined {
        name: &'a str,
    },
    Spoke {
        name: &'a str,
        text: &'a str,
    },
}

/// 1. Events that share an object.
#[derive(Default)]
struct Chat {
    rooms: Rooms,
}

/// Rooms to talk in.
///
/// Everybody in a room hears everybody.
#[websocket_handler("/chat/{room}", sends(Json<Said<'_>>, String))]
impl Chat {
    fn on_handshake(
        &self,
        /// Who lets in.
        token: Option<Header<&str>>,
    ) -> Accept {
        Accept::new().header("x-token", token.map_or("none", |token| token.0))
    }

    async fn on_open(
        &self,
        session: &WebSocketSession,
        /// Which room.
        room: &str,
        /// Who comes.
        name: &str,
    ) -> Result {
        self.rooms.join(room, session)?;
        self.tell(room, Said::Joined { name }).await
    }

    /// Says something to the room.
    async fn on_message(
        &self,
        room: &str,
        name: &str,
        /// One sentence.
        Json(say): Json<Say>,
    ) -> Result {
        if say.loud {
            self.rooms.to(room).send(say.text.to_uppercase()).await?;
            return Ok(());
        }
        self.tell(room, Said::Spoke { name, text: &say.text }).await
    }

    /// Leaves.
    fn on_close(&self, reason: &CloseReason) {
        drop(reason.clone());
    }
}

impl Chat {
    async fn tell(&self, room: &str, said: Said<'_>) -> Result {
        self.rooms.to(room).send(Json(said)).await?;
        Ok(())
    }
}

/// 2. An object for each session.
#[derive(Default)]
struct Game {
    moves: u32,
}

#[websocket_handler("/game", protocol = "game.v1", per_session, tag = "games")]
impl Game {
    async fn on_text_message(&mut self, session: &WebSocketSession, message: &str) -> Result {
        self.moves += 1;
        session.send(format!("{message} {}", self.moves)).await
    }

    fn on_binary_message(&mut self, Move(x, y): Move) {
        self.moves += u32::from(x.unsigned_abs() + y.unsigned_abs());
    }

    fn on_ping(&self, session: &WebSocketSession, payload: &[u8]) -> Result {
        session.pong(payload)
    }
}

/// A type of one's own that describes itself.
struct Move(i8, i8);

impl FromMessage<'_> for Move {
    fn from_message(message: &Message) -> Result<Move> {
        match message.as_bytes() {
            [x, y] => Ok(Move(*x as i8, *y as i8)),
            _ => Err(Error::bad_request("a move has two bytes")),
        }
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

/// 3. A loop.
#[websocket_handler("/calc", "/calc/{by}", receives(Json<Sum>, Json<Vec<i32>>), sends(Json<i32>))]
#[deprecated]
async fn calc(mut ws: WebSocket, #[arg(default = 1)] by: i32) -> Result {
    while let Some(Json(asked)) = ws.recv_as::<Json<Asked>>().await? {
        let sum: i32 = match asked {
            Asked::Sum(Sum { a, b, .. }) => a.wrapping_add(b),
            Asked::All(all) => all.iter().sum(),
        };
        ws.send(Json(sum.wrapping_mul(by))).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    Sum(Sum),
    All(Vec<i32>),
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only described")]
struct Sum {
    a: i32,
    b: i32,
    parts: Vec<Sum>,
    pair: (u8, String),
}

/// The first of those that share a path, of which nothing is said.
#[websocket_message("/news/{topic}", on = "pong", hidden)]
fn alive(_payload: &[u8]) {}

/// 4. Functions that share a path.
#[websocket_handshake("/news/{topic}")]
fn enter(topic: Topic, session: Option<Cookie<&str>>) -> Result {
    if matches!(topic, Topic::Sport) && session.is_some() {
        return Err(Error::forbidden("not for you"));
    }
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Topic {
    Sport,
    Tea,
}

#[websocket_open("/news/{topic}", sends(Ticker))]
async fn welcome(session: &WebSocketSession) -> Result {
    session.send(Ticker).await
}

/// Asks for more.
#[websocket_message("/news/{topic}", on = "text")]
async fn more(session: &WebSocketSession, count: Json<u8>) -> Result {
    session.send(format!("{} more", count.0)).await
}

#[websocket_message("/news/{topic}", on = "binary_frame")]
fn piece(fin: bool, payload: &[u8]) -> bool {
    fin && payload.is_empty()
}

/// What is said is held against constraints, too.
#[websocket_message("/bounded", on = "text")]
async fn bounded(session: &WebSocketSession, #[arg(length = 2..=5)] word: &str) -> Result {
    session.send(word).await
}

#[websocket_close("/news/{topic}", hidden)]
fn left(secret: Option<Header<&str>>, reason: &CloseReason) {
    drop((secret, reason.clone()));
}

/// Says nothing of itself.
struct Ticker;

impl IntoMessage<'static> for Ticker {
    fn into_message(self) -> Result<Outgoing<'static>> {
        "tick".to_owned().into_message()
    }
}

/// Talks, or tells how.
///
/// Both at one path.
#[request_map("/by-hand/{id}", method = "GET", receives(String, Bytes), sends(String), tag = "hand")]
async fn by_hand(ws: Option<WebSocketRequest>, id: u8, _session: Session) -> Result<&'static str> {
    let Some(ws) = ws else { return Ok("This path speaks WebSocket.") };
    let mut ws = ws.accept().await?;
    while let Some(message) = ws.next().await {
        ws.send(format!("{id}: {}", message.len())).await?;
    }
    Ok("")
}

/// A feed that only sends.
#[derive(Default)]
struct Feed;

#[websocket_handler(regexp = "^/feed/([a-z]+)$", params = "v=1")]
impl Feed {
    async fn on_open(&self, session: &WebSocketSession, kind: RegGroup<&str>) -> Result {
        session.send(kind.0).await
    }
}

#[websocket_handler("/files/**")]
async fn anything(mut ws: WebSocket, path: PathValue<&str>, _user: Option<Identity<&UserName>>) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(format!("{} {}", *path, message.len())).await?;
    }
    Ok(())
}

/// Sends what it is.
#[derive(Default, Serialize, JsonSchema)]
struct Desk {
    number: u8,
}

#[controller("/desks")]
impl Desk {
    /// A method that opens sessions by hand.
    #[request_map("/{_number}", method = "GET", receives(Json<Unknown>), sends(Json<Self>))]
    async fn talk(&self, ws: WebSocketRequest) -> Result {
        let mut ws = ws.accept().await?;
        while let Some(Json(Unknown { text })) = ws.recv_as::<Json<Unknown>>().await? {
            ws.send(Json(Desk { number: text.len() as u8 })).await?;
        }
        Ok(())
    }
}

/// Derives no schema.
#[derive(Deserialize)]
struct Unknown {
    text: String,
}

#[websocket_handler("/own", hidden)]
async fn own(ws: WebSocket) {
    drop(ws);
}

mod two {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "only described")]
    pub struct Say {
        number: u8,
    }

    #[derive(Default)]
    pub struct Two;

    #[vernal::websocket_handler("/two")]
    impl Two {
        pub fn on_text_message(&self, vernal::Json(say): vernal::Json<super::Say>) {
            drop(say.text);
        }

        pub fn on_binary_message(&self, vernal::Json(say): vernal::Json<Say>) {
            let _: Say = say;
        }
    }
}

/// All that is logged.
static TOLD: LazyLock<Told> = LazyLock::new(|| {
    let told = Told::default();
    tracing::subscriber::set_global_default(told.clone()).expect("nobody else listens");
    told
});

fn document(config: Config) -> Document {
    LazyLock::force(&TOLD);
    App::from_registry(config).expect("an application").asyncapi()
}

fn usual() -> Document {
    document(Config::new().asyncapi(AsyncApi::new("Talk", "1.2.0")))
}

#[test]
fn channels_are_paths_with_what_opens_them() {
    let document = usual();
    let integer = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
    let by = json!({ "type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX, "default": 1 });
    let table = [
        (
            "chat.room",
            "/chat/{room}",
            json!({ "room": { "description": "Which room." } }),
            json!({
                "query": { "type": "object", "properties": { "name": { "type": "string", "description": "Who comes." } }, "required": ["name"] },
                "headers": { "type": "object", "properties": { "token": { "type": "string", "description": "Who lets in." } } },
            }),
        ),
        (
            "game",
            "/game",
            Value::Null,
            json!({
                "headers": { "type": "object", "properties": { "Sec-WebSocket-Protocol": { "type": "string", "const": "game.v1" } }, "required": ["Sec-WebSocket-Protocol"] },
            }),
        ),
        ("calc", "/calc", Value::Null, json!({ "query": { "type": "object", "properties": { "by": by } } })),
        ("calc.by", "/calc/{by}", json!({ "by": { "x-vernal-schema": by } }), json!({})),
        ("news.topic", "/news/{topic}", json!({ "topic": { "enum": ["sport", "tea"] } }), json!({})),
        ("by-hand.id", "/by-hand/{id}", json!({ "id": { "x-vernal-schema": integer } }), json!({})),
        ("feed.kind", "/feed/{kind}", json!({ "kind": {} }), json!({})),
        (
            "files.path",
            "/files/{path}",
            json!({ "path": { "description": "Whatever is left of the path, slashes too.", "x-vernal-star": "**" } }),
            json!({}),
        ),
        ("two", "/two", Value::Null, json!({})),
        ("bounded", "/bounded", Value::Null, json!({})),
        ("desks._number", "/desks/{_number}", json!({ "_number": {} }), json!({})),
    ];
    let channels = document["channels"].as_object().expect("channels");
    let mut expected: Vec<&str> = table.iter().map(|(id, ..)| *id).collect();
    expected.sort_unstable();
    assert_eq!(channels.keys().collect::<Vec<_>>(), expected, "what is hidden is not there");
    for (id, address, parameters, binding) in table {
        let channel = &channels[id];
        assert_eq!(channel["address"], address);
        assert_eq!(channel["parameters"], parameters, "{id}");
        let mut found = channel["bindings"]["ws"].clone();
        let found = found.as_object_mut().expect("a binding of WebSockets");
        assert_eq!(found.remove("method"), Some("GET".into()));
        assert_eq!(found.remove("bindingVersion"), Some("0.1.0".into()));
        assert_eq!(Value::from(found.clone()), binding, "{id}");
    }
    let session = json!({ "type": "object", "properties": { "session": { "type": "string" } } });
    assert_eq!(channels["news.topic"]["x-vernal-cookies"], session);
    assert_eq!(channels["feed.kind"]["x-vernal-regexp"], "^/feed/([a-z]+)$");
    assert_eq!(channels["feed.kind"]["x-vernal-conditions"], json!(["v=1"]));
}

/// `Say application/json Say [binary]`: name, content type, schema, and frames where they are told.
fn told(channel: &Value, name: &str) -> String {
    let message = &channel["messages"][name];
    let content_type = message["contentType"].as_str().unwrap_or("-");
    let payload = &message["payload"];
    let schema = match payload["$ref"].as_str() {
        Some(reference) => reference.rsplit('/').next().unwrap_or_default().to_owned(),
        None => payload["format"].as_str().or(payload["type"].as_str()).unwrap_or("{}").to_owned(),
    };
    let frames = message.get("x-vernal-frames").map(|frames| format!(" {frames}"));
    assert_eq!(message["name"], name);
    format!("{name} {content_type} {schema}{}", frames.unwrap_or_default())
}

#[test]
fn operations_are_events_and_what_is_sent() {
    let document = usual();
    let table: [(&str, &str, &str, &[&str]); 20] = [
        ("Desk.talk", "receive", "desks._number", &["json application/json {}"]),
        ("Desk.talk.send", "send", "desks._number", &["Desk application/json Desk"]),
        ("bounded", "receive", "bounded", &["text text/plain string"]),
        ("Chat.on_message", "receive", "chat.room", &["Say application/json asyncapi.Say"]),
        ("Chat.on_close", "receive", "chat.room", &[r#"close - object ["close"]"#]),
        ("Chat.send", "send", "chat.room", &["Said application/json Said", "text text/plain string"]),
        ("Game.on_text_message", "receive", "game", &["text text/plain string"]),
        ("Game.on_binary_message", "receive", "game", &["bytes application/octet-stream binary"]),
        ("Game.on_ping", "receive", "game", &[r#"ping application/octet-stream binary ["ping"]"#]),
        (
            "calc.receive.calc",
            "receive",
            "calc",
            &["Sum application/json Sum", "json application/json array"],
        ),
        (
            "calc.receive.calc_by",
            "receive",
            "calc.by",
            &["Sum application/json Sum", "json application/json array"],
        ),
        ("calc.send.calc", "send", "calc", &["jsonAnswer application/json int32"]),
        ("more", "receive", "news.topic", &["json application/json uint8"]),
        ("piece", "receive", "news.topic", &["bytes application/octet-stream binary"]),
        ("welcome.send", "send", "news.topic", &["message - {}"]),
        (
            "by_hand",
            "receive",
            "by-hand.id",
            &["text text/plain string", "bytes application/octet-stream binary"],
        ),
        ("by_hand.send", "send", "by-hand.id", &["text text/plain string"]),
        ("Feed.send", "send", "feed.kind", &["message - {}"]),
        ("Two.on_text_message", "receive", "two", &["Say application/json asyncapi.Say"]),
        ("Two.on_binary_message", "receive", "two", &[r#"two.Say application/json two.Say ["binary"]"#]),
    ];
    for (id, action, channel, messages) in table {
        let operation = &document["operations"][id];
        assert_eq!(operation["action"], action, "{id}");
        assert_eq!(operation["channel"]["$ref"], format!("#/channels/{channel}"));
        let names = operation["messages"].as_array().expect("messages").iter().map(|message| {
            let reference = message["$ref"].as_str().expect("a reference");
            reference.strip_prefix(&format!("#/channels/{channel}/messages/")).expect("one of the channel")
        });
        let found: Vec<_> = names.map(|name| told(&document["channels"][channel], name)).collect();
        assert_eq!(found, messages, "{id}");
    }
    let count = document["operations"].as_object().expect("operations").len();
    assert_eq!(count, 20 + ["anything", "calc.send.calc_by"].len());
}

#[test]
fn doc_comments_and_attributes_are_told() {
    let document = usual();
    let table = [
        ("/channels/chat.room/summary", json!("Rooms to talk in")),
        ("/channels/chat.room/description", json!("Everybody in a room hears everybody.")),
        ("/channels/chat.room/tags", json!([{ "name": "Chat" }])),
        ("/channels/chat.room/messages/Say/description", json!("One sentence.")),
        ("/channels/game/tags", json!([{ "name": "games" }])),
        (
            "/channels/bounded/messages/text/payload",
            json!({ "type": "string", "minLength": 2, "maxLength": 5 }),
        ),
        ("/channels/game/summary", Value::Null),
        ("/channels/news.topic/summary", Value::Null),
        ("/channels/calc/x-deprecated", json!(true)),
        ("/channels/two/x-deprecated", Value::Null),
        ("/operations/Chat.on_message/summary", json!("Says something to the room")),
        ("/operations/Chat.on_message/tags", json!([{ "name": "Chat" }])),
        ("/operations/Game.on_ping/summary", json!("On ping")),
        ("/operations/calc.receive.calc/x-deprecated", json!(true)),
        ("/operations/by_hand/summary", json!("Talks, or tells how")),
        ("/operations/by_hand/description", json!("Both at one path.")),
        ("/operations/by_hand.send/tags", json!([{ "name": "hand" }])),
        ("/info", json!({ "title": "Talk", "version": "1.2.0" })),
        ("/asyncapi", json!("3.1.0")),
    ];
    for (pointer, expected) in table {
        let found = document.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{pointer}");
    }
    assert!(document.to_string().starts_with("{\n  \"asyncapi\": \"3.1.0\",\n  \"info\""), "it reads well");
    assert_eq!(document.to_string(), usual().to_string());
}

#[test]
fn schemas_are_those_of_both_documents_in_words_of_draft_07() {
    let document = usual();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Desk", "Said", "Sum", "asyncapi.Say", "two.Say"]);
    assert_eq!(schemas["Sum"]["properties"]["parts"]["items"]["$ref"], "#/components/schemas/Sum");
    let pair = &schemas["Sum"]["properties"]["pair"];
    assert_eq!(pair["items"][1], json!({ "type": "string" }));
    assert_eq!(pair["prefixItems"], Value::Null);
    assert_eq!(schemas["asyncapi.Say"]["required"], json!(["text"]));
}

#[test]
fn a_type_without_a_schema_is_anything_and_is_told_of() {
    let document = usual();
    assert_eq!(document["channels"]["desks._number"]["messages"]["json"]["payload"], json!({}));
    let mut lines = TOLD.with("has no schema");
    lines.dedup();
    let [line] = &lines[..] else { panic!("one type has none: {lines:?}") };
    for part in
        ["WARN `asyncapi::Unknown`, received by `Desk::talk` at tests/asyncapi.rs:", "schemars::JsonSchema"]
    {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn filters_that_authenticate_are_schemes() {
    let basic = BasicAuth::new("talk", |_, _| std::future::ready(true));
    let bearer = || BearerAuth::new(|_| std::future::ready(None::<u8>));
    let config = Config::new()
        .filter("/chat/**", basic)
        .filter("/game", bearer().optional())
        .filter("/news/*", bearer())
        .filter("/by-hand/*", bearer());
    let document = document(config);
    let reference = |name: &str| json!([{ "$ref": format!("#/components/securitySchemes/{name}") }]);
    let table = [
        ("Chat.on_message", reference("basic"), Value::Null),
        ("Chat.send", reference("basic"), Value::Null),
        ("Game.on_ping", Value::Null, reference("bearer")),
        ("more", reference("bearer"), Value::Null),
        ("by_hand", reference("bearer"), reference("session")),
        ("calc.send.calc", Value::Null, Value::Null),
    ];
    for (id, security, optional) in table {
        let operation = &document["operations"][id];
        assert_eq!(operation["security"], security, "{id}");
        assert_eq!(operation["x-vernal-optional-security"], optional, "{id}");
    }
    assert_eq!(
        document["components"]["securitySchemes"],
        json!({
            "basic": { "type": "http", "scheme": "basic" },
            "bearer": { "type": "http", "scheme": "bearer" },
            "session": { "type": "httpApiKey", "in": "cookie", "name": "vernal_session" },
        })
    );
    parser::parse(&[("guarded", document)]);
}

/// @asyncapi/parser of npm.
#[test]
fn the_parser_of_others_finds_nothing() {
    let both = Config::new()
        .openapi(OpenApi::new("Shop", "2").license("MIT", "MIT").server("https://shop.example/v1"));
    let older = AsyncApi::new("Talk", "1").version(AsyncApiVersion::V3_0).description("Talk.");
    let documents = [
        ("usual", usual()),
        ("both", document(both.asyncapi("/asyncapi.json"))),
        ("older", document(Config::new().asyncapi(older))),
        (
            "none",
            document(
                Config::new()
                    .app("nothing")
                    .filter("/x", vernal::security::SecurityHeaders::new())
                    .openapi(OpenApi::default().at("/y")),
            ),
        ),
    ];
    assert_eq!(documents[1].1["info"]["title"], "Shop");
    assert_eq!(documents[1].1["servers"]["shop.example_v1"]["protocol"], "wss");
    assert_eq!(documents[2].1["asyncapi"], "3.0.0");
    assert_eq!(documents[3].1["channels"], json!({}));
    parser::parse(&documents);
}

#[tokio::test]
async fn documents_are_served() {
    LazyLock::force(&TOLD);
    let client = Client::builder()
        .openapi(OpenApi::new("Talk", "1").at("/openapi.json"))
        .asyncapi("/talk.json")
        .build();
    let table = [
        ("/openapi.json", "application/json"),
        ("/talk.json", "application/vnd.aai.asyncapi+json;version=3.1.0"),
    ];
    for (path, content_type) in table {
        let answer = client.get(path).await;
        answer.assert_status(200).assert_header("content-type", content_type);
        let etag = answer.header("etag").expect("an entity tag").to_owned();
        assert_eq!(client.get(path).await.header("etag"), Some(&*etag), "the same document has the same tag");
        let known = client.get(path).header("if-none-match", &*etag).await;
        known.assert_status(304).assert_header("etag", &etag);
        assert_eq!(known.text(), "");
        client.get(path).header("if-match", "\"other\"").await.assert_status(412);
        client.post(path).await.assert_status(405).assert_header("allow", "GET, HEAD, OPTIONS");
        client.options(path).await.assert_status(204).assert_header("allow", "GET, HEAD, OPTIONS");
    }
    let served: Value = serde_json::from_str(client.get("/talk.json").await.text()).expect("JSON");
    let config = Config::new().openapi(OpenApi::new("Talk", "1")).asyncapi("/talk.json");
    assert_eq!(served, document(config).into_value());
}

/// A client that knows nothing but the document opens every channel, and sends what its schemas allow and forbid.
#[tokio::test]
async fn what_is_described_is_what_is_taken() {
    let running = Running::start(running::builder()).await;
    let document = usual();
    let (mut taken, mut refused) = (0, 0);
    for (id, operation) in document["operations"].as_object().expect("operations") {
        let channel = operation["channel"]["$ref"].as_str().and_then(|it| document.pointer(&it[1..]));
        let channel = channel.expect("a channel");
        // Without an event that takes it, what comes is let be.
        if operation["action"] != "receive" {
            drop(Peer::open(&running, &document, channel).await);
            continue;
        }
        for reference in operation["messages"].as_array().expect("messages") {
            let message = document.pointer(&reference["$ref"].as_str().expect("a reference")[1..]);
            let message = message.expect("a message");
            if message["contentType"] == "application/json" && message["payload"] == json!({}) {
                // Nothing is known of it.
                continue;
            }
            let samples = Samples { document: &document, id };
            let mut peer = Peer::open(&running, &document, channel).await;
            assert_eq!(peer.end_after(samples.allowed(message)).await, 1000, "{id} takes {message:#}");
            taken += 1;
            if let Some(forbidden) = samples.forbidden(message) {
                let mut peer = Peer::open(&running, &document, channel).await;
                assert_eq!(peer.end_after(forbidden).await, 1003, "{id} refuses what is not {message:#}");
                refused += 1;
            }
        }
    }
    assert_eq!((taken, refused), (17, 9));
    running.stop().await;
}
