//! The description of an application as OpenAPI: what each signature becomes in it.

mod both;
mod installed;
#[path = "contract/judges.rs"]
mod judges;
mod scratch;

use std::collections::HashMap;
use std::process::Command;

use schemars::JsonSchema;
use scratch::Scratch;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vernal::contract::{Answers, Inputs, Schema};
use vernal::security::{BasicAuth, BearerAuth, Identity, RateLimit, UserName};
use vernal::test::Client;
use vernal::{
    App, Arg, Bytes, Config, Cookie, Document, Form, FromRequest, Header, Html, Json, Model, MultipartFile,
    OpenApi, OpenApiVersion, OrStatus, Param, PathValue, Redirect, RegGroup, Request, Responder, Response,
    Result, Session, Sse, StaticFile, Text, controller, endpoint, error_message, request_map,
};

/// Something to buy.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Article {
    /// How it is called.
    name: String,
    price: u32,
    note: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// What to look for.
    q: String,
    page: Option<u32>,
    #[serde(default)]
    tag: Vec<String>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Tree {
    children: Vec<Tree>,
}

#[derive(Deserialize)]
struct Unknown {
    #[expect(dead_code, reason = "only read")]
    x: u8,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Blue,
}

#[derive(Serialize, JsonSchema)]
struct Page<T> {
    items: Vec<T>,
}

mod one {
    #[derive(serde::Serialize, schemars::JsonSchema)]
    pub struct User {
        pub a: u8,
    }
}

mod three {
    #[derive(serde::Serialize, schemars::JsonSchema)]
    pub struct Holder {
        pub user: User,
    }

    #[derive(serde::Serialize, schemars::JsonSchema)]
    pub struct User {
        pub c: u8,
    }
}

mod two {
    #[derive(serde::Serialize, schemars::JsonSchema)]
    pub struct User {
        pub b: u8,
    }

    #[vernal::request_map("/two/list", method = "GET")]
    fn list() -> vernal::Json<Vec<User>> {
        vernal::Json(vec![User { b: 1 }])
    }
}

#[request_map("/plain", method = "GET")]
fn plain() -> &'static str {
    "plain"
}

/// Greets somebody.
///
/// As often as you like.
#[request_map("/hello/{name}", method = "GET")]
fn hello(
    /// Who it is.
    name: &str,
    /// How often.
    #[arg(default = 1)]
    times: usize,
) -> String {
    name.repeat(times)
}

#[request_map("/any/{id}")]
fn any(id: u64, _req: &Request) -> u16 {
    if id == 0 { 204 } else { 200 }
}

#[request_map("/sources/{id}", method = "GET")]
fn sources(
    id: PathValue<i8>,
    flag: bool,
    list: Vec<u8>,
    some: Option<f64>,
    user_agent_kind: Header<&str>,
    #[arg(name = "X-Token")] token: Option<Header<u32>>,
    #[arg(default = "guest")] who: Cookie<&str>,
    #[arg(name = "p")] renamed: Param<char>,
    seen: Result<u8>,
) -> Json<Value> {
    Json(json!([
        *id,
        flag,
        list,
        some,
        *user_agent_kind,
        token.map(Header::into_inner),
        *who,
        *renamed,
        seen.ok()
    ]))
}

#[request_map("/search", method = "GET")]
fn search(Model(search): Model<Search>) -> String {
    format!("{} {:?} {:?}", search.q, search.page, search.tag)
}

#[request_map("/bare", method = "GET")]
fn bare(search: Search, color: Color, others: Option<Vec<Color>>, last: Option<Color>) -> String {
    format!("{} {} {} {}", search.q, matches!(color, Color::Red), others.is_some(), last.is_some())
}

/// Takes an article.
#[request_map("/articles", method = "POST", status = 201, responses(409 = Json<Article>, 410 = "sold out"), tag = "stock")]
fn create(
    /// What to add.
    Json(article): Json<Article>,
) -> Result<Json<Article>> {
    Ok(Json(article))
}

#[request_map("/articles/{id}", method = "GET")]
fn find(id: u64) -> Option<Json<Article>> {
    (id == 1).then(|| Json(Article { name: "tea".into(), price: 3, note: None }))
}

#[request_map("/articles", method = "GET")]
async fn listed(_session: Session) -> (u16, Json<Vec<Article>>) {
    (200, Json(Vec::new()))
}

