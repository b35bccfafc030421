//! Types by the names that users write: the compiler knows those of ours by the files they lie in, which nobody can name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The name of a type, as a message says it.
pub(crate) fn type_name<T: ?Sized>() -> &'static str {
    written(std::any::type_name::<T>())
}

/// A name of the compiler's as it is to be written. There are as many as there are types, so those that differ are kept.
pub(crate) fn written(name: &'static str) -> &'static str {
    static KNOWN: Mutex<BTreeMap<&str, &str>> = Mutex::new(BTreeMap::new());
    if !name.contains(OURS) {
        return name;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(name).or_insert_with(|| public(name).leak())
}

/// Leaves out the modules between the crate, or one of its public modules, and the type.
fn public(name: &str) -> String {
    let is_of_path = |char: char| char.is_alphanumeric() || matches!(char, '_' | ':');
    let mut public = String::with_capacity(name.len());
    for part in name.split_inclusive(|char| !is_of_path(char)) {
        let path = part.trim_end_matches(|char| !is_of_path(char));
        let (modules, kind) = path.rsplit_once("::").unwrap_or_default();
        match modules.strip_prefix(OURS) {
            Some(modules) if !kind.is_empty() => {
                let first = modules.split("::").next().filter(|first| PUBLIC.contains(first));
                public.push_str(OURS);
                if let Some(first) = first {
                    public.push_str(first);
                    public.push_str("::");
                }
                public.push_str(kind);
                public.push_str(&part[path.len()..]);
            }
            _ => public.push_str(part),
        }
    }
    public
}

const OURS: &str = "vernal::";

/// Modules that types are named by.
const PUBLIC: [&str; 8] =
    ["constraint", "contract", "security", "server", "test", "tls", "tower", "websocket"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_ours_has_the_name_that_users_write() {
        let table = [
            ("u8", "u8"),
            ("shop::http::sealed::CookieKey", "shop::http::sealed::CookieKey"),
            ("my_vernal::http::Key", "my_vernal::http::Key"),
            ("vernal::http::sealed::CookieKey", "vernal::CookieKey"),
            ("vernal::App", "vernal::App"),
            ("vernal::security::csrf::Csrf", "vernal::security::Csrf"),
            ("vernal::websocket::handles::rooms::Rooms", "vernal::websocket::Rooms"),
            (
                "alloc::vec::Vec<(vernal::settings::size::Size, shop::Size)>",
                "alloc::vec::Vec<(vernal::Size, shop::Size)>",
            ),
            ("&vernal::bind::state::State<&vernal::http::a::B>", "&vernal::State<&vernal::B>"),
            ("vernal::app::f::{{closure}}", "vernal::app::f::{{closure}}"),
        ];
        for (name, expected) in table {
            assert_eq!(public(name), expected, "{name}");
        }
        assert!(std::ptr::eq(written("vernal::a::B"), written("vernal::a::B")), "it is kept once");
    }
}
