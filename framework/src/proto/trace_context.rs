//! A place in a trace, and the fields that tell of it: `traceparent` and `tracestate` of the W3C's Trace Context, of which an
//! invalid one is as good as none.

use std::fmt;

use crate::base::Headers;

/// A place in a trace that goes through several programs, as the fields `traceparent` and `tracestate` tell it
/// ([W3C Trace Context](https://www.w3.org/TR/trace-context/)): whoever gets it makes what it does a part of that trace, below that place.
///
/// A request has one by [`Request::trace`](crate::Request::trace).
///
/// ```
/// use vernal::TraceContext;
///
/// let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let place = TraceContext::parse(text, "congo=t61rcWkgMzE").expect("well formed");
/// assert_eq!(place.to_string(), text);
/// assert!(place.is_sampled());
/// assert_eq!(TraceContext::parse(&text.to_uppercase(), ""), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
    state: Box<str>,
}

impl TraceContext {
    /// One of these ids and flags, without a `tracestate`; `None` if an id is zero. Of the flags those count that are known: 1, the trace is
    /// recorded (sampled), and 2, its id is random.
    pub fn new(trace_id: u128, span_id: u64, flags: u8) -> Option<TraceContext> {
        let is_valid = trace_id != 0 && span_id != 0;
        is_valid.then(|| TraceContext { trace_id, span_id, flags: flags & KNOWN, state: Box::default() })
    }

    /// Reads both fields; the second may be empty. `None` if `traceparent` is malformed: upper case, ids of zero, the version `ff`, more
    /// behind the flags in version 00. Of later versions what version 00 knows is read. A `tracestate` that is malformed is left
    /// out, as are entries of one that is longer than 512 bytes: the long ones, then the last.
    pub fn parse(traceparent: &str, tracestate: &str) -> Option<TraceContext> {
        TraceContext::of(traceparent, [tracestate])
    }

    /// What the fields of a request say.
    pub(crate) fn read(headers: &Headers) -> Option<TraceContext> {
        let parent = headers.only("traceparent")?;
        // One that is no text is malformed, and not one that is not there.
        let states =
            headers.get_all_bytes("tracestate").map(|state| std::str::from_utf8(state).unwrap_or("?"));
        TraceContext::of(parent.trim_matches([' ', '\t']), states)
    }

    fn of<'t>(parent: &str, states: impl IntoIterator<Item = &'t str>) -> Option<TraceContext> {
        let (fields, rest) = parent.as_bytes().split_first_chunk::<LENGTH>()?;
        let [version_1, version_2, b'-', ids @ .., b'-', flags_1, flags_2] = fields else { return None };
        let version = hex(&[*version_1, *version_2])?;
        let is_whole = rest.is_empty() || version != 0 && rest.starts_with(b"-");
        if version == 0xff || !is_whole {
            return None;
        }
        let (trace_id, span_id) = ids.split_at_checked(32)?;
        let span_id = u64::try_from(hex(span_id.strip_prefix(b"-")?)?).ok()?;
        let flags = u8::try_from(hex(&[*flags_1, *flags_2])?).ok()?;
        let context = TraceContext::new(hex(trace_id)?, span_id, flags)?;
        Some(TraceContext { state: state(states).unwrap_or_default().into(), ..context })
    }

    /// The same place with another `tracestate`; none, if that is malformed.
    #[must_use]
    pub fn with_tracestate(self, tracestate: &str) -> TraceContext {
        TraceContext { state: state([tracestate]).unwrap_or_default().into(), ..self }
    }

    /// A place below this one.
    pub(crate) fn child(&self, span_id: u64) -> TraceContext {
        TraceContext { span_id, ..self.clone() }
    }

    /// What all places of the trace have in common.
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The id of the place, which is the parent of what comes below it.
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// Both ids as everybody writes them: 32 and 16 hexadecimal digits.
    pub(crate) fn digits(&self) -> (Digits, Digits) {
        (Digits { number: self.trace_id, count: 32 }, Digits { number: self.span_id.into(), count: 16 })
    }

    /// The flags that are known: 1, the trace is recorded, and 2, its id is random.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether it was decided that the trace is recorded.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 != 0
    }

    /// What others on the way have noted; empty if nothing.
    pub fn tracestate(&self) -> &str {
        &self.state
    }

    /// The header fields that tell of it: `traceparent`, and `tracestate` if there is one.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let state = (!self.state.is_empty()).then(|| ("tracestate", self.state.to_string()));
        [("traceparent", self.to_string())].into_iter().chain(state)
    }
}

/// An id.
pub(crate) struct Digits {
    number: u128,
    count: usize,
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0count$x}", self.number, count = self.count)
    }
}

