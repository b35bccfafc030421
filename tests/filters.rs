//! Filters: which paths they run for and in which order, what they may change, and what becomes of their errors.
//!
//! Each `app` is a set of its own, so that the filters of one test do not run in another.

mod both;
mod said;

use std::sync::Mutex;

use said::Said;
use serde_json::Value;
use vernal::security::{Cors, SecurityHeaders};
use vernal::test::{Answer, Client};
use vernal::{
    App, Body, BodyReader, BoxFuture, Config, Error, Filter, FilterContext, Header, Headers, Html, Json,
    Next, OrStatus, Request, Responder, Response, Result, SetCookie, State, StaticFile, controller,
    request_filter, request_map,
};

fn client_of(app: &str) -> Client {
    Client::builder().app(app).show_errors(true).build()
}

/// The marks that filters and handlers left, in order.
fn trace(answer: &Answer) -> String {
    answer.headers().get_all("x-trace").collect::<Vec<_>>().join(" ")
}

fn mark(res: &mut Response, mark: &str) {
    res.headers.append("x-trace", mark);
}

#[request_map("/**", app = "paths")]
fn everything() {}

#[request_map("/", app = "paths")]
fn root() {}

#[request_filter("/f/**", app = "paths")]
fn below(cx: &mut FilterContext<'_>) {
    mark(cx.response, "below");
}

#[request_filter("/f/*", app = "paths")]
fn one_below(cx: &mut FilterContext<'_>) {
    mark(cx.response, "one");
}

#[request_filter("/f", "/g", app = "paths")]
fn plain(cx: &mut FilterContext<'_>) {
    mark(cx.response, "plain");
}

#[request_filter("**.css", app = "paths")]
fn suffix(cx: &mut FilterContext<'_>) {
    mark(cx.response, "css");
}

#[request_filter("/user/{id}/edit", app = "paths")]
fn variable(cx: &mut FilterContext<'_>) {
    mark(cx.response, "variable");
}

/// Matches with and without the leading slash, and runs once.
#[request_filter(regexp = "^/?re[0-9]+", app = "paths")]
fn either(cx: &mut FilterContext<'_>) {
    mark(cx.response, "either");
}

#[request_filter(regexp = "re[0-9]+$", app = "paths")]
fn without_slash(cx: &mut FilterContext<'_>) {
    mark(cx.response, "without");
}

#[request_filter("/two/a", app = "paths")]
#[request_filter("/two/*", app = "paths")]
#[request_filter(regexp = "^/two/b", app = "paths")]
fn three_attributes(cx: &mut FilterContext<'_>) {
    mark(cx.response, "two");
}

#[tokio::test]
async fn a_filter_runs_for_the_paths_it_says() {
    let client = client_of("paths");
    let table = [
        ("/", ""),
        ("/f", "below plain"),
        ("/f/", "below"),
        ("/f/a", "below one"),
        ("/f/a/b", "below"),
        ("/g", "plain"),
        ("/g/a", ""),
        ("/F/a", ""),
        ("/ff", ""),
        ("/x.css", "css"),
        ("/f/x.css", "below one css"),
        ("/x.css/y", ""),
        ("/user/7/edit", "variable"),
        ("/user//edit", ""),
        ("/re7", "either without"),
        ("/re7/x", "either"),
        ("/are7", ""),
        // One function is one filter, however many of its attributes match.
        ("/two/a", "two"),
        ("/two/b", "two"),
        ("/two/c", "two"),
        // What is compared is the path that is routed: decoded and without detours.
        ("/%66/a", "below one"),
        ("//f//a", "below one"),
        ("/./f/a", "below one"),
        ("/x/../f/a", "below one"),
        ("/x/%2e%2e/f/a", "below one"),
        ("/f/a?b=/x.css", "below one"),
    ];
    for (path, expected) in table {
        assert_eq!(trace(&client.get(path).await), expected, "{path}");
    }
}

#[request_map("/once/**", app = "once")]
fn once(res: &mut Response) {
    mark(res, "handler");
}

/// Not for everything, so that the path is tested.
#[request_map("/{name}/**", "/other", app = "once")]
fn of_any_name(name: Option<&str>, res: &mut Response) {
    mark(res, name.unwrap_or("other"));
}

