//! Names that a document gives: operations, tags, summaries.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::operation::DescribedOwner;
use crate::base::Location;

/// A name of a component: only letters, digits, `.`, `_` and `-` (OpenAPI 3.1, section 4.8.7.1).
pub(super) fn sanitized(name: &str) -> String {
    name.chars()
        .map(|char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-') { char } else { '_' })
        .collect()
}

/// `one.User` of `shop::one::User`.
pub(super) fn last_parts(id: &str, count: usize) -> String {
    let mut parts: Vec<&str> = id.rsplit("::").take(count).collect();
    parts.reverse();
    parts.join(".")
}

/// The tag of an operation: its own, the type of its controller, or its module where that is not the crate's root.
pub(super) fn tag(own: Option<&str>, owner: Option<&DescribedOwner>, at: &Location) -> Option<String> {
    let of_module = || Some(at.module.rsplit_once("::")?.1);
    own.or(owner.map(|owner| owner.name)).or_else(of_module).map(str::to_owned)
}

/// First line and the rest of a doc comment; without one a sentence of the function's name.
pub(super) fn summary(docs: &str, name: &str) -> (String, Option<String>) {
    let (first, rest) = docs.split_once("\n\n").unwrap_or((docs, ""));
    let (line, more) = first.split_once('\n').unwrap_or((first, ""));
    if line.is_empty() {
        let name = name.rsplit("::").next().unwrap_or(name);
        let words = name.trim_start_matches("r#").replace('_', " ");
        let mut chars = words.trim().chars();
        let summary = chars.next().map(|first| first.to_uppercase().chain(chars).collect());
        return (summary.unwrap_or_default(), None);
    }
    // A sentence that goes on is told whole below.
    let rest = match more {
        "" => rest.trim().to_owned(),
        _ => docs.trim().to_owned(),
    };
    (line.trim().trim_end_matches('.').to_owned(), (!rest.is_empty()).then_some(rest))
}

/// What is done under one path, by one method.
pub(super) struct Place {
    /// `Shop::buy`
    pub(super) name: String,
    module: &'static str,
    path: String,
    pub(super) method: String,
}

impl Place {
    /// What the function at this place does.
    pub(super) fn of(at: &Location, path: String, method: String) -> Place {
        Place { name: at.name.to_owned(), module: at.module, path, method }
    }
}

/// A name for each place, each once: `Shop.buy`, with as much more as tells it from others.
pub(super) fn operation_ids(places: &[Place]) -> Vec<String> {
    let plain = |place: &Place| sanitized(&place.name.replace("::", ".").replace("r#", ""));
    let in_module = |place: &Place| {
        let module = place.module.split_once("::").map_or("", |(_, inner)| inner);
        let module = sanitized(&module.replace("::", "."));
        if module.is_empty() { plain(place) } else { format!("{module}.{}", plain(place)) }
    };
    let with_method = |name: String, place: &Place| {
        let method = place.method.to_ascii_lowercase();
        // It may say so already.
        if name.ends_with(&format!(".{method}")) { name } else { format!("{name}.{method}") }
    };
    let by_method = |place: &Place| with_method(plain(place), place);
    let by_both = |place: &Place| with_method(in_module(place), place);
    let by_path = |place: &Place| {
        let path = sanitized(&place.path.trim_matches('/').replace(['{', '}'], ""));
        format!("{}.{path}", by_both(place))
    };
    let ways: [&dyn Fn(&Place) -> String; 5] = [&plain, &by_method, &in_module, &by_both, &by_path];
    let count = |way: &dyn Fn(&Place) -> String| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        places.iter().for_each(|place| *counts.entry(way(place)).or_insert(0) += 1);
        counts
    };
    // Most are told apart by the first of them.
    let counts = [const { OnceCell::new() }; 5];
    let mut taken = BTreeSet::new();
    places
        .iter()
        .map(|place| {
            let chosen =
                ways.iter().zip(&counts).map(|(way, known)| (way(place), known.get_or_init(|| count(way))));
            let mut chosen = chosen.filter(|(id, counts)| counts[id] == 1 && !taken.contains(id));
            let base = chosen.next().map_or_else(|| by_path(place), |(id, _)| id);
            let mut id = base.clone();
            let mut number = 1;
            while !taken.insert(id.clone()) {
                number += 1;
                id = format!("{base}.{number}");
            }
            id
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_name_of_its_own() {
        let table = [
            ("Shop::buy", "app", "/buy", "POST", "Shop.buy"),
            ("any", "app", "/any", "GET", "any.get"),
            ("any", "app", "/any", "PUT", "any.put"),
            ("list", "app::one", "/one", "GET", "one.list"),
            ("list", "app::two", "/two", "GET", "two.list"),
            ("show", "app", "/{kind}/x", "GET", "show.get.kind_x"),
            ("show", "app", "/old/{kind}", "GET", "show.get.old_kind"),
            ("Chat::send", "app", "/chat/{room}", "send", "Chat.send.chat_room"),
            ("Chat::send", "app", "/chat", "send", "Chat.send.chat"),
        ];
        let places = table.map(|(name, module, path, method, _)| Place {
            name: name.to_owned(),
            module,
            path: path.to_owned(),
            method: method.to_owned(),
        });
        assert_eq!(operation_ids(&places), table.map(|(.., id)| id));
    }

    #[test]
    fn a_doc_comment_begins_with_its_summary() {
        let table: [(&str, &str, &str, Option<&str>); 6] = [
            ("", "Shop::buy_tea", "Buy tea", None),
            ("Buys.", "x", "Buys", None),
            ("Buys.\n\nMore of it.", "x", "Buys", Some("More of it.")),
            ("Buys what\nis there.", "x", "Buys what", Some("Buys what\nis there.")),
            ("", "_", "", None),
            ("", "r#type", "Type", None),
        ];
        for (docs, name, expected, description) in table {
            assert_eq!(summary(docs, name), (expected.to_owned(), description.map(str::to_owned)), "{docs}");
        }
    }
}
