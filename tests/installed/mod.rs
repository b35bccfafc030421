//! Packages that others wrote, of exact versions, installed below `target/` by the first test that needs them, and again when what is
//! wanted has changed; and where programs stand that the system has.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// Installs into a folder, which is made, unless just what is wanted was installed there already. One at a time does, whether tests of one
/// suite, several suites or a suite once more over HTTP/2 want the same.
pub fn installed(
    folder: &Path,
    wanted: &str,
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let stamp = folder.with_extension("installed");
    fs::create_dir_all(folder).expect("a folder to write to");
    let lock = File::create(folder.with_extension("lock")).expect("a folder to write to");
    lock.lock().expect("a file system with locks");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).expect("a folder to write to");
    Ok(())
}

/// Where a program of the system's administrator stands, which not every `PATH` has.
pub fn program(name: &str) -> String {
    let places = ["/usr/sbin/", "/usr/local/sbin/"].map(|place| format!("{place}{name}"));
    let found = places.into_iter().find(|path| fs::exists(path).unwrap_or_default());
    found.unwrap_or_else(|| name.to_owned())
}

/// Runs a program; what it said if it failed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let told = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&told).into_owned()) }
}
