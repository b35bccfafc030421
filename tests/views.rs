//! Pages made of templates: escaping, content types, what is said when one is missing or fails, and where they come from.

mod both;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use serde::{Serialize, Serializer};
use vernal::minijinja::{UndefinedBehavior, context};
use vernal::{
    App, Config, Error, FilterContext, Headers, Next, Request, Result, State, Templates, View, error_message,
    request_filter, request_map, test,
};

const EVIL: &str = "<script>alert('&')</script>";

#[derive(Serialize)]
struct Model<'a> {
    text: &'a str,
    list: Vec<u32>,
}

/// The template is the peer's choice here, so that tables can name it. Never do this.
#[request_map("/view/**", app = "views")]
fn view(req: &Request) -> View {
    View::new(req.wildcard().unwrap_or_default().to_owned(), Model { text: EVIL, list: vec![1, 2, 3] })
}

#[request_map("/blocking", app = "views", blocking)]
fn blocking() -> Result<View> {
    Ok(View::new("a.txt", Model { text: "blocking", list: vec![] }))
}

#[request_map("/parts", app = "views")]
async fn parts() -> (u16, View, Headers) {
    (
        202,
        View::new("page.html", HashMap::from([("text", "parts")])),
        Headers::from([("content-type", "text/special")]),
    )
}

#[request_map("/first", app = "views")]
fn first() -> (&'static str, View) {
    ("the first body counts", View::new("a.txt", ()))
}

#[request_map("/bare", app = "views")]
fn bare() -> View {
    View::new("bare.txt", ())
}

struct Unserialisable;

impl Serialize for Unserialisable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no such luck"))
    }
}

#[request_map("/unserialisable", app = "views")]
fn unserialisable() -> View {
    View::new("a.txt", Unserialisable)
}

#[request_map("/unserialisable-field", app = "views")]
fn unserialisable_field() -> View {
    View::new("a.txt", HashMap::from([("text", Unserialisable)]))
}

#[request_map("/mail", app = "views")]
fn mail(State(templates): State<&Templates>) -> Result<String> {
    templates.render("mail.txt", context! { name => EVIL })
}

/// A page of one part.
#[request_map("/part", app = "views")]
fn part(name: &str) -> View {
    View::new("parts.html", context! { names => [name.to_owned()], text => EVIL })
}

#[request_map("/forbidden", app = "views")]
fn forbidden() -> Result<&'static str> {
    Err(Error::forbidden(EVIL))
}

#[request_map("/gone", app = "views")]
fn gone() -> Result<&'static str> {
    Err(Error::status_only(410))
}

#[request_map("/teapot", app = "views")]
fn teapot() -> Result<&'static str> {
    Err(Error::status_only(418))
}

#[error_message("403", app = "views")]
fn error_page(code: u16, explain: &str) -> View {
    View::new("error.html", context! { code, explain })
}

#[error_message("410", app = "views")]
async fn waiting_page(code: u16) -> View {
    View::new("error.html", context! { code, explain => "gone" })
}

#[error_message("418", app = "views")]
fn lost_page() -> View {
    View::new("lost.html", ())
}

#[request_filter("/view/page.html", app = "views")]
async fn adds_a_field(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    // The page is made by now.
    let size = cx.response.body_bytes().len();
    cx.response.headers.insert("x-size", size);
    Ok(())
}

