//! Which mapping answers a request: seen from outside, through real heads.

mod both;

use vernal::test::Client;
use vernal::{
    App, Config, PathValue, RegGroup, RegGroups, Request, Response, StatusCode, controller, request_map,
    route,
};

/// Sends `METHOD path`, and compares `status body`; for 405 `status Allow`, for other refusals what is explained.
async fn check(client: &Client, table: &[(&str, &str)]) {
    for (request, expected) in table {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let answer = client.request(method, path).await;
        let status = answer.status().as_u16();
        let text = match status {
            405 => answer.header("allow").unwrap_or_default().to_owned(),
            400.. => answer.json::<serde_json::Value>()["explain"].as_str().unwrap_or_default().to_owned(),
            _ => answer.text().to_owned(),
        };
        assert_eq!(format!("{status} {text}").trim_end(), *expected, "{request}");
    }
}

fn nothing_at(request: &str) -> String {
    format!("404 Nothing is mapped to {request}.")
}

#[request_map("/", "/index")]
fn index() -> &'static str {
    "index"
}

#[route("/alias")]
fn alias() -> &'static str {
    "alias"
}

#[request_map("tuple")]
fn tuple() -> &'static str {
    "tuple"
}

#[request_map("/first")]
#[request_map("/second", method = "POST")]
#[route("/third", params = "a")]
fn several() -> &'static str {
    "several"
}

#[request_map("/Case/", method = "GET")]
fn case() -> &'static str {
    "case"
}

#[request_map("/中文/coroutine")]
fn chinese(hey: &str) -> String {
    format!("Success! {hey}")
}

#[request_map("/caf%C3%A9%20crème")]
fn written_encoded() -> &'static str {
    "encoded"
}

#[tokio::test]
async fn paths_are_matched_whole() {
    let client = Client::new();
    let table = [
        ("GET /", "200 index"),
        ("GET /index", "200 index"),
        ("GET /index?x=/alias", "200 index"),
        ("GET /alias", "200 alias"),
        ("GET /tuple", "200 tuple"),
        ("GET /first", "200 several"),
        ("POST /second", "200 several"),
        ("GET /second", "405 POST, OPTIONS"),
        ("GET /third?a", "200 several"),
        ("GET /third", &nothing_at("GET /third")),
        ("GET /Case/", "200 case"),
        ("GET /Case", &nothing_at("GET /Case")),
        ("GET /case/", &nothing_at("GET /case/")),
        ("GET /index/", &nothing_at("GET /index/")),
        ("GET /Index", &nothing_at("GET /Index")),
        ("GET /inde", &nothing_at("GET /inde")),
        ("GET /indexx", &nothing_at("GET /indexx")),
        ("GET /nope", &nothing_at("GET /nope")),
        ("GET /%E4%B8%AD%E6%96%87/coroutine?hey=KJ2", "200 Success! KJ2"),
        ("GET /中文/coroutine?hey=中", "200 Success! 中"),
        ("GET /%e4%b8%ad%e6%96%87/c%6Froutine?hey=", "200 Success!"),
        ("GET /café%20crème", "200 encoded"),
        ("GET /%69ndex", "200 index"),
    ];
    check(&client, &table).await;
}

#[request_map("/methods/one", method = "GET")]
fn one_method() -> &'static str {
    "one"
}

#[request_map("/methods/list", method = ["GET", "POST"])]
fn list_of_methods() -> &'static str {
    "list"
}

#[request_map("/methods/comma", method = "GET, POST")]
fn methods_in_one_text() -> &'static str {
    "comma"
}

#[request_map("/methods/lower", method = ["post", "Put"])]
fn methods_in_lower_case() -> &'static str {
    "lower"
}

#[request_map("/methods/any")]
fn any_method(req: &Request) -> String {
    req.method.to_string()
}

#[request_map("/methods/rare", method = "PATCH, QUERY, PURGE, TRACE")]
fn rare_methods(req: &Request) -> String {
    req.method.to_string()
}

#[request_map("/methods/options", method = "OPTIONS")]
fn own_options() -> &'static str {
    "own"
}

#[request_map("/methods/head", method = "HEAD")]
fn own_head(res: &mut Response) {
    res.headers.insert("x-head", "own");
}

