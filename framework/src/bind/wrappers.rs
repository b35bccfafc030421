//! Wrappers that say where a value comes from, and arguments that are a whole part of the request.
//!
//! `Header<&str>`, `Cookie<u32>`, `PathValue<Vec<…>>`: what stands inside decides, as for a bare argument, whether
//! it is optional or a list.

use std::fmt;

use ::http::{Method, Version};

use super::defaults::Wrapper;
use super::{Arg, BindingError, BodyUse, FromRequest, FromValues, Profile, Source, came, missing};
use crate::base::Headers;
use crate::contract::{Inputs, Place, Schema, Values};
use crate::http::{ConnectionInfo, Cookies, Error, Request, Result, SafePath, Trace, shortened};

macro_rules! wrappers {
    ($( $(#[$doc:meta])* $name:ident: $profile:expr, $source:ident, $bind:ident, $place:expr; )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<T>(
            /// The value.
            pub T,
        );

        lends_inner!($name);

        impl<T: fmt::Display> fmt::Display for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<T> Wrapper for $name<T> {
            type Inner = T;

            const SOURCE: Option<Source> = Some(Source::$source);

            #[inline]
            fn wrap(inner: T) -> $name<T> {
                $name(inner)
            }
        }

        impl<'r, T: FromValues<'r>> FromRequest<'r> for $name<T> {
            const PROFILE: Profile = $profile;

            #[inline]
            fn from_request(req: &'r Request, arg: &Arg) -> Result<$name<T>> {
                $bind(req, arg).map($name)
            }

            #[inline]
            fn optional(req: &'r Request, arg: &Arg) -> Result<Option<$name<T>>> {
                Ok($bind::<Option<T>>(req, arg)?.map($name))
            }

            fn describe(inputs: &mut Inputs) {
                let place: fn(&Inputs) -> Place = $place;
                inputs.values(place(inputs), T::values());
            }
        }
    )* };
}

wrappers! {
    /// A parameter of form or query, never a variable of the path.
    ///
    /// ```
    /// use vernal::{Param, request_map};
    ///
    /// #[request_map("/users/{id}/copy")]
    /// fn copy(id: u64, #[arg(name = "id")] to: Param<u64>) -> String {
    ///     format!("{id} to {to}")
    /// }
    /// ```
    #[doc(alias = "Query", alias = "RequestParam")]
    Param: Profile::PARAMETER, Parameter, parameter, |_| Place::Query;

    /// A header field. Its name is the argument's, whose underscores also stand for hyphens: `user_agent` reads
    /// `User-Agent`. A name given by `#[arg(name = "…")]` is taken as it is. Fields of one name that come several times
    /// make a list: `Header<Vec<&str>>`.
    ///
    /// ```
    /// use vernal::{Header, request_map};
    ///
    /// #[request_map("/agent")]
    /// fn agent(user_agent: Header<&str>, #[arg(name = "X-Token")] token: Option<Header<&str>>) -> String {
    ///     format!("{user_agent} {}", token.is_some())
    /// }
    /// ```
    Header: Profile::VALUE, Header, header, |_| Place::Header;

    /// The value of a cookie.
    ///
    /// ```
    /// use vernal::{Cookie, request_map};
    ///
    /// #[request_map("/visits")]
    /// fn visits(#[arg(default = 0)] seen: Cookie<u32>) -> String {
    ///     format!("you were here {seen} times")
    /// }
    /// ```
    Cookie: Profile::VALUE, Cookie, cookie, |_| Place::Cookie;

    /// A variable of the path, decoded. In a pattern with a star, any other name is the text the star stands for, which is empty
    /// where a `**` stands for nothing. A value that is no `T` is a 404.
    ///
    /// ```
    /// use vernal::{PathValue, request_map};
    ///
    /// #[request_map("/tags/**")]
    /// fn tagged(path: PathValue<&str>) -> String {
    ///     format!("tagged {path}")
    /// }
    /// ```
    ///
    /// Decoded means that slashes which the peer encoded are slashes here: for `/tags/..%2Fx` the text is `../x`. So never join it to
    /// a directory: [`SafePath`](crate::SafePath) is for paths of files, in the place of this, and
    /// [`StaticFile::within`](crate::StaticFile::within) sends the file.
    #[doc(alias = "Path", alias = "PathVariable")]
    PathValue: Profile { path_value: true, path_first: true, ..Profile::VALUE }, Path, path_value, |_| Place::Path;

    /// A group of the mapping's regular expression: the first parenthesis, or the one said by `#[arg(group = n)]`, which counts
    /// as regular expressions do: 0 is the whole match, 1 the first parenthesis. A value that is no `T` is a 404.
    /// [`RegGroups`] has all of them.
    ///
    /// ```
    /// use vernal::{RegGroup, request_map};
    ///
    /// #[request_map(regexp = "^/reg/([a-z]+)/([0-9]+)$")]
    /// fn by_regexp(kind: RegGroup<&str>, #[arg(group = 2)] number: RegGroup<u32>) -> String {
    ///     format!("{kind} {number}")
    /// }
    /// ```
    RegGroup: Profile { group: true, only_reads: true, ..Profile::PART }, RegGroup, reg_group, |inputs| Place::Group(inputs.group);
}