const EMBEDDED: [(&str, &str); 27] = [
    ("page.html", "<p>{{ text }}</p>"),
    ("safe.html", "{{ text|safe }}"),
    ("a.txt", "{{ text }}"),
    ("row.jinja", "{{ text }}"),
    ("row.jinja2", "{{ text }}"),
    ("row.j2", "{{ text }}"),
    ("row.tpl", "{{ text }}"),
    ("row.tera", "{{ text }}"),
    ("row.HTML", "{{ text }}"),
    ("row", "{{ text }}"),
    ("macros.jinja", "{% macro cell(text) %}{{ text }}{% endmacro %}"),
    ("parts.html", "{% for name in names %}{% include name %}{% endfor %}"),
    ("imports.html", "{% from 'macros.jinja' import cell %}{{ cell(text) }}"),
    ("a.xml", "<a>{{ text }}</a>"),
    ("a.xhtml", "{{ text }}"),
    ("a.json", r#"{"text":{{ text }},"list":{{ list }}}"#),
    ("data.html", "<script>x = {{ text|tojson }}</script>"),
    ("a.html.j2", "{{ text }}"),
    ("deep/er/list.html", "{% for item in list %}{{ item }}{% if not loop.last %}, {% endif %}{% endfor %}"),
    ("base.html", "<title>{% block title %}base{% endblock %}</title>"),
    ("child.html", "{% extends 'base.html' %}{% block title %}{{ text }}{% endblock %}"),
    ("bare.txt", "{{ nothing }}bare"),
    ("mail.txt", "Dear {{ name }}!"),
    ("error.html", "<h1>{{ code }}</h1><p>{{ explain }}</p>"),
    ("fails.html", "fine\n\n{{ text|nosuch }}"),
    ("syntax.html", "fine\n{% if %}"),
    ("includes.html", "{% include 'nowhere.html' %}"),
];

fn client(configure: impl FnOnce(Templates) -> Templates, show_errors: bool) -> test::Client {
    let templates = configure(Templates::embedded(EMBEDDED));
    test::Client::builder().app("views").show_errors(show_errors).templates(templates).build()
}

const ESCAPED: &str = "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;&#x2f;script&gt;";

#[tokio::test]
async fn pages_are_escaped_and_typed_by_their_extension() {
    let client = client(|templates| templates, false);
    let html = "text/html; charset=utf-8";
    let table = [
        ("/view/page.html", html, format!("<p>{ESCAPED}</p>")),
        ("/view/safe.html", html, EVIL.to_owned()),
        ("/view/a.txt", "text/plain; charset=utf-8", EVIL.to_owned()),
        ("/view/a.xml", "text/xml; charset=utf-8", format!("<a>{ESCAPED}</a>")),
        ("/view/a.xhtml", "application/xhtml+xml; charset=utf-8", ESCAPED.to_owned()),
        (
            "/view/data.html",
            html,
            "<script>x = \"\\u003cscript\\u003ealert(\\u0027\\u0026\\u0027)\\u003c/script\\u003e\"</script>"
                .to_owned(),
        ),
        ("/view/a.html.j2", html, ESCAPED.to_owned()),
        ("/view/deep/er/list.html", html, "1, 2, 3".to_owned()),
        ("/view/child.html", html, format!("<title>{ESCAPED}</title>")),
        ("/blocking", "text/plain; charset=utf-8", "blocking".to_owned()),
        ("/first", "text/plain; charset=utf-8", "the first body counts".to_owned()),
        ("/bare", "text/plain; charset=utf-8", "bare".to_owned()),
        ("/mail", "text/plain; charset=utf-8", format!("Dear {EVIL}!")),
    ];
    for (path, content_type, text) in table {
        let answer = client.get(path).await;
        answer.assert_status(200).assert_header("content-type", content_type).assert_text(&text);
        answer.assert_header("content-length", &text.len().to_string());
        client.head(path).await.assert_header("content-length", &text.len().to_string()).assert_text("");
    }
    let json = client.get("/view/a.json").await;
    json.assert_header("content-type", "application/json");
    json.assert_json(serde_json::json!({ "text": EVIL, "list": [1, 2, 3] }));
    client
        .get("/parts")
        .await
        .assert_status(202)
        .assert_header("content-type", "text/special")
        .assert_text("<p>parts</p>");
    client
        .get("/view/page.html")
        .await
        .assert_header("x-size", &format!("<p>{ESCAPED}</p>").len().to_string());
}

#[tokio::test]
async fn what_says_nothing_of_its_kind_is_escaped_as_a_page_and_as_a_part_of_one() {
    let client = client(|templates| templates, false);
    let names = ["row.jinja", "row.jinja2", "row.j2", "row.tpl", "row.tera", "row.HTML", "row"];
    for name in names {
        let page = client.get(&format!("/view/{name}")).await;
        page.assert_header("content-type", "text/html; charset=utf-8").assert_text(ESCAPED);
        client.get("/part").query("name", name).await.assert_text(ESCAPED);
    }
    client.get("/view/imports.html").await.assert_text(ESCAPED);
    // Whoever says that a part is text is taken at their word.
    client.get("/part").query("name", "a.txt").await.assert_text(EVIL);
}

#[tokio::test]
async fn error_pages_may_be_views() {
    let client = client(|templates| templates, false);
    let html = "text/html; charset=utf-8";
    let forbidden = client.get("/forbidden").await;
    forbidden.assert_status(403).assert_header("content-type", html);
    forbidden.assert_text(&format!("<h1>403</h1><p>{ESCAPED}</p>"));
    client.get("/gone").await.assert_status(410).assert_text("<h1>410</h1><p>gone</p>");
    // A page that fails itself gives way to what is said without one, and the status stays.
    client.get("/teapot").await.assert_status(418).assert_header("content-type", "application/json");
}

#[tokio::test]
async fn what_is_wrong_is_said_to_the_log_and_shown_only_on_demand() {
    let inside = "searched the templates inside the program (Templates::embedded)";
    let table: [(&str, &[&str]); 6] = [
        ("/view/nowhere.html", &["`nowhere.html`", "does not exist", inside]),
        ("/view/includes.html", &["`includes.html`", "nowhere.html", "in includes.html:1", inside]),
        ("/view/fails.html", &["unknown filter", "nosuch", "in fails.html:3"]),
        ("/view/syntax.html", &["syntax error", "in syntax.html:2"]),
        ("/unserialisable", &["no such luck"]),
        ("/unserialisable-field", &["no such luck"]),
    ];
    let (shown, hidden) = (client(|templates| templates, true), client(|templates| templates, false));
    for (path, texts) in table {
        let answer = shown.get(path).await;
        answer.assert_status(500);
        for text in texts {
            answer.assert_contains(text);
        }
        let answer = hidden.get(path).await;
        answer.assert_status(500);
        assert!(!answer.text().contains(texts[0]), "{path} leaks: {answer}");
    }
}

#[tokio::test]
async fn the_environment_is_the_users() {
    let client = client(
        |templates| {
            templates.environment(|environment| {
                environment.add_filter("nosuch", |text: String| format!("[{}]", text.len()));
                environment.add_global("nothing", "something ");
                environment.set_undefined_behavior(UndefinedBehavior::Strict);
            })
        },
        true,
    );
    client.get("/view/fails.html").await.assert_status(200).assert_text(&format!("fine\n\n[{}]", EVIL.len()));
    client.get("/bare").await.assert_text("something bare");
    client.get("/first").await.assert_status(200);
}

#[tokio::test]
async fn a_filter_of_a_template_may_panic() {
    let panics = |templates: Templates| {
        templates.environment(|environment| {
            environment.add_filter("nosuch", |_: String| -> String { panic!("on purpose") })
        })
    };
    let client = client(panics, true);
    client.get("/view/fails.html").await.assert_status(500).assert_contains("on purpose");
    client.get("/view/page.html").await.assert_status(200);
}

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(files: &[(&str, &str)]) -> Directory {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let directory = Directory(env::temp_dir().join(format!("vernal-views-{}-{count}", process::id())));
        fs::create_dir_all(directory.0.join("pages/deep")).expect("a place for files");
        for (name, text) in files {
            directory.write(name, text);
        }
        directory
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("it can be written");
    }

    fn pages(&self) -> PathBuf {
        self.0.join("pages")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn client_of(templates: Templates) -> test::Client {
    test::Client::builder().app("views").show_errors(true).templates(templates).build()
}

#[tokio::test]
async fn a_directory_is_never_left() {
    let files = [
        ("secret.txt", "secret"),
        ("pages/.hidden.txt", "secret"),
        ("pages/a.txt", "a"),
        ("pages/deep/b.txt", "b"),
        ("pages/out.txt", "{% include '../secret.txt' %}"),
    ];
    let directory = Directory::new(&files);
    let client = client_of(Templates::dir(directory.pages()));
    client.get("/view/a.txt").await.assert_text("a");
    client.get("/view/deep/b.txt").await.assert_text("b");
    for name in [
        "%2e%2e%2fsecret.txt",
        "deep%2f..%2f..%2fsecret.txt",
        "..%5csecret.txt",
        "%2fetc%2fpasswd",
        ".hidden.txt",
        "deep%2f%2fb.txt",
        "out.txt",
        "C:secret.txt",
    ] {
        let answer = client.get(&format!("/view/{name}")).await;
        answer.assert_status(500);
        assert!(answer.text().contains("is no name of a template"), "{name}: {answer}");
    }
    // What is not there is looked for in the directory, by its full path.
    let missing = client.get("/view/nowhere.html").await;
    missing.assert_status(500).assert_contains(&format!("searched {}", directory.pages().display()));
    // A folder is no template.
    client.get("/view/deep").await.assert_status(500);
}

#[tokio::test]
async fn changed_files_are_seen_when_they_are_looked_at() {
    let directory =
        Directory::new(&[("pages/a.txt", "old {% include 'part.txt' %}"), ("pages/part.txt", "old")]);
    let reloading = client_of(Templates::dir(directory.pages()).reload(true));
    let keeping = client_of(Templates::dir(directory.pages()).reload(false));
    let usual = client_of(Templates::dir(directory.pages()));
    for client in [&reloading, &keeping, &usual] {
        client.get("/view/a.txt").await.assert_text("old old");
    }
    // Of another length, since the clock of files may be coarse.
    directory.write("pages/part.txt", "newer");
    reloading.get("/view/a.txt").await.assert_text("old newer");
    keeping.get("/view/a.txt").await.assert_text("old old");
    let usually = if cfg!(debug_assertions) { "old newer" } else { "old old" };
    usual.get("/view/a.txt").await.assert_text(usually);
    // A file that breaks is an error; one that is mended works again.
    directory.write("pages/part.txt", "{% if %}");
    reloading.get("/view/a.txt").await.assert_status(500).assert_contains("in part.txt:1");
    directory.write("pages/part.txt", "mended");
    reloading.get("/view/a.txt").await.assert_text("old mended");
    fs::remove_file(directory.pages().join("a.txt")).expect("it is there");
    reloading.get("/view/a.txt").await.assert_status(500).assert_contains("does not exist");
    keeping.get("/view/a.txt").await.assert_status(200);
}

#[test]
fn a_directory_that_is_not_there_is_an_error_at_start() {
    let nowhere = Path::new("nowhere/at/all");
    let error = App::from_registry(Config::new().app("views").templates(Templates::dir(nowhere)))
        .expect_err("missing");
    let full = std::path::absolute(nowhere).expect("a path");
    assert!(error.explain_text().contains(&full.display().to_string()), "{error}");
    // Nobody has asked for the usual one.
    App::from_registry(Config::new().app("views")).expect("the usual directory need not be there");
    let error = App::from_registry(Config::new().app("views").state(Templates::embedded([("a", "b")])));
    assert!(error.expect_err("twice").explain_text().contains("templates(…)"));
}

#[tokio::test]
async fn views_are_made_without_a_connection_too() {
    let config = Config::new().app("views").templates(Templates::embedded(EMBEDDED));
    let app = App::from_registry(config).expect("it can be built");
    let answer = app.handle(Request::get("/view/page.html")).await;
    assert_eq!(answer.headers.get("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.into_bytes(1024).await.expect("a page"), format!("<p>{ESCAPED}</p>"));
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
