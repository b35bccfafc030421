//! What `#[arg(range = …, length = …, pattern = …, items = …)]` asks of a value once it is bound.
//!
//! The type says by a trait what it holds: [`Numbers`], [`Texts`] or [`Items`]. An argument that is bound well costs the
//! comparison alone; whatever has to do with a failure is cold.

mod holders;

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::OnceLock;

use regex_lite::Regex;

use super::from_request::BindingSource;
use crate::http::{Arg, BindingError, Error, Request, Result, Source, shortened};

/// A type that holds numbers, so that `#[arg(range = 1..=100)]` can be asked of it: every number in it must be in the range.
///
/// It is there for integers, floats and `NonZero`, inside `Option`, `Result`, lists and the wrappers too. A type of your own
/// says which number it stands for:
///
/// ```
/// use vernal::constraint::Numbers;
/// use vernal::{FromValue, Result, request_map};
///
/// struct Page(u32);
///
/// impl FromValue<'_> for Page {
///     fn from_value(raw: &str) -> Result<Page> {
///         Ok(Page(raw.parse()?))
///     }
/// }
///
/// impl Numbers for Page {
///     type Number = u32;
///
///     fn numbers(&self) -> impl Iterator<Item = u32> {
///         std::iter::once(self.0)
///     }
/// }
///
/// #[request_map("/articles")]
/// fn articles(#[arg(range = 1..=100)] page: Page) -> String {
///     format!("page {}", page.0)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`range` is for numbers, and `{Self}` holds none",
    label = "no number",
    note = "for the characters of a text write `length = 1..=40`, for the elements of a list `items = 1..=10`",
    note = "a type of your own that stands for a number implements `vernal::constraint::Numbers`"
)]
pub trait Numbers {
    /// What is compared, and what the ends of the range are.
    type Number: PartialOrd + Copy + Display;

    /// Where values of this type come from, if the type says so.
    #[doc(hidden)]
    const SOURCE: Option<Source> = None;

    /// The numbers in it.
    fn numbers(&self) -> impl Iterator<Item = Self::Number>;

    /// What becomes of a value that is out of range.
    ///
    /// # Errors
    /// The error given, unless the handler wants to see it.
    #[doc(hidden)]
    fn refused(error: Error) -> Result<Self>
    where
        Self: Sized,
    {
        Err(error)
    }
}

/// A type that holds texts, so that `#[arg(length = 1..=40)]` and `#[arg(pattern = "^[a-z]+$")]` can be asked of it: of every
/// text in it. A length is counted in characters (Unicode scalar values).
///
/// It is there for `&str`, `String` and their like, inside `Option`, `Result`, lists and the wrappers too.
#[diagnostic::on_unimplemented(
    message = "`length` and `pattern` are for texts, and `{Self}` holds none",
    label = "no text",
    note = "for numbers write `range = 1..=100`, for the elements of a list `items = 1..=10`",
    note = "a type of your own that stands for a text implements `vernal::constraint::Texts`"
)]
pub trait Texts {
    /// Where values of this type come from, if the type says so.
    #[doc(hidden)]
    const SOURCE: Option<Source> = None;

    /// The texts in it.
    fn texts(&self) -> impl Iterator<Item = &str>;

    /// What becomes of a text that does not fit.
    ///
    /// # Errors
    /// The error given, unless the handler wants to see it.
    #[doc(hidden)]
    fn refused(error: Error) -> Result<Self>
    where
        Self: Sized,
    {
        Err(error)
    }
}

/// A type that is a list, so that `#[arg(items = ..=10)]` can be asked of it.
///
/// It is there for `Vec` and the other collections of std, inside `Option`, `Result` and the wrappers too.
#[diagnostic::on_unimplemented(
    message = "`items` is for lists, and `{Self}` is none",
    label = "no list",
    note = "for numbers write `range = 1..=100`, for the characters of a text `length = 1..=40`",
    note = "a list of your own implements `vernal::constraint::Items`"
)]
pub trait Items {
    /// Where values of this type come from, if the type says so.
    #[doc(hidden)]
    const SOURCE: Option<Source> = None;

