//! The book and the README as their readers find them: every chapter is listed and compiled, no link leads nowhere, and the tables of
//! methods name what the code has. How a snippet is compiled is in `framework/src/book.rs`.

use std::collections::BTreeSet;
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
    let [summary, compiled] = ["docs/SUMMARY.md", "framework/src/book.rs"].map(|name| read(&path(name)));
    for chapter in chapters() {
        let name = shown(&chapter);
        let file = name.strip_prefix("docs/").expect("a chapter");
        assert!(summary.contains(&format!("]({file})")), "{name} is in no line of docs/SUMMARY.md");
        assert!(compiled.contains(&format!("\"{name}\",")), "{name} is in no line of framework/src/book.rs");
        assert!(read(&chapter).starts_with("# "), "{name} does not begin with its title");
    }
    assert!(compiled.contains("\"README.md\","), "the README is in no line of framework/src/book.rs");
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
