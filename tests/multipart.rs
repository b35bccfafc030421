//! Uploads: files and fields of `multipart/form-data` by argument, streamed, bounded and refused.

mod both;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vernal::test::Client;
use vernal::{
    BodyReader, FilterContext, Form, Limits, Model, ModelDict, Multipart, MultipartFile, Next, Request,
    Result, State, request_filter, request_map,
};

/// Where a test's files go.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("uploads-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).expect("a new folder");
        Folder(path)
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).expect("a folder");
        let mut names: Vec<_> =
            files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Waits until nothing is in it: temporary files are removed beside the runtime.
    async fn becomes_empty(&self) {
        while !self.names().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[request_map("/one", method = "POST")]
async fn one(img: MultipartFile<'_>) -> Result<Value> {
    Ok(json!({
        "name": img.name(), "filename": img.filename(), "safe": img.safe_name(), "type": img.content_type(),
        "size": img.size(), "empty": img.is_empty(), "memory": img.content().is_some(), "text": img.text().await?,
    }))
}

#[request_map("/optional", method = "POST")]
fn optional(img: Option<MultipartFile<'_>>) -> String {
    img.map_or("none".to_owned(), |img| img.filename().to_owned())
}

#[request_map("/list", method = "POST")]
fn list(img: Option<Vec<MultipartFile<'_>>>) -> String {
    format!("{:?}", img.map(|img| img.len()))
}

#[request_map("/brackets", method = "POST")]
fn brackets(#[arg(name = "img[]")] img: Vec<MultipartFile<'_>>) -> String {
    img.len().to_string()
}

#[request_map("/text", method = "POST")]
fn text(a: String) -> String {
    a
}

#[request_map("/part", method = "POST")]
async fn part(mut form: Multipart) -> Result<String> {
    match form.next().await? {
        Some(mut part) => part.text(100).await,
        None => Ok(String::new()),
    }
}

#[request_map("/several", method = "POST")]
fn several(img: Vec<MultipartFile<'_>>, #[arg(default)] more: Vec<MultipartFile<'_>>, title: &str) -> String {
    let names: Vec<_> = img.iter().map(|file| file.filename()).collect();
    format!("{title}: {} and {} more", names.join(", "), more.len())
}

#[request_map("/seen", method = "POST")]
fn seen(img: Result<MultipartFile<'_>>) -> String {
    img.map_or_else(|error| error.explain_text().to_owned(), |img| img.filename().to_owned())
}

#[request_map("/parameters", method = "POST")]
fn parameters(a: &str, b: Vec<u8>, c: Option<u8>) -> String {
    format!("{a} {b:?} {c:?}")
}

#[derive(Deserialize)]
struct Person<'a> {
    name: &'a str,
    age: u8,
}

#[request_map("/person", method = "POST")]
fn person(person: Person<'_>, Model(same): Model<Person<'_>>, form: Form<Person<'_>>) -> String {
    format!("{} {} {} {}", person.name, person.age, same.name, form.age)
}

#[request_map("/dict", method = "POST")]
fn dict(dict: ModelDict) -> Value {
    dict.into_iter().collect()
}

#[request_map("/raw", method = "POST")]
fn raw(body: &[u8]) -> String {
    body.len().to_string()
}

#[request_map("/reader", method = "POST")]
async fn reader(mut body: BodyReader) -> Result<String> {
    Ok(body.read_to_end(1 << 20).await?.len().to_string())
}

#[request_map("/request", method = "POST")]
fn request(req: &Request) -> String {
    let files: Vec<_> = req.files().map(|file| format!("{}@{}", file.name(), file.filename())).collect();
    format!("{} {} {:?}", files.join(" "), req.body().len(), req.form())
}

#[request_map("/save", method = "POST")]
async fn save(State(folder): State<&Folder>, img: MultipartFile<'_>, over: bool) -> Result<String> {
    let path = folder.0.join(img.safe_name());
    if over {
        img.save_over(&path).await?
    } else {
        img.save_to(&path).await?
    }
    // What was saved can still be read.
    Ok(format!("{} {}", img.bytes().await?.len(), path.file_name().expect("a name").display()))
}

#[request_map("/open", method = "POST")]
async fn open(img: MultipartFile<'_>) -> Result<String> {
    let mut reader = img.open().await?;
    let mut start = [0; 3];
    reader.read_exact(&mut start).await?;
    let mut size = start.len();
    while let Some(piece) = reader.next().await? {
        size += piece.len();
    }
    Ok(format!("{} {size}", String::from_utf8_lossy(&start)))
}

#[request_map("/chosen", method = "POST", params = "action=a")]
fn chosen_a(img: MultipartFile<'_>) -> String {
    format!("a {}", img.size())
}

#[request_map("/chosen", method = "POST", params = "action=b", limits = Limits::new().upload_size(1 << 10))]
fn chosen_b() -> &'static str {
    "b"
}

