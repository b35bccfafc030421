//! Validators that others wrote, installed once, pinned, below target/.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::installed::{installed, run};

/// A Python with openapi-spec-validator.
pub fn python(folder: &Path) -> PathBuf {
    from_pypi(folder, "python", "openapi-spec-validator==0.9.0").join("python")
}

/// schemathesis, which makes requests of a description and holds the answers against it.
pub fn schemathesis(folder: &Path) -> PathBuf {
    from_pypi(folder, "schemathesis", "schemathesis==4.32.5").join("schemathesis")
}

/// The programs of an environment of its own with this in it.
fn from_pypi(folder: &Path, name: &str, wanted: &str) -> PathBuf {
    let venv = folder.join(name);
    let programs = venv.join("bin");
    installed(&venv, wanted, || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        run(Command::new(programs.join("python")).args(["-m", "pip", "install", "-q", wanted]))
    })
    .unwrap_or_else(|told| panic!("this test needs python3 and python3-venv, and PyPI once\n{told}"));
    programs
}

/// The linter of Redocly.
#[allow(dead_code, reason = "each suite takes what it needs")]
pub fn redocly(folder: &Path) -> PathBuf {
    let node = folder.join("node");
    let wanted = "@redocly/cli@2.77.0";
    installed(&node, wanted, || {
        fs::write(node.join("package.json"), "{}").expect("written");
        run(Command::new("npm").current_dir(&node).args(["install", "--silent", "--no-fund", wanted]))
    })
    .unwrap_or_else(|told| panic!("this test needs Node and npm, and its registry once\n{told}"));
    node.join("node_modules/.bin/redocly")
}

/// Runs a program that has to be content.
pub fn pass(command: &mut Command) {
    run(command).unwrap_or_else(|told| panic!("{command:?}\n{told}"));
}
