//! The examples that are workspaces of their own, since they need many crates: built when they are first asked for.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program of one, built.
pub fn built(example: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target").join(example);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(root.join("examples").join(example).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status();
    assert!(built.expect("cargo").success(), "the example cannot be built");
    target.join("debug").join(example)
}
