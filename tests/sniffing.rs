//! Texts are sent as the pages that they look like, unless it was the request that made them look so.

mod both;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use vernal::test::{Answer, Client};
use vernal::{
    App, Body, BodyReader, Config, Cookie, Error, Form, Header, Html, Json, Multipart, MultipartFile,
    OrStatus, PathValue, RegGroup, Request, Response, Result, Text, controller, error_message,
    request_filter, request_map,
};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const XML: &str = "text/xml; charset=utf-8";

fn kind(answer: &Answer) -> &str {
    answer.header("content-type").unwrap_or_default()
}

#[request_map("/page")]
fn page(name: Option<&str>) -> String {
    format!("<html><p>Hello, {}!</html>", vernal::escape_html(name.unwrap_or("you")))
}

#[request_map("/page", method = "POST")]
fn posted_page(body: Option<Text<&str>>) -> String {
    format!("<html>{} bytes</html>", body.map_or(0, |body| body.len()))
}

#[request_map("/soap", method = "POST")]
fn soap() -> &'static str {
    "<?xml version=\"1.0\"?><soap:Envelope/>"
}

#[request_map("/upload", method = "POST")]
async fn upload(mut body: BodyReader) -> Result<String> {
    let size = body.read_to_end(1 << 20).await?.len();
    Ok(format!("<html>{size} bytes</html>"))
}

#[request_map("/str")]
fn borrowed(name: &str) -> &str {
    name
}

#[request_map("/string")]
fn string(name: String) -> String {
    name
}

#[request_map("/async")]
async fn later(name: String) -> Result<(u16, String)> {
    tokio::task::yield_now().await;
    Ok((201, name))
}

#[request_map("/cow")]
fn cow(name: &str) -> Cow<'_, str> {
    Cow::Owned(name.to_lowercase())
}

#[request_map("/box")]
fn boxed(name: Box<str>) -> Box<str> {
    name
}

#[request_map("/arc")]
fn shared(name: &str) -> Arc<str> {
    name.trim().into()
}

#[request_map("/within")]
fn within(name: &str) -> String {
    format!("<{name}>")
}

#[request_map("/joined")]
fn joined(one: &str, two: &str) -> String {
    format!("{one}{two}")
}

#[request_map("/joined/three")]
fn three(a: &str, b: &str, c: &str) -> String {
    format!("{a}{b}{c}")
}

#[request_map("/joined/path/{a}/{b}/{c}")]
fn three_of_a_path(a: &str, b: &str, c: &str) -> String {
    format!("{a}{b}{c}")
}

#[request_map("/trimmed")]
fn trimmed(name: &str) -> &str {
    name.trim().trim_start_matches('\u{feff}')
}

#[request_map("/tag")]
fn tag(tags: &str) -> String {
    tags.split(',').nth(1).unwrap_or_default().to_owned()
}

#[request_map("/tag/within")]
fn tag_within(tags: &str) -> String {
    format!("<{}>", tags.split(',').nth(1).unwrap_or_default())
}

#[request_map("/segment/**")]
fn segment(req: &Request) -> String {
    req.wildcard().unwrap_or_default().split('-').nth(1).unwrap_or_default().to_owned()
}

#[request_map("/raw")]
fn raw(req: &Request) -> String {
    req.query_string()
        .replace("%3C", "<")
        .replace("%3E", ">")
        .split('~')
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

#[request_map("/response")]
fn response(name: &str) -> Response {
    Response::new(200).body(name.to_owned())
}

#[request_map("/set")]
fn set(name: &str, res: &mut Response) {
    res.set_body(name.to_owned());
}

#[request_map("/filtered")]
fn filtered() -> &'static str {
    "never seen"
}

#[request_filter("/filtered")]
async fn replace(cx: &mut vernal::FilterContext<'_>, next: vernal::Next<'_>) {
    next.run(cx).await;
    cx.response.set_body(cx.request.parameter("name").unwrap_or_default().to_owned());
}

#[request_map("/path/{name}")]
fn path(name: PathValue<&str>) -> String {
    name.to_string()
}

#[request_map("/rest/**")]
fn rest(req: &Request) -> String {
    req.wildcard().unwrap_or_default().to_owned()
}

#[request_map(regexp = "^regexp/[a-z]+(.*)$")]
fn group(group: RegGroup<&str>) -> String {
    group.to_string()
}

#[request_map("/whole")]
fn whole(req: &Request) -> String {
    req.path()["/whole".len()..].to_owned()
}

#[request_map("/names")]
fn names(req: &Request) -> String {
    req.query().iter().map(|(name, _)| name).collect()
}

