//! What is doubtful about filters: those that never run, those that miss a path which was probably meant, and settings that let nobody
//! through.

use crate::base::{did_you_mean, say};
use crate::chain::AnyFilter;
use crate::matching::matcher::Matcher;

/// Tells of filters that run for nothing at all, with the pattern that was probably meant; `mapped` are the paths of all mappings.
pub(super) fn warn_of_idle(idle: &[AnyFilter], mapped: &[&str]) {
    for filter in idle {
        let meant = filter.paths().iter().find_map(|pattern| nearest(pattern, mapped));
        let meant = meant.map_or(String::new(), |meant| format!(": did you mean `{meant}`?"));
        say!(warn, "the filter {} matches none of the mappings{}{meant}", filter.at(), by(filter));
    }
}

/// Tells of filters that are not for the very path which everything else of theirs is below.
pub(super) fn warn_of_near_misses(filters: &[AnyFilter], mapped: &[&str]) {
    for filter in filters {
        for pattern in filter.paths() {
            let Some(root) = missed(pattern, mapped) else { continue };
            // Attributes take no such pattern, and a value has one; another value of its type may have the other.
            let mut others = filters.iter().filter(|other| other.at().name == filter.at().name);
            if others.any(|other| other.paths().iter().any(|pattern| covers(pattern, &root))) {
                continue;
            }
            say!(
                warn,
                "the filter {} does not run for `{root}`, which is mapped: `{pattern}` asks for one more character at least. \
                 For `{root}` and all below it write `{root}/**`",
                filter.at()
            );
        }
    }
}

/// Tells of filters whose settings may not be meant.
pub(super) fn tell_of_doubts(filters: &[AnyFilter]) {
    for filter in filters {
        if let Some(doubt) = filter.doubt() {
            say!(warn, "the filter {}: {doubt}", filter.at());
        }
    }
}

fn by(filter: &AnyFilter) -> String {
    match filter.paths() {
        [] => String::new(),
        paths => format!(" by `{}`", paths.join("`, `")),
    }
}

/// The path that `/admin**` is not for, if that is mapped.
fn missed(pattern: &str, mapped: &[&str]) -> Option<String> {
    let root =
        pattern.strip_suffix("**").filter(|root| !root.ends_with('/') && !root.contains(['*', '{']))?;
    let root = root.trim_start_matches('/');
    let is_mapped = mapped.iter().any(|path| path.trim_start_matches('/') == root);
    (is_mapped && !root.is_empty()).then(|| format!("/{root}"))
}

fn covers(pattern: &'static str, path: &str) -> bool {
    Matcher::of_path(pattern).is_ok_and(|matcher| matcher.matches(path))
}

/// The pattern that was probably meant by one that nothing is mapped for.
fn nearest(pattern: &str, mapped: &[&str]) -> Option<String> {
    let asked = stem(pattern);
    if asked.is_empty() || asked.starts_with('*') {
        return None;
    }
    let mut known: Vec<&str> = Vec::new();
    for path in mapped.iter().map(|path| stem(path)).filter(|path| !path.starts_with('*')) {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        // One letter is as near to any other.
        known.extend(ends.map(|end| &path[..end]).filter(|start| start.len() > 1 || *start == asked));
    }
    let meant = did_you_mean(asked, known)?;
    let is_mapped = mapped.iter().any(|path| path.trim_start_matches('/') == meant);
    let meant =
        if is_mapped && !pattern.ends_with('*') { format!("/{meant}") } else { format!("/{meant}/**") };
    (meant.trim_start_matches('/') != pattern.trim_start_matches('/')).then_some(meant)
}

/// A pattern without its slashes and stars at both ends.
fn stem(pattern: &str) -> &str {
    pattern.trim_start_matches('/').trim_end_matches(['/', '*'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPED: &[&str] =
        &["/", "/x", "/admin", "/admin/users/{id}", "/api/v1/**", "/Shop", "**.css", "/files/*"];

    #[test]
    fn the_pattern_that_was_meant_is_found() {
        let table = [
            ("/amdin", Some("/admin")),
            ("/amdin/**", Some("/admin/**")),
            ("admins/**", Some("/admin/**")),
            ("/api", Some("/api/**")),
            ("/api/v2/**", Some("/api/v1/**")),
            ("/shop", Some("/Shop")),
            ("/file", Some("/files/**")),
            ("/admin/user/{id}", Some("/admin/users/{id}")),
            ("/elsewhere/**", None),
            ("/x/**", None),
            ("/x/y", None),
            ("/y", None),
            ("**.js", None),
            ("/**", None),
            ("/api/v1/**", None),
        ];
        for (pattern, meant) in table {
            assert_eq!(nearest(pattern, MAPPED).as_deref(), meant, "{pattern}");
        }
    }

    #[test]
    fn two_stars_after_text_miss_the_text_itself() {
        let table = [
            ("/admin**", Some("/admin")),
            ("admin**", Some("/admin")),
            ("/Shop**", Some("/Shop")),
            ("/shop**", None),
            ("/admin/**", None),
            ("/api**", None),
            ("/**", None),
            ("**", None),
            ("/{a}**", None),
        ];
        for (pattern, expected) in table {
            assert_eq!(missed(pattern, MAPPED).as_deref(), expected, "{pattern}");
        }
    }
}