#[request_filter("/once/**", "**/b", app = "once", order = 5)]
#[request_filter("/once/a", app = "once", order = -5)]
#[cfg_attr(all(), request_filter("/once/c", app = "once", order = -6))]
#[request_filter(regexp = "^/o", app = "once", order = 6, unmatched)]
async fn often(cx: &mut FilterContext<'_>, next: Next<'_>) {
    mark(cx.response, "often>");
    next.run(cx).await;
    mark(cx.response, "<often");
}

#[request_filter("/**", app = "once")]
fn between(cx: &mut FilterContext<'_>) {
    mark(cx.response, "between");
}

#[tokio::test]
async fn a_function_with_several_attributes_runs_once_in_the_first_of_its_places() {
    let client = client_of("once");
    let table = [
        ("/once", "between often> handler <often"),
        ("/once/a", "often> between handler <often"),
        ("/once/c", "often> between handler <often"),
        ("/once/b", "between often> handler <often"),
        ("/x/b", "between often> x <often"),
        ("/x/c", "between x"),
        ("/o/b", "between often> o <often"),
        ("/other", "between often> other <often"),
        // Nothing has this path.
        ("/", ""),
    ];
    for (path, expected) in table {
        assert_eq!(trace(&client.get(path).await), expected, "{path}");
        // A refusal takes another way to its filters.
        let refused = trace(&client.request("TRACE", path).await);
        assert_eq!(
            refused.matches("often>").count(),
            expected.matches("often>").count(),
            "{path}: {refused}"
        );
    }
}

#[request_map("/order", app = "order")]
fn in_order(res: &mut Response) {
    mark(res, "handler");
}

#[request_filter("/order", app = "order", order = 5)]
async fn fifth(cx: &mut FilterContext<'_>, next: Next<'_>) {
    mark(cx.response, "5>");
    next.run(cx).await;
    mark(cx.response, "<5");
}

#[request_filter("/order", app = "order")]
fn first_without_order(cx: &mut FilterContext<'_>) {
    mark(cx.response, "0a");
}

#[request_filter(regexp = "^/order", app = "order")]
async fn second_without_order(next: Next<'_>, cx: &mut FilterContext<'_>) -> Result<(), std::io::Error> {
    mark(cx.response, "0b>");
    next.run(cx).await;
    mark(cx.response, "<0b");
    Ok(())
}

#[request_filter("/**", app = "order", order = -1)]
async fn first(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    mark(cx.response, "-1>");
    next.run(cx).await;
    mark(cx.response, "<-1");
    Ok(())
}

#[request_filter("/order", app = "order", order = 3)]
async fn third(cx: &mut FilterContext<'_>) -> Result<(), String> {
    mark(cx.response, "3");
    Ok(())
}

#[tokio::test]
async fn filters_nest_by_order_and_then_by_place() {
    let client = client_of("order");
    for _ in 0..2 {
        let answer = client.get("/order").await;
        assert_eq!(trace(&answer), "-1> 0a 0b> 3 5> handler <5 <0b <-1");
    }
}

#[derive(Clone)]
struct User(String);

#[request_filter("/changed", app = "request")]
fn change_the_request(cx: &mut FilterContext<'_>) -> Result {
    let name = cx.request.param("name")?.to_owned();
    cx.request.headers.insert("filter-set", format!("{name}, by the filter"));
    cx.request.headers.remove("x-secret");
    cx.request.headers.append("x-list", "last");
    cx.request.extensions.insert(User(name));
    Ok(())
}

#[request_map("/changed", app = "request")]
fn changed(filter_set: Header<&str>, x_secret: Option<Header<&str>>, req: &Request) -> String {
    let user = req.extensions.get::<User>().map(|user| &*user.0);
    let list: Vec<_> = req.headers.get_all("x-list").collect();
    format!("{filter_set} {:?} {user:?} {list:?}", x_secret.as_deref())
}

