//! Raw values into types: one by [`FromValue`], zero or more by [`FromValues`].
//!
//! A conversion knows neither the name nor the source of what it converts; [`FromValues`] adds them to its error.
//! Borrowed text and numbers allocate nothing; errors may.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::NonZero;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::contract::{Schema, Values};
use crate::http::{BindingError, Error, Result, Source, shortened};

/// A type made from one raw value: of a parameter, a path variable, a header field, a cookie.
///
/// ```
/// use vernal::{Error, FromValue, Result, request_map};
///
/// enum Color { Red, Blue }
///
/// impl FromValue<'_> for Color {
///     const EXPECTED: &'static str = "a colour";
///
///     fn from_value(raw: &str) -> Result<Color> {
///         match raw {
///             "red" => Ok(Color::Red),
///             "blue" => Ok(Color::Blue),
///             _ => Err(Error::bad_request("there is only red and blue")),
///         }
///     }
/// }
///
/// #[request_map("/paint")]
/// fn paint(color: Color, more: Vec<Color>) -> String {
///     format!("{} colours", 1 + more.len())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from one value of a request",
    label = "implement `FromValue` for `{Self}`",
    note = "or take the text and convert it in the handler"
)]
pub trait FromValue<'r>: Sized {
    /// What is expected, for the message when nothing came: "a colour".
    const EXPECTED: &'static str = "a value";

    /// Converts the value, already decoded.
    ///
    /// # Errors
    /// It is not such a value. A status and text chosen here are sent; an error that `?` made of a std error becomes
    /// a 400 that names the argument, or a 404 where the value is of the path.
    fn from_value(raw: &'r str) -> Result<Self>;

    /// Says which texts it is made from, for the description of the API that the feature `openapi` makes. Default: the schema of
    /// a type that derives `schemars::JsonSchema`, else any text.
    fn schema() -> Schema {
        Schema::of_text::<Self>()
    }
}

/// A type made from all values of one name. This is where `T`, `Option<T>`, `Vec<T>` and `Result<T>` differ;
/// implement [`FromValue`] for types of your own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from the values of a request",
    label = "vernal does not know how to fill this argument",
    note = "implement `FromValue` for it; inside a wrapper such as `Param<…>` also `Option<T>`, `Vec<T>` and `Result<T>` work"
)]
pub trait FromValues<'r>: Sized {
    /// Whether it is a list that needs an element.
    #[doc(hidden)]
    const IS_LIST: bool = false;

    /// Converts the values.
    ///
    /// # Errors
    /// There is none and one is needed, or one is bad.
    fn from_values(values: impl Iterator<Item = &'r str>, source: Source, name: &str) -> Result<Self>;

    /// Gives an error about these values more words, wherever it is kept.
    ///
    /// # Errors
    /// That of `bound`.
    #[doc(hidden)]
    #[inline]
    fn explained(bound: Result<Self>, explain: impl FnOnce(Error) -> Error) -> Result<Self> {
        bound.map_err(explain)
    }

    /// What becomes of values that could not even be decoded.
    ///
    /// # Errors
    /// The error given, unless the handler wants to see it.
    #[doc(hidden)]
    fn from_error(error: Error) -> Result<Self> {
        Err(error)
    }

    /// What it takes, for the description of the API.
    #[doc(hidden)]
    fn values() -> Values {
        Values::one(Schema::any())
    }
}

impl<'r, T: FromValue<'r>> FromValues<'r> for T {
    #[inline]
    fn from_values(mut values: impl Iterator<Item = &'r str>, source: Source, name: &str) -> Result<T> {
        match values.next() {
            Some(raw) => T::from_value(raw).map_err(|error| located(error, raw, source, name)),
            None => Err(Error::missing(name, source, T::EXPECTED)),
        }
    }

    fn values() -> Values {
        Values::one(T::schema())
    }
}

/// `None` when nothing came; a bad value is an error all the same.
impl<'r, T: FromValues<'r>> FromValues<'r> for Option<T> {
    #[inline]
    fn from_values(values: impl Iterator<Item = &'r str>, source: Source, name: &str) -> Result<Option<T>> {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return Ok(None);
        }
        T::from_values(values, source, name).map(Some)
    }

    fn values() -> Values {
        T::values().optional()
    }
}

