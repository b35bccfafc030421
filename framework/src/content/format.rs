//! A form of content: its media type, how it is written, and how it is read.

use std::iter;

use erased_serde::{Deserializer, Serialize};

use crate::http::Result;

/// A form that [`Content`](crate::Content) may have: given to the server by [`Config::content`](crate::Config::content).
///
/// Values come and go through `erased_serde`, so that one form is for all types.
///
/// ```
/// use erased_serde::{Deserializer, Serialize};
/// use vernal::{ContentFormat, Result};
///
/// /// JSON for people.
/// struct Indented;
///
/// impl ContentFormat for Indented {
///     fn media_type(&self) -> &'static str {
///         "application/vnd.indented+json"
///     }
///
///     fn write(&self, value: &dyn Serialize, to: &mut Vec<u8>) -> Result {
///         let mut serializer = serde_json::Serializer::pretty(to);
///         value.erased_serialize(&mut <dyn erased_serde::Serializer>::erase(&mut serializer))?;
///         Ok(())
///     }
///
///     fn read<'r>(
///         &self,
///         body: &'r [u8],
///         make: &mut dyn FnMut(&mut dyn Deserializer<'r>) -> Result<(), erased_serde::Error>,
///     ) -> Result {
///         let mut deserializer = serde_json::Deserializer::from_slice(body);
///         make(&mut <dyn Deserializer>::erase(&mut deserializer))?;
///         Ok(deserializer.end()?)
///     }
/// }
/// ```
pub trait ContentFormat: Send + Sync + 'static {
    /// Its media type in lower case and without parameters: `application/cbor`.
    fn media_type(&self) -> &'static str;

    /// Writes a value at the end of `to`.
    ///
    /// # Errors
    /// The form cannot hold the value: a 500.
    fn write(&self, value: &dyn Serialize, to: &mut Vec<u8>) -> Result;

    /// Reads a body: gives a deserializer over it to `make`, once. It is for the form to bound how deep values may be nested, and
    /// to refuse what follows the value.
    ///
    /// # Errors
    /// The body is not of this form, or `make` has failed: a 400.
    fn read<'r>(
        &self,
        body: &'r [u8],
        make: &mut dyn FnMut(&mut dyn Deserializer<'r>) -> Result<(), erased_serde::Error>,
    ) -> Result;
}

/// The forms of an application, in the order in which they are preferred where a peer likes them alike: JSON, and those that were given.
pub(crate) struct Formats(Vec<Box<dyn ContentFormat>>);

/// The one that is always there.
const JSON: &str = "application/json";

impl Formats {
    /// # Errors
    /// What is wrong with those that were given.
    pub(crate) fn new(given: Vec<Box<dyn ContentFormat>>) -> Result<Formats, Vec<String>> {
        let mut formats = Formats(Vec::new());
        let mut problems = Vec::new();
        for format in given {
            let name = format.media_type();
            let is_type = name.split_once('/').is_some_and(|(of, sub)| is_lower(of) && is_lower(sub));
            if !is_type {
                problems.push(format!(
                    "`content(…)`: `{name}` is no media type: write it in lower case and without parameters, like `application/cbor`"
                ));
            } else if formats.media_types().any(|known| known == name) {
                problems.push(format!("`content(…)`: there are two forms of `{name}`: give one"));
            } else {
                formats.0.push(format);
            }
        }
        if problems.is_empty() { Ok(formats) } else { Err(problems) }
    }

    pub(crate) fn media_types(&self) -> impl Iterator<Item = &'static str> {
        iter::once(JSON).chain(self.0.iter().map(|format| format.media_type()))
    }

    /// The one of this name among those that were given.
    pub(super) fn named(&self, media_type: &str) -> Option<&dyn ContentFormat> {
        let mut all = self.0.iter().map(|format| &**format);
        all.find(|format| format.media_type().eq_ignore_ascii_case(media_type))
    }

    /// Writes a value in the form of this place.
    ///
    /// # Errors
    /// It cannot hold the value.
    pub(super) fn write(&self, place: usize, value: &dyn Serialize) -> Result<Vec<u8>> {
        let Some(format) = place.checked_sub(1).and_then(|place| self.0.get(place)) else {
            return Ok(serde_json::to_vec(value)?);
        };
        let mut bytes = Vec::new();
        format.write(value, &mut bytes)?;
        Ok(bytes)
    }
}

fn is_lower(token: &str) -> bool {
    let is_wrong =
        |byte: u8| !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$&-^_.+".contains(&byte));
    !token.is_empty() && !token.bytes().any(is_wrong)
}
