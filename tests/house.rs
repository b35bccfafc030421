//! Rules of the house that no compiler checks: floors, circles of files, what the protocol core may not know, heads and sizes
//! of files, and how many crates hello world costs.

#[path = "house/graph.rs"]
mod graph;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use graph::Graph;
use serde_json::Value;

/// The floors of the framework, lowest first: folders and files of `framework/src`. A file may use its own floor and those below it.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["proto"],
    &["io"],
    &["contract"],
    &["http"],
    &["nodes"],
    &["bind", "matching", "session", "settings"],
    &["components", "content", "openapi", "resources", "view", "websocket/core"],
    &["websocket/handles"],
    &["route"],
    &["websocket/handshake", "websocket/styles"],
    &["chain"],
    &["registry", "routing", "security", "tls"],
    &["operations"],
    &["app", "websocket/client"],
    &["app/start"],
    &["server", "test", "tower"],
];

/// The doors of users, of generated code, of benchmarks and of fuzzing, which may use everything, and the snippets of the
/// book.
const DOORS: &[&str] =
    &["lib", "book", "macros", "prelude", "websocket/mod", "__private", "__bench", "__fuzz"];

/// Files over 500 lines, each with a ceiling and a reason.
const LONG_FILES: &[(&str, usize, &str)] = &[("framework/src/routing/tests.rs", 800, "tables")];

/// Words that a protocol without I/O has no use for.
const NOT_IN_PROTO: &[&str] =
    &["tokio", "async", "await", "tracing", "Instant", "SystemTime", "futures_core", "TcpStream", "thread"];

/// The most crates that an application may be made of: its own is not counted, vernal's are.
const CRATES: usize = 45;

