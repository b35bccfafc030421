//! Pages made of templates, by [`minijinja`]. Needs the feature `templates`.
//!
//! A handler names the template and gives the model; the page is made when the answer is complete, by the application's
//! [`Templates`].

mod templates;

use std::borrow::Cow;

use minijinja::value::Serde;
use serde::Serialize;

pub use templates::Templates;

use crate::contract::{Answers, Schema};
use crate::http::{Body, BodyKind, Context, Error, PendingView, Responder, Response, Result, guarded};

/// A page made of a template: an answer, or a part of one, of handlers and error pages.
///
/// The content type goes by the template's extension: `.html`, `.txt`, `.xml`, `.json` and so on, in any case, with or without
/// `.j2`, `.jinja`, `.jinja2`, `.tpl`, `.tmpl` or `.template` behind it; a `Content-Type` field beats it. The model is anything that
/// serialises to a map, a struct or [`minijinja::context!`] for instance. Where the templates lie says
/// [`Config::templates`](crate::Config::templates).
///
/// What is in the model is escaped as the extension of the very template demands, be it the page or a part that is included: as
/// JSON in `.json` and `.js`, not at all in text (`.txt`, `.md`, `.csv`, `.css`, `.yaml` and their like), and as HTML in all others, so
/// also where the name says nothing: `row.jinja`, `row.tpl`, `row`. These are `text/html` as well.
///
/// A template that is missing, or fails, is a 500; the log says what was searched, or file and line.
///
/// ```
/// use serde::Serialize;
/// use vernal::{View, request_map};
///
/// #[derive(Serialize)]
/// struct Greeting<'a> {
///     name: &'a str,
/// }
///
/// #[request_map("/hello/{name}")]
/// fn hello(name: &str) -> View {
///     View::new("hello.html", Greeting { name })
/// }
///
/// /// With a status and so on, as everywhere.
/// #[request_map("/gone")]
/// fn gone() -> (u16, View) {
///     (410, View::new("gone.html", ()))
/// }
/// # use vernal::{Templates, test};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let templates = Templates::embedded([("hello.html", "<p>Hello, {{ name }}!"), ("gone.html", "Gone.")]);
/// # let client = test::Client::builder().templates(templates).build();
/// # let page = client.get("/hello/<b>").await;
/// # page.assert_header("content-type", "text/html; charset=utf-8").assert_text("<p>Hello, &lt;b&gt;!");
/// # client.get("/gone").await.assert_status(410).assert_text("Gone.");
/// # }
/// ```
#[must_use = "a view is to be answered with"]
pub struct View {
    template: Cow<'static, str>,
    model: minijinja::Value,
}

impl View {
    /// The page of a template, named from the templates' directory with `/` between folders, for a model. A model that cannot
    /// be serialised is a 500; `()` is an empty one.
    pub fn new(template: impl Into<Cow<'static, str>>, model: impl Serialize) -> View {
        View { template: template.into(), model: minijinja::Value::from(Serde(model)) }
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("template", &self.template).field("model", &self.model).finish()
    }
}

impl Responder for View {
    fn respond(self, res: &mut Response) -> Result {
        if res.is_taken() {
            return Ok(());
        }
        let content_type = templates::content_type(&self.template);
        let pending = PendingView { template: self.template, model: self.model };
        res.offer_body(Body(BodyKind::View(Box::new(pending))), content_type);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.bodies(&["text/html", "text/plain", "*/*"], Schema::text());
    }
}

/// Makes the page.
///
/// # Errors
/// The template is missing or fails: 500.
pub(crate) fn render(view: PendingView, context: &Context) -> Result<Body> {
    let templates = context.state::<Templates>().ok_or_else(|| Error::internal("there are no templates"))?;
    let mut body = Body::empty();
    // A filter or function of the user's may panic.
    guarded(|| {
        body = Body::from(templates.render_value(&view.template, view.model)?);
        Ok(())
    })?;
    Ok(body)
}