#[request_map("/chosen", method = "POST")]
fn chosen_raw(body: &[u8]) -> String {
    body.len().to_string()
}

#[request_map("/stream", method = "POST")]
async fn stream(mut form: Multipart) -> Result<String> {
    let mut told = String::new();
    while let Some(mut part) = form.next().await? {
        let kind = part.filename().map(|name| format!("@{name}")).unwrap_or_default();
        let kind = format!("{}{kind} {}", part.name(), part.content_type().unwrap_or("-"));
        let mut size = 0;
        while let Some(piece) = part.read().await? {
            size += piece.len();
        }
        told += &format!("{kind} {size}; ");
    }
    assert!(form.next().await?.is_none(), "an end stays an end");
    let progress = form.progress();
    let fraction = progress.fraction().map_or(-1.0, |fraction| fraction * 100.0);
    Ok(format!("{told}{fraction:.0}%"))
}

#[request_map("/pick", method = "POST")]
async fn pick(State(folder): State<&Folder>, mut form: Multipart) -> Result<String> {
    let mut told = String::new();
    while let Some(mut part) = form.next().await? {
        match part.name() {
            "text" => told += &part.text(5).await?,
            "file" => told += &part.save_to(folder.0.join(part.safe_name())).await?.to_string(),
            "over" => told += &part.save_over(folder.0.join(part.safe_name())).await?.to_string(),
            "start" => {
                let mut start = [0; 2];
                part.read_exact(&mut start).await?;
                let progress = part.progress();
                assert!(progress.received > 0 && progress.total.is_some());
                told += &String::from_utf8_lossy(&start);
            }
            // What is not read is passed over.
            _ => told.push('-'),
        }
        told.push(' ');
    }
    Ok(told)
}

#[request_map("/saved")]
fn saved(State(folder): State<&Folder>) -> Result<String> {
    let text = fs::read_to_string(folder.0.join("saved.txt"))?;
    let names = folder.names();
    Ok(format!("{text} in {} files", names.iter().filter(|name| !name.starts_with('.')).count()))
}

#[request_map("/stop", method = "POST")]
async fn stop(mut form: Multipart) -> Result<String> {
    let part = form.next().await?;
    Ok(part.map(|part| part.name().to_owned()).unwrap_or_default())
}

#[request_map("/maybe", method = "POST")]
async fn maybe(form: Option<Multipart>) -> String {
    form.is_some().to_string()
}

#[request_filter("/filtered")]
async fn filter(cx: &mut FilterContext<'_>, next: Next<'_>) {
    let found = cx.request.file("img").map(|file| file.size()).unwrap_or_default();
    next.run(cx).await;
    cx.response.headers.insert("x-found", found);
}

#[request_map("/filtered", method = "POST")]
fn filtered() -> &'static str {
    "filtered"
}

#[request_map("/blocking", method = "POST", blocking)]
fn blocking(img: MultipartFile<'_>) -> String {
    img.size().to_string()
}

fn client() -> Client {
    client_with(Limits::new())
}

/// A client with a folder to save in.
fn client_with(limits: Limits) -> Client {
    Client::builder().state(Folder::new()).limits(limits).build()
}

/// A client whose uploads all lie in `folder` while they are looked at.
fn spooling(folder: &Folder, limits: Limits) -> Client {
    Client::builder().state(Folder::new()).limits(limits.upload_memory(0)).upload_directory(&folder.0).build()
}

#[tokio::test]
async fn a_file_is_an_argument() {
    let client = client();
    client.post("/one").file("img", "a b.txt", "text/plain", "hé").await.assert_status(200).assert_json(json!({
        "name": "img", "filename": "a b.txt", "safe": "a b.txt", "type": "text/plain", "size": 3, "empty": false,
        "memory": true, "text": "hé",
    }));
    let answer = client.post("/one").file("img", "../x\"\r\n.sh", "", "").await;
    answer.assert_json(json!({
        "name": "img", "filename": "../x\"\r\n.sh", "safe": "x_.sh", "type": "application/octet-stream", "size": 0,
        "empty": true, "memory": true, "text": "",
    }));
    // It is the first of its name, wherever it stands.
    let two = client.post("/one").field("x", 1).file("other", "0", "", "0").file("img", "1", "", "1");
    let answer = two.file("img", "2", "", "2").await;
    assert_eq!(answer.json::<Value>()["filename"], "1");
    let answer = client.post("/one").file("img", "x", "", b"\xff").await;
    answer.assert_status(400).assert_contains("The file in Parameter[img] is not UTF-8 from byte 0 on.");
    client.post("/blocking").file("img", "1", "", "123").await.assert_text("3");
}

