//! Where templates come from, and how they become text.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt::{self, Write};
use std::path::PathBuf;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use crate::http::{Error, Result};

/// The templates of an application: given to [`Config::templates`](crate::Config::templates), and an argument
/// `State<&Templates>` of everything that may take a state.
///
/// Templates are compiled when they are first used. In debug builds a changed file is seen by the next page; in release builds
/// each is read once.
///
/// ```
/// use vernal::minijinja::context;
/// use vernal::{Config, State, Templates, request_map};
///
/// #[request_map("/mail", method = "POST")]
/// fn mail(State(templates): State<&Templates>, name: &str) -> vernal::Result<String> {
///     templates.render("mail.txt", context! { name })
/// }
///
/// let templates = Templates::embedded([("mail.txt", "Dear {{ name|title }}, …")])
///     .environment(|environment| environment.add_global("site", "example.org"));
/// let config = Config::new().templates(templates);
/// # let _ = config;
/// ```
pub struct Templates {
    environment: Environment<'static>,
    source: Source,
}

enum Source {
    /// A directory; whether somebody has named it.
    Directory(PathBuf, bool),
    /// Texts inside the program.
    Embedded,
}

impl Templates {
    /// The templates below a directory. A relative one is relative to where the program runs.
    ///
    /// A directory that does not exist is an error at start. Names that lead out of it, or to files that begin with a dot,
    /// are refused.
    pub fn dir(path: impl Into<PathBuf>) -> Templates {
        Templates::in_directory(path.into(), true)
    }

    /// Templates that lie inside the program, as `include_str!` puts them there: name and text.
    pub fn embedded<N, T>(templates: impl IntoIterator<Item = (N, T)>) -> Templates
    where
        N: Into<String>,
        T: Into<String>,
    {
        let texts: HashMap<String, String> =
            templates.into_iter().map(|(name, text)| (name.into(), text.into())).collect();
        let mut templates = Templates { environment: environment(), source: Source::Embedded };
        templates.environment.set_loader(move |name: &str| Ok(texts.get(name).cloned()));
        templates
    }

    /// What is there when nobody says anything: the directory `templates`, if it exists.
    pub(crate) fn usual() -> Templates {
        Templates::in_directory(PathBuf::from("templates"), false)
    }

    fn in_directory(directory: PathBuf, is_named: bool) -> Templates {
        let mut templates =
            Templates { environment: environment(), source: Source::Directory(directory.clone(), is_named) };
        let load = minijinja::path_loader(directory);
        templates.environment.set_loader(move |name: &str| match refusal(name) {
            Some(refusal) => Err(minijinja::Error::new(ErrorKind::InvalidOperation, refusal)),
            None => load(name),
        });
        templates.environment.set_auto_reload(cfg!(debug_assertions));
        templates
    }

    /// Changes the environment the templates run in: adds filters, functions, tests and globals, chooses what an undefined
    /// name means, and so on.
    ///
    /// ```
    /// use vernal::Templates;
    ///
    /// let templates = Templates::dir("pages").environment(|environment| {
    ///     environment.add_filter("shout", |text: String| text.to_uppercase() + "!");
    ///     environment.add_global("site", "example.org");
    /// });
    /// # let _ = templates;
    /// ```
    #[must_use]
    pub fn environment(mut self, change: impl FnOnce(&mut Environment<'static>)) -> Templates {
        change(&mut self.environment);
        self
    }

    /// Whether files are looked at for changes with each page. Default: in debug builds only.
    #[must_use]
    pub fn reload(mut self, reloads: bool) -> Templates {
        self.environment.set_auto_reload(reloads);
        self
    }

    /// The text of a template for a model: for mails and the like.
    ///
    /// # Errors
    /// The template is missing, or fails, or the model cannot be serialised: 500, with a text for the log.
    pub fn render(&self, template: &str, model: impl Serialize) -> Result<String> {
        self.render_value(template, Value::from(Serde(model)))
    }

    pub(super) fn render_value(&self, template: &str, model: Value) -> Result<String> {
        let rendered = self.environment.get_template(template).and_then(|template| {
            let empty = model.is_none() || model.is_undefined();
            template.render(if empty {
                minijinja::context! {}
            } else {
                model
            })
        });
        rendered.map_err(|error| Error::internal(self.explain(template, &error)))
    }

    /// Why the templates cannot be used, if that is known at start.
    pub(crate) fn problem(&self) -> Option<String> {
        match &self.source {
            Source::Directory(directory, true) if !directory.is_dir() => Some(format!(
                "there is no directory of templates {}: one that is relative is looked for where the program runs",
                absolute(directory)
            )),
            _ => None,
        }
    }

    /// What the log is told of a failed page.
    fn explain(&self, template: &str, error: &minijinja::Error) -> String {
        let mut text = format!("the view `{template}` failed: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            let _ = write!(text, ": {cause}");
            source = cause.source();
        }
        let is_missing = |error: &minijinja::Error| error.kind() == ErrorKind::TemplateNotFound;
        let inner = error.source().and_then(|source| source.downcast_ref::<minijinja::Error>());
        if is_missing(error) || inner.is_some_and(is_missing) {
            let _ = match &self.source {
                Source::Directory(directory, _) => {
                    write!(text, "; searched {} (Config::templates)", absolute(directory))
                }
                Source::Embedded => {
                    write!(text, "; searched the templates inside the program (Templates::embedded)")
                }
            };
        }
        text
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Directory(directory, _) => f.debug_tuple("Templates").field(directory).finish(),
            Source::Embedded => f.write_str("Templates(embedded)"),
        }
    }
}

