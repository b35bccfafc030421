//! Which file of a crate uses which other, read from its sources, and the circles among them.
//!
//! A file uses another where its code names what stands there: by a path, by a `use`, or by calling its macro. What counts is
//! where a thing is defined: a name that came through re-exports leads to the file that defines it, so a folder's `mod.rs` is
//! no hub. To declare a module, or to re-export from it (`pub use`, `pub(crate) use`), is no use of it, unless the file itself
//! names what it re-exports. Not seen are methods and fields, for which a file needs no path; not counted is `#[cfg(test)]`:
//! a test may look at everything.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The modules of a crate.
#[derive(Default)]
pub struct Graph {
    files: Vec<String>,
    modules: Vec<Module>,
}

/// What stands in one module, be it a file or a part of one.
#[derive(Default)]
struct Module {
    /// In `Graph::files`.
    file: usize,
    parent: Option<usize>,
    children: HashMap<String, usize>,
    items: HashSet<String>,
    macros: HashSet<String>,
    imports: Vec<Import>,
    paths: Vec<Mention>,
    /// All that is named outside `use`.
    words: HashSet<String>,
}

/// One name of a `use`.
struct Import {
    /// What it is called here; a star for all names.
    name: String,
    path: Mention,
    is_reexport: bool,
}

/// A path as it was written.
struct Mention {
    segments: Vec<String>,
    line: usize,
}

/// Where a path leads.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    Module(usize),
    /// Something that is defined in the module.
    Item(usize),
}

/// From file to file, the first place of each pair: line and what is named there.
pub type Uses = BTreeMap<(String, String), (usize, String)>;

impl Graph {
    /// Reads a crate from its root file on. `read` gives the text of a file, if there is one.
    pub fn read(root: &Path, read: &impl Fn(&Path) -> Option<String>) -> Graph {
        let mut graph = Graph::default();
        let text = read(root).expect("a root file");
        let folder = root.parent().expect("a root file stands in a folder").to_owned();
        graph.add_file(root, &text, folder, None, read);
        graph
    }

    fn add_file(
        &mut self,
        file: &Path,
        text: &str,
        folder: PathBuf,
        parent: Option<usize>,
        read: &impl Fn(&Path) -> Option<String>,
    ) -> usize {
        let shown = file.to_string_lossy().replace('\\', "/");
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{shown}: {error}"));
        self.files.push(shown);
        let file = self.files.len() - 1;
        self.add_module(tokens, file, folder, parent, read)
    }

    /// Adds a module and those in it; their files stand in `folder`.
    fn add_module(
        &mut self,
        tokens: TokenStream,
        file: usize,
        folder: PathBuf,
        parent: Option<usize>,
        read: &impl Fn(&Path) -> Option<String>,
    ) -> usize {
        let index = self.modules.len();
        self.modules.push(Module { file, parent, ..Module::default() });
        let mut scan = Scan { module: Module::default(), children: Vec::new() };
        scan.tokens(tokens, true);
        for (name, body) in scan.children {
            let below = folder.join(&name);
            let child = match body {
                Some(body) => self.add_module(body, file, below, Some(index), read),
                None => {
                    let places = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
                    let found = places.iter().find_map(|place| Some((place, read(place)?)));
                    let (place, text) = found.unwrap_or_else(|| panic!("no file for the module {name}"));
                    self.add_file(place, &text, below, Some(index), read)
                }
            };
            scan.module.children.insert(name, child);
        }
        self.modules[index] = Module { file, parent, ..scan.module };
        index
    }

