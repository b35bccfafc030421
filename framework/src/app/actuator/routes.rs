//! What is mapped, and what runs around it.

use serde_json::{Map, Value, json};

use super::super::application::Inner;
use super::super::mapped::{Covering, Mapped, errors_of};
use crate::base::Location;
use crate::proto::Limits;
use crate::routing::Contents;

impl Inner {
    /// All mappings in the order they are preferred in, those of WebSockets apart, and what is around them.
    pub(super) fn routes(&self) -> Value {
        let Mapped { mappings, websockets, services, documents, filters, resources, pages } = self.mapped();
        let routes =
            |all: &[Contents<'_>]| all.iter().map(|contents| self.route(contents)).collect::<Vec<_>>();
        let resources =
            resources.iter().map(|it| json!({"pattern": it.path, "directory": it.directory, "at": it.at}));
        let services = services.iter().map(|it| {
            let mut shown = place(it.at());
            shown["patterns"] = json!(it.paths());
            shown
        });
        let documents = documents.iter().map(|it| {
            let Location { file, line, .. } = it.at;
            json!({"pattern": it.pattern, "document": it.what, "file": file, "line": line})
        });
        let pages = pages.iter().map(|page| json!({"errors": errors_of(page), "page": place(&page.at)}));
        json!({
            "mappings": routes(&mappings),
            "websockets": routes(&websockets),
            "services": services.collect::<Vec<_>>(),
            "documents": documents.collect::<Vec<_>>(),
            "filters": filters.iter().map(covering).collect::<Vec<_>>(),
            "resources": resources.collect::<Vec<_>>(),
            "errorPages": pages.collect::<Vec<_>>(),
        })
    }

    fn route(&self, contents: &Contents<'_>) -> Value {
        let Contents { route, pattern, limits, filters } = contents;
        let mut shown = Map::new();
        shown.insert("pattern".to_owned(), json!(pattern));
        // None is any.
        shown.insert("methods".to_owned(), json!(route.mapping.methods));
        shown.insert("handler".to_owned(), place(&route.at));
        let conditions = [
            ("params", route.mapping.params.list, route.mapping.params.any),
            ("headers", route.mapping.headers.list, route.mapping.headers.any),
        ];
        for (name, list, any) in conditions {
            if !list.is_empty() {
                shown.insert(name.to_owned(), json!({if any { "any" } else { "all" }: list}));
            }
        }
        if let Some(protocol) = route.mapping.protocol {
            shown.insert("subprotocol".to_owned(), json!(protocol));
        }
        let filters = filters.iter().map(|(filter, is_always)| {
            let mut shown = place(filter.at());
            if !is_always {
                shown["when"] = json!("its pattern has the path");
            }
            shown
        });
        shown.insert("filters".to_owned(), filters.collect());
        if let Some(limits) = limits {
            shown.insert("limits".to_owned(), own_limits(limits, &self.limits));
        }
        shown.into()
    }
}

fn covering(it: &Covering) -> Value {
    let mut shown = place(it.filter.at());
    shown["patterns"] = json!(it.paths);
    shown["mappings"] = json!(it.covered.len());
    shown
}

/// The limits of a mapping that are others than the server's.
fn own_limits(limits: &Limits, server: &Limits) -> Value {
    let told: Map<String, Value> = limits
        .told()
        .zip(server.told())
        .filter(|(own, of_all)| own != of_all)
        .map(|(own, _)| (own.0.to_owned(), own.1.into()))
        .collect();
    told.into()
}

fn place(at: &Location) -> Value {
    json!({"name": at.name, "file": at.file, "line": at.line})
}
