//! Static resources: which file a path names, what is said of it, and what is asked of it. Each table runs with the cache
//! on and off, and both must answer the same.

mod both;
mod scratch;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vernal::test::{Answer, Client};
use vernal::{FilterContext, Next, Resources, Result, StaticFile, request_filter, request_map};

use crate::scratch::Scratch;

#[request_map("/routed.txt", app = "resources")]
fn routed() -> &'static str {
    "routed"
}

#[request_map("/form.txt", method = "POST", app = "resources")]
fn form() -> &'static str {
    "form"
}

#[request_filter("/guarded/**", app = "resources")]
async fn guard(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    if cx.request.header("x-key").is_none() {
        cx.response.set_status(401);
        return Ok(());
    }
    next.run(cx).await;
    cx.response.headers.insert("x-guarded", "yes");
    Ok(())
}

#[request_map("/static-file", app = "resources")]
fn static_file(path: &str, status: u16) -> (u16, StaticFile) {
    (status, StaticFile::new(path))
}

/// Names and values of a request.
type Fields<'f> = &'f [(&'f str, &'f str)];

/// The same application twice: files come from memory, and from the disk.
fn both(resources: &[(&'static str, Resources)]) -> [Client; 2] {
    [true, false].map(|cache| {
        let start = Client::builder().app("resources");
        let all = resources.iter().cloned();
        all.fold(start, |builder, (path, resources)| builder.resources(path, resources.cache(cache))).build()
    })
}

fn site() -> Scratch {
    let scratch = Scratch::new();
    for (path, text) in [
        ("index.html", "<h1>home</h1>"),
        ("a.txt", "alpha"),
        ("routed.txt", "never"),
        ("form.txt", "form"),
        ("中 文+~,.txt", "names"),
        ("inner/b.txt", "beta"),
        ("inner/deep/c.css", "c{}"),
        ("sub/index.html", "sub"),
        ("plain/x.ini", "x"),
        (".env", "secret"),
        (".well-known/security.txt", "contact"),
        ("guarded/index.html", "guarded"),
        ("guarded/below/index.html", "guarded"),
    ] {
        scratch.write(path, text);
    }
    scratch
}

#[tokio::test]
async fn patterns_say_which_file() {
    let site = site();
    let dir = || Resources::dir(site.path());
    let missing = "Cannot find file for this url.";
    let table = [
        ("/public/**", "/public/a.txt", 200, "alpha"),
        ("/public/**", "/public/inner/b.txt", 200, "beta"),
        ("/public/**", "/public/%E4%B8%AD%20%E6%96%87+~,.txt", 200, "names"),
        ("/public/**", "/public/nothing.txt", 404, missing),
        ("/public/**", "/public/inner", 404, missing),
        ("/public/**", "/public/inner/", 404, missing),
        ("/public/**", "/public/a.txt/", 404, missing),
        ("/public/**", "/public/a.txt/b", 404, missing),
        ("/public/**", "/public/", 200, "<h1>home</h1>"),
        ("/public/**", "/public/sub/", 200, "sub"),
        ("/public/**", "/elsewhere", 404, "Nothing is mapped to GET /elsewhere."),
        ("/public/*", "/public/a.txt", 200, "alpha"),
        ("/public/*", "/public/inner/b.txt", 404, "Nothing is mapped"),
        ("/public/*", "/public/sub", 404, missing),
        ("/public/", "/public/a.txt", 200, "alpha"),
        ("/", "/a.txt", 200, "alpha"),
        ("/", "/", 200, "<h1>home</h1>"),
        ("/*", "/inner/b.txt", 404, "Nothing is mapped"),
        ("/**", "/inner/b.txt", 200, "beta"),
        ("/**", "/routed.txt", 200, "routed"),
        ("*.txt", "/a.txt", 200, "alpha"),
        ("*.txt", "/inner/b.txt", 404, "Nothing is mapped"),
        ("**.txt", "/inner/b.txt", 200, "beta"),
        ("**.css", "/inner/deep/c.css", 200, "c{}"),
        ("**.css", "/inner/b.txt", 404, "Nothing is mapped"),
        ("/a.txt", "/a.txt", 200, "alpha"),
        ("/**", "/.env", 404, missing),
        ("/**", "/.well-known/security.txt", 200, "contact"),
    ];
    for (pattern, path, status, text) in table {
        for client in both(&[(pattern, dir())]) {
            for turn in ["first", "again"] {
                let answer = client.get(path).await;
                assert_eq!(answer.status(), status, "{pattern} {path} {turn}: {answer:?}");
                answer.assert_contains(text);
            }
        }
    }
}

#[tokio::test]
async fn places_are_looked_through_in_order() {
    let (one, other) = (Scratch::new(), Scratch::new());
    one.write("both.txt", "one");
    other.write("both.txt", "other");
    other.write("other.txt", "only here");
    for client in both(&[("/**", one.path().into()), ("**.txt", other.path().into())]) {
        client.get("/both.txt").await.assert_text("one");
        client.get("/other.txt").await.assert_text("only here");
        client.get("/none.txt").await.assert_status(404).assert_contains("Cannot find file for this url.");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let site = site();
    for client in both(&[("/**", site.path().into())]) {
        for method in ["POST", "PUT", "DELETE", "PATCH", "QUERY"] {
            let answer = client.request(method, "/a.txt").body("x").await;
            answer.assert_status(405).assert_header("allow", "GET, HEAD, OPTIONS");
        }
        client.options("/a.txt").await.assert_status(204).assert_header("allow", "GET, HEAD, OPTIONS");
        client.post("/form.txt").await.assert_text("form");
        client.get("/form.txt").await.assert_status(405);
        let head = client.head("/a.txt").await;
        head.assert_status(200).assert_text("").assert_header("content-length", "5");
        let get = client.get("/a.txt").await;
        for name in ["content-type", "etag", "last-modified", "accept-ranges"] {
            assert!(head.header(name).is_some(), "{name}");
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
    }
}

#[tokio::test]
async fn filters_run_around_files_and_guard_directories() {
    let site = site();
    for client in both(&[("/**", site.path().into())]) {
        for path in ["/guarded/", "/guarded/index.html", "/guarded/below/", "/guarded/none.txt"] {
            client.get(path).await.assert_status(401);
            let answer = client.get(path).header("x-key", "1").await;
            answer.assert_header("x-guarded", "yes");
            let status = if path.ends_with("none.txt") { 404 } else { 200 };
            answer.assert_status(status);
        }
        client.post("/guarded/index.html").await.assert_status(401);
        client.get("/a.txt").await.assert_no_header("x-guarded");
    }
}

#[tokio::test]
async fn directories_redirect_list_and_fall_back() {
    let site = site();
    site.write("plain/<b>.txt", "b");
    let dir = || Resources::dir(site.path());
    for client in both(&[("/p/**", dir().listing(true))]) {
        client.get("/p").await.assert_status(301).assert_header("location", "p/");
        client.get("/p/sub?x=1&y").await.assert_status(301).assert_header("location", "sub/?x=1&y");
        client.get("/p/sub/").await.assert_text("sub");
        client.get("/p/plain").await.assert_status(301).assert_header("location", "plain/");
        let list = client.get("/p/plain/").await;
        list.assert_status(200).assert_header("content-type", "text/html; charset=utf-8");
        list.assert_contains("<a href=\"%3Cb%3E.txt\">&lt;b&gt;.txt</a>").assert_contains("href=\"../\"");
        client.get("/p/inner/").await.assert_contains("<a href=\"deep/\">deep/</a>");
        client.head("/p/plain/").await.assert_status(200).assert_text("");
    }
    for client in both(&[("/p/**", dir().index(None).listing(true))]) {
        let list = client.get("/p/").await;
        list.assert_contains("<a href=\"index.html\">").assert_contains("href=\"sub/\"");
        assert!(!list.text().contains("../") && !list.text().contains(".env"), "{}", list.text());
    }
    for client in both(&[("/p/**", dir().index("a.txt").fallback("sub/index.html").hidden_files(true))]) {
        client.get("/p/").await.assert_text("alpha");
        client.get("/p/.env").await.assert_text("secret");
        for path in ["/p/users/7", "/p/none.js", "/p/inner/", "/p/a.txt/"] {
            let answer = client.get(path).await;
            answer
                .assert_status(200)
                .assert_text("sub")
                .assert_header("content-type", "text/html; charset=utf-8");
        }
        client.post("/p/users/7").await.assert_status(405);
    }
}

#[tokio::test]
async fn conditions_and_ranges_are_obeyed() {
    let scratch = Scratch::new();
    scratch.write("ten.txt", "0123456789");
    // Larger than what is kept in memory, and than what is read at a time.
    let large: String = (0..60_000).map(|number| format!("{number:09}\n")).collect();
    scratch.write("large.txt", &large);
    for name in ["ten.txt", "large.txt"] {
        scratch.set_time(name, SystemTime::now() - Duration::from_secs(3600));
    }
    for client in both(&[("/**", Resources::dir(scratch.path()).cache_control("max-age=60"))]) {
        for (path, whole) in [("/ten.txt", "0123456789"), ("/large.txt", large.as_str())] {
            let size = whole.len();
            let first = client.get(path).await;
            first
                .assert_status(200)
                .assert_header("accept-ranges", "bytes")
                .assert_header("cache-control", "max-age=60");
            assert!(first.text() == whole && first.header("content-length") == Some(&*size.to_string()));
            let tag = first.header("etag").expect("a validator").to_owned();
            let date = first.header("last-modified").expect("a date").to_owned();
            let last = format!("{}-{}/{size}", size - 3, size - 1);
            let none = format!("bytes */{size}");
            let (early, late) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
            let table: [(Fields<'_>, u16, &str, &str); 17] = [
                (&[("if-none-match", &tag)], 304, "", ""),
                (&[("if-none-match", "\"x\"")], 200, "", whole),
                (&[("if-none-match", "\"x\""), ("if-modified-since", &date)], 200, "", whole),
                (&[("if-modified-since", &date)], 304, "", ""),
                (&[("if-modified-since", early)], 200, "", whole),
                (&[("if-match", "\"x\"")], 412, "", "not the one"),
                (&[("if-match", &tag), ("if-unmodified-since", early)], 200, "", whole),
                (&[("if-unmodified-since", early)], 412, "", "not the one"),
                (&[("range", "bytes=1-3")], 206, "1-3", &whole[1..4]),
                (&[("range", "bytes=-3")], 206, &last, &whole[size - 3..]),
                (&[("range", "bytes=9999999-")], 416, &none, "bytes"),
                (&[("range", "bytes=1-3"), ("if-none-match", &tag)], 304, "", ""),
                (&[("range", "bytes=1-3"), ("if-range", &tag)], 206, "1-3", &whole[1..4]),
                (&[("range", "bytes=1-3"), ("if-range", &date)], 206, "1-3", &whole[1..4]),
                (&[("range", "bytes=1-3"), ("if-range", "\"x\"")], 200, "", whole),
                (&[("range", "bytes=1-3"), ("if-range", late)], 200, "", whole),
                (&[("range", "lines=1-3")], 200, "", whole),
            ];
            for (fields, status, range, text) in table {
                let ask = fields.iter().fold(client.get(path), |ask, (name, value)| ask.header(name, *value));
                let answer = ask.await;
                assert_eq!(answer.status(), status, "{path} {fields:?}");
                assert_eq!(answer.header("content-range").is_some(), !range.is_empty(), "{fields:?}");
                assert!(answer.header("content-range").unwrap_or_default().contains(range), "{fields:?}");
                assert!(answer.text().contains(text), "{path} {fields:?}");
                match status {
                    200 | 206 => assert_eq!(answer.text().len(), text.len(), "{fields:?}"),
                    304 => {
                        answer
                            .assert_text("")
                            .assert_header("etag", &tag)
                            .assert_header("last-modified", &date);
                        answer.assert_header("cache-control", "max-age=60").assert_no_header("content-type");
                    }
                    _ => {}
                }
            }
            let head = client.head(path).header("range", "bytes=1-3").await;
            head.assert_status(200).assert_header("content-length", &size.to_string());
        }
    }
}

#[tokio::test]
async fn several_ranges_come_in_parts() {
    let scratch = Scratch::new();
    scratch.write("ten.txt", "0123456789");
    let large: String = (0..60_000).map(|number| format!("{number:09}\n")).collect();
    scratch.write("large.txt", &large);
    for client in both(&[("/**", scratch.path().into())]) {
        for (path, whole) in [("/ten.txt", "0123456789"), ("/large.txt", large.as_str())] {
            let size = whole.len();
            let half = size / 2;
            let answer = client.get(path).header("range", format!("bytes=0-1,{half}-,-1")).await;
            answer.assert_status(206);
            let content_type = answer.header("content-type").expect("one");
            let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").expect(content_type);
            let part = |start: usize, end: usize| {
                format!(
                    "\r\n--{boundary}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-range: bytes {start}-{}/{size}\r\n\r\n{}",
                    end - 1,
                    &whole[start..end]
                )
            };
            let expected =
                [part(0, 2), part(half, size), part(size - 1, size), format!("\r\n--{boundary}--\r\n")]
                    .concat();
            assert!(answer.text() == expected, "{path}");
            let ranges: Vec<_> = (0..10_000).map(|at| format!("{at}-{at}")).collect();
            // So long a head is refused before it gets here; what fits is answered with the whole.
            let long = client.get(path).header("range", format!("bytes={}", ranges.join(","))).await;
            assert!(matches!(long.status().as_u16(), 431 | 400), "{}", long.status());
            let many = client.get(path).header("range", format!("bytes={}", ranges[..500].join(","))).await;
            many.assert_status(200);
            assert!(many.text() == whole, "{path}");
        }
    }
}

#[tokio::test]
async fn siblings_are_sent_to_those_that_like_them() {
    let scratch = Scratch::new();
    for (path, text) in [
        ("a.css", "plain"),
        ("a.css.gz", "gzipped"),
        ("a.css.br", "brotli"),
        ("a.css.zst", "zstd"),
        ("b.css", "alone"),
    ] {
        scratch.write(path, text);
    }
    for client in both(&[("/**", Resources::dir(scratch.path()).precompressed(true))]) {
        let table = [
            (None, "plain", None),
            (Some("gzip"), "gzipped", Some("gzip")),
            (Some("gzip, br"), "brotli", Some("br")),
            (Some("gzip, deflate, br, zstd"), "brotli", Some("br")),
            (Some("gzip;q=0.5, zstd"), "zstd", Some("zstd")),
            (Some("gzip;q=0"), "plain", None),
            (Some("*"), "brotli", Some("br")),
            (Some("identity, gzip;q=0.5"), "plain", None),
            (Some("identity;q=0, gzip"), "gzipped", Some("gzip")),
            (Some("identity;q=0"), "plain", None),
        ];
        let mut tags = std::collections::BTreeSet::new();
        for (accepted, text, coding) in table {
            let ask = client.get("/a.css");
            let answer = match accepted {
                Some(accepted) => ask.header("accept-encoding", accepted).await,
                None => ask.await,
            };
            answer.assert_status(200).assert_text(text).assert_header("vary", "accept-encoding");
            answer.assert_header("content-type", "text/css; charset=utf-8");
            assert_eq!(answer.header("content-encoding"), coding, "{accepted:?}");
            tags.insert(answer.header("etag").expect("one").to_owned());
        }
        assert_eq!(tags.len(), 4, "each has its own: {tags:?}");
        let alone = client.get("/b.css").header("accept-encoding", "gzip, br").await;
        alone.assert_text("alone").assert_no_header("vary").assert_no_header("content-encoding");
        let part = client.get("/a.css").header("accept-encoding", "gzip").header("range", "bytes=0-1").await;
        part.assert_status(206).assert_text("gz").assert_header("content-encoding", "gzip");
        client
            .get("/a.css.gz")
            .await
            .assert_header("content-type", "application/gzip")
            .assert_text("gzipped");
    }
    for client in both(&[("/**", scratch.path().into())]) {
        client
            .get("/a.css")
            .header("accept-encoding", "gzip")
            .await
            .assert_text("plain")
            .assert_no_header("vary");
    }
}

#[tokio::test]
async fn types_can_be_given() {
    let scratch = Scratch::new();
    scratch.write("a.ini", "a");
    scratch.write("a.txt", "a");
    let resources = Resources::dir(scratch.path()).content_type("INI", "text/plain; charset=iso-8859-1");
    for client in both(&[("/**", resources)]) {
        client.get("/a.ini").await.assert_header("content-type", "text/plain; charset=iso-8859-1");
        client.get("/a.txt").await.assert_header("content-type", "text/plain; charset=utf-8");
    }
}

#[tokio::test]
async fn files_of_the_binary_are_served_alike() {
    let embedded = vernal::embed!("tests/embedded");
    assert_eq!(embedded.paths().collect::<Vec<_>>(), ["index.html", "sub/a.css", "sub/a.css.gz"]);
    let resources = Resources::embedded(embedded).precompressed(true).listing(true).cache_control("no-cache");
    let client = Client::builder().app("resources").resources("/e/**", resources).build();
    let index = client.get("/e/").await;
    index.assert_text("<h1>embedded</h1>\n").assert_header("content-type", "text/html; charset=utf-8");
    index.assert_header("cache-control", "no-cache").assert_no_header("last-modified");
    let tag = index.header("etag").expect("by its content").to_owned();
    client.get("/e/index.html").header("if-none-match", &*tag).await.assert_status(304);
    client.get("/e/index.html").header("range", "bytes=1-2").await.assert_status(206).assert_text("h1");
    client.get("/e/sub").await.assert_status(301).assert_header("location", "sub/");
    client.get("/e/sub/").await.assert_contains("<a href=\"a.css\">a.css</a><td>7");
    let zipped = client.get("/e/sub/a.css").header("accept-encoding", "gzip").await;
    zipped.assert_header("content-encoding", "gzip").assert_header("vary", "accept-encoding");
    assert!(zipped.bytes().starts_with(&[0x1f, 0x8b]));
    for path in ["/e/none", "/e/.hidden", "/e/sub/a.css/", "/e/..%2findex.html", "/e/index.html/x"] {
        client.get(path).await.assert_status(404);
    }
    client.post("/e/").await.assert_status(405);
}

#[tokio::test]
async fn a_static_file_has_validators_too() {
    let scratch = Scratch::new();
    let path = scratch.write("report.txt", "0123456789");
    let client = Client::builder().app("resources").build();
    let ask = |status: u16| client.get("/static-file").query("path", path.display()).query("status", status);
    let whole = ask(200).await;
    whole.assert_text("0123456789").assert_header("content-type", "text/plain; charset=utf-8");
    let tag = whole.header("etag").expect("a validator").to_owned();
    ask(200).header("if-none-match", &*tag).await.assert_status(304).assert_text("");
    ask(200).header("range", "bytes=2-3").await.assert_status(206).assert_text("23");
    ask(200)
        .header("range", "bytes=20-")
        .await
        .assert_status(416)
        .assert_header("content-range", "bytes */10");
    // An answer that is not the file itself is no representation of it.
    let other = ask(203).header("range", "bytes=2-3").header("if-none-match", &*tag).await;
    other.assert_status(203).assert_text("0123456789").assert_no_header("etag");
}

/// Times that package stores, archives and clocks which are wrong give to files, and some that are true.
fn times() -> Vec<(&'static str, SystemTime, bool)> {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let now = SystemTime::now();
    vec![
        ("before 1970", UNIX_EPOCH - Duration::from_secs(1), false),
        ("0", at(0), false),
        ("1", at(1), false),
        ("1980", at(315_532_800), false),
        ("npm", at(499_162_500), false),
        ("cargo", at(1_153_704_088), false),
        ("the future", now + Duration::from_secs(86_400), false),
        ("2001", at(1_000_000_000), true),
        ("an hour ago", now - Duration::from_secs(3600), true),
    ]
}

#[tokio::test]
async fn a_time_that_says_nothing_is_no_validator() {
    let late = "Fri, 01 Jan 2100 00:00:00 GMT";
    let scratch = Scratch::new();
    // The last is larger than what is kept in memory.
    let sizes = [("a.txt", 3), ("b.css", 3), ("c.txt", 100_000)];
    let write = |name: &str, text: &str, time| {
        scratch.write(name, text);
        scratch.set_time(name, time);
    };
    let resources = Resources::dir(scratch.path()).precompressed(true).check_every(Duration::ZERO);
    let clients = both(&[("/files/**", resources)]);
    for (name, time, says) in times() {
        for (number, client) in clients.iter().enumerate() {
            for (file, size) in sizes {
                let (old, new) = ("o".repeat(size), "n".repeat(size));
                let told = |text: &str| {
                    write(file, text, time);
                    // A sibling is judged by its own time.
                    write("b.css.gz", text, time);
                    let own = if file == "b.css" { SystemTime::now() - Duration::from_secs(9) } else { time };
                    scratch.set_time(file, own);
                };
                let asks = || {
                    let path = scratch.path().join(file);
                    [
                        client.get(&format!("/files/{file}")).header("accept-encoding", "gzip"),
                        client.get("/static-file").query("path", path.display()).query("status", 200),
                    ]
                };
                told(&old);
                let [by_path, by_handler] = asks();
                let firsts =
                    if file == "b.css" { vec![by_path.await] } else { vec![by_path.await, by_handler.await] };
                told(&new);
                for (first, kind) in firsts.iter().zip(0..) {
                    let shown = format!("{name}, {file}, client {number}, kind {kind}");
                    let again = || asks().into_iter().nth(kind).expect("as many");
                    first.assert_status(200).assert_text(&old);
                    assert_eq!(first.header("last-modified").is_some(), says, "{shown}");
                    if !says {
                        let tag = first.header("etag").expect("by its content");
                        again().header("if-none-match", tag).await.assert_status(200).assert_text(&new);
                        again().header("if-modified-since", late).await.assert_status(200).assert_text(&new);
                        again()
                            .header("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")
                            .await
                            .assert_status(200);
                        let part = again().header("range", "bytes=0-0").header("if-range", tag).await;
                        part.assert_status(200).assert_text(&new);
                        let now = again().await.header("etag").expect("by its content").to_owned();
                        again()
                            .header("if-none-match", &*now)
                            .await
                            .assert_status(304)
                            .assert_no_header("last-modified");
                        let part = again().header("range", "bytes=0-0").header("if-range", &*now).await;
                        part.assert_status(206).assert_text("n");
                    }
                }
            }
        }
    }
    scratch.write("list/a.txt", "a");
    scratch.set_time("list/a.txt", UNIX_EPOCH - Duration::from_secs(1));
    let client = Client::builder().app("resources");
    let client = client.resources("/**", Resources::dir(scratch.path()).listing(true)).build();
    client.get("/list/").await.assert_status(200).assert_contains("a.txt</a><td>1<td>\n");
}

#[tokio::test]
async fn a_date_is_not_strong_before_its_second_is_over() {
    let second = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let scratch = Scratch::new();
    scratch.write("a.txt", "0123456789");
    for client in both(&[("/**", Resources::dir(scratch.path()).check_every(Duration::ZERO))]) {
        let ask = |date: &str| client.get("/a.txt").header("range", "bytes=1-2").header("if-range", date);
        // Both looks at the clock must fall into one second.
        loop {
            let now = second();
            scratch.set_time("a.txt", UNIX_EPOCH + Duration::from_secs(now));
            let date = client.get("/a.txt").await.header("last-modified").expect("a date").to_owned();
            let answer = ask(&date).await;
            if second() == now {
                answer.assert_status(200).assert_text("0123456789");
                break;
            }
        }
        scratch.set_time("a.txt", SystemTime::now() - Duration::from_secs(2));
        let date = client.get("/a.txt").await.header("last-modified").expect("a date").to_owned();
        ask(&date).await.assert_status(206).assert_text("12");
    }
}

#[tokio::test]
async fn there_is_a_favicon_unless_something_else_has_its_path() {
    let client = Client::builder().app("resources").build();
    let icon = client.get("/favicon.ico").await;
    icon.assert_status(200).assert_header("content-type", "image/png");
    assert!(icon.bytes().starts_with(b"\x89PNG"));
    Client::builder().app("resources").favicon(false).build().get("/favicon.ico").await.assert_status(404);
    let scratch = Scratch::new();
    let other = || Client::builder().app("resources").resources("/**", scratch.path()).build();
    other().get("/favicon.ico").await.assert_header("content-type", "image/png");
    scratch.write("favicon.ico", "ours");
    other().get("/favicon.ico").await.assert_text("ours").assert_header("content-type", "image/x-icon");
}

#[tokio::test]
async fn resources_alone_are_an_application() {
    let scratch = Scratch::new();
    scratch.write("a.txt", "alone");
    let client = Client::builder().app("nobody-is-here").resources("/**", scratch.path()).build();
    client.get("/a.txt").await.assert_text("alone");
    // Both may be told by a configuration.
    let (path, directory) = (format!("/{}/**", "told"), scratch.path().to_string_lossy().into_owned());
    let client = Client::builder().app("nobody-is-here").resources(path, directory).build();
    client.get("/told/a.txt").await.assert_text("alone");
    let none = vernal::App::from_registry(vernal::Config::new().app("nobody-is-here"));
    assert!(none.expect_err("nothing is there").to_string().contains("nobody-is-here"));
}

#[test]
fn what_cannot_be_served_is_told_at_start() {
    let scratch = Scratch::new();
    let file = scratch.write("file.txt", "no directory");
    let dir = || Resources::dir(scratch.path());
    let table = [
        ("/**", Resources::dir("no/such/dir"), "the directory `no/such/dir` cannot be served: No such file"),
        ("/**", Resources::dir(&file), "it is not a directory"),
        ("/a/*/b", dir(), "star in the middle"),
        ("/public/:file", dir(), "write \"/public/{file}\""),
        ("/public/*path", dir(), "write \"/public/**\""),
        ("**/b.txt", dir(), "write a prefix such as"),
        ("/{x}/**", dir(), "write a prefix such as"),
        ("/**", dir().cache_control("a\r\nb: c"), "control character"),
        ("/**", dir().content_type("x", "a\nb"), "control character"),
    ];
    for (path, resources, expected) in table {
        let config = vernal::Config::new().app("resources").resources(path, resources);
        let problem = vernal::App::from_registry(config).expect_err(expected).to_string();
        assert!(problem.contains(expected), "{expected}: {problem}");
        assert!(problem.contains(&format!("the resources `{path}` at tests/resources.rs:")), "{problem}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_in_memory_is_looked_at_again_after_a_second() {
    let scratch = Scratch::new();
    scratch.write("a.txt", "old");
    let resources = Resources::dir(scratch.path()).cache(true).precompressed(true);
    let client = Client::builder().app("resources").resources("/**", resources).build();
    let old = client.get("/a.txt").await;
    old.assert_text("old");
    scratch.write("a.txt", "newer");
    client.get("/a.txt").await.assert_text("old").assert_header("etag", old.header("etag").expect("one"));
    tokio::time::advance(Duration::from_millis(1001)).await;
    client.get("/a.txt").await.assert_text("newer");
    scratch.write("a.txt.gz", "gzipped");
    tokio::time::advance(Duration::from_millis(1001)).await;
    client.get("/a.txt").header("accept-encoding", "gzip").await.assert_text("gzipped");
    scratch.remove("a.txt");
    client.get("/a.txt").await.assert_text("newer");
    tokio::time::advance(Duration::from_millis(1001)).await;
    gone(client.get("/a.txt").await);
    scratch.write("a.txt", "again");
    client.get("/a.txt").await.assert_text("again");
}

/// Between two requests, whatever a browser has kept.
#[cfg(debug_assertions)]
#[tokio::test(start_paused = true)]
async fn a_debug_build_sends_what_has_just_been_written() {
    let scratch = Scratch::new();
    let client = Client::builder().app("resources").resources("/**", Resources::dir(scratch.path())).build();
    let mut kept = String::new();
    for text in ["one", "another", "third", ""] {
        scratch.write("a.css", text);
        let answer = client.get("/a.css").header("if-none-match", &*kept).await;
        answer.assert_status(200).assert_text(text);
        kept = answer.header("etag").expect("one").to_owned();
        client.get("/a.css").header("if-none-match", &*kept).await.assert_status(304);
    }
    scratch.remove("a.css");
    gone(client.get("/a.css").header("if-none-match", &*kept).await);
}

fn gone(answer: Answer) {
    answer.assert_status(404).assert_contains("Cannot find file for this url.");
}

/// Who asks for what is not there leaves the blocking pool to others.
#[test]
fn looks_at_the_disk_are_bounded() {
    const ASKED: usize = 300;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    runtime.expect("a runtime").block_on(async {
        let scratch = Scratch::new();
        let resources = Resources::dir(scratch.path());
        // Some file systems tell at once what is not there.
        #[cfg(all(feature = "sendfile", target_os = "linux"))]
        let resources = resources.by_name();
        let client = Client::builder().app("resources").resources("/**", resources).build();
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        // The one thread there is waits.
        let waiting = tokio::task::spawn_blocking(move || wait.recv());
        let answered = Arc::new(AtomicUsize::new(0));
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..ASKED {
            let (client, answered) = (client.clone(), Arc::clone(&answered));
            asking.spawn(async move {
                client.get(&format!("/none-{number}.txt")).await.assert_status(404);
                answered.fetch_add(1, Ordering::SeqCst);
            });
        }
        for _ in 0..ASKED {
            tokio::task::yield_now().await;
        }
        // Others who have work for the pool wait for those that are in it already, and not for all.
        let (begun, beginning) = tokio::sync::oneshot::channel();
        let (end, ending) = std::sync::mpsc::channel::<()>();
        let other = tokio::task::spawn_blocking(move || {
            let _ = begun.send(());
            let _ = ending.recv();
        });
        go_on.send(()).expect("it waits");
        beginning.await.expect("it begins");
        for _ in 0..ASKED {
            tokio::task::yield_now().await;
        }
        let before = answered.load(Ordering::SeqCst);
        assert!(before <= 64, "{before} looks came first");
        end.send(()).expect("it waits");
        while let Some(asked) = asking.join_next().await {
            asked.expect("no panic");
        }
        other.await.expect("no panic");
        waiting.await.expect("no panic").expect("it was let go");
    });
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
