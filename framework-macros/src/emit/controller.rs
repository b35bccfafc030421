//! An impl block whose methods are mapped: one shared object or one for each request, and a route for each method.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::LitStr;
use syn::spanned::Spanned;

use super::adapter::{Adapter, Callee};
use super::binding::Source;
use super::instance;
use super::route::{self, MAPPING, invalid_of, route};
use super::tokens::{const_block, finished, local, registered};
use crate::attr::{
    self, Framework, Instance, Mapping, Mentions, New, Options, Place, Written, take_siblings,
};
use crate::block::{Block, has_attribute};
use crate::check;
use crate::errors::{Errors, did_you_mean};
use crate::handler::{HandlerFn, SelfBy};
use crate::lifetimes::SELF_ALIAS;

/// What the attributes above an impl block say together.
struct Plan {
    instance: Instance,
    is_shared: bool,
    is_endpoint: bool,
    /// What the methods inherit.
    mapping: Mapping,
    prefixes: Vec<LitStr>,
    /// The doc comment of the block.
    docs: String,
}

/// Expands the first of the attributes above an impl block, with all others below it.
pub(super) fn block(written: Written, mut block: Block) -> TokenStream {
    let mut errors = Errors::new();
    let first = written.span;
    let mut all = vec![written];
    all.extend(take_siblings(
        &mut block.attrs,
        &["request_map", "route", "controller", "endpoint"],
        &mut errors,
    ));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, &mut errors);
    block.check_shape(&mut errors);
    let mut plan = Plan::read(all, &mut errors);
    plan.docs = attr::docs(&block.attrs);
    instance::name_self(&mut plan.instance, &block.self_ty);
    let type_name = block.type_name();
    let routes: Vec<TokenStream> = block
        .functions()
        .filter_map(|function| {
            let mut siblings = take_siblings(&mut function.attrs, &MAPPING, &mut errors);
            mentions.add(&siblings);
            Framework::refuse(&mut siblings, &mut errors);
            plan.method(function, siblings, &type_name, &mut errors)
        })
        .collect();
    if routes.is_empty() && errors.is_empty() {
        if has_attribute(&block.attrs, &["websocket_handler"]) {
            errors.at(first, NO_CONTROLLER);
        } else {
            errors.under(&block.self_ty, plan.nothing_mapped());
        }
    }
    let (alias, self_ty) = (Ident::new(SELF_ALIAS, Span::call_site()), &block.self_ty);
    let shared = plan.is_shared.then(|| instance::submit(&plan.instance, &type_name, self_ty.span()));
    let generated =
        registered(&block.cfgs(), &framework, &quote!(type #alias = #self_ty; #shared #(#routes)*));
    finished(errors, mentions, |with_errors| block.reemitted(with_errors), generated)
}

impl Plan {
    fn read(all: Vec<Written>, errors: &mut Errors) -> Plan {
        let mut controller: Option<(Instance, Option<LitStr>)> = None;
        let mut endpoint: Option<(Instance, Mapping)> = None;
        let mut mapping: Option<Mapping> = None;
        for written in all {
            let (name, span) = (written.name.clone(), written.span);
            if written.condition.is_some() {
                errors.at(span, format!("`{name}` above an impl block cannot depend on a `cfg_attr`: put `#[cfg(…)]` on two blocks"));
            }
            let is_second = match name.as_str() {
                "controller" => controller.replace(Instance::read(written, errors)).is_some(),
                "endpoint" => endpoint.replace(read_endpoint(written, errors)).is_some(),
                _ => mapping.replace(Mapping::read(written, Place::Block, errors)).is_some(),
            };
            if is_second {
                errors
                    .at(span, format!("an impl block takes one `{name}`: join the two, with commas between"));
            }
        }
        if let (Some(_), Some(mapping)) = (&endpoint, &mapping) {
            errors
                .at(mapping.span, "an endpoint has its path already: leave `request_map` out, or `endpoint`");
        }
        Plan::join(controller, endpoint, mapping, errors)
    }

    fn join(
        controller: Option<(Instance, Option<LitStr>)>,
        endpoint: Option<(Instance, Mapping)>,
        mapping: Option<Mapping>,
        errors: &mut Errors,
    ) -> Plan {
        let is_endpoint = endpoint.is_some();
        let has_object = is_endpoint || controller.is_some();
        let (mut instance, prefix) = controller.unwrap_or_default();
        let (own, mapping) = match endpoint {
            Some((own, mapping)) => (own, Some(mapping)),
            None => (Instance::default(), mapping),
        };
        let mut mapping = mapping.unwrap_or_else(|| {
            let written = Written::expanding("request_map", TokenStream::new());
            Mapping::read(written, Place::Block, errors)
        });
        if !matches!(own.new, New::Default) {
            instance.new = own.new;
        }
        instance.per_request = instance.per_request.or(own.per_request);
        let mut prefixes = mapping.paths.clone();
        if let Some(prefix) = prefix {
            if let Some(other) = prefixes.first() {
                errors.under(other, "the paths of this impl block start with `controller`'s text already: keep one of the two");
            }
            prefixes.push(prefix);
        }
        if !is_endpoint {
            prefixes.retain(|prefix| check::prefix(prefix, errors));
        }
        match (&instance.app, &mapping.app) {
            (Some(_), Some(app)) => errors.under(app, "`app` is given twice: keep one of them"),
            (Some(app), None) => mapping.app = Some(app.clone()),
            (None, app) => instance.app.clone_from(app),
        }
        let is_shared = has_object && instance.per_request.is_none();
        Plan { instance, is_shared, is_endpoint, mapping, prefixes, docs: String::new() }
    }

    /// The routes of one method; `None` for helpers.
    fn method(
        &self,
        function: &mut HandlerFn,
        siblings: Vec<Written>,
        type_name: &str,
        errors: &mut Errors,
    ) -> Option<TokenStream> {
        let mappings = if self.is_endpoint {
            self.verb(function, &siblings, errors)?
        } else {
            self.mappings(siblings, errors)
        };
        if mappings.is_empty() {
            return None;
        }
        let arguments = function.take_arguments(&[], errors);
        let object = function.self_by(errors).map(|by| self.object(function, by, errors));
        let adapter = Adapter {
            function,
            arguments: &arguments,
            callee: Callee::Method { object },
            source: Source::Request,
            status: route::status(&mappings, errors),
            invalid: invalid_of(&mappings, errors),
        };
        adapter.check_responses(errors);
        let name = format!("{type_name}::{}", function.name());
        let place = route::Place {
            name: &name,
            prefixes: &self.prefixes,
            is_endpoint: self.is_endpoint,
            owner: Some((type_name, &self.docs)),
        };
        let routes: Vec<_> =
            mappings.iter().map(|mapping| route(&adapter, mapping, &place, errors)).collect();
        let (items, described) = (adapter.items(), route::described(&adapter, &mappings));
        Some(const_block(&function.cfgs(), &quote!(#items #described #(#routes)*)))
    }

    /// The mappings of a method of a controller, joined with the block's.
    fn mappings(&self, siblings: Vec<Written>, errors: &mut Errors) -> Vec<Mapping> {
        let place = if self.prefixes.is_empty() { Place::Function } else { Place::Method };
        let own = siblings.into_iter().map(|written| {
            let mapping = Mapping::read(written, place, errors);
            if let Some(app) = &mapping.app {
                errors.under(app, "`app` goes on the impl block, for its object belongs to one application");
            }
            mapping.under(&self.mapping)
        });
        own.collect()
    }

    /// The mapping of an endpoint's method, which is named after what it answers; `None` for helpers.
    fn verb(&self, function: &HandlerFn, siblings: &[Written], errors: &mut Errors) -> Option<Vec<Mapping>> {
        for written in siblings {
            errors.at(
                written.span,
                "the methods of an endpoint are mapped by their names: leave `request_map` out",
            );
        }
        let name = function.name();
        if !VERBS.contains(&name.as_str()) {
            if let Some(meant) = did_you_mean(&name, VERBS) {
                errors.at(
                    function.sig.ident.span(),
                    format!("an endpoint has no method `{name}`: did you mean `{meant}`? (a helper needs a name less like it)"),
                );
            }
            return None;
        }
        let mut mapping = self.mapping.clone();
        mapping.paths.clear();
        mapping.methods = vec![name.to_ascii_uppercase()];
        mapping.blocking = mapping.blocking.filter(|_| !function.is_async());
        Some(vec![mapping])
    }

    /// How a method gets its object, and how it is lent.
    fn object(&self, function: &HandlerFn, by: SelfBy, errors: &mut Errors) -> (TokenStream, SelfBy) {
        let req = local("__req", Span::call_site());
        if !self.is_shared {
            return (instance::make(&self.instance, &quote!(#req.context())), by);
        }
        if by != SelfBy::Reference {
            let way = if self.is_endpoint {
                "`#[endpoint(\"…\", per_request)]`"
            } else {
                "`#[controller(per_request)]`"
            };
            errors.under(
                function.sig.receiver(),
                format!("all requests share this object, so its methods take `&self`: for a new object for each write {way}"),
            );
        }
        let alias = Ident::new(SELF_ALIAS, Span::call_site());
        // The local is the reference already.
        (quote!(#req.instance::<#alias>(&__INSTANCE)), SelfBy::Value)
    }

    fn nothing_mapped(&self) -> &'static str {
        if self.is_endpoint {
            return "this endpoint answers nothing: name a method of it `get`, `post`, `put`, `delete` or `patch`";
        }
        "no method of this impl block is mapped: write `#[request_map(\"/path\")]` above those that answer requests"
    }
}

fn read_endpoint(written: Written, errors: &mut Errors) -> (Instance, Mapping) {
    let mut options = Options::parse(written.tokens, errors);
    let mapping = Mapping::take(written.span, None, Place::Endpoint, &mut options, errors);
    let instance = Instance::take(&mut options, errors);
    options.finish("endpoint", errors);
    (instance, mapping)
}

const VERBS: [&str; 10] =
    ["get", "post", "put", "delete", "patch", "head", "options", "trace", "connect", "query"];

/// What is said where an impl block of events is a controller, too.
pub(super) const NO_CONTROLLER: &str =
    "`#[websocket_handler]` alone makes an impl block of events: take `#[controller]` away";
