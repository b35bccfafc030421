//! Where descriptions are served: at paths that are theirs alone.

use crate::openapi::{AsyncApi, OpenApi};
use crate::route::Route;

/// What is wrong with them.
pub(super) fn problems(
    openapi: Option<&OpenApi>,
    asyncapi: Option<&AsyncApi>,
    routes: &[&'static Route],
) -> Vec<String> {
    let mut places: Vec<(&str, &str)> = Vec::new();
    if let Some(openapi) = openapi {
        places.extend(openapi.at.as_deref().map(|path| ("OpenApi::at", path)));
        #[cfg(feature = "openapi-ui")]
        places.extend(openapi.ui.as_deref().map(|path| ("OpenApi::ui", path.trim_end_matches("/**"))));
    }
    places.extend(asyncapi.and_then(|asyncapi| asyncapi.at.as_deref()).map(|path| ("AsyncApi::at", path)));
    let mut problems = Vec::new();
    for (index, (setter, path)) in places.iter().enumerate() {
        if !path.starts_with('/') || path.contains(['{', '}', '*', '?', '#']) {
            let example = if setter.ends_with("ui") { "/docs" } else { "/openapi.json" };
            problems.push(format!(
                "`{setter}(\"{path}\")`: the description of the API is at one path, which begins with a slash: write it like `{example}`"
            ));
            continue;
        }
        if let Some((other, _)) = places[..index].iter().find(|(_, other)| is_same(other, path)) {
            problems.push(format!("`{other}` and `{setter}` are both `{path}`: give each a path of its own"));
        }
        let is_there = |route: &&&Route| route.mapping.paths.iter().any(|other| is_same(other, path));
        if let Some(route) = routes.iter().find(is_there) {
            problems.push(format!(
                "the description of the API is to be at `{path}` (`{setter}`), where {} is mapped and would never be asked: give one of them \
                 another path",
                route.at
            ));
        }
    }
    problems
}

/// Slashes around a path do not tell it from another.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_matches('/') == other.trim_matches('/')
}