#[request_map("/methods/head", method = "GET")]
fn beside_own_head() -> &'static str {
    "get"
}

#[tokio::test]
async fn methods_choose_and_wrong_ones_learn_the_right_ones() {
    let client = Client::new();
    let any = "405 GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    let table = [
        ("GET /methods/one", "200 one"),
        ("POST /methods/one", "405 GET, HEAD, OPTIONS"),
        ("FOO /methods/one", "405 GET, HEAD, OPTIONS"),
        ("get /methods/one", "405 GET, HEAD, OPTIONS"),
        ("GET /methods/list", "200 list"),
        ("POST /methods/list", "200 list"),
        ("PUT /methods/list", "405 GET, HEAD, POST, OPTIONS"),
        ("POST /methods/comma", "200 comma"),
        ("PUT /methods/comma", "405 GET, HEAD, POST, OPTIONS"),
        ("PUT /methods/lower", "200 lower"),
        ("POST /methods/lower", "200 lower"),
        ("GET /methods/lower", "405 POST, PUT, OPTIONS"),
        ("HEAD /methods/lower", "405 POST, PUT, OPTIONS"),
        ("DELETE /methods/any", "200 DELETE"),
        ("OPTIONS /methods/any", "200 OPTIONS"),
        ("PATCH /methods/any", "200 PATCH"),
        ("QUERY /methods/any", "200 QUERY"),
        ("FOO /methods/any", "200 FOO"),
        ("get /methods/any", "200 get"),
        ("TRACE /methods/any", any),
        ("PATCH /methods/rare", "200 PATCH"),
        ("PURGE /methods/rare", "200 PURGE"),
        ("TRACE /methods/rare", "200 TRACE"),
        ("GET /methods/rare", "405 PATCH, OPTIONS, QUERY, TRACE, PURGE"),
        ("OPTIONS /methods/options", "200 own"),
        ("GET /methods/options", "405 OPTIONS"),
        ("FOO /nope", &nothing_at("FOO /nope")),
    ];
    check(&client, &table).await;
    // CONNECT has a target of its own form, which is no path.
    let connect = client.raw("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n").await;
    assert!(connect.starts_with("HTTP/1.1 405 "), "{connect}");
    assert!(connect.contains(&format!("\r\nallow: {}\r\n", any.trim_start_matches("405 "))), "{connect}");
}

