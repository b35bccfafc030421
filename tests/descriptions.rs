//! What the description of the API says of errors, of filters that are functions and of types without a schema, and what it costs.

mod both;
mod installed;
#[path = "contract/judges.rs"]
mod judges;
mod said;
mod scratch;

use std::process::Command;
use std::time::Instant;

use garde::Validate;
use said::Said;
use schemars::JsonSchema;
use scratch::Scratch;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vernal::contract::Schema;
use vernal::security::{Identity, UserName};
use vernal::test::Client;
use vernal::{
    App, AsyncApi, Cbor, Config, Content, Cookie, FilterContext, FromValue, Header, Json, MultipartFile,
    Next, OpenApi, PathValue, Result, error_message, request_filter, request_map, websocket_message,
};

#[derive(Deserialize, JsonSchema, Validate)]
struct Order {
    #[garde(length(chars, min = 3))]
    customer: String,
    #[garde(dive)]
    items: Vec<Item>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Item {
    #[garde(range(min = 1, max = 9))]
    count: u8,
    #[garde(range(max = 5))]
    left: Option<u8>,
}

#[request_map("/orders/{id}", method = "POST", app = "errors")]
fn order(
    id: PathValue<u64>,
    #[arg(range = 1..=100)] page: u32,
    x_token: Header<&str>,
    seen: Option<Cookie<u8>>,
    #[arg(valid)] Json(order): Json<Order>,
) -> String {
    format!("{id} {page} {x_token} {} {} {}", seen.is_some(), order.customer, order.items.len())
}

/// The rule of a value that may be missing is that of the value.
#[test]
fn rules_of_optional_fields_are_described() {
    let config = Config::new().app("errors").openapi(OpenApi::new("Shop", "1"));
    let document = App::from_registry(config).expect("an application").openapi().into_value();
    let item = &document["components"]["schemas"]["Item"]["properties"];
    assert_eq!((&item["count"]["maximum"], &item["left"]["maximum"]), (&json!(9), &json!(5)), "{item:#}");
}

/// jsonschema of PyPI, which openapi-spec-validator brings along, finds that errors are what the document says of them. No
/// member is sent that it does not name.
#[tokio::test]
async fn errors_are_what_they_are_described_as() {
    let config = || Config::new().app("errors").openapi(OpenApi::new("Shop", "1"));
    let mut document = App::from_registry(config()).expect("an application").openapi().into_value();
    let client = Client::builder().app("errors").build();
    let mut answers = Vec::new();
    let many = json!({ "customer": "ann", "items": vec![json!({ "count": 0 }); 30] });
    let bodies = [
        (r#"{"customer":"ann","items":[{"count":1}]}"#, "1"),
        (r#"{"customer":"a","items":[{"count":10}]}"#, "0"),
        (r#"{"customer":"a","items":"#, "x"),
        (r#"{"customer":"ann","items":[{}]}"#, "1"),
        (&many.to_string(), "1"),
        ("", "1"),
    ];
    for accept in ["application/json", "application/problem+json"] {
        for (path, token) in [("/orders/1", "t"), ("/orders/1", ""), ("/orders/x", "t"), ("/nowhere", "t")] {
            for (body, page) in &bodies {
                let mut request = client.post(&format!("{path}?page={page}")).header("accept", accept);
                if !token.is_empty() {
                    request = request.header("x-token", token);
                }
                let request =
                    request.header("content-type", "application/json").header("cookie", "seen=1000");
                let answer = request.body(body.to_string()).await;
                assert!(answer.status().is_client_error(), "{answer:?}");
                answer.assert_header("content-type", accept);
                answers.push(json!([answer.status().as_u16().to_string(), accept, answer.json::<Value>()]));
            }
        }
        let refused = client.get("/orders/1").header("accept", accept).await;
        answers.push(json!(["405", accept, refused.assert_status(405).json::<Value>()]));
    }
    let untold = answers.iter().filter(|answer| answer[2]["untold"].is_number()).count();
    let pointers =
        answers.iter().filter(|answer| answer[2].to_string().contains("\"pointer\":\"/items/")).count();
    assert!(untold > 0 && pointers > 0, "{untold} {pointers}");
    closed(&mut document["components"]["schemas"]["Problem"]);
    closed(&mut document["components"]["schemas"]["Failure"]);
    let scratch = Scratch::new();
    let both = json!({ "document": document, "answers": answers });
    let file = scratch.write("errors.json", both.to_string());
    judges::pass(Command::new(judges::python()).args(["-c", CHECK]).arg(&file));
}

/// Looks each answer's schema up by its status and content type, and holds the answer against it.
const CHECK: &str = r##"
import json, sys
import jsonschema
both = json.load(open(sys.argv[1]))
document = both["document"]
responses = document["paths"]["/orders/{id}"]["post"]["responses"]
def followed(value):
    while "$ref" in value:
        found = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value
assert "400" in responses and "404" in responses, responses.keys()
for status, kind, answer in both["answers"]:
    response = followed(responses.get(status, responses["400"]))
    schema = dict(response["content"][kind]["schema"], components=document["components"])
    jsonschema.Draft202012Validator(schema).validate(answer)
"##;

/// Lets a schema take no member that it does not name.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(closed);
            if members.get("properties").is_some_and(Value::is_object) {
                members.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(closed),
        _ => {}
    }
}

#[derive(JsonSchema, Serialize)]
struct Refused {
    who: String,
}

/// Lets nobody in who is not known.
#[request_filter("/admin/**", "/both", app = "filters", responses(401 = "Who are you?", 403 = Json<Refused>))]
async fn signed_in(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    Ok(())
}

#[request_filter("/**", app = "filters", order = -1, responses(503 = "It is closed."))]
#[request_filter("/none", app = "filters", responses(418 = "never"))]
fn open(cx: &mut FilterContext<'_>) {
    cx.response.headers.insert("x-open", "1");
}

#[request_map("/admin/users", method = "GET", app = "filters")]
fn users() -> String {
    String::new()
}

#[request_map("/both", method = "GET", app = "filters", responses(401 = "Nobody knows you here."))]
fn both() -> String {
    String::new()
}

#[request_map("/public", method = "GET", app = "filters")]
fn public() -> String {
    String::new()
}

#[test]
fn filters_say_what_they_answer_by_themselves() {
    let document = App::from_registry(Config::new().app("filters")).expect("an application").openapi();
    let table = [
        ("/admin/users", "401", Some("Who are you?")),
        ("/admin/users", "403", Some("Forbidden.")),
        ("/admin/users", "503", Some("It is closed.")),
        ("/admin/users", "418", None),
        ("/both", "401", Some("Nobody knows you here.")),
        ("/both", "503", Some("It is closed.")),
        ("/public", "401", None),
        ("/public", "503", Some("It is closed.")),
    ];
    for (path, status, expected) in table {
        let said = &document["paths"][path]["get"]["responses"][status];
        match expected {
            Some("Forbidden.") => assert_eq!(
                said["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/Refused",
                "{path} {status}"
            ),
            Some(expected) => {
                assert_eq!(said["description"], expected, "{path} {status}");
                assert!(said["content"]["application/problem+json"].is_object(), "{path} {status}");
            }
            None => assert!(said.is_null(), "{path} {status}: {said}"),
        }
    }
}

#[derive(Deserialize, JsonSchema, Serialize, Validate)]
struct Code {
    #[garde(length(chars, min = 4, max = 9))]
    code: String,
}

#[request_map("/codes/{id}", method = "POST", app = "forms", invalid = 422)]
fn code(
    #[arg(range = 1..)] id: u32,
    #[arg(length = ..=5, items = 1..=3)] tag: Vec<&str>,
    #[arg(pattern = "^[A-Z]+$", default = "EUR")] x_currency: Header<&str>,
    #[arg(valid)] code: Content<Code>,
) -> Content<Vec<Code>> {
    let _ = (id, tag, x_currency);
    Content(vec![code.into_inner()])
}

#[test]
fn what_values_must_be_and_which_forms_they_have_is_described() {
    let described = |config: Config| {
        let document = App::from_registry(config.app("forms")).expect("an application").openapi();
        (document["paths"]["/codes/{id}"]["post"].clone(), document.into_value())
    };
    let forms = |content: &Value| content.as_object().map(|forms| forms.keys().cloned().collect::<Vec<_>>());
    let (operation, document) = described(Config::new().content(Cbor));
    for content in [&operation["requestBody"]["content"], &operation["responses"]["200"]["content"]] {
        assert_eq!(forms(content), Some(vec!["application/cbor".into(), "application/json".into()]));
    }
    let (alone, _) = described(Config::new());
    assert_eq!(forms(&alone["requestBody"]["content"]), Some(vec!["application/json".into()]));
    let statuses = forms(&operation["responses"]).unwrap_or_default();
    for status in ["404", "406", "413", "415", "422"] {
        assert!(statuses.iter().any(|known| known == status), "{status} of {statuses:?}");
    }
    assert!(!statuses.iter().any(|known| known == "400"), "{statuses:?}");
    let code = &document["components"]["schemas"]["Code"]["properties"]["code"];
    assert_eq!((&code["minLength"], &code["maxLength"]), (&json!(4), &json!(9)));
    let parameter = |name: &str| {
        let mut all = operation["parameters"].as_array().into_iter().flatten();
        all.find(|it| it["name"] == name).map(|it| it["schema"].clone()).unwrap_or_default()
    };
    assert_eq!(parameter("id")["minimum"], 1);
    assert_eq!(
        parameter("tag"),
        json!({ "type": "array", "items": { "type": "string", "maxLength": 5 }, "minItems": 1, "maxItems": 3 })
    );
    let currency = parameter("x-currency");
    assert_eq!(
        (&currency["pattern"], &currency["default"]),
        (&json!("^[A-Z]+$"), &json!("EUR")),
        "{operation}"
    );
}

#[derive(Deserialize, Serialize)]
struct Plain {
    x: u8,
}

#[request_map("/plain", method = "POST", app = "unknown")]
fn plain(Json(plain): Json<Plain>) -> Json<Vec<Plain>> {
    Json(vec![plain])
}

#[websocket_message("/plain", app = "unknown")]
fn said_plain(Json(plain): Json<Plain>) {
    assert!(plain.x < u8::MAX);
}

/// Once, at start, though nobody has asked for a document; and not again when somebody does.
#[test]
fn types_without_a_schema_are_told_at_start() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.clone());
    let config = || Config::new().app("unknown");
    let quiet = App::from_registry(config()).expect("an application");
    assert_eq!(said.with("has no schema"), [""; 0], "without a description nobody misses one");
    assert_eq!(quiet.openapi()["openapi"], "3.1.1");
    let _ = quiet.openapi();
    assert_eq!(said.with("has no schema").len(), 1, "and where it is asked for, once");
    said.take();
    let app = App::from_registry(config().openapi(OpenApi::new("Shop", "1")).asyncapi(AsyncApi::default()));
    let app = app.expect("an application");
    let told = said.with("has no schema");
    assert_eq!(told.len(), 2, "{told:?}");
    let all = [
        ("the argument `plain` of `plain` at tests/descriptions.rs:", "write `responses(200 = Json<…>)`"),
        ("`said_plain` at tests/descriptions.rs:", "`FromMessage`"),
    ];
    for (line, (place, remedy)) in told.iter().zip(all) {
        assert!(line.starts_with("WARN `descriptions::Plain`, "), "{line}");
        assert!(line.contains(place) && line.contains(remedy), "{line}");
    }
    said.take();
    assert_eq!(app.openapi()["paths"]["/plain"]["post"]["requestBody"]["required"], true);
    let _ = app.asyncapi();
    assert_eq!(said.with("has no schema"), [""; 0]);
}

/// Ten handlers each, with types of their own.
macro_rules! modules {
    ($($name:ident $path:tt)*) => { $(
        mod $name {
            use schemars::JsonSchema;
            use serde::{Deserialize, Serialize};
            use vernal::{Header, Json, Model, Result, request_map};

            /// One of many.
            #[derive(Deserialize, JsonSchema, Serialize)]
            struct Thing {
                /// What it is called.
                name: String,
                tags: Vec<String>,
                inside: Option<Box<Thing>>,
                kind: Kind,
            }

            #[derive(Deserialize, JsonSchema, Serialize)]
            enum Kind {
                Small,
                Large { size: u32 },
            }

            #[derive(Deserialize, JsonSchema)]
            struct Search {
                q: Option<String>,
                page: Option<u32>,
            }

            struct Things;

            #[request_map($path, app = "large")]
            impl Things {
                /// Lists them.
                #[request_map("/", method = "GET")]
                fn list(#[arg(range = 1..=100, default = 1)] page: u32, q: Option<&str>) -> Json<Vec<Thing>> {
                    let _ = (page, q);
                    Json(Vec::new())
                }

                #[request_map("/", method = "POST", status = 201, responses(409 = "it is there already"))]
                fn add(Json(thing): Json<Thing>) -> Json<Thing> {
                    Json(thing)
                }

                #[request_map("/search", method = "GET")]
                fn search(Model(search): Model<Search>) -> Json<Vec<Thing>> {
                    let _ = (search.q, search.page);
                    Json(Vec::new())
                }

                #[request_map("/{id}", method = "GET")]
                fn one(
                    /// Its number.
                    id: u64,
                ) -> Option<Json<Thing>> {
                    let _ = id;
                    None
                }

                #[request_map("/{id}", method = "PUT")]
                fn change(id: u64, if_match: Option<Header<&str>>, Json(thing): Json<Thing>) -> Result<Json<Thing>> {
                    let _ = (id, if_match);
                    Ok(Json(thing))
                }

                #[request_map("/{id}", method = "DELETE")]
                fn remove(id: u64) -> Result {
                    let _ = id;
                    Ok(())
                }

                #[request_map("/{id}/name", method = "GET")]
                fn name(id: u64) -> Option<String> {
                    Some(id.to_string())
                }

                #[request_map("/{id}/name", method = "PUT")]
                fn rename(id: u64, #[arg(length = 1..=40)] name: &str) -> String {
                    format!("{id} {name}")
                }

                #[request_map("/{id}/tags", method = "GET")]
                fn tags(id: u64) -> Json<Vec<String>> {
                    Json(vec![id.to_string()])
                }

                #[request_map("/{id}/tags", method = "POST")]
                fn tag(id: u64, #[arg(items = 1..=5)] tag: Vec<&str>) -> Json<Vec<String>> {
                    Json(tag.iter().map(|tag| format!("{id} {tag}")).collect())
                }
            }
        }
    )* };
}

modules! {
    aa "/aa" ba "/ba" ca "/ca" da "/da" ea "/ea" fa "/fa" ga "/ga" ha "/ha" ia "/ia" ja "/ja"
    ka "/ka" la "/la" ma "/ma" na "/na" oa "/oa" pa "/pa" qa "/qa" ra "/ra" sa "/sa" ta "/ta"
    ua "/ua" va "/va" wa "/wa" xa "/xa" ya "/ya" za "/za" ab "/ab" bb "/bb" cb "/cb" db "/db"
}

/// Tells how long it takes; how long it may take, no test can say.
#[test]
fn three_hundred_handlers_are_described_at_once() {
    let start = |config: Config| {
        let began = Instant::now();
        (App::from_registry(config.app("large")).expect("an application"), began.elapsed())
    };
    let (_, without) = start(Config::new());
    let (app, with) = start(Config::new().openapi(OpenApi::new("Shop", "1")));
    let began = Instant::now();
    let document = app.openapi();
    let made = began.elapsed();
    let operations: usize = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, item)| item.as_object().map_or(0, |item| item.len()))
        .sum();
    assert_eq!(operations, 300);
    println!(
        "start {without:?}, with a description {with:?}; the document {made:?}, {} bytes",
        json!(document).to_string().len()
    );
}

/// A type that is called as one of our own.
#[derive(Serialize, JsonSchema)]
struct Problem {
    own: u8,
}

#[error_message("404", app = "rare")]
fn negotiated_page(code: u16) -> Content<Vec<u16>> {
    Content(vec![code])
}

#[request_map("/problem", method = "GET", app = "rare")]
fn problem(_id: u8) -> Option<Json<Problem>> {
    Some(Json(Problem { own: 1 }))
}

#[request_map("/pair", method = "PUT", app = "rare")]
fn pair(Json(pair): Json<(u8, String)>) -> Json<(u8, String)> {
    Json(pair)
}

/// What any text makes, says its schema in a word.
struct Anything;

impl FromValue<'_> for Anything {
    fn from_value(_: &str) -> Result<Anything> {
        Ok(Anything)
    }

