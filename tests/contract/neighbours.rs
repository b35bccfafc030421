//! Operations beside those of the shop, for what it has none of: each kind of argument in each place.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vernal::{
    Bytes, Config, Cookie, Form, Header, Html, Json, Model, MultipartFile, OpenApi, Param, PathValue,
    Redirect, RegGroup, Text, request_map,
};

pub fn config() -> Config {
    Config::new()
        .app("neighbours")
        .openapi(OpenApi::new("Neighbours", "1").license("MIT", "MIT").at("/openapi.json"))
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Size {
    Small,
    VeryLarge,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind")]
enum Shape {
    Circle { radius: f64 },
    Square(Side),
    Nothing,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
enum Outer {
    Number(u8),
    Two(u8, String),
    Named { flag: bool },
    Bare,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Side {
    length: f64,
    unit: Option<Size>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
    List(Vec<Loose>),
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Everything {
    byte: u8,
    signed: i16,
    wide: u64,
    below: i64,
    flag: bool,
    letter: char,
    shape: Shape,
    external: Outer,
    loose: Loose,
    pair: (u8, String),
    three: [i8; 3],
    by_name: BTreeMap<String, Side>,
    nothing: (),
    children: Vec<Everything>,
    #[serde(default)]
    note: Option<String>,
    anything: Value,
    #[serde(flatten)]
    side: Side,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Strict {
    the_name: String,
    #[serde(rename = "n-o")]
    number: NonZero<u8>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Search {
    q: String,
    size: Option<Size>,
    page: Option<u32>,
    #[serde(default)]
    tag: Vec<String>,
}

#[request_map("/numbers/{a}/{b}", method = "GET", app = "neighbours")]
fn numbers(
    a: i8,
    b: f32,
    d: Option<NonZero<i16>>,
    e: Vec<u64>,
    #[arg(default = 7)] f: i32,
    g: Option<f64>,
    h: Option<Vec<i64>>,
) -> Json<Value> {
    Json(json!([a, b, d, e, f, g, h]))
}

#[request_map("/texts/{a}", method = "GET", app = "neighbours")]
fn texts(a: String, b: char, c: Size, d: Option<Vec<Size>>, #[arg(default = "x")] e: &str) -> Json<Value> {
    Json(json!([a, b, c, d, e]))
}

#[request_map("/addresses", method = "GET", app = "neighbours")]
fn addresses(
    a: Option<IpAddr>,
    b: Option<Ipv4Addr>,
    c: Option<Ipv6Addr>,
    d: Option<SocketAddr>,
) -> Json<Value> {
    Json(json!([a, b, c, d]))
}

#[request_map("/fields", method = "GET", app = "neighbours")]
fn fields(
    x_number: Header<i32>,
    x_text: Option<Header<&str>>,
    seen: Option<Cookie<u8>>,
    #[arg(name = "p")] renamed: Param<char>,
) -> Json<Value> {
    Json(json!([*x_number, x_text.map(Header::into_inner), seen.map(Cookie::into_inner), *renamed]))
}

#[request_map("/search", method = "GET", app = "neighbours")]
fn search(Model(search): Model<Search>) -> Json<Value> {
    Json(json!([search.q, search.size, search.page, search.tag]))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Order {
    article: String,
    pieces: Option<NonZero<u16>>,
    size: Size,
}

#[request_map("/form", method = "POST", app = "neighbours")]
fn form(Form(order): Form<Order>) -> Redirect {
    Redirect::see_other(format!("/search?q={}{:?}{:?}", order.article.len(), order.pieces, order.size))
}

#[request_map("/everything", method = "POST", app = "neighbours")]
fn everything(Json(all): Json<Everything>) -> Json<Everything> {
    Json(all)
}

#[request_map("/within", method = "GET", app = "neighbours")]
fn within(
    a: Param<Json<Strict>>,
    b: Option<Param<Json<Vec<Shape>>>>,
    c: Value,
    d: Option<Header<Json<u8>>>,
) -> Json<Value> {
    Json(json!([serde_json::to_value(a.0.0).ok(), b.is_some(), c, d.map(|d| d.0.0)]))
}

#[request_map("/strict", method = "PUT", app = "neighbours")]
fn strict(Json(strict): Json<Strict>) -> Json<Strict> {
    Json(strict)
}

#[request_map("/maybe", method = "POST", app = "neighbours")]
fn maybe(all: Option<Json<Vec<Shape>>>) -> Json<Option<Vec<Shape>>> {
    Json(all.map(Json::into_inner))
}

#[request_map("/text", method = "PUT", app = "neighbours")]
fn text(body: Text<String>) -> Html<String> {
    Html(body.len().to_string())
}

#[request_map("/bytes", method = "PUT", app = "neighbours")]
fn bytes(body: Bytes) -> Bytes {
    body
}

#[request_map("/upload", method = "POST", app = "neighbours")]
fn upload(
    picture: MultipartFile<'_>,
    title: &str,
    pieces: Option<u8>,
    more: Option<MultipartFile<'_>>,
) -> Json<Value> {
    Json(json!([picture.size(), title, pieces, more.map(|more| more.size())]))
}

#[request_map("/files/**", method = "GET", app = "neighbours")]
fn files(path: PathValue<&str>) -> Json<String> {
    Json(path.to_string())
}

#[request_map(regexp = "^/reg/([a-z]+)/(.+)$", method = "GET", app = "neighbours")]
fn by_regexp(kind: RegGroup<&str>, #[arg(group = 2)] number: RegGroup<u32>) -> Json<Value> {
    Json(json!([*kind, *number]))
}

#[request_map("/narrow", method = "GET", params = "a=1", app = "neighbours")]
fn narrow(a: u8, b: u8) -> Json<[u8; 2]> {
    Json([a, b])
}

#[request_map("/narrow", method = "GET", params = "!a", app = "neighbours")]
fn wide(b: u8) -> Json<u8> {
    Json(b)
}
