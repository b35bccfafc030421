//! Arguments that take a form in parts: its files by name, or the parts as they come.

use serde_json::json;

use super::body::MULTIPART;
use super::content_type::wrong_content_type;
use super::missing::{ARGUMENT_NAME, why_required};
use super::{Arg, BindingError, BodyUse, FromRequest, Profile, Source, brackets};
use crate::contract::{Inputs, Place, Schema, Values};
use crate::http::{BodyReader, Error, Multipart, MultipartFile, Request, Result, shortened};

/// A file of the argument's name; see [`MultipartFile`].
impl<'r> FromRequest<'r> for MultipartFile<'r> {
    const PROFILE: Profile = Profile { body: BodyUse::Form, ..Profile::VALUE };

    fn from_request(req: &'r Request, arg: &Arg) -> Result<MultipartFile<'r>> {
        MultipartFile::optional(req, arg)?.ok_or_else(|| missing(req, arg, false))
    }

    fn optional(req: &'r Request, arg: &Arg) -> Result<Option<MultipartFile<'r>>> {
        match req.file(arg.name) {
            None => check_no_text(req, arg).map(|()| None),
            file => Ok(file),
        }
    }

    fn describe(inputs: &mut Inputs) {
        inputs.values(Place::File, Values::one(Schema::binary()));
    }
}

/// Every file of the argument's name; at least one is required. `Option<Vec<…>>` is `None` without one, and a list with
/// `#[arg(default)]` is empty.
impl<'r> FromRequest<'r> for Vec<MultipartFile<'r>> {
    const PROFILE: Profile = <MultipartFile<'r> as FromRequest<'r>>::PROFILE;

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Vec<MultipartFile<'r>>> {
        Self::optional(req, arg)?.ok_or_else(|| missing(req, arg, true))
    }

    fn optional(req: &'r Request, arg: &Arg) -> Result<Option<Vec<MultipartFile<'r>>>> {
        let files: Vec<_> = req.files().filter(|file| file.name() == arg.name).collect();
        if files.is_empty() { check_no_text(req, arg).map(|()| None) } else { Ok(Some(files)) }
    }

    fn describe(inputs: &mut Inputs) {
        inputs.values(Place::File, Values::list(Schema::binary()));
    }
}

/// The parts as they come; see [`Multipart`].
impl<'r> FromRequest<'r> for Multipart {
    const PROFILE: Profile = Profile { body: BodyUse::Parts, ..Profile::PART };

    fn optional(req: &'r Request, arg: &Arg) -> Result<Option<Multipart>> {
        req.headers.contains("content-type").then(|| Multipart::from_request(req, arg)).transpose()
    }

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Multipart> {
        if !req.headers.contains("content-type") {
            return Err(Error::missing(
                arg.name,
                Source::Body,
                "a form of the content type multipart/form-data",
            ));
        }
        if !req.is_multipart() {
            return Err(wrong_content_type(req, arg, &[MULTIPART]));
        }
        Multipart::new(req, BodyReader::from_request(req, arg)?)
    }

    fn describe(inputs: &mut Inputs) {
        inputs.body_of(&[MULTIPART], Schema::from_json(json!({ "type": "object" })));
    }
}

const FILE: &str = "a file";

/// Why no file came, as far as that can be seen.
#[cold]
fn missing(req: &Request, arg: &Arg, is_list: bool) -> Error {
    if !req.body().is_empty() && req.headers.contains("content-type") {
        return not_in_parts(req, arg);
    }
    let files = req.files().map(|file| file.name());
    let texts = req.form.iter().map(|(name, _)| name);
    let error = Error::missing(arg.name, Source::Parameter, FILE);
    let error = brackets::explained(error, files.chain(texts), ARGUMENT_NAME, req.context().show_errors);
    why_required(error, is_list, req)
}

/// What is told a body that holds no files. One that a page has sent says so by an attribute of its form, which is easily forgotten.
#[cold]
fn not_in_parts(req: &Request, arg: &Arg) -> Error {
    let error = wrong_content_type(req, arg, &[MULTIPART]);
    if !req.is_form() {
        return error;
    }
    let explain = format!("{} {IN_HTML}", error.explain_text());
    error.explain(explain)
}

const IN_HTML: &str = "A page sends files by <form method=\"post\" enctype=\"multipart/form-data\">.";

/// A text of the name is no file, be it typed or what a form sends that is not in parts. In parts an empty one is a field in
/// which no file was chosen: many clients leave an empty `filename` out.
fn check_no_text(req: &Request, arg: &Arg) -> Result {
    let is_multipart = req.is_multipart();
    let mut in_form = req.form.all(arg.name).filter(|text| !is_multipart || !text.is_empty());
    let in_form = in_form.next();
    if in_form.is_some() && !is_multipart {
        return Err(not_in_parts(req, arg));
    }
    let Some(text) = in_form.or_else(|| req.query.get(arg.name)) else { return Ok(()) };
    let name = crate::base::shown(arg.name);
    let explain = if is_multipart {
        format!("Parameter[{name}] should be a file.")
    } else {
        format!("Parameter[{name}] should be a file. {IN_HTML}")
    };
    Err(Error::bad_request(explain).at_binding(BindingError::new(
        arg.name,
        Source::Parameter,
        FILE,
        Some(shortened(text)),
    )))
}
