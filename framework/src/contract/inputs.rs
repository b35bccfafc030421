//! What an argument takes from a request.

use super::Schema;

/// What an argument of a handler takes from a request, for the description of the API.
///
/// ```
/// use vernal::contract::{Inputs, Schema};
/// use vernal::{Arg, FromRequest, OrStatus, Request, Result};
///
/// struct ApiKey(String);
///
/// impl<'r> FromRequest<'r> for ApiKey {
///     fn from_request(req: &'r Request, _: &Arg) -> Result<ApiKey> {
///         req.header("x-api-key").map(|key| ApiKey(key.to_owned())).or_status(401)
///     }
///
///     fn describe(inputs: &mut Inputs) {
///         inputs.header("X-Api-Key", Schema::text());
///         inputs.refuses(401);
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Inputs {
    pub(crate) name: &'static str,
    pub(crate) is_renamed: bool,
    pub(crate) group: usize,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) bodies: Vec<Body>,
    /// Statuses that the type itself answers with.
    pub(crate) refusals: Vec<u16>,
    /// Reads the session, by its cookie.
    pub(crate) takes_session: bool,
    /// Only those who are known get through.
    pub(crate) needs_identity: bool,
    /// Opens a WebSocket session.
    pub(crate) upgrades: bool,
    /// Whether nothing of it has to come.
    is_optional: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The path if it has a variable of that name, else the query or a form.
    Bare,
    /// A variable of the path, or its star.
    Path,
    /// The query, or a form.
    Query,
    Header,
    Cookie,
    /// A group of the regular expression.
    Group(usize),
    /// A file of a form in parts.
    File,
    /// Each member of the schema is a parameter.
    Members,
}

/// A parameter that an argument takes.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) schema: Schema,
    pub(crate) is_required: bool,
}

impl Parameter {
    /// Says that it may be left out.
    pub fn optional(&mut self) -> &mut Parameter {
        self.is_required = false;
        self
    }
}

/// A body that an argument takes.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) media_types: &'static [&'static str],
    pub(crate) schema: Schema,
    pub(crate) is_required: bool,
    /// Whether another content type is refused.
    pub(crate) is_strict: bool,
}

/// The values of one name.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Values {
    pub(crate) schema: Schema,
    pub(crate) is_required: bool,
}

impl Values {
    /// One is needed.
    pub fn one(schema: Schema) -> Values {
        Values { schema, is_required: true }
    }

    /// All of them, one at least.
    pub fn list(schema: Schema) -> Values {
        Values { schema: schema.list(), is_required: true }
    }

    /// None is needed.
    #[must_use]
    pub fn optional(self) -> Values {
        Values { is_required: false, ..self }
    }
}

impl Inputs {
    #[cfg(feature = "openapi")]
    pub(crate) fn of(name: &'static str, is_renamed: bool, group: usize) -> Inputs {
        Inputs {
            name,
            is_renamed,
            group,
            parameters: Vec::new(),
            bodies: Vec::new(),
            refusals: Vec::new(),
            takes_session: false,
            needs_identity: false,
            upgrades: false,
            is_optional: false,
        }
    }

    /// The name that the argument is bound by.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// It takes a parameter of the query.
    pub fn query(&mut self, name: impl Into<String>, schema: Schema) -> &mut Parameter {
        self.add(Place::Query, name.into(), Values::one(schema))
    }

    /// It takes a variable of the path, which must have it.
    pub fn path(&mut self, name: impl Into<String>, schema: Schema) -> &mut Parameter {
        self.add(Place::Path, name.into(), Values::one(schema))
    }

    /// It takes a header field.
    pub fn header(&mut self, name: impl Into<String>, schema: Schema) -> &mut Parameter {
        self.add(Place::Header, name.into(), Values::one(schema))
    }

    /// It takes a cookie.
    pub fn cookie(&mut self, name: impl Into<String>, schema: Schema) -> &mut Parameter {
        self.add(Place::Cookie, name.into(), Values::one(schema))
    }

    /// It takes the body, of one of these media types.
    pub fn body(&mut self, media_types: &'static [&'static str], schema: Schema) {
        self.take_body(media_types, schema, true, false);
    }

    /// It takes the body, of one of these media types, and refuses others with a 415.
    pub fn body_of(&mut self, media_types: &'static [&'static str], schema: Schema) {
        self.take_body(media_types, schema, true, true);
    }

    /// A request may be refused with this status because of it.
    pub fn refuses(&mut self, status: u16) {
        self.refusals.push(status);
    }

    /// What `describe` says, and nothing of it has to come.
    pub fn optional(&mut self, describe: impl FnOnce(&mut Inputs)) {
        let before = std::mem::replace(&mut self.is_optional, true);
        let (known, needed) = (self.refusals.len(), self.needs_identity);
        describe(self);
        self.is_optional = before;
        // Whoever is not known is nobody, not refused.
        self.needs_identity = needed;
        self.refusals.truncate(known);
    }

    pub(crate) fn take_body(
        &mut self,
        media_types: &'static [&'static str],
        schema: Schema,
        is_required: bool,
        is_strict: bool,
    ) {
        let is_required = is_required && !self.is_optional;
        self.bodies.push(Body { media_types, schema, is_required, is_strict });
    }

    pub(crate) fn values(&mut self, place: Place, values: Values) {
        let name = match place {
            // Underscores of an argument's name also mean hyphens.
            Place::Header if !self.is_renamed => self.name.replace('_', "-"),
            _ => self.name.to_owned(),
        };
        self.add(place, name, values);
    }

    fn add(&mut self, place: Place, name: String, values: Values) -> &mut Parameter {
        let is_required = values.is_required && !self.is_optional;
        self.parameters.push(Parameter { place, name, schema: values.schema, is_required });
        self.parameters.last_mut().expect("it was just pushed")
    }
}
