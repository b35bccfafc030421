//! Settings of the environment, `VERNAL__LIMITS__BODY_SIZE=10MiB`, and of arguments, `--limits.body_size=10MiB`.
//!
//! Two underscores stand between names, since names have single ones: `VERNAL_SERVER_PORT` might be anything, and Kubernetes
//! sets it to an address wherever a service is called `vernal-server`.

use std::ffi::OsString;
use std::sync::Arc;

use super::origin::Origin;
use super::value::{Node, Table, Value};

/// Variables that were there before there were others, and stay since they are short.
const SHORT: [(&str, &str); 3] =
    [("VERNAL_HOST", "server.host"), ("VERNAL_PORT", "server.port"), ("VERNAL_LOG", "log.level")];

/// How the names of variables begin.
pub(super) const PREFIX: &str = "VERNAL__";

/// Reads the variables that are settings.
pub(super) fn variables(environment: &[(OsString, OsString)], problems: &mut Vec<String>) -> Table {
    let mut found: Vec<(&str, String, &OsString)> = Vec::new();
    for (name, value) in environment {
        let Some(name) = name.to_str() else { continue };
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

/// Variables that look as if they were meant for settings, with what would be one.
pub(super) fn doubtful(environment: &[(OsString, OsString)], keys: &[String]) -> Vec<(String, String)> {
    let spelled =
        |separator: &str, path: &str| format!("VERNAL_{}", path.to_uppercase().replace('.', separator));
    let meant = |name: &str| {
        let key = keys.iter().find(|key| spelled("_", key) == name && key.contains('.'))?;
        Some(spelled("__", key).replacen("VERNAL_", PREFIX, 1))
    };
    let is_address = |value: &OsString| value.to_str().is_some_and(|value| value.contains("://"));
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
    if names.contains(&"") {
        problems.push(format!("{origin}: a name is missing in `{path}`"));
        return;
    }
    let node = Node { value: Value::Loose(value.to_owned()), origin: origin.clone() };
    if let Err(other) = table.put(&names, node) {
        problems.push(format!("{origin}: `{path}` is set by {other} too: keep one of them"));
    }
}

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
