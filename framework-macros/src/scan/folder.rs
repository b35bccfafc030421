//! The modules of a folder: the tree of its files, and the `mod` lines that somebody would write for it.
//!
//! A folder becomes a module of its name and a file one inside it, so that paths are those of modules written by hand. Where
//! a file names the modules of a folder itself (`mod.rs`, or `admin.rs` beside `admin/`), it is left to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use regex_lite::Regex;
use syn::LitStr;

use super::pattern;
use crate::attr::Framework;
use crate::errors::Errors;

/// A folder that was read.
pub(super) struct Folder {
    written: LitStr,
    path: PathBuf,
    /// Which files are wanted.
    regexp: String,
    module: Module,
    /// Its files, relative to it.
    files: Vec<String>,
}

/// A module and how it is there.
struct Module {
    name: Ident,
    kind: Kind,
}

enum Kind {
    /// A file, which names what is below it.
    File,
    /// A folder without a file of its own.
    Folder(Vec<Module>),
}

impl Folder {
    /// Reads a folder, relative to `root`.
    pub(super) fn read(
        root: &Path,
        written: &LitStr,
        wanted: Option<&LitStr>,
        errors: &mut Errors,
    ) -> Option<Folder> {
        let shown = written.value();
        let path = root.join(&shown);
        if !path.is_dir() {
            errors.under(written, format!("there is no folder `{shown}` beside Cargo.toml"));
            return None;
        }
        for root in ["main.rs", "lib.rs"] {
            if path.join(root).exists() {
                errors.under(
                    written,
                    format!("`{shown}` holds `{root}`, the root of a crate: name a folder below it"),
                );
                return None;
            }
        }
        let regexp = wanted.map_or_else(|| "^".to_owned(), |wanted| pattern::regexp(&wanted.value()));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut reading = Reading {
            top: &path,
            shown: &shown,
            wanted: Regex::new(&regexp).expect("what pattern.rs writes is well formed"),
            written,
            files: Vec::new(),
            errors,
        };
        let name = reading.identifier(&name, &shown);
        let kind = reading.folder(&path, 0);
        let files = reading.files;
        let Some(kind) = kind else {
            if errors.is_empty() {
                let which = wanted.map(|wanted| format!(" that matches {:?}", wanted.value()));
                let which = which.unwrap_or_default();
                let under = wanted.unwrap_or(written);
                errors.under(under, format!("there is no Rust file in `{shown}`{which}"));
            }
            return None;
        };
        Some(Folder { written: written.clone(), module: Module { name: name?, kind }, path, regexp, files })
    }

    /// The modules, and what is told of them to whoever starts a server of a debug build.
    pub(super) fn tokens(&self, framework: &Framework) -> TokenStream {
        let (written, files, regexp) = (&self.written, &self.files, &self.regexp);
        let folder = self.path.to_string_lossy();
        let name = &self.module.name;
        let module = match &self.module.kind {
            Kind::File => {
                let file = self.path.join("mod.rs").to_string_lossy().into_owned();
                quote!(#[path = #file] mod #name;)
            }
            Kind::Folder(modules) => {
                let modules = modules.iter().map(Module::tokens);
                quote!(#[path = #folder] mod #name { #(#modules)* })
            }
        };
        quote_spanned! {Span::call_site()=>
            #module
            #[cfg(debug_assertions)]
            const _: () = {
                #framework::__private::inventory::submit! {
                    #framework::__private::Scanned {
                        folder: #folder,
                        written: #written,
                        regexp: #regexp,
                        files: &[#(#files),*],
                        look: #framework::__private::unnamed,
                    }
                }
            };
        }
    }
}

impl Module {
    fn tokens(&self) -> TokenStream {
        let name = &self.name;
        match &self.kind {
            Kind::File => quote!(pub(crate) mod #name;),
            Kind::Folder(modules) => {
                let modules = modules.iter().map(Module::tokens);
                quote!(pub(crate) mod #name { #(#modules)* })
            }
        }
    }
}

/// A walk through a folder.
struct Reading<'r> {
    top: &'r Path,
    shown: &'r str,
    wanted: Regex,
    written: &'r LitStr,
    files: Vec<String>,
    errors: &'r mut Errors,
}

/// What a name stands for in a folder.
#[derive(Default)]
struct Entry {
    file: Option<PathBuf>,
    folder: Option<PathBuf>,
}

impl Reading<'_> {
    /// What a folder is to the module of its name; `None` if nothing in it is wanted.
    fn folder(&mut self, path: &Path, depth: usize) -> Option<Kind> {
        if depth > DEEPEST {
            let shown = self.relative(path);
            self.error(format!("`{shown}` is {DEEPEST} folders deep: does a link lead back to where it is?"));
            return None;
        }
        let entries = self.entries(path);
        let mut modules = Vec::new();
        for (name, entry) in entries {
            match entry {
                Entry { file: Some(file), .. } if name == "mod" => {
                    // It names what is below it. All of it is wanted if any of it is.
                    return self.is_any_wanted(path).then(|| {
                        let file = self.relative(&file);
                        self.files.push(file);
                        Kind::File
                    });
                }
                Entry { file: Some(file), folder } => {
                    if let Some(own) = folder.map(|folder| folder.join("mod.rs")).filter(|own| own.exists()) {
                        let (one, other) = (self.relative(&file), self.relative(&own));
                        self.error(format!(
                            "both `{one}` and `{other}` are the module `{name}`: rename one of them"
                        ));
                        continue;
                    }
                    let shown = self.relative(&file);
                    if self.wanted.is_match(&shown)
                        && let Some(name) = self.identifier(&name, &shown)
                    {
                        self.files.push(shown);
                        modules.push(Module { name, kind: Kind::File });
                    }
                }
                Entry { file: None, folder } => {
                    let Some(folder) = folder else { continue };
                    if let Some(kind) = self.folder(&folder, depth + 1) {
                        let shown = self.relative(&folder);
                        let name = self.identifier(&name, &shown);
                        modules.extend(name.map(|name| Module { name, kind }));
                    }
                }
            }
        }
        (!modules.is_empty()).then_some(Kind::Folder(modules))
    }

