//! Errors of bindings that users write, judged as those of ours are: whose fault they are, and whether nothing came or something
//! bad did.

use std::char::{CharTryFromError, ParseCharError};
use std::net::AddrParseError;
use std::num::{ParseFloatError, ParseIntError, TryFromIntError};
use std::str::{ParseBoolError, Utf8Error};
use std::string::FromUtf8Error;

use super::{Arg, BindingError, Source};
use crate::http::{Error, Request, Result};

/// An error of a binding's own; what could not be parsed is what the client sent: 400.
#[cold]
pub(super) fn of_client(error: Error, arg: &Arg) -> Error {
    let is_unknown = error.is_private() && error.status() == 500;
    let Some(text) = error.source().filter(|it| is_unknown && is_of_parsing(*it)).map(ToString::to_string)
    else {
        return error;
    };
    let explain = format!("Parameter[{}]: {text}.", arg.name);
    let binding = BindingError::new(arg.name, Source::Parameter, "a valid value", Some(text));
    error.at_binding(binding).explain(explain)
}

/// The value, or `None` when nothing came. An error with a 4xx status says so where nothing has the argument's name, unless
/// it was made from another error: then something came, and it is bad.
///
/// # Errors
/// Something came, and it is bad.
#[inline]
pub(super) fn unless_missing<T>(bound: Result<T>, req: &Request, arg: &Arg) -> Result<Option<T>> {
    match bound {
        Ok(value) => Ok(Some(value)),
        Err(error) => judge(error, req, arg).map(|()| None),
    }
}

#[cold]
fn judge(error: Error, req: &Request, arg: &Arg) -> Result {
    let error = of_client(error, arg);
    let says_nothing_came = || {
        let is_plain = error.binding().is_none() && error.source().is_none();
        error.status().is_client_error() && is_plain && !has_come(req, arg.name)
    };
    if error.is_missing() || says_nothing_came() { Ok(()) } else { Err(error) }
}

/// Whether anything has the name.
fn has_come(req: &Request, name: &str) -> bool {
    req.path_value(name).is_some() || req.parameter(name).is_some() || req.file(name).is_some()
}

/// What std's `parse` and its like fail with, and serde_json where it has read something.
fn is_of_parsing(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.is::<ParseIntError>()
        || error.is::<ParseFloatError>()
        || error.is::<ParseBoolError>()
        || error.is::<ParseCharError>()
        || error.is::<TryFromIntError>()
        || error.is::<CharTryFromError>()
        || error.is::<AddrParseError>()
        || error.is::<Utf8Error>()
        || error.is::<FromUtf8Error>()
        || error.downcast_ref::<serde_json::Error>().is_some_and(|error| !error.is_io())
}

#[cfg(test)]
mod tests {
    use super::super::requests::{at, get};
    use super::*;
    use crate::http::OrStatus;

    /// Name, what fails, its status, and how its explanation begins.
    type Row = (&'static str, fn() -> Result, u16, &'static str);

    #[test]
    fn what_cannot_be_parsed_is_the_clients() {
        let arg = Arg::named("a");
        let failed: [Row; 9] = [
            (
                "integer",
                || Ok("x".parse::<u8>().map(|_| ())?),
                400,
                "Parameter[a]: invalid digit found in string.",
            ),
            ("float", || Ok("x".parse::<f64>().map(|_| ())?), 400, "Parameter[a]: invalid float literal."),
            ("range", || Ok(u8::try_from(256).map(|_| ())?), 400, "Parameter[a]: out of range"),
            ("address", || Ok("x".parse::<std::net::IpAddr>().map(|_| ())?), 400, "Parameter[a]: invalid IP"),
            ("text", || Ok(String::from_utf8(vec![0xff]).map(|_| ())?), 400, "Parameter[a]: invalid utf-8"),
            ("JSON", || Ok(serde_json::from_str::<u8>("{").map(|_| ())?), 400, "Parameter[a]: "),
            ("a status", || "x".parse::<u8>().map(|_| ()).or_status(422), 422, "invalid digit"),
            ("a file", || Ok(std::fs::read("/no/such/file").map(|_| ())?), 500, "No such file"),
            ("of ours", || Err(Error::internal("a broken row")), 500, "a broken row"),
        ];
        for (name, fail, status, text) in failed {
            let error = of_client(fail().expect_err(name), &arg);
            assert_eq!((error.status().as_u16(), error.is_missing()), (status, false), "{name}");
            assert!(error.explain_text().starts_with(text), "{name}: {}", error.explain_text());
            assert_eq!(error.is_private(), status == 500 || status == 422, "{name}");
        }
    }

    #[test]
    fn an_error_of_the_client_is_missing_or_bad() {
        let arg = Arg::named("a");
        let (none, some, path) = (get("b=1"), get("a=1"), at(get(""), "/x/7", &[("a", "7")]));
        let plain = || Error::unauthorized("sign in");
        let missing = || Error::missing("b", Source::Parameter, "a text");
        let caused = || "x".parse::<u8>().or_status(404).expect_err("no number");
        let unknown = || "x".parse::<u8>().map_err(Error::from).expect_err("no number");
        let table: [(&str, &Request, Error, Option<u16>); 11] = [
            ("nothing came", &none, plain(), None),
            ("nothing was found", &none, None::<u8>.or_404("none").expect_err("none"), None),
            ("nothing came, says the error", &some, missing(), None),
            ("something came", &some, plain(), Some(401)),
            ("something came in the path", &path, None::<u8>.or_404("none").expect_err("none"), Some(404)),
            ("it has a cause", &none, caused(), Some(404)),
            ("it could not be parsed", &none, unknown(), Some(400)),
            ("it is bad, says the error", &none, super::super::value::unfit("a number", "x"), Some(400)),
            ("ours", &none, Error::internal("broken"), Some(500)),
            ("ours", &none, Error::unavailable("busy"), Some(503)),
            ("no error of the client", &none, Error::status_only(302), Some(302)),
        ];
        for (name, req, error, expected) in table {
            let judged = unless_missing::<()>(Err(error), req, &arg);
            assert_eq!(
                judged.map_err(|error| error.status().as_u16()),
                expected.map_or(Ok(None), Err),
                "{name}"
            );
        }
    }
}
