//! `[session]`.

use super::given::Given;
use crate::http::SameSite;
use crate::session::SessionConfig;
use crate::settings::{Choice, Section, Text, flag, size, some_time};

pub(super) fn read(root: &mut Section<'_>) -> Given<SessionConfig> {
    let mut section = root.section("session");
    let mut session = SessionConfig::new();
    macro_rules! take {
        ($($name:ident = $kind:expr, $default:literal;)*) => { $(
            if let Some((value, origin)) = section.take_placed(stringify!($name), $kind, $default) {
                // Where it is wrong by itself, it is told in its place.
                let alone = SessionConfig::new().secure(true).$name(Clone::clone(&value)).problem();
                if let Some(problem) = alone {
                    section.problem(origin, stringify!($name), &in_keys(&problem));
                } else {
                    session = session.$name(value);
                }
            }
        )* };
    }
    take! {
        cookie_name = Text, "vernal_session";
        path = Text, "/";
        domain = Text, "(the very host that set the cookie)";
        same_site = Choice(SAME_SITE), "lax";
        secure = flag(), "(if the request came over TLS)";
        max_inactive = some_time(), "30m";
        max_lifetime = some_time(), "(as long as it is used)";
        max_size = size(1), "64 KiB";
        refresh_unused = flag(), "true";
    }
    let problem = session.problem();
    if let Some(problem) = &problem {
        // Those of which one may not go with the others.
        let (key, origin) = section.first_of(&["secure", "domain", "path", "cookie_name", "same_site"]);
        section.problem(&origin, key, &in_keys(problem));
    }
    let given = if problem.is_some() { Given::default() } else { Given::of(&section, session) };
    section.finish();
    given
}

/// What is wrong with the cookie, in the words of who writes settings.
fn in_keys(problem: &str) -> String {
    let words = [
        (
            "with `SameSite::None` or `.partitioned()` it needs `.secure()`",
            "with `same_site = \"none\"` it needs `secure = true`",
        ),
        ("needs `.secure()`", "needs `secure = true`"),
        ("`.path(\"/\")` and no `.domain(…)`", "`path = \"/\"` and no `domain`"),
        (" (SessionConfig::secure)", ""),
    ];
    words
        .iter()
        .fold(problem.to_owned(), |problem, (of_setters, of_keys)| problem.replace(of_setters, of_keys))
}

const SAME_SITE: &[(&str, SameSite)] =
    &[("strict", SameSite::Strict), ("lax", SameSite::Lax), ("none", SameSite::None)];
