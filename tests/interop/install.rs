//! Where the peers of this suite come from: packages of exact versions, installed below `target/` by the first test that needs
//! them, and again when their list has changed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::installed::installed;
pub use crate::installed::run;

/// A Python that has the packages of `clients/requirements.txt`.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let python = target("python/bin/python");
        let list = clients("requirements.txt");
        installed(&target("python"), &text(&[&list]), || {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(target("python")))?;
            run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&list))
        })
        .unwrap_or_else(|told| panic!("this test needs python3 and python3-venv, and PyPI once\n{told}"));
        python
    })
}

/// A folder with the packages of `clients/package-lock.json`.
pub fn node_modules() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = target("npm");
        let lists = [clients("package.json"), clients("package-lock.json")];
        installed(&folder, &text(&[&lists[0], &lists[1]]), || {
            for list in &lists {
                fs::copy(list, folder.join(list.file_name().expect("a file"))).expect("a folder to write to");
            }
            let mut npm = Command::new("npm");
            run(npm
                .args(["ci", "--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&folder))
        })
        .unwrap_or_else(|told| {
            panic!("this test needs Node 20.18.1 or newer and npm, and its registry once\n{told}")
        });
        folder
    })
}

/// A program of `crates/`, which is a workspace of its own.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--locked", "--manifest-path"]);
        build.arg(root().join("tests/interop/crates/Cargo.toml")).arg("--target-dir").arg(target("crates"));
        run(&mut build).unwrap_or_else(|told| panic!("{told}"));
    });
    target("crates/debug").join(name)
}

fn text(lists: &[&Path]) -> String {
    lists.iter().map(|list| fs::read_to_string(list).expect("a list of ours")).collect()
}

pub fn clients(file: &str) -> PathBuf {
    root().join("tests/interop/clients").join(file)
}

pub fn target(inside: &str) -> PathBuf {
    root().join("target/interop").join(inside)
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
