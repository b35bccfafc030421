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
            if let Some(value) = section.take(stringify!($name), $kind, $default) {
                session = session.$name(value);
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
    if let (Some(problem), Some(origin)) = (&problem, section.origin()) {
        root.problem(origin, "session", problem);
    }
    let given = if problem.is_some() { Given::default() } else { Given::of(&section, session) };
    section.finish();
    given
}

const SAME_SITE: &[(&str, SameSite)] =
    &[("strict", SameSite::Strict), ("lax", SameSite::Lax), ("none", SameSite::None)];
