//! A crate through which another one uses vernal: whole, under another name, and by a macro of its own.

pub use vernal;

/// The framework under a name of the house.
pub mod house {
    pub use vernal::*;
}

/// Maps a path to a text.
#[macro_export]
macro_rules! says {
    ($name:ident, $path:literal, $text:literal) => {
        #[$crate::vernal::request_map($path, app = "facade", crate = $crate::vernal)]
        fn $name() -> &'static str {
            $text
        }
    };
}