    /// How many elements it has; `None` where there is no list.
    fn items(&self) -> Option<usize>;

    /// What becomes of a list that is too short or too long.
    ///
    /// # Errors
    /// The error given, unless the handler wants to see it.
    #[doc(hidden)]
    fn refused(error: Error) -> Result<Self>
    where
        Self: Sized,
    {
        Err(error)
    }
}

/// What a value was made from.
#[derive(Clone, Copy)]
pub enum From<'o> {
    /// A request.
    Request(&'o Request),
    /// The payload of a WebSocket message.
    Message(&'o [u8]),
}

/// What has what a value was made from.
pub trait Origin: Copy {
    /// Looks at it.
    fn look<R>(self, look: impl FnOnce(From<'_>) -> R) -> R;
}

impl<'r, S: BindingSource<'r>> Origin for S {
    fn look<R>(self, look: impl FnOnce(From<'_>) -> R) -> R {
        look(From::Request(self.request()))
    }
}

/// The payload of a WebSocket message.
#[derive(Clone, Copy)]
pub struct OfMessage<'m>(pub &'m [u8]);

impl Origin for OfMessage<'_> {
    fn look<R>(self, look: impl FnOnce(From<'_>) -> R) -> R {
        look(From::Message(self.0))
    }
}

impl From<'_> {
    /// Where a value of this name came from, if its type does not say so: variables of the path have precedence over
    /// parameters.
    fn source(self, name: &str) -> Source {
        match self {
            From::Message(_) => Source::Message,
            From::Request(req) if req.path_value(name).is_some() => Source::Path,
            From::Request(_) => Source::Parameter,
        }
    }
}

/// `range = low..=high`
///
/// # Errors
/// A number is out of it, or none was bound.
#[inline]
pub fn in_range<T: Numbers<Number = N>, N: PartialOrd + Copy + Display>(
    bound: Result<T>,
    low: Option<N>,
    high: Option<N>,
    from: impl Origin,
    arg: &'static Arg,
) -> Result<T> {
    let value = bound?;
    // What compares with nothing is in no range.
    let is_out = |number: &N| {
        let is_in = low.is_none_or(|low| *number >= low) && high.is_none_or(|high| *number <= high);
        !is_in
    };
    let out = value.numbers().find(is_out);
    match out {
        None => Ok(value),
        Some(number) => T::refused(out_of_range(low, high, number, T::SOURCE.place(from, arg))),
    }
}

/// `length = low..=high`
///
/// # Errors
/// A text is shorter or longer, or none was bound.
#[inline]
pub fn has_length<T: Texts>(
    bound: Result<T>,
    low: Option<usize>,
    high: Option<usize>,
    from: impl Origin,
    arg: &'static Arg,
) -> Result<T> {
    let value = bound?;
    let wrong = value.texts().find(|text| !is_as_long(text, low, high));
    match wrong.map(|text| of_other_length(low, high, text, T::SOURCE.place(from, arg))) {
        None => Ok(value),
        Some(error) => T::refused(error),
    }
}

/// Whether a text has as many characters as it should. A text of many bytes is counted only as far as needed.
fn is_as_long(text: &str, low: Option<usize>, high: Option<usize>) -> bool {
    // A character has one to four bytes.
    let (least, most) = (text.len().div_ceil(4), text.len());
    let is_sure = low.is_none_or(|low| least >= low) && high.is_none_or(|high| most <= high);
    let is_hopeless = low.is_some_and(|low| most < low) || high.is_some_and(|high| least > high);
    if is_sure || is_hopeless {
        return is_sure;
    }
    let count = text.chars().count();
    low.is_none_or(|low| count >= low) && high.is_none_or(|high| count <= high)
}

/// A pattern of `#[arg(pattern = "…")]`, compiled when it is first needed.
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    /// A regular expression that the macro has compiled once.
    pub const fn new(text: &'static str) -> Pattern {
        Pattern { text, compiled: OnceLock::new() }
    }

    /// Whether it matches somewhere in the text, in time linear in its length.
    fn matches(&self, text: &str) -> bool {
        let compile = || Regex::new(self.text).expect("the macro has compiled it");
        self.compiled.get_or_init(compile).is_match(text)
    }
}

/// `pattern = "…"`
///
/// # Errors
/// A text does not match, or none was bound.
#[inline]
pub fn matches<T: Texts>(
    bound: Result<T>,
    pattern: &'static Pattern,
    from: impl Origin,
    arg: &'static Arg,
) -> Result<T> {
    let value = bound?;
    let wrong = value.texts().find(|text| !pattern.matches(text));
    match wrong.map(|text| unmatched(pattern, text, T::SOURCE.place(from, arg))) {
        None => Ok(value),
        Some(error) => T::refused(error),
    }
}

/// `items = low..=high`
///
/// # Errors
/// The list is shorter or longer, or none was bound.
#[inline]
pub fn has_items<T: Items>(
    bound: Result<T>,
    low: Option<usize>,
    high: Option<usize>,
    from: impl Origin,
    arg: &'static Arg,
) -> Result<T> {
    let value = bound?;
    let is_out =
        |count: &usize| low.is_some_and(|low| *count < low) || high.is_some_and(|high| *count > high);
    match value.items().filter(is_out) {
        None => Ok(value),
        Some(count) => T::refused(of_other_count(low, high, count, T::SOURCE.place(from, arg))),
    }
}

/// Both ends in words: "1 to 100", "at least 1".
fn between<N: Display + PartialEq>(low: Option<N>, high: Option<N>) -> String {
    match (low, high) {
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => "anything".to_owned(),
    }
}

/// Which argument it is, and where its value came from.
struct Place<'a> {
    source: Source,
    arg: &'a Arg,
}

