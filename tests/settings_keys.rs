//! Every setter of plain data has a key in the settings, and `docs/settings.md` lists all keys with what they do, made from the
//! sources. After a change of either, write the list anew with `SETTINGS=overwrite cargo test --all-features --test settings_keys`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{env, fs};

/// Types with setters, where they stand, and the section their setters are keys of.
const TYPES: &[(&str, &str, &str)] = &[
    ("Server", "server/builder.rs", "server"),
    ("Config", "app/config.rs", "server"),
    ("Config", "app/config/telling.rs", "server"),
    ("Limits", "proto/limits.rs", "limits"),
    ("SessionConfig", "session/config.rs", "session"),
    ("Compression", "app/compress/settings.rs", "compression"),
    ("WebSocketConfig", "websocket/core/config.rs", "websocket"),
    ("Actuator", "operations/actuator.rs", "actuator"),
    ("AccessLog", "operations/access/log.rs", "access_log"),
    ("Tracing", "operations/traces/settings.rs", "tracing"),
    ("Deflate", "proto/ws/deflate/mod.rs", "websocket.deflate"),
    ("Resources", "resources/settings.rs", "resources.PATTERN"),
    ("Tls", "tls/mod.rs", "tls"),
    ("Templates", "view/templates.rs", "templates"),
];

/// Setters that take code or what is made by code, each with the reason.
const TAKE_CODE: &[(&str, &str)] = &[
    ("Server::listener", "a socket"),
    ("Config::state", "a value of any type"),
    ("Config::websocket_extension", "a function"),
    ("Config::filter", "a filter"),
    ("Config::sessions", "a store"),
    ("Config::content", "what writes and reads a form"),
    ("Config::openapi", "what the program says of itself"),
    ("Config::asyncapi", "what the program says of itself"),
    ("Config::metrics", "metrics of the program's own are code"),
    ("Actuator::indicator", "what it asks is code"),
    ("Actuator::info", "a value of any kind"),
    ("Deflate::compress_if", "a function"),
    ("Tracing::tracer", "what joins it with another system"),
    ("Templates::environment", "a function"),
    ("Tls::provider", "a library"),
];

/// Setters that are a section of their own, by its name.
const SECTIONS: &[(&str, &str)] = &[
    ("Server::tls", "tls"),
    ("Server::config", "server"),
    ("Config::limits", "limits"),
    ("Config::websocket", "websocket"),
    ("Config::websocket_deflate", "websocket.deflate"),
    ("Config::compression", "compression"),
    ("Config::resources", "resources.PATTERN"),
    ("Config::session_config", "session"),
    ("Config::access_log", "access_log"),
    ("Config::actuator", "actuator"),
    ("Config::tracing", "tracing"),
    ("Config::templates", "templates"),
    ("Config::settings", ""),
    ("WebSocketConfig::deflate", "websocket.deflate"),
    ("Tls::certificate_for", "tls.certificate_for.NAME"),
    ("Resources::content_type", "resources.PATTERN.content_type"),
];

/// Keys that are the arguments of what makes a value, or of nothing at all, and what they do.
const OTHER_KEYS: &[(&str, &str)] = &[
    (
        "access_log.form",
        "The form of the lines: `\"common\"` and `\"combined\"` are those of web servers, `\"json\"` is an object on each line.",
    ),
    ("compression.gzip", "The level of gzip, from 0 (none) over 1 (fast) and 6 (usual) to 9 (small)."),
    (
        "log.level",
        "What the console says where no `tracing` subscriber listens: a level, and others for targets, as in `info,vernal::access=debug`. See `docs/logging.md`.",
    ),
    (
        "resources.PATTERN.content_type.NAME",
        "The content type of files with this extension (without its dot), in place of the one it is known by.",
    ),
    ("resources.PATTERN.directory", "The directory of the files."),
    ("templates.directory", "The directory of the templates."),
    ("tls.certificate", "The certificate of the server, and behind it those of its issuers."),
    (
        "tls.certificate_for.NAME.certificate",
        "The certificate for clients that ask for this name: `example.org`, or `*.example.org` for all names one label longer.",
    ),
    ("tls.certificate_for.NAME.key", "Its private key."),
    ("tls.key", "The private key of the certificate."),
    ("tls.key_password", "The password that decrypts the key (feature `encrypted-keys`)."),
];

