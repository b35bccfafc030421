//! Clients that are programs: curl, nghttp and h2load. One process takes all steps of a row.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::app::Serving;
use crate::table::Asks;

/// What a program said; a problem if there is none.
fn output(command: &mut Command) -> (bool, String) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} does not start ({error}): .ci/run installs it"));
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

fn version_of(program: &str) -> String {
    let (_, told) = output(Command::new(program).arg("--version"));
    let word = told.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    word.or(told.split("nghttp2/").nth(1)).unwrap_or("of no version").trim().to_owned()
}

/// What a step cannot be done by.
fn lacking(step: &Value, lacking: &[&str]) -> Option<Value> {
    lacking.iter().find(|key| !step[**key].is_null()).map(|key| json!({ "cannot": key }))
}

/// The fields of a step, those of a `te` included.
fn fields(step: &Value) -> Vec<String> {
    let own = step["headers"].as_array().into_iter().flatten();
    let own = own.map(|field| format!("{}: {}", field[0].as_str().unwrap(), field[1].as_str().unwrap()));
    own.chain(step["te"].is_boolean().then(|| "te: trailers".to_owned())).collect()
}

/// Writes the body of a step to a file, if it has one.
fn body(step: &Value, file: &Path) -> bool {
    let bytes = match (step["text"].as_str(), step["size"].as_u64()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(size)) => vec![b'b'; usize::try_from(size).expect("a small number")],
        (None, None) => return false,
    };
    fs::write(file, bytes).expect("a writable folder");
    true
}

/// A field of a head or what follows a body, as it is written.
fn put(fields: &mut Map<String, Value>, line: &str) {
    if let Some((name, value)) = line.split_once(": ") {
        fields.insert(name.to_ascii_lowercase(), json!(value.trim()));
    }
}

/// See the head of this file.
pub struct Curl {
    base: String,
    authority: PathBuf,
    folder: PathBuf,
    /// That of Debian 12 cannot use a connection twice to which it came by prior knowledge.
    is_plain: bool,
}

impl Curl {
    pub fn new(serving: &Serving) -> Curl {
        let Serving { authority, scheme, .. } = serving;
        Curl {
            base: serving.base(),
            authority: authority.ca(),
            folder: authority.folder.clone(),
            is_plain: *scheme == "http",
        }
    }

    fn run(&self, steps: &[Value]) -> Vec<Value> {
        let file = |name: &str, index: usize| self.folder.join(format!("{name}-{index}"));
        let mut command = Command::new("curl");
        for (index, step) in steps.iter().enumerate() {
            if index > 0 {
                command.arg("--next");
            }
            command.args(["--silent", "--show-error", "--max-time", "60", "--cacert"]).arg(&self.authority);
            command.arg(if self.is_plain { "--http2-prior-knowledge" } else { "--http2" });
            command.arg("--dump-header").arg(file("head", index)).arg("--output").arg(file("body", index));
            let cookies: Vec<_> = fields(step)
                .into_iter()
                .filter_map(|field| match field.strip_prefix("cookie: ") {
                    Some(cookie) => Some(cookie.to_owned()),
                    None => {
                        command.args(["--header", &field]);
                        None
                    }
                })
                .collect();
            if !cookies.is_empty() {
                command.args(["--cookie", &cookies.join("; ")]);
            }
            if body(step, &file("sent", index)) {
                command.arg("--data-binary").arg(format!("@{}", file("sent", index).display()));
                command.args(["--header", "content-type: text/plain"]);
            }
            match step["method"].as_str() {
                Some("HEAD") => command.arg("--head"),
                Some(method) => command.args(["--request", method]),
                None => &mut command,
            };
            command.arg(format!("{}{}", self.base, step["path"].as_str().expect("a path")));
            let _ = fs::remove_file(file("body", index));
            let _ = fs::remove_file(file("head", index));
        }
        let (is_good, told) = output(&mut command);
        if !is_good {
            return vec![json!({ "error": told })];
        }
        let seen = |index| {
            let head = fs::read_to_string(file("head", index)).unwrap_or_default();
            let head = head.replace("\r\n", "\n");
            let (head, rest) = head.split_once("\n\n").unwrap_or((&head, ""));
            let (mut fields, mut trailers) = (Map::new(), Map::new());
            head.lines().for_each(|line| put(&mut fields, line));
            rest.lines().for_each(|line| put(&mut trailers, line));
            let status = head.split(' ').nth(1).and_then(|word| word.trim().parse::<u16>().ok());
            let is_head = steps[index]["method"] == "HEAD";
            let body = if is_head { Vec::new() } else { fs::read(file("body", index)).unwrap_or_default() };
            json!({
                "status": status,
                "fields": fields,
                "trailers": trailers,
                "body": String::from_utf8_lossy(&body),
            })
        };
        (0..steps.len()).map(seen).collect()
    }
}