/// The `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// A number in lower-case hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number: u128, digit| match digit {
        b'0'..=b'9' | b'a'..=b'f' => Some(number << 4 | u128::from((*digit as char).to_digit(16)?)),
        _ => None,
    })
}

/// All members of a state in one line, within bounds; `None` if one is malformed, or there are too many.
fn state<'t>(lines: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let mut members: Vec<&str> = Vec::new();
    for member in lines.into_iter().flat_map(|line| line.split(',')) {
        let member = member.trim_matches([' ', '\t']);
        if member.is_empty() {
            continue;
        }
        let (key, value) = member.split_once('=')?;
        let is_there = members.iter().any(|known| known.split_once('=').is_some_and(|it| it.0 == key));
        if !is_key(key) || !is_state_value(value) || is_there || members.len() == MOST_MEMBERS {
            return None;
        }
        members.push(member);
    }
    let length = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length(&members) > LONGEST_STATE + 1 {
        match members.iter().rposition(|member| member.len() > LONG_MEMBER) {
            Some(long) => drop(members.remove(long)),
            None => drop(members.pop()),
        }
    }
    Some(members.join(","))
}

/// A name of one system, or of a tenant of one: `rojo`, `fw529a3039@dt`.
fn is_key(key: &str) -> bool {
    let is_name = |name: &str, most: usize, may_begin: fn(u8) -> bool| {
        let is_in = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'*' | b'/')
        };
        name.len() <= most && name.bytes().next().is_some_and(may_begin) && name.bytes().all(is_in)
    };
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    match key.split_once('@') {
        None => is_name(key, 256, is_letter),
        Some((tenant, system)) => {
            is_name(tenant, 241, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && is_name(system, 14, is_letter)
        }
    }
}

/// Spaces around it are gone already.
fn is_state_value(value: &str) -> bool {
    let is_in = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(is_in)
}

/// The bytes of a `traceparent`.
const LENGTH: usize = 55;

/// The flags that are known.
const KNOWN: u8 = 3;

/// The most members of a state.
const MOST_MEMBERS: usize = 32;

/// As much of a state is passed on as everybody has to (section 3.3.1.5).
const LONGEST_STATE: usize = 512;

