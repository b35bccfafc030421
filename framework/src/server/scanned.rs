//! Files in folders that were given to `scan!`, but are no part of the program: what a debug build warns of when a server
//! starts. Where the folder is not there, as on another machine, there is nothing to say.

use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

use crate::base::{say, sorted};
use crate::registry::{Scanned, inventory};

/// Warns of every file that is not compiled. Release builds record no folders.
pub(super) fn warn_of_unnamed() {
    for scanned in inventory::iter::<Scanned> {
        for problem in (scanned.look)(scanned) {
            say!(warn, "{problem}");
        }
    }
}

/// What is to be said of a folder. For generated code.
pub fn unnamed(scanned: &Scanned) -> Vec<String> {
    let Ok(wanted) = Regex::new(scanned.regexp) else { return Vec::new() };
    let top = Path::new(scanned.folder);
    let mut problems = Vec::new();
    for file in files(top) {
        let inside = relative(&file, top);
        if scanned.files.contains(&&*inside) || !wanted.is_match(&inside) {
            continue;
        }
        let written = scanned.written;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        match parent(&file, top) {
            None => problems.push(format!(
                "{written}/{inside} is not compiled: it came after `scan!(\"{written}\")`. Build again; so that Cargo sees new \
                 files by itself, write a build.rs: fn main() {{ println!(\"cargo::rerun-if-changed={written}\"); }}"
            )),
            Some((parent, text)) if !names(&text, &stem) => problems.push(format!(
                "{written}/{inside} is not compiled: no `mod` line names it. Write `mod {stem};` in {written}/{}",
                relative(&parent, top)
            )),
            Some(_) => {}
        }
    }
    sorted::sort_by(&mut problems, Ord::cmp);
    problems
}

/// The file that names the modules of the folder a file is in: `mod.rs`, or the one of the folder's name beside it.
fn parent(file: &Path, top: &Path) -> Option<(PathBuf, String)> {
    let folder = file.parent()?;
    let beside = folder.with_extension("rs");
    let candidates = [folder.join("mod.rs"), beside];
    let own = candidates.into_iter().filter(|path| path.starts_with(top) && path != file);
    own.filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text))).next()
}

/// Whether a text says `mod name`, or names a file in quotes, or scans a folder itself.
fn names(text: &str, name: &str) -> bool {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.any(|line| {
        line.match_indices("mod ").any(|(at, word)| {
            let rest = line[at + word.len()..].trim_start().trim_start_matches("r#");
            !line[..at].ends_with(is_word)
                && rest.strip_prefix(name).is_some_and(|rest| !rest.starts_with(is_word))
        }) || line.contains(&format!("{name}.rs\""))
            || line.contains("scan!")
    })
}

/// All Rust files below a folder, but those that are hidden.
fn files(top: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![top.to_owned()];
    // Links may lead in circles.
    for _ in 0..MOST_FOLDERS {
        let Some(folder) = folders.pop() else { break };
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if is_hidden {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

fn relative(path: &Path, top: &Path) -> String {
    let inside = path.strip_prefix(top).unwrap_or(path);
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

const MOST_FOLDERS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_nobody_names_are_told() {
        let top = std::env::temp_dir().join(format!("vernal-scanned-{}", std::process::id()));
        let files = [
            ("known.rs", ""),
            ("new_controller.rs", ""),
            ("new_model.rs", ""),
            (".hidden_controller.rs", ""),
            ("notes_controller.txt", ""),
            ("a/mod.rs", "mod one_controller;\npub mod r#two_controller;\n// mod three_controller;\n"),
            ("a/one_controller.rs", ""),
            ("a/two_controller.rs", ""),
            ("a/three_controller.rs", ""),
            ("a/by_path_controller.rs", ""),
            ("b.rs", "#[path = \"x_controller.rs\"] mod y;\nmod z_controller_of_all;"),
            ("b/x_controller.rs", ""),
            ("b/z_controller.rs", ""),
            ("c/mod.rs", "vernal::scan!(\"src/c/d\");"),
            ("c/d/e_controller.rs", ""),
        ];
        for (name, text) in files {
            let path = top.join(name);
            fs::create_dir_all(path.parent().expect("inside")).expect("a writable folder");
            fs::write(path, text).expect("a writable folder");
        }
        let folder: &'static str = top.to_string_lossy().into_owned().leak();
        let scanned = Scanned {
            folder,
            written: "src/c",
            regexp: "^(?:.*/)?[^/]*_controller\\.rs$",
            files: &["known.rs", "c/d/e_controller.rs"],
            look: unnamed,
        };
        let said = unnamed(&scanned);
        fs::remove_dir_all(&top).expect("it is there");
        let expected = [
            "src/c/a/by_path_controller.rs is not compiled: no `mod` line names it. Write `mod by_path_controller;` in src/c/a/mod.rs",
            "src/c/a/three_controller.rs is not compiled: no `mod` line names it. Write `mod three_controller;` in src/c/a/mod.rs",
            "src/c/b/z_controller.rs is not compiled: no `mod` line names it. Write `mod z_controller;` in src/c/b.rs",
            "src/c/new_controller.rs is not compiled: it came after `scan!(\"src/c\")`. Build again; so that Cargo sees new \
             files by itself, write a build.rs: fn main() { println!(\"cargo::rerun-if-changed=src/c\"); }",
        ];
        assert_eq!(said, expected);
        assert_eq!(unnamed(&scanned), Vec::<String>::new(), "the folder is not there any more");
    }
}
