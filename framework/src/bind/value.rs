//! Raw values into types: one by [`FromValue`], zero or more by [`FromValues`].
//!
//! A conversion knows neither the name nor the source of what it converts; [`FromValues`] adds them to its error.
//! Borrowed text and numbers allocate nothing; errors may.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::NonZero;
use std::sync::Arc;

use serde_json::Value;

use super::missing;
use crate::http::{BindingError, Error, Request, Result, Source, flawed, shortened};

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
}

impl<'r, T: FromValue<'r>> FromValues<'r> for T {
    #[inline]
    fn from_values(mut values: impl Iterator<Item = &'r str>, source: Source, name: &str) -> Result<T> {
        match values.next() {
            Some(raw) => T::from_value(raw).map_err(|error| located(error, raw, source, name)),
            None => Err(Error::missing(name, source, T::EXPECTED)),
        }
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
}

/// Every value; at least one is required. `Option<Vec<T>>` is `None` without one, and a list with `#[arg(default)]` is empty.
impl<'r, T: FromValue<'r>> FromValues<'r> for Vec<T> {
    const IS_LIST: bool = true;

    fn from_values(values: impl Iterator<Item = &'r str>, source: Source, name: &str) -> Result<Vec<T>> {
        let convert = |raw: &'r str| T::from_value(raw).map_err(|error| located(error, raw, source, name));
        let all = values.map(convert).collect::<Result<Vec<T>>>()?;
        if all.is_empty() { Err(Error::missing(name, source, T::EXPECTED)) } else { Ok(all) }
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
}

/// Binds the parameters of a name: those of the form, then those of the query.
#[inline]
pub(crate) fn parameters<'r, T: FromValues<'r>>(req: &'r Request, name: &'static str) -> Result<T> {
    if (req.form.has_flaws() || req.query.has_flaws())
        && let Some(flaw) = req.flaw_of(name)
    {
        return T::from_error(flawed(name, flaw.raw, &flaw.text()));
    }
    let bound = T::from_values(req.parameters(name), Source::Parameter, name);
    T::explained(
        bound,
        |error| {
            if error.is_missing() { missing::parameter(error, T::IS_LIST, req) } else { error }
        },
    )
}

/// A conversion's error, now that name and source are known.
#[cold]
fn located(error: Error, raw: &str, source: Source, name: &str) -> Error {
    let expected = match error.binding() {
        Some(known) if !known.parameter.is_empty() => return error,
        Some(unnamed) => unnamed.expected.clone(),
        None => Cow::Borrowed("a valid value"),
    };
    error.at_binding(BindingError { parameter: name.to_owned(), source, expected, got: Some(shortened(raw)) })
}

/// What a conversion of ours fails with. Without a name, so that [`located`] knows it for ours.
#[cold]
pub(crate) fn unfit(expected: impl Into<Cow<'static, str>>, raw: &str) -> Error {
    Error::of_binding(BindingError {
        parameter: String::new(),
        source: Source::Parameter,
        expected: expected.into(),
        got: Some(shortened(raw)),
    })
}

macro_rules! texts {
    ($($kind:ty)*) => { $(
        impl<'r> FromValue<'r> for $kind {
            const EXPECTED: &'static str = "a text";

            #[inline]
            fn from_value(raw: &'r str) -> Result<$kind> {
                Ok(raw.into())
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
        }
    )* };
}
floats! { f32 f64 }

macro_rules! parsed {
    ($($kind:ty: $expected:literal,)*) => { $(
        impl FromValue<'_> for $kind {
            const EXPECTED: &'static str = $expected;

            #[inline]
            fn from_value(raw: &str) -> Result<$kind> {
                raw.parse().map_err(|_| unfit(Self::EXPECTED, raw))
            }
        }
    )* };
}
parsed! {
    char: "one character",
    IpAddr: "an IP address",
    Ipv4Addr: "an IPv4 address",
    Ipv6Addr: "an IPv6 address",
    SocketAddr: "an IP address with a port",
    SocketAddrV4: "an IPv4 address with a port",
    SocketAddrV6: "an IPv6 address with a port",
}

/// `0`, `false` in any case and the empty text are false; everything else is true.
impl FromValue<'_> for bool {
    const EXPECTED: &'static str = "true or false";

    #[inline]
    fn from_value(raw: &str) -> Result<bool> {
        Ok(!matches!(raw, "" | "0") && !raw.eq_ignore_ascii_case("false"))
    }
}