#[tokio::test]
async fn later_stages_see_what_a_filter_changed() {
    let client = client_of("request");
    let request = client.get("/changed?name=ann").header("x-secret", "s").header("Filter-Set", "by the peer");
    let answer = request.header("x-list", "first").await;
    answer.assert_text(r#"ann, by the filter None Some("ann") ["first", "last"]"#);
    // The error of a binding inside a filter is an answer like any other.
    client.get("/changed").await.assert_status(400).assert_contains("Parameter[name] is required");
    // Nothing of a request is left for the next one on the connection.
    let request = |query: &str| format!("GET /changed?name={query} HTTP/1.1\r\nHost: h\r\n\r\n");
    let answers = client.raw(request("a") + &request("b")).await;
    assert!(answers.contains("a, by the filter None Some(\"a\") [\"last\"]"), "{answers}");
    assert!(answers.contains("b, by the filter None Some(\"b\") [\"last\"]"), "{answers}");
}

#[request_map("/merged", app = "answer")]
fn merged() -> (Headers, SetCookie, &'static str) {
    let headers = Headers::from([("res-handler-header", "from-handler"), ("x-both", "handler")]);
    (headers, SetCookie::new("handler", "1"), "text")
}

#[request_filter("/merged", app = "answer")]
fn merge(cx: &mut FilterContext<'_>) {
    cx.response.headers.insert("Res-Filter-Header", "from-filter");
    cx.response.headers.insert("X-Both", "filter");
    cx.response.add_cookie(SetCookie::new("filter", "1"));
}

#[request_map("/replaced", app = "answer")]
fn replaced() -> (u16, &'static str) {
    (201, "the handler's")
}

#[request_filter("/replaced", app = "answer")]
async fn replace(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    let seen =
        format!("{} {}", cx.response.status.as_u16(), String::from_utf8_lossy(cx.response.body_bytes()));
    cx.response.set_status(202);
    cx.response.set_body(format!("<html>{seen}</html>"));
    Ok(())
}

#[request_map("/missing", app = "answer")]
fn missing() -> Result {
    Err(Error::new(404, "Own Word"))
}

#[request_filter("/missing", app = "answer")]
async fn replace_an_error(cx: &mut FilterContext<'_>, next: Next<'_>) {
    next.run(cx).await;
    if cx.error().is_some_and(|error| error.status() == 404) {
        cx.response.set_status(203);
        cx.response.set_body("found elsewhere");
    }
}

#[request_map("/license", app = "answer")]
fn license() -> &'static str {
    "not reached"
}

#[request_filter("/license", app = "answer")]
fn a_file_instead(cx: &mut FilterContext<'_>) -> Result {
    StaticFile::new(cx.request.param("file")?).respond(cx.response)
}

#[tokio::test]
async fn a_filter_and_the_handler_write_one_answer() {
    let client = client_of("answer");
    let answer = client.get("/merged").await;
    answer.assert_text("text").assert_header("res-filter-header", "from-filter");
    answer.assert_header("res-handler-header", "from-handler");
    let all = |name| answer.headers().get_all(name).collect::<Vec<_>>();
    assert_eq!(all("x-both"), ["handler"], "a field of the handler replaces the filter's");
    assert_eq!(all("set-cookie"), ["filter=1", "handler=1"]);

    let answer = client.get("/replaced").await;
    answer.assert_status(202).assert_text("<html>201 the handler's</html>");
    answer.assert_header("content-type", "text/html; charset=utf-8").assert_header("content-length", "30");

    let answer = client.get("/missing").await;
    answer.assert_status(203).assert_text("found elsewhere");
    // The phrase was the error's.
    answer.assert_reason("Non Authoritative Information");

    let license = std::fs::read_to_string("LICENSE").expect("there is a licence");
    client.get("/license?file=LICENSE").await.assert_status(200).assert_text(&license);
    client.get("/license?file=no").await.assert_status(404).assert_contains("Cannot find file");
}

#[request_map("/early/*", app = "early")]
fn not_reached(res: &mut Response) -> &'static str {
    mark(res, "handler");
    "handler"
}

/// Without `next`: the chain goes on unless there is an answer.
#[request_filter("/early/*", app = "early")]
fn early(cx: &mut FilterContext<'_>) -> Result {
    mark(cx.response, "outer");
    match cx.request.path().trim_start_matches("/early/") {
        "redirect" => cx.response.redirect("/login"),
        "status" => cx.response.set_status(403),
        "status-200" => cx.response.set_status(200),
        "field" => cx.response.status = vernal::StatusCode::ACCEPTED,
        "body" => cx.response.set_body("filtered"),
        "send" => cx.response.send_error(Error::new(400, "No Pass").explain("pass should be passed")),
        "return" => return Err(Error::new(401, "Who").header("www-authenticate", "Basic")),
        "std" => drop("x".parse::<u8>()?),
        "or-status" => drop("x".parse::<u8>().or_status(422)?),
        "panic" => panic!("a filter that panics"),
        _ => {}
    }
    Ok(())
}