#[tokio::test]
async fn what_is_no_file_is_told() {
    let client = client();
    let required = "Parameter[img] is required: a file.";
    client.post("/one").field("x", 1).await.assert_status(400).assert_contains(required);
    client.post("/one").await.assert_status(400).assert_contains(required);
    // A file field in which nothing was chosen.
    let unchosen = client.post("/one").file("img", "", "application/octet-stream", "");
    unchosen.await.assert_status(400).assert_contains(required);
    let text = client.post("/one").field("img", "x").await;
    text.assert_status(400).assert_contains("\"Parameter[img] should be a file.\"");
    // A form that forgot to say that it has files: of its fields, the one that is asked for is a text or not there.
    for (path, name) in [("/one", "img"), ("/one", "title"), ("/optional", "img"), ("/several", "img")] {
        let form = client.post(path).form(name, "a.png").await;
        form.assert_status(415).assert_header("accept", "multipart/form-data");
        form.assert_contains("must be \\\"multipart/form-data\\\", not `application/x-www-form-urlencoded`");
        form.assert_contains("<form method=\\\"post\\\" enctype=\\\"multipart/form-data\\\">");
    }
    client.post("/optional").form("title", "x").await.assert_text("none");
    let query = client.post("/one?img=x").await;
    query.assert_status(400).assert_contains("Parameter[img] should be a file. A page sends files by");
    client.post("/several").field("title", "t").await.assert_status(400).assert_contains(required);
    client.post("/seen").field("x", 1).await.assert_text(required);
    client.post("/seen").file("img", "1", "", "1").await.assert_text("1");
    let table = [
        (client.post("/optional").file("img", "a", "", "1"), 200, "a"),
        (client.post("/optional").file("img", "", "", ""), 200, "none"),
        (client.post("/optional").field("x", 1), 200, "none"),
        (client.post("/optional"), 200, "none"),
    ];
    for (request, status, text) in table {
        request.await.assert_status(status).assert_text(text);
    }
    client.post("/optional").field("img", "x").await.assert_status(400).assert_contains("should be a file");
    let list = "For a list that may be empty write `Option<Vec<…>>` or `#[arg(default)]`.";
    client.post("/several").field("title", "t").await.assert_contains(list);
    client.post("/list").await.assert_text("None");
    client.post("/list").file("img", "a", "", "").file("img", "b", "", "").await.assert_text("Some(2)");
    // What is no form at all is told what to be.
    let png = client.post("/one").header("content-type", "image/png").body("png").await;
    png.assert_status(415).assert_header("accept", "multipart/form-data");
    png.assert_contains("must be \\\"multipart/form-data\\\", not `image/png`");
    client.post("/optional").header("content-type", "image/png").body("png").await.assert_text("none");
}

#[tokio::test]
async fn an_empty_text_is_a_file_that_was_not_chosen() {
    let client = client();
    let part = "--b\r\nContent-Disposition: form-data; name=img\r\n";
    let post = |path: &str, body: String| {
        client.post(path).header("content-type", "multipart/form-data; boundary=b").body(body)
    };
    let empty = || format!("{part}\r\n\r\n--b--");
    // Name, body, what `Option<MultipartFile>` and `Option<Vec<MultipartFile>>` are.
    let table = [
        ("empty", empty(), "none", "None"),
        (
            "with a type",
            format!("{part}Content-Type: application/octet-stream\r\n\r\n\r\n--b--"),
            "none",
            "None",
        ),
        ("without a line end", format!("{part}\r\n--b--"), "none", "None"),
        ("twice", format!("{part}\r\n\r\n{part}\r\n\r\n--b--"), "none", "None"),
        (
            "beside a file",
            format!("{part}\r\n\r\n{}; filename=x\r\n\r\n1\r\n--b--", part.trim_end()),
            "x",
            "Some(1)",
        ),
    ];
    for (name, body, one, list) in table {
        let answer = post("/optional", body.clone()).await;
        assert_eq!((answer.status().as_u16(), answer.text()), (200, one), "{name}");
        let answer = post("/list", body).await;
        assert_eq!((answer.status().as_u16(), answer.text()), (200, list), "{name}");
    }
    post("/one", empty()).await.assert_status(400).assert_contains("Parameter[img] is required: a file.");
    post("/seen", empty()).await.assert_text("Parameter[img] is required: a file.");
    // Any content makes it a text, and outside of a form in parts there are no files to choose.
    let space = post("/optional", format!("{part}\r\n \r\n--b--")).await;
    space.assert_status(400).assert_contains("should be a file");
    let both = post("/optional", format!("{part}\r\n\r\n{part}\r\nx\r\n--b--")).await;
    both.assert_status(400).assert_contains("should be a file");
    client.post("/optional").form("img", "").await.assert_status(415).assert_contains("enctype");
    client.post("/optional?img=").field("x", 1).await.assert_status(400).assert_contains("should be a file");
}

