//! Settings from outside of the program: TOML files, the environment and arguments, as one tree of values that know where they
//! were written.
//!
//! Later layers win: `vernal.toml`, the file of the profile, files that the program names, the environment, arguments. Nothing
//! here knows what there is to be set; that is read from the tree by whoever takes it, and every mistake is a line of text with
//! its place. What stands in a [`Secret`] is in none of them.

mod document;
mod environment;
mod failure;
mod files;
mod kinds;
mod loading;
mod loose;
mod name;
mod origin;
mod pass;
mod reader;
mod secret;
mod section;
mod size;
mod structs;
mod value;

pub use loading::Settings;
pub use secret::Secret;
pub use size::Size;

#[cfg(feature = "tls")]
pub(crate) use kinds::Pem;
#[cfg(feature = "encrypted-keys")]
pub(crate) use kinds::SecretText;
pub(crate) use kinds::{
    Choice, Either, Kind, Mode, Off, Or, Text, Texts, flag, number, size, some_time, time,
};
pub(crate) use loading::Loaded;
pub(crate) use origin::Origin;
pub(crate) use section::{Report, Section, Switch};
pub use structs::read_config;
pub use value::Table;
pub(crate) use value::{Entry, Node, Value};