#[request_map("/form", method = "POST")]
fn form(Form(search): Form<Search>) -> Redirect {
    Redirect::see_other(search.q)
}

#[request_map("/upload", method = "POST")]
fn upload(
    /// The picture.
    picture: MultipartFile<'_>,
    title: &str,
    more: Option<Vec<MultipartFile<'_>>>,
) -> Html<String> {
    Html(format!("{} {title} {}", picture.size(), more.is_some()))
}

#[request_map("/text", method = "PUT")]
fn text(body: Text<&str>) -> String {
    body.to_uppercase()
}

#[request_map("/bytes", method = "PUT")]
fn bytes(body: Bytes) -> Bytes {
    body
}

#[request_map("/maybe", method = "POST")]
fn maybe(body: Option<Json<Tree>>) -> Json<Option<Tree>> {
    Json(body.map(Json::into_inner))
}

#[request_map("/unknown", method = "POST")]
fn unknown(_body: Json<Unknown>) {}

#[request_map("/events", method = "GET")]
fn events() -> Sse {
    Sse::new(futures_util::stream::empty::<Result<vernal::Event>>())
}

#[request_map("/file", method = "GET")]
fn file() -> StaticFile {
    StaticFile::new("x")
}

#[request_map("/files/**", method = "GET")]
fn files(path: PathValue<&str>) -> String {
    path.to_string()
}

#[request_map(regexp = "^/reg/([a-z]+)/(.+)$", method = "GET")]
fn by_regexp(kind: RegGroup<&str>, #[arg(group = 2)] number: RegGroup<u32>) -> String {
    format!("{kind} {number}")
}

#[request_map("/old", method = "GET")]
#[deprecated]
fn old() -> impl Responder + use<> {
    (202, Json(one::User { a: 1 }))
}

#[request_map("/hidden", hidden)]
fn hidden() {}

#[request_map("/one", method = "GET")]
fn one_user() -> Json<one::User> {
    Json(one::User { a: 1 })
}

#[request_map("/three", method = "GET")]
fn held() -> Json<three::Holder> {
    Json(three::Holder { user: three::User { c: 1 } })
}

#[request_map("/pages", method = "GET")]
fn pages() -> Result<Json<Page<one::User>>, String> {
    Ok(Json(Page { items: vec![one::User { a: 1 }] }))
}

#[request_map("/pages/of/two", method = "GET")]
fn pages_of_two() -> Json<Page<two::User>> {
    Json(Page { items: vec![two::User { b: 1 }] })
}

#[request_map("/narrow", method = "GET", params = "a=1")]
fn narrow(a: u8, b: u8) -> String {
    format!("{a}{b}")
}

#[request_map("/narrow", method = "GET", params = "!a")]
fn wide(b: u8) -> String {
    b.to_string()
}

/// Who asks.
#[request_map("/me", method = "GET")]
fn me(Identity(user): Identity<&UserName>) -> String {
    user.to_string()
}

struct ApiKey(String);

impl<'r> FromRequest<'r> for ApiKey {
    fn from_request(req: &'r Request, _: &Arg) -> Result<ApiKey> {
        req.header("x-api-key").map(|key| ApiKey(key.to_owned())).or_status(401)
    }

    fn describe(inputs: &mut Inputs) {
        inputs.header("X-Api-Key", Schema::text());
        inputs.refuses(401);
    }
}

struct Created<T>(T);

impl<T: Responder> Responder for Created<T> {
    fn respond(self, res: &mut Response) -> Result {
        (201, self.0).respond(res)
    }

    fn describe(answers: &mut Answers) {
        answers.status(201);
        T::describe(answers);
    }
}

#[request_map("/own", method = "POST")]
fn own(key: ApiKey) -> Created<String> {
    Created(key.0)
}

enum Refused {
    SoldOut,
}

impl Responder for Refused {
    fn respond(self, res: &mut Response) -> Result {
        match self {
            Refused::SoldOut => (409, "sold out").respond(res),
        }
    }

    fn describe(answers: &mut Answers) {
        answers.status(409);
        answers.body("text/plain", Schema::text());
    }
}

#[request_map("/buy", method = "POST")]
fn buy(pieces: u32) -> Result<Json<u32>, Refused> {
    if pieces > 3 { Err(Refused::SoldOut) } else { Ok(Json(3 - pieces)) }
}

#[derive(Default)]
struct Shop;

