//! Requests that are made up, sent as their description says.

use serde_json::Value;
use vernal::test::{Answer, Client, RequestBuilder};

use crate::requests::Made;

/// Sends a request; `None` if it has a value that cannot be sent where it should be.
pub async fn ask(client: &Client, method: &str, path: &str, made: &Made) -> Option<Answer> {
    let mut target = path.to_owned();
    for (parameter, value) in made.parameters.iter().filter(|(parameter, _)| parameter["in"] == "path") {
        let text = text(value);
        // A segment of dots is where one is.
        if matches!(&*text, "." | "..") || text.contains(['/', '\\', '\0']) {
            return None;
        }
        let name = parameter["name"].as_str().expect("a name");
        target = target.replace(&format!("{{{name}}}"), &encoded(&text));
    }
    let mut request =
        client.request(&method.to_ascii_uppercase(), &target).header("authorization", "Bearer t0ken");
    for (parameter, value) in &made.parameters {
        let name = parameter["name"].as_str().expect("a name");
        request = match parameter["in"].as_str() {
            Some("query") => each(value).into_iter().fold(request, |request, text| request.query(name, text)),
            Some("header") => request.header(name, in_field(&text(value))?),
            Some("cookie") => request.cookie(name, &in_field(&text(value))?),
            _ => request,
        };
    }
    if let Some((kind, value)) = &made.body {
        request = with_body(request, kind, value);
    }
    Some(request.await)
}

fn with_body(request: RequestBuilder, kind: &str, value: &Value) -> RequestBuilder {
    match kind {
        "application/json" => request.json(value),
        "application/x-www-form-urlencoded" | "multipart/form-data" => {
            let mut request = request.header(
                "content-type",
                if kind.starts_with('a') { kind } else { "multipart/form-data; boundary=b" },
            );
            let mut fields = Vec::new();
            for (name, value) in value.as_object().expect("a form") {
                fields.extend(each(value).into_iter().map(|text| (name.clone(), text)));
            }
            if kind.starts_with('a') {
                let pairs: Vec<_> = fields
                    .iter()
                    .map(|(name, text)| format!("{}={}", encoded(name), encoded(text)))
                    .collect();
                return request.body(pairs.join("&"));
            }
            let mut body = String::new();
            for (name, text) in fields {
                let file = if matches!(&*name, "picture" | "more") { "; filename=\"x\"" } else { "" };
                body += &format!(
                    "--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n"
                );
            }
            request = request.body(body + "--b--\r\n");
            request
        }
        kind => request.header("content-type", kind).body(text(value)),
    }
}

/// The texts of a parameter or a field.
fn each(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Null => Vec::new(),
        value => vec![text(value)],
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Header fields hold some characters only.
fn in_field(text: &str) -> Option<String> {
    let is_fine = |char: char| char.is_ascii_graphic() && !"\",;\\".contains(char);
    text.chars().all(is_fine).then(|| text.to_owned())
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