/// What a type says of where its values come from.
trait Placed {
    fn place(self, from: impl Origin, arg: &Arg) -> Place<'_>;
}

impl Placed for Option<Source> {
    #[cold]
    fn place(self, from: impl Origin, arg: &Arg) -> Place<'_> {
        let source = from.look(|from| match (from, self) {
            (From::Request(_), Some(source)) => source,
            (from, _) => from.source(arg.name),
        });
        Place { source, arg }
    }
}

impl Place<'_> {
    fn refuse(self, expected: impl Into<Cow<'static, str>>, got: String) -> Error {
        Error::of_binding(BindingError::new(self.arg.name, self.source, expected, Some(got)))
    }
}

#[cold]
fn out_of_range<N: Display + PartialEq>(
    low: Option<N>,
    high: Option<N>,
    number: N,
    place: Place<'_>,
) -> Error {
    place.refuse(between(low, high), number.to_string())
}

#[cold]
fn of_other_length(low: Option<usize>, high: Option<usize>, text: &str, place: Place<'_>) -> Error {
    let plural = if high.or(low) == Some(1) { "" } else { "s" };
    place.refuse(format!("{} character{plural} long", between(low, high)), shortened(text))
}

#[cold]
fn unmatched(pattern: &Pattern, text: &str, place: Place<'_>) -> Error {
    place.refuse(format!("a text that matches `{}`", pattern.text), shortened(text))
}

#[cold]
fn of_other_count(low: Option<usize>, high: Option<usize>, count: usize, place: Place<'_>) -> Error {
    let plural = if high.or(low) == Some(1) { "" } else { "s" };
    let got = crate::base::counted(count as u64, "item");
    place.refuse(format!("a list of {} item{plural}", between(low, high)), got)
}

#[cfg(test)]
mod tests {
    use super::super::requests::{at, get};
    use super::super::{Header, PathValue};
    use super::*;

    const ARG: &Arg = &Arg::named("a");

    fn said<T>(bound: Result<T>) -> String {
        bound.map_or_else(|error| error.explain_text().to_owned(), |_| "fits".to_owned())
    }