impl Asks for Curl {
    fn version(&mut self) -> String {
        version_of("curl")
    }

    fn row(&mut self, steps: &[Value]) -> Vec<Value> {
        if let Some(lacking) =
            steps.iter().find_map(|step| lacking(step, &["websocket", "many", "sends_trailers"]))
        {
            return vec![lacking];
        }
        if self.is_plain {
            return steps.chunks(1).flat_map(|step| self.run(step)).collect();
        }
        self.run(steps)
    }
}

/// See the head of this file. It takes each step of a row in a process of its own.
pub struct Nghttp {
    base: String,
    folder: PathBuf,
}

impl Nghttp {
    pub fn new(serving: &Serving) -> Nghttp {
        Nghttp { base: serving.base(), folder: serving.authority.folder.clone() }
    }

    fn run(&self, step: &Value) -> Value {
        if let Some(lacking) = lacking(step, &["websocket", "many"]) {
            return lacking;
        }
        let url = format!("{}{}", self.base, step["path"].as_str().expect("a path"));
        let mut command = Command::new("nghttp");
        command.args(["--no-verify-peer", "--timeout=60", "--verbose"]);
        for field in fields(step) {
            command.arg(format!("--header={field}"));
        }
        for (name, value) in step["sends_trailers"].as_object().into_iter().flatten() {
            command.arg(format!("--trailer={name}: {}", value.as_str().expect("text")));
        }
        let sent = self.folder.join("sent");
        if body(step, &sent) {
            command.arg(format!("--data={}", sent.display()));
            command.arg("--header=content-type: text/plain");
        }
        if step["method"] == "HEAD" {
            command.arg("--header=:method: HEAD");
        }
        let (is_good, told) = output(command.arg(&url));
        let (mut fields, mut trailers, mut status) = (Map::new(), Map::new(), None);
        let (mut body, mut has_ended) = (String::new(), false);
        for line in told.lines().filter(|line| !line.starts_with("The negotiated protocol")) {
            // Pieces of the body stand between what it tells: that begins with its time, and goes on indented.
            match line.split_once("[  ") {
                Some((piece, _)) => body += piece,
                None if line.starts_with(' ') => {}
                None => body = body + line + "\n",
            }
            has_ended |= line.contains("recv DATA frame");
            let Some((_, field)) =
                line.split_once(" recv (stream_id=").and_then(|(_, rest)| rest.split_once(") "))
            else {
                continue;
            };
            match field.strip_prefix(":status: ") {
                Some(number) => status = number.trim().parse::<u16>().ok(),
                None if has_ended => put(&mut trailers, field),
                None => put(&mut fields, field),
            }
        }
        if !is_good || status.is_none() {
            let end = told.char_indices().rev().nth(500).map_or(0, |(at, _)| at);
            return json!({ "error": told[end..] });
        }
        json!({ "status": status, "fields": fields, "trailers": trailers, "body": body })
    }
}

impl Asks for Nghttp {
    fn version(&mut self) -> String {
        version_of("nghttp")
    }

    fn row(&mut self, steps: &[Value]) -> Vec<Value> {
        steps.iter().map(|step| self.run(step)).collect()
    }
}

/// What h2load tells of so many requests with bodies of so many bytes: 4 connections, 32 streams each.
pub fn loaded(url: &str, folder: &Path, count: usize, upload: Option<usize>) -> String {
    let mut command = Command::new("h2load");
    command.args(["--clients=4", "--max-concurrent-streams=32", "--header=te: trailers"]);
    command.arg(format!("--requests={count}"));
    if let Some(size) = upload {
        let file = folder.join("upload");
        fs::write(&file, vec![b'b'; size]).expect("a writable folder");
        command.arg(format!("--data={}", file.display()));
    }
    output(command.arg(url)).1
}