#[tokio::test]
async fn head_is_get_without_its_body_and_options_tells_what_there_is() {
    let client = Client::new();
    let (get, head) = (client.get("/methods/list").await, client.head("/methods/list").await);
    head.assert_status(200).assert_text("").assert_header("content-length", "4");
    assert_eq!(get.header("content-type"), head.header("content-type"));
    client.head("/methods/head").await.assert_header("x-head", "own");
    client.get("/methods/head").await.assert_text("get").assert_no_header("x-head");
    client.head("/nope").await.assert_status(404).assert_text("");

    let options = client.options("/methods/list").await;
    options
        .assert_status(204)
        .assert_header("allow", "GET, HEAD, POST, OPTIONS")
        .assert_no_header("content-length");
    client.options("/nope").await.assert_status(404);
    let all = client.raw("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(all.starts_with("HTTP/1.1 204 ") && all.contains("\r\nallow: GET, "), "{all}");
}

#[request_map("/path_values/{pval}/{path_val}/x")]
fn two_variables(pval: &str, path_val: PathValue<&str>) -> String {
    format!("{pval} {path_val}")
}

#[request_map("/pair/{a}-{b}")]
fn pair(a: &str, b: &str) -> String {
    format!("{a} {b}")
}

#[request_map("/pair/{file}.json")]
fn suffix(file: &str) -> String {
    format!("file {file}")
}

#[request_map("/names/{name}", method = "GET")]
fn named_for_get(name: &str) -> String {
    format!("name {name}")
}

#[request_map("/names/{first}", method = "POST")]
fn named_for_post(first: &str) -> String {
    format!("first {first}")
}

#[tokio::test]
async fn variables_take_anything_but_a_slash() {
    let client = Client::new();
    let table = [
        ("GET /path_values/a.b/c@d/x", "200 a.b c@d"),
        ("GET /path_values/x%20y/%E4%B8%AD/x", "200 x y 中"),
        ("GET /path_values/a+~:,'!$&*()[]=;|/%25%22%3C%3E/x", "200 a+~:,'!$&*()[]=;| %\"<>"),
        ("GET /path_values/.hidden/.../x", "200 .hidden ..."),
        ("GET /path_values/a%2Fb/c/x", "200 a/b c"),
        ("GET /path_values/a%252Fb/c/x", "200 a%2Fb c"),
        ("GET /path_values/a/b/c/x", &nothing_at("GET /path_values/a/b/c/x")),
        ("GET /path_values/a/x", &nothing_at("GET /path_values/a/x")),
        ("GET /path_values//a/x", &nothing_at("GET /path_values/a/x")),
        ("GET /pair/x-y", "200 x y"),
        ("GET /pair/x%2Dy", "200 x y"),
        ("GET /pair/x-y-z", "200 x-y z"),
        ("GET /pair/x", &nothing_at("GET /pair/x")),
        ("GET /pair/-y", &nothing_at("GET /pair/-y")),
        ("GET /pair/x-y.json", "200 file x-y"),
        ("GET /names/ann", "200 name ann"),
        ("POST /names/ann", "200 first ann"),
        ("PUT /names/ann", "405 GET, HEAD, POST, OPTIONS"),
    ];
    check(&client, &table).await;
}

#[request_map("/star/*")]
fn one_star(any_name: PathValue<&str>) -> String {
    format!("one {any_name}")
}

#[request_map("*/star")]
fn star_first(path: PathValue<&str>) -> String {
    format!("first {path}")
}

#[request_map("/stars/**")]
fn two_stars(rest: PathValue<&str>) -> String {
    format!("two {rest}")
}

#[request_map("**/stars")]
fn stars_first(rest: PathValue<&str>) -> String {
    format!("two first {rest}")
}

#[request_map("**.css")]
fn glued_suffix(rest: PathValue<&str>) -> String {
    format!("css {rest}")
}

#[tokio::test]
async fn a_star_takes_something_and_a_double_star_any_number_of_segments() {
    let client = Client::new();
    let table = [
        ("GET /star/c", "200 one c"),
        ("GET /star/c%2Fd", "200 one c/d"),
        ("GET /star/c/d", &nothing_at("GET /star/c/d")),
        ("GET /star/", &nothing_at("GET /star/")),
        ("GET /star", &nothing_at("GET /star")),
        ("GET /c/star", "200 first c"),
        ("GET /c/d/star", &nothing_at("GET /c/d/star")),
        ("GET /c/starx", &nothing_at("GET /c/starx")),
        ("GET /stars/c", "200 two c"),
        ("GET /stars/c/d/", "200 two c/d/"),
        ("GET /stars/", "200 two"),
        ("GET /stars", "200 two"),
        ("GET /starsx", &nothing_at("GET /starsx")),
        ("GET /c/stars", "200 two first c"),
        ("GET /c/d/stars", "200 two first c/d"),
        ("GET /a/b.css", "200 css a/b"),
        ("GET /b.css", "200 css b"),
        ("GET /a/.css", "200 css a/"),
    ];
    check(&client, &table).await;
}

#[request_map("/prec/a")]
fn exact() -> &'static str {
    "exact"
}

#[request_map("/prec/{x}", method = "GET")]
fn variable_for_get(x: &str) -> String {
    format!("get {x}")
}

#[request_map("/prec/{x}")]
fn variable_for_any(x: &str) -> String {
    format!("any {x}")
}

#[request_map(regexp = "^/prec/(.+)$", method = "GET")]
fn regexp_for_get(#[arg(group = 1)] x: RegGroup<&str>) -> String {
    format!("regexp get {}", *x)
}

#[request_map(regexp = "^/prec/(.+)$")]
fn regexp_for_any(#[arg(group = 1)] x: RegGroup<&str>) -> String {
    format!("regexp any {}", *x)
}

#[request_map("/through/a", params = "a=b")]
fn narrowed_exact() -> &'static str {
    "exact"
}

#[request_map("/through/{x}", method = "POST")]
fn through_for_post(x: &str) -> String {
    format!("post {x}")
}

#[request_map("/through/**", method = "GET")]
fn through_stars() -> &'static str {
    "stars"
}

