//! Which page answers an error, and what is said when there is none.
//!
//! The type of the error before its status, and exact status before range before all; a page that answers `None`, or fails, gives
//! way to what is said without one. The status stays the error's whatever a page does, unless it is one for the error's type, which may choose it.

use std::fmt::Write;

use ::http::StatusCode;
use serde_json::{Value, json};

use super::page::{ErrorContext, ErrorPage, Page};
use super::unfinished::finish_body;
use crate::base::{Location, escape_html, say};
use crate::http::{
    BindingError, BoxFuture, Error, ErrorType, Failed, HTML, JSON, Marks, Request, Response, Result, Watched,
    watched,
};
use crate::proto::accept;

/// The pages of an application by status, frozen at start.
pub(crate) struct ErrorPages {
    /// The page of each status from 100 to 999.
    by_status: Vec<Option<&'static ErrorPage>>,
    /// Those for errors of a type.
    by_type: Vec<(ErrorType, &'static ErrorPage)>,
}

impl ErrorPages {
    /// Chooses a page for each status.
    ///
    /// # Errors
    /// Two pages are for the same code or type; each problem names both places.
    pub(crate) fn build(pages: &[&'static ErrorPage]) -> Result<ErrorPages, Vec<String>> {
        let mut by_status = vec![None; 900];
        let mut problems = Vec::new();
        let mut by_type: Vec<(ErrorType, &'static ErrorPage)> = Vec::new();
        for page in pages {
            let Some(error) = page.error else { continue };
            match by_type.iter().find(|(known, _)| (known.type_id)() == (error.type_id)()) {
                Some((_, other)) => problems.push(format!(
                    "two error pages for errors of type `{}`: {} and {}",
                    (error.type_name)(),
                    other.at,
                    page.at
                )),
                None => by_type.push((error, page)),
            }
        }
        let mut seen: Vec<(String, &'static ErrorPage)> = Vec::new();
        for rank in 0..3 {
            for page in pages.iter().filter(|page| page.error.is_none()) {
                let all = ["*"];
                let codes = if page.codes.is_empty() { &all[..] } else { page.codes };
                for code in codes.iter().filter(|code| rank_of(code) == rank) {
                    let code = code.to_ascii_lowercase();
                    if let Some((_, other)) = seen.iter().find(|(known, _)| *known == code) {
                        let what = if code == "*" { "every status" } else { &code };
                        problems.push(format!("two error pages for {what}: {} and {}", other.at, page.at));
                        continue;
                    }
                    for (index, place) in by_status.iter_mut().enumerate() {
                        let status = index + 100;
                        let fits = match rank {
                            0 => status > 200,
                            1 => status > 200 && code.get(..2) == Some(&status.to_string()[..2]),
                            _ => code == status.to_string(),
                        };
                        if fits {
                            *place = Some(*page);
                        }
                    }
                    seen.push((code, page));
                }
            }
        }
        if problems.is_empty() { Ok(ErrorPages { by_status, by_type }) } else { Err(problems) }
    }

    /// No page at all.
    pub(crate) fn none() -> ErrorPages {
        ErrorPages { by_status: Vec::new(), by_type: Vec::new() }
    }

    /// Each page, as often as there are statuses it is for.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static ErrorPage> {
        self.by_status.iter().flatten().copied().chain(self.by_type.iter().map(|(_, page)| *page))
    }

    /// The page of each status that has one, and those for errors of a type, by where they stand.
    #[cfg(feature = "openapi")]
    pub(crate) fn places(&self) -> (impl Iterator<Item = (u16, Location)>, impl Iterator<Item = Location>) {
        let of_status = |(index, page): (u16, &Option<&ErrorPage>)| Some((index, page.as_ref()?.at));
        let by_status = (100..).zip(&self.by_status).filter_map(of_status);
        (by_status, self.by_type.iter().map(|(_, page)| page.at))
    }

    fn of(&self, status: StatusCode) -> Option<&'static ErrorPage> {
        self.by_status.get(usize::from(status.as_u16()).checked_sub(100)?).copied().flatten()
    }

    /// The page for the type of an error or of one of its sources, the outermost that has one.
    fn of_type(&self, error: &Error) -> Option<&'static ErrorPage> {
        if self.by_type.is_empty() {
            return None;
        }
        error.sources().find_map(|source| {
            self.by_type.iter().find(|(error, _)| (error.is)(source)).map(|(_, page)| *page)
        })
    }

