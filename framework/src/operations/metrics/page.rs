//! The page that is scraped.

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;

use super::sift::sift;

/// The metrics of the user's own and ours as text, and what of the former is left out since it would break the page.
pub(super) fn text(theirs: &Registry, ours: &Registry) -> (String, Vec<String>) {
    let (mut text, problems) = sifted(theirs);
    encode_registry(&mut text, ours).expect("a String takes everything");
    text.push_str("# EOF\n");
    (text, problems)
}

/// What of the user's own can stand on a page, and what is wrong with the rest.
pub(super) fn sifted(theirs: &Registry) -> (String, Vec<String>) {
    let mut text = String::new();
    let written = encode_registry(&mut text, theirs);
    let (text, mut problems) = sift(&text);
    if written.is_err() {
        // What would come behind it is missing as well.
        problems.push(
            "a metric cannot be written: a native histogram needs buckets too, and a collector of your own may have failed (Metrics::register)"
                .to_owned(),
        );
    }
    (text, problems)
}

/// The same in the older text form, which counts `name_total` as a name of its own and knows neither units nor an end.
pub(super) fn plain(text: &str) -> String {
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