#[inline]
fn parameter<'r, T: FromValues<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
    came::parameters(req, arg.name)
}

#[inline]
fn header<'r, T: FromValues<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
    let loose = !arg.renamed && arg.name.contains('_');
    let wanted = arg.name.as_bytes();
    let is_named =
        |name: &[u8]| if loose { is_loosely(name, wanted) } else { name.eq_ignore_ascii_case(wanted) };
    let mut not_text = None;
    let values = req.headers.fields().filter(|(name, _)| is_named(name)).filter_map(|(_, bytes)| {
        let text = std::str::from_utf8(bytes);
        if text.is_err() {
            not_text = Some(bytes);
        }
        text.ok()
    });
    let bound = T::from_values(values, Source::Header, arg.name);
    match not_text {
        None => T::explained(bound, |error| missing::why_required(error, T::IS_LIST, req)),
        Some(bytes) => T::from_error(Error::of_binding(BindingError::new(
            arg.name,
            Source::Header,
            "text in UTF-8",
            Some(shortened(&String::from_utf8_lossy(bytes))),
        ))),
    }
}

/// Whether a field's name is the argument's, whose underscores also stand for hyphens.
fn is_loosely(field: &[u8], argument: &[u8]) -> bool {
    let fits = |(field, argument): (&u8, &u8)| {
        field.eq_ignore_ascii_case(argument) || (*argument == b'_' && *field == b'-')
    };
    field.len() == argument.len() && field.iter().zip(argument).all(fits)
}

fn cookie<'r, T: FromValues<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
    T::from_values(req.cookies().get(arg.name).into_iter(), Source::Cookie, arg.name)
}

#[inline]
fn path_value<'r, T: FromValues<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
    let value = req.path_value(arg.name).or_else(|| req.wildcard());
    T::from_values(value.into_iter(), Source::Path, arg.name)
}

fn reg_group<'r, T: FromValues<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
    T::from_values(req.reg_group(arg.group).into_iter(), Source::RegGroup, arg.name)
}

/// All groups of the mapping's regular expression, as a list that begins with the first parenthesis. So `get(0)` is what
/// `#[arg(group = 1)]` gives a [`RegGroup`], and what `group = 0` gives is [`RegGroups::whole`].
///
/// ```
/// use vernal::{RegGroups, request_map};
///
/// #[request_map(regexp = "^/reg/([a-z]+)(/.+)?$")]
/// fn by_regexp(groups: RegGroups<'_>) -> String {
///     format!("{:?} {:?} of {:?}", groups.get(0), groups.get(1), groups.whole())
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let client = vernal::test::Client::new();
/// # client.get("/reg/ab/c").await.assert_text(r#"Some("ab") Some("/c") of Some("/reg/ab/c")"#);
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct RegGroups<'r>(&'r Request);

impl<'r> RegGroups<'r> {
    /// A group: 0 is the first parenthesis. `None` when it took no part or there is none of that number.
    pub fn get(&self, group: usize) -> Option<&'r str> {
        self.0.reg_group(group.checked_add(1)?)
    }

    /// The text that the whole expression matched; `None` when the mapping has no regular expression.
    pub fn whole(&self) -> Option<&'r str> {
        self.0.reg_group(0)
    }

    /// All groups, the first parenthesis first; `None` for those that took no part.
    pub fn iter(&self) -> impl Iterator<Item = Option<&'r str>> + use<'r> {
        let request = self.0;
        (1..request.reg_group_count()).map(|group| request.reg_group(group))
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.0.reg_group_count().saturating_sub(1)
    }

    /// Whether the mapping's regular expression has no groups, or the mapping none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for RegGroups<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'r> FromRequest<'r> for RegGroups<'r> {
    const PROFILE: Profile = Profile { body: BodyUse::None, ..Profile::ANY };

    fn from_request(req: &'r Request, _: &Arg) -> Result<RegGroups<'r>> {
        Ok(RegGroups(req))
    }
}