    /// Whether a page chooses the status of this error, so that it is not known before.
    pub(crate) fn choose_status(&self, error: &Error) -> bool {
        self.of_type(error).is_some()
    }

    /// Turns an error into an answer; it is that of what stands there, if of anything. `Some` is what is left to wait for: a page that is an `async fn`.
    pub(crate) fn render<'r>(
        &self,
        error: Error,
        at: Option<&'r Location>,
        request: &'r Request,
        response: &'r mut Response,
    ) -> Option<BoxFuture<'r, ()>> {
        response.reset_for(&error);
        response.headers.extend(error.headers());
        if let Err(failure) = response.take_failure() {
            say!(error, "an answer that became an error had failed already: {}", failure.with_causes());
        }
        let by_type = self.of_type(&error);
        let Some(known) = by_type.or_else(|| self.of(error.status())) else {
            write_default(&error, request, response);
            settle(error, false, response);
            return None;
        };
        let paged = Paged { page: &known.at, request, at, is_by_type: by_type.is_some() };
        if paged.is_by_type {
            response.status = StatusCode::OK;
        }
        match known.page {
            Page::Now(page) => {
                let context = ErrorContext { request, error: &error };
                let result = watched(&known.at, || page(&context, response));
                if result.is_ok() && response.is_unfinished() {
                    return Some(Box::pin(paged.conclude_unfinished(error, response)));
                }
                paged.conclude(result, error, response);
                None
            }
            Page::Async(page) => Some(Box::pin(async move {
                let context = ErrorContext { request, error: &error };
                let result = Watched::new(&known.at, page(&context, response)).await;
                if result.is_ok() && response.is_unfinished() {
                    return paged.conclude_unfinished(error, response).await;
                }
                paged.conclude(result, error, response);
            })),
        }
    }
}

/// 0: all, 1: range, 2: exact; later ranks overwrite earlier ones.
fn rank_of(code: &str) -> u8 {
    match code {
        "*" => 0,
        code if code.ends_with(['x', 'X']) => 1,
        _ => 2,
    }
}

/// A page that answers an error.
#[derive(Clone, Copy)]
struct Paged<'r> {
    page: &'static Location,
    request: &'r Request,
    /// Whose error it is, if anybody's.
    at: Option<&'r Location>,
    /// The page is for the error's type. Such an error is only told in the log when its status is known.
    is_by_type: bool,
}

impl Paged<'_> {
    /// After a page that named a file or a view.
    async fn conclude_unfinished(self, error: Error, response: &mut Response) {
        let result = finish_body(self.request, response).await;
        self.conclude(result, error, response);
    }

    /// The status is the error's, or becomes so if the page is for its type; and a page that has no answer gives way.
    fn conclude(self, result: Result, mut error: Error, response: &mut Response) {
        let Paged { page, request, at, is_by_type } = self;
        let result = result.and_then(|()| response.take_failure());
        let is_chosen = is_by_type && result.is_ok() && response.is_status_said();
        if is_chosen {
            error = error.with_status(response.status);
        }
        if is_by_type {
            Failed { error: &error, request, at }.log();
        }
        if let Err(failure) = result {
            if !failure.is_of_nothing() {
                let code = error.status().as_u16();
                say!(error, "the error page for {code}, {page}, failed: {}", failure.with_causes());
            }
            response.reset_for(&error);
            write_default(&error, request, response);
        }
        settle(error, is_chosen, response);
    }
}

/// Status and reason of an answer that has its body; a page for the error's type may have chosen them.
fn settle(error: Error, is_chosen: bool, response: &mut Response) {
    response.marks = Marks { is_sniffed: response.marks.is_sniffed, ..Marks::default() };
    response.status = error.status();
    if !is_chosen || response.reason.is_none() {
        response.reason = error.reason().cloned();
    }
    response.error = Some(error);
}