#[request_filter("/early/*", app = "early", order = 1)]
fn inner(cx: &mut FilterContext<'_>) {
    mark(cx.response, "inner");
}

/// With `next`: whoever does not run it ends the chain.
#[request_map("/taken/*", app = "early")]
fn not_reached_either() -> &'static str {
    "handler"
}

#[request_filter("/taken/*", app = "early")]
async fn taken(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    match cx.request.path().trim_start_matches("/taken/") {
        "redirect" => cx.response.redirect("/login"),
        "status-200" => cx.response.set_status(200),
        "body" => cx.response.set_body("filtered"),
        "send" => cx.response.send_error(Error::new(400, "No Pass").explain("pass should be passed")),
        "return" => return Err(Error::new(401, "Who").header("www-authenticate", "Basic")),
        "std" => drop("x".parse::<u8>()?),
        "panic" => panic!("a filter that panics"),
        "neither" => {}
        "later" => {
            next.run(cx).await;
            return Err(Error::new(418, "Changed Its Mind"));
        }
        "later-panic" => {
            next.run(cx).await;
            panic!("a filter that panics");
        }
        "later-send" => {
            next.run(cx).await;
            cx.response.send_error(Error::new(418, "Changed Its Mind"));
        }
        _ => next.run(cx).await,
    }
    Ok(())
}

#[tokio::test]
async fn a_filter_may_answer_early() {
    let client = client_of("early");
    let table = [
        ("/early/no", 200, "handler", "outer inner handler"),
        ("/early/redirect", 302, "", "outer"),
        ("/early/status", 403, "", "outer"),
        ("/early/status-200", 200, "", "outer"),
        ("/early/field", 202, "", "outer"),
        ("/early/body", 200, "filtered", "outer"),
        ("/early/send", 400, "pass should be passed", "outer"),
        ("/early/return", 401, "", "outer"),
        ("/early/std", 500, "invalid digit found in string", "outer"),
        ("/early/or-status", 422, "invalid digit found in string", "outer"),
        ("/early/panic", 500, "the handler panicked: a filter that panics", "outer"),
        ("/taken/no", 200, "handler", ""),
        ("/taken/redirect", 302, "", ""),
        ("/taken/status-200", 200, "", ""),
        ("/taken/body", 200, "filtered", ""),
        ("/taken/send", 400, "pass should be passed", ""),
        ("/taken/return", 401, "", ""),
        ("/taken/std", 500, "invalid digit found in string", ""),
        ("/taken/panic", 500, "the handler panicked: a filter that panics", ""),
        ("/taken/later", 418, "", ""),
        ("/taken/later-panic", 500, "the handler panicked: a filter that panics", ""),
        ("/taken/later-send", 418, "", ""),
    ];
    for (path, status, text, marks) in table {
        let answer = client.get(path).await;
        answer.assert_status(status);
        let body = answer.text();
        let said = match serde_json::from_str::<Value>(body) {
            Ok(error) => error["explain"].as_str().unwrap_or_default().to_owned(),
            Err(_) => body.to_owned(),
        };
        assert_eq!((&*said, &*trace(&answer)), (text, marks), "{path}");
    }
    for path in ["/early/redirect", "/taken/redirect"] {
        client.get(path).await.assert_header("location", "/login");
    }
    for path in ["/early/return", "/taken/return"] {
        client.get(path).await.assert_header("www-authenticate", "Basic");
    }
}

#[tokio::test]
async fn a_filter_that_neither_answers_nor_goes_on_is_told_so() {
    let answer = client_of("early").get("/taken/neither").await;
    answer.assert_status(500);
    for part in ["`taken` at tests/filters.rs:", "neither answered nor ran `next`", "next.run(cx).await"] {
        answer.assert_contains(part);
    }
    // The text is for the log of whoever runs the server.
    let hidden = Client::builder().app("early").show_errors(false).build();
    let answer = hidden.get("/taken/neither").await;
    assert!(answer.status() == 500 && !answer.text().contains("taken"), "{answer}");
}