    /// What each file uses of others.
    pub fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (index, module) in self.modules.iter().enumerate() {
            let mut add = |found: Vec<Found>, mention: &Mention| {
                for found in found {
                    let (Found::Module(target) | Found::Item(target)) = found;
                    let (from, to) = (module.file, self.modules[target].file);
                    if from != to {
                        let pair = (self.files[from].clone(), self.files[to].clone());
                        uses.entry(pair).or_insert((mention.line, mention.segments.join("::")));
                    }
                }
            };
            for import in &module.imports {
                if !import.is_reexport || module.words.contains(&import.name) {
                    add(self.resolve(index, &import.path.segments, 0), &import.path);
                }
            }
            for mention in &module.paths {
                add(self.resolve(index, &mention.segments, 0), mention);
            }
        }
        uses
    }

    /// Where a path leads that stands in a module; nowhere if it leads out of the crate. Several where one name means a module
    /// and a function.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Vec<Found> {
        let Some(first) = path.first() else { return Vec::new() };
        let mut rest = &path[1..];
        let mut found = match &**first {
            "crate" => vec![Found::Module(0)],
            "self" => vec![Found::Module(from)],
            "super" => self.modules[from].parent.map(Found::Module).into_iter().collect(),
            name if name.ends_with('!') => return self.textual(from, name.trim_end_matches('!'), depth),
            name => self.named(from, name, depth),
        };
        while let Some(name) = rest.first() {
            let module = found.iter().find_map(|found| match found {
                Found::Module(module) => Some(*module),
                Found::Item(_) => None,
            });
            // What follows an item is a part of it.
            let Some(module) = module else { return found };
            found = match &**name {
                "super" => self.modules[module].parent.map(Found::Module).into_iter().collect(),
                "self" | "*" => vec![Found::Module(module)],
                name => {
                    let found = self.named(module, name.trim_end_matches('!'), depth);
                    // What a macro made there.
                    if found.is_empty() { vec![Found::Item(module)] } else { found }
                }
            };
            rest = &rest[1..];
        }
        found
    }

    /// What a name means in a module.
    fn named(&self, module: usize, name: &str, depth: usize) -> Vec<Found> {
        let it = &self.modules[module];
        let mut found: Vec<_> =
            it.children.get(name).map(|child| Found::Module(*child)).into_iter().collect();
        if it.items.contains(name) || it.macros.contains(name) {
            found.push(Found::Item(module));
        }
        // No chain of re-exports is longer; a `use` that names itself is of another crate.
        if depth < 10 {
            for import in it.imports.iter().filter(|import| import.name == name) {
                if import.path.segments.first().is_some_and(|first| first != name)
                    || it.children.contains_key(name)
                {
                    found.extend(self.resolve(module, &import.path.segments, depth + 1));
                }
            }
        }
        found
    }

    /// A macro by its bare name: of this module, or written before it in one above.
    fn textual(&self, module: usize, name: &str, depth: usize) -> Vec<Found> {
        let found = self.named(module, name, depth);
        if !found.is_empty() {
            return found;
        }
        let above = std::iter::successors(self.modules[module].parent, |module| self.modules[*module].parent);
        above.filter(|above| self.modules[*above].macros.contains(name)).map(Found::Item).take(1).collect()
    }
}

/// The files that lead back to themselves: each circle in the order of its files.
pub fn circles(uses: &Uses) -> Vec<BTreeSet<String>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in uses.keys() {
        next.entry(from).or_default().insert(to);
    }
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for from in next.keys() {
        let reached = reached.entry(from).or_default();
        let mut open = vec![*from];
        while let Some(file) = open.pop() {
            open.extend(next.get(file).into_iter().flatten().filter(|file| reached.insert(file)));
        }
    }
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (file, reaches) in reached.iter().filter(|(file, reaches)| reaches.contains(**file)) {
        if circles.iter().all(|circle| !circle.contains(*file)) {
            let back = |other: &&&str| reached.get(**other).is_some_and(|reaches| reaches.contains(*file));
            circles.push(reaches.iter().filter(back).map(|file| (*file).to_owned()).collect());
        }
    }
    circles
}

/// The uses that make a circle, a line each: `file -> file (line: what)`.
pub fn shown(circle: &BTreeSet<String>, uses: &Uses) -> String {
    let within = uses.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
    within.map(|((from, to), (line, what))| format!("  {from} -> {to} ({line}: {what})\n")).collect()
}

/// Reads the tokens of a module.
struct Scan {
    module: Module,
    /// Modules in it: their tokens, or nothing if they have a file.
    children: Vec<(String, Option<TokenStream>)>,
}

