//! Arguments that take a form in parts: its files by name, or the parts as they come.

use super::body::{MULTIPART, wrong_content_type};
use super::value::shortened;
use super::{Arg, BindingError, BodyUse, FromRequest, Profile, Source};
use crate::http::{BodyReader, Error, Multipart, MultipartFile, Request, Result};

/// A file of the argument's name; see [`MultipartFile`].
impl<'r> FromRequest<'r> for MultipartFile<'r> {
    const PROFILE: Profile = Profile { body: BodyUse::Form, ..Profile::VALUE };

    fn from_request(req: &'r Request, arg: &Arg) -> Result<MultipartFile<'r>> {
        MultipartFile::optional(req, arg)?.ok_or_else(|| missing(arg))
    }

    fn optional(req: &'r Request, arg: &Arg) -> Result<Option<MultipartFile<'r>>> {
        match req.file(arg.name) {
            None => check_no_text(req, arg).map(|()| None),
            file => Ok(file),
        }
    }
}

/// Every file of the argument's name; at least one is required, unless the argument has a default.
impl<'r> FromRequest<'r> for Vec<MultipartFile<'r>> {
    const PROFILE: Profile = <MultipartFile<'r> as FromRequest<'r>>::PROFILE;

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Vec<MultipartFile<'r>>> {
        Self::optional(req, arg)?.ok_or_else(|| missing(arg))
    }

    fn optional(req: &'r Request, arg: &Arg) -> Result<Option<Vec<MultipartFile<'r>>>> {
        let files: Vec<_> = req.files().filter(|file| file.name() == arg.name).collect();
        if files.is_empty() { check_no_text(req, arg).map(|()| None) } else { Ok(Some(files)) }
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
}

#[cold]
fn missing(arg: &Arg) -> Error {
    Error::missing(arg.name, Source::Parameter, "a file")
}

/// A text of the name is no file, be it typed or what a form sends that is not in parts.
fn check_no_text(req: &Request, arg: &Arg) -> Result {
    let Some(text) = req.parameter(arg.name) else { return Ok(()) };
    let name = crate::base::shown(arg.name);
    let explain = if req.is_multipart() {
        format!("Parameter[{name}] should be a file.")
    } else {
        format!("Parameter[{name}] should be a file. A form sends files with enctype=multipart/form-data.")
    };
    Err(Error::bad_request(explain).at_binding(BindingError {
        parameter: arg.name.to_owned(),
        source: Source::Parameter,
        expected: "a file".into(),
        got: Some(shortened(text)),
    }))
}