#[request_map("/errors/{how}", app = "errors")]
async fn fail(how: &str, res: &mut Response) -> Result<&'static str> {
    mark(res, "handler");
    match how {
        "403" => Err(Error::forbidden("not you").header("x-from", "error")),
        "std" => Err(std::io::Error::other("disk full").into()),
        "panic" => panic!("as told"),
        "file" => {
            StaticFile::new("there/is/no/such/file").respond(res)?;
            Ok("")
        }
        "field" => {
            res.headers.insert("x-bad", "a\r\nb");
            Ok("never sent")
        }
        "inner" => Ok("the inner filter fails"),
        _ => Ok("fine"),
    }
}

#[request_filter("/errors/*", app = "errors", order = 1)]
async fn sees_errors(cx: &mut FilterContext<'_>, next: Next<'_>) {
    next.run(cx).await;
    let status = cx.response.status.as_u16();
    let error = cx.error().map_or("none".to_owned(), |error| error.explain_text().to_owned());
    cx.response.headers.insert("x-seen", format!("{status} {error}"));
    cx.response.headers.insert("access-control-allow-origin", "*");
}

#[request_filter("/errors/*", app = "errors", order = 2)]
async fn fails_afterwards(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    if cx.request.path().ends_with("inner") {
        return Err(Error::new(409, "Conflict").explain("from the inner filter"));
    }
    Ok(())
}

/// The classic bug: no CORS field on a 500.
#[tokio::test]
async fn an_error_is_an_answer_at_the_nearest_link() {
    let client = client_of("errors");
    let table = [
        ("fine", 200, "200 none"),
        ("403", 403, "403 not you"),
        ("std", 500, "500 disk full"),
        ("panic", 500, "500 the handler panicked: as told"),
        ("file", 404, "404 Cannot find file for this url."),
        ("inner", 409, "409 from the inner filter"),
        (
            "field",
            500,
            "500 the value of header `x-bad` holds a control character (CR, LF, NUL …) and is not sent",
        ),
    ];
    for (how, status, seen) in table {
        let answer = client.get(&format!("/errors/{how}")).await;
        answer.assert_status(status).assert_header("x-seen", seen).assert_no_header("x-bad");
        answer.assert_header("access-control-allow-origin", "*").assert_header("x-trace", "handler");
    }
    client.get("/errors/403").await.assert_header("x-from", "error");
}

#[request_map("/known", method = "POST", app = "unknown")]
fn known() -> &'static str {
    "known"
}

#[request_map("/got", method = "GET", app = "unknown")]
fn got() -> &'static str {
    "got"
}

#[request_map("/narrow", params = "a=b", app = "unknown")]
fn narrow() -> &'static str {
    "narrow"
}

#[request_filter("/**", app = "unknown")]
async fn only_known(cx: &mut FilterContext<'_>, next: Next<'_>) {
    next.run(cx).await;
    mark(cx.response, "known");
}

#[request_filter("/**", unmatched, app = "unknown", order = 1)]
async fn unmatched_too(cx: &mut FilterContext<'_>, next: Next<'_>) {
    if cx.request.path() == "/old" {
        return cx.response.redirect("/got");
    }
    next.run(cx).await;
    mark(cx.response, "any");
    if let Some(error) = cx.error() {
        let explain = error.explain_text().to_owned();
        cx.response.headers.insert("x-error", explain);
    }
}

#[tokio::test]
async fn filters_run_where_something_is_mapped_and_elsewhere_if_they_say_so() {
    let client = client_of("unknown");
    let table = [
        ("POST", "/known", 200, "any known"),
        ("GET", "/known", 405, "any known"),
        ("HEAD", "/known", 405, "any known"),
        ("OPTIONS", "/known", 204, "any known"),
        ("GET", "/got", 200, "any known"),
        ("HEAD", "/got", 200, "any known"),
        ("OPTIONS", "/got", 204, "any known"),
        ("TRACE", "/got", 405, "any known"),
        ("FOO", "/got", 405, "any known"),
        ("GET", "/narrow?a=b", 200, "any known"),
        ("GET", "/nobody", 404, "any"),
        ("POST", "/nobody", 404, "any"),
        ("OPTIONS", "/nobody", 404, "any"),
        ("GET", "/old", 302, ""),
    ];
    for (method, path, status, marks) in table {
        let answer = client.request(method, path).await;
        answer.assert_status(status);
        assert_eq!(trace(&answer), marks, "{method} {path}");
        if status == 405 {
            assert!(answer.header("allow").is_some(), "{method} {path}: {answer}");
        }
    }
    client.options("/got").await.assert_header("allow", "GET, HEAD, OPTIONS");
    let answer = client.get("/nobody").await;
    answer.assert_header("x-error", "Nothing is mapped to GET /nobody.");
}

