//! A JSON body while it is read, and why it is not what it should be.
//!
//! All but the reading of a type stands here, once for all types.

use serde_json::de::{Deserializer, SliceRead};

use super::content_type::wrong_content_type;
use crate::base::{JsonMistake, Misfit, Zeros, counted};
use crate::http::{Arg, BindingError, Error, Request, Result, Source, shortened};

/// The body of a request, to be read as JSON: as it came, and if that fails with its integers written as such.
pub(super) struct JsonBody<'r, 'a> {
    pub(super) from: Deserializer<SliceRead<'r>>,
    req: &'r Request,
    arg: &'a Arg,
    /// Why it could not be read as it came.
    first: Option<serde_json::Error>,
    /// How it may still be read.
    ways: std::slice::Iter<'static, Zeros>,
}

/// How a body is read that cannot be read as it came, one after the other.
const WAYS: &[Zeros] = &[Zeros::WithSign, Zeros::Integers];

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
        Ok(JsonBody { from: Deserializer::from_slice(req.body()), req, arg, first: None, ways: WAYS.iter() })
    }

    /// # Errors
    /// Something stands behind the value.
    pub(super) fn end(&mut self) -> Result<(), serde_json::Error> {
        self.from.end()
    }

    /// Prepares for another reading. The first error is the one that is told, for it says how the text is written.
    ///
    /// # Errors
    /// It would not help, or did not.
    #[cold]
    pub(super) fn read_again(&mut self, error: serde_json::Error) -> Result {
        let first = self.first.take().unwrap_or(error);
        let Some(text) = self.ways.find_map(|zeros| self.req.integral_body(*zeros)) else {
            return Err(bad_json(&first, self.req, self.arg));
        };
        self.from = Deserializer::from_slice(text);
        self.first = Some(first);
        Ok(())
    }
}

/// What is no such JSON.
#[cold]
fn bad_json(error: &serde_json::Error, req: &Request, arg: &Arg) -> Error {
    let mistake = JsonMistake::new(error, req.body());
    let words = format!("the body is not the JSON it should be: {}", mistake.text);
    let binding = misfit(mistake.misfit, req.body());
    Error::bad_request(words).at_binding(BindingError { parameter: arg.name.to_owned(), ..binding })
}

/// What is no such JSON, without a name.
#[cold]
pub(super) fn misfit(misfit: Option<Misfit>, text: &[u8]) -> BindingError {
    let Some(Misfit { got, expected, pointer }) = misfit else {
        let size = counted(text.len() as u64, "byte");
        return BindingError::new("", Source::Body, "JSON", Some(size));
    };
    let mut binding = BindingError::new("", Source::Body, expected, Some(shortened(&got)));
    binding.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
    binding
}
