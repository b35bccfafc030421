//! Who takes a request's body, and within which limits, wherever the body comes from.

use super::application::Inner;
use super::target::Target;
use crate::bind::BodyUse;
use crate::chain::AnyFilter;
use crate::http::{Error, FormKind, Request, Result};
use crate::proto::multipart::Boundary;
use crate::proto::{Limits, Refusal, SizeBound};

/// How a request's body is to be taken in.
pub(crate) struct BodyPlan<'a> {
    /// `None`: a candidate narrows by parameters, and is found by [`Inner::target_by_form`] when the form has been read.
    pub(crate) target: Option<Target<'a>>,
    pub(crate) way: BodyWay,
    pub(crate) form: Option<FormKind>,
    pub(crate) limits: &'a Limits,
    pub(crate) bound: SizeBound,
}

/// Who takes a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyWay {
    /// Nobody.
    Left,
    /// The handler, or a filter that answers itself, as it comes.
    Streamed,
    /// The request, as a form in parts.
    InParts,
    /// The request, whole.
    Whole,
}

impl Inner {
    /// Finds the target of a request with a body, and how the body is to be taken in for it.
    pub(crate) fn plan_body(&self, request: &mut Request) -> BodyPlan<'_> {
        let form = request.form_kind();
        let target = self.target(request, form.is_some());
        let body_use = self.body_use(target.as_ref(), request);
        let takes_itself = matches!(body_use, BodyUse::Buffered | BodyUse::Streamed);
        let is_upload = form == Some(FormKind::Multipart) && !takes_itself;
        let way = match body_use {
            BodyUse::Streamed | BodyUse::Parts => BodyWay::Streamed,
            _ if target.as_ref().is_some_and(|target| !self.looks_at_body(target, request)) => BodyWay::Left,
            _ if is_upload => BodyWay::InParts,
            _ => BodyWay::Whole,
        };
        let limits = match &target {
            Some(target) => self.limits_of(target),
            None => self.limits_until_found(request),
        };
        let bound = if is_upload { limits.upload_bound() } else { limits.body_bound() };
        // What is read as it comes is not there to choose by.
        let target = if way == BodyWay::Streamed { target.or(Some(Target::NOT_FOUND)) } else { target };
        BodyPlan { target, way, form, limits, bound }
    }

    /// How the body is used: by the handler, or as it comes by a filter that answers itself. Without a target, the path
    /// decides.
    fn body_use(&self, target: Option<&Target<'_>>, request: &Request) -> BodyUse {
        let by_handler = target.map_or(BodyUse::None, Target::body_use);
        if self.answering.is_empty() {
            return by_handler;
        }
        let filters = match target {
            Some(target) => self.filters_of(target, request),
            None => self.router.filters_for_path(request.path.matched(), true),
        };
        if filters.iter().any(AnyFilter::answers) { BodyUse::Streamed } else { by_handler }
    }

    /// Whether a handler or a filter before it may look at the body.
    fn looks_at_body(&self, target: &Target<'_>, request: &Request) -> bool {
        let Target::Entry(entry) = target else { return false };
        match entry.route.needs.body {
            BodyUse::None => {}
            BodyUse::Parameters if request.form_kind().is_none() => {}
            _ => return true,
        }
        self.filters_of(target, request).iter().any(AnyFilter::reads_body)
    }

    /// The limits for a request's body.
    #[inline]
    pub(crate) fn limits_of<'a>(&'a self, target: &Target<'a>) -> &'a Limits {
        match target {
            Target::Entry(entry) => entry.limits.as_ref().unwrap_or(&self.limits),
            _ => &self.limits,
        }
    }

    /// The limits for a form that has to be read before its mapping is known: the widest that a mapping of its path
    /// sets. Judge the size again when the mapping is known.
    #[cold]
    pub(crate) fn limits_until_found(&self, request: &Request) -> &Limits {
        let size: fn(&Limits) -> u64 =
            if request.is_multipart() { |limits| limits.upload_size } else { |limits| limits.body_size };
        let candidates = self.router.candidates(request.path.matched());
        let widest =
            candidates.iter().filter_map(|entry| entry.limits.as_ref()).max_by_key(|limits| size(limits));
        widest.filter(|widest| size(widest) > size(&self.limits)).unwrap_or(&self.limits)
    }

    /// Judges the content type of a form in parts without a byte, as it is judged where there are some.
    ///
    /// # Errors
    /// It names no boundary, or one that cannot be one: 400.
    #[cold]
    pub(crate) fn check_empty_form(&self, target: &Target<'_>, request: &Request) -> Result<(), Refusal> {
        if !request.is_multipart() {
            return Ok(());
        }
        let body_use = self.body_use(Some(target), request);
        let takes_itself = matches!(body_use, BodyUse::Buffered | BodyUse::Streamed | BodyUse::Parts);
        if takes_itself || !self.looks_at_body(target, request) {
            return Ok(());
        }
        Boundary::of(request.headers.get_bytes("content-type").unwrap_or_default()).map(|_| ())
    }

    /// Finds the target of a request whose form was needed for that, and has been read by now: `size` bytes of it.
    ///
    /// # Errors
    /// The mapping takes a smaller body (413), or takes the body itself, which has been taken apart (500).
    pub(crate) fn target_by_form(
        &self,
        request: &mut Request,
        form: FormKind,
        size: u64,
    ) -> Result<Target<'_>> {
        let target = self.target(request, false).unwrap_or(Target::NOT_FOUND);
        // Its limits were not known while the form came; they hold all the same.
        let limits = self.limits_of(&target);
        let bound = match form {
            FormKind::UrlEncoded => limits.body_bound(),
            FormKind::Multipart => {
                check_taken_apart(&target)?;
                limits.upload_bound()
            }
        };
        bound.check(size).map_err(Error::from_refusal)?;
        self.check_undone(request, &target)?;
        Ok(target)
    }
}

/// A mapping that was chosen by a parameter of a form in parts cannot have the body that it came in.
fn check_taken_apart(target: &Target<'_>) -> Result {
    if !matches!(target.body_use(), BodyUse::Buffered | BodyUse::Streamed | BodyUse::Parts) {
        return Ok(());
    }
    let Target::Entry(entry) = target else { return Ok(()) };
    Err(Error::internal(format!(
        "the mapping {} takes the body itself, but mappings of its path are chosen by parameters, so that a form in \
         parts was taken apart before: give it another path, or choose by `headers`",
        entry.route.at
    )))
}