#[test]
fn modules_use_no_floor_above_their_own() {
    let root = Path::new("framework/src/lib.rs");
    let found = Graph::read(root, &|file| fs::read_to_string(path("").join(file)).ok()).uses();
    let mut problems = Vec::new();
    for ((user, used), (line, name)) in &found {
        // Doors may use everything.
        let Some((room, own)) = place(user) else { continue };
        match place(used) {
            Some((_, floor)) if floor <= own => {}
            Some((other, _)) => {
                problems.push(format!("{user}:{line}: {room} uses {name} of {other}, a floor above"));
            }
            None => problems.push(format!("{user}:{line}: {name} is for users")),
        }
    }
    let rooms: BTreeSet<_> =
        FLOORS.iter().copied().flatten().filter_map(|room| room.split('/').next()).collect();
    for file in sources("framework/src").iter().filter(|file| place(&shown(file)).is_some()) {
        // What the crate's root re-exports is a name for users.
        let named = uses(&code_of(file)).into_iter().filter(|used| !rooms.contains(&**used));
        problems.extend(named.map(|used| format!("{}: `crate::{used}` names no module", shown(file))));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What counts as a use is said at the head of `house/graph.rs`.
#[test]
fn no_file_uses_itself_by_way_of_others() {
    let mut problems = String::new();
    for root in ["framework/src/lib.rs", "framework-macros/src/lib.rs"] {
        let uses = Graph::read(Path::new(root), &|file| fs::read_to_string(path("").join(file)).ok()).uses();
        for circle in graph::circles(&uses) {
            let (count, shown) = (circle.len(), graph::shown(&circle, &uses));
            problems += &format!("{count} files in a circle: move what they share below them\n{shown}");
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn circles_are_found_in_all_spellings() {
    type Files = &'static [(&'static str, &'static str)];
    let table: &[(&str, Files, &[&str])] = &[
        (
            "a child and its parent",
            &[("lib", "mod a; fn f() { a::g() }"), ("a", "use super::f; pub fn g() { f() }")],
            &["a lib"],
        ),
        ("declared only", &[("lib", "mod a; struct S;"), ("a", "use super::S;")], &[]),
        (
            "re-exported only",
            &[("lib", "mod a; pub use a::A; struct S;"), ("a", "use super::S; pub struct A;")],
            &[],
        ),
        (
            "re-exported and named",
            &[("lib", "mod a; pub use a::A; struct S(A);"), ("a", "use super::S; pub struct A;")],
            &["a lib"],
        ),
        (
            "through a re-export",
            &[
                ("lib", "mod a; mod b; pub use {a::A, b::B};"),
                ("a", "use crate::B as X; pub struct A;"),
                ("b", "use crate::A; pub struct B;"),
            ],
            &["a b"],
        ),
        (
            "a re-export is no hub",
            &[
                ("lib", "mod a; mod b; pub use a::A;"),
                ("a", "pub struct A;"),
                ("b", "use crate::A; pub struct B;"),
            ],
            &[],
        ),
        (
            "three",
            &[
                ("lib", "mod a; mod b; mod c;"),
                ("a", "use crate::b;"),
                ("b", "use crate::c;"),
                ("c", "use crate::a;"),
            ],
            &["a b c"],
        ),
        (
            "by path",
            &[
                ("lib", "mod a; mod b;"),
                ("a", "fn f() -> crate::b::B {}"),
                ("b", "struct B([super::a::A; 1]);"),
            ],
            &["a b"],
        ),
        (
            "by a module",
            &[("lib", "mod a; mod b;"), ("a", "use super::b; pub use b::B;"), ("b", "use super::a;")],
            &["a b"],
        ),
        (
            "in braces",
            &[
                ("lib", "mod a; mod b;"),
                ("a", "use super::{b::{self, B as _}};"),
                ("b", "use crate::{a::{A}};"),
            ],
            &["a b"],
        ),
        (
            "behind a range",
            &[("lib", "mod a; mod b;"), ("a", "use super::b;"), ("b", "const X: B = B { ..super::a::A };")],
            &["a b"],
        ),
        ("a field", &[("lib", "mod a; fn f() { x.a::<u8>() }"), ("a", "use super::f;")], &[]),
        (
            "in a macro",
            &[
                ("lib", "mod a; mod b;"),
                ("a", "macro_rules! m { () => { $crate::b::B } } pub(crate) use m;"),
                ("b", "use crate::a::m;"),
            ],
            &["a b"],
        ),
        (
            "a macro of the parent",
            &[("lib", "macro_rules! m { () => {} } mod a; fn f() { a::g() }"), ("a", "m! {}")],
            &["a lib"],
        ),
        (
            "inside a module of the file",
            &[("lib", "mod a; mod b;"), ("a", "mod inner { use super::super::b; }"), ("b", "use super::a;")],
            &["a b"],
        ),
        (
            "in a folder",
            &[("lib", "mod a;"), ("a/mod", "mod b; use b::B;"), ("a/b", "struct B(super::A);")],
            &["a/b a/mod"],
        ),
        (
            "of tests",
            &[
                ("lib", "#[cfg(test)] mod a; mod b; #[cfg(test)] mod tests { use super::b; }"),
                ("b", "use super::S; #[cfg(test)] use crate::a;"),
            ],
            &[],
        ),
        (
            "of another crate",
            &[
                ("lib", "mod http; struct S; fn f() -> ::http::Method {}"),
                ("http", "use super::S; use http::Method;"),
            ],
            &[],
        ),
        (
            "in words",
            &[
                ("lib", "mod a; struct S; /// [`a::A`]\nconst X: &str = \"a::A\"; // a::A"),
                ("a", "use super::S;"),
            ],
            &[],
        ),
    ];
    for (name, files, expected) in table {
        let read = |file: &Path| {
            let file = file.with_extension("");
            files.iter().find(|(name, _)| Path::new(name) == file).map(|(_, text)| (*text).to_owned())
        };
        let circles = graph::circles(&Graph::read(Path::new("lib.rs"), &read).uses());
        let found: Vec<_> = circles
            .iter()
            .map(|circle| {
                circle.iter().map(|file| file.trim_end_matches(".rs")).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(found, *expected, "{name}");
    }
}

#[test]
fn the_protocol_core_knows_no_runtime_no_clock_and_no_log() {
    for file in sources("framework/src/proto") {
        let code = code_of(&file);
        for word in NOT_IN_PROTO {
            assert!(!has_word(&code, word), "{} names {word}", shown(&file));
        }
    }
}

/// A node's clock may be an hour off: what nodes agree on is Redis's.
#[test]
fn nodes_ask_no_clock_that_may_be_wrong() {
    for file in sources("framework/src/nodes") {
        assert!(!has_word(&code_of(&file), "SystemTime"), "{} names SystemTime", shown(&file));
    }
}

/// What is said passes through `say!`, which escapes what could begin a line of its own. The event of an answer has fields, each escaped
/// by itself.
#[test]
fn everything_that_is_logged_is_escaped() {
    for file in sources("framework/src") {
        if ["framework/src/base/shown.rs", "framework/src/operations/access/answered.rs"]
            .contains(&&*shown(&file))
        {
            continue;
        }
        let code = code_of(&file);
        for word in ["error", "warn", "info", "debug", "trace", "event"] {
            let call = format!("tracing::{word}!");
            assert!(!code.contains(&call), "{} calls {call} instead of `say!`", shown(&file));
        }
    }
}

/// A time that the user has set may be longer than any clock goes: the addition would panic.
#[test]
fn moments_to_come_are_reckoned_in_one_place() {
    for file in sources("framework/src") {
        let code = code_of(&file);
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        if shown(&file) == "framework/src/io/clock.rs" || !has_word(code, "Instant") {
            continue;
        }
        for sum in ["now() +", "now +", "instant +", "since +"] {
            assert!(
                !code.contains(sum),
                "{} reckons `{sum} …`: call `clock::after` or `clock::later`",
                shown(&file)
            );
        }
    }
}

#[test]
fn there_is_no_unsafe_code() {
    for root in ["framework/src/lib.rs", "framework-macros/src/lib.rs"] {
        let text = read(&path(root));
        assert!(text.contains("#![forbid(unsafe_code)]"), "{root} does not forbid unsafe code");
    }
    // The macros speak of `unsafe fn`, which users write; what they emit is under the same lint in the user's crate.
    for file in sources("framework/src") {
        assert!(!has_word(&code_of(&file), "unsafe"), "{} says `unsafe`", shown(&file));
    }
}

#[test]
fn every_file_says_what_it_is() {
    let folders = ["framework/src", "framework-macros/src", "examples", "tests"];
    for file in folders.iter().flat_map(|folder| sources(folder)) {
        // A fixture's line numbers are in its expected message.
        if !["tests/ui/", "tests/misuse/tests/ui/"].iter().any(|fixtures| shown(&file).starts_with(fixtures))
        {
            assert!(read(&file).starts_with("//! "), "{} does not begin with `//! `", shown(&file));
        }
    }
}

#[test]
fn a_file_is_read_in_one_sitting() {
    let mut long: BTreeMap<_, _> = LONG_FILES.iter().map(|(name, lines, _)| (*name, *lines)).collect();
    for file in sources("framework/src").into_iter().chain(sources("framework-macros/src")) {
        let (name, count) = (shown(&file), read(&file).lines().count());
        let ceiling = long.remove(&*name).unwrap_or(500);
        assert!(count <= ceiling, "{name} has {count} lines, {ceiling} at most: part it by its nouns");
    }
    assert!(long.is_empty(), "no such files: {long:?}");
}

#[test]
fn what_two_crates_share_is_the_same() {
    // Macros are compiled before the framework, so neither can use a file of the other.
    for (ours, theirs) in [("foreign.rs", "matching/foreign.rs"), ("meant.rs", "base/meant.rs")] {
        let [macros, framework] = [format!("framework-macros/src/{ours}"), format!("framework/src/{theirs}")]
            .map(|name| read(&path(&name)));
        assert!(macros == framework, "{ours} differs between the two crates: copy the one over the other");
    }
}

#[test]
fn hello_world_costs_few_crates() {
    let tree = cargo(&["tree", "-p", "vernal", "-e", "normal,build", "--prefix", "none", "--format", "{p}"]);
    // Name and version; what follows says where it comes from and that it was listed before.
    let crates: BTreeSet<_> = tree
        .lines()
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    assert!(crates.iter().any(|line| line.starts_with("tokio ")), "the tree is not whole: {tree}");
    assert!(crates.len() <= CRATES, "{} crates, {CRATES} at most: {crates:?}", crates.len());
    // What is off costs none: descriptions, rules, forms.
    for name in ["schemars", "garde", "erased-serde", "cbor4ii", "utoipa-swagger-ui-vendored", "zip"] {
        let is_there = crates.iter().any(|line| line.starts_with(&format!("{name} ")));
        assert!(!is_there, "hello world has {name}: {crates:?}");
    }
}

#[test]
fn the_suite_mirrors_the_features() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("metadata is JSON");
    let (ours, theirs) = (features(&metadata, "vernal-suite"), features(&metadata, "vernal"));
    for (name, enables) in &theirs {
        if name == "default" {
            assert_eq!(enables, &Value::Array(Vec::new()), "no feature is on by default");
            continue;
        }
        let mirror = Value::from(vec![format!("vernal/{name}")]);
        assert_eq!(ours.get(name), Some(&mirror), "write `{name} = [\"vernal/{name}\"]` in the root package");
    }
    for name in ours.keys() {
        assert!(theirs.contains_key(name), "the root package has a feature `{name}` that vernal lacks");
    }
}

/// The room that a file of the framework stands in, and the floor of that; `None` for a door.
fn place(file: &str) -> Option<(&'static str, usize)> {
    let inside = file.strip_prefix("framework/src/").and_then(|file| file.strip_suffix(".rs"));
    let inside = inside.expect("a file of the framework");
    let is_in =
        |room: &str| inside.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if DOORS.iter().any(|door| is_in(door)) {
        return None;
    }
    let all =
        FLOORS.iter().enumerate().flat_map(|(floor, rooms)| rooms.iter().map(move |room| (*room, floor)));
    let place = all.filter(|(room, _)| is_in(room)).max_by_key(|(room, _)| room.len());
    Some(place.unwrap_or_else(|| panic!("{file} is on no floor: add its folder to FLOORS")))
}

/// The top modules that a text names by `crate::…`, lists in braces included.
fn uses(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, name) in code.match_indices("crate::") {
        // `$crate::` of a macro, or the end of a longer word.
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + name.len()..];
        match rest.strip_prefix('{') {
            None => drop(used.insert(word_at(rest))),
            Some(list) => {
                let mut depth = 0;
                for (at, char) in
                    std::iter::once((0, ',')).chain(list.char_indices().map(|(at, char)| (at + 1, char)))
                {
                    match char {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => drop(used.insert(word_at(list[at..].trim_start()))),
                        _ => {}
                    }
                }
            }
        }
    }
    used.remove("");
    used
}

fn word_at(text: &str) -> String {
    text.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect()
}

#[test]
fn names_are_found_in_all_spellings() {
    let table = [
        ("use crate::http::Error;", &["http"][..]),
        ("use crate::{http::{Error, Result}, base, io::Stream};", &["base", "http", "io"]),
        ("fn f() -> crate::proto::Limits", &["proto"]),
        ("pub(crate) fn f() {} $crate::io::x", &["io"]),
        ("use mycrate::app::App;", &[]),
    ];
    for (code, expected) in table {
        assert_eq!(uses(code).iter().map(String::as_str).collect::<Vec<_>>(), expected, "{code}");
    }
}

/// Whether a word stands in a text, as a whole.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

/// A file without its comments. Texts stay: a `//` inside one only hides the rest of its line.
fn code_of(file: &Path) -> String {
    read(file).lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// All Rust files below a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![path(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// What a cargo command prints, without the network.
fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo).args(arguments).arg("--offline").current_dir(path("")).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
}

fn features(metadata: &Value, name: &str) -> BTreeMap<String, Value> {
    let packages = metadata["packages"].as_array().expect("there are packages");
    let package =
        packages.iter().find(|package| package["name"] == name).expect("a package of the workspace");
    package["features"].as_object().expect("a map").clone().into_iter().collect()
}

fn path(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

/// A path as messages and lists show it.
fn shown(file: &Path) -> String {
    file.strip_prefix(path("")).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
