//! What serde says of a value, before and after it is known where that was written.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::loose::{self, text};
use super::origin::Origin;
use super::value::{Node, Value};
use crate::base::{SECRET, did_you_mean};

/// A mistake in a value of a struct.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) what: What,
    /// The kind of value that was met.
    met: Option<&'static str>,
    pub(super) at: Option<Box<Place>>,
}

/// The value that a mistake is in.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: String,
    /// `None` for one that was made up.
    origin: Option<Origin>,
    /// What it is, as far as that may be shown.
    found: Option<String>,
}

impl Place {
    pub(super) fn of_name(path: &str, origin: &Origin) -> Box<Place> {
        Box::new(Place { path: path.to_owned(), origin: Some(origin.clone()), found: None })
    }
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum What {
    /// In the words of the type.
    Words(String),
    Expected(String),
    MissingField(&'static str),
    UnknownField(String, &'static [&'static str]),
    UnknownVariant(&'static [&'static str]),
    /// A value that was made up does not do; nobody is to hear of that.
    MadeUp,
}

impl Failure {
    pub(super) fn new(what: What) -> Failure {
        Failure { what, met: None, at: None }
    }

    /// The failure with its place, if it has none yet. Without a node the value was made up.
    pub(super) fn placed(mut self, path: &str, node: Option<&Node>) -> Failure {
        if self.at.is_some() {
            return self;
        }
        if node.is_none() {
            self.what = What::MadeUp;
        }
        // Shown only where the words are ours: those of a type may be about a secret.
        let is_shown = matches!(self.what, What::Expected(_) | What::UnknownVariant(_));
        let is_within = |node: &Node| {
            let is_made_of_others = matches!(node.value, Value::Table(_) | Value::List(_));
            self.met.filter(|met| is_made_of_others && *met != node.value.kind())
        };
        let found = node.filter(|_| is_shown).map(|node| match &self.what {
            // What was read ahead, for a field that says what the others are for instance, has no place of its own.
            _ if let Some(met) = is_within(node) => format!("{met} in it"),
            // A text where a list, a table or a struct was wanted may hold one that is secret.
            What::Expected(expected) if is_made_of_others(expected) => {
                let kind = node.value.kind();
                loose::unread(node).map_or_else(|| kind.to_owned(), |why| format!("{kind}, {why}"))
            }
            _ => loose::found(node),
        });
        let origin = node.map(|node| node.origin.clone());
        self.at = Some(Box::new(Place { path: path.to_owned(), origin, found }));
        self
    }

    /// The same of a value that is empty, which keeps no secret.
    pub(super) fn of_nothing(mut self, node: Option<&Node>) -> Failure {
        let is_empty = node.and_then(|node| text(&node.value)).is_some_and(str::is_empty);
        if is_empty && matches!(&self.what, What::Words(words) if words.starts_with(SECRET)) {
            self.what = What::Words("nothing stands here, and a value is wanted".to_owned());
        }
        self
    }

    /// Whether it is about a part of the value with this path, or about what the value lacks, rather than about the value itself.
    pub(super) fn is_within(&self, path: &str) -> bool {
        let Some(at) = &self.at else { return false };
        let rest = at.path.strip_prefix(path);
        match self.what {
            What::MissingField(_) | What::UnknownField(..) | What::MadeUp => rest.is_some(),
            _ => rest.is_some_and(|rest| !rest.is_empty()),
        }
    }

    /// The same without the value, nor what its type says of it.
    pub(super) fn without_value(mut self) -> Failure {
        if let What::Words(_) = self.what {
            self.what = What::Words(format!("{SECRET}, and not what is wanted"));
        }
        if let Some(at) = &mut self.at {
            at.found = Some("what is secret".to_owned());
        }
        self
    }

