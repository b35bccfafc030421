//! What an application is told before it is frozen.

mod telling;

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use ::http::StatusCode;

use super::compress::Compression;
use crate::base::{Places, type_name};
use crate::chain::{Filter, GivenFilter};
use crate::http::{Decompression, IntoStatus};
use crate::matching;
use crate::operations::{AccessLog, Tracing};
use crate::proto::Limits;
use crate::proto::ws::{Deflate, Extension};
use crate::resources::{GivenResources, Resources};
use crate::session::{SessionConfig, SessionStore};
use crate::websocket::core::config::{Factory, WebSocketConfig, deflate, factory};

/// Settings of an [`App`](crate::App). `server::new()` and `test::Client::builder()` have the same methods.
///
/// ```
/// use vernal::{App, Config, Limits};
///
/// struct Pool;
///
/// let config = Config::new().state(Pool).limits(Limits::new().body_size(1 << 20)).show_errors(true);
/// # let _ = config;
/// ```
#[derive(Default)]
pub struct Config {
    pub(crate) app: Option<String>,
    pub(crate) limits: Option<Limits>,
    pub(crate) states: Vec<State>,
    pub(crate) show_errors: Option<bool>,
    pub(crate) invalid_status: Option<StatusCode>,
    pub(crate) server_name: Option<Option<String>>,
    pub(crate) websocket: Option<WebSocketConfig>,
    pub(crate) extensions: Vec<Factory>,
    pub(crate) filters: Vec<GivenFilter>,
    pub(crate) upload_directory: Option<PathBuf>,
    #[cfg(feature = "templates")]
    pub(crate) templates: Option<crate::view::Templates>,
    #[cfg(feature = "negotiation")]
    pub(crate) formats: Vec<Box<dyn crate::content::ContentFormat>>,
    pub(crate) compression: Option<Compression>,
    pub(crate) decompression: Option<Decompression>,
    pub(crate) sniffing: Option<bool>,
    pub(crate) resources: Vec<GivenResources>,
    pub(crate) favicon: Option<bool>,
    pub(crate) trusted_proxies: Vec<String>,
    /// `None`: the usual ones.
    pub(crate) proxy_fields: Option<Vec<String>>,
    pub(crate) sessions: Option<Box<dyn SessionStore>>,
    pub(crate) session_config: Option<SessionConfig>,
    pub(crate) access_log: Option<AccessLog>,
    pub(crate) tracing: Option<Tracing>,
    pub(crate) start_timeout: Option<Duration>,
    #[cfg(feature = "openapi")]
    pub(crate) openapi: Option<crate::openapi::OpenApi>,
    #[cfg(feature = "openapi")]
    pub(crate) asyncapi: Option<crate::openapi::AsyncApi>,
    #[cfg(feature = "config")]
    pub(crate) settings: Option<crate::settings::Loaded>,
    /// States that could not be read from the settings, as is told already.
    #[cfg(feature = "config")]
    pub(crate) unread: Vec<TypeId>,
    #[cfg(feature = "actuator")]
    pub(crate) actuator: Option<crate::operations::Actuator>,
    #[cfg(feature = "metrics")]
    pub(crate) metrics: Option<crate::operations::Metrics>,
    #[cfg(any(feature = "actuator", feature = "openapi"))]
    pub(crate) described: super::described::Described,
    /// Where settings say what is judged later.
    pub(crate) places: Places,
    /// What is known to be wrong already.
    pub(crate) problems: Vec<String>,
}

/// See [`Config::start_timeout`].
pub(super) const START_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct State {
    pub(crate) type_id: TypeId,
    pub(crate) type_name: &'static str,
    pub(crate) value: Box<dyn Any + Send + Sync>,
}

impl Config {
    /// The defaults.
    pub fn new() -> Config {
        Config::default()
    }

    /// Serves the items that say `app = "name"`, and no others. Without it, those that say nothing are served.
    #[must_use]
    pub fn app(mut self, name: impl Into<String>) -> Config {
        self.app = Some(name.into());
        self
    }