    fn schema() -> Schema {
        Schema::from_json(json!(true))
    }
}

#[request_map("/anything", method = "GET", app = "rare")]
fn anything(
    /// Whatever it is.
    #[arg(default = "x")]
    a: Anything,
    file: Option<MultipartFile<'_>>,
) -> u16 {
    let _unread = (a, file);
    204
}

impl From<&str> for Anything {
    fn from(_: &str) -> Anything {
        Anything
    }
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only described")]
struct Shown {
    #[schemars(extend("examples" = [{ "format": "int32" }]))]
    by: Option<String>,
}

#[request_map("/both-ways", method = "GET", params = "a", app = "rare")]
fn for_all(_shown: Json<Shown>) -> String {
    String::new()
}

#[request_map("/both-ways", method = "GET", params = "!a", app = "rare")]
fn for_some(_user: Identity<&UserName>) -> String {
    String::new()
}

#[test]
fn what_is_rare_is_described_as_it_is() {
    let config = Config::new().app("rare").content(Cbor).openapi(OpenApi::new("Rare", "1"));
    let document = App::from_registry(config).expect("an application").openapi().into_value();
    let schemas = &document["components"]["schemas"];
    let responses = &document["components"]["responses"];
    let (number, text) = (
        json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 }),
        json!({ "type": "string" }),
    );
    let codes = json!({ "type": "array", "items": { "type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535 } });
    let own = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let get = |path: &str| document["paths"][path]["get"].clone();
    let table = [
        // Pages have forms, too.
        (
            &responses["NotFound"]["content"],
            json!({ "application/json": { "schema": codes }, "application/cbor": { "schema": codes } }),
        ),
        // Neither is taken for the other.
        (&schemas["Problem"]["properties"]["own"], number.clone()),
        (&schemas["vernal.Problem"]["title"], json!("Problem")),
        (&responses["BadRequest"]["content"]["application/problem+json"]["schema"], own("vernal.Problem")),
        (&get("/problem")["responses"]["200"]["content"]["application/json"]["schema"], own("Problem")),
        // A tuple has no further elements.
        (
            &document["paths"]["/pair"]["put"]["requestBody"]["content"]["application/json"]["schema"],
            json!({ "type": "array", "prefixItems": [number, text], "minItems": 2, "maxItems": 2 }),
        ),
        (
            &get("/anything")["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]["a"],
            json!({ "description": "Whatever it is." }),
        ),
        // An example is no schema.
        (&schemas["Shown"]["properties"]["by"]["examples"], json!([{ "format": "int32" }])),
        // Somebody is known to one of both.
        (&get("/both-ways")["security"], json!([{}, { "session": [] }])),
        (&get("/both-ways")["responses"]["401"], json!({ "$ref": "#/components/responses/Unauthorized" })),
    ];
    for (told, expected) in table {
        assert_eq!(*told, expected, "{document:#}");
    }
    assert!(!document.to_string().contains("negotiated") && !document.to_string().contains("#vernal"));
}

#[test]
fn descriptions_that_cannot_be_served_are_told_at_start() {
    let config = || Config::new().app("rare");
    let (usual, at) = (|| OpenApi::new("Rare", "1"), |path: &'static str| OpenApi::new("Rare", "1").at(path));
    let table = [
        (
            config().openapi(at("openapi.json")),
            "`OpenApi::at(\"openapi.json\")`: the description of the API is at one path",
        ),
        (config().openapi(at("/api/{version}")), "which begins with a slash: write it like `/openapi.json`"),
        (
            config().openapi(at("/problem")),
            "to be at `/problem` (`OpenApi::at`), where `problem` at tests/descriptions.rs:",
        ),
        (config().openapi(at("/a/")).asyncapi("/a"), "`OpenApi::at` and `AsyncApi::at` are both `/a`"),
        (config().asyncapi("/problem/"), "to be at `/problem/` (`AsyncApi::at`)"),
        (config().openapi(usual()).openapi(usual()), "`openapi(…)` is given twice: keep one of them"),
        (config().asyncapi("/a").asyncapi("/b"), "`asyncapi(…)` is given twice: keep one of them"),
    ];
    for (config, expected) in table {
        let text = App::from_registry(config).expect_err(expected).to_string();
        assert!(text.contains(expected), "{text}");
    }
    App::from_registry(config().openapi(at("/openapi.json")).asyncapi("/asyncapi.json")).expect("apart");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
