//! What of the metrics of the user's own can stand on a page. The crate that writes them looks at none of this, a family that is empty at start is
//! written later, and one bad line costs whoever reads it the whole page.

use std::collections::HashSet;

/// The lines that can stand there, and what is wrong with the others.
pub(super) fn sift(text: &str) -> (String, Vec<String>) {
    let mut sieve = Sieve::default();
    for (name, kind) in OWN {
        sieve.take(name, kind);
    }
    text.lines().for_each(|line| sieve.add(line));
    (sieve.good, sieve.problems)
}

/// What is wrong with the name of such a counter.
pub(super) fn total_by_itself(name: &str) -> String {
    let short = name.trim_end_matches("_total");
    format!("the counter {name:?} gets its `_total` by itself: register it as {short:?} (Metrics::register)")
}

/// The names that are taken.
const OWN: [(&str, Kind); 11] = [
    ("http_server_request_duration_seconds", Kind::Histogram),
    ("http_server_active_requests", Kind::Plain),
    ("http_server_aborted_requests", Kind::Counter),
    ("http_server_response_body_bytes", Kind::Counter),
    ("vernal_connections", Kind::Plain),
    ("vernal_refusals", Kind::Counter),
    ("vernal_room_members", Kind::Plain),
    ("vernal_rooms", Kind::Plain),
    ("vernal_sessions", Kind::Plain),
    ("vernal_websocket_messages", Kind::Counter),
    ("vernal_websocket_sessions", Kind::Plain),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Histogram,
    Info,
    /// Gauges, and what nobody knows.
    Plain,
}

impl Kind {
    fn of(name: &str) -> Option<Kind> {
        Some(match name {
            "counter" => Kind::Counter,
            "histogram" => Kind::Histogram,
            "info" => Kind::Info,
            "gauge" | "unknown" => Kind::Plain,
            _ => return None,
        })
    }

    /// How the names of its series end.
    fn ends(self) -> &'static [&'static str] {
        match self {
            Kind::Counter => &["_total"],
            Kind::Histogram => &["_bucket", "_count", "_sum"],
            Kind::Info => &["_info"],
            Kind::Plain => &[""],
        }
    }
}

#[derive(Default)]
struct Sieve<'t> {
    good: String,
    problems: Vec<String>,
    /// Names of metrics and of their series.
    taken: HashSet<String>,
    /// What is said of the one that comes next.
    help: Option<&'t str>,
    /// The one whose lines come; `None`: it is left out.
    family: Option<(&'t str, Kind)>,
    /// Names and labels of its series so far.
    series: HashSet<&'t str>,
}

impl<'t> Sieve<'t> {
    fn add(&mut self, line: &'t str) {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), ..) => {
                self.help = Some(line);
                self.family = None;
            }
            (Some("#"), Some("TYPE"), Some(name), kind) => self.begin(line, name, kind.unwrap_or_default()),
            (Some("#"), Some("UNIT"), Some(name), _) => {
                if self.family.is_some_and(|(known, _)| known == name) {
                    self.keep(line);
                }
            }
            _ => self.add_sample(line),
        }
    }

    fn begin(&mut self, line: &'t str, name: &'t str, kind: &str) {
        let help = self.help.take();
        self.series.clear();
        let problem = match Kind::of(kind) {
            _ if !is_name(name, true) => Some(format!(
                "{name:?} is no name of a metric: write letters, digits, `_` and `:` (Metrics::register)"
            )),
            None => Some(format!("{name:?} has a unit that is none: write one word (Metrics::register)")),
            Some(Kind::Counter) if name.ends_with("_total") => Some(total_by_itself(name)),
            Some(kind) if !self.take(name, kind) => Some(format!(
                "two metrics are called {name:?}, or have series of one name (Metrics::register)"
            )),
            Some(kind) => {
                self.family = Some((name, kind));
                help.into_iter().for_each(|help| self.keep(help));
                self.keep(line);
                None
            }
        };
        self.problems.extend(problem);
    }

    /// Takes a name and those of its series; `false`: somebody has one of them.
    fn take(&mut self, name: &str, kind: Kind) -> bool {
        let series = kind.ends().iter().map(|end| format!("{name}{end}"));
        let names: HashSet<String> = series.chain([name.to_owned()]).collect();
        let is_free = self.taken.is_disjoint(&names);
        self.taken.extend(names);
        is_free
    }

    fn add_sample(&mut self, line: &'t str) {
        let Some((family, kind)) = self.family else {
            if self.help.is_some() {
                self.refuse(line);
            }
            return;
        };
        let series = sample(line)
            .filter(|(name, _)| name.strip_prefix(family).is_some_and(|end| kind.ends().contains(&end)));
        match series {
            None => self.refuse(line),
            Some((_, series)) if !self.series.insert(series) => {
                self.problems.push(format!("the series {series:?} is there twice (Metrics::register)"));
            }
            Some(_) => self.keep(line),
        }
    }

    fn refuse(&mut self, line: &str) {
        self.problems.push(format!(
            "the line {:?} is no metric: a help text has one line, and a name of a label is made of letters, digits and `_` and stands there once \
             (Metrics::register)",
            crate::base::shown(line)
        ));
    }

    fn keep(&mut self, line: &str) {
        self.good.push_str(line);
        self.good.push('\n');
    }
}