/// A variable of its name, or what the star stands for. What is no safe path is a 404.
impl<'r> FromRequest<'r> for SafePath<'r> {
    const PROFILE: Profile = Profile { path_value: true, path_first: true, ..Profile::VALUE };

    fn from_request(req: &'r Request, arg: &Arg) -> Result<SafePath<'r>> {
        let expected = "a path that stays where it is";
        let Some((text, has_encoded_slash)) = req.path_part(arg.name) else {
            return Err(Error::missing(arg.name, Source::Path, expected));
        };
        SafePath::new(text).filter(|_| !has_encoded_slash).ok_or_else(|| {
            Error::of_binding(BindingError::new(arg.name, Source::Path, expected, Some(shortened(text))))
        })
    }

    fn describe(inputs: &mut Inputs) {
        inputs.values(Place::Path, Values::one(Schema::text()));
        inputs.refuses(404);
    }
}

macro_rules! parts {
    ($( $kind:ty: |$req:ident| $part:expr; )*) => { $(
        impl<'r> FromRequest<'r> for $kind {
            const PROFILE: Profile = Profile::PART;

            #[inline]
            fn from_request($req: &'r Request, _: &Arg) -> Result<$kind> {
                Ok($part)
            }
        }
    )* };
}
parts! {
    &'r Headers: |req| &req.headers;
    Headers: |req| req.headers.clone();
    &'r Cookies: |req| req.cookies();
    Cookies: |req| req.cookies().clone();
    &'r Method: |req| &req.method;
    Method: |req| req.method.clone();
    Version: |req| req.version();
    Trace<'r>: |req| req.trace();
    ConnectionInfo: |req| ConnectionInfo::new(req.peer(), req.is_secure());
}

#[cfg(test)]
mod tests {
    use super::super::requests::{at, get, span_of, with};
    use super::*;