    #[test]
    fn numbers_are_in_their_range() {
        let req = &get("a=x");
        let ranged = |number: i64, low, high| said(in_range(Ok(number), low, high, req, ARG));
        let table: [(i64, Option<i64>, Option<i64>, &str); 9] = [
            (1, Some(1), Some(100), "fits"),
            (100, Some(1), Some(100), "fits"),
            (0, Some(1), Some(100), "Parameter[a] should be 1 to 100, not `0`."),
            (101, Some(1), Some(100), "Parameter[a] should be 1 to 100, not `101`."),
            (-1, Some(0), None, "Parameter[a] should be at least 0, not `-1`."),
            (i64::MAX, Some(0), None, "fits"),
            (1, None, Some(0), "Parameter[a] should be at most 0, not `1`."),
            (i64::MIN, None, Some(0), "fits"),
            (3, Some(4), Some(4), "Parameter[a] should be 4, not `3`."),
        ];
        for (number, low, high, expected) in table {
            assert_eq!(ranged(number, low, high), expected, "{number} {low:?} {high:?}");
        }
        assert_eq!(
            said(in_range(Ok(f64::NAN), Some(0.0), None, req, ARG)).split(',').next(),
            Some("Parameter[a] should be at least 0")
        );
        assert_eq!(
            said(in_range(Ok(vec![Some(1_u8), None, Some(9)]), None, Some(8), req, ARG)),
            "Parameter[a] should be at most 8, not `9`."
        );
    }

    #[test]
    fn lengths_are_those_of_characters() {
        let req = &get("a=x");
        let table: [(&str, Option<usize>, Option<usize>, &str); 8] = [
            ("", Some(1), None, "Parameter[a] should be at least 1 character long, not ``."),
            ("ab", Some(3), Some(5), "Parameter[a] should be 3 to 5 characters long, not `ab`."),
            ("éé", Some(3), None, "Parameter[a] should be at least 3 characters long, not `éé`."),
            ("ééé", Some(3), Some(3), "fits"),
            ("🦀🦀🦀🦀", None, Some(4), "fits"),
            (
                "🦀🦀🦀🦀🦀",
                None,
                Some(4),
                "Parameter[a] should be at most 4 characters long, not `🦀🦀🦀🦀🦀`.",
            ),
            ("abcde", Some(5), Some(5), "fits"),
            ("a\nb", None, Some(1), "Parameter[a] should be at most 1 character long, not `a\\nb`."),
        ];
        for (text, low, high, expected) in table {
            assert_eq!(said(has_length(Ok(text), low, high, req, ARG)), expected, "{text}");
        }
        let long = "x".repeat(1 << 20);
        let error = said(has_length(Ok(long.as_str()), None, Some(9), req, ARG));
        assert!(error.len() < 200 && error.ends_with("…`."), "{error}");
    }

    #[test]
    fn where_a_value_came_from_is_told() {
        static LOWER: Pattern = Pattern::new("^[a-z]+$");
        let (query, path) = (get("a=X"), at(get(""), "/x/X", &[("a", "X")]));
        let expected = "[a] should be a text that matches `^[a-z]+$`, not `X`.";
        assert_eq!(said(matches(Ok("X"), &LOWER, &query, ARG)), format!("Parameter{expected}"));
        assert_eq!(said(matches(Ok("X"), &LOWER, &path, ARG)), format!("PathValue{expected}"));
        assert_eq!(said(matches(Ok(Header("X")), &LOWER, &path, ARG)), format!("Header{expected}"));
        let error = matches(Ok(PathValue(Some("X"))), &LOWER, &query, ARG).expect_err("upper case");
        assert_eq!(error.status(), 404, "as any value of the path that does not fit");
        let seen = matches(Ok(Header(Ok("X"))), &LOWER, &query, ARG).expect("seen by the handler");
        assert_eq!(seen.0.expect_err("upper case").explain_text(), format!("Header{expected}"));
        let count = said(has_items(Ok(vec![1, 2, 3]), None, Some(2), &query, ARG));
        assert_eq!(count, "Parameter[a] should be a list of at most 2 items, not `3 items`.");
        assert_eq!(said(has_items(Ok(None::<Vec<u8>>), Some(1), None, &query, ARG)), "fits");
    }

    #[test]
    fn a_pattern_takes_time_linear_in_the_text() {
        static NASTY: Pattern = Pattern::new("^(a+)+$");
        let text = format!("{}b", "a".repeat(1 << 20));
        assert!(matches(Ok(text.as_str()), &NASTY, &get(""), ARG).is_err());
    }
}
