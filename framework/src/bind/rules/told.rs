//! What breaks the rules of a type, as mistakes of a request: where each stands, and what came there.

use garde::Report;
use serde_json::Value;

use super::super::constraint::{From, Origin};
use super::super::profile::BodyUse;
use crate::base::json_pointer::find::{Step, find, is_similar};
use crate::base::json_pointer::push;
use crate::http::{Arg, BindingError, Error, Request, Source, shortened};

/// How what binds a value uses the request.
#[derive(Clone, Copy)]
pub(super) struct Used {
    pub(super) body: BodyUse,
    /// It takes one value, by the name of the argument.
    pub(super) is_named: bool,
}

/// Mistakes that one report may add to an answer.
const MOST_TOLD: usize = 20;
/// Those among them that stand in the explanation too.
const MOST_EXPLAINED: usize = 3;

/// The error that tells of a report. What came is quoted only if it holds no secret.
#[cold]
pub(super) fn refuse(report: &Report, used: Used, quotes: bool, from: impl Origin, arg: &Arg) -> Error {
    let count = report.iter().count();
    let told = from.look(|from| {
        let mistake = |(path, error): &(garde::Path, garde::Error)| {
            let steps = Steps::of(path);
            let mut binding = match from {
                From::Message(text) => inside(text, &steps, Source::Message, arg),
                From::Request(req) if used.body == BodyUse::Buffered => {
                    inside(req.body(), &steps, Source::Body, arg)
                }
                From::Request(req) if used.is_named => named(req, &steps, arg),
                From::Request(req) => parameter(req, &steps, used.body, arg),
            };
            binding.rule = Some(shortened(error.message()));
            if !quotes {
                binding.got = binding.got.map(|_| HIDDEN.to_owned());
            }
            binding
        };
        report.iter().take(MOST_TOLD).map(mistake).collect::<Vec<_>>()
    });
    let mut explain: Vec<_> = told.iter().take(MOST_EXPLAINED).map(ToString::to_string).collect();
    if count > MOST_EXPLAINED {
        explain.push(format!("And {} more.", count - MOST_EXPLAINED));
    }
    Error::of_bindings(told, count - count.min(MOST_TOLD)).explain(explain.join(" "))
}

/// The way to what breaks a rule, from the outside.
struct Steps(Vec<(bool, String)>);

impl Steps {
    /// A path tells its parts to serializers alone: the kind of each, and its text.
    fn of(path: &garde::Path) -> Steps {
        let parts = serde_json::to_value(path).unwrap_or_default();
        let part = |part: &Value| {
            let (kind, text) = (part.get(0)?.as_str()?, part.get(1)?.as_str()?);
            (kind != "none").then(|| (kind == "index", text.to_owned()))
        };
        Steps(parts.as_array().into_iter().flatten().filter_map(part).collect())
    }

    fn iter(&self) -> impl Iterator<Item = Step<'_>> {
        self.0.iter().map(|(is_index, text)| match text.parse() {
            Ok(index) if *is_index => Step::Index(index),
            _ => Step::Name(text),
        })
    }
}

const EXPECTED: &str = "a value that keeps its rules";

/// In place of what came where it holds a secret.
const HIDDEN: &str = "***";

/// In a JSON text: where it stands, and what came.
fn inside(text: &[u8], steps: &Steps, source: Source, arg: &Arg) -> BindingError {
    found(text, &steps.iter().collect::<Vec<_>>(), source, arg)
}

fn found(text: &[u8], steps: &[Step<'_>], source: Source, arg: &Arg) -> BindingError {
    let (pointer, value) = find(text, steps);
    let got = value.map(|value| {
        let start = value.get(..MOST_SHOWN).unwrap_or(value);
        shortened(&String::from_utf8_lossy(start))
    });
    let mut binding = BindingError::new(arg.name, source, EXPECTED, got);
    binding.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
    binding
}

/// In the one value of the argument's name, which is JSON if anything is inside of it.
fn named(req: &Request, steps: &Steps, arg: &Arg) -> BindingError {
    let sources: [(Source, Option<&str>); 4] = [
        (Source::Path, req.path_value(arg.name)),
        (Source::Parameter, req.parameter(arg.name)),
        (Source::Header, req.header(arg.name).or_else(|| req.header(&arg.name.replace('_', "-")))),
        (Source::Cookie, req.cookies().get(arg.name)),
    ];
    let came = sources.into_iter().find_map(|(source, value)| Some((source, value?)));
    let Some((source, value)) = came else {
        return BindingError::new(arg.name, Source::Parameter, EXPECTED, None);
    };
    let first = steps.iter().next();
    let (value, skipped) = match first {
        None => return BindingError::new(arg.name, source, EXPECTED, Some(shortened(value))),
        // One of several values of that name.
        Some(Step::Index(index)) if !value.trim_start().starts_with('[') => {
            (req.parameters(arg.name).nth(index).unwrap_or_default(), 1)
        }
        Some(_) => (value, 0),
    };
    let rest: Vec<_> = steps.iter().skip(skipped).collect();
    if rest.is_empty() {
        let mut binding = BindingError::new(arg.name, source, EXPECTED, Some(shortened(value)));
        binding.pointer = first.map(|step| pointer([step]));
        return binding;
    }
    let mut binding = found(value.as_bytes(), &rest, source, arg);
    if let (1, Some(first)) = (skipped, first) {
        binding.pointer = Some(pointer([first]) + binding.pointer.as_deref().unwrap_or_default());
    }
    binding
}

/// Among parameters: which one, and what came.
fn parameter(req: &Request, steps: &Steps, body: BodyUse, arg: &Arg) -> BindingError {
    let mut steps = steps.iter().peekable();
    let Some(Step::Name(field)) = steps.peek().copied() else {
        let got = req.parameter(arg.name).map(shortened);
        return BindingError::new(arg.name, Source::Parameter, EXPECTED, got);
    };
    steps.next();
    let of_path = (body != BodyUse::Form)
        .then(|| req.path_values().find(|(name, _)| is_similar(name, field)))
        .flatten();
    let came = || req.form().iter().chain(req.query().iter());
    let named =
        came().find(|(name, _)| *name == field).or_else(|| came().find(|(name, _)| is_similar(name, field)));
    let (name, source) = match (of_path, named) {
        (Some((name, _)), _) => (name, Source::Path),
        (None, Some((name, _))) => (name, Source::Parameter),
        (None, None) => (field, Source::Parameter),
    };
    let got = match (of_path, steps.peek()) {
        (Some((_, value)), _) => Some(value),
        (None, Some(Step::Index(index))) => req.parameters(name).nth(*index),
        (None, _) => named.map(|(_, value)| value),
    };
    let mut binding = BindingError::new(name, source, EXPECTED, got.map(shortened));
    binding.pointer = Some(pointer(steps)).filter(|pointer| !pointer.is_empty());
    binding
}

fn pointer<'s>(steps: impl IntoIterator<Item = Step<'s>>) -> String {
    let mut pointer = String::new();
    for step in steps {
        match step {
            Step::Name(name) => push(&mut pointer, name),
            Step::Index(index) => push(&mut pointer, &index.to_string()),
        }
    }
    pointer
}

/// Bytes of a value that an error looks at.
const MOST_SHOWN: usize = 256;