#[request_map("/chunks", app = "kinds")]
async fn chunks(res: &mut Response) -> Result {
    res.write_bytes("abc").await?;
    res.write_bytes("defg").await
}

#[request_map("/upload", method = "POST", app = "kinds")]
async fn upload(mut body: BodyReader) -> Result<String> {
    Ok(String::from_utf8_lossy(&body.read_to_end(100).await?).into_owned())
}

#[request_map("/blocking", blocking, app = "kinds")]
fn blocking(x_set: Header<&str>) -> String {
    format!("blocking {x_set}")
}

#[derive(Default)]
struct Shop;

#[controller(app = "kinds")]
#[request_map("/shop")]
impl Shop {
    #[request_map]
    fn index(&self, x_set: Header<&str>) -> String {
        format!("shop {x_set}")
    }
}

#[request_filter("/**", app = "kinds")]
async fn around_all_kinds(cx: &mut FilterContext<'_>, next: Next<'_>) {
    cx.request.headers.insert("x-set", "set");
    mark(cx.response, "before");
    tokio::task::yield_now().await;
    next.run(cx).await;
    mark(cx.response, "after");
}

#[tokio::test]
async fn filters_are_around_every_kind_of_handler() {
    let client = client_of("kinds");
    client.get("/blocking").await.assert_text("blocking set");
    client.get("/shop").await.assert_text("shop set");
    client.post("/upload").body("a body").await.assert_text("a body");
    for request in [client.get("/blocking"), client.get("/shop"), client.post("/upload").body("x")] {
        assert_eq!(trace(&request.await), "before after");
    }
    // The head of this one is under way when `next` returns.
    let answer = client.get("/chunks").await;
    both::assert_in_pieces(answer.assert_text("abcdefg"));
    assert_eq!(trace(&answer), "before");
}

#[request_map("/same", app = "one")]
#[request_map("/same", app = "other")]
fn same() {}

#[request_filter("/same", app = "one")]
fn only_one(cx: &mut FilterContext<'_>) {
    mark(cx.response, "one");
}

#[request_filter("/same")]
fn nobody_elses(cx: &mut FilterContext<'_>) {
    mark(cx.response, "default");
}

#[request_map("/same")]
fn same_by_default() {}

#[tokio::test]
async fn a_filter_belongs_to_its_application() {
    assert_eq!(trace(&client_of("one").get("/same").await), "one");
    assert_eq!(trace(&client_of("other").get("/same").await), "");
    assert_eq!(trace(&Client::new().get("/same").await), "default");
}

struct Seen(Mutex<Vec<String>>);
struct Prefix(&'static str);

#[request_map("/state", app = "state")]
fn state() {}

#[request_filter("/state", app = "state")]
async fn with_state(
    State(prefix): State<&Prefix>,
    cx: &mut FilterContext<'_>,
    next: Next<'_>,
    State(seen): State<&Seen>,
) {
    next.run(cx).await;
    seen.0.lock().expect("nobody panics").push(format!("{}{}", prefix.0, cx.request.path()));
    let count = seen.0.lock().expect("nobody panics").len();
    cx.response.headers.insert("x-count", count);
}

#[tokio::test]
async fn filters_take_states() {
    let client = Client::builder().app("state").state(Prefix("at ")).state(Seen(Mutex::default())).build();
    client.get("/state").await.assert_header("x-count", "1");
    client.get("/state").await.assert_header("x-count", "2");
}

#[test]
fn a_filter_that_asks_for_a_state_nobody_gave_is_an_error_at_start() {
    let error = App::from_registry(Config::new().app("state").state(Prefix(""))).expect_err("one is missing");
    let text = format!("{error:?}");
    for part in ["`with_state` at tests/filters.rs:", "State<&filters::Seen>", "server::new().state("] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("Prefix"), "{text}");
}