#[request_map("/over/{a}/c", "/over/b/{_d}")]
fn overlapping(a: Option<&str>) -> String {
    format!("{a:?}")
}

#[request_map("/order/{a}-{b}", order = 2)]
fn ordered_later(a: &str, b: &str) -> String {
    format!("later {a} {b}")
}

#[request_map("/order/{a}_{b}", order = -1)]
fn ordered_first(a: &str, b: &str) -> String {
    format!("first {a} {b}")
}

#[tokio::test]
async fn the_most_specific_mapping_that_takes_the_request_answers() {
    let client = Client::new();
    let table = [
        // Exact before variables before regular expressions; among equals those that name the method.
        ("GET /prec/a", "200 exact"),
        ("POST /prec/a", "200 exact"),
        ("GET /prec/b", "200 get b"),
        ("POST /prec/b", "200 any b"),
        ("GET /prec/b/c", "200 regexp get b/c"),
        ("POST /prec/b/c", "200 regexp any b/c"),
        // One that does not take the request leaves the less specific ones in the race.
        ("GET /through/a?a=b", "200 exact"),
        ("GET /through/a?a=c", "200 stars"),
        ("GET /through/a", "200 stars"),
        ("POST /through/a", "200 post a"),
        ("POST /through/a?a=b", "200 exact"),
        ("PUT /through/b", "405 GET, HEAD, POST, OPTIONS"),
        // Segment by segment, whatever comes first in the source.
        ("GET /over/b/c", "200 None"),
        ("GET /over/z/c", "200 Some(\"z\")"),
        ("GET /order/1-2_3", "200 first 1-2 3"),
        ("GET /order/1-2", "200 later 1 2"),
    ];
    check(&client, &table).await;
}

#[request_map(regexp = "^(reg/(.+))$", method = "GET")]
fn regexp(
    #[arg(group = 1)] whole: RegGroup<&str>,
    #[arg(group = 2)] part: RegGroup<&str>,
    groups: RegGroups<'_>,
) -> String {
    format!("{} {} {}", *whole, *part, groups.len())
}

#[request_map(regexp = "^/rr2/([a-z]+)")]
fn regexp_of_a_start(first: RegGroup<&str>) -> String {
    first.to_string()
}

#[request_map(regexp = "rr3/([0-9]+)")]
fn regexp_without_anchor(n: RegGroup<u8>) -> String {
    n.to_string()
}

#[request_map(regexp = "^/([\\w-]+)/中文/(.*)$")]
fn regexp_of_text(#[arg(group = 2)] rest: RegGroup<&str>) -> String {
    format!("[{}]", *rest)
}

#[tokio::test]
async fn regular_expressions_are_anchored_at_the_start() {
    let client = Client::new();
    let table = [
        ("GET /reg/abcef/aref/xxx", "200 reg/abcef/aref/xxx abcef/aref/xxx 2"),
        ("GET /reg/a%20b", "200 reg/a b a b 2"),
        ("POST /reg/abc", "405 GET, HEAD, OPTIONS"),
        ("GET /reg/", &nothing_at("GET /reg/")),
        ("GET /rr2/abc/def", "200 abc"),
        ("GET /rr2/123", &nothing_at("GET /rr2/123")),
        ("GET /x/rr2/abc", &nothing_at("GET /x/rr2/abc")),
        ("GET /rr3/7/more", "200 7"),
        ("GET /x/rr3/7", &nothing_at("GET /x/rr3/7")),
        ("GET /rr3/300", "404 RegGroup[n] should be an integer from 0 to 255, not `300`."),
        ("GET /a-b/%E4%B8%AD%E6%96%87/c%20d", "200 [c d]"),
        ("GET /a-b/中文/", "200 []"),
    ];
    check(&client, &table).await;
}

#[request_map("/n/equal", params = "a=b")]
fn equal() -> &'static str {
    "equal"
}

#[request_map("/n/unequal", params = "a!=b")]
fn unequal() -> &'static str {
    "unequal"
}

#[request_map("/n/starts", params = "a^=b")]
fn starts() -> &'static str {
    "starts"
}

#[request_map("/n/there", params = "a")]
fn there() -> &'static str {
    "there"
}

#[request_map("/n/absent", params = "!a")]
fn absent() -> &'static str {
    "absent"
}