/// Every value; at least one is required. `Option<Vec<T>>` is `None` without one, and a list with `#[arg(default)]` is empty.
impl<'r, T: FromValue<'r>> FromValues<'r> for Vec<T> {
    const IS_LIST: bool = true;

    fn from_values(values: impl Iterator<Item = &'r str>, source: Source, name: &str) -> Result<Vec<T>> {
        let convert = |raw: &'r str| T::from_value(raw).map_err(|error| located(error, raw, source, name));
        let all = values.map(convert).collect::<Result<Vec<T>>>()?;
        if all.is_empty() { Err(Error::missing(name, source, T::EXPECTED)) } else { Ok(all) }
    }

    fn values() -> Values {
        Values::list(T::schema())
    }
}

/// The handler wants to see the error.
impl<'r, T: FromValues<'r>> FromValues<'r> for Result<T> {
    const IS_LIST: bool = T::IS_LIST;

    fn from_values(values: impl Iterator<Item = &'r str>, source: Source, name: &str) -> Result<Result<T>> {
        Ok(T::from_values(values, source, name))
    }

    fn explained(bound: Result<Result<T>>, explain: impl FnOnce(Error) -> Error) -> Result<Result<T>> {
        Ok(T::explained(bound.flatten(), explain))
    }

    fn from_error(error: Error) -> Result<Result<T>> {
        Ok(Err(error))
    }

    fn values() -> Values {
        T::values().optional()
    }
}

/// A conversion's error, now that name and source are known.
#[cold]
fn located(error: Error, raw: &str, source: Source, name: &str) -> Error {
    let binding = match error.binding() {
        Some(known) if !known.parameter.is_empty() => return error,
        Some(unnamed) => BindingError { parameter: name.to_owned(), source, ..unnamed.clone() },
        None => BindingError::new(name, source, "a valid value", Some(shortened(raw))),
    };
    error.at_binding(binding)
}

/// What a conversion of ours fails with. Without a name, so that [`located`] knows it for ours.
#[cold]
pub(crate) fn unfit(expected: impl Into<Cow<'static, str>>, raw: &str) -> Error {
    Error::of_binding(BindingError::new(String::new(), Source::Parameter, expected, Some(shortened(raw))))
}

macro_rules! texts {
    ($($kind:ty)*) => { $(
        impl<'r> FromValue<'r> for $kind {
            const EXPECTED: &'static str = "a text";

            #[inline]
            fn from_value(raw: &'r str) -> Result<$kind> {
                Ok(raw.into())
            }

            fn schema() -> Schema {
                Schema::text()
            }
        }
    )* };
}
texts! { &'r str String Cow<'r, str> Box<str> Arc<str> }

macro_rules! integers {
    ($($kind:ty)*) => { $(
        impl FromValue<'_> for $kind {
            const EXPECTED: &'static str = "an integer";

            #[inline]
            fn from_value(raw: &str) -> Result<$kind> {
                let expected = || format!("an integer from {} to {}", <$kind>::MIN, <$kind>::MAX);
                raw.parse().map_err(|_| unfit(expected(), raw))
            }

            fn schema() -> Schema {
                Schema::integer(stringify!($kind), <$kind>::MIN as i128, <$kind>::MAX as u128)
            }
        }

        impl FromValue<'_> for NonZero<$kind> {
            const EXPECTED: &'static str = "an integer other than 0";

            #[inline]
            fn from_value(raw: &str) -> Result<NonZero<$kind>> {
                let expected = || match <$kind>::MIN {
                    0 => format!("an integer from 1 to {}", <$kind>::MAX),
                    least => format!("an integer from {least} to {} other than 0", <$kind>::MAX),
                };
                raw.parse().map_err(|_| unfit(expected(), raw))
            }

            fn schema() -> Schema {
                let least = <$kind>::MIN as i128;
                let schema = Schema::integer(stringify!($kind), least.saturating_add(i128::from(least == 0)), <$kind>::MAX as u128);
                if least == 0 { schema } else { schema.other_than_zero() }
            }
        }
    )* };
}
integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