#[request_map("/bound", app = "parameters")]
fn bound(name: &str, all: Vec<&str>) -> String {
    format!("{name} {all:?}")
}

#[request_filter("/bound", app = "parameters")]
fn sets_parameters(cx: &mut FilterContext<'_>) {
    let name = cx.request.param("name").unwrap_or_default().to_uppercase();
    cx.request.set_parameter("name", &name);
    cx.request.set_parameter("all", "one");
}

#[tokio::test]
async fn parameters_that_a_filter_sets_are_bound() {
    let client = client_of("parameters");
    client.get("/bound?name=ann&all=a&all=b").await.assert_text("ANN [\"one\"]");
    client.post("/bound?all=a").form("name", "bob").form("all", "b").await.assert_text("BOB [\"one\"]");
    client.get("/bound").await.assert_text(" [\"one\"]");
}

/// Leaves its mark, and another on the way back.
struct Mark(&'static str, bool);

impl Filter for Mark {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            mark(cx.response, self.0);
            next.run(cx).await;
            mark(cx.response, &format!("/{}", self.0));
            Ok(())
        })
    }

    fn unmatched(&self) -> bool {
        self.1
    }
}

#[request_map("/given/x", app = "given")]
fn given() {}

#[request_filter("/given/**", app = "given", order = -1)]
fn of_an_attribute(cx: &mut FilterContext<'_>) {
    mark(cx.response, "attribute");
}

#[tokio::test]
async fn filters_that_are_values_run_first_in_the_order_they_are_given() {
    let client = Client::builder()
        .app("given")
        .filter("/given/**", Mark("one", false))
        .filter("/**", Mark("two", true))
        .build();
    assert_eq!(trace(&client.get("/given/x").await), "one two attribute /two /one");
    let unknown = client.get("/given/y").await;
    unknown.assert_status(404);
    assert_eq!(trace(&unknown), "two /two", "only the unmatched one");
}

#[test]
fn a_given_filter_with_a_bad_pattern_is_an_error_at_start_with_its_place() {
    let table = [
        ("/a/**/b", "star in the middle"),
        (
            "/users/:id",
            "is spelled as elsewhere: a variable of a path is written `{id}`: write \"/users/{id}\"",
        ),
        ("/users/<int:id>", "write `{id}`, as in \"/users/{id}\""),
        ("/users/{id:[0-9]+}", "write `{id}`, as in \"/users/{id}\""),
        ("/files/{*rest}", "the rest of a path is `**`, at its end, without a name: write \"/files/**\""),
        ("/files/*rest", "write \"/files/**\""),
        ("/files/{tail:.*}", "write \"/files/**\""),
        ("/files/{tail?}", "write two paths, \"/files\" and \"/files/{tail}\""),
    ];
    for (pattern, problem) in table {
        // A pattern that was put together is as good as a literal.
        let config = Config::new().app("given").filter(pattern.to_owned(), Mark("one", false));
        let text = format!("{:?}", App::from_registry(config).expect_err(pattern));
        assert!(text.contains("`filters::Mark` at tests/filters.rs:"), "{text}");
        assert!(text.contains(problem), "{pattern}: {text}");
    }
}

#[request_map("/body/json", app = "bodies")]
fn json_body() -> Json<[u8; 2]> {
    Json([1, 2])
}

#[request_map("/body/error", app = "bodies")]
fn error_body() -> Result {
    Err(Error::not_found("nothing"))
}

#[request_map("/body/html", app = "bodies")]
fn html_body() -> Html<&'static str> {
    Html("<p>a fragment")
}

#[request_map("/body/page", app = "bodies")]
fn page_body() -> &'static str {
    "<html></html>"
}

#[request_map("/body/text", app = "bodies")]
fn text_body() -> &'static str {
    "a text"
}

#[request_map("/body/bytes", app = "bodies")]
fn bytes_body() -> &'static [u8] {
    b"bytes"
}

#[request_map("/body/own", app = "bodies")]
fn own_body() -> (Headers, &'static str) {
    ([("content-type", "text/css")].into(), "a {}")
}

