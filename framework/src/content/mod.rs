//! Content in the form that the peer prefers: negotiated by `Accept` as an answer, told by `Content-Type` as a body (RFC 9110,
//! section 12). Needs the feature `negotiation`.
//!
//! An answer keeps its value until the request is at hand again, when the answer is complete. Which forms there are, the
//! application says; JSON is always among them, and first.

#[cfg(feature = "cbor")]
mod cbor;
mod format;
mod innermost;

use ::http::StatusCode;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use self::innermost::{Mistake, Way};
use crate::base::{Logged, counted, said_of_value, shown};
use crate::bind::defaults::Wrapper;
use crate::bind::{FromRequest, Json, Profile, TAKES_BODY, wrong_content_type};
use crate::contract::{Answers, Inputs, NEGOTIATED, Schema};
use crate::http::{
    Arg, BindingError, Body, BodyKind, Context, Error, Request, Responder, Response, Result, Source, guarded,
    shortened,
};
use crate::proto::accept;

#[cfg(feature = "cbor")]
pub use cbor::Cbor;
pub use format::ContentFormat;
pub(crate) use format::Formats;

/// A value in one of the forms that the application knows: JSON, and those given by
/// [`Config::content`](crate::Config::content).
///
/// As an answer it goes out in the form that `Accept` likes best (RFC 9110, section 12.5.1), in JSON if nothing is said; when
/// none of them is accepted, the answer is a 406 that lists them, though the handler has run. The answer says `Vary: Accept`. The
/// value is written when the answer is complete, so it borrows from nothing.
///
/// As an argument it is the body, in the form that its `Content-Type` names; another is a 415 that lists those that are
/// taken, none at all a 400. `T` may borrow from the body, and `Option<Content<T>>` is `None` for an empty one.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use vernal::{Content, request_map};
///
/// #[derive(Deserialize, Serialize)]
/// struct Order { item: String, count: u32 }
///
/// #[request_map("/double", method = "POST")]
/// fn double(Content(order): Content<Order>) -> Content<Order> {
///     Content(Order { count: order.count * 2, ..order })
/// }
/// # use vernal::test::Client;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let order = Order { item: "tea".into(), count: 2 };
/// # let answer = Client::new().post("/double").json(&order).await;
/// # answer.assert_header("vary", "Accept").assert_text(r#"{"item":"tea","count":4}"#);
/// # Client::new().post("/double").json(&order).header("accept", "text/csv").await.assert_status(406);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content<T>(
    /// The value.
    pub T,
);

impl<T> Content<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Content<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Content<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Content<T> {
    fn from(value: T) -> Content<T> {
        Content(value)
    }
}

impl<T> Wrapper for Content<T> {
    type Inner = T;

    const SOURCE: Option<Source> = Some(Source::Body);

    fn wrap(inner: T) -> Content<T> {
        Content(inner)
    }
}

impl<T: Serialize + Send + 'static> Responder for Content<T> {
    fn respond(self, res: &mut Response) -> Result {
        if !res.is_taken() {
            res.offer_body(Body(BodyKind::Content(Box::new(self.0))), "application/json");
        }
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.body(NEGOTIATED, Schema::of::<T>());
        answers.error(406, "`Accept` takes none of the forms that this is sent in.");
    }
}

#[cfg(feature = "openapi")]
crate::contract::peels!(Content<T>);

