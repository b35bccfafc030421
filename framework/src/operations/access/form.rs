//! The forms of a line: the common and the combined one of web servers, and JSON.

use std::fmt::{self, Display, Write};
use std::time::SystemTime;

use serde_json::Value;

use super::answered::Answered;
use crate::base::date::{Rfc3339, civil, parts};
use crate::base::{escape, needs_escape};
use crate::http::Request;
use crate::operations::method::version;
use crate::proto::TraceContext;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Common,
    Combined,
    Json,
}

impl Form {
    /// Adds the line of a request, with its line feed.
    pub(super) fn write(self, answered: &Answered<'_>, at: SystemTime, line: &mut String) {
        if self == Form::Json {
            write_json(answered, at, line);
        } else {
            let _ = write_common(answered, at, line);
            if self == Form::Combined {
                for name in ["referer", "user-agent"] {
                    let _ = write!(line, " \"{}\"", Quoted(answered.field(name).unwrap_or("-")));
                }
            }
        }
        line.push('\n');
    }

    /// The line that stands for lines which found no room.
    pub(super) fn missing(self) -> fn(u64) -> String {
        match self {
            Form::Json => |count| format!("{{\"dropped\":{count}}}\n"),
            Form::Common | Form::Combined => |count| format!("# {count} lines were dropped here\n"),
        }
    }
}

/// `127.0.0.1 - ann [29/Nov/2026:23:19:01 +0000] "GET /hello HTTP/1.1" 200 12`.
fn write_common(answered: &Answered<'_>, at: SystemTime, line: &mut String) -> fmt::Result {
    match answered.client() {
        Some(client) => write!(line, "{client}")?,
        None => line.push('-'),
    }
    let user = answered.user().filter(|name| !name.is_empty()).unwrap_or("-");
    write!(line, " - {} [{}] ", Word(user), Clf(at))?;
    match answered.understood() {
        Some(request) => {
            write!(line, "\"{} {} {:?}\" ", request.method, Quoted(request.target()), request.version())?
        }
        None => line.push_str("\"-\" "),
    }
    write!(line, "{} ", answered.status)?;
    match answered.bytes {
        Some(bytes) => write!(line, "{bytes}"),
        None => line.write_char('-'),
    }
}

/// A text between quotes.
struct Quoted<'t>(&'t str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_bytes(self.0, f, |char| char == '"' || char == '\\')
    }
}

/// A text that stands alone: spaces would end it.
struct Word<'t>(&'t str);

impl Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_bytes(self.0, f, |char| char == '"' || char == '\\' || char.is_whitespace())
    }
}

/// What would break the line becomes the bytes it is made of, `\x0a`.
fn in_bytes(text: &str, f: &mut fmt::Formatter<'_>, breaks: impl Fn(char) -> bool) -> fmt::Result {
    escape(
        text,
        f,
        |char| needs_escape(char) || breaks(char),
        |char, f| match char {
            '"' | '\\' => write!(f, "\\{char}"),
            other => other.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(f, "\\x{byte:02x}")),
        },
    )
}

/// A moment as the common form tells it.
struct Clf(SystemTime);

impl Display for Clf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (days, hour, minute, second, _) = parts(self.0);
        let (year, month, day) = civil(days);
        let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"-");
        write!(f, "{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} +0000")
    }
}

/// The members of a line of JSON, in order.
fn write_json(answered: &Answered<'_>, at: SystemTime, line: &mut String) {
    let request = answered.understood();
    let trace = request.and_then(Request::known_trace).map(TraceContext::digits);
    let text = |text: Option<String>| text.map(Value::from);
    let members: [(&str, Option<Value>); 17] = [
        ("time", Some(Rfc3339(at).to_string().into())),
        ("client.address", text(answered.client().map(|client| client.to_string()))),
        ("user.name", answered.user().map(Value::from)),
        ("http.request.method", request.map(|it| it.method.as_str().into())),
        ("url.path", answered.path().map(Value::from)),
        ("url.query", answered.query().map(Value::from)),
        ("http.route", request.and_then(Request::pattern).map(Value::from)),
        ("network.protocol.version", request.map(|it| version(it.version()).into())),
        ("http.response.status_code", Some(answered.status.into())),
        ("http.response.body.size", answered.bytes.map(Value::from)),
        ("duration", Some(answered.took.as_secs_f64().into())),
        ("request.id", text(request.map(|it| it.id_for_log().to_string()))),
        ("trace_id", text(trace.as_ref().map(|(trace, _)| trace.to_string()))),
        ("span_id", text(trace.as_ref().map(|(_, span)| span.to_string()))),
        ("http.request.header.referer", answered.field("referer").map(Value::from)),
        ("user_agent.original", answered.field("user-agent").map(Value::from)),
        ("error.type", answered.error_type().map(Value::from)),
    ];
    let mut separator = '{';
    for (name, value) in members {
        let Some(value) = value else { continue };
        let _ = write!(line, "{separator}\"{name}\":");
        // JSON escapes less than a terminal and other readers of lines would need.
        let _ = escape(&value.to_string(), line, needs_escape, |char, line| {
            char.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(line, "\\u{unit:04x}"))
        });
        separator = ',';
    }
    line.push('}');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::http::Context;
    use crate::operations::access::End;
    use crate::security::UserName;

    fn line(form: Form, answered: &Answered<'_>) -> String {
        let mut line = String::new();
        form.write(answered, UNIX_EPOCH + Duration::from_millis(1_795_994_341_042), &mut line);
        line
    }

    #[test]
    fn forms_are_those_of_web_servers() {
        let mut request = Request::new(Arc::new(Context::default()));
        request.path.target.push_str("/a\"b\\?q=1");
        request.headers.append("user-agent", "Mozilla/5.0 \"x\"");
        request.headers.append("referer", "/\u{202e}\u{9b}31m");
        request.extensions.insert(UserName::new("ann b\n"));
        let took = Duration::from_millis(1500);
        let whole = Answered {
            request: &request,
            status: 200,
            bytes: Some(12),
            took,
            limit: None,
            end: End::Answered,
        };
        let refused =
            Answered { request: &request, status: 400, bytes: None, took, limit: None, end: End::Refused };
        let common =
            "- - ann\\x20b\\x0a [29/Nov/2026:23:19:01 +0000] \"GET /a\\\"b\\\\?q=1 HTTP/1.1\" 200 12";
        let table = [
            (Form::Common, &whole, format!("{common}\n")),
            (
                Form::Combined,
                &whole,
                format!("{common} \"/\\xe2\\x80\\xae\\xc2\\x9b31m\" \"Mozilla/5.0 \\\"x\\\"\"\n"),
            ),
            (Form::Common, &refused, "- - - [29/Nov/2026:23:19:01 +0000] \"-\" 400 -\n".to_owned()),
            (
                Form::Json,
                &refused,
                "{\"time\":\"2026-11-29T23:19:01.042Z\",\"http.response.status_code\":400,\"duration\":1.5}\n".to_owned(),
            ),
        ];
        for (form, answered, expected) in table {
            assert_eq!(line(form, answered), expected, "{form:?}");
        }
        let text = line(Form::Json, &whole);
        assert!(text.contains("/\\u202e\\u009b31m"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (name, expected) in [
            ("url.path", "/a\"b\\"),
            ("user.name", "ann b\n"),
            ("user_agent.original", "Mozilla/5.0 \"x\""),
            ("network.protocol.version", "1.1"),
        ] {
            assert_eq!(json[name], expected, "{json}");
        }
    }
}
