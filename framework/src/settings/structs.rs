//! A section read into a struct of the user's.

use std::any::Any;

use serde::de::DeserializeOwned;

use super::failure::{What, unknown};
use super::origin::Origin;
use super::pass::Pass;
use super::reader::Reader;
use super::value::{Node, Table, Value};

/// What a section can be read into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from the settings",
    label = "put `#[derive(serde::Deserialize)]` on it",
    note = "serde is a dependency with its feature `derive`: `cargo add serde --features derive`",
    note = "what is read is a state, so it is `Send` and `Sync` too"
)]
pub trait ConfigValue: DeserializeOwned + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Send + Sync + 'static> ConfigValue for T {}

/// Reads a section into a state. For generated code.
///
/// # Errors
/// Every mistake in it, with its place.
pub fn read_config<T: ConfigValue>(
    table: &Table,
    path: &str,
    of_others: &[&str],
) -> Result<Box<dyn Any + Send + Sync>, Vec<String>> {
    read_struct::<T>(table, path, of_others).map(|value| Box::new(value) as Box<dyn Any + Send + Sync>)
}

/// Reads the section of that path. One that nobody wrote is empty.
///
/// # Errors
/// Every mistake in it, with its place.
pub(crate) fn read_struct<T: DeserializeOwned>(
    table: &Table,
    path: &str,
    of_others: &[&str],
) -> Result<T, Vec<String>> {
    let empty;
    let node = match find(table, path) {
        Some(node) => node,
        None => {
            empty = Node { value: Value::Table(Table::default()), origin: Origin::Nowhere };
            &empty
        }
    };
    let mut pass = Pass::default();
    for other in of_others {
        pass.skipped.insert((*other).to_owned());
    }
    let mut problems = Vec::new();
    loop {
        let read = T::deserialize(Reader::new(node, path, &pass));
        let unread: Vec<_> = pass.unread.take();
        let failure = match read {
            Err(failure) if problems.len() < MOST && !matches!(failure.what, What::MadeUp) => failure,
            read => {
                problems.extend(unread.iter().map(|unread| {
                    unknown(&format!("{}: ", unread.origin), &unread.path, &unread.name, unread.known)
                }));
                return match read {
                    Ok(value) if problems.is_empty() => Ok(value),
                    _ => Err(problems),
                };
            }
        };
        let line = failure.line();
        if !problems.contains(&line) {
            problems.push(line);
        }
        let at = failure.at.map_or_else(|| path.to_owned(), |at| at.path);
        // What is wrong is made up the next time, to hear what else is.
        let is_new = match failure.what {
            What::UnknownField(name, _) => pass.skipped.insert(format!("{at}.{name}")),
            What::MissingField(name) => pass.made_up.insert(format!("{at}.{name}")),
            _ => pass.made_up.insert(at),
        };
        if !is_new {
            return Err(problems);
        }
    }
}

/// How many mistakes of a section are told.
const MOST: usize = 50;

fn find<'t>(table: &'t Table, path: &str) -> Option<&'t Node> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let node = &table.get(first)?.node;
    match (rest, &node.value) {
        (None, _) => Some(node),
        (Some(rest), Value::Table(table)) => find(table, rest),
        _ => None,
    }
}