/// What a template makes, by its name: the content type, and how values are escaped.
///
/// What says nothing, or what nobody here knows, is HTML: as a page it is what its author wants, and as a part of one it must be
/// escaped.
fn kind_of(template: &str) -> (&'static str, AutoEscape) {
    use AutoEscape::{Html, Json, None};

    match &*extension(template) {
        "xhtml" => ("application/xhtml+xml; charset=utf-8", Html),
        "xml" | "xsl" | "xslt" => ("text/xml; charset=utf-8", Html),
        "rss" => ("application/rss+xml; charset=utf-8", Html),
        "atom" => ("application/atom+xml; charset=utf-8", Html),
        "svg" => ("image/svg+xml; charset=utf-8", Html),
        "json" => ("application/json", Json),
        "jsonld" => ("application/ld+json", Json),
        "geojson" => ("application/geo+json", Json),
        "webmanifest" => ("application/manifest+json", Json),
        "js" | "mjs" => ("text/javascript; charset=utf-8", Json),
        "css" => ("text/css; charset=utf-8", None),
        "csv" => ("text/csv; charset=utf-8", None),
        "tsv" => ("text/tab-separated-values; charset=utf-8", None),
        "md" | "markdown" => ("text/markdown; charset=utf-8", None),
        "ics" => ("text/calendar; charset=utf-8", None),
        "vcf" => ("text/vcard; charset=utf-8", None),
        "yaml" | "yml" => ("application/yaml", None),
        "toml" => ("application/toml", None),
        "txt" | "text" | "log" | "ini" | "conf" | "cfg" | "env" | "sh" | "sql" | "eml" | "tex" => {
            ("text/plain; charset=utf-8", None)
        }
        _ => ("text/html; charset=utf-8", Html),
    }
}

/// The content type of what a template of this name makes.
pub(super) fn content_type(template: &str) -> &'static str {
    kind_of(template).0
}

/// The extension that counts, in lower case: the last one that does not say that this is a template. Empty if there is none.
fn extension(template: &str) -> String {
    let name = template.rsplit_once('/').map_or(template, |(_, name)| name);
    let extensions = name.split('.').skip(1).map(str::to_ascii_lowercase);
    let is_marker = |extension: &String| MARKERS.contains(&&**extension);
    extensions.filter(|extension| !is_marker(extension)).last().unwrap_or_default()
}

/// Extensions that say that something is a template, and nothing of what it makes.
const MARKERS: [&str; 6] = ["j2", "jinja", "jinja2", "tpl", "tmpl", "template"];

/// Why no template has this name.
fn refusal(name: &str) -> Option<String> {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.');
    let is_fine = name.split('/').all(is_plain) && !name.contains(['\\', ':', '\0']);
    (!is_fine).then(|| {
        format!("{name:?} is no name of a template: it leads out of the directory, or to a hidden file")
    })
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|name| kind_of(name).1);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment
}

fn absolute(directory: &std::path::Path) -> String {
    std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned()).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        let table = [
            ("a.html", true),
            ("a/b.html", true),
            ("../a", false),
            ("a/../b", false),
            ("./a", false),
            ("/etc/passwd", false),
            ("a//b", false),
            ("a\\b", false),
            ("C:a", false),
            (".hidden", false),
            ("a/.hidden", false),
            ("a\0", false),
            ("", false),
        ];
        for (name, is_fine) in table {
            assert_eq!(refusal(name).is_none(), is_fine, "{name:?}");
        }
    }

    #[test]
    fn extensions_choose_type_and_escaping() {
        const HTML: &str = "text/html; charset=utf-8";
        const TEXT: &str = "text/plain; charset=utf-8";
        let table: [(&[&str], &str, AutoEscape); 11] = [
            (&["a.html", "a.htm.j2", "a.HTML", "a.Html.JINJA2"], HTML, AutoEscape::Html),
            // Names that say nothing.
            (
                &["html", "row", "row.jinja", "row.jinja2", "row.J2", "row.tpl", "row.tmpl"],
                HTML,
                AutoEscape::Html,
            ),
            (&["row.", "a.txt/row", "a.txt/row.jinja", "<string>", ""], HTML, AutoEscape::Html),
            // Or nothing that is known.
            (&["row.tera", "row.html.tera", "row.txt ", "row.txt.bak"], HTML, AutoEscape::Html),
            (&["a.b/c.xml", "a.XML"], "text/xml; charset=utf-8", AutoEscape::Html),
            (&["a.SVG"], "image/svg+xml; charset=utf-8", AutoEscape::Html),
            (&["a.json.jinja", "a.JSON"], "application/json", AutoEscape::Json),
            (&["a.js", "a.MJS"], "text/javascript; charset=utf-8", AutoEscape::Json),
            (&["a.txt", "a.TXT.j2", "a.txt.tpl", "a.html.txt"], TEXT, AutoEscape::None),
            (&["a.css"], "text/css; charset=utf-8", AutoEscape::None),
            (&["a.Md"], "text/markdown; charset=utf-8", AutoEscape::None),
        ];
        for (names, content_type, escaping) in table {
            for name in names {
                assert_eq!(kind_of(name), (content_type, escaping.clone()), "{name:?}");
            }
        }
    }
}