/// Writes the value in the form that the peer prefers.
///
/// # Errors
/// None of the forms is accepted: 406. The value cannot be written: 500.
pub(crate) fn write(
    value: &dyn erased_serde::Serialize,
    request: &Request,
    response: &mut Response,
) -> Result {
    let formats = formats(&request.context)?;
    let names: Vec<_> = formats.media_types().collect();
    let best = accept::best(&names, request.headers.element_bytes("accept"));
    let Some((best, media_type)) = best.and_then(|best| Some((best, *names.get(best)?))) else {
        let explain = format!("This is sent as {}, and `Accept` takes none of these.", listed(&names));
        return Err(Error::status_only(StatusCode::NOT_ACCEPTABLE).explain(explain).header("vary", "Accept"));
    };
    let mut bytes = Vec::new();
    guarded(|| {
        bytes = formats.write(best, value).map_err(|error| {
            Error::internal(format!("the answer cannot be written as {media_type}: {}", error.words()))
        })?;
        Ok(())
    })?;
    if !response.headers.varies_by("accept") {
        response.headers.append("vary", "Accept");
    }
    response.body = Body::from(bytes);
    response.content_type = Some(media_type);
    Ok(())
}

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Content<T> {
    const PROFILE: Profile = TAKES_BODY;

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Content<T>> {
        if req.body().is_empty() {
            return Err(Error::missing(arg.name, Source::Body, "content in the body"));
        }
        let formats = formats(&req.context)?;
        let kind = req.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let Some(format) = formats.named(kind) else {
            // Whatever else ends in `+json` is JSON too.
            if req.is_json() {
                return Json::from_request(req, arg).map(|Json(value)| Content(value));
            }
            return Err(wrong_content_type(req, arg, &formats.media_types().collect::<Vec<_>>()));
        };
        let read = |way| {
            let mut made = None;
            let read = format.read(req.body(), &mut |content| {
                let read = innermost::read(content, way);
                let result =
                    read.as_ref().map(drop).map_err(|it: &Mistake| erased_serde::Error::custom(&it.words));
                made = Some(read);
                result
            });
            match (read, made) {
                (Ok(()), Some(made)) => made,
                (Ok(()), None) => Err(Mistake { words: "it was not read".to_owned(), ..Mistake::default() }),
                (Err(error), made) => {
                    // Where the value is well, the mistake is behind it.
                    let behind = || Mistake { reach: usize::MAX, ..Mistake::default() };
                    let made = made.and_then(Result::err).unwrap_or_else(behind);
                    Err(Mistake { words: error.words().to_owned(), ..made })
                }
            }
        };
        match read(Way::AsItCame) {
            Ok(value) => Ok(Content(value)),
            Err(_) => read(Way::WithNumbers).map(Content).map_err(|of_numbers| {
                if of_numbers.is_of_number() {
                    return misfit(of_numbers, format.media_type(), req, arg);
                }
                // The last reads the same as the first, so that this is its mistake, unless only a number was in the way there.
                let as_it_came = read(Way::ForItsPlace).err().filter(|it| it.reach >= of_numbers.reach);
                let mistake = as_it_came.unwrap_or(of_numbers);
                misfit(mistake, format.media_type(), req, arg)
            }),
        }
    }

    fn describe(inputs: &mut Inputs) {
        inputs.body_of(&[NEGOTIATED], Schema::of::<T>());
    }
}

/// What is no such content.
#[cold]
fn misfit(mistake: Mistake, media_type: &'static str, req: &Request, arg: &Arg) -> Error {
    let Mistake { words, pointer, .. } = mistake;
    // What was expected is whole, for a range without its end says little.
    let why = match words.rsplit_once(", expected ") {
        Some((got, expected)) => format!("{}, expected {}", shown(got), Logged(expected)),
        None => shown(&words),
    };
    let at = if pointer.is_empty() { String::new() } else { format!(" at {}", shown(&pointer)) };
    let size = counted(req.body().len() as u64, "byte");
    let mut binding = match said_of_value(&words) {
        Some((got, expected)) => BindingError::new(arg.name, Source::Body, expected, Some(shortened(&got))),
        None => BindingError::new(arg.name, Source::Body, media_type, Some(size)),
    };
    binding.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
    Error::bad_request(format!("the body is not the {media_type} it should be: {why}{at}"))
        .at_binding(binding)
}

fn formats(context: &Context) -> Result<&Formats> {
    context.state().ok_or_else(|| Error::internal("there are no forms of content"))
}

/// `a, b or c`
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., before, last] if !first.is_empty() => {
            format!("{}, {before} or {last}", first.join(", "))
        }
        names => names.join(" or "),
    }
}
