//! Clients that are packages: a driver (`clients/NAME`) prints its client's version in a line of JSON, then reads a step in a line of JSON and
//! prints in a line what it saw, until there are no more. It knows nothing of the table.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::install;
use crate::table::Asks;

/// The program of a client, and what comes before its own arguments.
pub type Words = Arc<Vec<PathBuf>>;

fn script(file: &str) -> PathBuf {
    install::root().join("tests/http2_clients/clients").join(file)
}

/// How a client is started. What it needs is installed, or built.
pub fn command_of(name: &str) -> Words {
    Arc::new(match name {
        "httpx" => vec![install::python().to_owned(), script("over_httpx.py")],
        "node" => vec!["node".into(), script("node.mjs")],
        "undici" => {
            install::node_modules();
            vec!["node".into(), script("undici.mjs")]
        }
        _ => vec![built()],
    })
}

fn built() -> PathBuf {
    let program = install::target("go").join("http2");
    fs::create_dir_all(install::target("go")).expect("a folder to write to");
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(script("driver.go")).env("GO111MODULE", "off");
    install::run(&mut go).unwrap_or_else(|told| panic!("{told}"));
    program
}

/// A driver that runs.
pub struct Driver {
    child: Child,
    steps: ChildStdin,
    seen: BufReader<ChildStdout>,
}

impl Driver {
    pub fn start(words: Words, base: &str, authority: &Path) -> Driver {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(base).arg(authority).env("MODULES", install::target("npm"));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{words:?}: {error}"));
        let (steps, seen) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Driver { child, steps, seen: BufReader::new(seen) }
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.seen.read_line(&mut line).expect("text");
        serde_json::from_str(&line).unwrap_or_else(|_| json!({ "error": format!("it told `{line}`") }))
    }
}

impl Asks for Driver {
    fn version(&mut self) -> String {
        self.line()["version"].as_str().unwrap_or("of no version").to_owned()
    }

    fn row(&mut self, steps: &[Value]) -> Vec<Value> {
        let mut seen = Vec::new();
        for step in steps {
            // A driver that has failed reads no more.
            let _ = writeln!(self.steps, "{step}").and_then(|()| self.steps.flush());
            seen.push(self.line());
        }
        seen
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