#[tokio::test]
async fn files_whose_names_have_brackets_are_told() {
    let client = client();
    let came =
        |names: &[&str]| names.iter().fold(client.post("/one"), |form, name| form.file(name, "x", "", "1"));
    let table: [(&[&str], &str); 4] = [
        (&["image"], "Parameter[img] is required: a file."),
        (
            &["img[]", "img[]"],
            "Parameter[img] is required: a file. `img[]` came: send it as `img`, or take it as it comes with \
             `#[arg(name = \"img[]\")]`.",
        ),
        (
            &["img[0]"],
            "Parameter[img] is required: a file. `img[0]` came: send it as `img`, or take it as it comes with \
             `#[arg(name = \"img[0]\")]`.",
        ),
        (
            &["img[0]", "img[1]", "x"],
            "Parameter[img] is required: a file. `img[0]`, `img[1]` came: send it as `img`, or take it as it comes with \
             `#[arg(name = \"img[0]\")]`, one argument for each name.",
        ),
    ];
    for (names, expected) in table {
        let answer = came(names).await;
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.json::<Value>()["explain"], expected, "{names:?}");
    }
    came(&["img[]"]).await.assert_status(400);
    client.post("/brackets").file("img[]", "a", "", "1").file("img[]", "b", "", "2").await.assert_text("2");
    client.post("/seen").file("img[]", "a", "", "1").await.assert_contains("`img[]` came");
    // The peer of a server in use is told what to send, not what to write.
    let quiet = Client::builder().state(Folder::new()).show_errors(false).build();
    let told: Value = quiet.post("/several").field("title", "t").file("img[]", "a", "", "1").await.json();
    assert_eq!(told["explain"], "Parameter[img] is required: a file. `img[]` came: send it as `img`.");
}

#[tokio::test]
async fn texts_have_the_charset_they_declare() {
    let client = client();
    let of = |content_type: &str, bytes: &[u8]| {
        let head = format!("--b\r\nContent-Disposition: form-data; name=a\r\n{content_type}\r\n");
        [head.as_bytes(), bytes, b"\r\n--b--"].concat()
    };
    let post = |path: &str, body: Vec<u8>| {
        client.post(path).header("content-type", "multipart/form-data; boundary=b").body(body)
    };
    let plain = |charset: &str| format!("Content-Type: text/plain; charset={charset}\r\n");
    let latin = b"gr\xf6\xdfe \x80";
    let koi8 =
        "has the charset `KOI8-R`; those that are read are UTF-8, ISO-8859-1, US-ASCII and windows-1252";
    // Content type, bytes, text or what is wrong.
    let table: [(String, &[u8], Result<&str, &str>); 9] = [
        (plain("ISO-8859-1"), latin, Ok("größe \u{80}")),
        (plain("\"windows-1252\""), latin, Ok("größe €")),
        (plain("ISO-8859-1"), "größe".as_bytes(), Ok("größe")),
        (plain("US-ASCII"), b"abc", Ok("abc")),
        (plain("US-ASCII"), latin, Err("is not US-ASCII, which its charset says, nor UTF-8")),
        (plain("utf-8"), latin, Err("is not UTF-8")),
        (plain("KOI8-R"), latin, Err(koi8)),
        (plain("KOI8-R"), "größe".as_bytes(), Ok("größe")),
        (String::new(), latin, Err("is not UTF-8")),
    ];
    for (content_type, bytes, expected) in table {
        let body = || of(&content_type, bytes);
        let expected =
            expected.map_err(|why| format!("Parameter[a] {why}: `{}`.", String::from_utf8_lossy(bytes)));
        let answer = post("/text", body()).await;
        match &expected {
            Ok(text) => assert_eq!(answer.text(), *text, "{content_type}"),
            Err(text) => {
                let told: Value = answer.assert_status(400).json();
                assert_eq!(told["explain"].as_str(), Some(&**text), "{content_type}");
                // Who does not ask for it is not troubled.
                post("/optional", body()).await.assert_text("none");
            }
        }
        // The same read as it comes, and of a file.
        let streamed = post("/part", body()).await;
        assert_eq!(streamed.status().is_success(), expected.is_ok(), "{content_type}: {}", streamed.text());
        let head =
            format!("--b\r\nContent-Disposition: form-data; name=img; filename=x\r\n{content_type}\r\n");
        let file = post("/one", [head.as_bytes(), bytes, b"\r\n--b--"].concat()).await;
        match &expected {
            Ok(text) => assert_eq!(file.json::<Value>()["text"], *text, "{content_type}"),
            Err(_) => {
                file.assert_status(400).assert_contains("The file in Parameter[img] ");
            }
        }
    }
}

#[tokio::test]
async fn files_of_one_name_are_a_list() {
    let client = client();
    let form = client.post("/several").file("img", "a", "", "1").field("title", "t").file("img", "b", "", "");
    form.await.assert_text("t: a, b and 0 more");
    let form =
        client.post("/several").file("more", "a", "", "1").field("title", "t").file("img", "b", "", "");
    form.await.assert_text("t: b and 1 more");
}

