//! The book and the README as their readers find them: every chapter is listed and compiled, no link leads nowhere, and the tables of
//! methods name what the code has. How a snippet is compiled is in `framework/src/book.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Languages of code that is shown and that nobody compiles here.
const SHOWN: &[&str] = &[
    "apache",
    "caddy",
    "console",
    "dockerfile",
    "go",
    "haproxy",
    "html",
    "ini",
    "java",
    "js",
    "json",
    "kotlin",
    "lighttpd",
    "nginx",
    "python",
    "sh",
    "squid",
    "text",
    "toml",
    "vcl",
    "yaml",
];

/// What may stand behind `rust,`: each of these compiles the snippet.
const COMPILED: &[&str] = &["no_run", "test_harness", "standalone_crate", "compile_fail"];

#[test]
fn every_chapter_is_listed_and_compiled() {
    let [summary, front, compiled] =
        ["docs/SUMMARY.md", "docs/README.md", "framework/src/book.rs"].map(|name| read(&path(name)));
    for chapter in chapters() {
        let name = shown(&chapter);
        let file = name.strip_prefix("docs/").expect("a chapter");
        assert!(summary.contains(&format!("]({file})")), "{name} is in no line of docs/SUMMARY.md");
        let is_front = file == "README.md";
        assert!(is_front || front.contains(&format!("]({file})")), "{name} is in no line of docs/README.md");
        assert!(compiled.contains(&format!("\"{name}\",")), "{name} is in no line of framework/src/book.rs");
        assert!(read(&chapter).starts_with("# "), "{name} does not begin with its title");
    }
    assert!(compiled.contains("\"README.md\","), "the README is in no line of framework/src/book.rs");
}

#[test]
fn every_feature_is_told() {
    let manifest = read(&path("framework/Cargo.toml"));
    let features =
        manifest.split("\n[features]\n").nth(1).expect("features").split("\n[").next().expect("text");
    let told: BTreeSet<_> = code(&read(&path("docs/project.md"))).into_iter().collect();
    for feature in features.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
        // `code` takes words apart at hyphens.
        let is_told = feature.split('-').all(|word| told.contains(word));
        assert!(is_told || feature == "default", "docs/project.md says nothing of the feature `{feature}`");
    }
}

#[test]
fn the_readme_is_one_page() {
    let count = read(&path("README.md")).lines().count();
    assert!(count <= 200, "the README has {count} lines: what is more belongs into a chapter");
}

#[test]
fn every_snippet_is_compiled() {
    for page in pages() {
        for (line, language, code) in fences(&read(&page)) {
            let at = format!("{}:{line}", shown(&page));
            let mut words = language.split(',');
            if words.next() == Some("rust") {
                words
                    .for_each(|word| assert!(COMPILED.contains(&word), "{at}: `{word}` does not compile it"));
                continue;
            }
            assert!(SHOWN.contains(&&*language), "{at}: ```{language} is no language that a page may show");
            let is_rust = ["#[", "use vernal", "vernal::", "server::new()"];
            let what = is_rust.iter().find(|sign| language != "console" && code.contains(**sign));
            assert!(what.is_none(), "{at}: {what:?} is Rust: mark it so that it is compiled");
        }
    }
}

