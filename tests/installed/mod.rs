//! Packages that others wrote, of exact versions, installed below `target/` by the first test that needs them, and again when what is
//! wanted has changed.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Installs into a folder, which is made, unless just what is wanted was installed there already.
pub fn installed(
    folder: &Path,
    wanted: &str,
    install: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let stamp = folder.with_extension("installed");
    fs::create_dir_all(folder).expect("a folder to write to");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).expect("a folder to write to");
    Ok(())
}

/// Runs a program; what it said if it failed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let told = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&told).into_owned()) }
}
