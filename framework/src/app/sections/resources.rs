//! `[resources]`: a directory for each pattern, or a section that says more.

use crate::matching;
use crate::resources::{GivenResources, Resources};
use crate::settings::{Either, Kind, Node, Off, Or, Section, Text, flag, size, time};

pub(super) fn read(root: &mut Section<'_>) -> Vec<GivenResources> {
    let mut given = Vec::new();
    let is_short = |node: &Node| Or(Off, Text).read(node).is_some();
    for (pattern, below) in root.named("resources", is_short) {
        let (resources, origin) = match below {
            Ok(section) => {
                let Some(origin) = section.origin().cloned() else { continue };
                let Some(resources) = one(section) else { continue };
                (resources, origin)
            }
            Err(node) => match Or(Off, Text).read(node) {
                Some(Either::One(())) => continue,
                Some(Either::Other(directory)) => (Resources::dir(directory), node.origin.clone()),
                None => {
                    let found = node.value.found();
                    let words = format!("expected the name of a directory, or `false`, found {found}");
                    root.problem(&node.origin, &format!("resources.{pattern}"), &words);
                    continue;
                }
            },
        };
        given.push(GivenResources::by_settings(matching::kept(pattern), resources, origin.to_string()));
    }
    given
}

/// Resources of a section; `None` if it names no directory.
fn one(mut section: Section<'_>) -> Option<Resources> {
    let directory = section.take("directory", Text, "(must be given)");
    let mut resources = Resources::dir(directory.clone().unwrap_or_default());
    macro_rules! take {
        ($($name:ident = $kind:expr, $default:literal;)*) => { $(
            if let Some(value) = section.take(stringify!($name), $kind, $default) {
                resources = resources.$name(value);
            }
        )* };
    }
    match section.take("index", Or(Off, Text), "index.html") {
        Some(Either::One(())) => resources = resources.index(None),
        Some(Either::Other(name)) => resources = resources.index(name.as_str()),
        None => {}
    }
    take! {
        listing = flag(), "false";
        fallback = Text, "(none)";
        cache_control = Text, "(none)";
        precompressed = flag(), "false";
        follow_symlinks = flag(), "false";
        hidden_files = flag(), "false";
        cache = flag(), "(`true`, but not in debug builds)";
        cache_size = size(0), "16 MiB";
        check_every = time(), "1s";
    }
    for (extension, content_type) in section.texts("content_type", "(the one it is known by)") {
        resources = resources.content_type(extension, content_type);
    }
    if let (None, Some(origin)) = (&directory, section.origin()) {
        section.problem(origin, "directory", "is missing: write `directory = \"…\"`");
    }
    section.finish();
    directory.map(|_| resources)
}