#[request_map("/header")]
fn header(x_name: Header<&str>) -> String {
    x_name.to_string()
}

#[request_map("/cookie")]
fn cookie(name: Cookie<&str>) -> String {
    name.replace("%3C", "<").replace("%3E", ">")
}

#[request_map("/body", method = "POST")]
fn body(Text(body): Text<&str>) -> &str {
    body
}

#[request_map("/body/line", method = "POST")]
fn line(Text(body): Text<&str>) -> String {
    body.lines().nth(1).unwrap_or_default().to_owned()
}

#[request_map("/body/cell", method = "POST")]
fn cell(Text(body): Text<&str>) -> String {
    body.split('\t').nth(1).unwrap_or_default().to_owned()
}

#[request_map("/body/json/tag", method = "POST")]
fn json_tag(Json(person): Json<Person>) -> String {
    person.name.split('|').nth(1).unwrap_or_default().trim().to_owned()
}

#[request_map("/body/stream/cell", method = "POST")]
async fn streamed_cell(mut body: BodyReader) -> Result<String> {
    let text = String::from_utf8_lossy(&body.read_to_end(1 << 20).await?).into_owned();
    Ok(text.split('\t').nth(1).unwrap_or_default().trim().to_owned())
}

#[request_map("/body/parts/name", method = "POST")]
async fn part_name(mut form: Multipart) -> Result<String> {
    let part = form.next().await?.or_status(400)?;
    Ok(part.name().to_owned())
}

#[request_map("/body/bytes", method = "POST")]
fn bytes(body: Bytes) -> String {
    String::from_utf8_lossy(&body).into_owned()
}

#[derive(Deserialize)]
struct Person {
    name: String,
}

#[request_map("/body/json", method = "POST")]
fn json(Json(person): Json<Person>) -> String {
    person.name
}

#[request_map("/body/form", method = "POST")]
fn form(Form(person): Form<Person>) -> String {
    person.name
}

#[request_map("/body/file", method = "POST")]
async fn file(file: MultipartFile<'_>) -> Result<String> {
    file.text().await
}

#[request_map("/body/filename", method = "POST")]
fn filename(file: MultipartFile<'_>) -> &str {
    file.filename()
}

#[request_map("/body/parts", method = "POST")]
async fn parts(mut form: Multipart) -> Result<String> {
    let mut last = String::new();
    while let Some(mut part) = form.next().await? {
        last = part.text(1 << 20).await?;
    }
    Ok(last)
}

#[request_map("/body/stream", method = "POST")]
async fn stream(mut body: BodyReader) -> Result<String> {
    Ok(String::from_utf8_lossy(&body.read_to_end(1 << 20).await?).into_owned())
}

#[request_map("/refused", app = "pages")]
fn refused(name: &str) -> Result {
    Err(Error::not_found(name.to_owned()))
}

#[error_message("404", app = "pages")]
fn told(explain: &str) -> String {
    explain.to_owned()
}

#[derive(Default)]
struct Shop;

