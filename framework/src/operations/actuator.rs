//! What an actuator shows, and where: what the builder is told.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::health::{GivenIndicator, Indicator};
use crate::base::Places;

/// Shows how an application is, below one path: whether it is well, what is mapped, numbers. Off unless it is given to
/// [`Config::actuator`](crate::Config::actuator).
///
/// | path | answers |
/// |---|---|
/// | `/actuator` | the names below |
/// | `/actuator/health` | 200 `{"status":"UP"}`, or 503 and `"DOWN"`; with all `components`, what is wrong with each, and the groups |
/// | `/actuator/health/live` | 200 as long as the process serves: restart it where this fails |
/// | `/actuator/health/ready` | 200 while it may be given requests: 503 from the first moment of a stop, and while an indicator is not well |
/// | `/actuator/routes` | what is mapped: patterns, methods, conditions, handlers with file and line, filters in their order, limits; and filters, resources and error pages by themselves |
/// | `/actuator/info` | what [`Actuator::info`] says, the version of Vernal, when the application began |
/// | `/actuator/sessions` | how many sessions the store holds, if it knows |
/// | `/actuator/rooms` | how many WebSocket rooms there are in the process, and how many members |
///
/// Answers are JSON. All of it takes GET and HEAD.
///
/// It tells strangers what they need not know. So it stands on a port of its own, which only those reach who run the application:
///
/// ```no_run
/// use vernal::{Actuator, server};
///
/// # fn main() -> vernal::Result {
/// server::new().port(8080).actuator(Actuator::new().port(9091)).start()
/// # }
/// ```
///
/// or behind a filter that authenticates, else it is an error at start:
///
/// ```
/// use vernal::security::BasicAuth;
/// use vernal::{Actuator, server};
///
/// let operators = BasicAuth::new("operations", async |name: String, password: String| {
///     (name, password) == ("probe".to_owned(), "a long secret".to_owned())
/// });
/// let server = server::new().filter("/actuator/**", operators).actuator(Actuator::new());
/// # let _ = server;
/// ```
#[derive(Default)]
pub struct Actuator {
    pub(crate) base: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) host: Option<String>,
    pub(crate) indicators: Vec<GivenIndicator>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) info: Vec<(String, Value)>,
}

impl Actuator {
    /// One at `/actuator`, on the port of the application.
    pub fn new() -> Actuator {
        Actuator::default()
    }

    /// The path that everything is below. Default `/actuator`.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Actuator {
        let path = path.into();
        self.base = Some(path.trim_end_matches('*').trim_end_matches('/').to_owned());
        self
    }

    /// Serves it on a port of its own, in plain HTTP and without the filters of the application; 0 lets the system choose. It is the last of
    /// [`Bound::local_addrs`](crate::server::Bound::local_addrs). A test client has no port, and so no actuator then.
    #[must_use]
    pub fn port(mut self, port: u16) -> Actuator {
        self.port = Some(port);
        self
    }

    /// The address of that port: `127.0.0.1` for probes and scrapers of the same machine alone. Default: that of the server, or all where it
    /// listens on Unix sockets.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Actuator {
        self.host = Some(host.into());
        self
    }

    /// Asks this indicator too when the health is asked for: an `async` function or closure of up to six states, which
    /// returns a `Result<(), E>`, or a type with the trait [`HealthIndicator`](crate::HealthIndicator). The states may be those that
    /// [`component`](macro@crate::component)s make.
    ///
    /// A store of sessions that can tell how it is, as `RedisStore` can, is one by itself, called `sessions`.
    ///
    /// ```
    /// use vernal::{Actuator, Result, State, component};
    ///
    /// struct Pool;
    ///
    /// impl Pool {
    ///     async fn ping(&self) -> Result {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// #[component]
    /// async fn pool() -> Pool {
    ///     Pool
    /// }
    ///
    /// async fn database(pool: State<&Pool>) -> Result {
    ///     pool.ping().await
    /// }
    ///
    /// let actuator = Actuator::new()
    ///     .indicator("database", database)
    ///     .indicator("stock", async || std::fs::metadata("stock.csv").map(drop));
    /// # let _ = actuator;
    /// ```
    ///
    /// # Errors
    /// A name that is given twice, or a state that nobody gave and no component makes, is an error at start.
    #[must_use]
    #[track_caller]
    pub fn indicator<Arguments: 'static>(
        mut self,
        name: impl Into<Cow<'static, str>>,
        indicator: impl Indicator<Arguments>,
    ) -> Actuator {
        self.indicators.push(GivenIndicator::new(name.into(), indicator));
        self
    }

    /// How long each indicator may take; one that takes longer is not well. They are asked all at once, and what they say holds for half a
    /// second, so that many probes are no burden. Default 800 ms.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Actuator {
        self.timeout = Some(timeout);
        self
    }

    /// Says something at `/actuator/info`.
    ///
    /// ```
    /// use vernal::Actuator;
    ///
    /// let actuator = Actuator::new()
    ///     .info("app", serde_json::json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")}));
    /// # let _ = actuator;
    /// ```
    #[must_use]
    pub fn info(mut self, name: impl Into<String>, value: impl Into<Value>) -> Actuator {
        self.info.push((name.into(), value.into()));
        self
    }

    /// Takes over what the other one says where this one says nothing.
    #[cfg(feature = "config")]
    pub(crate) fn or(mut self, other: Actuator) -> Actuator {
        self.base = self.base.or(other.base);
        self.port = self.port.or(other.port);
        self.host = self.host.or(other.host);
        self.timeout = self.timeout.or(other.timeout);
        self
    }

    /// The path that everything is below.
    pub(crate) fn base(&self) -> &str {
        self.base.as_deref().unwrap_or("/actuator")
    }

    /// Whether that is a path.
    pub(crate) fn is_at_path(&self) -> bool {
        self.base().starts_with('/') && !self.base().contains(['{', '}', '*', '?', '#', '%'])
    }

    /// How long an indicator may take.
    pub(crate) fn timeout_or_usual(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_millis(800))
    }

    /// What is wrong with the settings.
    pub(crate) fn problems(&self, places: &Places) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.is_at_path() {
            problems.push(format!(
                "the actuator's path {:?} is none: write `Actuator::new().at(\"/actuator\")`",
                self.base()
            ));
        }
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            problems.push("no indicator answers in no time: give `Actuator::timeout` some".to_owned());
        }
        if self.host.is_some() && self.port.is_none() {
            let before = places.before("actuator.host");
            problems.push(match before.is_empty() {
                true => {
                    "`Actuator::host` is the address of a port of its own: name that, `Actuator::port(9091)`"
                        .to_owned()
                }
                false => {
                    format!("{before}this is the address of a port of its own: write that too, `port = 9091`")
                }
            });
        }
        for (index, indicator) in self.indicators.iter().enumerate() {
            let name = indicator.name();
            if self.indicators.iter().take(index).any(|other| other.name() == name) {
                problems.push(format!("two health indicators are called {name:?}"));
            }
        }
        problems
    }
}

impl fmt::Debug for Actuator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actuator")
            .field("base", &self.base())
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