#[test]
fn every_setter_of_plain_data_has_a_key() {
    let keys: BTreeSet<String> =
        vernal::__private::settings_keys().into_iter().map(|(key, ..)| key).collect();
    let (mut used, mut problems) = (BTreeSet::new(), Vec::new());
    let (mut reasons, mut sections) = (BTreeSet::new(), BTreeSet::new());
    for (setter, _) in setters() {
        if TAKE_CODE.iter().any(|(name, _)| *name == setter) {
            reasons.insert(setter);
        } else if let Some((_, section)) = SECTIONS.iter().find(|(name, _)| *name == setter) {
            let begin = format!("{section}.");
            if !section.is_empty() && !keys.iter().any(|key| key.starts_with(&begin)) {
                problems.push(format!("{setter} is said to be the section [{section}], which has no keys"));
            }
            sections.insert(setter);
        } else if !keys.contains(&key_of(&setter)) {
            problems.push(format!(
                "{setter} has no key `{}`: read it in framework/src/app/sections, or say in TAKE_CODE that it takes code",
                key_of(&setter)
            ));
        } else {
            used.insert(key_of(&setter));
        }
    }
    used.extend(OTHER_KEYS.iter().map(|(key, _)| (*key).to_owned()));
    problems.extend(
        keys.difference(&used).map(|key| format!("the key `{key}` is no setter's: say what it does")),
    );
    problems.extend(used.difference(&keys).map(|key| format!("there is no key `{key}`")));
    let gone = |(name, _): &(&str, &str)| !reasons.contains(*name) && !sections.contains(*name);
    problems.extend(
        TAKE_CODE.iter().chain(SECTIONS).filter(|it| gone(it)).map(|(name, _)| format!("there is no {name}")),
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_chapter_lists_all_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let chapter = fs::read_to_string(&path).expect("the chapter");
    let (begin, rest) = chapter.split_once(BEGIN).expect("the beginning of the list");
    let (listed, end) = rest.split_once(END).expect("the end of the list");
    let list = list();
    if env::var_os("SETTINGS").is_some_and(|value| value == "overwrite") {
        fs::write(&path, format!("{begin}{BEGIN}{list}{END}{end}")).expect("the chapter can be written");
    } else {
        assert!(
            listed == list,
            "docs/settings.md is not what the sources say: write it anew, as the head of this file says"
        );
    }
}

const BEGIN: &str = "<!-- Made from the sources: tests/settings_keys.rs -->\n";
const END: &str = "<!-- The end of what is made -->\n";

/// All keys by section, in the words of the sources.
fn list() -> String {
    let mut words: BTreeMap<String, String> =
        setters().into_iter().map(|(setter, doc)| (key_of(&setter), doc)).collect();
    words.extend(OTHER_KEYS.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())));
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for (path, kind, default) in vernal::__private::settings_keys() {
        let (section, name) = path.rsplit_once('.').expect("a section");
        let default = match default.strip_prefix('(').and_then(|words| words.strip_suffix(')')) {
            Some(words) => words.to_owned(),
            None if default.parse::<bool>().is_ok() || default.parse::<u64>().is_ok() => {
                format!("`{default}`")
            }
            None => format!("`\"{default}\"`"),
        };
        let words = words.get(&path).unwrap_or_else(|| panic!("what does {path} do?"));
        let row = format!("| `{name}` | {kind} | {default} | {words} |\n");
        match sections.iter_mut().find(|(name, _)| name == section) {
            Some((_, rows)) => rows.push(row),
            None => sections.push((section.to_owned(), vec![row])),
        }
    }
    let mut list = String::new();
    for (section, rows) in sections {
        let title = section.replace("PATTERN", "\"/pattern/**\"").replace("for.NAME", "for.\"example.org\"");
        list += &format!(
            "\n### `[{title}]`\n\n| key | value | default | |\n|---|---|---|---|\n{}",
            rows.concat()
        );
    }
    list + "\n"
}

