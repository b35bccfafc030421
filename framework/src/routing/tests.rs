//! The router as a whole: tables of mappings and what each request finds among them, and a property that
//! holds the search against a plain walk through all entries.

use ::http::Method;
use proptest::prelude::*;

use super::facts::Facts;
use super::router::{Found, Router};
use super::testing::{filter, leak, route, unmatched_filter};
use crate::base::Headers;
use crate::chain::AnyFilter;
use crate::http::Params;
use crate::http::path::PathValues;
use crate::matching::{Expression, Expressions, Mapping};
use crate::proto::Limits;
use crate::route::Route;

/// A route from its line: `GET,POST /a/{x} /b params:a=b headers:X=1 order:-1 endpoint`, `*` for every
/// method, `^…` for a regular expression, `params|` and `headers|` where one expression is enough. Its name
/// is the line.
fn mapped(line: &str) -> &'static Route {
    let line: &'static str = String::leak(line.to_owned());
    let mut words = line.split(' ');
    let methods = words
        .next()
        .filter(|methods| *methods != "*")
        .map_or(Vec::new(), |methods| methods.split(',').collect());
    let mut mapping = Mapping { methods: leak(methods), ..Mapping::ANY };
    let mut paths = Vec::new();
    let mut endpoint = false;
    for word in words {
        match word.split_once([':', '|']).map_or((word, ""), |(key, value)| (key, value)) {
            ("params", list) => mapping.params = expressions(list, word.contains('|')),
            ("headers", list) => mapping.headers = expressions(list, word.contains('|')),
            ("order", order) => mapping.order = order.parse().expect("a number"),
            ("endpoint", _) => endpoint = true,
            _ if word.starts_with('^') => mapping.regexp = Some(Expression::new(word)),
            _ => paths.push(word),
        }
    }
    mapping.paths = leak(paths);
    leak(Route { endpoint, ..route(line, mapping) })
}

fn expressions(list: &'static str, any: bool) -> Expressions {
    Expressions { list: leak(list.split(',').collect::<Vec<_>>()), any }
}

