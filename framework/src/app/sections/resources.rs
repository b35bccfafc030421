//! `[resources]`: a directory for each pattern, or a section that says more.

use super::server::no_field;
use crate::base::is_value;
use crate::matching;
use crate::resources::{GivenResources, Resources};
use crate::settings::{Either, Kind, Node, Off, Or, Origin, Section, Text, flag, size, time};

pub(super) fn read(root: &mut Section<'_>) -> Vec<GivenResources> {
    let mut given = Vec::new();
    let is_short = |node: &Node| Or(Off, Text).read(node).is_some();
    for (pattern, below) in root.named("resources", is_short) {
        let (resources, origin) = match below {
            Ok(section) => match one(section) {
                Some(one) => one,
                None => continue,
            },
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

/// Resources of a section, and where it names their directory; `None` if it does not.
fn one(mut section: Section<'_>) -> Option<(Resources, Origin)> {
    let directory = section.take_placed("directory", Text, "(must be given)");
    let directory = directory.map(|(directory, origin)| (directory, origin.clone()));
    let mut resources = Resources::dir(directory.as_ref().map_or("", |(directory, _)| directory));
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
        precompressed = flag(), "false";
        follow_symlinks = flag(), "false";
        hidden_files = flag(), "false";
        cache = flag(), "(`true`, but not in debug builds)";
        cache_size = size(0), "16 MiB";
        check_every = time(), "1s";
    }
    let no_value = |text: &str| (!is_value(text.as_bytes())).then(|| no_field(text));
    if let Some(value) = section.take_judged("cache_control", Text, "(none)", |text| no_value(text)) {
        resources = resources.cache_control(value);
    }
    for (extension, content_type) in section.texts("content_type", "(the one it is known by)", no_value) {
        resources = resources.content_type(extension, content_type);
    }
    if let (None, Some(origin)) = (&directory, section.origin()) {
        section.problem(origin, "directory", "is missing: write `directory = \"…\"`");
    }
    section.finish();
    directory.map(|(_, origin)| (resources, origin))
}