#[tokio::test]
async fn text_fields_are_parameters() {
    let client = client();
    let form = || client.post("/parameters?a=query&b=3").field("a", "ü+%41").field("b", 1).field("b", 2);
    form().await.assert_text("ü+%41 [1, 2, 3] None");
    form().field("c", 9).file("a", "a", "", "file").await.assert_text("ü+%41 [1, 2, 3] Some(9)");
    form().field("c", "").await.assert_status(400).assert_contains("Parameter[c] should be an integer");
    client.post("/person").field("name", "k").field("age", 18).await.assert_text("k 18 k 18");
    let error = client.post("/person").field("name", "k").await;
    error.assert_status(400).assert_contains("Parameter[age] is required");
    let dict = client.post("/dict").field("a", 1).field("b", 2).field("b", 3).file("f", "f", "", "f");
    dict.await.assert_json(json!({ "a": "1", "b": ["2", "3"] }));
    // A field that is not text fails where it is asked for.
    let body = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    let body = [body.as_bytes(), b"\xff\r\n--b--"].concat();
    let post =
        |path| client.post(path).header("content-type", "multipart/form-data; boundary=b").body(body.clone());
    post("/optional").await.assert_text("none");
    post("/parameters").await.assert_status(400).assert_contains("Parameter[a] is not UTF-8");
}

#[tokio::test]
async fn a_form_made_by_hand_is_read() {
    let client = client();
    let table = [
        // `filename*` is preferred; the type comes in any order, or not at all.
        (
            "b",
            "--b\r\nContent-Type: text/css\r\nContent-Disposition: form-data; name=img; filename=x; filename*=utf-8''%E4%B8%AD.txt\r\n\r\n1\r\n--b--\r\n",
            "中.txt text/css 1",
        ),
        (
            "b",
            "--b\r\nX: y\r\ncontent-disposition: form-data; filename=\"x\"; name=\"img\"\r\n\r\n1\r\n--b--",
            "x application/octet-stream 1",
        ),
        // A quoted boundary, a preamble, an epilogue.
        (
            "\"a b:c\"",
            "hi\r\n--a b:c\r\nContent-Disposition: form-data; name=img; filename=x\r\n\r\n1\r\n--a b:c--\r\nbye",
            "x application/octet-stream 1",
        ),
        // The field's name in its extended form, folded lines, LF alone in the head.
        (
            "b",
            "--b\r\nContent-Disposition: form-data;\r\n name*=utf-8''im%67;\r\n\tfilename=x\nContent-Type:\n text/css\n\n1\n2\r\n--b--",
            "x text/css 1\n2",
        ),
        // What looks like a boundary and does not follow CRLF, before and inside the part.
        (
            "b",
            "\n--b\r\n\r\n--b\r\nContent-Disposition: form-data; name=img; filename=x\r\n\r\n1\n--b\n--b--\r\n--b--",
            "x application/octet-stream 1\n--b\n--b--",
        ),
    ];
    for (boundary, body, expected) in table {
        let content_type = format!("multipart/form-data; charset=utf-8; Boundary={boundary}");
        let answer = client.post("/one").header("content-type", content_type).body(body).await;
        let told: Value = answer.json();
        let told =
            [&told["filename"], &told["type"], &told["text"]].map(|value| value.as_str().expect("a text"));
        assert_eq!(told.join(" "), expected, "{body}");
    }
}

