//! The name that Cargo's manifest gives the framework: `web` for `web = { package = "vernal" }`.
//!
//! A parser of TOML would cost every build more than a second. Cargo has read the file before us, so that it is well
//! formed, and of all in it only the heads of tables and the keys of dependencies matter: expressions find these. What
//! they do not see, such as a table within a text of several lines, `crate = path` says.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;
use std::{env, fs};

use proc_macro2::{Ident, Span};
use regex_lite::Regex;

/// The name by which the crate that is being compiled knows the framework.
pub(crate) fn name_of_framework() -> Ident {
    // Cargo sets it; without Cargo nothing is known.
    let name = env::var_os("CARGO_MANIFEST_DIR").and_then(|folder| remembered(Path::new(&folder)));
    let name = name.unwrap_or_else(|| PACKAGE.to_owned());
    match syn::parse_str(&name) {
        Ok(name) => name,
        Err(_) => Ident::new_raw(&name, Span::call_site()),
    }
}

/// What was read last. An editor compiles many crates in one process, and their manifests change.
static LAST: Mutex<Option<Read>> = Mutex::new(None);

struct Read {
    manifest: PathBuf,
    /// When it was changed last.
    changed: Option<SystemTime>,
    name: Option<String>,
}

fn remembered(folder: &Path) -> Option<String> {
    let manifest = folder.join("Cargo.toml");
    let changed = fs::metadata(&manifest).and_then(|metadata| metadata.modified()).ok();
    let mut last = LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match &*last {
        Some(read) if read.manifest == manifest && read.changed == changed => read.name.clone(),
        _ => {
            let name = renamed(&manifest);
            *last = Some(Read { manifest, changed, name: name.clone() });
            name
        }
    }
}

/// The other name of the framework in a manifest, if it has one.
fn renamed(manifest: &Path) -> Option<String> {
    let text = fs::read_to_string(manifest).ok()?;
    let tables = tables(&text);
    // What the library is made of comes before what its tests are.
    KINDS
        .iter()
        .find_map(|kind| {
            let found = dependencies(&tables, |head| is_dependencies(head, kind));
            if found.iter().any(|found| found.key == PACKAGE && found.from != From::Elsewhere) {
                return Some(PACKAGE.to_owned());
            }
            let own = found.iter().find(|found| found.from == From::Framework);
            let inherited = || {
                let inherited =
                    found.iter().filter(|found| found.from == From::Workspace).map(|found| &found.key);
                let mut inherited = inherited.peekable();
                inherited.peek()?;
                let root = fs::read_to_string(root(manifest, &tables)?).ok()?;
                let shared = dependencies(&self::tables(&root), |head| head == "workspace.dependencies");
                let is_ours = |key: &&String| {
                    shared.iter().any(|shared| shared.key == **key && shared.from == From::Framework)
                };
                inherited.into_iter().find(is_ours).cloned()
            };
            own.map(|own| own.key.clone()).or_else(inherited)
        })
        .map(|key| key.replace('-', "_"))
}

/// The manifest of the workspace that a package belongs to.
fn root(manifest: &Path, tables: &[Table<'_>]) -> Option<PathBuf> {
    let is_root = |tables: &[self::Table<'_>]| {
        tables.iter().any(|table| table.head.split('.').next() == Some("workspace"))
    };
    let named = Regex::new(r#"(?m)^[ \t]*workspace[ \t]*=[ \t]*["']([^"'\n]*)["']"#).expect("it is tested");
    let named =
        tables.iter().filter(|table| table.head == "package").find_map(|table| named.captures(table.body));
    if let Some(named) = named {
        return Some(manifest.parent()?.join(&named[1]).join("Cargo.toml"));
    }
    if is_root(tables) {
        return Some(manifest.to_owned());
    }
    let above = manifest.parent()?.ancestors().skip(1).map(|folder| folder.join("Cargo.toml"));
    above.into_iter().find(|above| fs::read_to_string(above).is_ok_and(|text| is_root(&self::tables(&text))))
}

/// A table of a manifest, and what stands in it.
struct Table<'m> {
    /// Without blanks and quotes.
    head: String,
    body: &'m str,
}

fn tables(text: &str) -> Vec<Table<'_>> {
    let heads = Regex::new(r"(?m)^[ \t]*\[([^\[\]\n]+)\][ \t]*(?:#.*)?\r?$").expect("it is tested");
    let mut tables = vec![Table { head: String::new(), body: text }];
    let mut from = 0;
    for head in heads.captures_iter(text) {
        let (whole, name) = (head.get(0).expect("it matched"), &head[1]);
        tables.last_mut().expect("the first has no head").body = &text[from..whole.start()];
        from = whole.end();
        tables.push(Table { head: name.replace([' ', '\t', '"', '\''], ""), body: &text[from..] });
    }
    tables
}

