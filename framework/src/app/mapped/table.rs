//! What is mapped, as a table for whoever develops an application: in the order of paths, each thing with its place in the source.

use std::fmt::Write as _;

use super::{Covering, errors_of};
use crate::app::application::{App, Inner};
use crate::base::{Location, counted, sorted};
use crate::route::Route;
use crate::routing::Contents;

/// The target that the table is said to.
pub(crate) const MAPPED: &str = "vernal::mapped";

/// So many mappings are shown where nobody has asked for them.
pub(crate) const SHOWN: usize = 100;

impl App {
    /// A table of what is mapped, with so many mappings at most.
    pub(crate) fn table(&self, most: usize) -> String {
        self.0.table(most)
    }
}

impl Inner {
    fn table(&self, most: usize) -> String {
        let mapped = self.mapped();
        let mut sections = Vec::new();
        let mappings: Vec<_> = mapped.mappings.iter().map(row).collect();
        sections.push((counted(mappings.len() as u64, "mapping"), cut(mappings, most)));
        let sockets: Vec<_> = mapped.websockets.iter().map(row).collect();
        sections.push((counted(sockets.len() as u64, "WebSocket"), cut(sockets, most)));
        let services = mapped.services.iter().flat_map(|filter| {
            let at = filter.at();
            filter.paths().iter().map(|path| [(*path).to_owned(), short(at.name), place(at), String::new()])
        });
        let services: Vec<_> = services.collect();
        sections.push((counted(services.len() as u64, "service"), services));
        let count = mapped.mappings.len() + mapped.websockets.len();
        let filters: Vec<_> = mapped.filters.iter().map(|it| row_of_filter(it, count)).collect();
        sections.push((counted(filters.len() as u64, "filter"), filters));
        let resources = mapped.resources.iter().map(|it| {
            let from = it.directory.as_ref().map(|directory| directory.display().to_string());
            [
                it.path.to_owned(),
                from.unwrap_or_else(|| "files of the program".to_owned()),
                it.at.clone(),
                String::new(),
            ]
        });
        sections.push(("resources".to_owned(), resources.collect()));
        let documents = mapped
            .documents
            .iter()
            .map(|it| [it.pattern.to_owned(), it.what.to_owned(), place(&it.at), String::new()]);
        sections.push(("documents".to_owned(), documents.collect()));
        let pages = mapped
            .pages
            .iter()
            .map(|page| [errors_of(page), short(page.at.name), place(&page.at), String::new()]);
        sections.push(("error pages".to_owned(), pages.collect()));
        let mut text = String::from("what is mapped:");
        for (title, rows) in sections.iter().filter(|(_, rows)| !rows.is_empty()) {
            let _ = write!(text, "\n{title}");
            write_rows(rows, &mut text);
        }
        text
    }
}

type Row = [String; 4];

const ANY: &str = "any";

/// Methods, pattern and conditions, handler, place.
fn row(contents: &Contents<'_>) -> Row {
    let Route { mapping, at, .. } = contents.route;
    let methods = if mapping.methods.is_empty() { ANY.to_owned() } else { mapping.methods.join(" ") };
    let mut path = contents.pattern.to_owned();
    let conditions = mapping.params.list.iter().chain(mapping.headers.list).copied().chain(mapping.protocol);
    for condition in conditions {
        let _ = write!(path, " [{condition}]");
    }
    [methods, path, short(at.name), place(at)]
}

/// Name, patterns, what it runs for, place.
fn row_of_filter(it: &Covering, count: usize) -> Row {
    let at = it.filter.at();
    let runs = match (&it.covered[..], &it.left_out[..]) {
        ([], _) => "for none".to_owned(),
        (_, []) => "for all".to_owned(),
        (covered, left_out) if left_out.len() < covered.len() => {
            format!("for {} of {count}, not {}", covered.len(), few(left_out))
        }
        (covered, _) => format!("for {} of {count}: {}", covered.len(), few(covered)),
    };
    [short(at.name), it.paths.join(" "), runs, place(at)]
}

/// The first of some patterns.
fn few(patterns: &[&str]) -> String {
    let mut patterns = patterns.to_vec();
    sorted::sort_by(&mut patterns, Ord::cmp);
    patterns.dedup();
    let more = patterns.len().saturating_sub(FEW);
    patterns.truncate(FEW);
    let text = patterns.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

const FEW: usize = 3;

/// In the order of paths, with a word on those that are not shown.
fn cut(mut rows: Vec<Row>, most: usize) -> Vec<Row> {
    sorted::sort_by(&mut rows, |[methods, path, ..], [other_methods, other, ..]| {
        (path, methods).cmp(&(other, other_methods))
    });
    let more = rows.len().saturating_sub(most);
    if more > 0 {
        rows.truncate(most);
        let all = "`Server::show_mappings(true)`, or the actuator's /routes, shows all";
        rows.push(["…".to_owned(), format!("{more} more: {all}"), String::new(), String::new()]);
    }
    rows
}

fn write_rows(rows: &[Row], text: &mut String) {
    let mut widths = [0; 4];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            // A cell that is longer pushes the others of its row away, and no other row.
            *width = (*width).max(cell.chars().count().min(WIDEST));
        }
    }
    for row in rows {
        text.push('\n');
        let mut line = String::from("   ");
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, " {cell:width$} ");
        }
        text.push_str(line.trim_end());
    }
}

const WIDEST: usize = 48;

/// A name without the modules of its type.
fn short(name: &str) -> String {
    // Those of closures and the like stand in brackets.
    let (path, _) = name.split_once('<').unwrap_or((name, ""));
    // A method is told with its type.
    if name.contains('<') || path.matches("::").count() > 1 {
        return path.rsplit("::").next().unwrap_or(path).to_owned();
    }
    path.to_owned()
}

fn place(at: &Location) -> String {
    format!("{}:{}", at.file, at.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_without_their_modules() {
        let table = [
            ("index", "index"),
            ("Shop::buy", "Shop::buy"),
            ("vernal::security::basic::BasicAuth", "BasicAuth"),
            ("vernal::security::bearer::BearerAuth<my::main::{{closure}}>", "BearerAuth"),
            ("Layered<tower::Timeout>", "Layered"),
        ];
        for (name, expected) in table {
            assert_eq!(short(name), expected, "{name}");
        }
    }

    #[test]
    fn so_many_are_told_as_were_asked_for() {
        let rows = ["/c", "/a", "/b"].map(|path| ["GET", path, "f", "src/main.rs:1"].map(str::to_owned));
        let paths = |most| cut(rows.to_vec(), most).into_iter().map(|[_, path, ..]| path).collect::<Vec<_>>();
        assert_eq!(paths(3), ["/a", "/b", "/c"]);
        assert_eq!(paths(2)[..2], ["/a", "/b"]);
        assert!(paths(2)[2].starts_with("1 more: "), "{:?}", paths(2));
    }
}