#[request_map("/n/all", params = ["a=b", "c!=d"])]
fn all_of_them() -> &'static str {
    "all"
}

#[request_map("/n/any", params = any("a=b", "c!=d"))]
fn any_of_them() -> &'static str {
    "any"
}

#[request_map("/param/narrowing", params = "a=b")]
fn narrowing_to_b() -> &'static str {
    "b"
}

#[request_map("/param/narrowing", params = "a=c")]
fn narrowing_to_c() -> &'static str {
    "c"
}

#[request_map("/param/narrowing", params = ["a=c", "d"], method = "GET")]
fn narrowing_to_more() -> &'static str {
    "more"
}

#[tokio::test]
async fn parameters_narrow() {
    let client = Client::new();
    let refused = |path: &str| nothing_at(&format!("GET {path}"));
    let table = [
        ("GET /n/equal?a=b", "200 equal"),
        ("GET /n/equal?a=x&a=b", "200 equal"),
        ("GET /n/equal?a=%62", "200 equal"),
        ("GET /n/equal?a=bb", &refused("/n/equal")),
        ("GET /n/equal?A=b", &refused("/n/equal")),
        ("GET /n/equal", &refused("/n/equal")),
        ("GET /n/unequal?a=c", "200 unequal"),
        ("GET /n/unequal?a=", "200 unequal"),
        ("GET /n/unequal?a=c&a=b", &refused("/n/unequal")),
        ("GET /n/unequal", &refused("/n/unequal")),
        ("GET /n/starts?a=bc", "200 starts"),
        ("GET /n/starts?a=c&a=bc", "200 starts"),
        ("GET /n/starts?a=cb", &refused("/n/starts")),
        ("GET /n/starts", &refused("/n/starts")),
        ("GET /n/there?a", "200 there"),
        ("GET /n/there?a=", "200 there"),
        ("GET /n/there?b=a", &refused("/n/there")),
        ("GET /n/absent", "200 absent"),
        ("GET /n/absent?b=a", "200 absent"),
        ("GET /n/absent?a=", &refused("/n/absent")),
        ("GET /n/all?a=b&c=e", "200 all"),
        ("GET /n/all?a=b", &refused("/n/all")),
        ("GET /n/all?a=b&c=d", &refused("/n/all")),
        ("GET /n/any?a=b", "200 any"),
        ("GET /n/any?c=e", "200 any"),
        ("GET /n/any?a=c&c=d", &refused("/n/any")),
        ("GET /param/narrowing?a=b", "200 b"),
        ("GET /param/narrowing?a=c", "200 c"),
        ("GET /param/narrowing?a=c&d=1", "200 more"),
        ("POST /param/narrowing?a=c&d=1", "200 c"),
        ("GET /param/narrowing?a=d", &refused("/param/narrowing")),
        ("OPTIONS /param/narrowing?a=b", "200 b"),
        ("OPTIONS /param/narrowing", "204"),
    ];
    check(&client, &table).await;
}

#[tokio::test]
async fn fields_of_a_form_narrow_like_those_of_the_query() {
    let client = Client::new();
    let table = [
        ("/n/equal", &[("a", "b")][..], 200),
        ("/n/equal", &[("a", "c"), ("a", "b")], 200),
        ("/n/equal", &[("a", "c")], 404),
        ("/n/equal?a=b", &[("a", "c")], 200),
        ("/n/unequal?a=c", &[("a", "b")], 404),
        ("/n/absent", &[("a", "b")], 404),
        ("/n/absent", &[("b", "a")], 200),
        ("/param/narrowing", &[("a", "c")], 200),
    ];
    for (path, fields, status) in table {
        let request =
            fields.iter().fold(client.post(path), |request, (name, value)| request.form(name, value));
        let answer = request.await;
        assert_eq!(answer.status(), status, "{path} {fields:?}: {answer}");
    }
    // A body of another kind has no fields.
    let request = client.post("/n/equal").header("content-type", "text/plain").body("a=b");
    request.await.assert_status(404);
}

#[request_map("/h/starts", headers = "Content-Type^=text/")]
fn header_starts() -> &'static str {
    "starts"
}

#[request_map("/h/all", headers = ["X-A=1", "!x-b"])]
fn headers_all() -> &'static str {
    "all"
}

