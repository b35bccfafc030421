//! The parser of AsyncAPI, which also knows the rules of its documents, installed once, pinned, below target/.

use std::fs;
use std::path::Path;
use std::process::Command;

use vernal::Document;

use crate::installed::{installed, run};
use crate::scratch::Scratch;

/// Parses documents, and finds nothing in them, not even something to think of but that there is a newer version.
pub fn parse(documents: &[(&str, Document)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/contract/asyncapi");
    let wanted = "@asyncapi/parser@3.6.6";
    installed(&folder, wanted, || {
        fs::write(folder.join("package.json"), "{}").expect("written");
        run(Command::new("npm").current_dir(&folder).args(["install", "--silent", "--no-fund", wanted]))
    })
    .unwrap_or_else(|told| panic!("this test needs Node and npm, and its registry once\n{told}"));
    let scratch = Scratch::new();
    let files =
        documents.iter().map(|(name, document)| scratch.write(&format!("{name}.json"), document.to_string()));
    let arguments = ["--input-type=module", "--eval", SCRIPT];
    let parsed = run(Command::new("node").current_dir(&folder).args(arguments).args(files));
    parsed.unwrap_or_else(|told| panic!("{told}"));
}

const SCRIPT: &str = r#"
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

for (const file of process.argv.slice(1)) {
    const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
    const found = diagnostics.filter(({ code }) => code !== "asyncapi-latest-version");
    for (const { code, message, path } of found) {
        console.log(`${file}: ${code}: ${message} at ${path.join(".")}`);
    }
    if (!document || found.length > 0) {
        process.exitCode = 1;
    }
}
"#;