    fn bind<'r, T: FromRequest<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
        T::from_request(req, arg)
    }

    #[test]
    fn header_names_of_arguments_stand_for_hyphens() {
        let req = with(with(get(""), "User-Agent", "cli"), "x_y", "under");
        let table = [
            (Arg::named("user_agent"), Some("cli")),
            (Arg::named("USER_AGENT"), Some("cli")),
            (Arg::named("user_agent").renamed(), None),
            (Arg::named("user-agent").renamed(), Some("cli")),
            (Arg::named("useragent"), None),
            (Arg::named("x_y"), Some("under")),
            (Arg::named("x-y").renamed(), None),
        ];
        for (arg, expected) in table {
            let value = bind::<Option<Header<&str>>>(&req, &arg).expect("optional");
            assert_eq!(value.map(Header::into_inner), expected, "{arg:?}");
        }
    }

    #[test]
    fn headers_are_typed_and_listed() {
        let req = with(with(get(""), "X-N", "1"), "x-n", "two");
        assert_eq!(bind::<Header<u8>>(&req, &Arg::named("x_n")).expect("the first").0, 1);
        assert_eq!(bind::<Header<Vec<&str>>>(&req, &Arg::named("x_n")).expect("both").0, ["1", "two"]);
        let error = bind::<Header<Vec<u8>>>(&req, &Arg::named("x_n")).expect_err("no number");
        assert_eq!(error.explain_text(), "Header[x_n] should be an integer from 0 to 255, not `two`.");
        let error = bind::<Header<&str>>(&req, &Arg::named("user_token")).expect_err("missing");
        assert_eq!((error.status().as_u16(), error.message_text()), (400, "Missing Header"));
        assert_eq!(error.explain_text(), "Header[user_token] is required: a text.");
    }

    #[test]
    fn a_field_that_is_not_text_is_bad_not_absent() {
        let mut req = get("");
        req.headers.append("x-a", &b"caf\xe9"[..]);
        let arg = Arg::named("x_a");
        let error = bind::<Option<Header<&str>>>(&req, &arg).expect_err("not text");
        assert_eq!((error.status().as_u16(), error.is_missing()), (400, false));
        assert_eq!(error.explain_text(), "Header[x_a] should be text in UTF-8, not `caf\u{fffd}`.");
        assert!(bind::<Header<Result<&str>>>(&req, &arg).expect("seen by the handler").is_err());
    }

    #[test]
    fn cookies_are_bound_by_name() {
        let req = with(get(""), "Cookie", "userInfo=ann; n=7; n=8");
        assert_eq!(bind::<Cookie<&str>>(&req, &Arg::named("userInfo").renamed()).expect("there").0, "ann");
        assert_eq!(bind::<Cookie<u8>>(&req, &Arg::named("n")).expect("the first").0, 7);
        assert_eq!(bind::<Option<Cookie<u8>>>(&req, &Arg::named("x")).expect("optional"), None);
        assert_eq!(bind::<&Cookies>(&req, &Arg::named("_")).expect("always").len(), 3);
        assert_eq!(bind::<Cookies>(&req, &Arg::named("_")).expect("always").get("n"), Some("7"));
        let error = bind::<Cookie<&str>>(&req, &Arg::named("x")).expect_err("missing");
        assert_eq!((error.status().as_u16(), error.message_text()), (400, "Missing Cookie"));
    }

    #[test]
    fn path_values_are_variables_or_the_star() {
        let mut req = at(get(""), "/a/7/c/d", &[("id", "7")]);
        assert_eq!(bind::<PathValue<u8>>(&req, &Arg::named("id")).expect("there").0, 7);
        let error = bind::<PathValue<&str>>(&req, &Arg::named("x")).expect_err("no such variable");
        assert_eq!((error.status().as_u16(), error.is_missing()), (404, true));
        req.path_values.wildcard = Some(span_of("/a/7/c/d", "c/d"));
        assert_eq!(bind::<PathValue<&str>>(&req, &Arg::named("path")).expect("the star").0, "c/d");
        assert_eq!(bind::<PathValue<u8>>(&req, &Arg::named("path")).expect_err("no number").status(), 404);
    }

    #[test]
    fn groups_count_as_regular_expressions_do() {
        let mut req = at(get(""), "/reg/ab/9", &[]);
        let group = |text| Some(span_of("/reg/ab/9", text));
        req.path_values.groups = vec![group("/reg/ab/9"), group("ab"), None, group("9")];
        let of = |number| Arg::named("g").group(number);
        assert_eq!(bind::<RegGroup<&str>>(&req, &Arg::named("g")).expect("the first").0, "ab");
        assert_eq!(bind::<RegGroup<&str>>(&req, &of(0)).expect("the whole").0, "/reg/ab/9");
        assert_eq!(bind::<RegGroup<u8>>(&req, &of(3)).expect("a number").0, 9);
        assert_eq!(bind::<RegGroup<u8>>(&req, &of(1)).expect_err("no number").status(), 404);
        assert_eq!(bind::<RegGroup<Option<&str>>>(&req, &of(2)).expect("took no part").0, None);
        let groups = bind::<RegGroups<'_>>(&req, &of(1)).expect("always");
        assert_eq!(groups.iter().collect::<Vec<_>>(), [Some("ab"), None, Some("9")]);
        assert_eq!(
            (groups.len(), groups.get(0), groups.get(1), groups.get(2)),
            (3, Some("ab"), None, Some("9"))
        );
        assert_eq!((groups.get(3), groups.get(usize::MAX), groups.whole()), (None, None, Some("/reg/ab/9")));
        let without = get("");
        let groups = bind::<RegGroups<'_>>(&without, &of(1)).expect("always");
        assert_eq!(
            (groups.len(), groups.is_empty(), groups.whole(), groups.iter().count()),
            (0, true, None, 0)
        );
    }

    #[test]
    fn whole_parts_are_lent_or_cloned() {
        let req = with(get(""), "x-a", "b");
        let arg = Arg::named("_");
        assert_eq!(bind::<&Headers>(&req, &arg).expect("always").get("X-A"), Some("b"));
        assert_eq!(bind::<Headers>(&req, &arg).expect("always").len(), 1);
        assert_eq!(bind::<Method>(&req, &arg).expect("always"), Method::GET);
        assert_eq!(bind::<&Method>(&req, &arg).expect("always"), Method::GET);
        assert_eq!(bind::<Version>(&req, &arg).expect("always"), Version::HTTP_11);
        let info = bind::<ConnectionInfo>(&req, &arg).expect("always");
        assert_eq!((info.peer(), info.is_secure()), (None, false));
    }
}