#[controller]
#[request_map("/shop")]
impl Shop {
    #[request_map("/item")]
    fn item(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// A `<script>` in a page is somebody else's, whatever way it came.
#[tokio::test]
async fn what_a_request_brings_is_no_page() {
    let client = Client::new();
    let script = "<html><script>alert(1)</script></html>";
    let paths =
        ["/str", "/string", "/async", "/cow", "/box", "/arc", "/response", "/set", "/filtered", "/shop/item"];
    let large = format!("<html>{}</html>", "y".repeat(100_000));
    let medium = format!("<html>{}</html>", "y".repeat(6_000));
    let table = [
        script,
        " \r\n<!DOCTYPE html><script>",
        "<HTML>",
        "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><script/></html>",
        &medium,
        &large,
    ];
    for path in paths {
        for text in table.iter().filter(|text| text.len() < 8_000) {
            let answer = client.get(path).query("name", text).await;
            assert_eq!(kind(&answer), TEXT, "{path} {text}");
            assert!(answer.text().len() >= text.trim().len(), "{path} {text}");
        }
        let answer = client.post(path).form("name", &large).await;
        assert_eq!((kind(&answer), answer.text().len()), (TEXT, large.len()), "{path}");
    }

    let part = |text: &str| text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).map(str::to_owned);
    let inner = part(script).expect("it is in brackets");
    let encoded = "%3Chtml%3E%3Cscript%3E";
    let escapes = r#"{"id":1,"name":"\u003chtml\u003E<script>"}"#;
    let answers = [
        ("inside", client.get("/within").query("name", &inner).await),
        ("in two pieces", client.get("/joined").query("one", "<ht").query("two", "ml><script>").await),
        ("a path value", client.get(&format!("/path/{encoded}")).await),
        ("the rest of the path", client.get(&format!("/rest/{encoded}")).await),
        ("a group", client.get(&format!("/regexp/abc{encoded}")).await),
        ("a name", client.get("/names").query(script, "").await),
        ("a field", client.get("/header").header("x-name", script).await),
        ("a cookie", client.get("/cookie").header("cookie", "a=b; name=<html><script>").await),
        ("a cookie in quotes", client.get("/cookie").header("cookie", "name=\"<html><script>\"").await),
        ("an encoded cookie", client.get("/cookie").header("cookie", "name=%3Chtml%3E%3Cscript%3E").await),
        ("a body", client.post("/body").body(script).await),
        ("a line of a body", client.post("/body/line").body(format!("a\r\n{script}")).await),
        ("bytes", client.post("/body/bytes").body(script).await),
        ("JSON", client.post("/body/json").json(&serde_json::json!({ "name": script })).await),
        (
            "JSON in escapes",
            client.post("/body/json").header("content-type", "application/json").body(escapes).await,
        ),
        ("a form", client.post("/body/form").form("name", script).await),
        ("a field of a form in parts", client.post("/string").field("name", script).await),
        ("a file", client.post("/body/file").file("file", "a.html", "text/html", script).await),
        ("the name of a file", client.post("/body/filename").file("file", script, "", "x").await),
        ("parts", client.post("/body/parts").field("a", "b").file("f", "a", "", script).await),
        ("a stream", client.post("/body/stream").body(script).await),
    ];
    for (name, answer) in answers {
        answer.assert_status(200);
        assert!(answer.text().trim().starts_with('<') && answer.text().ends_with('>'), "{name}: {answer}");
        assert_eq!(kind(&answer), TEXT, "{name}");
    }

    let pages = Client::builder().app("pages").build();
    let answer = pages.get("/refused").query("name", script).await;
    assert_eq!((answer.status().as_u16(), kind(&answer), answer.text()), (404, TEXT, script));

    // The same without a connection.
    let app = App::from_registry(Config::new()).expect("all is well");
    let request = Request::get("/string").query("name", script);
    let answer = app.handle(request).await;
    assert_eq!(answer.headers.get("content-type"), Some(TEXT));
    let answer = app.handle(Request::post("/body/stream").body(Body::from(script.to_owned()))).await;
    assert_eq!(answer.headers.get("content-type"), Some(TEXT));
}

/// Whatever a handler takes for white space, for a piece or for what belongs together.
#[tokio::test]
async fn what_handlers_make_of_a_value_is_no_page_either() {
    let client = Client::new();
    let script = "%3Chtml%3E%3Cscript%3E";
    let gets = [
        "/trimmed?name=%C2%A0{}",
        "/trimmed?name=%0B{}",
        "/trimmed?name=%E2%80%83{}",
        "/trimmed?name=%C2%85{}",
        "/trimmed?name=%EF%BB%BF{}",
        "/trimmed?name=+%E3%80%80%0C{}",
        "/tag?tags=a,{}",
        "/tag?tags=a,{},b",
        "/tag/within?tags=a,html%3E%3Cscript%3Ex%3C/script",
        "/segment/a-{}",
        "/raw?a~{}",
        "/joined/three?a=%3Cht&b=ml&c=%3E%3Cscript%3E",
        "/joined/three?c=%3E%3Cscript%3E&b=html&a=%3C",
        "/joined/three?a=%3Cht&b=ml&c=+onload=%22alert(1)%22%3E",
        "/joined/three?a=%3C!doctype&b=%20&c=html%3E%3Cscript%3E",
        "/joined/three?a=&b=%3C&c=HTML%3E%3Cscript%3E",
        "/joined/path/%3Cht/ml/%3E%3Cscript%3E",
    ];
    let script_text = "<html><script>";
    let posted = |path, body: String| client.post(path).header("content-type", "application/json").body(body);
    let mut answers = vec![
        ("a cell", client.post("/body/cell").body(format!("a\t{script_text}\tb")).await),
        (
            "a cell of a stream",
            client.post("/body/stream/cell").body(format!("a\t\u{a0}{script_text}")).await,
        ),
        ("a name of a part", client.post("/body/parts/name").field(script_text, "b").await),
        ("a form", client.post("/trimmed").form("name", format!("\u{a0}{script_text}")).await),
        ("a piece of a form", client.post("/tag").form("tags", format!("a,{script_text}")).await),
        ("escapes", posted("/body/json/tag", r#"{"name":"|\u00a0\u003chtml><script>"}"#.to_owned()).await),
        (
            "late",
            posted("/body/json/tag", format!(r#"{{"name":"{}|\u2003\u003chtml>"}}"#, "y".repeat(99))).await,
        ),
    ];
    for path in gets {
        answers.push((path, client.get(&path.replace("{}", script)).await));
    }
    for (name, answer) in answers {
        answer.assert_status(200);
        assert!(answer.text().starts_with('<') && answer.text().ends_with('>'), "{name}: {answer}");
        assert_eq!(kind(&answer), TEXT, "{name}");
    }
}

/// A file that lies on the disk is as much of the request as one in memory.
#[tokio::test]
async fn a_large_file_is_no_page_either() {
    let script = format!("<html>{}</html>", "y".repeat(1 << 20));
    let limits = vernal::Limits::new().upload_memory(1 << 10);
    let client = Client::builder().limits(limits).build();
    let answer = client.post("/body/file").file("file", "a.html", "", &script).await;
    assert_eq!((answer.status().as_u16(), kind(&answer), answer.text().len()), (200, TEXT, script.len()));
}

#[tokio::test]
async fn a_page_stays_one_whatever_is_asked() {
    let client = Client::new();
    let values = [
        "ann",
        "<",
        "<h",
        "l",
        "l>",
        "html",
        "html>",
        "<b>",
        "<p>Hello, ",
        "<!doctype html>",
        "<?xml?>",
        "H",
    ];
    for value in values {
        let answer = client.get("/page").query("name", value).await;
        assert_eq!(kind(&answer), HTML, "{value}");
        let answer = client.post("/page").body(value).await;
        assert_eq!(kind(&answer), HTML, "a body {value}");
        let answer = client.post("/upload").body(value.replace("<!doctype html>", "")).await;
        assert_eq!(kind(&answer), HTML, "a stream {value}");
    }
    let many = client.get("/page").query("name", "ann").query("op", "<").query("b", "l").query("c", "<p>");
    assert_eq!(kind(&many.await), HTML);
    let soap = client.post("/soap").header("content-type", "text/xml");
    assert_eq!(kind(&soap.body("<?xml version=\"1.0\"?><soap:Envelope/>").await), XML);
}

#[request_map("/html/{kind}")]
fn html(kind: &str, #[arg(default = "<html>")] name: &str) -> Result<(u16, Html<String>)> {
    match kind {
        "page" => Ok((200, Html(name.to_owned()))),
        "none" => Ok((404, Html(String::new()))),
        _ => Err(Error::bad_request("no such kind")),
    }
}

#[request_map("/html/static")]
fn static_html() -> Html<&'static str> {
    Html("<p>a fragment")
}

#[request_map("/html/bytes")]
fn html_of_bytes() -> Html<Vec<u8>> {
    Html(b"<p>bytes".to_vec())
}

#[request_map("/html/body")]
fn html_of_a_body() -> (Html<Body>, u16) {
    (Html(Body::from("<p>a body")), 203)
}

#[request_map("/html/late")]
fn html_that_comes_late() -> (&'static str, Html<&'static str>) {
    ("first", Html("second"))
}

#[tokio::test]
async fn html_is_what_says_so() {
    let client = Client::new();
    let table = [
        ("/html/page?name=%3Chtml%3E%3Cscript%3E", 200, HTML, "<html><script>"),
        ("/html/page?name=plain", 200, HTML, "plain"),
        ("/html/none", 404, HTML, ""),
        ("/html/static", 200, HTML, "<p>a fragment"),
        ("/html/bytes", 200, HTML, "<p>bytes"),
        ("/html/body", 203, HTML, "<p>a body"),
        ("/html/late", 200, TEXT, "first"),
    ];
    for (path, status, content_type, body) in table {
        let answer = client.get(path).await;
        assert_eq!(
            (answer.status().as_u16(), kind(&answer), answer.text()),
            (status, content_type, body),
            "{path}"
        );
    }
}

#[tokio::test]
async fn sniffing_can_be_turned_off() {
    let client = Client::builder().sniffing(false).build();
    let table =
        [("/page", TEXT), ("/str?name=%3Chtml%3E", TEXT), ("/html/static", HTML), ("/html/page", HTML)];
    for (path, content_type) in table {
        assert_eq!(kind(&client.get(path).await), content_type, "{path}");
    }
    assert_eq!(kind(&client.post("/soap").await), TEXT);
    let pages = Client::builder().app("pages").sniffing(false).build();
    assert_eq!(kind(&pages.get("/refused?name=%3Chtml%3E").await), TEXT);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