/// A dependency by its key.
struct Dependency {
    key: String,
    from: From,
}

/// Which package a dependency is.
#[derive(Clone, Copy, PartialEq)]
enum From {
    /// `package = "vernal"`
    Framework,
    /// `package = "…"`
    Elsewhere,
    /// `workspace = true`
    Workspace,
    /// That of its key.
    Key,
}

/// The dependencies in those tables whose heads are asked for, `[dependencies]` and `[dependencies.web]` both.
fn dependencies(tables: &[Table<'_>], is_asked_for: impl Fn(&str) -> bool) -> Vec<Dependency> {
    // `web = "1"`, `web = { … }`, `web.package = "…"`: a value in braces may have lines.
    let entries = Regex::new(
        r#"(?m)^[ \t]*["']?([A-Za-z0-9_-]+)["']?[ \t]*(?:\.[ \t]*([a-z-]+)[ \t]*=[ \t]*([^\n]*)|=[ \t]*(\{[^}]*\}|[^\n]*))"#,
    )
    .expect("it is tested");
    let mut found = Vec::new();
    for table in tables {
        if is_asked_for(&table.head) {
            found.extend(entries.captures_iter(table.body).map(|entry| {
                let from = match (entry.get(2), entry.get(3), entry.get(4)) {
                    (Some(option), Some(value), _) => {
                        from(&format!("{} = {}", option.as_str(), value.as_str()))
                    }
                    (_, _, Some(value)) => from(value.as_str()),
                    _ => From::Key,
                };
                Dependency { key: entry[1].to_owned(), from }
            }));
        } else if let Some((head, key)) = table.head.rsplit_once('.')
            && is_asked_for(head)
        {
            found.push(Dependency { key: key.to_owned(), from: from(table.body) });
        }
    }
    found
}

/// What the options of a dependency say of its package.
fn from(options: &str) -> From {
    let package = Regex::new(r#"(?m)(?:^|[{,])[ \t\r\n]*package[ \t]*=[ \t]*["']([^"'\n]*)["']"#)
        .expect("it is tested");
    let inherits = Regex::new(r"(?m)(?:^|[{,])[ \t\r\n]*workspace[ \t]*=[ \t]*true").expect("it is tested");
    match package.captures(options) {
        Some(package) if &package[1] == PACKAGE => From::Framework,
        Some(_) => From::Elsewhere,
        None if inherits.is_match(options) => From::Workspace,
        None => From::Key,
    }
}

/// Whether a table holds dependencies of a kind, be it on some targets only.
fn is_dependencies(head: &str, kind: &str) -> bool {
    head == kind
        || (head.starts_with("target.")
            && head.strip_suffix(kind).is_some_and(|target| target.ends_with('.')))
}

/// The package of the framework.
const PACKAGE: &str = "vernal";

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes with its test.
    struct Project(PathBuf);

    impl Project {
        fn new(name: &str, files: &[(&str, &str)]) -> Project {
            let root = env::temp_dir().join(format!("vernal-manifest-{}-{name}", std::process::id()));
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a place for files");
                fs::write(path, text).expect("a place for files");
            }
            Project(root)
        }

        fn renamed(&self, folder: &str) -> Option<String> {
            renamed(&self.0.join(folder).join("Cargo.toml"))
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn other_names_are_found() {
        let table = [
            ("[dependencies]\nvernal = \"0.1\"\n", Some("vernal")),
            ("[dependencies]\nserde = \"1\"\n", None),
            ("", None),
            ("[dependencies]\nweb = { package = \"vernal\", version = \"0.1\" }\n", Some("web")),
            (
                "[dependencies]\r\nserde = \"1\"\r\nweb = { version = '0.1', package='vernal' }\r\n",
                Some("web"),
            ),
            ("[dependencies]\nmy-web = {package = \"vernal\"}", Some("my_web")),
            ("[dependencies]\n\"web\" = { package = \"vernal\" }", Some("web")),
            (
                "[dependencies]\nweb = {\n  version = \"0.1\", # the newest\n  package = \"vernal\",\n}\n",
                Some("web"),
            ),
            ("[dependencies]\nweb.package = \"vernal\"\nweb.version = \"0.1\"\n", Some("web")),
            ("[dependencies]\nweb.version = \"0.1\"\nweb.package = \"vernal\"\n", Some("web")),
            ("[dependencies.web] # ours\nversion = \"0.1\"\npackage = \"vernal\"\n", Some("web")),
            ("[ dependencies . \"web\" ]\npackage = \"vernal\"\n", Some("web")),
            ("[dev-dependencies]\nweb = { package = \"vernal\" }\n", Some("web")),
            ("[target.'cfg(unix)'.dependencies]\nweb = { package = \"vernal\" }\n", Some("web")),
            ("[target.'cfg(unix)'.dependencies.web]\npackage = \"vernal\"\n", Some("web")),
            (
                "[dev-dependencies]\ntested = { package = \"vernal\" }\n[dependencies]\nweb = { package = \"vernal\" }",
                Some("web"),
            ),
            (
                "[dev-dependencies]\nweb = { package = \"vernal\" }\n[dependencies]\nvernal = \"0.1\"\n",
                Some("vernal"),
            ),
            ("[dependencies]\nvernal = { package = \"other\" }\nweb = { package = \"vernal\" }", Some("web")),
            ("[dependencies]\n# web = { package = \"vernal\" }\nvernal = \"0.1\"", Some("vernal")),
            ("[dependencies]\nweb = { package = \"vernal-macros\" }", None),
            ("[package.metadata.x]\nweb = { package = \"vernal\" }", None),
            ("[package]\nname = \"vernal\"\n", None),
            (
                "[dependencies]\nlog = { version = \"1\", features = [\"std\"] }\nweb = { package = \"vernal\" }",
                Some("web"),
            ),
        ];
        for (index, (text, expected)) in table.into_iter().enumerate() {
            let project = Project::new(&format!("own-{index}"), &[("Cargo.toml", text)]);
            assert_eq!(project.renamed("").as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn names_are_inherited_from_the_workspace() {
        let root = "[workspace]\nmembers = [\"a\"]\n\n[workspace.dependencies]\nweb = { package = \"vernal\", version = \"0.1\" }\n";
        let in_a_table = "[workspace.dependencies.web]\npackage = \"vernal\"\n";
        let table = [
            (root, "[dependencies]\nweb.workspace = true\n", Some("web")),
            (root, "[dependencies]\nweb = { workspace = true, features = [\"tls\"] }\n", Some("web")),
            (root, "[dependencies.web]\nworkspace = true\n", Some("web")),
            (root, "[package]\nworkspace = \"../..\"\n[dependencies]\nweb.workspace = true\n", Some("web")),
            (root, "[dependencies]\nserde.workspace = true\n", None),
            (root, "[dependencies]\nweb = \"1\"\n", None),
            (in_a_table, "[dependencies]\nweb.workspace = true\n", Some("web")),
            (
                "[workspace.dependencies]\nvernal = \"1\"\n",
                "[dependencies]\nvernal.workspace = true\n",
                Some("vernal"),
            ),
        ];
        for (index, (root, member, expected)) in table.into_iter().enumerate() {
            let files = [("Cargo.toml", root), ("deep/a/Cargo.toml", member)];
            let project = Project::new(&format!("inherited-{index}"), &files);
            assert_eq!(project.renamed("deep/a").as_deref(), expected, "{member}");
        }
        let alone = [root, "[dependencies]\nweb.workspace = true\n"].concat();
        let project = Project::new("alone", &[("Cargo.toml", &*alone)]);
        assert_eq!(project.renamed("").as_deref(), Some("web"));
    }
}
