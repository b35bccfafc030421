//! What is measured, as the builder is told.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use prometheus_client::registry::Registry;

use super::sift::total_by_itself;

/// Measures requests, connections and WebSockets, for Prometheus and whatever else reads the OpenMetrics text form, at the actuator's
/// `/metrics`. Given to [`Config::metrics`](crate::Config::metrics), and shown by the [`Actuator`](crate::Actuator) that must be given too.
///
/// | name | kind | labels | is |
/// |---|---|---|---|
/// | `http_server_request_duration_seconds` | histogram | `http_request_method`, `http_route`, `http_response_status_code` | from the first byte of a request to the end of its answer |
/// | `http_server_active_requests` | gauge | `http_request_method` | requests that wait for their handler, their body or their peer |
/// | `http_server_aborted_requests_total` | counter | `http_route` | connections that ended before the answer did |
/// | `http_server_response_body_bytes_total` | counter | | bytes of bodies that were sent |
/// | `vernal_refusals_total` | counter | `limit` | requests that one of [`Limits`](crate::Limits) refused, by its name, and `rate_limit` |
/// | `vernal_connections` | gauge | | open connections |
/// | `vernal_websocket_sessions` | gauge | | open WebSocket sessions |
/// | `vernal_websocket_messages_total` | counter | `direction`: `received`, `sent` | their messages |
/// | `vernal_sessions` | gauge | | sessions that the store holds, where it knows |
/// | `vernal_rooms`, `vernal_room_members` | gauge | | rooms of the process, and who is in them |
///
/// `http_route` is what [`Request::pattern`](crate::Request::pattern) says: the pattern of the mapping, or of what else has the path, and empty where nobody
/// has it; methods that are not registered are `_OTHER`. So the number of series is bounded, whatever peers send; and memory is, though nobody asks.
///
/// Metrics of your own go to the same page, by the crate `prometheus-client`, which [`vernal::prometheus_client`](crate::prometheus_client) is:
///
/// ```
/// use std::sync::LazyLock;
///
/// use vernal::prometheus_client::metrics::counter::Counter;
/// use vernal::security::BasicAuth;
/// use vernal::{Actuator, Metrics, request_map, test};
///
/// static SOLD: LazyLock<Counter> = LazyLock::new(Counter::default);
///
/// #[request_map("/buy", method = "POST")]
/// fn buy() -> &'static str {
///     SOLD.inc();
///     "yours"
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let metrics = Metrics::new().register(|registry| registry.register("shop_sold", "Articles that were sold", SOLD.clone()));
/// let client = test::Client::builder()
///     .filter("/actuator/**", BasicAuth::new("operations", async |_: String, password: String| password == "secret"))
///     .actuator(Actuator::new())
///     .metrics(metrics)
///     .build();
/// client.post("/buy").await.assert_status(200);
/// let page = client.get("/actuator/metrics").header("authorization", "Basic YW5uOnNlY3JldA==").await;
/// page.assert_contains("shop_sold_total 1\n").assert_contains("http_route=\"/buy\"");
/// # }
/// ```
pub struct Metrics {
    pub(crate) registry: Registry,
    pub(crate) buckets: Vec<f64>,
    /// What is wrong with those that were registered.
    pub(crate) problems: Vec<String>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics { registry: Registry::default(), buckets: BUCKETS.to_vec(), problems: Vec::new() }
    }
}

impl Metrics {
    /// The metrics of the table above.
    pub fn new() -> Metrics {
        Metrics::default()
    }

    /// Adds metrics of your own. Names of letters, digits, `_` and `:`; counters get their `_total` by themselves. A name that is none, or that is
    /// there twice, and a help text of several lines are errors at start; what shows only later, as a label `a-b`, is left out of the page, and the log
    /// says so. Labels must say no more than a bounded number of things: each is a
    /// series that is kept for ever.
    #[must_use]
    pub fn register(mut self, register: impl FnOnce(&mut Registry)) -> Metrics {
        // In builds with debug assertions the registry panics at some names.
        let registering = catch_unwind(AssertUnwindSafe(|| register(&mut self.registry)));
        if let Err(payload) = registering {
            match payload.downcast_ref::<String>().and_then(|words| refused_counter(words)) {
                Some(name) => self.problems.push(total_by_itself(name)),
                None => resume_unwind(payload),
            }
        }
        self
    }

    /// The upper bounds of the buckets of durations, in seconds and in order. Default: those that OpenTelemetry advises, 0.005 to 10.
    #[must_use]
    pub fn buckets(mut self, seconds: impl IntoIterator<Item = f64>) -> Metrics {
        self.buckets = seconds.into_iter().collect();
        self
    }
}

/// The counter that the registry does not take, by what it says.
fn refused_counter(words: &str) -> Option<&str> {
    let (name, _) = words.strip_prefix("counter name ")?.split_once(" must not end with _total")?;
    Some(name)
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("buckets", &self.buckets).finish_non_exhaustive()
    }
}

/// Advised for `http.server.request.duration`.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