#[tokio::test]
async fn who_takes_the_body_gets_it_as_it_came() {
    let client = client();
    let form = |path| client.post(path).file("img", "a", "", "123").field("b", 1);
    let whole: usize = form("/raw").await.text().parse().expect("a number");
    assert!(whole > 200, "{whole}");
    form("/reader").await.assert_text(&whole.to_string());
    let form = client.post("/request").file("img", "a", "", "123").field("b", 1);
    form.await.assert_text(r#"img@a 0 [("b", "1")]"#);
    client
        .post("/filtered")
        .file("img", "a", "", "123")
        .await
        .assert_text("filtered")
        .assert_header("x-found", "3");
}

#[tokio::test]
async fn large_files_lie_on_disk_until_the_answer() {
    let folder = Folder::new();
    let client = spooling(&folder, Limits::new());
    let content = "0123456789".repeat(100_000);
    let answer = client.post("/one").file("img", "a", "", &content).await;
    let told: Value = answer.json();
    assert_eq!((&told["memory"], &told["size"]), (&json!(false), &json!(content.len())));
    assert!(told["text"] == *content);
    client.post("/open").file("img", "a", "", &content).await.assert_text(&format!("012 {}", content.len()));
    client.post("/open").file("img", "a", "", "0123").await.assert_text("012 4");
    folder.becomes_empty().await;
    // Memory is for all files of a request together.
    let client = client_with(Limits::new().upload_memory(5));
    let table = [("12345", true), ("123456", false)];
    for (content, expected) in table {
        let told: Value = client.post("/one").file("img", "a", "", content).await.json();
        assert_eq!(told["memory"], expected, "{content}");
        let told: Value =
            client.post("/one").file("first", "a", "", "1").file("img", "a", "", content).await.json();
        assert_eq!(told["memory"], false, "{content}");
    }
    let told: Value =
        client.post("/one").file("first", "a", "", "123456").file("img", "a", "", "12345").await.json();
    assert_eq!(told["memory"], true);
}

#[tokio::test]
async fn files_are_saved_and_not_overwritten() {
    let folder = Folder::new();
    for client in [client(), spooling(&folder, Limits::new())] {
        let save = |content: &str, over| {
            client.post("/save").file("img", "dir/a.txt", "", content).field("over", over)
        };
        save("12345", false).await.assert_text("5 a.txt");
        let again = save("1", false).await;
        again.assert_status(409).assert_contains("There is a file `a.txt` already.");
        save("1", true).await.assert_text("1 a.txt");
        save("12", true).await.assert_text("2 a.txt");
    }
    folder.becomes_empty().await;
}

#[tokio::test]
async fn a_form_is_read_part_by_part() {
    let client = client();
    let form = |path| {
        client.post(path).field("a", "1").file("b", "x.bin", "image/png", vec![7; 300_000]).field("c", "")
    };
    form("/stream").await.assert_text("a - 1; b@x.bin image/png 300000; c - 0; 100%");
    form("/stop").await.assert_text("a");
    let form = client.post("/pick").field("text", "12345").file("other", "x", "", vec![b'-'; 100_000]);
    let form = form.file("file", "../saved.txt", "", vec![1; 600_000]).field("start", "abcdef");
    form.await.assert_text("12345 - 600000 ab ");
    let save = |name: &str, content: &str| client.post("/pick").file(name, "saved.txt", "", content);
    save("file", "1").await.assert_status(409).assert_contains("There is a file `saved.txt` already.");
    save("over", "12").await.assert_text("2 ");
    // One that is cut off replaces nothing.
    let cut = "--b\r\nContent-Disposition: form-data; name=over; filename=saved.txt\r\n\r\n123";
    let cut = client.post("/pick").header("content-type", "multipart/form-data; boundary=b").body(cut);
    cut.await.assert_status(400);
    client.get("/saved").await.assert_text("12 in 1 files");
    let long = client.post("/pick").field("text", "123456").await;
    long.assert_status(413)
        .assert_contains("the part `text` is larger than the 5 bytes that this handler reads");
    client.post("/maybe").field("a", 1).await.assert_text("true");
    client.post("/maybe").await.assert_text("false");
    let wrong = client.post("/maybe").form("a", 1).await;
    wrong.assert_status(415).assert_contains("must be \\\"multipart/form-data\\\"");
}

#[tokio::test]
async fn mappings_are_chosen_by_fields() {
    let client = client();
    client.post("/chosen").file("img", "a", "", "123").field("action", "a").await.assert_text("a 3");
    client.post("/chosen").field("action", "b").await.assert_text("b");
    // The limits of the mapping hold though it was not known while the form came.
    let large = client.post("/chosen").field("action", "b").file("img", "a", "", vec![0; 1 << 10]).await;
    large.assert_status(413).assert_contains("Limits::upload_size");
    client.post("/chosen?action=b").field("x", 1).await.assert_text("b");
    let raw = client.post("/chosen").field("action", "c").await;
    raw.assert_status(500).assert_contains("takes the body itself").assert_contains("chosen_raw");
    client.post("/chosen").body("123").await.assert_text("3");
}

/// What is answered to a form with this content type and body.
async fn refused(client: &Client, content_type: &str, body: &str) -> (u16, String) {
    let answer = client.post("/one").header("content-type", content_type).body(body).await;
    let told: Value = answer.json();
    (answer.status().as_u16(), told["explain"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn bad_forms_are_refused() {
    let client = client_with(Limits::new().body_size(1 << 20));
    let of = "multipart/form-data; boundary=b";
    let part = "--b\r\nContent-Disposition: form-data; name=img; filename=x\r\n";
    let huge = format!("{part}X: {}\r\n\r\n1\r\n--b--", "y".repeat(100_000));
    let endless = format!("{part}X: {}", "y".repeat(100_000));
    let fields = format!("{part}{}\r\n1\r\n--b--", "X: y\r\n".repeat(16));
    let parts = format!("{}--b--", format!("{part}\r\n\r\n").repeat(100_000));
    let text = format!(
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n{}\r\n--b--",
        "y".repeat((1 << 20) + 1)
    );
    let nested = format!("{part}Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n1\r\n--c--");
    let table = [
        ("multipart/form-data", "--b--", 400, "has no boundary"),
        ("multipart/form-data; boundary=", "--\r\n", 400, "has an empty boundary"),
        (of, "", 400, ""),
        (of, "name=img&x=y", 400, "its boundary `--b` never came"),
        (of, "--b\nContent-Disposition: form-data; name=img\n\n1\n--b--\n", 400, "ends in LF alone"),
        (
            of,
            &format!("x\n{part}\r\n1\n--b--"),
            400,
            "its boundary `--b` never came, neither at its begin nor after CRLF",
        ),
        (of, "--b\r\n--b--", 400, "Parameter[img] is required"),
        (of, part, 400, "cut off in part 1, in its head: it has to end with `--b--`"),
        (of, &format!("{part}--b--"), 400, "the head of part 1 has no end"),
        (of, &format!("{part}\r\n123"), 400, "cut off in part 1"),
        (of, &format!("{part}\r\n123\r\n--b"), 400, "cut off in the boundary behind part 1"),
        (of, &nested, 400, "cut off in part 1"),
        (of, "--b\r\n\r\n1\r\n--b--", 400, "the head of part 1 has no `Content-Disposition`"),
        (of, &huge, 400, "longer than 4096 bytes (Limits::part_head_size)"),
        (of, &endless, 400, "longer than 4096 bytes (Limits::part_head_size)"),
        (of, &fields, 400, "more than 16 fields (Limits::part_header_count)"),
        (of, &parts, 400, "more than 1000 parts (Limits::parts)"),
        (of, &text, 413, "the text fields of the form are larger than 1048576 bytes (Limits::body_size)"),
    ];
    for (content_type, body, status, explain) in table {
        let start = body.get(..60).unwrap_or(body);
        let (answered, explained) = refused(&client, content_type, body).await;
        assert_eq!(answered, status, "{start}: {explained}");
        assert!(explained.contains(explain), "{start}: {explained}");
        // Streamed, it is refused for the same reason.
        let answer = client.post("/stream").header("content-type", content_type).body(body).await;
        if !explain.contains("body_size") && !explain.contains("is required") {
            answer.assert_status(status);
        }
    }
}

#[tokio::test]
async fn a_form_of_nothing_is_judged_by_its_content_type_too() {
    let client = client();
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    let (without, bad) = ("multipart/form-data", "multipart/form-data; boundary=a\"");
    let good = "multipart/form-data; boundary=b";
    let table = [
        (without, "has no boundary"),
        (&*long, "has a boundary of more than 70 characters"),
        (bad, "neither a word nor in quotes"),
        ("Multipart/Form-Data; boundary=", "has an empty boundary"),
    ];
    // A length of nothing, no length at all, chunks of nothing.
    let framings = ["Content-Length: 0\r\n\r\n", "\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"];
    for framing in framings {
        let post = |path: &str, content_type: &str| {
            let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
            client.raw(format!("{head}Content-Type: {content_type}\r\n{framing}"))
        };
        for (content_type, expected) in table {
            for path in ["/optional", "/dict"] {
                let answer = post(path, content_type).await;
                assert!(answer.starts_with("HTTP/1.1 400"), "{path} {content_type}: {answer}");
                assert!(answer.contains(expected), "{path} {content_type}: {answer}");
            }
            // Who takes the body as it is may do with it what it likes, and nobody judges what is not taken.
            for (path, status) in [("/raw", "200"), ("/reader", "200"), ("/nowhere", "404")] {
                let answer = post(path, content_type).await;
                assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {content_type}: {answer}");
            }
        }
        if framing.starts_with("Transfer") {
            continue;
        }
        let answer = post("/optional", good).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("none"), "{answer}");
    }
    let app = vernal::App::from_registry(vernal::Config::new().state(Folder::new())).expect("good mappings");
    let answer = app.handle(Request::post("/optional").header("content-type", without)).await;
    assert_eq!(answer.status, 400);
    let answer = app.handle(Request::post("/optional").header("content-type", good)).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn text_fields_count_as_parameters() {
    let client = client_with(Limits::new().parameters(3));
    let form = || client.post("/dict?a=1").field("b", 2).field("c", 3).file("f", "f", "", "no parameter");
    form().await.assert_status(200);
    form()
        .field("d", 4)
        .await
        .assert_status(400)
        .assert_contains("more than 3 parameters in query and form together (Limits::parameters");
}

#[tokio::test]
async fn sizes_hold_exactly() {
    let folder = Folder::new();
    let form =
        |client: &Client, path: &str, size: usize| client.post(path).file("img", "a", "", vec![b'x'; size]);
    let length = {
        let client = client();
        form(&client, "/raw", 1_000).await.text().parse::<u64>().expect("a number")
    };
    let whole = Limits::new().upload_size(length);
    let part = Limits::new().part_size(1_000);
    for (limits, setting) in [(whole, "Limits::upload_size"), (part, "Limits::part_size")] {
        for client in [client_with(limits.clone()), spooling(&folder, limits)] {
            for path in ["/one", "/stream"] {
                form(&client, path, 1_000).await.assert_status(200);
                form(&client, path, 1_001).await.assert_status(413).assert_contains(setting);
            }
        }
    }
    folder.becomes_empty().await;
    // A body of unknown length is judged as it comes.
    let client = client_with(Limits::new().upload_size(100));
    let head = "POST /one HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = client.raw(format!("{head}65\r\n{}\r\n0\r\n\r\n", "x".repeat(0x65))).await;
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("larger than 100 bytes (Limits::upload_size)"),
        "{answer}"
    );
}

const HEAD: &str = "POST /one HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\n";
const BODY: &str = "--b\r\nContent-Disposition: form-data; name=img; filename=x\r\n\r\n123\r\n--b--\r\n";

#[tokio::test]
async fn a_form_may_come_byte_by_byte() {
    let folder = Folder::new();
    let client = spooling(&folder, Limits::new());
    let mut peer = client.connect();
    let request = format!("{HEAD}Content-Length: {}\r\nConnection: close\r\n\r\n{BODY}", BODY.len());
    for byte in request.as_bytes() {
        peer.write_all(&[*byte]).await.expect("the server reads");
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"text\":\"123\""), "{answer}");
}

#[tokio::test]
async fn a_connection_goes_on_after_a_form() {
    let client = client();
    let good = format!("{HEAD}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
    let bad =
        format!("{HEAD}Content-Length: {}\r\n\r\n{}", BODY.len(), BODY.replace("form-data", "form_data"));
    let last = format!("{HEAD}Connection: close\r\nContent-Length: {}\r\n\r\n{BODY}", BODY.len());
    let answers = client.raw([&*good, &bad, &good, &last].concat()).await;
    let statuses: Vec<_> =
        answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "400", "200", "200"], "{answers}");
    // More than is worth reading closes it.
    let large = BODY.replace("123", &"y".repeat(100_000)).replace("form-data", "form_data");
    let answers = client.raw(format!("{HEAD}Content-Length: {}\r\n\r\n{large}{good}", large.len())).await;
    assert!(answers.starts_with("HTTP/1.1 400") && answers.matches("HTTP/1.1").count() == 1, "{answers}");
}

#[tokio::test]
async fn nothing_is_asked_for_that_is_not_wanted() {
    let client = client();
    let expecting = |path: &str, content_type: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {content_type}\r\nExpect: 100-continue\r\n\
             Connection: close\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let of = "multipart/form-data; boundary=b";
    for path in ["/one", "/stream"] {
        let mut peer = client.connect();
        peer.write_all(expecting(path, of, BODY.len()).as_bytes()).await.expect("the server reads");
        let mut answer = [0; 25];
        peer.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n", "{path}");
        peer.write_all(BODY.as_bytes()).await.expect("the server reads");
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path} {answer}");
        // Too large, or without a boundary: refused unread.
        for (content_type, length, status) in [(of, 65 << 20, "413"), ("multipart/form-data", 100, "400")] {
            let answer = client.raw(expecting(path, content_type, length)).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {answer}");
        }
    }
}