/// The body of an error nobody has a page for, in the form the peer prefers.
fn write_default(error: &Error, request: &Request, response: &mut Response) {
    let (code, message) = (error.status().as_u16(), error.message_text());
    let explain = error.public_explain(request.context.show_errors);
    if !response.headers.varies_by("accept") {
        response.headers.append("vary", "Accept");
    }
    match preferred(request.headers.element_bytes("accept")) {
        Form::Json => {
            // By hand, since a map would put the fields in another order than the documented one.
            let mut body = format!(
                "{{\"code\":{code},\"message\":{},\"explain\":{}",
                Value::from(message),
                Value::from(explain)
            );
            if !error.bindings().is_empty() {
                let _ = write!(body, ",\"errors\":{}", mistakes(error));
            }
            if error.untold_bindings() > 0 {
                let _ = write!(body, ",\"untold\":{}", error.untold_bindings());
            }
            body.push('}');
            response.offer_slice(body.as_bytes(), JSON);
        }
        Form::Problem => {
            let mut body = json!({ "title": message, "status": code, "code": code });
            if !explain.is_empty() {
                body["detail"] = explain.into();
            }
            if !error.bindings().is_empty() {
                body["errors"] = mistakes(error);
            }
            if error.untold_bindings() > 0 {
                body["untold"] = error.untold_bindings().into();
            }
            response.offer_slice(body.to_string().as_bytes(), "application/problem+json");
        }
        Form::Html => {
            let message = escape_html(message);
            let explain = match explain {
                "" => String::new(),
                explain => format!("<p>{}</p>", escape_html(explain)),
            };
            let page = format!(
                "<!doctype html><html><head><title>{code} {message}</title></head>\
                 <body><h1>{code} {message}</h1>{explain}</body></html>"
            );
            response.offer_slice(page.as_bytes(), HTML);
        }
    }
}

/// `errors`: what is wrong with each argument, and in each place of a body.
fn mistakes(error: &Error) -> Value {
    let mistake = |binding: &BindingError| {
        let mut shown = json!({
            "parameter": binding.parameter,
            "source": binding.source.to_string(),
            "expected": binding.expected,
            "got": binding.got,
        });
        // The words of one are the explanation, and what a rule says stands nowhere else in the list.
        if error.bindings().len() > 1 || binding.rule.is_some() {
            shown["detail"] = binding.to_string().into();
        }
        if let Some(pointer) = &binding.pointer {
            shown["pointer"] = pointer.as_str().into();
        }
        shown
    };
    error.bindings().iter().map(mistake).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Json,
    Problem,
    Html,
}

/// What `Accept` likes best of our forms; JSON when it does not care.
fn preferred<'h>(elements: impl Iterator<Item = &'h [u8]>) -> Form {
    const OFFERS: [&str; 4] =
        ["application/json", "application/problem+json", "text/html", "application/xhtml+xml"];
    match accept::best(&OFFERS, elements) {
        None | Some(0) => Form::Json,
        Some(1) => Form::Problem,
        Some(_) => Form::Html,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Headers;

    #[test]
    fn the_form_follows_the_accept_field() {
        let browser = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let table: [(&[&[u8]], Form); 11] = [
            (&[], Form::Json),
            (&[b""], Form::Json),
            (&[b"*/*"], Form::Json),
            (&[browser], Form::Html),
            (&[b"application/problem+json"], Form::Problem),
            (&[b"application/json;q=0.5, application/problem+json"], Form::Problem),
            (&[b"text/html;q=0, application/json"], Form::Json),
            (&[b"image/png"], Form::Json),
            // What is no text hides nothing, and the field may come in several lines.
            (&[b"text/\xff, text/html"], Form::Html),
            (&[b"image/png", b"text/html"], Form::Html),
            (&[b"application/json;q=0.5", b"text/html"], Form::Html),
        ];
        for (accept, form) in table {
            let headers: Headers = accept.iter().map(|value| ("accept", *value)).collect();
            assert_eq!(preferred(headers.element_bytes("accept")), form, "{accept:?}");
        }
    }
}