/// The name of a sample, and that with its labels.
fn sample(line: &str) -> Option<(&str, &str)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    if rest.starts_with('{') {
        rest = behind_labels(rest)?;
    }
    let series = line.get(..line.len() - rest.len())?;
    let (value, exemplar) = rest.strip_prefix(' ')?.split_once(" # ").unwrap_or((rest.get(1..)?, ""));
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    let are_numbers = |text: &str| !text.is_empty() && text.split(' ').all(is_number);
    let is_exemplar =
        |text: &str| behind_labels(text).and_then(|rest| rest.strip_prefix(' ')).is_some_and(are_numbers);
    let is_sound =
        is_name(name, true) && are_numbers(value) && (exemplar.is_empty() || is_exemplar(exemplar));
    is_sound.then_some((name, series))
}

/// What comes behind labels in braces, if they are such and each is there once.
fn behind_labels(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('{')?;
    let mut names = HashSet::new();
    while !rest.starts_with('}') {
        let (name, value) = rest.split_once("=\"")?;
        if !is_name(name, false) || name.starts_with("__") || !names.insert(name) {
            return None;
        }
        let mut is_escaped = false;
        let end = value.find(|char| {
            let ends = char == '"' && !is_escaped;
            is_escaped = char == '\\' && !is_escaped;
            ends
        })?;
        rest = value.get(end + 1..)?;
        match rest.strip_prefix(',') {
            Some(next) if !next.starts_with('}') => rest = next,
            Some(_) => return None,
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
    rest.strip_prefix('}')
}

fn is_name(name: &str, of_metric: bool) -> bool {
    let is_first = |char: char| char.is_ascii_alphabetic() || char == '_' || of_metric && char == ':';
    name.starts_with(is_first) && name.chars().all(|char| is_first(char) || char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_from_other_lines() {
        let table = [
            ("a 1", Some("a")),
            ("a:b 1.5 1700000000.5", Some("a:b")),
            ("a +Inf", Some("a")),
            ("a{} 1", Some("a{}")),
            ("a{b=\"\"} NaN", Some("a{b=\"\"}")),
            (r#"a{b="x\"}y",c="\\"} 1"#, Some(r#"a{b="x\"}y",c="\\"}"#)),
            ("a{b=\"1\"} 1 # {trace_id=\"x\"} 0.5", Some("a{b=\"1\"}")),
            ("a{b=\"1\"} 1 # {trace-id=\"x\"} 0.5", None),
            ("a{b=\"1\",b=\"2\"} 1", None),
            ("a{b-c=\"1\"} 1", None),
            ("a{b:c=\"1\"} 1", None),
            ("a{__name__=\"1\"} 1", None),
            ("a{1=\"1\"} 1", None),
            ("a{=\"1\"} 1", None),
            ("a{b=\"1\",} 1", None),
            ("a{b=\"1\"c=\"2\"} 1", None),
            ("a{b=\"1\"}1", None),
            ("a{b=\"1} 1", None),
            ("a", None),
            ("a ", None),
            ("a x", None),
            ("1a 1", None),
            ("\u{e4} 1", None),
            ("", None),
        ];
        for (line, expected) in table {
            assert_eq!(sample(line).map(|(_, series)| series), expected, "{line}");
        }
    }

    #[test]
    fn what_cannot_stand_there_is_left_out_and_told() {
        let good = "# HELP a A.\n# TYPE a counter\na_total 1\n";
        let table: &[(&str, &str, &[&str])] = &[
            (good, good, &[]),
            ("# HELP a A\nb.\n# TYPE a gauge\na 1\n", "# HELP a A\n# TYPE a gauge\na 1\n", &["one line"]),
            ("# HELP a-b A.\n# TYPE a-b gauge\na-b 1\n", "", &["\"a-b\" is no name"]),
            ("# HELP a_total A.\n# TYPE a_total counter\na_total_total 1\n", "", &["register it as \"a\""]),
            ("# HELP a_b c A.\n# TYPE a_b c counter\na_b c_total 1\n", "", &["a unit that is none"]),
            (
                "# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"1\"} 2\na{y-z=\"1\"} 2\na{x=\"2\"} 3\nb 1\n",
                "# HELP a A.\n# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 3\n",
                &["is there twice", "is no metric", "is no metric"],
            ),
            ("# HELP vernal_rooms A.\n# TYPE vernal_rooms gauge\nvernal_rooms 1\n", "", &["two metrics"]),
            (
                "# HELP vernal_refusals_total A.\n# TYPE vernal_refusals_total gauge\nvernal_refusals_total 1\n",
                "",
                &["two metrics"],
            ),
            (
                "# HELP a A.\n# TYPE a histogram\na_sum 1\na_count 1\na_bucket{le=\"+Inf\"} 1\n# HELP a_count A.\n# TYPE a_count gauge\na_count 3\n",
                "# HELP a A.\n# TYPE a histogram\na_sum 1\na_count 1\na_bucket{le=\"+Inf\"} 1\n",
                &["two metrics are called \"a_count\""],
            ),
            (
                "# HELP a_s A.\n# TYPE a_s gauge\n# UNIT a_s s\na_s 1\n",
                "# HELP a_s A.\n# TYPE a_s gauge\n# UNIT a_s s\na_s 1\n",
                &[],
            ),
        ];
        for (text, expected, problems) in table {
            let (good, told) = sift(text);
            assert_eq!(good, *expected, "{told:?}");
            assert_eq!(told.len(), problems.len(), "{text}: {told:?}");
            for (told, problem) in told.iter().zip(*problems) {
                assert!(told.contains(problem), "{problem}: {told}");
            }
        }
    }
}
