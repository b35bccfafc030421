//! Arguments that take the body: JSON, a form, text, bytes. The body has been read, within its limit, before.

use std::fmt;

use crate::contract::{Answers, Inputs, Schema};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::content_type::wrong_content_type;
use super::defaults::Wrapper;
use super::field::Fields;
use super::fields::deserialize;
use super::from_request::FromRequest;
use super::json_body::{JsonBody, misfit};
use super::profile::{BodyUse, Profile};
use super::value::FromValue;
use crate::base::{JsonMistake, from_json};
use crate::http::{
    Arg, BindingError, BodyReader, Error, Request, Responder, Response, Result, Source, Trailers, shortened,
};

macro_rules! bodies {
    ($( $(#[$doc:meta])* $name:ident: $source:expr; )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name<T>(
            /// The value.
            pub T,
        );

        lends_inner!($name);

        impl<T> From<T> for $name<T> {
            fn from(value: T) -> $name<T> {
                $name(value)
            }
        }

        impl<T> Wrapper for $name<T> {
            type Inner = T;

            const SOURCE: Option<Source> = Some($source);

            fn wrap(inner: T) -> $name<T> {
                $name(inner)
            }
        }
    )* };
}

bodies! {
    /// JSON: as an argument the body, which must have the `Content-Type` `application/json` or one that ends in `+json`
    /// (another is a 415, RFC 9110, section 15.5.16); as an answer the value, serialised. `T` may borrow from the body. `Option<Json<T>>` is `None` for an empty body.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use vernal::{Json, request_map};
    ///
    /// #[derive(Deserialize)]
    /// struct Order<'a> { item: &'a str, count: u32 }
    ///
    /// #[derive(Serialize)]
    /// struct Receipt { text: String }
    ///
    /// #[request_map("/orders", method = "POST")]
    /// fn order(Json(order): Json<Order<'_>>) -> Json<Receipt> {
    ///     Json(Receipt { text: format!("{} x {}", order.count, order.item) })
    /// }
    /// ```
    #[doc(alias = "RequestBody")]
    Json: Source::Body;

    /// The fields of a form body, and not those of the query, as a struct, a map, or a `Vec<(K, V)>` of all pairs in the
    /// order in which they came. The body is `application/x-www-form-urlencoded` or `multipart/form-data`; another content
    /// type is a 415. A field `Vec<T>` is required unless it has `#[serde(default)]`; [`Model`](crate::Model) says more.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use vernal::{Form, request_map};
    ///
    /// #[derive(Deserialize)]
    /// struct Login { user: String, remember: Option<bool> }
    ///
    /// #[request_map("/login", method = "POST")]
    /// fn login(Form(login): Form<Login>) -> String {
    ///     format!("{} {:?}", login.user, login.remember)
    /// }
    /// ```
    Form: Source::Parameter;

    /// The body as text, whatever its `Content-Type`: `Text<&str>`, `Text<String>`. It must be UTF-8.
    ///
    /// ```
    /// use vernal::{Text, request_map};
    ///
    /// #[request_map("/shout", method = "POST")]
    /// fn shout(body: Text<&str>) -> String {
    ///     body.to_uppercase()
    /// }
    /// ```
    Text: Source::Body;
}

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Json<T> {
    const PROFILE: Profile = TAKES_BODY;

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Json<T>> {
        let mut reading = JsonBody::of(req, arg)?;
        loop {
            let read = T::deserialize(&mut reading.from).and_then(|value| reading.end().map(|()| value));
            match read {
                Ok(value) => return Ok(Json(value)),
                Err(error) => reading.read_again(error)?,
            }
        }
    }

    fn describe(inputs: &mut Inputs) {
        inputs.body_of(&["application/json"], Schema::of::<T>());
    }
}

/// Compact UTF-8 JSON, serialised into the answer's own buffer.
impl<T: Serialize> Responder for Json<T> {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_json(&self.0)
    }

    fn describe(answers: &mut Answers) {
        answers.body("application/json", Schema::of::<T>());
    }
}

/// JSON text in one value: `extra: Param<Json<Extra>>`, `extras: Vec<Json<Extra>>`.
impl<'r, T: Deserialize<'r>> FromValue<'r> for Json<T> {
    const EXPECTED: &'static str = "JSON";

    fn from_value(raw: &'r str) -> Result<Json<T>> {
        from_json(raw.as_bytes()).map(Json).map_err(|error| {
            let mistake = JsonMistake::new(&error, raw.as_bytes());
            let expected = format!("JSON ({})", mistake.text).into();
            let binding = misfit(mistake.misfit, raw.as_bytes());
            Error::of_binding(BindingError { source: Source::Parameter, expected, ..binding })
        })
    }

    fn schema() -> Schema {
        Schema::of::<T>().as_json_text()
    }
}

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Form<T> {
    const PROFILE: Profile =
        Profile { body: BodyUse::Form, tuple_named: true, only_reads: true, ..Profile::PART };

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Form<T>> {
        if req.form().is_empty() && !req.is_form() && !req.is_multipart() {
            if req.body().is_empty() {
                return Err(Error::missing(arg.name, Source::Body, "a form in the body"));
            }
            return Err(wrong_content_type(req, arg, &["application/x-www-form-urlencoded", MULTIPART]));
        }
        deserialize(&Fields::of_form(req), arg.name).map(Form)
    }

    fn describe(inputs: &mut Inputs) {
        inputs.body_of(&["application/x-www-form-urlencoded", MULTIPART], Schema::of::<T>());
    }
}