/// JSON text in one value.
impl FromValue<'_> for Value {
    const EXPECTED: &'static str = "JSON";

    fn from_value(raw: &str) -> Result<Value> {
        serde_json::from_str(raw).map_err(|error| unfit(format!("JSON ({error})"), raw))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn bind<'r, T: FromValues<'r>>(values: &[&'r str]) -> Result<T> {
        T::from_values(values.iter().copied(), Source::Parameter, "a")
    }

    fn good<'r, T: FromValues<'r> + Debug + PartialEq>(values: &[&'r str], expected: T) {
        assert_eq!(bind::<T>(values).expect("well formed"), expected, "{values:?}");
    }

    fn bad<'r, T: FromValues<'r> + Debug>(values: &[&'r str], text: &str) {
        let error = bind::<T>(values).expect_err("not well formed");
        assert_eq!(error.status(), 400, "{values:?}");
        assert_eq!(error.explain_text(), text, "{values:?}");
        let binding = error.binding().expect("says what failed");
        assert_eq!((binding.parameter.as_str(), binding.source), ("a", Source::Parameter));
        assert_eq!(error.is_missing(), values.is_empty());
    }

    #[test]
    fn texts_take_anything() {
        good(&["x", "y"], "x");
        good(&[""], "");
        good(&["x"], "x".to_owned());
        good(&["x"], Cow::Borrowed("x"));
        good(&["x"], Box::<str>::from("x"));
        good(&["x"], Arc::<str>::from("x"));
        bad::<&str>(&[], "Parameter[a] is required: a text.");
    }

    #[test]
    fn integers_are_whole_and_in_range() {
        good(&["-3"], -3_i64);
        good(&["0"], 0_u8);
        good(&["255"], 255_u8);
        good(&["170141183460469231731687303715884105727"], i128::MAX);
        good(&["7"], NonZero::new(7_u32).expect("not 0"));
        for raw in ["abc", "1.5", "", " 1", "256", "-1", "0x1"] {
            bad::<u8>(&[raw], &format!("Parameter[a] should be an integer from 0 to 255, not `{raw}`."));
        }
        bad::<i8>(&["128"], "Parameter[a] should be an integer from -128 to 127, not `128`.");
        bad::<NonZero<u8>>(&["0"], "Parameter[a] should be an integer from 1 to 255, not `0`.");
        bad::<NonZero<i8>>(
            &["0"],
            "Parameter[a] should be an integer from -128 to 127 other than 0, not `0`.",
        );
        bad::<u8>(&[], "Parameter[a] is required: an integer.");
    }

    #[test]
    fn floats_are_finite() {
        good(&["1.5"], 1.5_f64);
        good(&["-2e3"], -2000_f32);
        for raw in ["NaN", "inf", "1e999", "", "x"] {
            bad::<f64>(&[raw], &format!("Parameter[a] should be a number, not `{raw}`."));
        }
    }

    #[test]
    fn what_is_not_false_is_true() {
        for raw in ["0", "", "false", "False", "FALSE", "fAlSe"] {
            good(&[raw], false);
        }
        for raw in ["1", "true", "no", "off", " ", "00", "f"] {
            good(&[raw], true);
        }
        bad::<bool>(&[], "Parameter[a] is required: true or false.");
    }

    #[test]
    fn other_std_types_are_parsed() {
        good(&["中"], '中');
        good(&["::1"], IpAddr::V6(Ipv6Addr::LOCALHOST));
        good(&["127.0.0.1"], Ipv4Addr::LOCALHOST);
        good(&["127.0.0.1:80"], SocketAddr::from(([127, 0, 0, 1], 80)));
        bad::<char>(&["ab"], "Parameter[a] should be one character, not `ab`.");
        bad::<IpAddr>(&["1"], "Parameter[a] should be an IP address, not `1`.");
        good(&[r#"{"x":1}"#], serde_json::json!({"x": 1}));
        bad::<Value>(&["x"], "Parameter[a] should be JSON (expected value at line 1 column 1), not `x`.");
    }

    #[test]
    fn option_list_and_result_differ() {
        good(&[], None::<u8>);
        good(&["1"], Some(1_u8));
        bad::<Option<u8>>(&["x"], "Parameter[a] should be an integer from 0 to 255, not `x`.");
        good(&["1", "2"], vec![1_u8, 2]);
        good(&["0", "no"], vec![false, true]);
        bad::<Vec<u8>>(&["1", "x"], "Parameter[a] should be an integer from 0 to 255, not `x`.");
        bad::<Vec<&str>>(&[], "Parameter[a] is required: a text.");
        good(&[], None::<Vec<&str>>);
        good(&["x"], Some(vec!["x"]));
        assert_eq!(bind::<Result<u8>>(&["x"]).expect("the handler sees it").expect_err("bad").status(), 400);
        assert!(bind::<Result<u8>>(&[]).expect("the handler sees it").expect_err("missing").is_missing());
    }

    #[test]
    fn an_own_error_keeps_its_words_and_gains_the_name() {
        #[derive(Debug)]
        struct Even;
        impl FromValue<'_> for Even {
            fn from_value(raw: &str) -> Result<Even> {
                let number = u8::from_value(raw)?;
                let half: i8 = raw.parse()?;
                if number % 2 == 0 && half >= 0 {
                    Ok(Even)
                } else {
                    Err(Error::new(422, "Odd").explain("odd"))
                }
            }
        }
        let error = bind::<Even>(&["3"]).expect_err("odd");
        assert_eq!(
            (error.status().as_u16(), error.message_text(), error.explain_text()),
            (422, "Odd", "odd")
        );
        let binding = error.binding().expect("the name is known");
        assert_eq!((binding.parameter.as_str(), binding.got.as_deref()), ("a", Some("3")));
        bad::<Even>(&["x"], "Parameter[a] should be an integer from 0 to 255, not `x`.");
        bad::<Even>(&["200"], "Parameter[a] should be a valid value, not `200`.");
    }

    #[test]
    fn the_path_is_not_found_where_a_parameter_is_bad() {
        let error = u8::from_values(["x"].into_iter(), Source::Path, "id").expect_err("no number");
        assert_eq!(error.status(), 404);
        assert_eq!(error.explain_text(), "PathValue[id] should be an integer from 0 to 255, not `x`.");
    }

    #[test]
    fn long_values_are_shortened_in_errors() {
        let raw = "中".repeat(100);
        let error = bind::<u8>(&[&raw]).expect_err("no number");
        let got = error.binding().and_then(|binding| binding.got.clone()).expect("something came");
        assert_eq!(got, "中".repeat(64) + "…");
        assert_eq!(shortened(&"x".repeat(64)), "x".repeat(64));
    }
}
