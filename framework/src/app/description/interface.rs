//! Swagger UI, from a crate that holds its files: nothing comes from elsewhere, so it works offline and under a strict policy.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::OnceLock;

use bytes::Bytes;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

use super::super::reading::is_looked_at;
use crate::chain::{Filter, FilterContext, Next};
use crate::http::{BoxFuture, Error, Result};

/// The pages that show a document.
pub(super) struct Interface {
    /// The path they are below, without a slash at its end.
    base: String,
    /// Where the document is.
    document: String,
    files: OnceLock<HashMap<&'static str, Bytes>>,
}

impl Interface {
    pub(super) fn new(base: String, document: Option<&str>) -> Interface {
        let document = document.unwrap_or_default().to_owned();
        Interface { base, document, files: OnceLock::new() }
    }

    /// Unpacks what the pages need; the archive holds more.
    fn files(&self) -> Result<&HashMap<&'static str, Bytes>> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))
            .map_err(|error| Error::internal(error.to_string()))?;
        let mut files = HashMap::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).map_err(|error| Error::internal(error.to_string()))?;
            let Ok(name) = file.name().map(|name| name.into_owned()) else { continue };
            let Some((_, name)) = name.split_once("/dist/").filter(|(folder, _)| !folder.contains('/'))
            else {
                continue;
            };
            let Some((name, _)) = FILES.iter().find(|(known, _)| *known == name) else { continue };
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            files.insert(*name, Bytes::from(bytes));
        }
        files.insert(INITIALIZER, self.initializer().into());
        Ok(self.files.get_or_init(|| files))
    }

    /// The script that says which document is shown. Nobody is asked whether it is valid.
    fn initializer(&self) -> String {
        let url = serde_json::Value::from(&*self.document);
        format!(
            "window.onload = function() {{\n  window.ui = SwaggerUIBundle({{\n    url: {url},\n    dom_id: '#swagger-ui',\n    \
             deepLinking: true,\n    validatorUrl: 'none',\n    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],\n    \
             layout: 'StandaloneLayout'\n  }});\n}};\n"
        )
    }
}

impl Filter for Interface {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let path = cx.request.path();
            let name = path.strip_prefix(&*self.base).and_then(|rest| rest.strip_prefix('/'));
            let name = name.map(|name| if name.is_empty() { "index.html" } else { name });
            let known = name.map(|name| {
                let known = FILES.iter().find(|(known, _)| *known == name);
                known.ok_or_else(|| Error::not_found("There is no such page."))
            });
            let known = known.transpose()?;
            if !is_looked_at(cx)? {
                return Ok(());
            }
            let Some((name, content_type)) = known else {
                // The pages name their files relative to the slash.
                let to = format!("{}/", self.base);
                cx.response.redirect(&to);
                return Ok(());
            };
            let bytes = self.files()?.get(name).ok_or_else(|| Error::not_found("There is no such page."))?;
            cx.response.set_header("content-type", *content_type);
            cx.response.set_header("cache-control", "no-cache");
            cx.response.set_header("content-security-policy", POLICY);
            cx.response.set_body(bytes.clone());
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

/// What the pages may load: their own files, requests to this origin, and pictures that their styles bring along.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const INITIALIZER: &str = "swagger-initializer.js";

/// The files of the pages, with their content types.
const FILES: [(&str, &str); 8] = [
    ("index.html", "text/html; charset=utf-8"),
    ("index.css", "text/css; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8"),
    (INITIALIZER, "text/javascript; charset=utf-8"),
    ("favicon-16x16.png", "image/png"),
    ("favicon-32x32.png", "image/png"),
];