macro_rules! text_bodies {
    ($($kind:ty)*) => { $(
        impl<'r> FromRequest<'r> for Text<$kind> {
            const PROFILE: Profile = TAKES_BODY;

            #[inline]
            fn from_request(req: &'r Request, arg: &Arg) -> Result<Text<$kind>> {
                text(req, arg).map(|text| Text(text.into()))
            }

            fn describe(inputs: &mut Inputs) {
                inputs.take_body(&["text/plain"], Schema::text(), false, false);
                inputs.refuses(400);
            }
        }
    )* };
}
text_bodies! { &'r str String std::borrow::Cow<'r, str> Box<str> }

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The body as it came; empty if there was none.
impl<'r> FromRequest<'r> for &'r [u8] {
    const PROFILE: Profile = TAKES_BODY;

    #[inline]
    fn from_request(req: &'r Request, _: &Arg) -> Result<&'r [u8]> {
        Ok(req.body())
    }

    fn describe(inputs: &mut Inputs) {
        inputs.take_body(&["application/octet-stream"], Schema::binary(), false, false);
    }
}

/// A copy of the body as it came; empty if there was none.
impl FromRequest<'_> for Bytes {
    const PROFILE: Profile = TAKES_BODY;

    fn from_request(req: &Request, _: &Arg) -> Result<Bytes> {
        Ok(Bytes::copy_from_slice(req.body()))
    }

    fn describe(inputs: &mut Inputs) {
        inputs.take_body(&["application/octet-stream"], Schema::binary(), false, false);
    }
}

impl<'r> FromRequest<'r> for BodyReader {
    const PROFILE: Profile = Profile { body: BodyUse::Streamed, ..Profile::PART };

    fn from_request(req: &'r Request, _: &Arg) -> Result<BodyReader> {
        Ok(req.lend_reader())
    }

    fn describe(inputs: &mut Inputs) {
        inputs.take_body(&["application/octet-stream"], Schema::binary(), false, false);
    }
}

/// The fields after the body, which is read whole before: by another argument, or for their sake.
impl<'r> FromRequest<'r> for &'r Trailers {
    const PROFILE: Profile =
        Profile { body: BodyUse::Any, trailers: true, only_reads: true, ..Profile::PART };

    fn from_request(req: &'r Request, _: &Arg) -> Result<&'r Trailers> {
        Ok(req.trailers())
    }
}

pub(crate) const TAKES_BODY: Profile = Profile { body: BodyUse::Buffered, only_reads: true, ..Profile::PART };

fn text<'r>(req: &'r Request, arg: &Arg) -> Result<&'r str> {
    std::str::from_utf8(req.body()).map_err(|error| {
        bad_body(
            req,
            arg,
            "text in UTF-8",
            format!("the body is not UTF-8 from byte {} on", error.valid_up_to()),
        )
    })
}

pub(super) const MULTIPART: &str = "multipart/form-data";

#[cold]
fn bad_body(req: &Request, arg: &Arg, expected: &'static str, explain: String) -> Error {
    let start = req.body().get(..MOST_SHOWN).unwrap_or(req.body());
    Error::bad_request(explain).at_binding(BindingError::new(
        arg.name,
        Source::Body,
        expected,
        Some(shortened(&String::from_utf8_lossy(start))),
    ))
}