    /// Sets all [`Limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Config {
        self.limits = Some(limits);
        self
    }

    /// Gives a value to every handler, filter, error page and constructor that has an argument `State<&T>`. One of each
    /// type; a second of the same type is an error at start.
    #[doc(alias = "with_state", alias = "app_data", alias = "manage")]
    #[must_use]
    pub fn state<T: Any + Send + Sync>(mut self, value: T) -> Config {
        let state = State { type_id: TypeId::of::<T>(), type_name: type_name::<T>(), value: Box::new(value) };
        self.states.push(state);
        self
    }

    /// Whether the text of unknown errors is sent to the peer. Default: in debug builds only.
    #[must_use]
    pub fn show_errors(mut self, show: bool) -> Config {
        self.show_errors = Some(show);
        self
    }

    /// The status of arguments that are missing or invalid, in place of 400: 422 for those who want it. What has another status, as
    /// a bad variable of the path has 404, keeps it; `#[request_map(…, invalid = …)]` says it for one handler.
    ///
    /// # Panics
    /// It is no status from 400 to 499.
    #[must_use]
    #[track_caller]
    pub fn invalid_status(mut self, status: u16) -> Config {
        assert!(
            (400..500).contains(&status),
            "{status} is no status for a mistake of the client: use 400 to 499"
        );
        self.invalid_status = Some(status.into_status());
        self
    }

    /// Sets bounds and times of all WebSocket sessions, but for handlers with `config = …`.
    #[must_use]
    pub fn websocket(mut self, config: WebSocketConfig) -> Config {
        self.websocket = Some(config);
        self
    }

    /// Installs a WebSocket extension: `make` is called for each session. Frames go out through extensions in the order they
    /// are installed in, and come in in the reverse order.
    #[must_use]
    pub fn websocket_extension<X: Extension>(
        mut self,
        make: impl Fn() -> X + Send + Sync + 'static,
    ) -> Config {
        self.extensions.push(factory(make));
        self
    }

    /// Compresses WebSocket messages for clients that can (permessage-deflate, RFC 7692).
    #[must_use]
    pub fn websocket_deflate(mut self, settings: Deflate) -> Config {
        self.problems.extend(settings.problem());
        self.extensions.push(deflate(settings));
        self
    }

    /// Runs a filter that is a value around the requests whose path matches the pattern. Those given here run before all
    /// that are functions, in the order they are given in; but those with a say in [every answer](Filter::every_answer) come first, and those
    /// that [answer by themselves](Filter::answers) last.
    /// Patterns are those of mappings: `/admin/**` guards `/admin` and `/admin/` too, and `/**` is every path.
    #[doc(alias = "layer", alias = "wrap", alias = "middleware", alias = "attach")]
    #[must_use]
    #[track_caller]
    pub fn filter<F: Filter>(mut self, path: impl Into<Cow<'static, str>>, filter: F) -> Config {
        self.filters.push(GivenFilter::new(matching::kept(path), filter));
        self
    }

    /// Where uploaded files lie that are too large for memory ([`Limits::upload_memory`]), until their request is answered.
    /// Default: the system's directory for temporary files. A directory that is not there, or cannot be written, is an error at
    /// start. Put it on the file system that uploads are saved on, and saving moves the file in place of copying it.
    ///
    /// Names begin with `.vernal-upload-`. A process that is killed leaves its files behind.
    #[must_use]
    pub fn upload_directory(mut self, path: impl Into<PathBuf>) -> Config {
        self.upload_directory = Some(path.into());
        self
    }

    /// Adds a form that [`Content`](crate::Content) may have, beside JSON: as an answer where `Accept` likes it best, as a body where
    /// `Content-Type` names it. Those that a peer likes alike are preferred in the order JSON, first given, second given.
    #[cfg(feature = "negotiation")]
    #[must_use]
    pub fn content<F: crate::content::ContentFormat>(mut self, format: F) -> Config {
        self.formats.push(Box::new(format));
        self
    }

    /// Says where the templates of [`View`](crate::View)s come from. Default: the directory `templates` where the program runs.
    #[cfg(feature = "templates")]
    #[must_use]
    pub fn templates(mut self, templates: crate::view::Templates) -> Config {
        self.templates = Some(templates);
        self
    }

    /// Whether a text that begins as HTML or XML does, `<html`, `<!doctype html` or `<?xml`, and ends with `>`, is sent as
    /// such. Default: yes, unless that beginning came with the request. If not, texts are `text/plain` unless they say more:
    /// [`Html`](crate::Html), a view, or a `Content-Type` field.
    ///
    /// ```
    /// # use vernal::{request_map, test};
    /// #[request_map("/page")]
    /// fn page() -> &'static str {
    ///     "<html>a page</html>"
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::builder().sniffing(false).build();
    /// client.get("/page").await.assert_header("content-type", "text/plain; charset=utf-8");
    /// # }
    /// ```
    #[must_use]
    pub fn sniffing(mut self, sniffs: bool) -> Config {
        self.sniffing = Some(sniffs);
        self
    }

    /// Serves files for the paths that fit the pattern, where no mapping has the path. `/public/**` is everything below a
    /// prefix and the prefix itself, `/public/*` (or `/public/`) only what is directly there: of these, the rest of the path names the file.
    /// `**.css` is every path that ends so, `*.css` only those of one segment: of these, and of a pattern without a star, the
    /// whole path names the file.
    ///
    /// Places are looked through in the order they are given in, until one has the file; the same pattern twice is an error at
    /// start. Filters run as for mappings; those of
    /// a directory's index file also run for the directory. A directory that cannot be read is an error at start. See
    /// [`Resources`] for what can be set.
    ///
    /// ```no_run
    /// use vernal::{Resources, server};
    ///
    /// # fn main() -> vernal::Result {
    /// server::new()
    ///     .resources("/public/**", "static")
    ///     .resources("/files/**", Resources::dir("/srv/files").listing(true).precompressed(true))
    ///     .start()
    /// # }
    /// ```
    #[doc(alias = "static_files", alias = "serve_dir", alias = "nest_service")]
    #[must_use]
    #[track_caller]
    pub fn resources(
        mut self,
        path: impl Into<Cow<'static, str>>,
        resources: impl Into<Resources>,
    ) -> Config {
        self.resources.push(GivenResources::new(matching::kept(path), resources.into()));
        self
    }

    /// Whether `/favicon.ico`, which browsers ask every site for, is answered with a picture of ours if nothing else has
    /// that path. Default: yes.
    #[must_use]
    pub fn favicon(mut self, serves: bool) -> Config {
        self.favicon = Some(serves);
        self
    }

    /// Keeps sessions in this store. Default: a [`MemoryStore`](crate::MemoryStore).
    #[must_use]
    pub fn sessions<S: SessionStore>(mut self, store: S) -> Config {
        self.sessions = Some(Box::new(store));
        self
    }

    /// Sets the time that sessions are kept, and their cookie.
    #[must_use]
    pub fn session_config(mut self, config: SessionConfig) -> Config {
        self.session_config = Some(config);
        self
    }

    /// How long each [`#[component]`](macro@crate::component) and each [`#[on_start]`](macro@crate::on_start) may take before the start is given up,
    /// with an error that names it. Default 60 s.
    #[must_use]
    pub fn start_timeout(mut self, limit: Duration) -> Config {
        self.start_timeout = Some(limit);
        self
    }

    /// Takes settings from files, the environment or a text: every setter of plain data has a key of its name there, listed in
    /// `docs/settings.md`, and structs with [`#[config(…)]`](macro@crate::config) are read from them as states. They are read now, once; of several, the last ones hold.
    ///
    /// What the program sets itself wins over them, whether before or after. So do its [`Limits`] as a whole, its
    /// [`WebSocketConfig`], [`SessionConfig`], [`Compression`] and TLS; the log says which settings are not looked at for that.
    ///
    /// ```no_run
    /// use vernal::{Settings, server};
    ///
    /// fn main() -> vernal::Result {
    ///     server::new().settings(Settings::new().directory("/etc/shop")).port(8080).start()
    /// }
    /// ```
    ///
    /// # Errors
    /// The application cannot be built: a file cannot be read, there is no such setting, or a value is of the wrong kind or out of range. The text
    /// names all of them, each with its place.
    #[cfg(feature = "config")]
    #[must_use]
    pub fn settings(mut self, settings: crate::settings::Settings) -> Config {
        self.settings = Some(settings.load());
        self
    }

    /// Sets the `Server` field of every answer; `None` leaves it out. Default `vernal`.
    #[must_use]
    pub fn server_name(mut self, name: Option<&str>) -> Config {
        self.server_name = Some(name.map(str::to_owned));
        self
    }

    /// Compresses answers for peers that can decode them. Without it, none is.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Config {
        self.compression = Some(compression);
        self
    }

    /// Says what becomes of request bodies that come compressed. Default: they are refused with a 415.
    #[must_use]
    pub fn decompress_requests(mut self, codings: Decompression) -> Config {
        self.decompression = Some(codings);
        self
    }

    /// Believes what these peers say of the clients they speak for: networks (`10.0.0.0/8`, `fd00::/8`), addresses, and
    /// `unix` for peers on Unix sockets. Default: nobody. Name the proxies in front of the server, and nothing else.
    ///
    /// `X-Forwarded-For` and `X-Forwarded-Proto` of such a peer then decide about [`Request::peer`](crate::Request::peer) and
    /// [`Request::is_secure`](crate::Request::is_secure), or whichever fields [`Config::proxy_fields`] names; from all others they mean
    /// nothing. A proxy must set these fields itself, or add to them, or remove what its client sends: it answers for them. What to write
    /// into the configurations of the usual ones is in `docs/proxies.md`.
    ///
    /// ```
    /// use vernal::{Config, ConnectionInfo, request_map};
    ///
    /// #[request_map("/who")]
    /// fn who(connection: ConnectionInfo) -> String {
    ///     connection.peer().map_or_else(|| "somebody".to_owned(), |peer| peer.ip().to_string())
    /// }
    ///
    /// let config = Config::new().trusted_proxies(["10.0.0.0/8", "unix"]);
    /// # vernal::App::from_registry(config).expect("networks");
    /// # assert!(vernal::App::from_registry(Config::new().trusted_proxies(["10.0.0.0/33"])).is_err());
    /// ```
    ///
    /// # Errors
    /// The application cannot be built, and the text names what is no network.
    #[must_use]
    pub fn trusted_proxies(mut self, networks: impl IntoIterator<Item: Into<String>>) -> Config {
        self.trusted_proxies.extend(networks.into_iter().map(Into::into));
        self
    }

    /// Says which fields the trusted proxies set: any of `Forwarded` (RFC 7239), `X-Forwarded-For`, `X-Forwarded-Proto` and
    /// `X-Forwarded-Host`, in any case. The others are not read. Default: `X-Forwarded-For` and `X-Forwarded-Proto`; calls add up.
    ///
    /// Name what the proxy's configuration sets, and nothing else. No proxy sets or removes all four by itself, and what it does not, its
    /// clients do: who names `Forwarded` behind a proxy that passes it on lets anybody choose their address, who names
    /// `X-Forwarded-Host` lets anybody choose the host, which links in mails and answers in caches are made of. Without that field
    /// [`Request::host`](crate::Request::host) is the `Host` field: let the proxy keep it.
    ///
    /// Where both kinds are named and say different things, the client is unknown.
    ///
    /// ```
    /// use vernal::Config;
    /// # #[vernal::request_map("/")]
    /// # fn home() {}
    ///
    /// // A proxy that speaks RFC 7239 …
    /// let config = Config::new().trusted_proxies(["10.0.0.7"]).proxy_fields(["Forwarded"]);
    /// # vernal::App::from_registry(config).expect("fields");
    ///
    /// // … and one that puts its own address into `Host`.
    /// let config = Config::new()
    ///     .trusted_proxies(["10.0.0.7"])
    ///     .proxy_fields(["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]);
    /// # vernal::App::from_registry(config).expect("fields");
    /// ```
    ///
    /// # Errors
    /// The application cannot be built: a name is none of these, or nobody is trusted.
    #[must_use]
    pub fn proxy_fields(mut self, names: impl IntoIterator<Item: Into<String>>) -> Config {
        self.proxy_fields.get_or_insert_default().extend(names.into_iter().map(Into::into));
        self
    }
}
