//! The description of an application as answers: the document, made on first demand, and the pages that show it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use bytes::Bytes;

use super::super::application::App;
use super::super::described::Described;
use super::super::reading::is_looked_at;
#[cfg(feature = "openapi-ui")]
use super::interface::Interface;
use crate::chain::{Filter, FilterContext, GivenFilter, Next};
use crate::http::{BoxFuture, Error, Result};
use crate::matching::kept;
use crate::openapi::{self, AsyncApi, OpenApi};
use crate::proto::conditions::{Validators, Verdict, judge};

/// What answers at the paths that the settings name.
#[track_caller]
pub(crate) fn filters(settings: &OpenApi, described: &Described) -> Vec<GivenFilter> {
    let mut filters = Vec::new();
    if let Some(path) = &settings.at {
        let media_type = "application/json".to_owned();
        let document =
            Document { described: described.clone(), make: App::openapi, media_type, made: OnceLock::new() };
        filters.push(GivenFilter::showing("OpenAPI", kept(path.clone()), document));
    }
    #[cfg(feature = "openapi-ui")]
    if let Some(path) = &settings.ui {
        let base = path.trim_end_matches('/').trim_end_matches("/**").to_owned();
        let interface = Interface::new(base.clone(), settings.at.as_deref());
        filters.push(GivenFilter::showing("Swagger UI", kept(format!("{base}/**")), interface));
    }
    filters
}

/// What answers with the description of channels.
#[track_caller]
pub(crate) fn channels(settings: &AsyncApi, described: &Described) -> Option<GivenFilter> {
    let path = settings.at.clone()?;
    // As the specification calls it.
    let media_type = format!("application/vnd.aai.asyncapi+json;version={}", settings.format.as_str());
    let document =
        Document { described: described.clone(), make: App::asyncapi, media_type, made: OnceLock::new() };
    Some(GivenFilter::showing("AsyncAPI", kept(path), document))
}

struct Document {
    described: Described,
    make: fn(&App) -> openapi::Document,
    media_type: String,
    made: OnceLock<Made>,
}

/// The document as it is sent, with its entity tag.
struct Made {
    json: Bytes,
    etag: String,
}

impl Document {
    fn made(&self) -> Result<&Made> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let app = self.described.app()?;
        let json = Bytes::from(serde_json::to_vec(&(self.make)(&app))?);
        let mut hasher = DefaultHasher::new();
        json.hash(&mut hasher);
        let etag = format!("\"{:016x}\"", hasher.finish());
        Ok(self.made.get_or_init(|| Made { json, etag }))
    }
}

impl Filter for Document {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            if !is_looked_at(cx)? {
                return Ok(());
            }
            let made = self.made()?;
            cx.response.set_header("etag", &*made.etag);
            cx.response.set_header("cache-control", "no-cache");
            let validators = Validators { etag: Some(&made.etag), modified: None };
            match judge(&cx.request.headers, validators, || 0) {
                Verdict::Holds { .. } => {}
                Verdict::NotModified => {
                    cx.response.set_status(304_u16);
                    return Ok(());
                }
                Verdict::Fails => return Err(Error::new(412, "Precondition Failed")),
            }
            cx.response.set_header("content-type", &*self.media_type);
            cx.response.set_body(made.json.clone());
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
