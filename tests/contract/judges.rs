//! Validators that others wrote, installed once, pinned, below target/.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python with openapi-spec-validator.
pub fn python(folder: &Path) -> PathBuf {
    let venv = folder.join("python");
    let python = venv.join("bin/python");
    once(folder, "python-0.9.0", || {
        pass(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        pass(Command::new(&python).args(["-m", "pip", "install", "-q", "openapi-spec-validator==0.9.0"]));
    });
    python
}

/// The linter of Redocly.
pub fn redocly(folder: &Path) -> PathBuf {
    let node = folder.join("node");
    once(folder, "redocly-2.77.0", || {
        fs::create_dir_all(&node).expect("a folder");
        fs::write(node.join("package.json"), "{}").expect("written");
        pass(Command::new("npm").current_dir(&node).args([
            "install",
            "--silent",
            "--no-fund",
            "@redocly/cli@2.77.0",
        ]));
    });
    node.join("node_modules/.bin/redocly")
}

/// Runs a program that has to be content.
pub fn pass(command: &mut Command) {
    let said = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{command:?}\n{text}");
}

fn once(folder: &Path, name: &str, install: impl FnOnce()) {
    let done = folder.join(name);
    if !done.exists() {
        install();
        fs::write(done, "").expect("written");
    }
}
