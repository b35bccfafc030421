//! The description of an application as answers: the document, made on first demand, and the pages that show it.

use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;

use super::super::application::{App, Inner};
#[cfg(feature = "openapi-ui")]
use super::interface::Interface;
use super::reading::for_reading;
use crate::chain::{Filter, FilterContext, GivenFilter, Next};
use crate::http::{BoxFuture, Error, Result};
use crate::matching::kept;
use crate::openapi::OpenApi;

/// The application that is described, once it is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described(Arc<OnceLock<Weak<Inner>>>);

impl Described {
    /// Names the application.
    pub(crate) fn is(&self, app: &App) {
        let _ = self.0.set(Arc::downgrade(&app.0));
    }

    fn app(&self) -> Option<App> {
        self.0.get()?.upgrade().map(App)
    }
}

/// What answers at the paths that the settings name.
#[track_caller]
pub(crate) fn filters(settings: &OpenApi, described: &Described) -> Vec<GivenFilter> {
    let mut filters = Vec::new();
    if let Some(path) = &settings.at {
        let document = Document { described: described.clone(), json: OnceLock::new() };
        filters.push(GivenFilter::new(kept(path.clone()), document));
    }
    #[cfg(feature = "openapi-ui")]
    if let Some(path) = &settings.ui {
        let base = path.trim_end_matches('/').trim_end_matches("/**").to_owned();
        let interface = Interface::new(base.clone(), settings.at.as_deref());
        filters.push(GivenFilter::new(kept(format!("{base}/**")), interface));
    }
    filters
}

struct Document {
    described: Described,
    json: OnceLock<Bytes>,
}

impl Document {
    fn json(&self) -> Result<Bytes> {
        if let Some(json) = self.json.get() {
            return Ok(json.clone());
        }
        let app = self
            .described
            .app()
            .ok_or_else(|| Error::internal("the application that is described is gone"))?;
        let json = Bytes::from(serde_json::to_vec(&app.openapi())?);
        Ok(self.json.get_or_init(|| json).clone())
    }
}

impl Filter for Document {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            for_reading(cx)?;
            cx.response.set_header("content-type", "application/json");
            cx.response.set_header("cache-control", "no-cache");
            cx.response.set_body(self.json()?);
            Ok(())
        })
    }

    fn reads_body(&self) -> bool {
        false
    }

    fn answers(&self) -> bool {
        true
    }
}
