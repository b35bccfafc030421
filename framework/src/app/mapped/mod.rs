//! What an application is made of, for those who look at it: the table of a start, the actuator.

mod table;

use super::application::{App, Inner};
use crate::base::{Location, counted};
use crate::chain::{AnyFilter, ErrorPage};
use crate::resources::Told;
use crate::routing::Contents;

pub(crate) use self::table::{MAPPED, SHOWN};

/// See the head of this file.
pub(super) struct Mapped<'a> {
    /// In the order they are preferred in.
    pub(super) mappings: Vec<Contents<'a>>,
    pub(super) websockets: Vec<Contents<'a>>,
    /// What answers all requests of its patterns by itself: services, proxies.
    pub(super) services: Vec<AnyFilter>,
    /// What the application tells of itself.
    pub(super) documents: Vec<Shown>,
    /// In the order they run in.
    pub(super) filters: Vec<Covering>,
    pub(super) resources: &'a [Told],
    pub(super) pages: Vec<&'static ErrorPage>,
}

/// Something that an application tells of itself.
pub(super) struct Shown {
    pub(super) what: &'static str,
    pub(super) pattern: &'static str,
    pub(super) at: Location,
}

/// A filter, and what it runs for.
pub(super) struct Covering {
    pub(super) filter: AnyFilter,
    /// The patterns it was given; a function may have several attributes.
    pub(super) paths: Vec<&'static str>,
    /// The patterns of the mappings it may run for, and of those it never runs for, each as often as it is mapped.
    pub(super) covered: Vec<&'static str>,
    pub(super) left_out: Vec<&'static str>,
}

impl Inner {
    /// Looks at all of it.
    pub(super) fn mapped(&self) -> Mapped<'_> {
        let mappings: Vec<_> = self.router.contents().collect();
        let websockets: Vec<_> = self.sockets.contents().collect();
        let (mut services, mut documents) = (Vec::new(), Vec::new());
        let mut filters: Vec<Covering> = Vec::new();
        for filter in self.router.filters() {
            if let Some(what) = filter.shows() {
                documents.extend(filter.paths().iter().map(|pattern| Shown {
                    what,
                    pattern,
                    at: *filter.at(),
                }));
                continue;
            }
            if filter.answers() {
                services.push(filter.clone());
                continue;
            }
            match filters.iter_mut().find(|known| known.filter.is_same_function(filter)) {
                // Several attributes of a function come in the order in which they were linked.
                Some(known) => {
                    known.paths.extend(filter.paths());
                    known.paths.sort_unstable();
                }
                None => filters.push(Covering {
                    filter: filter.clone(),
                    paths: filter.paths().to_vec(),
                    covered: Vec::new(),
                    left_out: Vec::new(),
                }),
            }
        }
        for it in &mut filters {
            for contents in mappings.iter().chain(&websockets) {
                let covers = contents.filters.iter().any(|(filter, _)| filter.is_same_function(&it.filter));
                if covers { &mut it.covered } else { &mut it.left_out }.push(contents.pattern);
            }
        }
        let mut pages: Vec<&'static ErrorPage> = Vec::new();
        for page in self.answers.pages.all() {
            if !pages.iter().any(|known| known.at == page.at) {
                pages.push(page);
            }
        }
        let resources = self.answers.resources.told();
        Mapped { mappings, websockets, services, documents, filters, resources, pages }
    }
}

impl App {
    /// How much is mapped, as a line of the log says it: each path of a mapping counts.
    pub(crate) fn told_counts(&self) -> String {
        let (mappings, websockets) = (self.0.router.len() as u64, self.0.sockets.len() as u64);
        match (mappings, websockets) {
            (_, 0) => counted(mappings, "mapping"),
            (0, _) => counted(websockets, "WebSocket"),
            _ => format!("{} and {}", counted(mappings, "mapping"), counted(websockets, "WebSocket")),
        }
    }
}

/// What an error page is for.
pub(super) fn errors_of(page: &ErrorPage) -> String {
    match (page.error, page.codes) {
        (Some(error), _) => (error.type_name)().to_owned(),
        (None, []) => "*".to_owned(),
        (None, codes) => codes.join(", "),
    }
}
