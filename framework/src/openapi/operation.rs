//! What the macros submit beside a registration: plain const data, and questions to types.

use serde_json::{Map, Value};

use crate::base::Location;
use crate::contract::{Answers, Found, Guards, Inputs, Messages};
use crate::matching::Mapping;

/// A mapping, as it is described.
pub struct Operation {
    /// Which requests it is for.
    pub mapping: Mapping,
    /// Where the function stands.
    pub at: Location,
    /// Its doc comment.
    pub docs: &'static str,
    /// Whether it is marked `#[deprecated]`.
    pub is_deprecated: bool,
    /// The impl block it stands in.
    pub owner: Option<DescribedOwner>,
    /// What is bound.
    pub arguments: &'static [DescribedArgument],
    /// What its answer may be.
    pub answers: fn(&mut Answers),
    /// The types with schemas among its answers.
    pub schemas: fn(&mut Found),
    /// The status of an answer that says none.
    pub status: Option<u16>,
    /// `invalid = 422`
    pub invalid: Option<u16>,
    /// `responses(…)`
    pub responses: &'static [DescribedResponse],
    /// `receives(…)`, where it opens a WebSocket session.
    pub receives: &'static [DescribedMessage],
    /// `sends(…)`
    pub sends: &'static [DescribedMessage],
    /// `tag = "…"`
    pub tag: Option<&'static str>,
}

/// The impl block of a method.
#[derive(Clone, Copy)]
pub struct DescribedOwner {
    /// Its type, as it is written there.
    pub name: &'static str,
    /// Its doc comment.
    pub docs: &'static str,
}

/// An argument that is bound from the request.
pub struct DescribedArgument {
    /// The name it is bound by.
    pub name: &'static str,
    /// Whether `#[arg(name = "…")]` gave it.
    pub is_renamed: bool,
    /// `#[arg(group = n)]`
    pub group: usize,
    /// Its doc comment.
    pub docs: &'static str,
    /// Whether it has a default.
    pub has_default: bool,
    /// The default, if it can be shown.
    pub default: Option<fn() -> Option<Value>>,
    /// What `#[arg(…)]` demands of the value.
    pub constrain: fn(&mut Constraints),
    /// What its type takes.
    pub describe: fn(&mut Inputs),
    /// The types with schemas that it consists of.
    pub schemas: fn(&mut Found),
}

/// What an argument's value has to fulfil beside its type, as members of a schema.
#[derive(Debug, Default)]
pub struct Constraints {
    /// Of each value.
    pub value: Map<String, Value>,
    /// Of a list as a whole.
    pub list: Map<String, Value>,
}

/// A message of a WebSocket session, by its type.
#[derive(Clone, Copy)]
pub struct DescribedMessage {
    /// The doc comment of its argument.
    pub docs: &'static str,
    /// What `#[arg(…)]` demands of it.
    pub constrain: fn(&mut Constraints),
    /// What its type holds.
    pub describe: fn(&mut Messages),
    /// The types with schemas that it consists of.
    pub schemas: fn(&mut Found),
}

/// What a filter that is a function asks of requests, and may answer by itself.
pub struct DescribedFilter {
    /// Where the function stands.
    pub at: Location,
    /// Its paths, and its regular expression: a function may be a filter by several attributes.
    pub paths: &'static [&'static str],
    /// In place of them.
    pub regexp: Option<&'static str>,
    /// `responses(…)`
    pub responses: &'static [DescribedResponse],
    /// `security(…)`
    pub guards: fn(&mut Guards),
}

/// An answer that the user adds.
pub struct DescribedResponse {
    /// Its status.
    pub status: u16,
    /// What it is.
    pub what: DescribedAs,
}

/// What such an answer is.
pub enum DescribedAs {
    /// An error that means this.
    Meaning(&'static str),
    /// What a type is answered with as, and the types with schemas in it.
    Type(fn(&mut Answers), fn(&mut Found)),
}

/// An error page: what it may answer with. Which errors it is for stands beside its registration.
pub struct DescribedPage {
    /// Where the function stands.
    pub at: Location,
    /// What its answer may be.
    pub answers: fn(&mut Answers),
    /// The types with schemas among its answers.
    pub schemas: fn(&mut Found),
}

inventory::collect!(DescribedFilter);
inventory::collect!(Operation);
inventory::collect!(DescribedPage);
