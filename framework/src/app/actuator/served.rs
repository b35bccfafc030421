//! The paths of an actuator.

use ::http::StatusCode;
use serde_json::{Value, json};

use super::super::application::App;
use super::super::described::Described;
use super::super::reading::is_looked_at;
use crate::chain::{Filter, FilterContext, GivenFilter, Next};
use crate::http::{BoxFuture, Error, Result};
use crate::matching::kept;
use crate::operations::{Actuator, Report};
#[cfg(feature = "metrics")]
use crate::proto::accept::best;
use crate::websocket::handles::Rooms;

/// What answers at the paths that the settings name.
#[track_caller]
pub(crate) fn filter(settings: &Actuator, described: &Described) -> GivenFilter {
    let pattern = format!("{}/**", settings.base());
    GivenFilter::showing("actuator", kept(pattern), Actuate { described: described.clone() })
}

/// Answers for an application.
pub(super) struct Actuate {
    described: Described,
}

impl Actuate {
    fn of(app: &App) -> Actuate {
        let described = Described::default();
        described.is(app);
        Actuate { described }
    }

    async fn answer(&self, cx: &mut FilterContext<'_>) -> Result {
        let app = self.described.app()?;
        let Some(actuating) = &app.0.actuating else { return Err(unknown()) };
        // As filters see it, so that none is gone round.
        let rest = cx.request.path.matched().strip_prefix(&*actuating.base).ok_or_else(unknown)?;
        // On a port of its own every path comes here.
        let is_below = rest.is_empty() || rest.starts_with('/');
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let rest = rest.strip_suffix('/').unwrap_or(rest).to_owned();
        #[cfg(feature = "metrics")]
        let is_measured = rest == "metrics" && app.0.observers.measures.is_some();
        #[cfg(not(feature = "metrics"))]
        let is_measured = false;
        if !is_below || !(rest.is_empty() || PATHS.contains(&&*rest) || is_measured) {
            return Err(unknown());
        }
        if !is_looked_at(cx)? {
            return Ok(());
        }
        let body = match &*rest {
            "" => {
                #[cfg(feature = "metrics")]
                let metrics = app.0.observers.measures.as_ref().map(|_| "metrics");
                #[cfg(not(feature = "metrics"))]
                let metrics = None;
                let names = PATHS.into_iter().chain(metrics);
                let paths: Vec<_> = names.map(|name| format!("{}/{name}", actuating.base)).collect();
                json!({"paths": paths})
            }
            "health" => {
                let mut report = Report::of(&actuating.indicators.ask(&app.0.answers.context).await);
                report.body["groups"] = json!(["live", "ready"]);
                told(report, cx)
            }
            "health/live" => told(Report::alive(), cx),
            "health/ready" if !actuating.lives.is_ready() => told(Report::out_of_service(), cx),
            "health/ready" => told(Report::of(&actuating.indicators.ask(&app.0.answers.context).await), cx),
            "routes" => app.0.routes(),
            #[cfg(feature = "metrics")]
            "metrics" => {
                let offers = ["text/plain", "application/openmetrics-text"];
                // Who likes neither has asked for this all the same.
                let is_open_metrics = best(&offers, cx.request.headers.element_bytes("accept")) == Some(1);
                let page = app.0.observers.measures.as_ref().ok_or_else(unknown)?.page(is_open_metrics);
                cx.response.set_header("content-type", if is_open_metrics { OPENMETRICS } else { PLAIN });
                cx.response.set_header("vary", "accept");
                cx.response.set_body(page);
                return Ok(());
            }
            "info" => app.0.info(actuating),
            "sessions" => app.0.sessions(),
            "rooms" => {
                let (rooms, members) = Rooms::totals();
                json!({"rooms": rooms, "members": members})
            }
            _ => return Err(unknown()),
        };
        cx.response.set_header("content-type", "application/json");
        cx.response.set_body(serde_json::to_vec(&body)?);
        Ok(())
    }
}

impl App {
    /// What answers there, and nothing else.
    ///
    /// # Errors
    /// None that a caller can make.
    pub(crate) fn actuator_alone(&self) -> Result<App> {
        self.beside(Actuate::of(self))
    }
}

#[cfg(feature = "metrics")]
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(feature = "metrics")]
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The names below the path.
const PATHS: [&str; 7] = ["health", "health/live", "health/ready", "routes", "info", "sessions", "rooms"];

fn told(report: Report, cx: &mut FilterContext<'_>) -> Value {
    if !report.is_well {
        cx.response.status = StatusCode::SERVICE_UNAVAILABLE;
    }
    report.body
}

fn unknown() -> Error {
    Error::new(404, "Not Found").explain("The actuator has nothing of this name.")
}

impl Filter for Actuate {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        // Neither what is so now, nor that something is not, is to be answered by anybody else later.
        cx.response.headers.insert("cache-control", "no-store");
        Box::pin(self.answer(cx))
    }

    fn reads_body(&self) -> bool {
        false
    }

    fn answers(&self) -> bool {
        true
    }
}