#[test]
fn no_link_leads_nowhere() {
    let mut problems = Vec::new();
    for page in pages() {
        let text = read(&page);
        let is_chapter = shown(&page).starts_with("docs/");
        for (line, target) in links(&text) {
            let at = format!("{}:{line}: {target}", shown(&page));
            if target.starts_with("https://") || target.starts_with("http://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let to = match file {
                "" => page.clone(),
                file => page.parent().expect("a folder").join(file),
            };
            if !to.exists() {
                problems.push(format!("{at}: there is no such file"));
            } else if is_chapter && (file.contains('/') || !file.is_empty() && !file.ends_with(".md")) {
                problems
                    .push(format!("{at}: leaves the book, where it leads nowhere; name the file as `code`"));
            } else if !anchor.is_empty() && !anchors(&read(&to)).contains(anchor) {
                problems.push(format!("{at}: there is no such heading"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn links_and_fences_are_read_as_they_are_shown() {
    let text = "# A `b` c, d!\n[one](x.md#y) `[no](a)` [two](z)\n```rust,no_run\n[no](b)\n# hidden\n```\n## A `b` c, d!\n[![i](p.png)](q)\n";
    assert_eq!(links(text), [(2, "x.md#y".into()), (2, "z".into()), (8, "p.png".into()), (8, "q".into())]);
    assert_eq!(anchors(text), BTreeSet::from(["a-b-c-d".to_owned(), "a-b-c-d-1".to_owned()]));
    assert_eq!(fences(text), [(3, "rust,no_run".to_owned(), "[no](b)\n# hidden\n".to_owned())]);
}

/// The tables of methods, each in the chapter where it is looked for.
const TOLD: &[(&str, &[&str])] = &[
    ("answers", &["Headers", "Redirect", "Response", "SetCookie"]),
    ("compression", &["Compression", "Decompression"]),
    ("embedding", &["App", "Layered", "Mounted", "VernalService"]),
    ("errors", &["Error"]),
    ("files", &["Resources", "SafePath", "StaticFile"]),
    ("filters", &["FilterContext", "Next"]),
    ("nodes", &["RedisRates", "RedisRooms", "Undelivered"]),
    ("request", &["ConnectionInfo", "Cookies", "Params", "Request"]),
    ("security", &["BasicAuth", "BearerAuth", "Cors", "Csrf", "CsrfToken", "RateLimit", "SecurityHeaders"]),
    ("server", &["Bound", "Config", "Handle", "Server"]),
    ("sessions", &["CookieKey", "MemoryStore", "RedisStore", "Session", "SessionConfig"]),
    ("streaming", &["Body", "BodyReader", "Event", "Sender", "Sse"]),
    ("testing", &["Answer", "Client", "ClientBuilder", "SocketBuilder", "TestSocket"]),
    ("tls", &["ClientCertificate", "Pem", "Tls", "TlsHandle"]),
    ("uploads", &["Multipart", "MultipartFile", "Part", "Progress"]),
    ("views", &["Templates"]),
    (
        "websocket",
        &[
            "Accept",
            "Broadcast",
            "CloseCode",
            "CloseReason",
            "Connect",
            "Deflate",
            "FrameSocket",
            "MessageWriter",
            "Rooms",
            "WebSocket",
            "WebSocketRequest",
            "WebSocketSession",
        ],
    ),
];

#[test]
fn every_public_method_is_told() {
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources(path("framework/src")) {
        for (kind, method) in public_methods(&read(&file)) {
            methods.entry(kind).or_default().insert(method);
        }
    }
    let mut problems = Vec::new();
    for (chapter, kinds) in TOLD {
        let text = read(&path(&format!("docs/{chapter}.md")));
        let told: BTreeSet<_> = code(&text).into_iter().collect();
        for kind in *kinds {
            let Some(methods) = methods.get(*kind) else {
                problems.push(format!("there is no `{kind}` with methods: take it out of TOLD"));
                continue;
            };
            let untold = methods.iter().filter(|method| !told.contains(*method));
            problems
                .extend(untold.map(|method| format!("docs/{chapter}.md says nothing of `{kind}::{method}`")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn methods_are_found_as_they_are_written() {
    let text = "impl<T> Wrapped<T> {\n    /// It is.\n    pub const fn new() -> Wrapped<T> {\n    }\n    fn own(&self) {}\n    #[doc(hidden)]\n    pub fn hidden() {\n    \
                }\n    pub async fn run(self) {\n    }\n}\nimpl Clone for Wrapped<()> {\n    pub fn no() {\n    }\n}\n";
    let found: Vec<_> =
        public_methods(text).into_iter().map(|(kind, method)| format!("{kind}::{method}")).collect();
    assert_eq!(found, ["Wrapped::new", "Wrapped::run"]);
    assert_eq!(code("`one(two)` and\n```rust\nno\n```\n| `a::b` | c |"), ["one", "two", "a", "b"]);
}

/// The public methods in the `impl` blocks of a file, with the types they are of.
fn public_methods(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut kind, mut is_hidden) = (None, false);
    for line in text.lines() {
        if let Some(head) =
            line.strip_prefix("impl").filter(|head| head.starts_with([' ', '<']) && !head.contains(" for "))
        {
            let name = match head.strip_prefix('<') {
                Some(generic) => generic.split_once("> ").map_or("", |(_, name)| name),
                None => head.trim_start(),
            };
            kind = Some(name.split(['<', ' ']).next().unwrap_or_default().to_owned());
        } else if line == "}" {
            kind = None;
        } else if line.trim() == "#[doc(hidden)]" {
            is_hidden = true;
        } else if let (Some(kind), Some(item)) = (&kind, line.strip_prefix("    pub ")) {
            let item = item.trim_start_matches("const ").trim_start_matches("async ");
            if let Some(name) = item.strip_prefix("fn ").filter(|_| !is_hidden) {
                let name = name.split(['(', '<']).next().unwrap_or_default();
                found.push((kind.clone(), name.to_owned()));
            }
            is_hidden = false;
        }
    }
    found
}

/// The words of a text that stand between backticks.
fn code(text: &str) -> Vec<String> {
    let lines = prose(text).flat_map(|(_, line)| line.split('`').skip(1).step_by(2));
    let words = lines.flat_map(|code| code.split(|char: char| !char.is_alphanumeric() && char != '_'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// All Rust files below a folder.
fn sources(folder: PathBuf) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a readable folder").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let inside = folders.into_iter().flat_map(sources);
    files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .chain(inside)
        .collect()
}

/// The README, the chapters, their list, and what changed.
fn pages() -> Vec<PathBuf> {
    let mut pages = chapters();
    pages.extend(["README.md", "CHANGELOG.md", "docs/SUMMARY.md"].map(path));
    pages
}

fn chapters() -> Vec<PathBuf> {
    let files = fs::read_dir(path("docs")).expect("there is a book").map(|file| file.expect("a file").path());
    let mut chapters: Vec<_> = files
        .filter(|file| {
            file.extension().is_some_and(|extension| extension == "md") && !file.ends_with("SUMMARY.md")
        })
        .collect();
    chapters.sort();
    assert!(chapters.len() > 30, "where are the chapters?");
    chapters
}

/// Code between fences: the line where it begins, its language and its text.
fn fences(text: &str) -> Vec<(usize, String, String)> {
    let mut fences: Vec<(usize, String, String)> = Vec::new();
    let mut is_open = false;
    for (number, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if is_open => is_open = false,
            Some(language) => {
                is_open = true;
                fences.push((number + 1, language.to_owned(), String::new()));
            }
            None if is_open => {
                let code = &mut fences.last_mut().expect("it is open").2;
                code.push_str(line);
                code.push('\n');
            }
            None => {}
        }
    }
    assert!(!is_open, "a fence is never closed");
    fences
}

/// The lines outside of fences, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_open = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        if line.trim_start().starts_with("```") {
            is_open = !is_open;
            return None;
        }
        (!is_open).then_some((number + 1, line))
    })
}

/// Where the links of a text lead, with the lines they stand in.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line) in prose(text) {
        // What stands between backticks is code.
        let shown: String =
            line.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "x" }).collect();
        for (at, start) in shown.match_indices("](") {
            let target =
                shown[at + start.len()..].split([')', ' ']).next().expect("a split has a first part");
            links.push((number, target.to_owned()));
        }
    }
    links
}

/// What the headings of a text are called in links: lower case, spaces as hyphens, without punctuation, and numbered where one is there already.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let name: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter_map(|char| match char {
                ' ' => Some('-'),
                char => (char.is_alphanumeric() || char == '-' || char == '_').then_some(char),
            })
            .collect();
        let mut number = 0;
        let mut free = name.clone();
        while !anchors.insert(free) {
            number += 1;
            free = format!("{name}-{number}");
        }
    }
    anchors
}

fn path(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

fn shown(file: &Path) -> String {
    file.strip_prefix(path("")).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