fn key_of(setter: &str) -> String {
    let (kind, name) = setter.split_once("::").expect("a type and a name");
    let (.., section) = TYPES.iter().find(|(known, ..)| *known == kind).expect("a known type");
    format!("{section}.{name}")
}

/// All setters, with the first paragraph of what is said of them.
fn setters() -> Vec<(String, String)> {
    let mut setters = Vec::new();
    for (kind, file, _) in TYPES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("framework/src").join(file);
        let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // What stands in `cfg(test)` sets nothing.
        let source = source.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned();
        let found = setters_of(kind, &source);
        assert!(found.len() > 1, "no setters of {kind} in {}", file.display());
        setters.extend(found.into_iter().map(|(name, doc)| (format!("{kind}::{name}"), doc)));
    }
    setters
}

/// Those that take the value and return it, and the fields of a macro that makes such of them.
fn setters_of(kind: &str, source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut doc, mut is_macro) = (Vec::new(), false);
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        let text = line.trim();
        is_macro = (is_macro && line != "}") || ["limits! {", "settings! {"].contains(&line);
        if let Some(words) = text.strip_prefix("///") {
            doc.push(words.trim().to_owned());
            continue;
        }
        if text.starts_with("#[") {
            continue;
        }
        let words = paragraph(&doc);
        doc.clear();
        if let Some((name, _)) = text.split_once(": ").filter(|_| is_macro && text.ends_with(';')) {
            found.push((name.to_owned(), words));
        } else if let Some(name) = function(text) {
            let mut signature = text.to_owned();
            while !signature.contains('{') {
                signature += lines.next().expect("the signature ends").trim();
            }
            let takes = signature.contains("(self") || signature.contains("(mut self");
            let gives = [format!("-> {kind} {{"), format!("-> Result<{kind}> {{")];
            if takes && gives.iter().any(|end| signature.contains(end)) {
                found.push((name.to_owned(), words));
            }
        }
    }
    found
}

fn function(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub const fn ").or_else(|| line.strip_prefix("pub fn "))?;
    let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_')?;
    Some(&rest[..end]).filter(|name| !name.is_empty())
}

/// The first paragraph, as a cell of a table.
fn paragraph(doc: &[String]) -> String {
    let lines: Vec<_> = doc.iter().take_while(|line| !line.is_empty()).map(String::as_str).collect();
    let text = lines.join(" ").replace('|', "\\|");
    // Links of the documentation lead nowhere here. What stands in code is no link.
    let mut words: Vec<String> = text.split('`').map(str::to_owned).collect();
    for word in words.iter_mut().step_by(2) {
        while let Some(at) = word.find("](") {
            let end = word[at..].find(')').map_or(word.len(), |end| at + end + 1);
            word.replace_range(at..end, "]");
        }
        word.retain(|char| !matches!(char, '[' | ']'));
    }
    words.join("`")
}

#[test]
fn setters_are_found_in_all_spellings() {
    let source = "
limits! {
    /// Bytes. [`Limits::other`](#x) and
    /// more.
    ///
    /// Not this.
    size: usize = 3;
}
impl X {
    /// Sets it, [as told](there), to `[::1]:80`.
    #[must_use]
    pub fn set(mut self, to: u8) -> X { self }
    pub fn made(to: u8) -> X {}
    pub const fn fixed(self) -> Result<X> {
    /// Of several lines.
    pub fn several<'n>(
        mut self,
        name: &'n str,
    ) -> X {
    pub fn other(&self) -> u8 {}
    fn private(self) -> X {}
}
";
    let found = setters_of("X", source);
    let names: Vec<_> = found.iter().map(|(name, words)| (name.as_str(), words.as_str())).collect();
    let expected = [
        ("size", "Bytes. `Limits::other` and more."),
        ("set", "Sets it, as told, to `[::1]:80`."),
        ("fixed", ""),
        ("several", "Of several lines."),
    ];
    assert_eq!(names, expected);
}