    /// The Rust files and the folders, by name, but those that are hidden. `mod` comes before all others.
    fn entries(&mut self, path: &Path) -> Vec<(String, Entry)> {
        let mut entries = BTreeMap::<String, Entry>::new();
        let listed = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let listed = listed.unwrap_or_else(|error| {
            let shown = self.relative(path);
            self.error(format!("the folder `{shown}` cannot be read: {error}"));
            Vec::new()
        });
        for path in listed.iter().map(fs::DirEntry::path) {
            let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
            let Some(name) = text(path.file_name()).filter(|name| !name.starts_with('.')) else { continue };
            if path.is_dir() {
                entries.entry(name).or_default().folder = Some(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let stem = text(path.file_stem()).unwrap_or_default();
                entries.entry(stem).or_default().file = Some(path);
            }
        }
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by_key(|(name, _)| name != "mod");
        entries
    }

    fn is_any_wanted(&mut self, path: &Path) -> bool {
        let mut folders = vec![path.to_owned()];
        for _ in 0..MOST_FOLDERS {
            let Some(folder) = folders.pop() else { break };
            for (_, entry) in self.entries(&folder) {
                if entry.file.is_some_and(|file| self.wanted.is_match(&self.relative(&file))) {
                    return true;
                }
                folders.extend(entry.folder);
            }
        }
        false
    }

    /// The name of a file or folder as that of a module.
    fn identifier(&mut self, name: &str, shown: &str) -> Option<Ident> {
        let name = name.trim_end_matches(".rs");
        if let Ok(identifier) = syn::parse_str::<Ident>(name) {
            return Some(Ident::new(&identifier.to_string(), Span::call_site()));
        }
        if syn::parse_str::<Ident>(&format!("r#{name}")).is_ok() {
            return Some(Ident::new_raw(name, Span::call_site()));
        }
        let kept: String = name.chars().map(|char| if char.is_alphanumeric() { char } else { '_' }).collect();
        let advice = if syn::parse_str::<Ident>(&kept).is_ok() { kept } else { format!("a_{kept}") };
        self.error(format!(
            "`{shown}` cannot be a module: `{name}` is no name in Rust. Call it `{advice}`, or leave it out by a pattern: \
             `scan!({:?}, \"**/*_controller.rs\")`",
            self.shown
        ));
        None
    }

    /// A path inside the folder, with `/` on all systems.
    fn relative(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.top).unwrap_or(path);
        inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    fn error(&mut self, text: String) {
        self.errors.under(self.written, text);
    }
}

/// Folders below each other, at most.
const DEEPEST: usize = 32;
/// Folders looked into for a file that is wanted.
const MOST_FOLDERS: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A folder `src/controllers` with these files, that goes with its test.
    struct Project(PathBuf);

