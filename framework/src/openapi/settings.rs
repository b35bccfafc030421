//! What a document says beside what the code says, and where it is served.

use std::borrow::Cow;

/// Which version of OpenAPI a document is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenApiVersion {
    /// 3.1.1
    #[default]
    V3_1,
    /// 3.2.0, which knows the method QUERY, methods of one's own, and streams of events.
    V3_2,
}

impl OpenApiVersion {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            OpenApiVersion::V3_1 => "3.1.1",
            OpenApiVersion::V3_2 => "3.2.0",
        }
    }
}

/// The description of an application, and where it is served: given to [`Config::openapi`](crate::Config::openapi).
///
/// ```
/// use vernal::{OpenApi, server};
///
/// let server = server::new().openapi(OpenApi::new("Shop", "1.2.0").at("/openapi.json"));
/// # let _ = server;
/// ```
#[derive(Clone, Debug)]
pub struct OpenApi {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: Option<String>,
    pub(super) license: Option<(String, String)>,
    pub(super) servers: Vec<String>,
    pub(super) format: OpenApiVersion,
    pub(crate) at: Option<Cow<'static, str>>,
    #[cfg(feature = "openapi-ui")]
    pub(crate) ui: Option<Cow<'static, str>>,
}

impl OpenApi {
    /// A description of an API of this name and version, which is the API's own, not OpenAPI's.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> OpenApi {
        OpenApi {
            title: title.into(),
            version: version.into(),
            description: None,
            license: None,
            servers: Vec::new(),
            format: OpenApiVersion::default(),
            at: None,
            #[cfg(feature = "openapi-ui")]
            ui: None,
        }
    }

    /// Says what the API is for, in CommonMark.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> OpenApi {
        self.description = Some(text.into());
        self
    }

    /// Names the licence of the API, as `"MIT"`, by its SPDX identifier.
    #[must_use]
    pub fn license(mut self, name: impl Into<String>, identifier: impl Into<String>) -> OpenApi {
        self.license = Some((name.into(), identifier.into()));
        self
    }

    /// Adds a URL that the paths are below. Default: where the document came from, `/`.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> OpenApi {
        self.servers.push(url.into());
        self
    }

    /// Chooses the version of OpenAPI. Default 3.1.
    #[must_use]
    pub fn version(mut self, version: OpenApiVersion) -> OpenApi {
        self.format = version;
        self
    }

    /// Serves the document at this path. Default: nowhere.
    #[must_use]
    pub fn at(mut self, path: impl Into<Cow<'static, str>>) -> OpenApi {
        self.at = Some(path.into());
        self
    }

    /// Shows the document at this path, by Swagger UI, whose files are part of the program. Default: nowhere. The document is then served
    /// at `/openapi.json`, unless [`OpenApi::at`] says otherwise.
    #[cfg(feature = "openapi-ui")]
    #[must_use]
    pub fn ui(mut self, path: impl Into<Cow<'static, str>>) -> OpenApi {
        self.ui = Some(path.into());
        if self.at.is_none() {
            self.at = Some("/openapi.json".into());
        }
        self
    }
}

/// Of an application that was given none.
impl Default for OpenApi {
    fn default() -> OpenApi {
        OpenApi::new("API", "1.0.0")
    }
}