/// Members beyond this are left out first.
const LONG_MEMBER: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_parent_is_read_strictly() {
        let row =
            |version: &str, trace: &str, span: &str, rest: &str| format!("{version}-{trace}-{span}-{rest}");
        let good = |flags: &str| Some(row("00", TRACE, SPAN, flags));
        let table = [
            ("as it should be", row("00", TRACE, SPAN, "01"), good("01")),
            ("not sampled", row("00", TRACE, SPAN, "00"), good("00")),
            ("random", row("00", TRACE, SPAN, "03"), good("03")),
            ("unknown flags", row("00", TRACE, SPAN, "ff"), good("03")),
            ("a later version", row("01", TRACE, SPAN, "01"), good("01")),
            ("a later version with more", row("cc", TRACE, SPAN, "01-what-the-future"), good("01")),
            ("a later version with more, not apart", row("cc", TRACE, SPAN, "01.what"), None),
            ("a later version with one more", row("cc", TRACE, SPAN, "011"), None),
            ("the version that is none", row("ff", TRACE, SPAN, "01"), None),
            ("version 00 with more", row("00", TRACE, SPAN, "01-"), None),
            ("version 00 with more", row("00", TRACE, SPAN, "01-x"), None),
            ("a short version", row("0", TRACE, SPAN, "01"), None),
            ("a bad version", row(".0", TRACE, SPAN, "01"), None),
            ("a version in capitals", row("CC", TRACE, SPAN, "01"), None),
            ("no flags", format!("00-{TRACE}-{SPAN}"), None),
            ("short flags", row("00", TRACE, SPAN, "1"), None),
            ("bad flags", row("00", TRACE, SPAN, ".0"), None),
            ("a trace of zero", row("00", &"0".repeat(32), SPAN, "01"), None),
            ("a span of zero", row("00", TRACE, &"0".repeat(16), "01"), None),
            ("capitals", row("00", &TRACE.to_uppercase(), SPAN, "01"), None),
            ("capitals in the span", row("00", TRACE, &SPAN.to_uppercase(), "01"), None),
            ("no number", row("00", &format!(".{}", &TRACE[1..]), SPAN, "01"), None),
            ("a sign", row("00", &format!("+{}", &TRACE[1..]), SPAN, "01"), None),
            ("a long trace", row("00", &format!("{TRACE}1"), SPAN, "01"), None),
            ("a short trace", row("00", &TRACE[1..], SPAN, "01"), None),
            ("a long span", row("00", TRACE, &format!("{SPAN}1"), "01"), None),
            ("other separators", row("00", TRACE, SPAN, "01").replace('-', "_"), None),
            ("no ASCII", row("00", TRACE, &format!("{}é", &SPAN[2..]), "01"), None),
            ("nothing", String::new(), None),
        ];
        for (name, text, expected) in table {
            let read = TraceContext::parse(&text, "");
            assert_eq!(read.map(|place| place.to_string()), expected, "{name}: {text}");
        }
    }

    #[test]
    fn a_state_is_read_strictly_and_bounded() {
        let many = |count: usize| (0..count).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
        let long = |name: &str, length: usize| format!("{name}={}", "v".repeat(length - name.len() - 1));
        let table = [
            ("nothing", String::new(), String::new()),
            ("one", "foo=1".to_owned(), "foo=1".to_owned()),
            (
                "several, with spaces",
                "foo=1 ,\tbar=2,, baz= a b".to_owned(),
                "foo=1,bar=2,baz= a b".to_owned(),
            ),
            ("a tenant", "0t@v=1".to_owned(), "0t@v=1".to_owned()),
            ("all characters", "a_-*/0=~!\"#<>".to_owned(), "a_-*/0=~!\"#<>".to_owned()),
            ("a tenant of nobody", "t@=1".to_owned(), String::new()),
            ("a tenant without a name", "@v=1".to_owned(), String::new()),
            ("a tenant twice", "t@v@w=1".to_owned(), String::new()),
            ("a system that is too long", format!("t@{}=1", "v".repeat(15)), String::new()),
            ("a digit first", "0foo=1".to_owned(), String::new()),
            ("capitals", "FOO=1".to_owned(), String::new()),
            ("no value", "foo=".to_owned(), String::new()),
            ("no member", "foo".to_owned(), String::new()),
            ("two signs", "foo=1=2".to_owned(), String::new()),
            ("a space in a name", "foo =1".to_owned(), String::new()),
            ("a control character", "foo=\u{1}".to_owned(), String::new()),
            ("no ASCII", "foo=é".to_owned(), String::new()),
            ("a bad one among good ones", "foo=1,BAR=2".to_owned(), String::new()),
            ("one twice", "foo=1,bar=2,foo=3".to_owned(), String::new()),
            ("as many as there may be", many(32), many(32)),
            ("one more", many(33), String::new()),
            ("a long name", format!("{}=1,b=2", "z".repeat(256)), format!("{}=1,b=2", "z".repeat(256))),
            ("a name that is too long", format!("{}=1", "z".repeat(257)), String::new()),
            ("a value that is too long", format!("z={}", "v".repeat(257)), String::new()),
            (
                "exactly as long as it may be",
                format!("{},{}", long("a", 255), long("b", 256)),
                format!("{},{}", long("a", 255), long("b", 256)),
            ),
            (
                "long ones go first",
                format!("{},b=1,{}", long("a", 256), long("c", 256)),
                format!("{},b=1", long("a", 256)),
            ),
            (
                "then the last",
                ["a", "b", "c", "d", "e"].map(|name| long(name, 110)).join(","),
                ["a", "b", "c", "d"].map(|name| long(name, 110)).join(","),
            ),
        ];
        let parent = format!("00-{TRACE}-{SPAN}-01");
        for (name, text, expected) in table {
            let place = TraceContext::parse(&parent, &text).expect("the parent is good");
            assert_eq!(place.tracestate(), expected, "{name}: {text}");
        }
    }

    #[test]
    fn fields_are_read_as_a_request_has_them() {
        let parent = &*format!("00-{TRACE}-{SPAN}-01");
        type Row<'t> = (&'t [(&'t str, &'t [u8])], Option<&'t str>);
        let table: [Row<'_>; 7] = [
            (&[], None),
            (&[("Traceparent", parent.as_bytes())], Some("")),
            (&[("traceparent", parent.as_bytes()), ("traceparent", parent.as_bytes())], None),
            (&[("traceparent", b"\xff")], None),
            (&[("tracestate", b"a=1")], None),
            (
                &[("tracestate", b"a=1"), ("traceparent", parent.as_bytes()), ("tracestate", b"b=2")],
                Some("a=1,b=2"),
            ),
            (&[("traceparent", parent.as_bytes()), ("tracestate", b"b=\xff")], Some("")),
        ];
        for (fields, expected) in table {
            let mut headers = Headers::new();
            fields.iter().for_each(|(name, value)| headers.append(name, *value));
            let read = TraceContext::read(&headers);
            assert_eq!(read.as_ref().map(TraceContext::tracestate), expected, "{fields:?}");
        }
    }
}