#[tokio::test]
async fn a_form_that_ends_early_leaves_nothing() {
    let folder = Folder::new();
    let client = spooling(&folder, Limits::new());
    let start = BODY.replace("123", &"y".repeat(1_000_000));
    let start = &start[..500_000];
    // The connection ends inside the body.
    let answer = client.raw(format!("{HEAD}Content-Length: 2000000\r\n\r\n{start}")).await;
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("the connection ended inside the body"),
        "{answer}"
    );
    folder.becomes_empty().await;
    // The body ends inside the form.
    let answer = client.raw(format!("{HEAD}Content-Length: {}\r\n\r\n{start}", start.len())).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("cut off in part 1"), "{answer}");
    folder.becomes_empty().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_form_is_refused() {
    let folder = Folder::new();
    for path in ["/one", "/stream"] {
        let client = spooling(&folder, Limits::new());
        let mut peer = client.connect();
        let head = HEAD.replace("/one", path);
        peer.write_all(format!("{head}Content-Length: 1000\r\n\r\n{}", &BODY[..70]).as_bytes())
            .await
            .expect("read");
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("Limits::body_rate"), "{answer}");
    }
    folder.becomes_empty().await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_told() {
    let folder = Folder::new();
    let client = spooling(&folder, Limits::new());
    fs::remove_dir(&folder.0).expect("it is empty");
    let answer = client.post("/one").file("img", "a", "", "123").await;
    answer.assert_status(500).assert_contains("Config::upload_directory");
    // Text needs no directory, nor do small files.
    client.post("/parameters").field("a", 1).field("b", 2).await.assert_text("1 [2] None");
    // Nobody outside hears of the path.
    let gone = Folder::new();
    let quiet = Client::builder().state(gone).show_errors(false).build();
    let save = || quiet.post("/save").file("img", "a/b", "", "1").field("over", false);
    save().await.assert_status(200);
    save().await.assert_status(409).assert_contains("There is a file `b` already.");
    let error = vernal::App::from_registry(
        vernal::Config::new().state(Folder::new()).upload_directory(folder.0.join("missing")),
    );
    let error = format!("{:?}", error.expect_err("there is no such directory"));
    assert!(error.contains("upload_directory") && error.contains("missing"), "{error}");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