macro_rules! floats {
    ($($kind:ty)*) => { $(
        /// Finite numbers: nobody who asks for a price wants `NaN`.
        impl FromValue<'_> for $kind {
            const EXPECTED: &'static str = "a number";

            #[inline]
            fn from_value(raw: &str) -> Result<$kind> {
                match raw.parse::<$kind>() {
                    Ok(number) if number.is_finite() => Ok(number),
                    _ => Err(unfit(Self::EXPECTED, raw)),
                }
            }

            fn schema() -> Schema {
                Schema::from_json(match size_of::<$kind>() {
                    4 => json!({ "type": "number", "format": "float", "minimum": -FLOAT, "maximum": FLOAT }),
                    _ => json!({ "type": "number", "format": "double" }),
                })
            }
        }
    )* };
}
floats! { f32 f64 }

/// The largest `f32` as it is written, which as an `f64` is a little larger.
pub(crate) const FLOAT: f64 = 3.402_823_5e38;

macro_rules! parsed {
    ($($kind:ty: $expected:literal, $schema:tt;)*) => { $(
        impl FromValue<'_> for $kind {
            const EXPECTED: &'static str = $expected;

            #[inline]
            fn from_value(raw: &str) -> Result<$kind> {
                raw.parse().map_err(|_| unfit(Self::EXPECTED, raw))
            }

            fn schema() -> Schema {
                Schema::from_json(json!($schema))
            }
        }
    )* };
}
parsed! {
    char: "one character", { "type": "string", "minLength": 1, "maxLength": 1 };
    IpAddr: "an IP address", { "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] };
    Ipv4Addr: "an IPv4 address", { "type": "string", "format": "ipv4" };
    Ipv6Addr: "an IPv6 address", { "type": "string", "format": "ipv6" };
    SocketAddr: "an IP address with a port", { "type": "string", "pattern": format!("^({V4}|{V6}):{PORT}$") };
    SocketAddrV4: "an IPv4 address with a port", { "type": "string", "pattern": format!("^{V4}:{PORT}$") };
    SocketAddrV6: "an IPv6 address with a port", { "type": "string", "pattern": format!("^{V6}:{PORT}$") };
}

/// Addresses as patterns, for no format of JSON Schema is one with a port.
const V4: &str =
    "((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const V6: &str = "\\[(([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|([0-9A-Fa-f]{1,4}:){1,7}:|([0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}|\
    ([0-9A-Fa-f]{1,4}:){1,5}(:[0-9A-Fa-f]{1,4}){1,2}|([0-9A-Fa-f]{1,4}:){1,4}(:[0-9A-Fa-f]{1,4}){1,3}|\
    ([0-9A-Fa-f]{1,4}:){1,3}(:[0-9A-Fa-f]{1,4}){1,4}|([0-9A-Fa-f]{1,4}:){1,2}(:[0-9A-Fa-f]{1,4}){1,5}|\
    [0-9A-Fa-f]{1,4}:(:[0-9A-Fa-f]{1,4}){1,6}|:((:[0-9A-Fa-f]{1,4}){1,7}|:))\\]";
const PORT: &str = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})";

/// `true`, `1`, `on` and `yes` are true, `false`, `0`, `off`, `no` and the empty text false, in any case.
impl FromValue<'_> for bool {
    const EXPECTED: &'static str = "true or false";

    #[inline]
    fn from_value(raw: &str) -> Result<bool> {
        let is_one_of = |words: &[&str]| words.iter().any(|word| raw.eq_ignore_ascii_case(word));
        if is_one_of(&["true", "1", "on", "yes"]) {
            return Ok(true);
        }
        if is_one_of(&["false", "0", "off", "no", ""]) { Ok(false) } else { Err(unfit(Self::EXPECTED, raw)) }
    }

    fn schema() -> Schema {
        Schema::from_json(json!({ "type": "boolean" }))
    }
}

/// JSON text in one value.
impl FromValue<'_> for Value {
    const EXPECTED: &'static str = "JSON";

    fn from_value(raw: &str) -> Result<Value> {
        serde_json::from_str(raw).map_err(|error| unfit(format!("JSON ({error})"), raw))
    }

    fn schema() -> Schema {
        Schema::any().as_json_text()
    }
}
