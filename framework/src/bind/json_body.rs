//! A JSON body while it is read, and why it is not what it should be.
//!
//! All but the reading of a type stands here, once for all types.

use serde_json::de::{Deserializer, SliceRead};

use super::content_type::wrong_content_type;
use crate::base::json_pointer;
use crate::http::{Arg, BindingError, Error, Request, Result, Source, shortened};

/// The body of a request, to be read as JSON: as it came, and if that fails with its integers written as such.
pub(super) struct JsonBody<'r, 'a> {
    pub(super) from: Deserializer<SliceRead<'r>>,
    req: &'r Request,
    arg: &'a Arg,
    /// Why it could not be read as it came.
    first: Option<serde_json::Error>,
}

impl<'r, 'a> JsonBody<'r, 'a> {
    /// # Errors
    /// There is no body, or it is of another content type.
    pub(super) fn of(req: &'r Request, arg: &'a Arg) -> Result<JsonBody<'r, 'a>> {
        if req.body().is_empty() {
            return Err(Error::missing(arg.name, Source::Body, "JSON in the body"));
        }
        if !req.is_json() {
            return Err(wrong_content_type(req, arg, &["application/json", "application/*+json"]));
        }
        Ok(JsonBody { from: Deserializer::from_slice(req.body()), req, arg, first: None })
    }

    /// # Errors
    /// Something stands behind the value.
    pub(super) fn end(&mut self) -> Result<(), serde_json::Error> {
        self.from.end()
    }

    /// Prepares for a second reading. The first error is the one that is told, for it says how the text is written.
    ///
    /// # Errors
    /// It would not help, or did not.
    #[cold]
    pub(super) fn read_again(&mut self, error: serde_json::Error) -> Result {
        if let Some(first) = self.first.take() {
            return Err(bad_json(&first, self.req, self.arg));
        }
        let Some(text) = self.req.integral_body() else {
            return Err(bad_json(&error, self.req, self.arg));
        };
        self.from = Deserializer::from_slice(text);
        self.first = Some(error);
        Ok(())
    }
}

/// What is no such JSON.
#[cold]
fn bad_json(error: &serde_json::Error, req: &Request, arg: &Arg) -> Error {
    let expected = match error.is_data() {
        true => wanted(&words(error)).1.to_owned(),
        false => "JSON".to_owned(),
    };
    let binding = BindingError { parameter: arg.name.to_owned(), ..misfit(error, req.body(), expected) };
    Error::bad_request(format!("the body is not the JSON it should be: {error}")).at_binding(binding)
}

/// What is no such JSON, without a name; if it is JSON at all, it is known which value is not what it should be. Nothing else is quoted, for it
/// may hold a secret.
#[cold]
pub(super) fn misfit(error: &serde_json::Error, text: &[u8], expected: String) -> BindingError {
    let size = crate::base::counted(text.len() as u64, "byte");
    let mut binding = BindingError::new("", Source::Body, expected, Some(size));
    if error.is_data() {
        binding.got = Some(shortened(wanted(&words(error)).0));
        let pointer = json_pointer::at(text, error.line(), error.column());
        binding.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
    }
    binding
}

/// As serde words it: "invalid type: string \"x\", expected u8", which stands before " at line 1 column 9".
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(&*text, |(words, _)| words).to_owned()
}

/// What came, and what was expected.
fn wanted(words: &str) -> (&str, &str) {
    let (got, expected) = match (words.strip_prefix("missing "), words.rsplit_once(", expected ")) {
        (Some(missing), _) => ("an object without it", missing),
        (None, Some(both)) => both,
        (None, None) => (words, "JSON that fits"),
    };
    let got = got.strip_prefix("invalid ").and_then(|got| got.split_once(": ")).map_or(got, |(_, got)| got);
    (got, expected)
}