    /// As a line for whoever wrote it.
    pub(super) fn line(&self) -> String {
        let at = self.at.as_deref();
        let path = at.map_or("", |at| &at.path);
        let origin = at.and_then(|at| at.origin.as_ref()).filter(|origin| !matches!(origin, Origin::Nowhere));
        let place = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
        let found = at.and_then(|at| at.found.as_deref()).unwrap_or("something else");
        match &self.what {
            What::Words(words) => format!("{place}`{path}`: {words}"),
            What::Expected(expected) => format!("{place}`{path}`: expected {expected}, found {found}"),
            What::MissingField(name) => {
                let full = format!("{path}.{name}");
                let variable = full.to_uppercase().replace('.', "__");
                format!(
                    "{place}`{full}` is missing: write `{name} = …` below `[{path}]`, or set VERNAL__{variable}"
                )
            }
            What::UnknownField(name, known) => unknown(&place, path, name, known),
            What::UnknownVariant(known) => {
                format!("{place}`{path}`: expected {}, found {found}", one_of(known, "\""))
            }
            What::MadeUp => String::new(),
        }
    }
}

/// Whether what was expected is no single text, number or flag.
fn is_made_of_others(expected: &str) -> bool {
    ["list", "table", "struct", "map", "sequence", "tuple", "array"]
        .iter()
        .any(|kind| expected.contains(kind))
}

/// That nobody reads a name; the path is that of its table.
pub(super) fn unknown(place: &str, path: &str, name: &str, known: &[&'static str]) -> String {
    let hint = match did_you_mean(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{path}.{meant}`?"),
        None if known.is_empty() => "there is nothing to set here".to_owned(),
        None => format!("there is {}", one_of(known, "`")),
    };
    format!("{place}there is no setting `{path}.{name}`: {hint}")
}

pub(super) fn one_of(words: &[&str], quote: &str) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("{quote}{word}{quote}")).collect();
    match &words[..] {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        words => words.concat(),
    }
}

impl Error for Failure {
    fn custom<T: fmt::Display>(words: T) -> Failure {
        Failure::new(What::Words(words.to_string()))
    }

    fn invalid_type(met: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        let failure = Failure::new(What::Expected(in_words(&expected.to_string())));
        Failure { met: kind_of(met), ..failure }
    }

    fn invalid_value(met: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        Failure::invalid_type(met, expected)
    }

    fn invalid_length(count: usize, expected: &dyn Expected) -> Failure {
        let expected = in_words(&expected.to_string());
        Failure::new(What::Words(format!("expected {expected}, found a list of {count}")))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Failure {
        Failure::new(What::UnknownVariant(known))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Failure {
        Failure::new(What::UnknownField(name.to_owned(), known))
    }

    fn missing_field(name: &'static str) -> Failure {
        Failure::new(What::MissingField(name))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line())
    }
}

impl std::error::Error for Failure {}

/// The kind of value that serde has met, as [`Value::kind`] names it.
fn kind_of(met: Unexpected<'_>) -> Option<&'static str> {
    Some(match met {
        Unexpected::Bool(_) => "`true` or `false`",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a text",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a table",
        _ => return None,
    })
}

/// What serde expects, as whoever writes the file says it.
fn in_words(expected: &str) -> String {
    let (_, last) = expected.rsplit_once(' ').unwrap_or(("", expected));
    if expected.starts_with("a tuple of size ") || expected.starts_with("an array of length ") {
        return format!("a list of {last} values");
    }
    if let Some(kind) = expected.strip_prefix("a nonzero ") {
        return match in_words(kind) {
            natural if natural.contains(" 0 to ") => natural.replace(" 0 to ", " 1 to "),
            other => format!("{other}, other than 0"),
        };
    }
    macro_rules! ranges {
        ($($kind:ident)*) => { match expected {
            $( stringify!($kind) => format!("a whole number from {} to {}", $kind::MIN, $kind::MAX), )*
            "i128" | "u128" => "a whole number".to_owned(),
            "f32" | "f64" => "a number".to_owned(),
            "unit" => "nothing".to_owned(),
            "path string" => "a path".to_owned(),
            "a boolean" => "`true` or `false`".to_owned(),
            "a string" | "string" => "a text".to_owned(),
            "a sequence" => "a list".to_owned(),
            "a map" => "a table".to_owned(),
            other if other.starts_with("struct ") => "a table".to_owned(),
            other => other.to_owned(),
        } };
    }
    ranges! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }
}