#[request_map("/h/any", headers = any("X-A=1", "X-B"))]
fn headers_any() -> &'static str {
    "any"
}

#[request_map("/h/both", headers = "X-A", params = "a=b")]
fn headers_and_params() -> &'static str {
    "both"
}

#[request_map("/h/both")]
fn without_either() -> &'static str {
    "neither"
}

#[tokio::test]
async fn header_fields_narrow_by_names_in_any_case() {
    let client = Client::new();
    let table = [
        ("/h/starts", &[("Content-Type", "text/plain")][..], "200 starts"),
        ("/h/starts", &[("CONTENT-type", "text/html")], "200 starts"),
        ("/h/starts", &[("content-type", "image/png")], "404 "),
        ("/h/starts", &[], "404 "),
        ("/h/all", &[("x-a", "1")], "200 all"),
        ("/h/all", &[("x-a", "1"), ("X-B", "")], "404 "),
        ("/h/all", &[("x-a", "2")], "404 "),
        ("/h/all", &[("x-a", "2"), ("x-a", "1")], "200 all"),
        ("/h/any", &[("x-b", "")], "200 any"),
        ("/h/any", &[("x-a", "1")], "200 any"),
        ("/h/any", &[("x-a", "2")], "404 "),
        ("/h/both?a=b", &[("x-a", "2")], "200 both"),
        ("/h/both?a=c", &[("x-a", "2")], "200 neither"),
        ("/h/both?a=b", &[], "200 neither"),
    ];
    for (path, headers, expected) in table {
        let request =
            headers.iter().fold(client.get(path), |request, (name, value)| request.header(name, *value));
        let answer = request.await;
        let text = if answer.status() == StatusCode::OK { answer.text() } else { "" };
        assert_eq!(format!("{} {text}", answer.status().as_u16()), expected, "{path} {headers:?}");
    }
}

#[request_map("/seen/**")]
fn seen(req: &Request) -> String {
    format!("{} {:?} {}", req.path(), req.wildcard(), req.target())
}

/// As bytes, since a client would normalise them.
#[tokio::test]
async fn paths_are_normalised_before_they_are_matched() {
    let client = Client::new();
    let seen = |path: &str, star: &str, target: &str| format!("200 {path} Some(\"{star}\") {target}");
    let bad = |path: &str, fault: &str| format!("400 the path `{path}` {fault}");
    let (above, percent) = ("goes above the root", "has a `%` without two hexadecimal digits");
    let table = [
        ("//index", "200 index".to_owned()),
        ("///index", "200 index".to_owned()),
        ("/./index", "200 index".to_owned()),
        ("/x/../index", "200 index".to_owned()),
        ("/x/%2e%2E/index", "200 index".to_owned()),
        ("/index/.", nothing_at("GET /index/")),
        ("//", "200 index".to_owned()),
        ("/x/..", "200 index".to_owned()),
        ("/seen//a///b", seen("/seen/a/b", "a/b", "/seen//a///b")),
        ("/seen/a/./b/../c", seen("/seen/a/c", "a/c", "/seen/a/./b/../c")),
        ("/seen/a/b/", seen("/seen/a/b/", "a/b/", "/seen/a/b/")),
        ("/seen/a/..b/c..", seen("/seen/a/..b/c..", "a/..b/c..", "/seen/a/..b/c..")),
        ("/seen/a%2Fb/c", seen("/seen/a/b/c", "a/b/c", "/seen/a%2Fb/c")),
        // An encoded slash parts nothing, so that this is no way up.
        (
            "/seen/a/..%2f..%2f..%2fetc",
            seen("/seen/a/../../../etc", "a/../../../etc", "/seen/a/..%2f..%2f..%2fetc"),
        ),
        ("/seen/%2E%2E%2Fx", seen("/seen/../x", "../x", "/seen/%2E%2E%2Fx")),
        ("/seen/..", "200 index".to_owned()),
        ("/..", bad("/..", above)),
        ("/../index", bad("/../index", above)),
        ("/seen/../../etc/passwd", bad("/seen/../../etc/passwd", above)),
        ("/%2e%2e/index", bad("/%2e%2e/index", above)),
        ("/seen/%", bad("/seen/%", percent)),
        ("/seen/%4", bad("/seen/%4", percent)),
        ("/seen/%zz", bad("/seen/%zz", percent)),
        ("/seen/%00", bad("/seen/%00", "holds a NUL")),
        ("/seen/%ff", bad("/seen/%ff", "is not UTF-8")),
        ("http://h/index", "200 index".to_owned()),
        ("http://h//index?a=b", "200 index".to_owned()),
        ("http://h", "200 index".to_owned()),
        ("http://h?a=b", "200 index".to_owned()),
    ];
    for (target, expected) in table {
        // The second request shows that the connection goes on.
        let next = "GET /alias HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let answers = client.raw(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n{next}")).await;
        let (head, rest) = answers.split_once("\r\n\r\n").expect("a head");
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok())
            .expect("a length");
        let (body, rest) = rest.split_at(length);
        let json: Option<serde_json::Value> = serde_json::from_str(body).ok();
        let body = json.as_ref().and_then(|json| json["explain"].as_str()).unwrap_or(body);
        assert_eq!(format!("{} {body}", &head[9..12]), expected, "{target}");
        assert!(rest.ends_with("\r\n\r\nalias"), "{target}: {rest}");
    }
}

