//! What is measured of requests.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ::http::Method;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::labels::{One, Requests};
use super::page;
use super::settings::Metrics;
use super::vitals::Vitals;
use crate::base::{counted, say};
use crate::http::Request;
use crate::operations::access::{Answered, End};
use crate::operations::method::known;

/// The measures of an application.
pub(crate) struct Measures {
    ours: Registry,
    /// Those of the user's own.
    theirs: Registry,
    /// It has been told what is left out of them.
    has_told: AtomicBool,
    durations: Family<Requests, Histogram, Buckets>,
    /// What most requests to a mapping are, by its number: found without a look at a table.
    usual: Box<[OnceLock<Usual>]>,
    active: Family<One, Gauge>,
    aborted: Family<One, Counter>,
    refusals: Family<One, Counter>,
    response_bytes: Counter,
}

/// The first kind of request that a mapping has answered well.
struct Usual {
    method: Method,
    durations: Histogram,
}

/// Makes a histogram.
#[derive(Clone)]
struct Buckets(Arc<[f64]>);

impl prometheus_client::metrics::family::MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl Measures {
    /// Measures of an application with so many mappings.
    ///
    /// # Errors
    /// What is wrong with the metrics of the user's own.
    pub(crate) fn new(settings: Metrics, mappings: usize, vitals: Vitals) -> Result<Measures, Vec<String>> {
        let Metrics { registry: theirs, buckets, mut problems } = settings;
        if buckets.is_empty()
            || buckets.iter().any(|bound| !bound.is_finite())
            || !buckets.is_sorted_by(|one, next| one < next)
        {
            return Err(vec![
                "the buckets of durations must be some numbers in ascending order (Metrics::buckets)"
                    .to_owned(),
            ]);
        }
        problems.extend(page::sifted(&theirs).1);
        if !problems.is_empty() {
            return Err(problems);
        }
        let durations = Family::new_with_constructor(Buckets(buckets.into()));
        let (active, aborted, refusals) = (Family::default(), Family::default(), Family::default());
        let response_bytes = Counter::default();
        let mut registry = Registry::default();
        registry.register_with_unit(
            "http_server_request_duration",
            "From the first byte of a request to the end of its answer",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register(
            "http_server_active_requests",
            "Requests that wait for their handler, their body or their peer",
            active.clone(),
        );
        registry.register(
            "http_server_aborted_requests",
            "Requests whose connection ended before the answer did",
            aborted.clone(),
        );
        registry.register(
            "http_server_response_body_bytes",
            "Bytes of the bodies of answers",
            response_bytes.clone(),
        );
        registry.register("vernal_refusals", "Requests that a limit refused", refusals.clone());
        registry.register_collector(Box::new(vitals));
        let usual = std::iter::repeat_with(OnceLock::new).take(mappings).collect();
        let has_told = AtomicBool::new(false);
        Ok(Measures {
            ours: registry,
            theirs,
            has_told,
            durations,
            usual,
            active,
            aborted,
            refusals,
            response_bytes,
        })
    }

    /// All numbers, in the text form of OpenMetrics 1.0 or the older one of Prometheus.
    pub(crate) fn page(&self, is_open_metrics: bool) -> String {
        let (text, problems) = page::text(&self.theirs, &self.ours);
        // What was wrong at start already is an error there.
        if let Some(first) = problems.first()
            && !self.has_told.swap(true, Ordering::Relaxed)
        {
            let count = counted(problems.len() as u64, "time");
            say!(warn, "left something out of the page of metrics, {count}: {first}");
        }
        if is_open_metrics { text } else { page::plain(&text) }
    }

    /// A request begins to wait for something.
    pub(crate) fn begin(&self, request: &Request) -> InFlight {
        InFlight::new(self.active.get_or_create_owned(&One("http_request_method", known(&request.method))))
    }

    /// A request has been answered, or never will be.
    pub(crate) fn tell(&self, answered: &Answered<'_>) {
        self.response_bytes.inc_by(answered.bytes.unwrap_or(0));
        let took = answered.took.as_secs_f64();
        match self.place(answered).and_then(OnceLock::get) {
            Some(usual) if usual.method == answered.request.method => usual.durations.observe(took),
            _ => self.tell_unusual(answered, took),
        }
    }

    /// Where the histogram of a request lies if it is one that its mapping answers well, and nothing else is to be counted.
    #[inline]
    fn place(&self, answered: &Answered<'_>) -> Option<&OnceLock<Usual>> {
        if answered.status != 200 || answered.end != End::Answered || answered.limit.is_some() {
            return None;
        }
        self.usual.get((answered.request.mapping as usize).checked_sub(1)?)
    }

    #[cold]
    fn tell_unusual(&self, answered: &Answered<'_>, took: f64) {
        if let Some(limit) = answered.limit {
            self.refused(limit);
        }
        let route = answered.understood().and_then(Request::pattern).unwrap_or("");
        if answered.end == End::Cut {
            self.aborted.get_or_create(&One("http_route", route)).inc();
            return;
        }
        let method = answered.understood().map_or("_OTHER", |request| known(&request.method));
        let labels = Requests { method, route, status: answered.status };
        let durations = self.durations.get_or_create_owned(&labels);
        durations.observe(took);
        if let Some(place) = self.place(answered) {
            let _ = place.set(Usual { method: answered.request.method.clone(), durations });
        }
    }

    /// A limit has refused a request, or a connection before there was one.
    pub(crate) fn refused(&self, limit: &'static str) {
        self.refusals.get_or_create(&One("limit", limit)).inc();
    }
}

impl fmt::Debug for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Measures")
    }
}

/// A request that waits for something, as long as this is there.
pub(crate) struct InFlight(Gauge);

impl InFlight {
    fn new(gauge: Gauge) -> InFlight {
        gauge.inc();
        InFlight(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
