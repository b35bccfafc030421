//! A page that says what it is, so that nobody has to guess.

use super::sniff::HTML;
use super::{Responder, Response, Result};
use crate::contract::{Answers, Schema};

/// A text, or bytes, answered as `text/html; charset=utf-8`, whatever it begins with and wherever that came from.
///
/// A text that begins as a page does is one without this too (`<!doctype html` or `<html`); this is for fragments, and for
/// pages whose beginning a peer may have chosen, which are plain text otherwise. Nothing is escaped: what peers send belongs
/// through [`escape_html`](crate::escape_html).
///
/// ```
/// use vernal::{Html, escape_html, request_map};
///
/// #[request_map("/item")]
/// fn item(name: &str) -> Html<String> {
///     Html(format!("<li>{}</li>", escape_html(name)))
/// }
///
/// #[request_map("/gone")]
/// fn gone() -> (u16, Html<&'static str>) {
///     (410, Html("<p>Gone."))
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let page = vernal::test::Client::new().get("/item?name=%3Cb%3E").await;
/// # page.assert_header("content-type", "text/html; charset=utf-8").assert_text("<li>&lt;b&gt;</li>");
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Html<T>(pub T);

/// A content type of its own beats a guess; a `Content-Type` field beats both.
impl<T: Responder> Responder for Html<T> {
    fn respond(self, res: &mut Response) -> Result {
        let had_body = res.body.is_some();
        self.0.respond(res)?;
        if !had_body {
            res.say_html();
        }
        Ok(())
    }

    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        let had_body = res.body.is_some();
        self.0.respond_static(res)?;
        if !had_body {
            res.say_html();
        }
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.body("text/html", Schema::text());
        T::describe(answers);
    }
}

impl Response {
    /// Says that the body is a page.
    pub(crate) fn say_html(&mut self) {
        if self.body.is_some() {
            self.content_type = Some(HTML);
            self.marks.is_sniffed = false;
        }
    }
}