mod twice {
    use super::*;

    #[request_map("/exact", app = "twice")]
    fn exact_one() {}

    #[request_map("exact", app = "twice")]
    fn exact_two() {}

    #[request_map("/shape/{_a}", method = "GET", app = "twice")]
    fn shape_one() {}

    #[request_map("/shape/*", method = ["PUT", "GET"], app = "twice")]
    fn shape_two() {}

    #[request_map("/same/{_a}", "/same/*", app = "twice")]
    fn same() {}

    #[request_map("/narrowed", params = ["a=b", "c"], app = "twice")]
    fn narrowed_one() {}

    #[request_map("/narrowed", params = ["c", "a=b"], app = "twice")]
    fn narrowed_two() {}

    #[request_map(regexp = "^/a$", app = "twice")]
    fn regexp_one() {}

    #[request_map(regexp = "^/a$", app = "twice")]
    fn regexp_two() {}

    #[derive(Default)]
    struct Block;

    #[controller("/block", app = "twice")]
    impl Block {
        #[request_map("/one")]
        fn one(&self) {}

        #[request_map("one")]
        fn other(&self) {}
    }

    // These are no duplicates.
    #[request_map("/other", method = "GET", app = "twice")]
    fn other_get() {}

    #[request_map("/other", method = "POST", app = "twice")]
    fn other_post() {}

    #[request_map("/other", app = "twice")]
    fn other_any() {}

    #[request_map("/other", params = "a", app = "twice")]
    fn other_narrowed() {}

    #[request_map("/other/", app = "twice")]
    fn other_slash() {}

    #[request_map("/other", order = 1, app = "twice")]
    fn other_order() {}

    #[request_map("/other", app = "another")]
    fn other_app() {}

    #[test]
    fn mappings_for_the_same_requests_are_refused_at_start() {
        let error = App::from_registry(Config::new().app("twice")).expect_err("duplicates");
        let text = error.explain_text();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("6 problems:"), "{text}");
        let lines: Vec<_> = lines.collect();
        let table = [
            ("`/exact`", "exact_one", "exact_two", "every method"),
            ("`/shape/{_a}`", "shape_one", "shape_two", "GET and GET, PUT"),
            ("`/same/{_a}`", "same", "same", ""),
            ("`/narrowed`", "narrowed_one", "narrowed_two", "every method"),
            ("`^/a$`", "regexp_one", "regexp_two", "every method"),
            ("`/block/one`", "Block::one", "Block::other", "every method"),
        ];
        for (path, one, other, methods) in table {
            let line = lines.iter().find(|line| line.contains(path));
            let line = line.unwrap_or_else(|| panic!("nothing is said of {path}: {text}"));
            for part in [&*format!("`{one}` at "), &format!("`{other}` at "), "tests/routing.rs:", methods] {
                assert!(line.contains(part), "{part}: {line}");
            }
            assert!(
                one == other || line.contains("Give one of them another path, method or condition"),
                "{line}"
            );
        }
        assert_eq!(lines.len(), table.len(), "{text}");
        App::from_registry(Config::new().app("another")).expect("no duplicates there");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
