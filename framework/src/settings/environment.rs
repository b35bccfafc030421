//! Settings of the environment, `VERNAL__LIMITS__BODY_SIZE=10MiB`, and of arguments, `--limits.body_size=10MiB`.
//!
//! Two underscores stand between names, since names have single ones: `VERNAL_SERVER_PORT` might be anything, and Kubernetes
//! sets it to an address wherever a service is called `vernal-server`.

use std::ffi::OsString;
use std::sync::Arc;

use super::origin::{Origin, PREFIX};
use super::value::{Node, Table, Value};
use crate::base::environment::{is_link, of_link};
use crate::base::shown;

/// Variables that were there before there were others, and stay since they are short.
const SHORT: [(&str, &str); 3] =
    [("VERNAL_HOST", "server.host"), (SHORT_PORT, "server.port"), ("VERNAL_LOG", "log.level")];

/// The one that Kubernetes sets too.
const SHORT_PORT: &str = "VERNAL_PORT";

/// Reads the variables that are settings.
pub(super) fn variables(environment: &[(OsString, OsString)], problems: &mut Vec<String>) -> Table {
    let services = services(environment);
    let mut found: Vec<(&str, String, &OsString)> = Vec::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| !is_of_service(name, &services)) else { continue };
        if link(name, value).is_some() {
            continue;
        }
        if let Some(rest) = name.strip_prefix(PREFIX) {
            found.push((name, rest.to_lowercase().replace("__", "."), value));
        } else if let Some((_, path)) = SHORT.iter().find(|(short, _)| *short == name) {
            found.push((name, (*path).to_owned(), value));
        }
    }
    // The environment has no order.
    found.sort();
    let mut table = Table::default();
    for (name, path, value) in found {
        let origin = Origin::Variable(name.into());
        match value.to_str() {
            Some(value) => put(&mut table, &path, value, origin, problems),
            None => problems.push(format!("{origin}: the value is not UTF-8")),
        }
    }
    table
}

/// What a variable links to, in place of a port.
fn link<'v>(name: &str, value: &'v OsString) -> Option<&'v str> {
    value.to_str().filter(|value| name == SHORT_PORT && is_link(value))
}

/// What is said of variables that have the name of a setting, and are none.
pub(super) fn links(environment: &[(OsString, OsString)]) -> Vec<String> {
    let linked = |(name, value): &(OsString, OsString)| {
        let name = name.to_str()?;
        Some(of_link(name, link(name, value)?))
    };
    environment.iter().filter_map(linked).collect()
}

/// The services that Kubernetes tells of, as their variables begin: `VERNAL__SHOP` for one called `vernal--shop`, which is no section.
fn services(environment: &[(OsString, OsString)]) -> Vec<&str> {
    let is_service = |service: &str| {
        let port = format!("{service}_PORT");
        let port = environment.iter().find(|(name, _)| name.to_str() == Some(&port));
        port.and_then(|(_, value)| value.to_str()).is_some_and(is_link)
    };
    let names = environment.iter().filter_map(|(name, _)| name.to_str());
    names.filter_map(|name| name.strip_suffix("_SERVICE_HOST")).filter(|name| is_service(name)).collect()
}

/// Whether a variable is one of those that are set for a service.
fn is_of_service(name: &str, services: &[&str]) -> bool {
    let rest = |service: &&str| name.strip_prefix(*service);
    services.iter().filter_map(rest).any(|rest| rest.starts_with("_SERVICE_") || rest.starts_with("_PORT"))
}

/// Variables that look as if they were meant for settings, with what would be one.
pub(super) fn doubtful(environment: &[(OsString, OsString)], keys: &[String]) -> Vec<(String, String)> {
    let spelled =
        |separator: &str, path: &str| format!("VERNAL_{}", path.to_uppercase().replace('.', separator));
    let meant = |name: &str| {
        let key = keys.iter().find(|key| spelled("_", key) == name && key.contains('.'))?;
        Some(spelled("__", key).replacen("VERNAL_", PREFIX, 1))
    };
    let is_address = |value: &OsString| value.to_str().is_some_and(is_link);
    let variable = |(name, value): &(OsString, OsString)| {
        let name = name.to_str().filter(|_| !is_address(value))?;
        Some((name.to_owned(), meant(name)?))
    };
    environment.iter().filter_map(variable).collect()
}

/// Reads the arguments that are settings: those that begin with two hyphens and have a dot in their name. The others are the
/// program's own.
pub(super) fn arguments(arguments: &[OsString], problems: &mut Vec<String>) -> Table {
    let mut table = Table::default();
    for argument in arguments.iter().take_while(|argument| *argument != "--") {
        let text = argument.to_string_lossy();
        let Some(rest) = text.strip_prefix("--") else { continue };
        let (path, value) = match rest.split_once('=') {
            Some((path, value)) => (path, Some(value)),
            None => (rest, None),
        };
        if !path.contains('.') || path.contains(|char: char| char.is_whitespace() || char == '/') {
            continue;
        }
        let origin = Origin::Argument(Arc::from(format!("--{path}")));
        match value {
            _ if argument.to_str().is_none() => problems.push(format!("{origin}: the value is not UTF-8")),
            Some(value) => put(&mut table, path, value, origin, problems),
            None => problems.push(format!("{origin}: there is no value: write `--{path}=…`, in one word")),
        }
    }
    table
}

fn put(table: &mut Table, path: &str, value: &str, origin: Origin, problems: &mut Vec<String>) {
    let names: Vec<_> = path.split('.').collect();
    if names.len() > MOST_NAMES {
        // As deep as files may go. All of it would fill the log.
        let (begins, count) = (shown(path), names.len());
        problems
            .push(format!("a setting of {count} names is given, and {MOST_NAMES} are the most: `{begins}`"));
        return;
    }
    if names.contains(&"") {
        problems.push(format!("{origin}: a name is missing in `{path}`"));
        return;
    }
    let node = Node { value: Value::Loose(value.to_owned()), origin: origin.clone() };
    if let Err(other) = table.put(&names, node) {
        problems.push(format!("{origin}: `{path}` is set by {other} too: keep one of them"));
    }
}

/// How deep a value may lie.
const MOST_NAMES: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_for_settings_is_doubtful() {
        let keys = ["server.port", "limits.body_size", "log.level", "compression"].map(str::to_owned);
        let table = [
            ("VERNAL_SERVER_PORT", "80", Some("VERNAL__SERVER__PORT")),
            ("VERNAL_LIMITS_BODY_SIZE", "1", Some("VERNAL__LIMITS__BODY_SIZE")),
            // As Kubernetes writes it for a service `vernal-server`.
            ("VERNAL_SERVER_PORT", "tcp://10.0.0.11:80", None),
            ("VERNAL_PORT", "80", None),
            ("VERNAL_COMPRESSION", "yes", None),
            ("VERNAL_SERVER_PORT_80_TCP", "x", None),
        ];
        for (name, value, expected) in table {
            let found = doubtful(&[(name.into(), value.into())], &keys);
            assert_eq!(found.first().map(|(_, meant)| meant.as_str()), expected, "{name}={value}");
        }
    }
}