    impl Project {
        fn new(files: &[&str]) -> Project {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let name =
                format!("vernal-scan-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let root = std::env::temp_dir().join(name);
            for file in files {
                let path = root.join("src/controllers").join(file);
                fs::create_dir_all(path.parent().expect("inside")).expect("a writable folder");
                fs::write(path, "").expect("a writable folder");
            }
            Project(root)
        }

        /// The modules in short, or the errors.
        fn scan(&self, wanted: Option<&str>) -> Result<String, Vec<String>> {
            let mut errors = Errors::new();
            let wanted = wanted.map(|wanted| LitStr::new(wanted, Span::call_site()));
            let written = LitStr::new("src/controllers", Span::call_site());
            let folder = Folder::read(&self.0, &written, wanted.as_ref(), &mut errors);
            let texts = errors.texts();
            if !texts.is_empty() {
                return Err(texts);
            }
            let folder = folder.expect("no error");
            syn::parse2::<syn::File>(folder.tokens(&Framework::passed(TokenStream::new()).0)).expect("items");
            Ok(format!("{} [{}]", shown(&folder.module), folder.files.join(" ")))
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn shown(module: &Module) -> String {
        match &module.kind {
            Kind::File => module.name.to_string(),
            Kind::Folder(modules) => {
                let modules: Vec<_> = modules.iter().map(shown).collect();
                format!("{} {{ {} }}", module.name, modules.join(" "))
            }
        }
    }

    #[test]
    fn files_and_folders_become_modules() {
        let table: &[(&[&str], Option<&str>, &str)] = &[
            (
                &["a.rs", "b.rs", "notes.txt", ".#a.rs", "empty/readme.md"],
                None,
                "controllers { a b } [a.rs b.rs]",
            ),
            (
                &["b/d.rs", "b/c/e.rs", "a.rs"],
                None,
                "controllers { a b { c { e } d } } [a.rs b/c/e.rs b/d.rs]",
            ),
            (&["a/mod.rs", "a/own.rs", "b.rs"], None, "controllers { a b } [a/mod.rs b.rs]"),
            (&["a.rs", "a/own.rs", "b.rs"], None, "controllers { a b } [a.rs b.rs]"),
            (&["mod.rs", "a.rs"], None, "controllers [mod.rs]"),
            (&["type.rs"], None, "controllers { r#type } [type.rs]"),
            (
                &["user_controller.rs", "user.rs", "a/shop_controller.rs", "b/model.rs", "my-notes.rs"],
                Some("**/*_controller.rs"),
                "controllers { a { shop_controller } user_controller } [a/shop_controller.rs user_controller.rs]",
            ),
            (
                &["a/mod.rs", "a/shop_controller.rs", "b/mod.rs", "b/model.rs"],
                Some("**/*_controller.rs"),
                "controllers { a } [a/mod.rs]",
            ),
            (&["a.rs", "b/c.rs"], Some("*.rs"), "controllers { a } [a.rs]"),
        ];
        for (files, wanted, expected) in table {
            assert_eq!(Project::new(files).scan(*wanted).as_deref(), Ok(*expected), "{files:?}");
        }
    }

    #[test]
    fn what_cannot_be_modules_is_told() {
        let table: &[(&[&str], Option<&str>, &[&str])] = &[
            (
                &["my-controller.rs"],
                None,
                &["`my-controller.rs` cannot be a module", "Call it `my_controller`"],
            ),
            (&["a/2nd.rs"], None, &["`a/2nd.rs` cannot be a module", "Call it `a_2nd`"]),
            (&["my folder/a.rs"], None, &["`my folder` cannot be a module", "Call it `my_folder`"]),
            (&["self.rs"], None, &["`self.rs` cannot be a module", "Call it `a_self`"]),
            (
                &["a.rs", "a/mod.rs"],
                None,
                &["both `a.rs` and `a/mod.rs` are the module `a`: rename one of them"],
            ),
            (&["a.txt"], None, &["there is no Rust file in `src/controllers`"]),
            (&["a.rs"], Some("*.java"), &["no Rust file in `src/controllers` that matches \"*.java\""]),
            (&["main.rs"], None, &["holds `main.rs`, the root of a crate: name a folder below it"]),
        ];
        for (files, wanted, parts) in table {
            let errors = Project::new(files).scan(*wanted).expect_err("a mistake").join("\n");
            for part in *parts {
                assert!(errors.contains(part), "{errors}");
            }
        }
        let both = Project::new(&["my-a.rs", "my-b.rs"]).scan(None).expect_err("two mistakes");
        assert_eq!(both.len(), 2, "{both:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_is_told() {
        let project = Project::new(&["a.rs"]);
        let folder = project.0.join("src/controllers");
        std::os::unix::fs::symlink(&folder, folder.join("loop")).expect("a writable folder");
        let errors = project.scan(None).expect_err("it has no end").join("\n");
        assert!(errors.contains("does a link lead back"), "{errors}");
    }
}
