//! Validators that others wrote, installed once, pinned, below target/.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::installed::{installed, run};

/// A Python with openapi-spec-validator.
pub fn python() -> PathBuf {
    from_pypi("python", "openapi-spec-validator==0.9.0").join("python")
}

/// schemathesis, which makes requests of a description and holds the answers against it.
pub fn schemathesis() -> PathBuf {
    from_pypi("schemathesis", "schemathesis==4.32.5").join("schemathesis")
}

/// The programs of an environment of its own with this in it.
fn from_pypi(name: &str, wanted: &str) -> PathBuf {
    let venv = folder().join(name);
    let programs = venv.join("bin");
    installed(&venv, wanted, || {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        run(Command::new(programs.join("python")).args(["-m", "pip", "install", "-q", wanted]))
    })
    .unwrap_or_else(|told| panic!("this test needs python3 and python3-venv, and PyPI once\n{told}"));
    programs
}

/// The linter of Redocly.
#[allow(dead_code, reason = "each suite takes what it needs")]
pub fn redocly() -> PathBuf {
    from_npm("node", &["@redocly/cli@2.77.0"]).join("node_modules/.bin/redocly")
}

/// A folder with a compiler of TypeScript, and what makes a typed client of a description.
pub fn typescript() -> PathBuf {
    let wanted = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3"];
    from_npm("typescript", &wanted)
}

/// A folder with these packages in it.
fn from_npm(name: &str, wanted: &[&str]) -> PathBuf {
    let node = folder().join(name);
    installed(&node, &wanted.join(" "), || {
        fs::write(node.join("package.json"), "{}").expect("written");
        run(Command::new("npm").current_dir(&node).args(["install", "--silent", "--no-fund"]).args(wanted))
    })
    .unwrap_or_else(|told| panic!("this test needs Node and npm, and its registry once\n{told}"));
    node
}

/// The folder that keeps what is installed.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/contract")
}

/// Runs a program that has to be content.
pub fn pass(command: &mut Command) {
    run(command).unwrap_or_else(|told| panic!("{command:?}\n{told}"));
}