fn router(lines: &[&str]) -> Router {
    let routes: Vec<_> = lines.iter().map(|line| mapped(line)).collect();
    Router::build(&routes, &[]).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problems(routes: &[&'static Route], filters: &[AnyFilter]) -> Vec<String> {
    Router::build(routes, filters).err().unwrap_or_default()
}

/// Asks for `GET /path?query name:value` and writes down what is found: the number of the line and the
/// values, or the refusal.
fn ask(router: &Router, lines: &[&str], request: &str) -> String {
    ask_with_form(router, lines, request, None, false)
}

fn ask_with_form(
    router: &Router,
    lines: &[&str],
    request: &str,
    form: Option<&str>,
    pending: bool,
) -> String {
    let mut words = request.split(' ');
    let method = Method::from_bytes(words.next().unwrap_or_default().as_bytes()).expect("a method");
    let target = words.next().expect("a target");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Headers = words.filter_map(|word| word.split_once(':')).collect();
    let facts = Facts {
        method: &method,
        path,
        headers: &headers,
        query: &params(query),
        form: &params(form.unwrap_or_default()),
        form_pending: pending,
    };
    // What an earlier request left must not be seen.
    let mut values = PathValues {
        named: vec![("old", Default::default())],
        wildcard: Some(Default::default()),
        groups: vec![None],
    };
    match router.find(&facts, &mut values) {
        Found::Route(entry) => {
            assert_eq!(format!("{values:?}"), format!("{:?}", entry.captured(path)), "{request}");
            let number =
                lines.iter().position(|line| *line == entry.route.at.name).expect("one of the lines");
            let mut text = number.to_string();
            for (name, span) in &values.named {
                text.push_str(&format!(" {name}={}", span.text(path)));
            }
            if let Some(span) = values.wildcard {
                text.push_str(&format!(" *={}", span.text(path)));
            }
            for (group, span) in values.groups.iter().enumerate() {
                text.push_str(&format!(" {group}={}", span.map_or("-", |span| span.text(path))));
            }
            text
        }
        Found::MethodNotAllowed { allow } => format!("405 {allow}"),
        Found::Options { allow } => format!("options {allow}"),
        Found::NeedsForm => "form".to_owned(),
        Found::NotFound => "404".to_owned(),
    }
}

fn params(raw: &str) -> Params {
    let mut params = Params::default();
    params.parse(raw.as_bytes(), 100).expect("few fields");
    params
}

#[test]
fn requests_find_their_mapping() {
    type Rows = &'static [(&'static str, &'static str)];
    let table: [(&str, &[&str], Rows); 29] = [
        (
            "plain paths",
            &["* /", "* /index tuple", "GET /x/", "* /中文/coroutine"],
            &[
                ("GET /", "0"),
                ("GET /index", "1"),
                ("GET /tuple", "1"),
                ("DELETE /tuple", "1"),
                ("GET /index/", "404"),
                ("GET /Index", "404"),
                ("GET /x", "404"),
                ("GET /x/", "2"),
                ("GET /中文/coroutine?hey=KJ2", "3"),
                ("GET /nope", "404"),
            ],
        ),
        (
            "no method is every method but CONNECT and TRACE",
            &["* /a"],
            &[
                ("PATCH /a", "0"),
                ("QUERY /a", "0"),
                ("PURGE /a", "0"),
                ("OPTIONS /a", "0"),
                ("HEAD /a", "0"),
                ("TRACE /a", "405 GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
                ("CONNECT /a", "405 GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ],
        ),
        (
            "wrong methods learn the right ones",
            &["GET /a", "POST,PURGE /a", "DELETE /b"],
            &[
                ("PUT /a", "405 GET, HEAD, POST, OPTIONS, PURGE"),
                ("get /a", "405 GET, HEAD, POST, OPTIONS, PURGE"),
                ("OPTIONS /a", "options GET, HEAD, POST, OPTIONS, PURGE"),
                ("HEAD /a", "0"),
                ("PURGE /a", "1"),
                ("HEAD /b", "405 DELETE, OPTIONS"),
                ("OPTIONS /nope", "404"),
            ],
        ),
        (
            "HEAD and OPTIONS that are mapped",
            &["GET /a", "HEAD /a", "OPTIONS /a", "GET /{x}", "HEAD /{x} order:1"],
            &[("HEAD /a", "1"), ("OPTIONS /a", "2"), ("HEAD /b", "4 x=b"), ("GET /b", "3 x=b")],
        ),
        (
            "HEAD goes where GET goes",
            &["GET /a", "* /a", "HEAD /**", "* /b", "GET /{x}"],
            &[
                ("HEAD /a", "0"),
                ("GET /a", "0"),
                ("POST /a", "1"),
                ("HEAD /b", "3"),
                ("HEAD /c", "4 x=c"),
                ("HEAD /c/d", "2 *=c/d"),
            ],
        ),
        (
            "variables",
            &["* /path_values/{pval}/{path_val}/x", "* /p/{a}-{b}", "* /p/{file}.json"],
            &[
                ("GET /path_values/a.b/c@d/x", "0 pval=a.b path_val=c@d"),
                ("GET /path_values/a/b/y", "404"),
                ("GET /path_values//b/x", "404"),
                ("GET /p/x-y", "1 a=x b=y"),
                ("GET /p/x-y.json", "2 file=x-y"),
                ("GET /p/x", "404"),
            ],
        ),
        (
            "wildcards",
            &["* /star/*", "* */star", "* /stars/**", "* **/stars", "* **.css"],
            &[
                ("GET /star/c", "0 *=c"),
                ("GET /star/c/d", "404"),
                ("GET /star/", "404"),
                ("GET /star", "404"),
                ("GET /c/star", "1 *=c"),
                ("GET /c/d/star", "404"),
                ("GET /stars/c", "2 *=c"),
                ("GET /stars/c/d", "2 *=c/d"),
                ("GET /stars", "2 *="),
                ("GET /stars/", "2 *="),
                ("GET /starsx", "404"),
                ("GET /c/stars", "3 *=c"),
                ("GET /c/d/stars", "3 *=c/d"),
                ("GET /c/d.css", "4 *=c/d"),
            ],
        ),
        (
            "nothing is the least specific that a double star is for",
            &[
                "* /x/**",
                "* /{a}",
                "* /x/",
                "* /{a}/x/**",
                "* /{a}/x",
                "* **/y",
                "GET /z",
                "* /z/**",
                "* /{a}/{b}",
            ],
            &[
                ("GET /x", "0 *="),
                ("GET /x/", "2"),
                ("GET /y", "1 a=y"),
                ("GET /w/x", "4 a=w"),
                ("GET /w/x/", "3 a=w *="),
                ("GET /w/y", "8 a=w b=y"),
                ("GET /v/w/y", "5 *=v/w"),
                ("GET /z", "6"),
                ("HEAD /z", "6"),
                ("POST /z", "7 *="),
            ],
        ),
        (
            "a double star that takes one method",
            &["GET /x/**", "GET /a/** endpoint"],
            &[
                ("HEAD /x", "0 *="),
                ("POST /x", "405 GET, HEAD, OPTIONS"),
                ("OPTIONS /x/", "options GET, HEAD, OPTIONS"),
                ("PUT /a", "405 GET, HEAD, OPTIONS"),
                ("POST /xy", "404"),
            ],
        ),
        (
            "names are those of the mapping that answers",
            &["GET /hello/{name}", "POST /hello/{first}", "PUT /hello/*"],
            &[("GET /hello/a", "0 name=a"), ("POST /hello/a", "1 first=a"), ("PUT /hello/a", "2 *=a")],
        ),
        (
            "names are those of the mapping that answers, deep in the tree too",
            &["GET */{a}/x", "GET /{b}/{c}/y", "GET /{d}/{e}/{f}", "PUT /{d}/{g}/*", "GET /{h}"],
            &[
                ("GET /1/2/x", "0 a=2 *=1"),
                ("GET /1/2/y", "1 b=1 c=2"),
                ("GET /1/2/3", "2 d=1 e=2 f=3"),
                ("PUT /1/2/3", "3 d=1 g=2 *=3"),
                ("GET /1", "4 h=1"),
            ],
        ),
        (
            "more segments than a straight way has",
            &["* /s/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", "* /s/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"],
            &[
                ("GET /s/1/2/3/4/5/6/7/8", "0 a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8"),
                ("GET /s/1/2/3/4/5/6/7/8/9", "1 a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9"),
                ("GET /s/1/2/3/4/5/6/7/8/9/0", "404"),
            ],
        ),
        (
            "where text leads nowhere",
            &["* /a/{x}", "* /a/b/c/**", "* /a/{x}/c", "* /a/{x}/{y}/d", "* /a/{x}-{y}/e", "* /{x}/b/c/f"],
            &[
                ("GET /a/b", "0 x=b"),
                ("GET /a/b/c", "1 *="),
                ("GET /a/c/c", "2 x=c"),
                ("GET /a/b/c/d", "1 *=d"),
                ("GET /a/c/c/d", "3 x=c y=c"),
                ("GET /a/1-2/e", "4 x=1 y=2"),
                ("GET /a/1-2/c", "2 x=1-2"),
                ("GET /z/b/c/f", "5 x=z"),
                ("GET /a/b/c/", "1 *="),
                ("GET /a//c", "404"),
            ],
        ),
        (
            "exact with any method before a pattern with this method before a regular expression",
            &["* /prec/a", "GET /prec/{x}", "* /prec/{x}", "GET ^/prec/(.)", "* ^/prec"],
            &[
                ("GET /prec/a", "0"),
                ("GET /prec/b", "1 x=b"),
                ("POST /prec/b", "2 x=b"),
                ("GET /prec/b/c", "3 0=/prec/b 1=b"),
                ("POST /prec/b/c", "4 0=/prec"),
            ],
        ),
        (
            "the more specific pattern first, segment by segment",
            &["* /{x}/b", "* /a/{y}", "* /a/**", "* /a/{p}-{q}", "* /**", "* **/b", "* /a/b/**"],
            &[
                ("GET /a/b", "6 *="),
                ("GET /a/c", "1 y=c"),
                ("GET /z/b", "0 x=z"),
                ("GET /a/1-2", "3 p=1 q=2"),
                ("GET /a/b/c", "6 *=c"),
                ("GET /a/c/d", "2 *=c/d"),
                ("GET /z/y/b", "5 *=z/y"),
                ("GET /z/y", "4 *=z/y"),
            ],
        ),
        (
            "equally specific ones by order, then by place in the source",
            &["* /{a}-{b}", "* /{a}_{b} order:-1", "* /{a}+{b}"],
            &[("GET /1-2_3", "1 a=1-2 b=3"), ("GET /1-2+3", "2 a=1-2 b=3"), ("GET /1-2", "0 a=1 b=2")],
        ),
        (
            "backtracking",
            &["* /a/b/c", "* /a/{x}/d", "* /{x}/b/e", "* /**"],
            &[
                ("GET /a/b/c", "0"),
                ("GET /a/b/d", "1 x=b"),
                ("GET /a/b/e", "2 x=a"),
                ("GET /a/b/f", "3 *=a/b/f"),
            ],
        ),
        (
            "a method that does not fit leaves less specific ones in the race",
            &["GET /a", "POST /{x}", "* /**", "PUT ^/a$"],
            &[
                ("GET /a", "0"),
                ("POST /a", "1 x=a"),
                ("PUT /a", "2 *=a"),
                ("TRACE /a", "405 GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ],
        ),
        (
            "an endpoint answers for its path alone",
            &["GET /u/{id} endpoint", "DELETE /u/{id} endpoint", "* /**", "POST /u/{x}"],
            &[
                ("GET /u/1", "0 id=1"),
                ("HEAD /u/1", "0 id=1"),
                ("DELETE /u/1", "1 id=1"),
                ("POST /u/1", "3 x=1"),
                ("PUT /u/1", "405 GET, HEAD, POST, DELETE, OPTIONS"),
                ("OPTIONS /u/1", "options GET, HEAD, POST, DELETE, OPTIONS"),
                ("PUT /u/1/2", "2 *=u/1/2"),
            ],
        ),
        (
            "an endpoint on one path",
            &["POST /e endpoint", "GET /{x}", "HEAD /{x}"],
            &[
                ("POST /e", "0"),
                ("GET /e", "405 POST, OPTIONS"),
                ("HEAD /e", "405 POST, OPTIONS"),
                ("GET /f", "1 x=f"),
            ],
        ),
        (
            "a narrowed endpoint answers only for what it is narrowed to",
            &["POST /e endpoint params:a", "* /{x}"],
            &[
                ("POST /e?a", "0"),
                ("POST /e", "1 x=e"),
                ("GET /e?a", "405 POST, OPTIONS"),
                ("GET /e", "1 x=e"),
            ],
        ),
        (
            "narrowing by parameters",
            &[
                "* /n params:a=b",
                "* /n params:a=c",
                "* /n order:9",
                "* /m params:a!=b",
                "* /o params:a^=b",
                "* /p params:a",
                "* /q params:!a",
            ],
            &[
                ("GET /n?a=b", "0"),
                ("GET /n?a=c", "1"),
                ("GET /n?a=x&a=c", "1"),
                ("GET /n", "2"),
                ("GET /m?a=c", "3"),
                ("GET /m?a=b", "404"),
                ("GET /m", "404"),
                ("GET /o?a=bc", "4"),
                ("GET /o?a=cb", "404"),
                ("GET /p?a", "5"),
                ("GET /p", "404"),
                ("GET /q", "6"),
                ("GET /q?a=", "404"),
            ],
        ),
        (
            "narrowing by several",
            &["* /a params:a=b,c!=d", "* /b params|a=b,c!=d", "* /c params:a headers:X-Y"],
            &[
                ("GET /a?a=b&c=e", "0"),
                ("GET /a?a=b", "404"),
                ("GET /b?a=b", "1"),
                ("GET /b?c=e", "1"),
                ("GET /b?c=d", "404"),
                ("GET /c?a=1 x-y:1", "2"),
                ("GET /c?a=1", "404"),
                ("GET /c x-y:1", "404"),
            ],
        ),
        (
            "narrowing by header fields, whatever their case",
            &["POST /h headers:Content-Type^=text/", "POST /h headers:content-type=application/json"],
            &[
                ("POST /h content-TYPE:text/plain", "0"),
                ("POST /h Content-Type:application/json", "1"),
                ("POST /h Content-Type:image/png", "404"),
                ("POST /h", "404"),
            ],
        ),
        (
            "the more narrowed first, whatever the order says",
            &["* /a order:-9", "* /a params:a", "* /a params:a,b order:5", "* /a params:a headers:X"],
            &[("GET /a?a&b", "2"), ("GET /a?a", "1"), ("GET /a", "0"), ("GET /a?a X:1", "3")],
        ),
        (
            "narrowing that fails leaves less specific ones in the race",
            &["* /a params:p", "* /{x} params:q", "* /** params:r", "* ^/a"],
            &[
                ("GET /a?p", "0"),
                ("GET /a?q", "1 x=a"),
                ("GET /a?r", "2 *=a"),
                ("GET /a", "3 0=/a"),
                ("GET /b", "404"),
            ],
        ),
        (
            "404 where the method fits and narrowing fails, 405 where it does not",
            &["GET /a params:p", "POST /{x}"],
            &[
                ("GET /a", "404"),
                ("HEAD /a", "404"),
                ("PUT /a", "405 GET, HEAD, POST, OPTIONS"),
                ("OPTIONS /a", "options GET, HEAD, POST, OPTIONS"),
                ("HEAD /a?p", "0"),
            ],
        ),
        (
            "regular expressions",
            &["GET ^(reg/(.+))$", "* ^rr2/([a-z]+)", "POST ^/rr2/", "* ^x|y"],
            &[
                ("GET /reg/abcef/aref/xxx", "0 0=reg/abcef/aref/xxx 1=reg/abcef/aref/xxx 2=abcef/aref/xxx"),
                ("POST /reg/a", "405 GET, HEAD, OPTIONS"),
                ("GET /rr2/abc/def", "1 0=rr2/abc 1=abc"),
                ("POST /rr2/abc", "2 0=/rr2/"),
                ("GET /yes", "3 0=y"),
                ("GET /no/yes", "404"),
            ],
        ),
        (
            "encoded slashes are text",
            &["* /a/{x}", "* /a/{x}/{y}", "* /s%2Ft"],
            &[
                ("GET /a/b\0c", "0 x=b\0c"),
                ("GET /a/b/c", "1 x=b y=c"),
                ("GET /s\0t", "2"),
                ("GET /s/t", "404"),
            ],
        ),
    ];
    for (name, lines, rows) in table {
        let reversed: Vec<_> = lines.iter().rev().copied().collect();
        for order in [lines, &reversed] {
            let router = router(order);
            for (request, expected) in rows {
                assert_eq!(ask(&router, lines, request), *expected, "{name}: {request}");
            }
        }
    }
}

#[test]
fn a_form_is_asked_for_only_where_it_decides() {
    let lines = [
        "POST /a params:a=b",
        "POST /a",
        "POST /b",
        "POST /c params:a headers:X",
        "POST /c",
        "* /{x} params:a",
        "POST /e endpoint params:a",
    ];
    let router = router(&lines);
    let table = [
        ("POST /a", "form", "0", "1"),
        ("POST /b", "2", "2", "2"),
        ("POST /c", "4", "4", "4"),
        ("POST /c X:1", "form", "3", "4"),
        ("PUT /a", "form", "5 x=a", "404"),
        ("POST /nope/x", "404", "404", "404"),
        ("HEAD /x", "form", "5 x=x", "404"),
        ("PUT /e", "form", "405 POST, OPTIONS", "404"),
    ];
    for (request, pending, with, without) in table {
        assert_eq!(ask_with_form(&router, &lines, request, None, true), pending, "{request}");
        assert_eq!(ask_with_form(&router, &lines, request, Some("a=b&c=d"), false), with, "{request}");
        assert_eq!(ask_with_form(&router, &lines, request, Some("c=d"), false), without, "{request}");
    }
    assert_eq!(ask_with_form(&router, &lines, "POST /a?a=b", Some("a=x"), false), "0", "both count");
}

#[test]
fn what_is_mapped_twice_is_refused() {
    let table: [(&[&str], bool); 20] = [
        (&["GET /a", "GET /a"], true),
        (&["GET,POST /a", "POST,PUT /a"], true),
        (&["GET /a", "POST /a"], false),
        (&["GET /a", "HEAD /a"], false),
        (&["GET /a", "* /a"], false),
        (&["* /a", "* /a"], true),
        (&["* /a", "* a"], true),
        (&["* /a", "* /a/"], false),
        (&["* /%E4%B8%AD", "* /中"], true),
        (&["* /a", "* /a order:1"], false),
        (&["* /a", "* /a params:p"], false),
        (&["* /a params:p,q", "* /a params:q,p"], true),
        (&["* /a params:p,q", "* /a params|p,q"], false),
        (&["* /{x}", "* /{y}"], true),
        (&["* /{x}", "* /*"], true),
        (&["* /{x}", "* /**"], false),
        (&["* /{a}-{b}", "* /{c}.{d}"], false),
        (&["* ^/a", "* ^/a"], true),
        (&["GET ^/a", "POST ^/a"], false),
        (&["* /%7Bx%7D", "* /{x}"], false),
    ];
    for (lines, is_refused) in table {
        // The name is the line, and two equal lines would be one place.
        let routes: Vec<_> = lines
            .iter()
            .zip(["first", "second"])
            .map(|(line, name)| leak(route(name, mapped(line).mapping)))
            .collect();
        for routes in [routes.clone(), routes.iter().rev().copied().collect()] {
            let found = problems(&routes, &[]);
            assert_eq!(!found.is_empty(), is_refused, "{lines:?}: {found:?}");
            if let [problem] = &found[..] {
                let names_both = problem.contains("by `first` at first:1 and by `second` at second:1");
                assert!(names_both && problem.contains("is mapped twice"), "{problem}");
            }
        }
    }
    let found = problems(&[mapped("* /a a")], &[]);
    assert_eq!(found, ["`* /a a` at * /a a:1: `/a` is mapped twice, also as `a`: keep one"]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let wrong = [
        mapped("GET /a/*/b"),
        mapped("G(T /b"),
        mapped("* /c params:=x"),
        mapped("* /d headers:!"),
        mapped("* ^("),
        mapped("*"),
        mapped("* /e ^/e"),
    ];
    let found = problems(&wrong, &[filter("broken", &["/{"], 0)]);
    for (expected, count) in [
        ("star in the middle", 1),
        ("`G(T` is not a method", 1),
        ("in `params`, `=x`", 1),
        ("in `headers`, `!`", 1),
        ("`^(` is not well formed", 1),
        ("neither a path", 1),
        ("both paths and", 1),
        ("filter `broken` at", 1),
    ] {
        assert_eq!(
            found.iter().filter(|problem| problem.contains(expected)).count(),
            count,
            "{expected} in {found:#?}"
        );
    }
    assert_eq!(found.len(), 8, "{found:#?}");
    let reversed: Vec<_> = wrong.iter().rev().copied().collect();
    assert_eq!(
        problems(&reversed, &[filter("broken", &["/{"], 0)]),
        found,
        "in the order of the source, never of linking"
    );
}

#[test]
fn filters_run_around_entries_and_refusals_of_known_paths() {
    let routes = ["GET /a", "GET /a/{x}", "GET /n params:p"].map(mapped);
    let unmatched = unmatched_filter("unmatched", &["/**"], 1);
    let filters = [
        filter("all", &["/**"], 0),
        unmatched,
        filter("below", &["/a/b", "/a/*"], -1),
        filter("nowhere", &["/z/**"], 0),
    ];
    let router = Router::build(&routes, &filters).unwrap_or_else(|problems| panic!("{problems:?}"));
    let names =
        |filters: &[AnyFilter]| filters.iter().map(|filter| filter.at().name).collect::<Vec<_>>().join(" ");
    let table = [
        ("/a", "all unmatched"),
        ("/a/b", "below all unmatched"),
        ("/n", "all unmatched"),
        ("/z/1", "unmatched"),
        ("/", "unmatched"),
    ];
    for (path, expected) in table {
        assert_eq!(names(&router.filters_for_path(path, false)), expected, "{path}");
    }
    assert_eq!(
        names(&router.filters_for_path("/z/1", true)),
        "all nowhere unmatched",
        "something else knows the path"
    );
    assert_eq!(names(&router.unmatched_filters(std::iter::empty())), "nowhere");
    let (method, headers, none) = (Method::GET, Headers::new(), Params::default());
    let facts = Facts {
        method: &method,
        path: "/a/b",
        headers: &headers,
        query: &none,
        form: &none,
        form_pending: false,
    };
    let Found::Route(entry) = router.find(&facts, &mut PathValues::default()) else {
        panic!("/a/b is mapped");
    };
    assert_eq!(names(&router.filters_for(entry, "/a/b")), "below all unmatched");
}

#[test]
fn limits_are_evaluated_once_for_each_route() {
    let plain = mapped("GET /b");
    let upload = Route {
        limits: Some(|| Limits::new().body_size(7)),
        ..route("upload", Mapping { paths: &["/a"], ..Mapping::ANY })
    };
    let router = Router::build(&[leak(upload), plain], &[]).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (method, headers, none) = (Method::GET, Headers::new(), Params::default());
    for (path, expected) in [("/a", Some(7)), ("/b", None)] {
        let facts = Facts {
            method: &method,
            path,
            headers: &headers,
            query: &none,
            form: &none,
            form_pending: false,
        };
        let Found::Route(entry) = router.find(&facts, &mut PathValues::default()) else {
            panic!("{path} is mapped");
        };
        assert_eq!(entry.limits.as_ref().map(|limits| limits.body_size), expected, "{path}");
    }
    assert_eq!(router.len(), 2);
}

#[test]
fn a_thousand_routes() {
    let lines: Vec<String> = (0..1_000)
        .map(|number| match number % 4 {
            0 => format!("GET /static/{number}"),
            1 => format!("GET /item{number}/{{id}}"),
            2 => format!("GET /item/{{id}}/part{number}"),
            _ => format!("GET **/end{number}"),
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let router = router(&lines);
    assert_eq!(router.len(), 1_000);
    for number in 0..1_000 {
        let (path, expected) = match number % 4 {
            0 => (format!("GET /static/{number}"), format!("{number}")),
            1 => (format!("GET /item{number}/x"), format!("{number} id=x")),
            2 => (format!("GET /item/x/part{number}"), format!("{number} id=x")),
            _ => (format!("GET /a/b/end{number}"), format!("{number} *=a/b")),
        };
        assert_eq!(ask(&router, &lines, &path), expected);
    }
    assert_eq!(ask(&router, &lines, "GET /item1000/x"), "404");
}

/// One of few lines, so that they meet often.
fn line() -> impl Strategy<Value = String> {
    let methods =
        prop::sample::select(vec!["*", "GET", "POST", "GET,POST", "HEAD", "GET,HEAD", "OPTIONS", "PURGE"]);
    let paths = prop::sample::select(vec![
        "/",
        "/a",
        "/b",
        "/a/b",
        "/{x}",
        "/{x}/b",
        "/a/{x}",
        "/{x}/{y}",
        "/{x}-{y}",
        "/{x}.{y}",
        "/a-{x}",
        "/a/**",
        "/**",
        "**/b",
        "**b",
        "^/a",
        "^a",
        "^b/?",
        "/{z}",
        "/a/*",
        "/a/{x}/b",
        "/a/b/{x}",
        "/a/b/**",
        "/{x}/b/{y}",
        "/{x}/**",
        "/{x}/b/**",
    ]);
    let extras = prop::sample::select(vec![
        "",
        "",
        "",
        " params:p",
        " endpoint",
        " endpoint",
        " endpoint params:p",
        " order:1",
        " order:-1",
    ]);
    (methods, paths, extras).prop_map(|(methods, path, extra)| format!("{methods} {path}{extra}"))
}

fn request() -> impl Strategy<Value = String> {
    let methods =
        prop::sample::select(vec!["GET", "GET", "POST", "HEAD", "HEAD", "OPTIONS", "PURGE", "TRACE", "PUT"]);
    let paths = prop::sample::select(vec![
        "/", "/a", "/b", "/ab", "/a/b", "/b/b", "/a/c", "/a-b", "/a-b.c", "/c/a/b", "/a/", "/ab/b", "/a/b/b",
        "/a/c/b", "/c/b/a",
    ]);
    (methods, paths, any::<bool>())
        .prop_map(|(method, path, query)| format!("{method} {path}{}", if query { "?p" } else { "" }))
}

proptest! {
    #[test]
    fn the_search_equals_a_walk_through_all_entries(
        lines in prop::collection::btree_set(line(), 1..14),
        requests in prop::collection::vec(request(), 1..20),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let routes: Vec<_> = lines.iter().map(|line| mapped(line)).collect();
        let Ok(router) = Router::build(&routes, &[]) else {
            return Ok(());
        };
        for request in requests {
            let found = ask(&router, &lines, &request);
            let is_refusal = ["404", "405", "options"].iter().any(|refusal| found.starts_with(refusal));
            let found = if is_refusal { &found[..] } else { found.split(' ').next().unwrap_or_default() };
            let (method, target) = request.split_once(' ').expect("two words");
            let path = target.trim_end_matches("?p");
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let expected = router.walk_all(&method, path, target.ends_with("?p")).map(|name| {
                lines.iter().position(|line| *line == name).expect("one of the lines").to_string()
            });
            let expected = expected.unwrap_or_else(|refusal| refusal);
            prop_assert_eq!(found, expected, "{} among {:?}", request, lines);
        }
    }
}
