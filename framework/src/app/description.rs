//! The description of an application: what it is mapped to, and what stands before it.

mod channels;
#[cfg(debug_assertions)]
mod held;
#[cfg(feature = "openapi-ui")]
mod interface;
mod served;

#[cfg(debug_assertions)]
pub(crate) use held::Held;
pub(crate) use served::{channels, filters};

use std::collections::BTreeMap;

use super::App;
use super::application::Inner;
use crate::base::{Location, sorted};
use crate::chain::{AnyFilter, DeclaredFilter};
#[cfg(feature = "negotiation")]
use crate::content::Formats;
use crate::contract::Guards;
use crate::openapi::{
    self, DescribedFilter, DescribedPage, DescribedPages, DescribedResponse, Document, OpenApi, Operation,
    Surroundings,
};
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
        let operations = self.0.operations();
        let (document, warnings) =
            self.0.surrounded(|surroundings| openapi::openapi(settings, &operations, surroundings));
        self.0.warned_of_openapi.of(&warnings);
        document
    }

    /// Tells at start of types without a schema, where there is to be a description.
    pub(super) fn warn_of_unknown_types(&self) {
        if let Some(settings) = &self.0.openapi {
            let operations = self.0.operations();
            let unknown =
                self.0.surrounded(|surroundings| openapi::unknown(settings, &operations, surroundings));
            self.0.warned_of_openapi.of(&unknown);
        }
        if self.0.asyncapi.is_some() {
            let unknown = self.among_channels(openapi::unknown_of_channels);
            self.0.warned_of_asyncapi.of(&unknown);
        }
    }
}

impl Inner {
    /// What each mapping is described with.
    #[cfg(debug_assertions)]
    pub(super) fn statuses(&self) -> held::Statuses {
        let operations = self.operations();
        self.surrounded(|surroundings| openapi::statuses(&operations, surroundings))
    }

    /// Asks with what the application knows beside operations.
    fn surrounded<T>(&self, ask: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let guards = |at: &Location, pattern: &str| guards([&self.router], at, pattern);
        let context = &self.answers.context;
        #[cfg(feature = "negotiation")]
        let forms: Vec<_> = context.state::<Formats>().into_iter().flat_map(Formats::media_types).collect();
        #[cfg(not(feature = "negotiation"))]
        let forms: Vec<&str> = Vec::new();
        let of_filters = |at: &Location, pattern: &str| of_filters(&self.router, at, pattern);
        ask(&Surroundings {
            guards: &guards,
            of_filters: &of_filters,
            session_cookie: Sessions::cookie_name(context),
            pages: &self.pages(),
            forms: &forms,
            invalid: context.invalid_status.map(|status| status.as_u16()),
        })
    }

    fn operations(&self) -> Vec<&'static Operation> {
        let belongs = |operation: &&'static Operation| operation.mapping.app == self.name.as_deref();
        let mut operations: Vec<_> = inventory::iter::<Operation>.into_iter().filter(belongs).collect();
        sorted::sort_by_key(&mut operations, |operation| {
            (operation.mapping.order, operation.at, operation.mapping.paths)
        });
        operations
    }

    /// What the error pages answer with.
    fn pages(&self) -> DescribedPages {
        let described: BTreeMap<Location, &'static DescribedPage> =
            inventory::iter::<DescribedPage>.into_iter().map(|page| (page.at, page)).collect();
        let (by_status, by_type) = self.answers.pages.places();
        let page = |at: Location| described.get(&at).copied();
        DescribedPages {
            by_status: by_status.filter_map(|(status, at)| Some((status, page(at)?))).collect(),
            by_type: by_type.filter_map(page).collect(),
        }
    }
}

/// What is said in the attribute of a filter that is a function.
fn said(declared: &'static DeclaredFilter) -> Option<&'static DescribedFilter> {
    inventory::iter::<DescribedFilter>.into_iter().find(|filter| {
        let own = &declared.mapping;
        filter.at == declared.function.at
            && (filter.paths, filter.regexp) == (own.paths, own.regexp.map(|regexp| regexp.source()))
    })
}

/// What filters that are functions may answer to a mapping by themselves.
fn of_filters(router: &Router, at: &Location, pattern: &str) -> Vec<&'static DescribedResponse> {
    let declared = router.filters_of(at, pattern).into_iter().filter_map(|(filter, _)| match filter {
        AnyFilter::Declared(declared) => said(declared),
        AnyFilter::Given(_) => None,
    });
    declared.flat_map(|filter| filter.responses).collect()
}

/// What the filters of a mapping ask for.
fn guards<const COUNT: usize>(routers: [&Router; COUNT], at: &Location, pattern: &str) -> Guards {
    let mut guards = Guards::default();
    for (filter, is_always) in routers.into_iter().flat_map(|router| router.filters_of(at, pattern)) {
        let mut own = Guards::default();
        match filter {
            AnyFilter::Given(given) => given.filter.describe(&mut own),
            AnyFilter::Declared(declared) => {
                let Some(filter) = said(declared) else { continue };
                (filter.guards)(&mut own);
                // Who says what is answered says it of those who are refused, too.
                if !filter.responses.is_empty() {
                    own.refusals.clear();
                    own.unsafe_refusals.clear();
                }
            }
        }
        let schemes = own.schemes.into_iter();
        guards.schemes.extend(schemes.map(|(scheme, is_optional)| (scheme, is_optional || !is_always)));
        own.refusals.into_iter().for_each(|status| guards.refuses(status));
        own.unsafe_refusals.into_iter().for_each(|status| guards.refuses_unsafe(status));
    }
    guards
}