/// Puts another body in place of what the handler answered.
#[request_filter("/body/*", app = "bodies")]
async fn change_body(cx: &mut FilterContext<'_>, next: Next<'_>) {
    next.run(cx).await;
    let body = match cx.request.parameter("to").unwrap_or_default() {
        "json" => Body::from(format!("{{\"data\":{}}}", cx.response.body_bytes().len())),
        "text" => Body::from("sorry"),
        "page" => Body::from("<html>sorry</html>"),
        "fragment" => Body::from("<p>minified"),
        "zipped" => Body::from(&b"\x1f\x8b\xff"[..]),
        "taken" => cx.response.take_body(),
        _ => Body::empty(),
    };
    cx.response.set_body(body);
}

/// What an answer says of its type stays when a filter changes its body, as long as it can be true.
#[tokio::test]
async fn a_changed_body_keeps_its_content_type() {
    const TEXT: Option<&str> = Some("text/plain; charset=utf-8");
    const HTML: Option<&str> = Some("text/html; charset=utf-8");
    const JSON: Option<&str> = Some("application/json");
    const OCTETS: Option<&str> = Some("application/octet-stream");
    let client = Client::builder().app("bodies").build();
    let table = [
        ("json", "json", JSON),
        ("json", "text", TEXT),
        ("json", "page", HTML),
        ("json", "zipped", JSON),
        ("json", "taken", JSON),
        ("json", "none", None),
        ("error", "json", JSON),
        ("error", "page", HTML),
        ("html", "fragment", HTML),
        ("html", "text", HTML),
        ("html", "zipped", HTML),
        ("page", "page", HTML),
        ("page", "taken", HTML),
        ("page", "text", TEXT),
        ("text", "page", HTML),
        ("text", "json", TEXT),
        ("text", "zipped", OCTETS),
        ("bytes", "text", TEXT),
        ("bytes", "zipped", OCTETS),
        ("own", "page", Some("text/css")),
        ("own", "json", Some("text/css")),
    ];
    for (path, to, content_type) in table {
        let answer = client.get(&format!("/body/{path}")).query("to", to).await;
        assert_eq!(answer.header("content-type"), content_type, "{path} to {to}: {answer}");
    }
}

#[request_map("/nearest/{_id}", "/report", "/reports.csv", app = "nearest")]
fn nearest() {}

#[request_filter("/naerest/**", app = "nearest")]
fn mistyped(_cx: &mut FilterContext<'_>) {}

#[request_filter("/elsewhere/**", "/report.csv", app = "nearest")]
fn two_patterns(_cx: &mut FilterContext<'_>) {}

#[request_filter("/elsewhere", app = "nearest")]
fn far(_cx: &mut FilterContext<'_>) {}

/// Of two patterns.
struct Both;

impl Filter for Both {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            next.run(cx).await;
            Ok(())
        })
    }
}

#[test]
fn filters_that_miss_what_is_mapped_are_told_with_what_was_meant() {
    let said = Said::default();
    let _subscriber = tracing::subscriber::set_default(said.clone());
    let config = Config::new().app("nearest").filter("/neares/*", Mark("x", false));
    let config =
        config.filter("/report**", SecurityHeaders::new()).filter("/nearest**", SecurityHeaders::new());
    let config = config.filter("/report**", Both).filter("/report", Both);
    let config = config.filter("/**", Cors::new()).filter("/report", Cors::new().any_origin());
    App::from_registry(config).expect("it starts all the same");
    let idle = "matches none of the mappings by";
    let table = [
        ("mistyped", &[idle, "`/naerest/**`: did you mean `/nearest/**`?"][..]),
        ("two_patterns", &[idle, "`/elsewhere/**`, `/report.csv`: did you mean `/reports.csv`?"]),
        ("far", &[idle, "`/elsewhere`"]),
        ("Mark", &[idle, "`/neares/*`: did you mean `/nearest/**`?"]),
        ("SecurityHeaders", &["does not run for `/report`", "`/report**`", "write `/report/**`"]),
        ("Both", &[]),
        ("Cors", &["no origin is allowed", "`.any_origin()`"]),
    ];
    for (name, parts) in table {
        let told = said.with(&format!("{name}` at tests/filters.rs:"));
        let told: Vec<_> = told.iter().filter(|line| line.contains("the filter `")).collect();
        assert_eq!(told.len(), usize::from(!parts.is_empty()), "{name}: {told:?}");
        for part in parts {
            assert!(told[0].contains(part), "{name}: {part} is not in {told:?}");
        }
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
