//! What a document of channels says beside what the code says, and where it is served.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::openapi::names::sanitized;
use crate::openapi::settings::OpenApi;

/// Which version of AsyncAPI a document is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsyncApiVersion {
    /// 3.0.0, for tools that know no newer one. The document says the same.
    V3_0,
    /// 3.1.0
    #[default]
    V3_1,
}

impl AsyncApiVersion {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            AsyncApiVersion::V3_0 => "3.0.0",
            AsyncApiVersion::V3_1 => "3.1.0",
        }
    }
}

/// The description of what is said in WebSocket sessions, and where it is served: given to [`Config::asyncapi`](crate::Config::asyncapi).
///
/// A path alone is enough beside an [`OpenApi`], whose title, version, description, licence and servers are those of both.
///
/// ```
/// use vernal::{AsyncApi, AsyncApiVersion, OpenApi, server};
///
/// let server = server::new().openapi(OpenApi::new("Shop", "1.2.0").at("/openapi.json")).asyncapi("/asyncapi.json");
/// # let _ = server;
///
/// let chat = AsyncApi::new("Chat", "1.0.0").at("/asyncapi.json").server("wss://chat.example.org").version(AsyncApiVersion::V3_0);
/// let server = server::new().asyncapi(chat);
/// # let _ = server;
/// ```
#[derive(Clone, Debug, Default)]
pub struct AsyncApi {
    about: Option<(String, String)>,
    description: Option<String>,
    license: Option<(String, String)>,
    servers: Vec<String>,
    pub(crate) format: AsyncApiVersion,
    pub(crate) at: Option<Cow<'static, str>>,
}

impl AsyncApi {
    /// A description of an API of this name and version, which is the API's own, not AsyncAPI's.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> AsyncApi {
        AsyncApi { about: Some((title.into(), version.into())), ..AsyncApi::default() }
    }

    /// Says what the API is for, in CommonMark.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> AsyncApi {
        self.description = Some(text.into());
        self
    }

    /// Names the licence of the API, as `"MIT"`, by its SPDX identifier.
    #[must_use]
    pub fn license(mut self, name: impl Into<String>, identifier: impl Into<String>) -> AsyncApi {
        self.license = Some((name.into(), identifier.into()));
        self
    }

    /// Adds a URL that the paths are below, like `wss://chat.example.org/v1`. Default: none, for a document cannot say "where I came
    /// from". `http` and `https` mean `ws` and `wss`; a name alone is one of `wss`.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> AsyncApi {
        self.servers.push(url.into());
        self
    }

    /// Chooses the version of AsyncAPI. Default 3.1.
    #[must_use]
    pub fn version(mut self, version: AsyncApiVersion) -> AsyncApi {
        self.format = version;
        self
    }

    /// Serves the document at this path. Default: nowhere.
    #[must_use]
    pub fn at(mut self, path: impl Into<Cow<'static, str>>) -> AsyncApi {
        self.at = Some(path.into());
        self
    }

    /// What the document begins with: the version, what it is about, where it is served. `openapi` says what this does not.
    pub(super) fn head(&self, openapi: Option<&OpenApi>) -> Value {
        let usual = OpenApi::default();
        let of_both = openapi.unwrap_or(&usual);
        let (title, version) = match &self.about {
            Some((title, version)) => (title, version),
            None => (&of_both.title, &of_both.version),
        };
        let mut info = json!({ "title": title, "version": version });
        if let Some(description) = self.description.as_ref().or(of_both.description.as_ref()) {
            info["description"] = (**description).into();
        }
        if let Some((name, identifier)) = self.license.as_ref().or(of_both.license.as_ref()) {
            info["license"] =
                json!({ "name": name, "url": format!("https://spdx.org/licenses/{identifier}.html") });
        }
        let urls = if self.servers.is_empty() { &of_both.servers } else { &self.servers };
        // Those that begin with a slash say of which path, but not of which host.
        let servers: Map<String, Value> =
            urls.iter().filter(|url| !url.starts_with('/')).map(|url| server(url)).collect();
        let mut head = json!({ "asyncapi": self.format.as_str(), "info": info });
        if !servers.is_empty() {
            head["servers"] = servers.into();
        }
        head
    }
}

/// The name and the description of a server.
fn server(url: &str) -> (String, Value) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("wss", url));
    let protocol = match scheme {
        "http" => "ws",
        "https" => "wss",
        other => other,
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut server = json!({ "host": host, "protocol": protocol });
    let path = path.trim_end_matches('/');
    if !path.is_empty() {
        server["pathname"] = path.into();
    }
    (sanitized(rest.trim_end_matches('/')), server)
}

/// Served at this path.
impl From<&'static str> for AsyncApi {
    fn from(path: &'static str) -> AsyncApi {
        AsyncApi::default().at(path)
    }
}

/// Served at this path.
impl From<String> for AsyncApi {
    fn from(path: String) -> AsyncApi {
        AsyncApi::default().at(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_hosts_and_protocols() {
        let table = [
            (
                "wss://a.example/v1/",
                "a.example_v1",
                json!({ "host": "a.example", "protocol": "wss", "pathname": "/v1" }),
            ),
            (
                "http://localhost:8080",
                "localhost_8080",
                json!({ "host": "localhost:8080", "protocol": "ws" }),
            ),
            ("https://b.example/", "b.example", json!({ "host": "b.example", "protocol": "wss" })),
            ("c.example", "c.example", json!({ "host": "c.example", "protocol": "wss" })),
        ];
        for (url, name, expected) in table {
            assert_eq!(server(url), (name.to_owned(), expected));
        }
    }

    #[test]
    fn what_is_said_of_both_is_said_once() {
        let openapi =
            OpenApi::new("Shop", "2").license("MIT", "MIT").server("/v1").server("https://shop.example/v1");
        let head = AsyncApi::from("/x").head(Some(&openapi));
        let expected = json!({
            "asyncapi": "3.1.0",
            "info": { "title": "Shop", "version": "2", "license": { "name": "MIT", "url": "https://spdx.org/licenses/MIT.html" } },
            "servers": { "shop.example_v1": { "host": "shop.example", "pathname": "/v1", "protocol": "wss" } },
        });
        assert_eq!(head, expected);
        let own = AsyncApi::new("Chat", "1")
            .version(AsyncApiVersion::V3_0)
            .description("Talk.")
            .head(Some(&OpenApi::new("Shop", "2")));
        assert_eq!(
            own,
            json!({ "asyncapi": "3.0.0", "info": { "title": "Chat", "version": "1", "description": "Talk." } })
        );
    }
}
