//! What the attributes submit: plain const data, function pointers, no trait objects.
//!
//! Every item knows where it stands in the source. The registry has no order (inventory promises none), so
//! nothing may depend on one: routes sort by specificity, then `order`, then [`Location`].

use std::panic;
use std::sync::Arc;

use crate::app::{self, ErrorContext, FilterContext, Next};
use crate::base::Location;
use crate::bind::{Arg, StateNeed};
use crate::http::{BoxFuture, Context, ErrorType, Instance, Request, Response, Result};
use crate::matching::Mapping;
use crate::route::Route;
use crate::websocket::styles::WebSocketEvent;

pub use inventory;

/// An attribute of a request filter. A function may have several, and is one filter all the same.
pub struct Filter {
    /// Which paths it filters; methods and conditions are not used.
    pub mapping: Mapping,
    /// Also runs for paths that nothing else matches.
    pub unmatched: bool,
    /// The function, the same one for all its attributes.
    pub function: &'static FilterFunction,
}

/// The function of a request filter.
pub struct FilterFunction {
    /// States it asks for.
    pub states: &'static [StateNeed],
    /// Its adapter.
    pub call: for<'c> fn(&'c mut FilterContext<'_>, Next<'c>) -> BoxFuture<'c, Result>,
    /// Where it stands.
    pub at: Location,
}

/// A filter that was given to the server as a value.
pub(crate) struct GivenFilter {
    /// The pattern of its paths.
    pub(crate) path: &'static str,
    pub(crate) filter: Box<dyn app::Filter>,
    pub(crate) at: Location,
}

impl GivenFilter {
    /// One that is given by the caller of the function this is called in.
    #[track_caller]
    pub(crate) fn new<F: app::Filter>(path: &'static str, filter: F) -> GivenFilter {
        let at = panic::Location::caller();
        let name = std::any::type_name::<F>();
        let at = Location { file: at.file(), line: at.line(), column: at.column(), module: "", name };
        GivenFilter { path, filter: Box::new(filter), at }
    }

    /// What is wrong with its settings.
    pub(crate) fn problem(&self) -> Option<String> {
        self.filter.check().err().map(|problem| format!("the filter {}: {problem}", self.at))
    }
}

/// A filter of an application.
#[derive(Clone)]
pub(crate) enum AnyFilter {
    /// Written with an attribute.
    Declared(&'static Filter),
    /// Given to the server; these run first, in the order they were given in.
    Given(Arc<GivenFilter>),
}

impl AnyFilter {
    pub(crate) fn at(&self) -> &Location {
        match self {
            AnyFilter::Declared(filter) => &filter.function.at,
            AnyFilter::Given(filter) => &filter.at,
        }
    }

    /// Whether it also runs for paths that nothing else matches.
    pub(crate) fn is_unmatched(&self) -> bool {
        match self {
            AnyFilter::Declared(filter) => filter.unmatched,
            AnyFilter::Given(filter) => {
                filter.filter.unmatched() || filter.filter.answers() || filter.filter.every_answer()
            }
        }
    }

    /// Whether it has a say in every answer of its pattern.
    pub(crate) fn is_on_every_answer(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => false,
            AnyFilter::Given(filter) => filter.filter.every_answer(),
        }
    }

    /// Whether it answers all requests of its pattern by itself, and reads their bodies as they come.
    pub(crate) fn answers(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => false,
            AnyFilter::Given(filter) => filter.filter.answers(),
        }
    }

    /// Whether it may look at the body of a request.
    pub(crate) fn reads_body(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => true,
            AnyFilter::Given(filter) => filter.filter.reads_body(),
        }
    }

    pub(crate) fn is_same(&self, other: &AnyFilter) -> bool {
        match (self, other) {
            (AnyFilter::Declared(one), AnyFilter::Declared(other)) => std::ptr::eq(*one, *other),
            (AnyFilter::Given(one), AnyFilter::Given(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Whether both are one function, by two of its attributes.
    pub(crate) fn is_same_function(&self, other: &AnyFilter) -> bool {
        match (self, other) {
            (AnyFilter::Declared(one), AnyFilter::Declared(other)) => {
                std::ptr::eq(one.function, other.function)
            }
            (one, other) => one.is_same(other),
        }
    }

    pub(crate) fn call<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        match self {
            AnyFilter::Declared(filter) => (filter.function.call)(cx, next),
            AnyFilter::Given(filter) => filter.filter.filter(cx, next),
        }
    }
}

/// How an error page's adapter is called.
#[derive(Clone, Copy)]
pub enum Page {
    /// A plain `fn`.
    Now(for<'r> fn(&'r ErrorContext<'r>, &'r mut Response) -> Result),
    /// An `async fn`.
    Async(for<'r> fn(&'r ErrorContext<'r>, &'r mut Response) -> BoxFuture<'r, Result>),
}

/// A page for error statuses.
pub struct ErrorPage {
    /// `404`, `50x`; empty is every status. The macro has checked them.
    pub codes: &'static [&'static str],
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// The type of errors it is for, whatever their status.
    pub error: Option<ErrorType>,
    /// States it asks for.
    pub states: &'static [StateNeed],
    /// Its adapter.
    pub page: Page,
    /// Where it stands.
    pub at: Location,
}

/// A shared controller: built once for each application at start.
pub struct Controller {
    /// Where its instance is kept in the application.
    pub instance: &'static Instance,
    /// Builds it; its arguments come from state.
    pub build: fn(&Context) -> Result<Box<dyn std::any::Any + Send + Sync>>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// The function behind `#[default_model_binding]`.
pub struct DefaultBinding {
    /// Its adapter.
    pub call: for<'r> fn(&'r Request, &Arg) -> Result<serde_json::Value>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// A folder whose files `scan!` has made modules. Only in debug builds.
#[derive(Debug)]
pub struct Scanned {
    /// The folder, wherever the program runs.
    pub folder: &'static str,
    /// As it stands in the source.
    pub written: &'static str,
    /// Which files are wanted, by their paths inside the folder.
    pub regexp: &'static str,
    /// Those that there were while compiling.
    pub files: &'static [&'static str],
}

inventory::collect!(Route);
inventory::collect!(Filter);
inventory::collect!(ErrorPage);
inventory::collect!(Controller);
inventory::collect!(DefaultBinding);
inventory::collect!(WebSocketEvent);
inventory::collect!(Scanned);