/// All that can be bought.
#[controller("/shop")]
impl Shop {
    /// Sells one.
    #[request_map("/sell/{_id}", method = "POST", status = 204)]
    fn sell(&self) {}

    #[request_map("/dict", method = "GET")]
    fn dict(&self, model: HashMap<String, Value>) -> Value {
        model.into_iter().collect()
    }
}

#[derive(Default)]
struct Users;

#[endpoint("/users/{id}")]
impl Users {
    fn get(&self, id: u32) -> String {
        id.to_string()
    }

    async fn delete(&self, id: u32) -> u16 {
        std::future::ready(if id == 0 { 404 } else { 204 }).await
    }
}

fn document(config: Config) -> Document {
    App::from_registry(config).expect("an application").openapi()
}

fn usual() -> Document {
    document(Config::new().openapi(OpenApi::new("Shop", "1.2.0")))
}

#[test]
fn parameters_are_what_arguments_take() {
    let document = usual();
    let table = [
        (
            "/hello/{name}",
            "get",
            json!([
                { "in": "path", "name": "name", "required": true, "schema": { "type": "string", "minLength": 1 }, "description": "Who it is." },
                { "in": "query", "name": "times", "schema": { "type": "integer", "minimum": 0, "maximum": usize::MAX, "default": 1 }, "description": "How often." },
            ]),
        ),
        (
            "/any/{id}",
            "get",
            json!([{ "in": "path", "name": "id", "required": true, "schema": { "type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX } }]),
        ),
        (
            "/sources/{id}",
            "get",
            json!([
                { "in": "path", "name": "id", "required": true, "schema": { "type": "integer", "minimum": -128, "maximum": 127 } },
                { "in": "query", "name": "flag", "required": true, "schema": { "type": "boolean" } },
                { "in": "query", "name": "list", "required": true, "schema": { "type": "array", "minItems": 1, "items": { "type": "integer", "minimum": 0, "maximum": 255 } } },
                { "in": "query", "name": "some", "schema": { "type": "number", "format": "double" } },
                { "in": "header", "name": "user-agent-kind", "required": true, "schema": { "type": "string" } },
                { "in": "header", "name": "X-Token", "schema": { "type": "integer", "format": "uint32", "minimum": 0, "maximum": 4_294_967_295_u32 } },
                { "in": "cookie", "name": "who", "schema": { "type": "string", "default": "guest" } },
                { "in": "query", "name": "p", "required": true, "schema": { "type": "string", "minLength": 1, "maxLength": 1 } },
                { "in": "query", "name": "seen", "schema": { "type": "integer", "minimum": 0, "maximum": 255 } },
            ]),
        ),
        (
            "/search",
            "get",
            json!([
                { "in": "query", "name": "page", "schema": { "type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX } },
                { "in": "query", "name": "q", "required": true, "schema": { "type": "string" }, "description": "What to look for." },
                { "in": "query", "name": "tag", "schema": { "type": "array", "default": [], "items": { "type": "string" } } },
            ]),
        ),
        (
            "/bare",
            "get",
            json!([
                { "in": "query", "name": "page", "schema": { "type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX } },
                { "in": "query", "name": "q", "required": true, "schema": { "type": "string" }, "description": "What to look for." },
                { "in": "query", "name": "tag", "schema": { "type": "array", "default": [], "items": { "type": "string" } } },
                { "in": "query", "name": "color", "required": true, "schema": { "$ref": "#/components/schemas/Color" } },
                { "in": "query", "name": "others", "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Color" } } },
                { "in": "query", "name": "last", "schema": { "$ref": "#/components/schemas/Color" } },
            ]),
        ),
        (
            "/files/{path}",
            "get",
            json!([{ "in": "path", "name": "path", "required": true, "schema": { "type": "string" }, "description": "Whatever is left of the path, slashes too.", "x-vernal-star": "**" }]),
        ),
        (
            "/reg/{kind}/{number}",
            "get",
            json!([
                { "in": "path", "name": "kind", "required": true, "schema": { "type": "string", "minLength": 1 } },
                { "in": "path", "name": "number", "required": true, "schema": { "type": "integer", "format": "uint32", "minimum": 0, "maximum": 4_294_967_295_u32 } },
            ]),
        ),
        (
            "/narrow",
            "get",
            json!([
                { "in": "query", "name": "a", "schema": { "type": "integer", "minimum": 0, "maximum": 255 } },
                { "in": "query", "name": "b", "required": true, "schema": { "type": "integer", "minimum": 0, "maximum": 255 } },
            ]),
        ),
        (
            "/own",
            "post",
            json!([{ "in": "header", "name": "X-Api-Key", "required": true, "schema": { "type": "string" } }]),
        ),
        (
            "/shop/sell/{_id}",
            "post",
            json!([{ "in": "path", "name": "_id", "required": true, "schema": { "type": "string", "minLength": 1 } }]),
        ),
        ("/plain", "get", Value::Null),
    ];
    for (path, method, expected) in table {
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "{path} {method} is described");
        assert_eq!(operation["parameters"], expected, "{path}\n{:#}", operation["parameters"]);
    }
}

#[test]
fn bodies_are_told_by_content_type() {
    let document = usual();
    let search = json!({
        "type": "object",
        "properties": {
            "q": { "type": "string", "description": "What to look for." },
            "page": { "type": "integer", "format": "uint32", "minimum": 0, "maximum": u32::MAX },
            "tag": { "type": "array", "default": [], "items": { "type": "string" } },
        },
        "required": ["q"],
    });
    let table = [
        (
            "/articles",
            "post",
            json!({ "required": true, "description": "What to add.", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Article" } } } }),
        ),
        (
            "/form",
            "post",
            json!({ "required": true, "content": { "application/x-www-form-urlencoded": { "schema": search }, "multipart/form-data": { "schema": search } } }),
        ),
        (
            "/upload",
            "post",
            json!({ "required": true, "content": { "multipart/form-data": { "schema": {
                "type": "object",
                "properties": {
                    "picture": { "type": "string", "format": "binary", "description": "The picture." },
                    "title": { "type": "string" },
                    "more": { "type": "array", "items": { "type": "string", "format": "binary" } },
                },
                "required": ["picture", "title"],
            } } } }),
        ),
        ("/text", "put", json!({ "content": { "text/plain": { "schema": { "type": "string" } } } })),
        (
            "/bytes",
            "put",
            json!({ "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } } }),
        ),
        (
            "/maybe",
            "post",
            json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Tree" } } } }),
        ),
        (
            "/unknown",
            "post",
            json!({ "required": true, "content": { "application/json": { "schema": {} } } }),
        ),
    ];
    for (path, method, expected) in table {
        let body = &document["paths"][path][method]["requestBody"];
        assert_eq!(*body, expected, "{path}\n{body:#}");
    }
}

/// `200 application/json Article`, for each answer: status, content types and what is in them.
fn told(document: &Document, path: &str, method: &str) -> Vec<String> {
    let responses = document["paths"][path][method]["responses"].as_object().expect("responses");
    let tell = |(status, response): (&String, &Value)| {
        if let Some(reference) = response["$ref"].as_str() {
            return format!("{status} {}", reference.rsplit('/').next().unwrap_or_default());
        }
        let content = response["content"].as_object().into_iter().flatten().map(|(media_type, content)| {
            let schema = &content["schema"];
            match schema["$ref"].as_str() {
                Some(reference) => {
                    format!(" {media_type} {}", reference.rsplit('/').next().unwrap_or_default())
                }
                None => format!(" {media_type} {schema}"),
            }
        });
        format!("{status}{}", content.collect::<String>())
    };
    responses.iter().map(tell).collect()
}

#[test]
fn answers_come_from_return_types() {
    let document = usual();
    let text = r#" text/html {"type":"string"} text/plain {"type":"string"} text/xml {"type":"string"}"#;
    let problem = r#" application/json Failure application/problem+json Problem text/html {"type":"string"}"#;
    let ok = format!("200{text}");
    let gone = format!("410{problem}");
    let missing = format!("404{problem}");
    let table: [(&str, &str, &[&str]); 23] = [
        ("/plain", "get", &[&ok, "4XX ClientError"]),
        ("/hello/{name}", "get", &[&ok, "400 BadRequest"]),
        ("/any/{id}", "get", &["2XX", "404 NotFound"]),
        (
            "/articles",
            "post",
            &[
                "201 application/json ArticleAnswer",
                "400 BadRequest",
                "409 application/json ArticleAnswer",
                &gone,
                "413 PayloadTooLarge",
                "415 UnsupportedMediaType",
                "default Failure",
            ],
        ),
        ("/articles/{id}", "get", &["200 application/json ArticleAnswer", "404 NotFound"]),
        (
            "/articles",
            "get",
            &[
                r##"2XX application/json {"items":{"$ref":"#/components/schemas/ArticleAnswer"},"type":"array"}"##,
                "4XX ClientError",
            ],
        ),
        ("/form", "post", &["3XX", "400 BadRequest", "413 PayloadTooLarge", "415 UnsupportedMediaType"]),
        (
            "/upload",
            "post",
            &[
                r#"200 text/html {"type":"string"}"#,
                "400 BadRequest",
                "413 PayloadTooLarge",
                "415 UnsupportedMediaType",
            ],
        ),
        ("/text", "put", &[&ok, "400 BadRequest", "413 PayloadTooLarge"]),
        (
            "/bytes",
            "put",
            &[r#"200 application/octet-stream {"format":"binary","type":"string"}"#, "413 PayloadTooLarge"],
        ),
        ("/events", "get", &["200 text/event-stream null", "4XX ClientError"]),
        (
            "/maybe",
            "post",
            &[
                r##"200 application/json {"anyOf":[{"$ref":"#/components/schemas/Tree"},{"type":"null"}]}"##,
                "400 BadRequest",
                "413 PayloadTooLarge",
                "415 UnsupportedMediaType",
            ],
        ),
        ("/old", "get", &["2XX application/json {}", "4XX ClientError"]),
        ("/one", "get", &["200 application/json one.User", "4XX ClientError"]),
        ("/pages", "get", &["200 application/json Page.one.User", "4XX ClientError", "default Failure"]),
        (
            "/two/list",
            "get",
            &[
                r##"200 application/json {"items":{"$ref":"#/components/schemas/two.User"},"type":"array"}"##,
                "4XX ClientError",
            ],
        ),
        ("/me", "get", &[&ok, "401 Unauthorized"]),
        (
            "/own",
            "post",
            &[
                r#"201 text/html {"type":"string"} text/plain {"type":"string"} text/xml {"type":"string"}"#,
                "400 BadRequest",
                "401 Unauthorized",
            ],
        ),
        (
            "/buy",
            "post",
            &[
                r#"200 application/json {"format":"uint32","maximum":4294967295,"minimum":0,"type":"integer"}"#,
                "400 BadRequest",
                r#"409 text/plain {"type":"string"}"#,
            ],
        ),
        ("/shop/sell/{_id}", "post", &["204", "4XX ClientError"]),
        ("/shop/dict", "get", &["200 application/json {}", "400 BadRequest"]),
        ("/users/{id}", "delete", &["2XX", "404 NotFound"]),
        ("/files/{path}", "get", &[&ok, "4XX ClientError"]),
    ];
    for (path, method, expected) in table {
        assert_eq!(told(&document, path, method), expected, "{method} {path}");
    }
    assert_eq!(missing.len(), gone.len());
}

#[test]
fn operations_have_names_and_words() {
    let document = usual();
    let table = [
        ("/hello/{name}", "get", "hello", "Greets somebody", Some("As often as you like."), None),
        ("/plain", "get", "plain", "Plain", None, None),
        ("/any/{id}", "get", "any.get", "Any", None, None),
        ("/any/{id}", "patch", "any.patch", "Any", None, None),
        ("/articles", "post", "create", "Takes an article", None, Some("stock")),
        ("/shop/sell/{_id}", "post", "Shop.sell", "Sells one", None, Some("Shop")),
        ("/users/{id}", "get", "Users.get", "Get", None, Some("Users")),
        ("/two/list", "get", "list", "List", None, Some("two")),
    ];
    for (path, method, id, summary, description, tag) in table {
        let operation = &document["paths"][path][method];
        assert_eq!(operation["operationId"], id);
        assert_eq!(operation["summary"], summary);
        assert_eq!(operation["description"].as_str(), description, "{id}");
        assert_eq!(operation["tags"][0].as_str(), tag, "{id}");
    }
    assert_eq!(document["paths"]["/old"]["get"]["deprecated"], true);
    assert!(document["paths"]["/hidden"].is_null());
    assert_eq!(document["paths"]["/reg/{kind}/{number}"]["get"]["x-vernal-regexp"], "^/reg/([a-z]+)/(.+)$");
    let shop = json!({ "name": "Shop", "description": "All that can be bought." });
    assert!(document["tags"].as_array().expect("tags").contains(&shop), "{}", document["tags"]);
    assert_eq!(document["info"], json!({ "title": "Shop", "version": "1.2.0" }));
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(!ids.contains(&id), "{id} is there twice: {method} {path}");
            ids.push(id);
        }
    }
}

#[test]
fn schemas_are_named_after_their_types() {
    let document = usual();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let names: Vec<_> = schemas.keys().map(String::as_str).collect();
    let expected = [
        "Article",
        "ArticleAnswer",
        "Color",
        "Failure",
        "Holder",
        "HolderUser",
        "Page.one.User",
        "Page.two.User",
        "Problem",
        "Tree",
        "one.User",
        "two.User",
    ];
    assert_eq!(names, expected);
    assert_eq!(schemas["Tree"]["properties"]["children"]["items"]["$ref"], "#/components/schemas/Tree");
    assert_eq!(schemas["Article"]["required"], json!(["name", "price"]));
    assert_eq!(schemas["ArticleAnswer"]["required"], json!(["name", "price", "note"]));
    assert_eq!(schemas["Article"]["description"], "Something to buy.");
}

#[test]
fn filters_that_authenticate_are_schemes() {
    let basic = BasicAuth::new("shop", |_, _| std::future::ready(true));
    let config = Config::new()
        .filter("/me", basic)
        .filter("/articles/**", BearerAuth::new(|_| std::future::ready(None::<u8>)).optional())
        .filter("/articles", RateLimit::new(5, std::time::Duration::from_secs(1)));
    let document = document(config);
    assert_eq!(document["paths"]["/me"]["get"]["security"], json!([{ "basic": [] }]));
    assert_eq!(
        document["paths"]["/articles"]["get"]["security"],
        json!([{ "bearer": [], "session": [] }, {}]),
        "a session begins by itself"
    );
    assert_eq!(
        document["components"]["securitySchemes"],
        json!({
            "basic": { "type": "http", "scheme": "basic" },
            "bearer": { "type": "http", "scheme": "bearer" },
            "session": { "type": "apiKey", "in": "cookie", "name": "vernal_session" },
        })
    );
    let statuses = told(&document, "/articles", "get");
    assert!(statuses.contains(&"429 TooManyRequests".to_owned()), "{statuses:?}");
    assert!(document["paths"]["/plain"]["get"]["security"].is_null());
    assert_eq!(document["security"], json!([]));
}

#[derive(Serialize, JsonSchema)]
struct Lost<'e> {
    sorry: &'e str,
}

#[error_message("404", app = "pages")]
fn lost(explain: &str) -> Json<Lost<'_>> {
    Json(Lost { sorry: explain })
}

#[error_message("41x", app = "pages")]
async fn refused(req: &Request) -> Result<(u16, Html<String>)> {
    Ok((400, Html(req.path().to_owned())))
}

#[derive(Debug)]
struct SoldOut;

impl std::fmt::Display for SoldOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sold out")
    }
}

impl std::error::Error for SoldOut {}

#[error_message(app = "pages")]
fn sold_out(_: &SoldOut) -> (u16, Json<u8>) {
    (409, Json(0))
}

#[request_map("/paged/{id}", method = "PUT", app = "pages", responses(410 = "It is gone."))]
fn paged(id: u8, Json(_): Json<Value>) -> Result<Json<u8>> {
    if id == 0 { Err(SoldOut.into()) } else { Ok(Json(id)) }
}

#[test]
fn error_pages_are_what_errors_are_answered_with() {
    let document = document(Config::new().app("pages"));
    let usual = json!({
        "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } },
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
        "text/html": { "schema": { "type": "string" } },
    });
    let page = json!({ "text/html": { "schema": { "type": "string" } } });
    let mut any = usual.clone();
    any["application/json"]["schema"] = json!({ "anyOf": [
        { "$ref": "#/components/schemas/Failure" },
        { "$ref": "#/components/schemas/Lost" },
        { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 },
    ] });
    let table = [
        ("400", usual),
        ("404", json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Lost" } } })),
        ("410", page.clone()),
        ("413", page.clone()),
        ("415", page),
        ("default", any),
    ];
    let responses = &document["paths"]["/paged/{id}"]["put"]["responses"];
    for (status, expected) in table {
        let response = match responses[status]["$ref"].as_str() {
            Some(reference) => document.pointer(&reference[1..]).expect("a component"),
            None => &responses[status],
        };
        assert_eq!(response["content"], expected, "{status}\n{response:#}");
    }
}

#[tokio::test]
async fn a_status_of_the_mapping_is_that_of_answers_that_say_none() {
    let client = Client::new();
    client.post("/shop/sell/1").await.assert_status(204);
    client.post("/articles").json(&json!({ "name": "tea", "price": 3 })).await.assert_status(201);
    client.post("/articles").body("x").await.assert_status(400);
    client.get("/status/200").await.assert_status(202);
    client.get("/status/204").await.assert_status(204);
    client.get("/status/404").await.assert_status(404);
    client.get("/status/303").await.assert_status(303);
}

#[request_map("/status/{wanted}", method = "GET", status = 202)]
async fn status(wanted: u16, res: &mut Response) -> Result<&'static str> {
    match wanted {
        200 => {}
        303 => res.set_status(303_u16),
        404 => None::<()>.or_404("on purpose")?,
        other => res.set_status(other),
    }
    Ok(std::future::ready("done").await)
}

#[tokio::test]
async fn documents_are_served_and_shown() {
    let headers = vernal::security::SecurityHeaders::new();
    let settings = OpenApi::new("Shop", "1.2.0").at("/api.json").ui("/docs");
    let client = Client::builder().filter("/**", headers).openapi(settings.clone()).build();
    let answer = client.get("/api.json").await;
    answer.assert_status(200).assert_header("content-type", "application/json");
    let served: Value = serde_json::from_str(answer.text()).expect("JSON");
    assert_eq!(served, document(Config::new().openapi(settings)).into_value());
    for path in ["/api.json", "/docs/", "/docs"] {
        client.post(path).await.assert_status(405).assert_header("allow", "GET, HEAD, OPTIONS");
        client
            .options(path)
            .await
            .assert_status(204)
            .assert_header("allow", "GET, HEAD, OPTIONS")
            .assert_text("");
    }
    client.options("/docs/none.js").await.assert_status(404);
    client.get("/docs").await.assert_status(302).assert_header("location", "/docs/");
    client.get("/docs/").await.assert_header("content-type", "text/html; charset=utf-8");
    let script = client.get("/docs/swagger-initializer.js").await;
    assert!(script.text().contains("url: \"/api.json\"") && script.text().contains("validatorUrl: 'none'"));
    let bundle = client.get("/docs/swagger-ui-bundle.js").await;
    bundle.assert_status(200).assert_header("x-frame-options", "DENY");
    let policy = bundle.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    client.get("/docs/../x").await.assert_status(404);
    client.get("/docs/swagger-ui-es-bundle.js").await.assert_status(404);
}

/// openapi-spec-validator of PyPI and the recommended rules of @redocly/cli.
#[test]
fn validators_of_others_find_no_error() {
    let scratch = Scratch::new();
    let python = judges::python();
    let redocly = judges::redocly();
    let guarded = Config::new()
        .openapi(OpenApi::new("Shop", "1.2.0").license("MIT", "MIT"))
        .filter("/me", BasicAuth::new("shop", |_, _| std::future::ready(true)))
        .filter("/articles/**", BearerAuth::new(|_| std::future::ready(None::<u8>)));
    let newer =
        Config::new().openapi(OpenApi::new("Shop", "1").license("MIT", "MIT").version(OpenApiVersion::V3_2));
    for (name, config) in [("guarded.json", guarded), ("newer.json", newer)] {
        let file = scratch.write(name, document(config).to_string());
        judges::pass(Command::new(&python).args(["-m", "openapi_spec_validator"]).arg(&file));
        judges::pass(
            Command::new(&redocly)
                .current_dir(scratch.path())
                .args(["lint", "--extends=recommended"])
                .arg(&file),
        );
    }
}

#[test]
fn documents_are_always_the_same_and_read_well() {
    let (one, other) = (usual(), usual());
    assert_eq!(one.to_string(), other.to_string());
    assert!(
        one.to_string().starts_with("{\n  \"openapi\": \"3.1.1\",\n  \"info\": {\n    \"title\": \"Shop\""),
        "{one}"
    );
    let newer = document(Config::new().openapi(OpenApi::new("Shop", "1").version(OpenApiVersion::V3_2)));
    assert_eq!(newer["openapi"], "3.2.0");
    let events = &newer["paths"]["/events"]["get"]["responses"]["200"]["content"]["text/event-stream"];
    assert_eq!(events["itemSchema"]["properties"]["data"]["type"], "string");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
