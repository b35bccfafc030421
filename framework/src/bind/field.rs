//! The fields that a type is made of: parameters, and variables of the path.
//!
//! They are sorted by name once, so that making a type costs no more than that, however many there are.

use std::cell::Cell;

use super::look::Look;
use crate::http::{Flaw, Params, Request, Source};

/// Names with their values, sorted by name so that equal ones stand together; values keep their order.
pub(crate) struct Fields<'r> {
    pub(super) all: Vec<Field<'r>>,
    /// Whether the server shows its errors, so that it may say what to write.
    pub(super) shows_errors: bool,
}

#[derive(Clone)]
pub(super) struct Field<'r> {
    pub(super) name: &'r str,
    pub(super) value: &'r str,
    pub(super) source: Source,
    pub(super) flaw: Option<Flaw<'r>>,
    /// Where it stood when it was sent.
    pub(super) place: usize,
    /// What it is where serde asks for anything.
    pub(super) look: Cell<Look>,
    /// Of the first value of a name: whether that is a list there. `None`: if there are several.
    pub(super) is_list: Cell<Option<bool>>,
}

/// What was found out about a type while it was being made.
#[derive(Default)]
pub(super) struct Asked {
    /// It is one value, or an `Option` of one, which did not come.
    pub(super) is_absent: Cell<bool>,
    /// It is a list of pairs.
    pub(super) wants_pairs: Cell<bool>,
    /// It is one value, and asks for anything, as untagged enums do.
    pub(super) wants_own: Cell<bool>,
}

impl<'r> Field<'r> {
    pub(super) fn new(name: &'r str, value: &'r str, source: Source, flaw: Option<Flaw<'r>>) -> Field<'r> {
        Field { name, value, source, flaw, place: 0, look: Cell::new(Look::Text), is_list: Cell::new(None) }
    }
}

impl<'r> Fields<'r> {
    /// Variables of the path, then those parameters that are not hidden by them: of the form, of the query.
    pub(crate) fn of_request(req: &'r Request) -> Fields<'r> {
        let variables = req.path_values().map(|(name, value)| Field::new(name, value, Source::Path, None));
        let mut fields: Vec<_> = variables.collect();
        let count = fields.len();
        for field in [&req.form, &req.query].into_iter().flat_map(of_params) {
            if fields.iter().take(count).all(|variable| variable.name != field.name) {
                fields.push(field);
            }
        }
        Fields::sorted(fields, req)
    }

    /// The fields of the form alone.
    pub(crate) fn of_form(req: &'r Request) -> Fields<'r> {
        Fields::sorted(of_params(&req.form).collect(), req)
    }

    fn sorted(mut fields: Vec<Field<'r>>, req: &Request) -> Fields<'r> {
        fields.iter_mut().enumerate().for_each(|(place, field)| field.place = place);
        fields.sort_by_key(|field| field.name);
        Fields { all: fields, shows_errors: req.context().show_errors }
    }

    pub(super) fn named(&self, name: &str) -> &[Field<'r>] {
        let start = self.all.partition_point(|field| field.name < name);
        let rest = self.all.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|field| field.name == name).count();
        rest.get(..count).unwrap_or_default()
    }

    /// The values of each name.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[Field<'r>]> {
        self.all.chunk_by(|one, next| one.name == next.name)
    }

    /// All fields as they were sent.
    pub(super) fn in_order(&self) -> Vec<Field<'r>> {
        let mut fields = self.all.clone();
        fields.sort_by_key(|field| field.place);
        fields
    }
}

fn of_params(params: &Params) -> impl Iterator<Item = Field<'_>> {
    params.fields().map(|(name, value, flaw)| Field::new(name, value, Source::Parameter, flaw))
}
