//! What came under the name of an argument, and an argument made of it.
//!
//! One iterator for wherever the values are, so that each type is converted by one piece of code.

use super::missing;
use super::value::FromValues;
use crate::http::{Error, ParamValues, Request, Result, Source, flawed};

/// The values of a name.
pub(super) enum Came<'r> {
    /// A variable of the path, if it has not been taken yet.
    Path(Option<&'r str>),
    /// Parameters of the form, then those of the query.
    Parameters { form: ParamValues<'r>, query: ParamValues<'r> },
}

impl<'r> Iterator for Came<'r> {
    type Item = &'r str;

    fn next(&mut self) -> Option<&'r str> {
        match self {
            Came::Path(value) => value.take(),
            Came::Parameters { form, query } => form.next().or_else(|| query.next()),
        }
    }
}

/// Binds a variable of the path, else the parameters of the name. A call for each argument: in a handler's own code it would be repeated for
/// each handler.
#[inline(never)]
pub(super) fn named<'r, T: FromValues<'r>>(req: &'r Request, name: &'static str) -> Result<T> {
    match path_or_parameters(req, name) {
        Ok(came) => bind(came, req, name),
        Err(flaw) => T::from_error(flaw),
    }
}

/// Binds the parameters of a name, never a variable of the path.
#[inline(never)]
pub(super) fn parameters<'r, T: FromValues<'r>>(req: &'r Request, name: &'static str) -> Result<T> {
    match of_parameters(req, name) {
        Ok(came) => bind(came, req, name),
        Err(flaw) => T::from_error(flaw),
    }
}

fn path_or_parameters<'r>(req: &'r Request, name: &'static str) -> Result<Came<'r>> {
    match req.path_value(name) {
        Some(value) => Ok(Came::Path(Some(value))),
        None => of_parameters(req, name),
    }
}

/// # Errors
/// One could not be decoded.
fn of_parameters<'r>(req: &'r Request, name: &'static str) -> Result<Came<'r>> {
    if (req.form.has_flaws() || req.query.has_flaws())
        && let Some(flaw) = req.flaw_of(name)
    {
        return Err(flawed(name, flaw.raw, &flaw.text()));
    }
    Ok(Came::Parameters { form: req.form.values(name), query: req.query.values(name) })
}

#[inline]
fn bind<'r, T: FromValues<'r>>(came: Came<'r>, req: &'r Request, name: &'static str) -> Result<T> {
    let source = match came {
        Came::Path(_) => Source::Path,
        Came::Parameters { .. } => Source::Parameter,
    };
    T::explained(T::from_values(came, source, name), |error| explained(error, source, T::IS_LIST, req))
}

#[cold]
fn explained(error: Error, source: Source, is_list: bool, req: &Request) -> Error {
    match source {
        Source::Parameter if error.is_missing() => missing::parameter(error, is_list, req),
        _ => error,
    }
}
