//! The page that is scraped.

use std::collections::BTreeSet;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// The metrics as text.
pub(super) fn text(registry: &Registry) -> String {
    let mut text = String::new();
    encode(&mut text, registry).expect("a String takes everything");
    text
}

/// The same in the older text form, which counts `name_total` as a name of its own and knows neither units nor an end.
pub(super) fn plain(registry: &Registry) -> String {
    let text = text(registry);
    let mut plain = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        let mut words = line.splitn(4, ' ').skip(1);
        match (line.starts_with("# "), words.next(), words.next(), words.next()) {
            (true, Some("HELP"), Some(name), told) => help = Some((name, told.unwrap_or_default())),
            (true, Some("TYPE"), Some(name), Some(kind)) => {
                let (name, kind) = match kind {
                    "counter" => (format!("{name}_total"), kind),
                    "info" => (format!("{name}_info"), "gauge"),
                    "unknown" => (name.to_owned(), "untyped"),
                    _ => (name.to_owned(), kind),
                };
                if let Some((_, told)) = help.take() {
                    plain.push_str(&format!("# HELP {name} {told}\n"));
                }
                plain.push_str(&format!("# TYPE {name} {kind}\n"));
            }
            (true, ..) => {}
            (false, ..) => {
                plain.push_str(line);
                plain.push('\n');
            }
        }
    }
    plain
}

/// What of the metrics of the user's own would break the page for those who read it. The crate that writes it looks at none of this.
pub(super) fn problems(registry: &Registry) -> Vec<String> {
    let mut problems = Vec::new();
    let mut names: BTreeSet<String> = OWN.map(str::to_owned).into();
    for line in text(registry).lines() {
        let Some(words) = line.strip_prefix("# ") else {
            if !is_sample(line) {
                problems.push(format!(
                    "the line {line:?} is no metric: a help text has one line, and a name is made of letters, digits, `_` and `:` (Metrics::register)"
                ));
            }
            continue;
        };
        let mut words = words.splitn(3, ' ');
        if let (Some("TYPE"), Some(name)) = (words.next(), words.next()) {
            let is_name = name.starts_with(is_first)
                && name.chars().all(|char| is_first(char) || char.is_ascii_digit());
            if !is_name {
                problems.push(format!(
                    "{name:?} is no name of a metric: write letters, digits, `_` and `:` (Metrics::register)"
                ));
            }
            if OWN.contains(&name.trim_end_matches("_total")) || !names.insert(name.to_owned()) {
                problems.push(format!("two metrics are called {name:?} (Metrics::register)"));
            }
        }
    }
    problems
}

/// The names that are taken.
const OWN: [&str; 11] = [
    "http_server_request_duration_seconds",
    "http_server_active_requests",
    "http_server_aborted_requests",
    "http_server_response_body_bytes",
    "vernal_connections",
    "vernal_refusals",
    "vernal_room_members",
    "vernal_rooms",
    "vernal_sessions",
    "vernal_websocket_messages",
    "vernal_websocket_sessions",
];

/// Whether a line is a name, with labels or without, and a number.
fn is_sample(line: &str) -> bool {
    let rest = line
        .rsplit_once('}')
        .map_or_else(|| line.split_once(' ').map(|parts| parts.1), |parts| Some(parts.1));
    let value = rest.and_then(|rest| rest.split_whitespace().next());
    line.starts_with(is_first) && value.is_some_and(|value| value.parse::<f64>().is_ok())
}

fn is_first(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_' || char == ':'
}
