//! The doors of the benchmarks in `benches/`. Not a part of the public interface: it changes without notice.
//!
//! A whole request costs ten times what is looked at here, so the public interface would show little of it. The
//! doors are always compiled, so that they go with what is behind them; a program that does not call them does not
//! hold them either.

use crate::base::Headers;
use crate::http::Params;
use crate::http::path::PathValues;
use crate::registry::Route;
use crate::routing::{Facts, Found, Router};

/// Routing by itself: no request is read, no handler is called.
pub struct Routing {
    router: Router,
    headers: Headers,
    none: Params,
    values: PathValues,
}

impl Routing {
    /// Builds it as an application does.
    ///
    /// # Errors
    /// What is wrong with the routes.
    pub fn build(routes: &[&'static Route]) -> Result<Routing, Vec<String>> {
        let router = Router::build(routes, &[])?;
        let (headers, none, values) = (Headers::new(), Params::default(), PathValues::default());
        Ok(Routing { router, headers, none, values })
    }

    /// Finds the mapping of a request and the filters around it. Gives the number of path variables.
    pub fn find(&mut self, method: &http::Method, path: &str) -> Option<usize> {
        let Routing { router, headers, none, values } = self;
        let facts = Facts { method, path, headers, query: none, form: none, form_pending: false };
        let Found::Route(entry) = router.find(&facts, values) else {
            return None;
        };
        let filters = router.filters_for(entry, path);
        Some(values.named.len() + filters.len())
    }
}
