//! The description of an application: what it is mapped to, and what stands before it.

mod channels;
#[cfg(feature = "openapi-ui")]
mod interface;
mod served;

pub(crate) use served::{channels, filters};

use std::collections::BTreeMap;

use super::App;
use crate::base::{Location, say};
use crate::chain::AnyFilter;
#[cfg(feature = "negotiation")]
use crate::content::Formats;
use crate::contract::Guards;
use crate::openapi::{self, DescribedPage, DescribedPages, Document, OpenApi, Operation, Surroundings};
use crate::routing::Router;
use crate::session::Sessions;

impl App {
    /// The description of the application in OpenAPI, made of its mappings: paths, arguments, answers, filters that authenticate. Types
    /// that derive `schemars::JsonSchema` have their schemas in it. Title and version are those of
    /// [`Config::openapi`](crate::Config::openapi).
    pub fn openapi(&self) -> Document {
        let settings = self.0.openapi.clone().unwrap_or_default();
        self.openapi_of(&settings)
    }

    fn openapi_of(&self, settings: &OpenApi) -> Document {
        let guards = |at: &Location, pattern: &str| guards([&self.0.router], at, pattern);
        let context = &self.0.answers.context;
        #[cfg(feature = "negotiation")]
        let forms: Vec<_> = context.state::<Formats>().into_iter().flat_map(Formats::media_types).collect();
        #[cfg(not(feature = "negotiation"))]
        let forms: Vec<&str> = Vec::new();
        let surroundings = Surroundings {
            guards: &guards,
            session_cookie: Sessions::cookie_name(context),
            pages: &self.pages(),
            forms: &forms,
            invalid: context.invalid_status.map(|status| status.as_u16()),
        };
        told(openapi::openapi(settings, &self.operations(), &surroundings))
    }

    fn operations(&self) -> Vec<&'static Operation> {
        let belongs = |operation: &&'static Operation| operation.mapping.app == self.0.name.as_deref();
        let mut operations: Vec<_> = inventory::iter::<Operation>.into_iter().filter(belongs).collect();
        operations.sort_by_key(|operation| (operation.mapping.order, operation.at, operation.mapping.paths));
        operations
    }

    /// What the error pages answer with.
    fn pages(&self) -> DescribedPages {
        let described: BTreeMap<Location, &'static DescribedPage> =
            inventory::iter::<DescribedPage>.into_iter().map(|page| (page.at, page)).collect();
        let (by_status, by_type) = self.0.answers.pages.places();
        let page = |at: Location| described.get(&at).copied();
        DescribedPages {
            by_status: by_status.filter_map(|(status, at)| Some((status, page(at)?))).collect(),
            by_type: by_type.filter_map(page).collect(),
        }
    }
}

/// Tells of what could not be described.
fn told((document, warnings): (Document, Vec<String>)) -> Document {
    for warning in warnings {
        say!(warn, "{warning}");
    }
    document
}

/// What the filters of a mapping ask for.
fn guards<const COUNT: usize>(routers: [&Router; COUNT], at: &Location, pattern: &str) -> Guards {
    let mut guards = Guards::default();
    for (filter, is_always) in routers.into_iter().flat_map(|router| router.filters_of(at, pattern)) {
        let AnyFilter::Given(given) = filter else { continue };
        let mut own = Guards::default();
        given.filter.describe(&mut own);
        let schemes = own.schemes.into_iter();
        guards.schemes.extend(schemes.map(|(scheme, is_optional)| (scheme, is_optional || !is_always)));
        own.refusals.into_iter().for_each(|status| guards.refuses(status));
    }
    guards
}
