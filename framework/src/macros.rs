//! The macros that are no attributes. Each tells what stands behind it where the framework is, by its own `$crate`, so that
//! they work under any name and through any crate.

/// Names what is to be served beside the file this stands in: other crates, or the files of a folder.
///
/// # Crates
/// `vernal::scan!(my_controllers, my_admin);` links crates. One that nothing names is not linked, and its handlers vanish
/// without a word. `use my_controllers as _;` does the same.
///
/// # A folder
/// ```text
/// vernal::scan!("src/controllers");
/// vernal::scan!("src/shop", "**/*_controller.rs");
/// ```
/// stands for the `mod` lines of all Rust files in a folder, which is named from that of `Cargo.toml` on: the first line is
/// `mod controllers { pub(crate) mod users; pub(crate) mod admin { pub(crate) mod keys; } }` where there are
/// `src/controllers/users.rs` and `src/controllers/admin/keys.rs`. A folder with a `mod.rs`, or with a file of its name beside it,
/// is left to that file. A pattern narrows which files: `*` is anything within a folder, `?` one character, `**/` any number of
/// folders. Hidden files are left out. It stands at the top of a file, in `main.rs` or `lib.rs` mostly.
///
/// Cargo does not look for *new* files by itself. A `build.rs` beside `Cargo.toml` tells it to:
///
/// ```text
/// fn main() {
///     println!("cargo::rerun-if-changed=src/controllers");
/// }
/// ```
///
/// `cargo fmt` only looks into files that are named without a macro; give it the others by `rustfmt src/controllers/*.rs`.
///
/// In debug builds, a server that starts warns of files in the folder that were not compiled, or that their `mod.rs` does not
/// name.
///
/// # Errors
/// While compiling: there is no such folder, or no Rust file in it; a file or folder has a name that no module can have; two are the
/// same module.
#[macro_export]
macro_rules! scan {
    ($($what:tt)*) => { $crate::__private::scan! { { $crate } $($what)* } };
}

/// Puts the files of a directory into the binary, to be served as resources: `vernal::embed!("static")`. The directory is seen
/// from the folder of the crate's Cargo.toml.
///
/// Files and directories whose names begin with a dot stay out, but for `.well-known`. A file that changes is compiled in
/// anew; one that is new is seen when the crate is compiled again for another reason, such as `touch src/main.rs`.
///
/// ```
/// use vernal::{Resources, server};
///
/// let files = vernal::embed!("src");
/// assert!(files.paths().any(|path| path == "lib.rs"));
/// let server = server::new().resources("/source/**", Resources::embedded(files).index("lib.rs"));
/// # let _ = server;
/// ```
#[macro_export]
macro_rules! embed {
    ($($directory:tt)*) => { $crate::__private::embed! { { $crate } $($directory)* } };
}