impl Scan {
    fn tokens(&mut self, tokens: TokenStream, is_module: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = self.token(&tokens, at, is_module);
        }
    }

    /// Reads what begins at a token, and returns where the next begins.
    fn token(&mut self, tokens: &[TokenTree], at: usize, is_module: bool) -> usize {
        if let Some(attribute) = attribute(tokens, at) {
            let is_of_tests = attribute == "cfg(test)";
            return if is_of_tests { after_item(tokens, at + 2) } else { at + 2 };
        }
        match &tokens[at] {
            TokenTree::Group(group) => self.tokens(group.stream(), false),
            TokenTree::Punct(punct) if punct.as_char() == '\'' => return at + 2,
            TokenTree::Ident(_) if is_field(tokens, at) => {}
            TokenTree::Ident(ident) => match &*ident.to_string() {
                "use" if !is_punct(tokens, at + 1, '<') => return self.import(tokens, at),
                "mod" if is_module => return self.child(tokens, at),
                "struct" | "enum" | "union" | "trait" | "type" | "fn" | "const" | "static" if is_module => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                        self.module.items.insert(name.to_string());
                    }
                }
                "macro_rules" if is_punct(tokens, at + 1, '!') => {
                    self.module.macros.insert(tokens[at + 2].to_string());
                    return at + 3;
                }
                _ => return self.path(tokens, at),
            },
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at + 1
    }

    fn child(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let name = tokens[at + 1].to_string();
        let body = match &tokens[at + 2] {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        };
        self.children.push((name, body));
        at + 3
    }

    /// `a::b::c`, or `a!`.
    fn path(&mut self, tokens: &[TokenTree], mut at: usize) -> usize {
        let line = tokens[at].span().start().line;
        let is_of_another_crate =
            is_punct(tokens, at.wrapping_sub(1), ':') && is_punct(tokens, at.wrapping_sub(2), ':');
        let mut segments = vec![tokens[at].to_string()];
        while is_double_colon(tokens, at + 1)
            && let Some(TokenTree::Ident(segment)) = tokens.get(at + 3)
        {
            segments.push(segment.to_string());
            at += 3;
        }
        if is_of_another_crate {
            return at + 1;
        }
        self.module.words.insert(segments[0].clone());
        let is_call =
            is_punct(tokens, at + 1, '!') && matches!(tokens.get(at + 2), Some(TokenTree::Group(_)));
        if is_call {
            segments.last_mut().expect("a path has a segment").push('!');
        }
        if is_call || segments.len() > 1 {
            self.module.paths.push(Mention { segments, line });
        }
        at + 1
    }

    /// `use a::{b, c as d};`
    fn import(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let end = (at..tokens.len()).find(|at| is_punct(tokens, *at, ';')).unwrap_or(tokens.len());
        let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
        let is_pub =
            |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Ident(ident)) if ident == "pub");
        let is_reexport =
            is_pub(before(1)) || matches!(before(1), Some(TokenTree::Group(_))) && is_pub(before(2));
        self.import_tree(&tokens[at + 1..end], &[], is_reexport);
        end + 1
    }

    fn import_tree(&mut self, tree: &[TokenTree], above: &[String], is_reexport: bool) {
        let mut segments = above.to_vec();
        let mut name = None;
        let mut at = 0;
        while let Some(token) = tree.get(at) {
            match token {
                TokenTree::Ident(ident) if ident == "as" => {
                    name = tree.get(at + 1).map(ToString::to_string);
                    break;
                }
                TokenTree::Ident(ident) => segments.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => segments.push("*".to_owned()),
                // `::http::…` is of another crate.
                TokenTree::Punct(punct) if punct.as_char() == ':' && segments.is_empty() => return,
                TokenTree::Group(group) => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    let is_comma =
                        |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ',');
                    for tree in inside.split(is_comma).filter(|tree| !tree.is_empty()) {
                        self.import_tree(tree, &segments, is_reexport);
                    }
                    return;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        let Some(name) = name.or_else(|| segments.last().cloned()) else { return };
        let line = tree[0].span().start().line;
        self.module.imports.push(Import { name, path: Mention { segments, line }, is_reexport });
    }
}

/// The inside of the attribute that begins at a token, without spaces.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<String> {
    match (is_punct(tokens, at, '#'), tokens.get(at + 1)) {
        (true, Some(TokenTree::Group(group))) if group.delimiter() == Delimiter::Bracket => {
            Some(group.stream().to_string().replace(' ', ""))
        }
        _ => None,
    }
}

/// Where the item ends that begins at a token: behind its body or its semicolon.
fn after_item(tokens: &[TokenTree], mut at: usize) -> usize {
    let mut is_value = false;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            TokenTree::Punct(punct) if punct.as_char() == '=' => is_value = true,
            TokenTree::Ident(ident) if ident == "use" => is_value = true,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !is_value => break,
            _ => {}
        }
    }
    at
}

/// Whether a name follows a dot that is no part of a range.
fn is_field(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at.wrapping_sub(1), '.') && !is_punct(tokens, at.wrapping_sub(2), '.')
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}

fn is_punct(tokens: &[TokenTree], at: usize, char: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}
