//! A crate that names none of its modules: `scan!` finds them in two folders, in one of them by a pattern.

vernal::scan!("src/controllers");
vernal::scan!("src/shop", "**/*_controller.rs");

/// Modules are where `mod` lines would put them.
pub fn users() -> &'static str {
    controllers::users::NAME
}