/// Bytes of a body that an error looks at.
const MOST_SHOWN: usize = 256;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::requests::{get, post};
    use super::*;

    fn bind<'r, T: FromRequest<'r>>(req: &'r Request) -> Result<T> {
        T::from_request(req, &Arg::named("body"))
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Order<'a> {
        item: &'a str,
        count: u8,
    }

    #[test]
    fn json_is_read_for_its_content_types() {
        let body = r#"{"item":"tea","count":2}"#;
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.shop+json"] {
            let req = post(kind, body);
            assert_eq!(bind::<Json<Order<'_>>>(&req).expect(kind).0, Order { item: "tea", count: 2 });
        }
    }

    #[test]
    fn a_wrong_content_type_is_told_with_those_that_are_taken() {
        type Binding = fn(&Request) -> Error;
        let json: Binding = |req| bind::<Json<Value>>(req).expect_err("no JSON");
        let form: Binding = |req| bind::<Form<Value>>(req).map(|_| ()).expect_err("no form");
        let optional: Binding = |req| bind::<Option<Json<Value>>>(req).expect_err("no JSON");
        let for_json = "application/json, application/*+json";
        let for_form = "application/x-www-form-urlencoded, multipart/form-data";
        let table = [
            (json, for_json, "text/plain", 415),
            (json, for_json, "application/jsonx", 415),
            (json, for_json, "application/x-json", 415),
            (json, for_json, "application/x-www-form-urlencoded", 415),
            (json, for_json, "", 400),
            (optional, for_json, "text/plain", 415),
            (form, for_form, "text/plain", 415),
            (form, for_form, "application/json", 415),
            (form, for_form, "multipart/mixed; boundary=b", 415),
            (form, for_form, "", 400),
        ];
        for (binding, taken, kind, status) in table {
            let error = binding(&post(kind, "{}"));
            assert_eq!((error.status().as_u16(), error.is_missing()), (status, false), "{kind}");
            let right = taken.split(", ").map(|kind| format!("\"{kind}\"")).collect::<Vec<_>>().join(" or ");
            let fields = taken.split(", ").filter(|kind| !kind.contains('*'));
            let fields =
                fields.map(|kind| format!("`Content-Type: {kind}`")).collect::<Vec<_>>().join(" or ");
            let text = match kind {
                "" => format!("This request does not say what its body is: send it with {fields}."),
                kind => format!("The content type of this request must be {right}, not `{kind}`."),
            };
            assert_eq!(error.explain_text(), text);
            assert_eq!(error.headers().get("accept"), (status == 415).then_some(taken), "{kind}");
        }
    }

    #[test]
    fn bad_json_is_refused_with_its_place() {
        let deep = "[".repeat(100_000);
        let table: [(&[u8], &str); 6] = [
            (b"{", "line 1 column 1"),
            (b"{\n x}", "line 2 column 2"),
            (b"{} {}", "trailing characters"),
            (b"{\"item\":\"tea\"}", "missing field `count`"),
            (b"\"\xff\"", "unicode"),
            (deep.as_bytes(), "recursion limit"),
        ];
        for (body, text) in table {
            let req = post("application/json", body);
            let error = match text {
                "missing field `count`" => bind::<Json<Order<'_>>>(&req).map(|_| ()),
                _ => bind::<Json<Value>>(&req).map(|_| ()),
            };
            let error = error.expect_err(text);
            assert_eq!((error.status().as_u16(), error.is_missing()), (400, false));
            assert!(error.explain_text().contains(text), "{}", error.explain_text());
            assert_eq!(error.binding().map(|binding| binding.source), Some(Source::Body));
        }
    }

    #[test]
    fn an_empty_body_is_missing_and_may_be_optional() {
        let req = post("application/json", "");
        let error = bind::<Json<Value>>(&req).expect_err("empty");
        assert_eq!((error.status().as_u16(), error.is_missing()), (400, true));
        assert_eq!(error.explain_text(), "Body[body] is required: JSON in the body.");
        assert_eq!(bind::<Option<Json<Value>>>(&req).expect("optional"), None);
        assert_eq!(bind::<Option<Json<Value>>>(&get("")).expect("optional"), None);
        assert!(bind::<Option<Json<Value>>>(&post("application/json", "x")).is_err());
        assert_eq!(bind::<Json<Value>>(&post("application/json", "[1]")).expect("a list").0, json!([1]));
    }

    #[test]
    fn json_may_be_a_single_value() {
        assert_eq!(Json::<Vec<u8>>::from_value("[1,2]").expect("JSON").0, [1, 2]);
        assert!(Json::<Vec<u8>>::from_value("[1,x]").is_err());
    }

    #[test]
    fn a_form_is_its_own_fields_only() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Login {
            user: String,
            remember: Option<bool>,
        }
        let mut req = post("application/x-www-form-urlencoded; charset=utf-8", "user=a+b&other=1");
        req.query.parse(b"user=q&remember=1", 10).expect("few");
        assert_eq!(bind::<Form<Login>>(&req).expect("there").0, Login { user: "a b".into(), remember: None });
        let error = bind::<Form<Login>>(&post("text/plain", "user=a")).expect_err("no form");
        assert!(
            error.explain_text().contains("application/x-www-form-urlencoded"),
            "{}",
            error.explain_text()
        );
        let error =
            bind::<Form<Login>>(&post("application/x-www-form-urlencoded", "x=1")).expect_err("no user");
        assert_eq!(error.explain_text(), "Parameter[user] is required: a value.");
        assert!(bind::<Form<Login>>(&get("user=q")).expect_err("no body").is_missing());
    }

    #[test]
    fn text_and_bytes_are_the_body_as_it_came() {
        let req = post("", "héllo");
        assert_eq!(bind::<Text<&str>>(&req).expect("UTF-8").0, "héllo");
        assert_eq!(bind::<Text<String>>(&req).expect("UTF-8").to_string(), "héllo");
        assert_eq!(bind::<&[u8]>(&req).expect("always"), "héllo".as_bytes());
        assert_eq!(bind::<Bytes>(&req).expect("always"), "héllo".as_bytes());
        assert_eq!(bind::<Text<&str>>(&post("", "")).expect("empty").0, "");
        let error = bind::<Text<&str>>(&post("", b"ab\xff")).map(|_| ()).expect_err("not UTF-8");
        assert_eq!(
            (error.status().as_u16(), error.explain_text()),
            (400, "the body is not UTF-8 from byte 2 on")
        );
    }
}
